"""A child is bounded, watched, and dead when its owner is."""

import asyncio
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from votd.media import errors
from votd.media.process import Limits, run

SLEEPER = "import subprocess, sys, time; subprocess.Popen(['sleep', '77.5']); print('up', flush=True); time.sleep(77)"


def alive(text: str) -> list[str]:
    """Return the running processes whose command line holds a text."""
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            line = (folder / "cmdline").read_bytes().replace(b"\0", b" ").decode()
            state = (folder / "stat").read_text().rsplit(")", 1)[1].split()[0]
        except OSError:
            continue
        if text in line and state != "Z":
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


@pytest.mark.parametrize(
    ("script", "limits", "reason"),
    [
        ("import sys; sys.exit('broken')", Limits(), "ended with code 1"),
        ("import time; time.sleep(60)", Limits(wall_s=0.5), "was ended after"),
        ("while True: pass", Limits(cpu_s=1), "more CPU time"),
        ("x = bytearray(1 << 30)", Limits(memory=512 << 20), "ended with code 1"),
        ("open('big', 'wb').write(bytes(1 << 20))", Limits(file_size=1000), "ended with code 1"),
    ],
)
def test_each_limit_ends_a_child(
    script: str, limits: Limits, reason: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Wall time, CPU time, memory and file size are bounded, and the error says which."""
    monkeypatch.chdir(tmp_path)
    with pytest.raises(errors.ToolFailed, match=reason) as caught:
        asyncio.run(run([sys.executable, "-c", script], limits))
    assert caught.value.command[-1] == script


def test_a_missing_tool_is_said() -> None:
    """Its name is in the sentence."""
    with pytest.raises(errors.BadRequest, match="no-such-tool is not installed"):
        asyncio.run(run(["/nowhere/no-such-tool"], Limits()))


def test_a_cancelled_run_leaves_no_grandchild() -> None:
    """A cancel ends the whole group."""

    async def cancelled() -> None:
        up = asyncio.Event()
        task = asyncio.create_task(run([sys.executable, "-c", SLEEPER], Limits(), lambda _: up.set()))
        await up.wait()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    asyncio.run(cancelled())
    assert wait_gone("sleep 77.5")


def test_a_killed_owner_takes_its_child_along(tmp_path: Path) -> None:
    """After kill -9 of the owner the kernel kills the child."""
    script = "import asyncio; from votd.media.process import *;asyncio.run(run(['sleep', '88.25'], Limits()))"
    owner = subprocess.Popen([sys.executable, "-c", script])
    for _ in range(200):
        if alive("sleep 88.25"):
            break
        time.sleep(0.05)
    assert alive("sleep 88.25")
    os.kill(owner.pid, signal.SIGKILL)
    owner.wait()
    assert wait_gone("sleep 88.25")
