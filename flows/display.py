"""What a run shows while it works: a bar per running stage."""

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


class Ledger:
    """Times the stages of one run and tells whoever watches how far each one is."""

    def __init__(self, watch: Callable[[str, float | None], None] = lambda stage, done: None) -> None:
        self.stages: list[StageTime] = []
        self._watch = watch

    @contextlib.contextmanager
    def stage(self, name: str) -> Iterator["Stage"]:
        """Time one stage; the watcher gets its progress, 0 to 1, and ``None`` at its end, however it ends."""
        stage = Stage(lambda done: self._watch(name, done))
        start = time.monotonic()
        self._watch(name, 0.0)
        try:
            yield stage
            self.stages.append(StageTime(name, round(time.monotonic() - start, 1), stage.reused))
        finally:
            self._watch(name, None)


class Stage:
    """One running stage."""

    def __init__(self, progress: Progress) -> None:
        self.progress = progress
        self.reused = False


class Bars:
    """Bars in a terminal; elsewhere (a log, cron) nothing at all."""

    def __init__(self) -> None:
        from rich.console import Console  # noqa: PLC0415 - a command's help must not wait for it
        from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn  # noqa: PLC0415

        console = Console(stderr=True)
        columns = (TextColumn("{task.description:<22}"), BarColumn(), TextColumn("{task.percentage:>3.0f} %"))
        self._bars = Progress(*columns, TimeElapsedColumn(), console=console, disable=not console.is_terminal)
        self._tasks: dict[str, int] = {}

    def __enter__(self) -> Self:
        self._bars.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, e: BaseException | None, tb: TracebackType | None) -> None:
        self._bars.stop()

    def watch(self, stage: str, done: float | None) -> None:
        """Show one stage's progress; ``None`` takes its bar away."""
        from rich.progress import TaskID  # noqa: PLC0415

        if done is None:
            self._bars.remove_task(TaskID(self._tasks.pop(stage)))
        elif stage not in self._tasks:
            self._tasks[stage] = self._bars.add_task(stage, total=1.0)
        else:
            self._bars.update(TaskID(self._tasks[stage]), completed=done)
