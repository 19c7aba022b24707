"""What a run shows while it works: a bar per running stage, with its share, its speed and the time left."""

import contextlib
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from types import TracebackType
from typing import Self

from votd.media.process import Progress


@dataclass(frozen=True, slots=True)
class StageTime:
    """How long a stage took, and whether its work was found finished."""

    name: str
    seconds: float
    reused: bool


@dataclass(frozen=True, slots=True)
class Reading:
    """How far a running stage is: its share, 0 to 1, the seconds it took so far, and what of media it works on."""

    share: float
    elapsed_s: float
    media_s: float | None = None

    @property
    def speed(self) -> float | None:
        """Return how many seconds of media were done in one second; ``None`` for a stage that works on no media."""
        if self.media_s is None or not self.share or not self.elapsed_s:
            return None
        return self.share * self.media_s / self.elapsed_s

    @property
    def left_s(self) -> float | None:
        """Return the seconds to come if it goes on as it went; ``None`` before there is anything to go by."""
        return self.elapsed_s * (1 - self.share) / self.share if self.share > 0 else None

    def __str__(self) -> str:
        """Say both, such as ``2.1× real time, 1:05 left``."""
        said = [] if self.speed is None else [f"{self.speed:.{1 if self.speed < 100 else 0}f}× real time"]
        if self.left_s is not None and self.share < 1:
            minutes, seconds = divmod(round(self.left_s), 60)
            hours, minutes = divmod(minutes, 60)
            said.append(f"{hours}:{minutes:02}:{seconds:02} left" if hours else f"{minutes}:{seconds:02} left")
        return ", ".join(said)


Watch = Callable[[str, Reading | None], None]
"""Takes a stage's name and how far it is, ``None`` at its end; a share of 1 comes before that where it ended well."""


class Ledger:
    """Times the stages of one run and tells whoever watches how far each one is."""

    def __init__(self, *watchers: Watch) -> None:
        self.stages: list[StageTime] = []
        self.watchers = list(watchers)

    @contextlib.contextmanager
    def stage(self, name: str, media_ms: int | None = None) -> Iterator["Stage"]:
        """Time one stage, which works on so much of media; the watchers get its progress and its end."""
        start, over = time.monotonic(), False

        def tell(share: float) -> None:
            if not over:  # a thread may work on after its stage was cancelled
                media_s = None if media_ms is None else media_ms / 1000
                self._tell(name, Reading(share, time.monotonic() - start, media_s))

        stage = Stage(tell)
        tell(0.0)
        try:
            yield stage
            tell(1.0)
            self.stages.append(StageTime(name, round(time.monotonic() - start, 1), stage.reused))
        finally:
            over = True
            self._tell(name, None)

    def _tell(self, name: str, reading: Reading | None) -> None:
        for watch in self.watchers:
            watch(name, reading)


class Stage:
    """One running stage."""

    def __init__(self, progress: Progress) -> None:
        self.progress = progress
        self.reused = False


class Bars:
    """Bars in a terminal; elsewhere (a log, cron) nothing at all."""

    def __init__(self) -> None:
        from rich.console import Console  # noqa: PLC0415 - a command's help must not wait for it
        from rich.progress import BarColumn, Progress, TextColumn  # noqa: PLC0415

        console = Console(stderr=True)
        said = TextColumn("{task.fields[said]}")
        columns = (TextColumn("{task.description:<14}"), BarColumn(24), TextColumn("{task.percentage:>3.0f} %"), said)
        self._bars = Progress(*columns, console=console, disable=not console.is_terminal)
        self._tasks: dict[str, int] = {}

    def __enter__(self) -> Self:
        self._bars.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, e: BaseException | None, tb: TracebackType | None) -> None:
        self._bars.stop()

    def watch(self, stage: str, reading: Reading | None) -> None:
        """Show one stage's progress; ``None`` takes its bar away."""
        from rich.progress import TaskID  # noqa: PLC0415

        if reading is None:
            self._bars.remove_task(TaskID(self._tasks.pop(stage)))
        elif stage not in self._tasks:
            self._tasks[stage] = self._bars.add_task(stage, total=1.0, said="")
        else:
            self._bars.update(TaskID(self._tasks[stage]), completed=reading.share, said=str(reading))
