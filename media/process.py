"""Run one child process: bounded, watched, and dead when its owner is.

``run`` starts a tool, ``call`` one of our own modules, ``Worker`` one that stays. All put the child into its own
process group, so that a kill takes everything that it started; on Linux ``setpriv --pdeathsig`` has the kernel kill it
when we are killed with -9, and ``prlimit`` bounds CPU time, memory and file size (util-linux: Debian always has both).
A child that reads strangers' bytes is also ``Confined``: see ``media/sandbox.py``.
"""

import asyncio
import contextlib
import ctypes
import functools
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
    answer = _Answer(progress)
    try:
        await run(_module(module, *args), limits, answer.take, confined=confined)
    except errors.ToolFailed:
        if answer.error is None:
            raise
    return answer.result()


class Worker:
    """A child that answers one request after the other, so that what it loaded once stays loaded.

    It is one of our modules, which ends with ``process.answer(main)``. It starts with the first request, and ends with
    ``close``, with its owner, or with a request that breaks a limit or is cancelled; the next one starts another.
    """

    def __init__(self, module: str) -> None:
        self._module = module
        self._turn = asyncio.Lock()
        self._alive: contextlib.AsyncExitStack | None = None
        self._child: asyncio.subprocess.Process | None = None
        self._tail: deque[str] = deque(maxlen=TAIL_LINES)

    async def ask(self, request: dict[str, Any], limits: Limits, progress: Progress | None = None) -> Any:
        """Return the answer to a request, both plain JSON data; one at a time. ``Limits.wall_s`` bounds it.

        Raises what ``main`` raises of our tree, and ``ToolFailed`` where the child ends or takes too long.
        """
        async with self._turn:
            answer = _Answer(progress)
            try:
                async with asyncio.timeout(limits.wall_s):
                    await self._exchange(request, limits, answer)
            except TimeoutError as e:
                await self.close()
                raise errors.ToolFailed(f"{self._module} was ended after {limits.wall_s or 0:.0f} s.") from e
            except BaseException:
                await self.close()
                raise
            return answer.result()

    async def close(self) -> None:
        """End the child, if there is one."""
        alive, self._alive, self._child = self._alive, None, None
        if alive:
            await alive.aclose()

    async def _exchange(self, request: dict[str, Any], limits: Limits, answer: "_Answer") -> None:
        child = await self._started(limits)
        assert child.stdin and child.stdout
        with contextlib.suppress(ConnectionError):  # its end shows in what it writes
            child.stdin.write(json.dumps(request).encode() + b"\n")
            await child.stdin.drain()
        while not answer.complete:
            line = await child.stdout.readline()
            if not line:
                code = await child.wait()
                raise errors.ToolFailed(f"{self._module} {_verdict(code, None)}.", (), "\n".join(self._tail))
            answer.take(line.decode())

    async def _started(self, limits: Limits) -> asyncio.subprocess.Process:
        if self._child is None:
            self._alive = contextlib.AsyncExitStack()
            argv, pipe = _module(self._module), asyncio.subprocess.PIPE
            self._child = await self._alive.enter_async_context(_child(argv, limits, None, stdin=pipe))
            errors_read = asyncio.create_task(_read(self._child.stderr, self._tail.append))
            self._alive.callback(errors_read.cancel)
        return self._child


class _Answer:
    """Collect what a module of ours says in JSON lines: its progress, then a result or an error."""

    def __init__(self, progress: Progress | None) -> None:
        self._progress = progress
        self._furthest = 0.0
        self._said: dict[str, Any] = {}

    @property
    def error(self) -> Any:
        return self._said.get("error")

    @property
    def complete(self) -> bool:
        return bool(self._said)

    def take(self, line: str) -> bool:
        message = json.loads(line)
        if "progress" not in message:
            self._said = message
            return True
        grown = message["progress"] > self._furthest
        self._furthest = max(self._furthest, message["progress"])
        if self._progress:
            self._progress(message["progress"])
        return bool(grown)

    def result(self) -> Any:
        if self.error is not None:
            kind, message = self.error
            raise getattr(errors, kind)(message)
        return self._said["result"]


def serve(main: Callable[[list[str], Progress], Any]) -> None:
    """Be the child's side of ``call``: run ``main(arguments, progress)`` and answer in JSON lines."""
    say = _voice()
    if not _answered(say, lambda progress: main(sys.argv[1:], progress)):
        sys.exit(1)


def answer(main: Callable[[dict[str, Any], Progress], Any]) -> None:
    """Be the child's side of a ``Worker``: run ``main(request, progress)`` for each request until there are no more."""
    say = _voice()
    for line in sys.stdin:
        request = json.loads(line)
        _answered(say, functools.partial(main, request))


def _voice() -> Callable[..., None]:
    out = os.fdopen(os.dup(sys.stdout.fileno()), "w")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())  # what a library prints is no answer of ours

    def say(**message: Any) -> None:
        out.write(json.dumps(message) + "\n")
        out.flush()

    return say


def _answered(say: Callable[..., None], work: Callable[[Progress], Any]) -> bool:
    try:
        say(result=work(lambda done: say(progress=round(done, 4))))
    except errors.VotdError as e:
        say(error=[type(e).__name__, str(e)])
        return False
    return True


def _module(module: str, *args: str) -> list[str]:
    # -P: a file called like one of our modules in the current folder must not be imported instead.
    return [sys.executable, "-P", "-m", module, *args]


def die_with_parent() -> None:
    """Have the kernel kill this process when its parent is gone (Linux), for one that somebody else starts for us."""
    if sys.platform == "linux":
        pr_set_pdeathsig = 1
        ctypes.CDLL(None).prctl(pr_set_pdeathsig, signal.SIGKILL)


@contextlib.asynccontextmanager
async def _child(
    argv: Sequence[str], limits: Limits, confined: Confined | None, stdin: int = asyncio.subprocess.DEVNULL
) -> AsyncIterator[asyncio.subprocess.Process]:
    if not shutil.which(argv[0]):
        raise errors.BadRequest(f"{argv[0]} is not installed.")
    child = await asyncio.create_subprocess_exec(
        *_bounded(limits),
        *(sandbox.around(argv, confined) if confined else ()),
        *argv,
        stdin=stdin,
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
    return ["setpriv", "--pdeathsig", "KILL", *_unless_orphaned(), "prlimit", *flags] if there else []


def _unless_orphaned() -> list[str]:
    """Return what ends a child whose parent died before the kernel was asked for its signal."""
    return ["sh", "-c", 'test "$PPID" = "$0" && exec "$@"', str(os.getpid())]


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
