"""A child is bounded, watched, and dead when its owner is."""

import asyncio
import functools
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from votd.media import errors, sandbox
from votd.media.process import Confined, Limits, Worker, call, run

SLEEPER = "import subprocess, sys, time; subprocess.Popen(['sleep', '77.5']); print('up', flush=True); time.sleep(77)"


def alive(text: str, by: str = "") -> list[str]:
    """Return the running processes whose command line holds a text, and those of one program if it is named."""
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            line = (folder / "cmdline").read_bytes().replace(b"\0", b" ").decode()
            name = (folder / "comm").read_text().strip()
            state = (folder / "stat").read_text().rsplit(")", 1)[1].split()[0]
        except OSError:
            continue
        if text in line and state != "Z" and by in ("", name):
            found.append(line)
    return found


def wait_gone(text: str) -> bool:
    """Wait a moment for processes to vanish; tell whether they did."""
    for _ in range(100):
        if not alive(text):
            return True
        time.sleep(0.05)
    return False


def test_a_line_is_given_as_it_comes_and_errors_are_the_tail() -> None:
    """Standard output goes to the caller line by line, the end of standard error comes back."""
    lines: list[str] = []
    script = "import sys; print('a'); print('b'); [print(i, file=sys.stderr) for i in range(100)]"
    tail = asyncio.run(run([sys.executable, "-c", script], Limits(), lines.append))
    assert lines == ["a", "b"]
    assert tail.splitlines() == [str(i) for i in range(70, 100)]


@pytest.fixture(params=["plain", pytest.param("confined", marks=pytest.mark.all)])
def confined(request: pytest.FixtureRequest, tmp_path: Path) -> Confined | None:
    """Return what a child may see: everything, or the test's folder."""
    if request.param == "confined":
        assert sandbox.works(), "install bubblewrap, and allow user namespaces"
        return Confined(writes=(tmp_path,))
    return None


@pytest.mark.parametrize(
    ("script", "limits", "reason"),
    [
        ("import sys; sys.exit('broken')", Limits(), r"^python\S* ended with code 1\.$"),
        ("import sys; sys.exit(183)", Limits(), "ended with code 183"),
        ("import time; time.sleep(60)", Limits(wall_s=1), r"was ended after 1 s\.$"),
        ("import time; time.sleep(60)", Limits(idle_s=1), r"^python\S* made no progress for 1 s and was ended\.$"),
        ("while True: pass", Limits(cpu_s=1), "used more CPU time"),
        ("import os; os.kill(os.getpid(), 9) or os.kill(os.getppid(), 9)", Limits(), "was killed by SIGKILL"),
        ("x = bytearray(1 << 30)", Limits(memory=512 << 20), "ended with code 1"),
        ("open(sys.argv[1] + '/big', 'wb').write(bytes(1 << 20))", Limits(file_size=1000), "ended with code 1"),
    ],
)
def test_each_limit_ends_a_child(
    script: str, limits: Limits, reason: str, confined: Confined | None, tmp_path: Path
) -> None:
    """Wall time, silence, CPU time, memory and file size are bounded, and the error says which."""
    with pytest.raises(errors.ToolFailed, match=reason) as caught:
        asyncio.run(run([sys.executable, "-c", f"import sys\n{script}", str(tmp_path)], limits, confined=confined))
    assert caught.value.command[-1] == str(tmp_path)
    if limits.memory:
        assert "MemoryError" in caught.value.tail
    if limits.file_size:
        assert (tmp_path / "big").stat().st_size == 1000


def test_what_makes_progress_is_not_idle(confined: Confined | None) -> None:
    """A child that says something new again and again may take longer than it may be silent."""
    script = "import time; [(print(i, flush=True), time.sleep(0.2)) for i in range(8)]"
    seen: list[str] = []

    def on_line(line: str) -> bool:
        seen.append(line)
        return True

    asyncio.run(run([sys.executable, "-c", script], Limits(idle_s=1), on_line, confined=confined))
    assert len(seen) == 8
    with pytest.raises(errors.ToolFailed, match="made no progress"):
        asyncio.run(run([sys.executable, "-c", script], Limits(idle_s=1), lambda _: False, confined=confined))


LOOK = """
import os, pathlib, socket, sys
def may(do):
    try:
        return bool(do()) or True
    except OSError:
        return False
def write(path):
    with open(path, "a") as file:
        return file.write("x")
read, written, secret, port = sys.argv[1:]
print(may(lambda: open(read).read()), may(lambda: write(read)), may(lambda: write(written + "/new")))
print(may(lambda: open(secret).read()), may(lambda: os.listdir("/proc/self")))
print(*sorted(os.listdir(os.path.dirname(secret))))
print(may(lambda: socket.create_connection(("127.0.0.1", int(port)), 2)), "AWS_SECRET_ACCESS_KEY" in os.environ)
"""


@pytest.mark.all
def test_a_confined_child_sees_what_is_named_and_nothing_else(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It reads what it may read, writes where it may write; no other file, no process, no network, no secret."""
    assert sandbox.works(), "install bubblewrap, and allow user namespaces"
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret")
    (tmp_path / "made").mkdir()
    for name in ("source", "secret"):
        (tmp_path / name).write_text(name)
    confined = Confined(reads=(tmp_path / "source",), writes=(tmp_path / "made",))
    seen: dict[bool, list[str]] = {}
    with socket.create_server(("127.0.0.1", 0)) as server:
        paths = [str(tmp_path / name) for name in ("source", "made", "secret")]
        argv = [sys.executable, "-c", LOOK, *paths, str(server.getsockname()[1])]
        for inside in (True, False):
            lines = seen.setdefault(inside, [])
            asyncio.run(run(argv, Limits(), lines.append, confined=confined if inside else None))
    assert seen[True] == ["True False True", "False False", "made source", "False False"]
    assert seen[False] == ["True True True", "True True", "made secret source", "True True"], "all that can be seen"
    assert (tmp_path / "made" / "new").read_text() == "xx"


def test_without_bubblewrap_a_child_runs_all_the_same(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Many containers forbid user namespaces: there, or where it is missing, nothing is put around a command."""
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(sandbox, "works", functools.cache(sandbox.works.__wrapped__))
    for _ in ("missing", "forbidden"):
        assert sandbox.around([sys.executable], Confined()) == []
        lines: list[str] = []
        asyncio.run(run([sys.executable, "-c", "print(1)"], Limits(), lines.append, confined=Confined()))
        assert lines == ["1"]
        (tmp_path / "bwrap").write_text("#!/bin/sh\nexit 1\n")
        (tmp_path / "bwrap").chmod(0o755)
        sandbox.works.cache_clear()


@pytest.mark.all
def test_our_own_modules_run_confined(make_clip: Callable[..., Path]) -> None:
    """A module of the library answers from inside, with its errors too."""
    clip = make_clip("tone.mp4")
    assert sandbox.works(), "install bubblewrap, and allow user namespaces"
    answer = asyncio.run(call("votd.media.source.probe", str(clip), limits=Limits(), confined=Confined((clip,))))
    assert '"h264"' in answer
    with pytest.raises(errors.RejectedSource):
        code = Path(__file__)
        asyncio.run(call("votd.media.source.probe", str(code), limits=Limits(), confined=Confined((code,))))


@pytest.mark.all
def test_ffmpeg_runs_confined(make_clip: Callable[..., Path], ffmpeg: str, tmp_path: Path) -> None:
    """It reads its input and writes its output; another file that its input names is not there for it."""
    clip = make_clip("tone.mp4")
    (tmp_path / "made").mkdir()
    whole = Confined(reads=(clip,), writes=(tmp_path / "made",))
    argv = [ffmpeg, "-nostdin", "-v", "error", "-i", str(clip), "-c", "copy", str(tmp_path / "made" / "copy.mkv")]
    asyncio.run(run(argv, Limits(), confined=whole))
    assert (tmp_path / "made" / "copy.mkv").stat().st_size > 10_000
    playlist = tmp_path / "list.mp4"
    playlist.write_text(f"#EXTM3U\n#EXT-X-TARGETDURATION:4\n#EXTINF:4,\nfile://{clip}\n#EXT-X-ENDLIST\n")
    lured = [ffmpeg, "-nostdin", "-i", str(playlist), "-allowed_extensions", "ALL", "-f", "null", "-"]
    with pytest.raises(errors.ToolFailed) as caught:
        asyncio.run(run(lured, Limits(), confined=Confined(reads=(playlist,))))
    assert "bwrap" not in caught.value.tail


def test_a_missing_tool_is_said() -> None:
    """Its name is in the sentence."""
    with pytest.raises(errors.BadRequest, match="no-such-tool is not installed"):
        asyncio.run(run(["/nowhere/no-such-tool"], Limits()))


def test_a_cancelled_run_leaves_no_grandchild(confined: Confined | None) -> None:
    """A cancel ends the whole group, and comes back when it has ended."""

    async def cancelled() -> None:
        up = asyncio.Event()
        sleeper = run([sys.executable, "-c", SLEEPER], Limits(), lambda _: up.set(), confined=confined)
        task = asyncio.create_task(sleeper)
        await up.wait()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    asyncio.run(cancelled())
    assert not alive("sleep 77.5")


@pytest.mark.parametrize("how", ["None", pytest.param("Confined()", marks=pytest.mark.all)])
def test_a_killed_owner_takes_its_child_along(how: str) -> None:
    """After kill -9 of the owner the kernel kills the child, in its sandbox too."""
    child = f"run(['sleep', '88.25'], Limits(), confined={how})"
    owner = subprocess.Popen(
        [sys.executable, "-c", f"import asyncio; from votd.media.process import *; asyncio.run({child})"]
    )
    for _ in range(200):
        if alive("sleep 88.25", by="sleep"):
            break
        time.sleep(0.05)
    assert alive("sleep 88.25", by="sleep")
    os.kill(owner.pid, signal.SIGKILL)
    owner.wait()
    assert wait_gone("sleep 88.25")


ECHO = """
import os, sys, time
from votd.media import errors, process
def main(request, progress):
    progress(0.5)
    if request.get("refuse"):
        raise errors.BadRequest("No.")
    if request.get("die"):
        os._exit(3)
    time.sleep(request.get("sleep", 0))
    print("noise")
    return [os.getpid(), request]
process.answer(main)
"""


@pytest.fixture
def worker(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Worker:
    """Return a worker whose module lies in a folder of its own."""
    (tmp_path / "echoing.py").write_text(ECHO, encoding="utf-8")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    return Worker("echoing")


def test_a_worker_stays_from_one_request_to_the_next(worker: Worker) -> None:
    """Requests at the same time are answered in turn by one process, and an error of ours does not end it."""
    seen: list[float] = []

    async def ask() -> None:
        one, two = await asyncio.gather(
            worker.ask({"n": 1}, Limits(wall_s=60), seen.append), worker.ask({"n": 2}, Limits(wall_s=60))
        )
        assert one[1:] == [{"n": 1}] and two[1:] == [{"n": 2}]
        with pytest.raises(errors.BadRequest, match=r"^No\.$"):
            await worker.ask({"refuse": True}, Limits(wall_s=60))
        three = await worker.ask({"n": 3}, Limits(wall_s=60))
        await worker.close()
        assert one[0] == two[0] == three[0] and seen == [0.5]
        assert wait_gone("-m echoing")

    asyncio.run(ask())


@pytest.mark.parametrize(
    ("request_", "said"),
    [({"die": True}, "ended with code 3"), ({"sleep": 60}, "was ended after 3 s")],
    ids=["dies", "hangs"],
)
def test_a_worker_that_fails_is_replaced(worker: Worker, request_: dict[str, object], said: str) -> None:
    """A child that dies or takes too long is said, and the next request has another."""

    async def ask() -> None:
        first = await worker.ask({}, Limits(wall_s=60))
        with pytest.raises(errors.ToolFailed, match=said):
            await worker.ask(request_, Limits(wall_s=3))
        assert wait_gone("-m echoing")
        second = await worker.ask({}, Limits(wall_s=60))
        await worker.close()
        assert first[0] != second[0]

    asyncio.run(ask())


def test_a_cancelled_request_ends_the_worker(worker: Worker) -> None:
    """Whoever no longer waits for an answer does not leave a child at work on it."""

    async def ask() -> None:
        await worker.ask({}, Limits(wall_s=60))
        asking = asyncio.create_task(worker.ask({"sleep": 60}, Limits(wall_s=60)))
        await asyncio.sleep(0.5)
        asking.cancel()
        with pytest.raises(asyncio.CancelledError):
            await asking
        assert wait_gone("-m echoing")

    asyncio.run(ask())


def test_an_orphan_never_starts_its_tool() -> None:
    """A tool whose owner died before the kernel knew whose it is does not run."""
    owner = "import sys; from votd.media.process import Limits, _bounded; print(*_bounded(Limits()), sep='\\n')"
    said = subprocess.run([sys.executable, "-c", owner], capture_output=True, text=True, check=True).stdout
    done = subprocess.run([*said.splitlines(), "echo", "ran"], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (1, "")
