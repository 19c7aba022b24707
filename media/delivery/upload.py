"""Bring many immutable objects into a store at once."""

from collections.abc import Mapping
from concurrent.futures import Future, ThreadPoolExecutor, as_completed
from pathlib import Path

from votd.media import errors
from votd.media.delivery.store import Store, opened
from votd.media.process import Progress


def upload(store: Store, objects: Mapping[str, Path | bytes], *, progress: Progress, threads: int = 8) -> int:
    """Create every object that does not stand yet, several at once; return how many this call made.

    An object that stands with the same size is taken as done: keys name their content. ``progress`` gets the share
    of bytes, in the calling thread. After a failure nothing new is begun; what runs is waited for, then the
    failure whose object comes first in ``objects`` is raised. ``ToolFailed``: a key stands with another size.
    """
    sizes = {key: _size(source) for key, source in objects.items()}
    standing = _standing(store, objects)
    for key in objects.keys() & standing.keys():
        _check_size(store, key, sizes[key], standing[key])
    waiting = {key: source for key, source in objects.items() if key not in standing}
    total = sum(sizes.values()) or 1
    done = sum(sizes[key] for key in objects if key in standing)
    progress(done / total)
    with ThreadPoolExecutor(threads, "upload") as pool:
        running = {pool.submit(_create, store, key, source, sizes[key]): key for key, source in waiting.items()}
        try:
            for future in as_completed(running):
                if future.exception():
                    break
                done += sizes[running[future]]
                progress(done / total)
        finally:
            pool.shutdown(cancel_futures=True)
    return sum(_results(running))


def _results(running: Mapping[Future[bool], str]) -> list[bool]:
    failures = [e for future in running if not future.cancelled() and (e := future.exception())]
    if failures:
        raise failures[0]
    return [future.result() for future in running]


def _create(store: Store, key: str, source: Path | bytes, size: int) -> bool:
    made = store.create(key, source)
    if not made:  # another process made it since we looked
        _check_size(store, key, size, store.list(key).get(key))
    return made


def _check_size(store: Store, key: str, size: int, stands: int | None) -> None:
    if size != stands:
        reason = f"{key} stands in {store.address} with {stands} bytes instead of {size}"
        raise errors.ToolFailed(f"{reason}: it was left as it is, publish under a new version.")


def _standing(store: Store, objects: Mapping[str, Path | bytes]) -> dict[str, int]:
    """List the folders of the objects, each once; a key without a folder by itself."""
    folders = {f"{folder}/" if folder else key for key in objects for folder in [key.rpartition("/")[0]]}
    outer = [one for one in folders if not any(one != other and one.startswith(other) for other in folders)]
    return {key: size for prefix in sorted(outer) for key, size in store.list(prefix).items()}


def _size(source: Path | bytes) -> int:
    with opened(source) as stream:
        return stream.seek(0, 2)
