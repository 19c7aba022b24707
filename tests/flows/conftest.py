"""What tests of whole commands need: a desk at which ``votd`` runs as real processes, and a look at what they leave."""

import contextlib
import os
import re
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urljoin

import pytest

from votd.media.record import Current, Index, Record

VOTD = str(Path(sys.executable).with_name("votd"))


def processes(home: Path) -> dict[int, str]:
    """Return the command lines of a home's processes, by their ids.

    Its path is in the environment that every child inherits; a confined one has no environment, but the path in its
    arguments.
    """
    found = {}
    for folder in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            line = (folder / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
            inherits = f"VOTD_HOME={home}\0".encode() in (folder / "environ").read_bytes()
            if inherits or f"{home}/" in line:
                found[int(folder.name)] = line
    return found


def until(moment: Callable[[], object], seconds: float, running: subprocess.Popen[str] | None = None) -> None:
    """Wait until something is so; fail where it is not in time, or where the command ended before."""
    limit = time.monotonic() + seconds
    while not moment():
        assert running is None or running.poll() is None, f"it ended too early: {running.communicate()}"
        assert time.monotonic() < limit, f"not within {seconds} s: {moment.__qualname__}"
        time.sleep(0.005)


@dataclass(frozen=True)
class Desk:
    """One home, one directory store and one folder for temporary files, in which commands run as real processes."""

    home: Path
    site: Path
    temporary: Path
    before: tuple[str, ...] = ()  # what stands before a command, to run it in other surroundings

    def start(self, video: Path, *flags: str, **settings: str) -> subprocess.Popen[str]:
        """Start ``votd publish``, directly unless a flag says otherwise."""
        self.temporary.mkdir(parents=True, exist_ok=True)
        how = [] if "--flow" in flags else ["--direct"]
        argv = [*self.before, VOTD, "publish", str(video), "--to", f"file:{self.site}", *how, *flags]
        env = {name: value for name, value in os.environ.items() if name != "PREFECT_API_URL"} | settings
        env |= {"VOTD_HOME": str(self.home), "TMPDIR": str(self.temporary), "PREFECT_HOME": str(self.temporary / "no")}
        return subprocess.Popen(argv, env=env, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)

    def publish(self, video: Path, *flags: str) -> dict[str, bool]:
        """Run ``votd publish`` to its end; tell of each stage whether its work was reused."""
        with self.start(video, *flags) as running:
            out, err = running.communicate(timeout=600)
        assert running.returncode == 0, err
        times = re.search(r"^Time +(.+)$", out, re.MULTILINE)
        assert times, out
        stages = [re.fullmatch(r"(.+?) (reused|[\d.]+ s)", part) for part in times[1].split(", ")]
        return {stage[1]: stage[2] == "reused" for stage in stages if stage}

    def refused(self, video: Path, code: int, *flags: str) -> str:
        """Run ``votd publish`` to an end that is no good one; return its one sentence."""
        with self.start(video, *flags) as running:
            _, err = running.communicate(timeout=600)
        assert running.returncode == code, err
        first, *tail = err.splitlines()
        assert re.fullmatch(r"votd: .+[.]", first), err
        assert all(line.startswith("    ") for line in tail), err
        return first

    def alive(self) -> dict[int, str]:
        """Return the command lines of the processes of this home."""
        return processes(self.home)

    def objects(self) -> dict[str, int]:
        """List the store's objects with the times of their last change; hidden files are none."""
        paths = [p for p in self.site.rglob("*") if p.is_file() and ".votd" not in p.parts]
        return {str(p.relative_to(self.site)): p.stat().st_mtime_ns for p in paths}

    def finished(self, step: str) -> list[Path]:
        """List the finished entries of a step."""
        return list((self.home / "workspace" / "finished" / step).glob("*"))

    def scratch(self, pattern: str = "*") -> list[Path]:
        """List what is unfinished."""
        return list((self.home / "workspace" / "scratch").glob(pattern))

    def reachable(self) -> set[str]:
        """Follow every pointer that stands; return all that it leads to, of which everything must be there."""
        found: set[str] = set()
        pointers = (*self.site.glob("*.json"), *self.site.glob("videos/*/current.json"))
        for key in (p.relative_to(self.site) for p in pointers):
            text = (self.site / key).read_text(encoding="utf-8")
            if key.name == "index.json":
                records = [video.record for video in Index.model_validate_json(text).videos]
            else:
                records = [Current.model_validate_json(text).record]
            found |= {str(key), *(path for record in records for path in named(self.site, record))}
        assert not [path for path in sorted(found) if not (self.site / path).is_file()]
        return found

    def published_once(self) -> Record:
        """Check that the store holds one whole video and nothing else, and that nothing unfinished is left."""
        led_to = self.reachable()
        latest = Current.model_validate_json((self.site / "latest.json").read_text())
        [entry] = Index.model_validate_json((self.site / "index.json").read_text()).videos
        current = (self.site / f"videos/{latest.id}/current.json").read_text()
        assert (entry.record, Current.model_validate_json(current)) == (latest.record, latest)
        record = Record.model_validate_json((self.site / latest.record).read_text())
        others = {key for key in self.objects() if key not in led_to}
        media = Path(record.mp4).parent
        own = (f"videos/{latest.id}/{latest.version}/", f"{media}/", "player/")
        assert all(key.startswith(own) for key in others), others
        [encode] = self.finished("encode")
        for path in (self.site / media).rglob("*.*"):
            assert path.read_bytes() == (encode / path.relative_to(self.site / media)).read_bytes()
        assert not self.scratch()
        assert not list(self.temporary.iterdir())
        return record


def named(site: Path, key: str) -> set[str]:
    """Return every path that a record leads to, its playlists' included."""
    record = Record.model_validate_json((site / key).read_text(encoding="utf-8"))
    tracks = [path for track in record.captions for path in (track.vtt, track.srt)]
    files = (record.mp4, record.poster, record.page, record.transcript, record.dash)
    pictures = (record.share_image, record.storyboard)
    found = {key, *tracks, *(path for path in (*files, *pictures) if path)}
    lists = [record.hls, *(rendition.playlist for rendition in record.renditions)]
    while lists:
        found.add(playlist := lists.pop())
        text = (site / playlist).read_text(encoding="utf-8")
        names = [*re.findall(r'URI="([^"]+)"', text), *re.findall(r"^[^#\n].*$", text, re.MULTILINE)]
        inner = {urljoin(f"/{playlist}", name).lstrip("/") for name in names}
        lists += [path for path in inner - found if path.endswith(".m3u8")]
        found |= inner
    return found


@pytest.fixture(scope="session")
def make_desk() -> Callable[..., Desk]:
    """Return a maker of desks; ``home`` and ``site`` may lie on disks of their own."""

    def make(root: Path, home: Path | None = None, site: Path | None = None, before: tuple[str, ...] = ()) -> Desk:
        return Desk(home or root / "home", site or root / "site", root / "tmp", before)

    return make


@pytest.fixture
def desk(tmp_path: Path, make_desk: Callable[..., Desk]) -> Desk:
    """Return a new desk."""
    return make_desk(tmp_path)


@pytest.fixture(scope="session")
def wait_until() -> Callable[..., None]:
    """Return ``until``."""
    return until


@pytest.fixture(scope="session")
def processes_of() -> Callable[[Path], dict[int, str]]:
    """Return ``processes``."""
    return processes
