"""kill -9 and SIGTERM at the worst moments: no child is left, pointers stay whole, the re-run publishes once."""

import contextlib
import fcntl
import re
import shutil
import signal
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from votd.media.record import Current, Index

pytestmark = pytest.mark.all

Desk = Any  # of conftest.py, which nobody can import
Wait = Callable[..., None]
POINTERS = ("current.json", "index.json", "latest.json")
"""In the order in which they are swapped."""
MOMENT_S = 120  # for a moment to come, on a machine that does much else
END_S = 10


@pytest.fixture(scope="module")
def clip(make_clip: Callable[..., Path]) -> Path:
    """Return a clip whose transcoding takes some seconds."""
    return make_clip("long tone.mp4", seconds=30, size="960x540")


@pytest.fixture(scope="module")
def speech(sample: Path, ffmpeg: str, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a sentence of the sample under a picture that has two segments."""
    path = tmp_path_factory.mktemp("speech") / "speech.mp4"
    picture = ["-f", "lavfi", "-i", "testsrc2=size=320x180:rate=25", "-t", "8", "-i", str(sample / "sample.mp4")]
    codecs = ["-map", "0:v", "-map", "1:a", "-c:v", "libx264", "-preset", "ultrafast", "-c:a", "copy", "-shortest"]
    subprocess.run([ffmpeg, "-nostdin", "-v", "error", *picture, *codecs, str(path)], check=True)
    return path


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


def runs(desk: Desk, text: str) -> bool:
    """Tell whether a child runs whose command line holds a text."""
    return any(text in line for line in desk.alive().values())


# Each of these stays so once it is so: a stage that lasts no time cannot be missed.
MOMENTS: dict[str, Callable[[Desk], object]] = {
    "copy in": lambda desk: desk.scratch("*/made") or desk.finished("source"),
    "probe": lambda desk: desk.finished("source"),
    "audio": lambda desk: desk.finished("probe"),
    "transcode, early": lambda desk: desk.scratch("*/made/*/00001.m4s*") or desk.finished("encode"),
    "transcode, late": lambda desk: desk.scratch("*/made/*/00002.m4s*") or desk.finished("encode"),
    "transcription": lambda desk: runs(desk, "speech.recognise") or desk.finished("transcript"),
    "captions and link": lambda desk: desk.finished("encode") and desk.finished("transcript"),
    "verify": lambda desk: runs(desk, "votd.media.verify") or desk.finished("verify"),
}
UPLOADS = {
    "upload": ".m4s",
    "between the last object and the pointers": "record.json",
    "after a pointer": "current.json",
    "between the last two pointers": "index.json",
    "after the last pointer": "latest.json",
}
"""The name of the object that is the last to be there."""


def end(desk: Desk, running: subprocess.Popen[str], sign: signal.Signals, wait_until: Wait, done: bool = False) -> str:
    """End the command; its children end with it, and the pointers of the store are whole. Return what it said.

    One that was ``done`` but for its last words may have ended by itself.
    """
    running.send_signal(sign)
    _, err = running.communicate(timeout=END_S)
    assert running.returncode == (-signal.SIGKILL if sign == signal.SIGKILL else 130) or (done and not err)
    wait_until(lambda: not desk.alive(), 30)
    desk.reachable()
    return err


@pytest.mark.parametrize("sign", [signal.SIGKILL, signal.SIGTERM], ids=["kill", "term"])
@pytest.mark.parametrize("moment", [*MOMENTS, *UPLOADS])
def test_an_end_at_any_moment(desk: Desk, speech: Path, moment: str, sign: signal.Signals, wait_until: Wait) -> None:
    """No child is left, and after the next run no scratch either; that run publishes what is published once."""
    with contextlib.ExitStack() as stack:
        if moment in MOMENTS:
            running = desk.start(speech)
            wait_until(lambda: MOMENTS[moment](desk), MOMENT_S, running)
        else:
            let_through = stack.enter_context(closed(desk.site))
            running = desk.start(speech)
            wait_until(lambda: drafts(desk.site), MOMENT_S, running)
            while not any(key.endswith(UPLOADS[moment]) for key in desk.objects()):
                assert running.poll() is None, f"it ended too early: {running.communicate()}"
                let_through()
        said = end(desk, running, sign, wait_until, done=moment == "after the last pointer")
    if running.returncode == 130:
        assert re.fullmatch(r"votd: [^\n]+[.]\n", said), said
        assert moment in UPLOADS or not desk.scratch()
    before = desk.objects()
    assert moment in UPLOADS or not before
    desk.publish(speech)
    record = desk.published_once()
    assert (desk.site / record.captions[0].vtt).read_text().count("-->") > 0
    unmoved = {key: when for key, when in before.items() if not key.endswith(POINTERS)}
    assert unmoved.items() <= desk.objects().items(), "what was uploaded is not uploaded again"


def transcoding(desk: Desk) -> bool:
    """Tell whether ffmpeg writes segments now."""
    return bool(desk.scratch("*/made/*/*.m4s*")) and runs(desk, "f=dash")


def recognising(desk: Desk) -> bool:
    """Tell whether the recogniser runs, after the transcoding has ended."""
    done = bool(desk.finished("encode")), bool(desk.finished("transcript"))
    return runs(desk, "votd.media.speech.child") and done == (True, False)


@pytest.mark.parametrize("how", [(), ("--flow",)], ids=["direct", "flow"])
def test_kill_in_the_middle_of_transcoding(desk: Desk, clip: Path, how: tuple[str, ...], wait_until: Wait) -> None:
    """What came before is reused, the encode is made anew; a flow's own Prefect server dies with it too."""
    running = desk.start(clip, *how)
    wait_until(lambda: transcoding(desk), MOMENT_S, running)
    end(desk, running, signal.SIGKILL, wait_until)
    assert not desk.objects()
    assert not desk.finished("encode")
    stages = desk.publish(clip)
    early = ("copy in", "examine", "audio", "transcode")
    assert [name for name in early if stages[name]] == ["copy in", "examine", "audio"]
    desk.published_once()


def test_sigterm_ends_a_flow_in_one_sentence(desk: Desk, clip: Path, wait_until: Wait) -> None:
    """Within seconds, with its own exit code, without a child and without scratch; nothing is published."""
    running = desk.start(clip, "--flow")
    wait_until(lambda: transcoding(desk), MOMENT_S, running)
    err = end(desk, running, signal.SIGTERM, wait_until)
    assert re.fullmatch(r"votd: [^\n]+[.]\n", err), err
    assert not desk.scratch()
    assert not list(desk.temporary.iterdir())
    assert not desk.objects()


def test_the_captions_after_a_kill_are_whole(
    make_desk: Callable[..., Desk], sample: Path, ffmpeg: str, tmp_path: Path, wait_until: Wait
) -> None:
    """Killed in the middle of a long recognition; the encode was finished beside it and is reused."""
    desk, long = make_desk(tmp_path), tmp_path / "long.mp4"
    picture = ["-f", "lavfi", "-i", "testsrc2=size=160x90:rate=5", "-i", str(sample / "sample.mp4")]
    codecs = ["-map", "0:v", "-map", "1:a", "-c:v", "libx264", "-preset", "ultrafast", "-c:a", "copy", "-shortest"]
    subprocess.run([ffmpeg, "-nostdin", "-v", "error", *picture, *codecs, str(long)], check=True)
    running = desk.start(long)
    wait_until(lambda: recognising(desk), MOMENT_S, running)
    end(desk, running, signal.SIGKILL, wait_until)
    stages = desk.publish(long)
    assert {name for name, reused in stages.items() if reused} == {"copy in", "examine", "audio", "transcode"}
    record = desk.published_once()
    assert (desk.site / record.captions[0].vtt).read_text().count("-->") > 10


@pytest.fixture(scope="module")
def two_versions(
    make_clip: Callable[..., Path], make_desk: Callable[..., Desk], tmp_path_factory: pytest.TempPathFactory
) -> tuple[Desk, Desk, Path]:
    """Publish a clip under two titles; return the desk, one whose store holds the first version alone, and the clip."""
    desk, old = make_desk(tmp_path_factory.mktemp("both")), make_desk(tmp_path_factory.mktemp("old"))
    clip = make_clip("tone.mp4")
    desk.publish(clip, "--title", "One")
    shutil.copytree(desk.site, old.site)
    desk.publish(clip, "--title", "Two")
    return desk, old, clip


@pytest.mark.parametrize("first", ["record.json", *POINTERS])
def test_kill_between_two_versions(
    two_versions: tuple[Desk, Desk, Path], desk: Desk, first: str, wait_until: Wait
) -> None:
    """Each pointer names the old version or the new one, whole; the re-run moves the rest.

    The store is brought to where a run stands before it writes ``first``: that, and what comes after, is as it was.
    """
    made, old, clip = two_versions
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
        wait_until(lambda: drafts(desk.site), MOMENT_S, running)
        end(desk, running, signal.SIGKILL, wait_until)
    assert {key: (desk.site / key).read_bytes() for key in before} == before
    stages = desk.publish(clip, "--title", "Two")
    assert "upload" in [name for name, reused in stages.items() if not reused]
    assert all(stages[name] for name in ("copy in", "examine", "audio", "transcode", "transcribe"))
    desk.reachable()
    [entry] = Index.model_validate_json((desk.site / "index.json").read_text()).videos
    assert (entry.title, entry.version, entry.record) == ("Two", new.version, new.record)
    assert all(Current.model_validate_json((desk.site / key).read_text()) == new for key in (order[1], order[3]))
