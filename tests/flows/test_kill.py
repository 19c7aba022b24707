"""kill -9 at the worst moments: no child is left, pointers stay whole, the re-run reuses what was finished."""

import contextlib
import fcntl
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urljoin

import pytest

from votd.media.record import Current, Index, Record

pytestmark = pytest.mark.all

VOTD = str(Path(sys.executable).with_name("votd"))
POINTERS = ("current.json", "index.json", "latest.json")
"""In the order in which they are swapped."""
MOMENT_S = 120  # for a moment to come, on a machine that does much else


@dataclass(frozen=True)
class Desk:
    """One home, one directory store and one folder for temporary files, in which commands run as real processes."""

    root: Path

    @property
    def home(self) -> Path:
        return self.root / "home"

    @property
    def site(self) -> Path:
        return self.root / "site"

    def start(self, video: Path, *flags: str) -> subprocess.Popen[str]:
        """Start ``votd publish``, directly unless a flag says otherwise."""
        (self.root / "tmp").mkdir(parents=True, exist_ok=True)
        how = [] if "--flow" in flags else ["--direct"]
        argv = [VOTD, "publish", str(video), "--to", f"file:{self.site}", *how, *flags]
        env = {name: value for name, value in os.environ.items() if name != "PREFECT_API_URL"}
        env |= {"VOTD_HOME": str(self.home), "TMPDIR": str(self.root / "tmp"), "PREFECT_HOME": str(self.root / "none")}
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

    def alive(self) -> dict[int, str]:
        """Return the processes of this home: its path is in the environment that every child inherits."""
        found = {}
        for folder in Path("/proc").glob("[0-9]*"):
            with contextlib.suppress(OSError):
                if f"VOTD_HOME={self.home}\0".encode() in (folder / "environ").read_bytes():
                    found[int(folder.name)] = (folder / "cmdline").read_bytes().replace(b"\0", b" ").decode()
        return found

    def objects(self) -> dict[str, int]:
        """List the store's objects with the times of their last change; hidden files are none."""
        paths = [p for p in self.site.rglob("*") if p.is_file() and ".votd" not in p.parts]
        return {str(p.relative_to(self.site)): p.stat().st_mtime_ns for p in paths}

    def finished(self, step: str) -> list[Path]:
        """List the finished entries of a step."""
        return list((self.home / "workspace" / "finished" / step).glob("*"))


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    """Return a new desk; nothing of it may run on after the test."""
    return Desk(tmp_path)


@pytest.fixture(scope="module")
def clip(make_clip: Callable[..., Path]) -> Path:
    """Return a clip whose transcoding takes some seconds."""
    return make_clip("long tone.mp4", seconds=30, size="960x540")


@pytest.fixture(scope="module")
def speech(sample: Path, ffmpeg: str, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the sample's speech under a tiny picture: transcoding ends long before recognition."""
    path = tmp_path_factory.mktemp("speech") / "speech.mp4"
    picture = ["-f", "lavfi", "-i", "testsrc2=size=160x90:rate=5", "-i", str(sample / "sample.mp4")]
    codecs = ["-map", "0:v", "-map", "1:a", "-c:v", "libx264", "-preset", "ultrafast", "-c:a", "copy", "-shortest"]
    subprocess.run([ffmpeg, "-nostdin", "-v", "error", *picture, *codecs, str(path)], check=True)
    return path


def until(moment: Callable[[], object], seconds: float, running: subprocess.Popen[str] | None = None) -> None:
    """Wait until something is so; fail where it is not in time, or where the command ended before."""
    limit = time.monotonic() + seconds
    while not moment():
        assert running is None or running.poll() is None, f"it ended too early: {running.communicate()}"
        assert time.monotonic() < limit, f"not within {seconds} s: {moment.__name__}"
        time.sleep(0.01)


def kill(desk: Desk, running: subprocess.Popen[str]) -> None:
    """Kill the command with -9; the kernel kills its children, and the pointers of the store are whole."""
    running.kill()
    running.communicate()
    assert running.returncode == -signal.SIGKILL
    until(lambda: not desk.alive(), 3)
    reachable(desk.site)


def reachable(site: Path) -> set[str]:
    """Follow every pointer that stands; return all that it leads to, of which everything must be there."""
    found: set[str] = set()
    for key in (p.relative_to(site) for p in (*site.glob("*.json"), *site.glob("videos/*/current.json"))):
        text = (site / key).read_text(encoding="utf-8")
        if key.name == "index.json":
            records = [video.record for video in Index.model_validate_json(text).videos]
        else:
            records = [Current.model_validate_json(text).record]
        found |= {str(key), *(path for record in records for path in paths(site, record))}
    assert not [path for path in sorted(found) if not (site / path).is_file()]
    return found


def paths(site: Path, key: str) -> set[str]:
    """Return every path that a record leads to, its playlists' included."""
    record = Record.model_validate_json((site / key).read_text(encoding="utf-8"))
    tracks = [path for track in record.captions for path in (track.vtt, track.srt)]
    found = {key, record.mp4, record.poster, record.page, *tracks, *([record.transcript] if record.transcript else [])}
    lists = [record.hls, *(rendition.playlist for rendition in record.renditions)]
    while lists:
        found.add(playlist := lists.pop())
        text = (site / playlist).read_text(encoding="utf-8")
        named = [*re.findall(r'URI="([^"]+)"', text), *re.findall(r"^[^#\n].*$", text, re.MULTILINE)]
        inner = {urljoin(f"/{playlist}", name).lstrip("/") for name in named}
        lists += [path for path in inner - found if path.endswith(".m3u8")]
        found |= inner
    return found


def published_once(desk: Desk) -> Record:
    """Check that the store holds one whole video and nothing else, and that no scratch is left; return its record."""
    led_to = reachable(desk.site)
    latest = Current.model_validate_json((desk.site / "latest.json").read_text())
    [entry] = Index.model_validate_json((desk.site / "index.json").read_text()).videos
    current = (desk.site / f"videos/{latest.id}/current.json").read_text()
    assert (entry.record, Current.model_validate_json(current)) == (latest.record, latest)
    record = Record.model_validate_json((desk.site / latest.record).read_text())
    others = {key for key in desk.objects() if key not in led_to}
    assert all(key.startswith((f"videos/{latest.id}/{latest.version}/", "player/")) for key in others), others
    [encode] = desk.finished("encode")
    for path in (desk.site / record.mp4).parent.rglob("*.*"):
        made = encode / path.relative_to((desk.site / record.mp4).parent)
        assert path.read_bytes() == made.read_bytes()
    assert not list((desk.home / "workspace" / "scratch").iterdir())
    return record


@contextlib.contextmanager
def closed(site: Path) -> Iterator[Callable[[], None]]:
    """Hold the directory store's lock, so that no object gets its name; call the result to let some through."""
    (site / ".votd").mkdir(parents=True, exist_ok=True)
    with (site / ".votd" / "lock").open("a") as lock:

        def let_through() -> None:
            fcntl.flock(lock, fcntl.LOCK_UN)
            fcntl.flock(lock, fcntl.LOCK_EX)

        fcntl.flock(lock, fcntl.LOCK_EX)
        yield let_through


def drafts(site: Path) -> list[Path]:
    """List what waits for its name in a directory store."""
    return list((site / ".votd").glob("*.new"))


def transcoding(desk: Desk) -> bool:
    """Tell whether ffmpeg writes segments now."""
    writes = any((desk.home / "workspace" / "scratch").glob("*/work/*/*.m4s*"))
    return writes and any("f=dash" in line for line in desk.alive().values())


def recognising(desk: Desk) -> bool:
    """Tell whether the recogniser runs, after the transcoding has ended."""
    runs = any("votd.media.speech.recognise" in line for line in desk.alive().values())
    return runs and bool(desk.finished("encode"))


@pytest.mark.parametrize("how", [(), ("--flow",)], ids=["direct", "flow"])
def test_kill_in_the_middle_of_transcoding(desk: Desk, clip: Path, how: tuple[str, ...]) -> None:
    """What came before is reused, the encode is made anew; a flow's own Prefect server dies with it too."""
    running = desk.start(clip, *how)
    until(lambda: transcoding(desk), MOMENT_S, running)
    kill(desk, running)
    assert not desk.objects()
    assert not desk.finished("encode")
    stages = desk.publish(clip)
    assert [name for name in ("copy in", "examine", "audio", "transcode") if stages[name]] == [
        "copy in",
        "examine",
        "audio",
    ]
    published_once(desk)


def test_kill_in_the_middle_of_transcription(desk: Desk, speech: Path) -> None:
    """The encode was finished beside it and is reused; the captions of the re-run are whole."""
    running = desk.start(speech)
    until(lambda: recognising(desk), MOMENT_S, running)
    kill(desk, running)
    assert not desk.objects()
    stages = desk.publish(speech)
    assert {name for name, reused in stages.items() if reused} == {"copy in", "examine", "audio", "transcode"}
    record = published_once(desk)
    assert (desk.site / record.captions[0].vtt).read_text().count("-->") > 10
    assert not list((desk.root / "tmp").iterdir())


def test_kill_in_the_middle_of_the_upload(desk: Desk, clip: Path) -> None:
    """Nobody sees what is half there; the re-run works on nothing but the rest of the upload."""
    with closed(desk.site) as let_through:
        running = desk.start(clip)
        until(lambda: drafts(desk.site), MOMENT_S, running)
        while not desk.objects():
            let_through()
        kill(desk, running)
    before = desk.objects()
    assert not [key for key in before if key.endswith("record.json") or key in POINTERS]
    stages = desk.publish(clip)
    assert [name for name, reused in stages.items() if not reused] == ["link", "upload"]
    published_once(desk)
    assert before.items() <= desk.objects().items()
    assert len(desk.objects()) > len(before)


@pytest.fixture(scope="module")
def two_versions(make_clip: Callable[..., Path], tmp_path_factory: pytest.TempPathFactory) -> tuple[Desk, Desk, Path]:
    """Publish a clip under two titles; return the desk, one whose store holds the first version alone, and the clip."""
    desk, old = Desk(tmp_path_factory.mktemp("both")), Desk(tmp_path_factory.mktemp("old"))
    clip = make_clip("tone.mp4")
    desk.publish(clip, "--title", "One")
    shutil.copytree(desk.site, old.site)
    desk.publish(clip, "--title", "Two")
    return desk, old, clip


@pytest.mark.parametrize("first", ["record.json", *POINTERS])
def test_kill_between_the_last_object_and_the_last_pointer(
    two_versions: tuple[Desk, Desk, Path], first: str, tmp_path: Path
) -> None:
    """Each pointer names the old version or the new one, whole; the re-run moves the rest.

    The store is brought to where a run stands before it writes ``first``: that, and what comes after, is as it was.
    """
    made, old, clip = two_versions
    desk = Desk(tmp_path)
    shutil.copytree(made.home, desk.home)
    shutil.copytree(made.site, desk.site)
    new = Current.model_validate_json((made.site / "latest.json").read_text())
    order = [new.record, f"videos/{new.id}/current.json", "index.json", "latest.json"]
    [step] = [number for number, key in enumerate(order) if key.endswith(first)]
    for key in order[step:]:
        (desk.site / key).unlink()
        if (old.site / key).exists():
            shutil.copy(old.site / key, desk.site / key)
    before = {key: (desk.site / key).read_bytes() for key in order if (desk.site / key).exists()}
    with closed(desk.site):
        running = desk.start(clip, "--title", "Two")
        until(lambda: drafts(desk.site), MOMENT_S, running)
        kill(desk, running)
    assert {key: (desk.site / key).read_bytes() for key in before} == before
    stages = desk.publish(clip, "--title", "Two")
    assert [name for name, reused in stages.items() if not reused] == ["link", "upload"]
    reachable(desk.site)
    [entry] = Index.model_validate_json((desk.site / "index.json").read_text()).videos
    assert (entry.title, entry.version, entry.record) == ("Two", new.version, new.record)
    assert all(Current.model_validate_json((desk.site / key).read_text()) == new for key in (order[1], order[3]))


@pytest.mark.parametrize("how", [(), ("--flow",)], ids=["direct", "flow"])
def test_sigterm_ends_it_in_one_sentence(desk: Desk, clip: Path, how: tuple[str, ...]) -> None:
    """Within seconds, with its own exit code, without a child and without scratch; nothing is published."""
    running = desk.start(clip, *how)
    until(lambda: transcoding(desk), MOMENT_S, running)
    start = time.monotonic()
    running.terminate()
    _, err = running.communicate(timeout=5)
    print(f"ended after {time.monotonic() - start:.1f} s")
    assert running.returncode == 130
    assert re.fullmatch(r"votd: [^\n]+[.]\n", err), err
    assert not desk.alive()
    assert not list((desk.home / "workspace" / "scratch").iterdir())
    assert not list((desk.root / "tmp").iterdir())
    assert not desk.objects()
