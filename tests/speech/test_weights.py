"""Models: found by name or path, made once and whole, and no waiting for a hub that is not there."""

import hashlib
import http.server
import json
import os
import shutil
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from votd.media.errors import BadRequest
from votd.media.speech import weights

FIND = """
import sys
from pathlib import Path
from votd.media.errors import VotdError
from votd.media.speech import weights
try:
    print(weights.find(sys.argv[1], Path(sys.argv[2]), lambda share: print("at", share)))
except VotdError as e:
    print(type(e).__name__, e)
"""
NOWHERE = "http://127.0.0.1:9"


def start(model: str, cache: Path, **env: str) -> subprocess.Popen[str]:
    """Start a process that finds a model: the hub's client reads its environment when it is imported."""
    surroundings = {k: v for k, v in os.environ.items() if not k.lower().endswith("_proxy")}
    surroundings |= {"HF_HOME": str(cache / "hub"), "HF_HUB_DISABLE_XET": "1", **env}
    return subprocess.Popen(
        [sys.executable, "-P", "-c", FIND, model, str(cache)], env=surroundings, stdout=subprocess.PIPE, text=True
    )


def said(child: subprocess.Popen[str]) -> list[str]:
    """Return what a finder printed."""
    return child.communicate(timeout=60)[0].splitlines()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Return a folder that looks like a model."""
    made = tmp_path / "mine"
    made.mkdir()
    (made / "model.bin").write_bytes(b"weights")
    (made / "tokenizer.json").write_text("{}")
    return made


@pytest.fixture
def cache(tmp_path: Path) -> Iterator[Path]:
    """Return a new cache and clear it away after the test: pytest would keep its 145 MB."""
    yield tmp_path / "cache"
    shutil.rmtree(tmp_path / "cache", ignore_errors=True)


def test_base_is_made_once_by_three_at_once(cache: Path) -> None:
    """Fail if processes that start together clash, or the joined weights are not the published ones."""
    children = [start("base", cache) for _ in range(3)]
    (found,) = {line for child in children for line in said(child)}
    model = Path(found) / "model.bin"
    assert hashlib.sha256(model.read_bytes()).hexdigest() == weights.BASE_SHA256
    assert [path.name for path in (cache / "models").iterdir() if path.suffix == ".part"] == []
    made = model.stat().st_mtime_ns
    assert weights.find("base", cache) == Path(found)
    assert model.stat().st_mtime_ns == made


@pytest.mark.parametrize("damage", ["truncated", "changed", "missing", "tokenizer"])
def test_a_damaged_cache_is_made_again(damage: str, cache: Path) -> None:
    """Fail if a model that was cut, changed in place or lost a file is used as it stands."""
    weights.find("base", cache)
    found = weights.find("base", cache)  # the second finding notes the hash
    model, tokenizer = found / "model.bin", found / "tokenizer.json"
    facts = model.stat()
    if damage == "truncated":
        os.truncate(model, 1000)
    elif damage == "changed":
        with model.open("r+b") as file:
            file.seek(50_000_000)
            file.write(b"rot")
        os.utime(model, ns=(facts.st_atime_ns, facts.st_mtime_ns))
    elif damage == "missing":
        model.unlink()
    else:
        tokenizer.write_text("{}")
    assert weights.find("base", cache) == found
    assert hashlib.sha256(model.read_bytes()).hexdigest() == weights.BASE_SHA256
    assert tokenizer.stat().st_size > 1000


def test_a_killed_join_is_cleared_away(cache: Path) -> None:
    """Fail if what a killed run left unfinished is used or stays."""
    left = cache / "models" / f"base-{weights.BASE_SHA256[:8]}.part"
    left.mkdir(parents=True)
    (left / "model.bin").write_bytes(b"half")
    assert weights.find("base", cache).is_dir()
    assert not left.exists()


def test_a_folder_is_taken_as_it_is(folder: Path, tmp_path: Path) -> None:
    """Fail if a path is looked up anywhere else, or a cache is made for it."""
    assert weights.find(str(folder), tmp_path / "cache") == folder
    assert not (tmp_path / "cache").exists()


@pytest.mark.parametrize("path", ["/nowhere/at/all", "./nothing", "~/no-such-model", "."])
def test_a_path_that_is_no_model_is_refused(path: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Fail if a path without weights is sought on the hub."""
    monkeypatch.chdir(tmp_path)
    with pytest.raises(BadRequest, match="no Whisper model"):
        weights.find(path, tmp_path)


def test_an_unknown_name_is_refused(tmp_path: Path) -> None:
    """Fail if a name that nobody knows is not answered with those that there are."""
    with pytest.raises(BadRequest, match="large-v3-turbo"):
        weights.find("bass", tmp_path)


def test_identity_of_a_path_is_its_weights(folder: Path, tmp_path: Path) -> None:
    """Fail if changed weights under the same path keep their identity, or a name gets another one than itself."""
    digest = hashlib.sha256(b"weights").hexdigest()
    assert weights.identity("base", tmp_path) == "base"
    assert [weights.identity(str(folder), tmp_path) for _ in range(2)] == [f"path:{digest}"] * 2
    (folder / "model.bin").write_bytes(b"other weights")
    assert weights.identity(str(folder), tmp_path) == "path:" + hashlib.sha256(b"other weights").hexdigest()
    with pytest.raises(BadRequest):
        weights.identity("./nothing", tmp_path)


@pytest.mark.parametrize("env", [{"HF_ENDPOINT": NOWHERE}, {"HF_HUB_OFFLINE": "1"}], ids=["no hub", "offline"])
def test_no_hub(env: dict[str, str], tmp_path: Path) -> None:
    """Fail if a model that cannot be had is anything but unavailable, with what to do."""
    (answer,) = said(start("large-v3", tmp_path, **env))
    assert answer.startswith("Unavailable The model 'large-v3' is not on this machine and ")
    assert "--model" in answer


FILES = {"config.json": b"{}", "model.bin": b"w" * 300_000, "tokenizer.json": b"{}", "vocabulary.json": b"[]"}


class Hub(http.server.BaseHTTPRequestHandler):
    """Speak as much of the model hub's protocol as its client needs for one public repository."""

    def do_HEAD(self) -> None:
        self.do_GET()

    def do_GET(self) -> None:
        name = self.path.rsplit("/", 1)[-1]
        if "/resolve/" in self.path and name in FILES:
            tag = {"ETag": f'"{hashlib.sha256(FILES[name]).hexdigest()}"', "X-Repo-Commit": "c" * 40}
            self.answer(200, FILES[name], **tag)
        elif "/api/models/Systran/faster-whisper-small/" in self.path and "/tree/" in self.path:
            tree = [{"type": "file", "path": k, "size": len(v), "oid": "0" * 40} for k, v in FILES.items()]
            self.answer(200, json.dumps(tree).encode())
        elif "/api/models/Systran/faster-whisper-small" in self.path:
            facts = {"id": "Systran/faster-whisper-small", "sha": "c" * 40}
            self.answer(200, json.dumps({**facts, "siblings": [{"rfilename": name} for name in FILES]}).encode())
        elif self.path == "/":
            self.answer(200, b"")
        else:
            self.answer(404, b"{}", **{"X-Error-Code": "RepoNotFound"})

    def answer(self, code: int, body: bytes, **headers: str) -> None:
        self.send_response(code)
        for name, value in {"Content-Length": str(len(body)), **headers}.items():
            self.send_header(name, value)
        self.end_headers()
        if self.command == "GET":
            self.wfile.write(body)

    def log_message(self, *args: object) -> None:
        """Say nothing."""


@pytest.fixture
def hub() -> Iterator[str]:
    """Serve a hub on this machine; return its address."""
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Hub)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()


def test_a_model_comes_from_the_hub_once(hub: str, tmp_path: Path) -> None:
    """Fail if a download is not complete, does not say how far it is, or is asked for again when it is here."""
    *shares, found = said(start("small", tmp_path, HF_ENDPOINT=hub))
    assert {path.name: path.read_bytes() for path in Path(found).iterdir()} == FILES
    assert shares[-1] == "at 1.0"
    assert said(start("small", tmp_path, HF_ENDPOINT=NOWHERE)) == [found]


def test_a_repository_that_is_not_there(hub: str, tmp_path: Path) -> None:
    """Fail if a hub's "no such repository" is taken for a hub that is away."""
    (answer,) = said(start("some/typo", tmp_path, HF_ENDPOINT=hub))
    assert answer.startswith("BadRequest The model hub has no model 'some/typo'")


def test_a_broken_download_is_taken_up_again(hub: str, tmp_path: Path) -> None:
    """Fail if a hub cache without the weights themselves is taken for a model."""
    *_, found = said(start("small", tmp_path, HF_ENDPOINT=hub))
    (Path(found) / "model.bin").unlink()
    *_, again = said(start("small", tmp_path, HF_ENDPOINT=hub))
    assert (Path(again) / "model.bin").read_bytes() == FILES["model.bin"]


def test_what_is_at_hand_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The installed package's model, and those whose weights lie in the hub's cache; half a download is none."""
    monkeypatch.setenv("HF_HUB_CACHE", str(tmp_path))
    for repository in (
        "models--Systran--faster-whisper-medium",
        "models--mobiuslabsgmbh--faster-whisper-large-v3-turbo",
    ):
        snapshot = tmp_path / repository / "snapshots" / "1234"
        snapshot.mkdir(parents=True)
        (snapshot / "model.bin").write_bytes(b"")
    (tmp_path / "models--Systran--faster-whisper-small" / "snapshots" / "1").mkdir(parents=True)
    assert weights.at_hand() == {"base", "medium", "large-v3-turbo"}
