"""Measure a published version anew, by other means than those that made it, and judge it by the delivery rules.

No exit code, playlist or figure of the packager is trusted: PyAV demuxes what it muxed, ``m3u8`` and the standard
library's XML read what it wrote, ffmpeg decodes its sound, and only I-frames of its pictures are decoded.
"""

import json
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from votd.media import process
from votd.media.errors import ToolFailed
from votd.media.verify import http_rules, sound
from votd.media.verify.report import Finding, Report, in_order

MEMORY = 2 << 30


async def verify(
    files: Mapping[str, Path | bytes],
    record_key: str,
    *,
    ffmpeg: str,
    headers: Mapping[str, Mapping[str, str]] | None = None,
    scratch: Path | None = None,
) -> Report:
    """Judge the version whose record is at ``record_key`` by rules 1–14, 16 and 25, and by 17 where there are headers.

    ``files`` are the bundle's objects by store key: local files, or their bytes. What is missing there is a missing
    object. ``headers`` are what a web server answered by key, their names in lower case. Whatever is wrong with the
    bundle is a finding and no error. Temporary files go to ``scratch``, if it is given.
    """
    with tempfile.TemporaryDirectory(prefix="votd-verify-", dir=scratch) as folder:
        scratch = Path(folder)
        local = _local(files, scratch)
        answer = await _measured(local, record_key, scratch)
        found = [Finding(*each) for each in answer["findings"]]
        found += await _sound(answer, local, ffmpeg, scratch)
    if headers is not None:
        found += http_rules.findings(headers, local)
    return Report(in_order(found))


async def wanted(files: Mapping[str, Path], record_key: str) -> tuple[str, ...]:
    """Return the keys that the record leads to and that ``files`` lack; more may show once these are there."""
    with tempfile.TemporaryDirectory(prefix="votd-verify-") as folder:
        listed = _listed(files, Path(folder))
        confined = _confined(files, Path(folder))
        args = (str(listed), record_key)
        return tuple(await process.call("votd.media.verify.walk", *args, limits=_limits(files), confined=confined))


def _local(files: Mapping[str, Path | bytes], scratch: Path) -> dict[str, Path]:
    local: dict[str, Path] = {}
    for number, (key, source) in enumerate(files.items()):
        local[key] = source if isinstance(source, Path) else scratch / str(number)
        if isinstance(source, bytes):
            local[key].write_bytes(source)
    return local


def _listed(files: Mapping[str, Path], scratch: Path) -> Path:
    """Write the list to a file: of a long video it is longer than an argument may be."""
    listed = scratch / "files.json"
    listed.write_text(json.dumps({key: str(path.absolute()) for key, path in files.items()}), encoding="utf-8")
    return listed


async def _measured(files: Mapping[str, Path], record_key: str, scratch: Path) -> dict[str, Any]:
    """Measure in a child: a bundle by which it dies, or which takes too long, is a finding too."""
    try:
        answer: dict[str, Any] = await process.call(
            "votd.media.verify.measure",
            str(_listed(files, scratch)),
            record_key,
            limits=_limits(files),
            confined=_confined(files, scratch),
        )
    except ToolFailed as e:
        if "Traceback" in e.tail or "bwrap:" in e.tail:
            raise  # a mistake of ours
        return {"findings": [("1", record_key, False, f"it could not be measured: {e}")], "sounds": []}
    return answer


def _confined(files: Mapping[str, Path], scratch: Path) -> process.Confined:
    """What was fetched from an address is a stranger's."""
    folders = {path.absolute().parent for path in files.values()}
    return process.Confined(reads=(scratch, *sorted(folder for folder in folders if folder.is_dir())))


def _limits(files: Mapping[str, Path]) -> process.Limits:
    """Allow ten times what was measured (0.01 CPU s an object); the clock only ends what waits for a sick disk."""
    size = sum(path.stat().st_size for path in files.values() if path.is_file())
    cpu_s = 30 + len(files) // 10 + size // 20_000_000
    return process.Limits(wall_s=120 + 4 * cpu_s, cpu_s=cpu_s, memory=MEMORY, file_size=0)


async def _sound(answer: dict[str, Any], files: Mapping[str, Path], ffmpeg: str, scratch: Path) -> list[Finding]:
    if answer["sounds"] and not (answer["judged"] and isinstance(answer["target"], float | int | None)):
        return [Finding("16", "loudness", False, "The record does not say what the loudness was made.")]
    return [
        await sound.finding(
            name, [files[key] for key in keys], answer["target"], seconds, ffmpeg=ffmpeg, scratch=scratch
        )
        for name, keys, seconds in answer["sounds"]
    ]
