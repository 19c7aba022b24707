"""The built wheel, installed into an empty environment and run from another folder."""

import contextlib
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
import venv
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

pytestmark = pytest.mark.all

ROOT = Path(__file__).parents[1]
SAMPLE = ROOT / "tests/sample/sample.mp4"
PACKAGES = ("flows", "media", "config")
HELP_CPU_S = 0.3
DROP_S = 240


@dataclass(frozen=True)
class Installed:
    """``votd`` as a user has it: an environment of its own, and nothing of ours in the surroundings."""

    command: Path
    folder: Path

    def environment(self, home: Path) -> dict[str, str]:
        """Return all that a run is given; the home also marks every process that the run starts."""
        user = {"PATH": "/usr/bin:/bin", "HOME": str(self.folder), "XDG_CACHE_HOME": str(self.folder / "cache")}
        return user | {"LANG": "C.UTF-8", "VOTD_HOME": str(home)}

    def run(self, *arguments: str, home: Path) -> str:
        """Run the command to its end from a folder without the project and return what it printed."""
        done = subprocess.run(
            [self.command, *arguments],
            cwd=self.folder,
            env=self.environment(home),
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a copy of what the wheel is made of, so that no build folder is left in the repository."""
    folder = tmp_path_factory.mktemp("source")
    for name in PACKAGES:
        shutil.copytree(ROOT / name, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(ROOT / name, folder)
    return folder


@pytest.fixture(scope="module")
def wheel(source: Path) -> Path:
    """Build the wheel."""
    build = [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", str(source / "dist"), str(source)]
    subprocess.run(build, check=True, stdout=subprocess.DEVNULL)
    (made,) = (source / "dist").iterdir()
    return made


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Installed:
    """Install the wheel and the locked requirements, nothing else, into an empty environment."""
    folder = tmp_path_factory.mktemp("installed")
    venv.create(folder / "venv", symlinks=True)
    pip = [sys.executable, "-m", "pip", "--python", str(folder / "venv"), "install", "--quiet", "--no-deps"]
    subprocess.run([*pip, "--require-hashes", "-r", str(ROOT / "requirements.lock")], check=True)
    subprocess.run([*pip, str(wheel)], check=True)
    elsewhere = folder / "elsewhere"
    elsewhere.mkdir()
    return Installed(folder / "venv/bin/votd", elsewhere)


@pytest.fixture(scope="module")
def video(make_clip: Callable[..., Path]) -> Path:
    """Return the sample, or a small clip in a checkout that has none."""
    return SAMPLE if SAMPLE.is_file() else make_clip("wheel.mp4", seconds=8)


def test_holds_every_file_of_the_package_and_no_other(wheel: Path, source: Path) -> None:
    """Compare the wheel's names with the three folders: all code and data under votd/, no top-level module."""
    files = [p.relative_to(source) for name in PACKAGES for p in (source / name).rglob("*") if p.is_file()]
    expected = {f"votd/{path.as_posix()}" for path in files if path.suffix != ".md"}
    names = {name for name in zipfile.ZipFile(wheel).namelist() if not name.split("/")[0].endswith(".dist-info")}
    assert names == expected
    kinds = {Path(name).suffix for name in names} | {"".join(Path(name).suffixes) for name in names}
    assert kinds >= {".toml", ".js", ".css", ".html.j2", ".txt", ".schema.json"}


def test_help_takes_little_cpu(installed: Installed, tmp_path: Path) -> None:
    """Measure the CPU of votd --help, the best of three: a heavy import would cost seconds."""
    used = []
    for _ in range(3):
        child = subprocess.Popen(
            [installed.command, "--help"],
            cwd=installed.folder,
            env=installed.environment(tmp_path),
            stdout=subprocess.DEVNULL,
        )
        _, status, usage = os.wait4(child.pid, 0)
        child.returncode = os.waitstatus_to_exitcode(status)
        assert child.returncode == 0
        used.append(usage.ru_utime + usage.ru_stime)
    print(f"votd --help: {min(used):.3f} s of CPU")
    assert min(used) < HELP_CPU_S


def test_publishes(installed: Installed, video: Path, tmp_path: Path) -> None:
    """Publish a video from another folder and follow latest.json to files that exist."""
    store = tmp_path / "store"
    installed.run("publish", str(video), "--to", f"file:{store}", "--direct", home=tmp_path / "home")
    _assert_published(store)


def test_goes_on_duty(installed: Installed, video: Path, ffmpeg: str, tmp_path: Path) -> None:
    """Drop a clip into the inbox of votd up: it is published, and SIGTERM leaves no process."""
    clip = tmp_path / "clip.mp4"
    subprocess.run([ffmpeg, "-nostdin", "-v", "error", "-i", video, "-t", "12", "-c", "copy", clip], check=True)
    home = tmp_path / "home"
    with _on_duty(installed, home, tmp_path / "log") as up:
        _wait_for(home / "inbox", up)
        clip.rename(home / "inbox" / "clip.mp4")
        _wait_for(home / "done" / "clip.mp4", up)
        _assert_published(home / "site")
        assert len(_processes(home)) > 3  # itself, the server, the worker, the watcher
        up.send_signal(signal.SIGTERM)
        assert up.wait(timeout=30) == 130
        assert _processes(home) == []


@contextlib.contextmanager
def _on_duty(installed: Installed, home: Path, log: Path) -> Iterator[subprocess.Popen[bytes]]:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    environment = installed.environment(home) | {"VOTD_PREFECT_PORT": str(port), "VOTD_SETTLE_S": "0.5"}
    with log.open("wb") as out:
        up = subprocess.Popen(
            [installed.command, "up"], cwd=installed.folder, env=environment, stdout=out, stderr=subprocess.STDOUT
        )
    try:
        yield up
    except BaseException:
        print(log.read_text(errors="replace"))
        raise
    finally:
        up.kill()
        up.wait()


def _wait_for(path: Path, up: subprocess.Popen[bytes]) -> None:
    limit = time.monotonic() + DROP_S
    while not path.exists():
        assert up.poll() is None, "votd up ended by itself"
        assert time.monotonic() < limit, f"{path.name} did not come"
        time.sleep(0.2)


def _processes(home: Path) -> list[str]:
    """Return the command lines of all processes that were given this home, dead ones not reaped excepted."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            if f"VOTD_HOME={home}".encode() in (process / "environ").read_bytes().split(b"\0"):
                found.append((process / "cmdline").read_text().replace("\0", " "))
    return found


def _assert_published(store: Path) -> None:
    record = json.loads((store / json.loads((store / "latest.json").read_text())["record"]).read_text())
    files = [record[name] for name in ("page", "hls", "mp4", "poster")]
    assert [name for name in files if not (store / name).is_file()] == []
