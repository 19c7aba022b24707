"""Run one child process: bounded, watched, and dead when its owner is.

``run`` starts a tool, ``call`` one of our own modules. Both put the child into its own process group, so that a
kill takes everything that it started; on Linux ``setpriv --pdeathsig`` has the kernel kill it when we are killed
with -9, and ``prlimit`` bounds CPU time, memory and file size (both are util-linux, which Debian always has).
A child that reads strangers' bytes is also ``Confined``: see ``media/sandbox.py``.
"""

import asyncio
import contextlib
import ctypes
import json
import os
import shutil
import signal
import sys
from collections import deque
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from votd.media import errors, sandbox
from votd.media.sandbox import Confined as Confined  # noqa: PLC0414 - so that callers need no other module

Progress = Callable[[float], None]
"""Takes the share of a stage that is done, 0 to 1."""

OnLine = Callable[[str], bool | None]
"""Takes a line of a child's output; ``True`` where it shows progress."""

GRACE_S = 2.0
TAIL_LINES = 30
LINE_BYTES = 16 << 20
_SIGNALS = {signal.SIGXCPU, signal.SIGKILL, signal.SIGSEGV, signal.SIGABRT, signal.SIGBUS, signal.SIGFPE, signal.SIGILL}
"""Those that a child gets by itself or from the kernel; ffmpeg has exit codes of its own above 128."""


@dataclass(frozen=True, slots=True)
class Limits:
    """What one child may use; ``None`` leaves it unbounded. ``idle_s`` may pass without progress."""

    wall_s: float | None = None
    idle_s: float | None = None
    cpu_s: int | None = None
    memory: int | None = None
    file_size: int | None = None


async def run(
    argv: Sequence[str],
    limits: Limits,
    on_line: OnLine | None = None,
    *,
    on_error: Callable[[str], None] | None = None,
    confined: Confined | None = None,
) -> str:
    """Run a tool to its end; give what it writes to ``on_line`` and ``on_error``; return the tail of its errors.

    Standard input is empty. A ``confined`` tool sees only what is named, by absolute paths. Raises ``ToolFailed`` for
    a non-zero exit or a broken limit, ``BadRequest`` where the tool is not there. Whatever ends the caller,
    cancellation too, ends the child's whole group first.
    """
    tail: deque[str] = deque(maxlen=TAIL_LINES)
    async with _child(argv, limits, confined) as child:
        try:
            async with asyncio.timeout(limits.wall_s), asyncio.timeout(limits.idle_s) as idle:

                def take(line: str) -> None:
                    if on_line and on_line(line) and limits.idle_s:
                        idle.reschedule(asyncio.get_running_loop().time() + limits.idle_s)

                def keep(line: str) -> None:
                    tail.append(line)
                    if on_error:
                        on_error(line)

                await asyncio.gather(_read(child.stdout, take), _read(child.stderr, keep))
                code = await child.wait()
        except TimeoutError as e:
            idled = f"made no progress for {limits.idle_s or 0:.0f} s and was ended"
            why = idled if idle.expired() else f"was ended after {limits.wall_s or 0:.0f} s"
            raise errors.ToolFailed(f"{_name(argv)} {why}.", tuple(argv), "\n".join(tail)) from e
    if code:
        raise errors.ToolFailed(f"{_name(argv)} {_verdict(code, confined)}.", tuple(argv), "\n".join(tail))
    return "\n".join(tail)


async def call(
    module: str, *args: str, limits: Limits, progress: Progress | None = None, confined: Confined | None = None
) -> Any:
    """Run ``main`` of one of our modules in a child and return its result, plain JSON data.

    The module ends with ``process.serve(main)``. Errors of our tree that ``main`` raises are raised here again.
    """
    answer: dict[str, Any] = {}

    def on_line(line: str) -> bool:
        message = json.loads(line)
        if progress and "progress" in message:
            progress(message["progress"])
        grown = message.get("progress", 0) > answer.get("progress", 0)
        answer.update(message)
        return bool(grown)

    try:
        # -P: a file called like one of our modules in the current folder must not be imported instead.
        await run([sys.executable, "-P", "-m", module, *args], limits, on_line, confined=confined)
    except errors.ToolFailed:
        if "error" not in answer:
            raise
    if "error" in answer:
        kind, message = answer["error"]
        raise getattr(errors, kind)(message)
    return answer["result"]


def serve(main: Callable[[list[str], Progress], Any]) -> None:
    """Be the child's side of ``call``: run ``main(arguments, progress)`` and answer in JSON lines."""
    out = os.fdopen(os.dup(sys.stdout.fileno()), "w")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())  # what a library prints is no answer of ours

    def say(**message: Any) -> None:
        out.write(json.dumps(message) + "\n")
        out.flush()

    try:
        say(result=main(sys.argv[1:], lambda done: say(progress=round(done, 4))))
    except errors.VotdError as e:
        say(error=[type(e).__name__, str(e)])
        sys.exit(1)


def die_with_parent() -> None:
    """Have the kernel kill this process when its parent is gone (Linux), for one that somebody else starts for us."""
    if sys.platform == "linux":
        pr_set_pdeathsig = 1
        ctypes.CDLL(None).prctl(pr_set_pdeathsig, signal.SIGKILL)


@contextlib.asynccontextmanager
async def _child(
    argv: Sequence[str], limits: Limits, confined: Confined | None
) -> AsyncIterator[asyncio.subprocess.Process]:
    if not shutil.which(argv[0]):
        raise errors.BadRequest(f"{argv[0]} is not installed.")
    child = await asyncio.create_subprocess_exec(
        *_bounded(limits),
        *(sandbox.around(argv, confined) if confined else ()),
        *argv,
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        start_new_session=True,
        limit=LINE_BYTES,
    )
    try:
        yield child
    finally:
        await asyncio.shield(_end(child))


async def _end(child: asyncio.subprocess.Process) -> None:
    """Ask the group to stop, then make it; also after a normal end, for what it may have left behind.

    Its output ends when the last of the group is gone: the sandbox's own process goes before the tool in it, which
    must not write a file more into a folder that is being cleared.
    """
    assert child.stdout
    for sign in (signal.SIGTERM, signal.SIGKILL):
        with contextlib.suppress(ProcessLookupError):
            os.killpg(child.pid, sign)
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(GRACE_S):
                await child.wait()
                await _read(child.stdout, None)


def _bounded(limits: Limits) -> list[str]:
    """Return the kernel's own limits as what stands before a command, where the machine has the tools for it."""
    cpu = limits.cpu_s and f"{limits.cpu_s}:{limits.cpu_s + 5}"  # SIGXCPU tells us why; SIGKILL follows if need be
    bounds = {"cpu": cpu, "as": limits.memory, "fsize": limits.file_size, "core": 0}
    flags = [f"--{name}={value}" for name, value in bounds.items() if value is not None]
    there = shutil.which("setpriv") and shutil.which("prlimit")
    return ["setpriv", "--pdeathsig", "KILL", "prlimit", *flags] if there else []


async def _read(stream: asyncio.StreamReader | None, take: Callable[[str], object] | None) -> None:
    assert stream is not None
    while True:
        try:
            line = await stream.readline()
        except ValueError:  # longer than LINE_BYTES: nobody's line, and no reason to stop reading
            continue
        if not line:
            return
        if take:
            take(line.decode("utf-8", "replace").rstrip("\r\n"))


def _name(argv: Sequence[str]) -> str:
    own = argv[argv.index("-m") + 1] if argv[0] == sys.executable and "-m" in argv else ""
    return own or Path(argv[0]).name


def _verdict(code: int, confined: Confined | None) -> str:
    """Say how a child ended; negative codes are signals, and the sandbox tells those of its child as 128 and more."""
    sign = code - 128 if confined and code - 128 in _SIGNALS else -code
    if sign <= 0:
        return f"ended with code {code}"
    if sign == signal.SIGXCPU:
        return "used more CPU time than it is allowed"
    return f"was killed by {signal.Signals(sign).name}"
