"""Shows the progress of a run: a bar or lines with rate and time left, and TensorBoard."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Protocol

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    TaskID,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)

EVERY = 4.0  # seconds between two lines without a terminal


def remark(line: str) -> None:
    """A line between bars."""
    print(line, file=sys.stderr, flush=True)


class TrainingBar(Protocol):
    def advance(self, note: str = "") -> None:
        """Count one more as done; `note` is shown at the end of the line."""
        ...


class NoBar:
    def advance(self, note: str = "") -> None:
        pass


class TerminalBar:
    """One line that is drawn again and again."""

    def __init__(self, progress: Progress, task: TaskID, pace: Pace) -> None:
        self._progress, self._task, self._pace = progress, task, pace

    def advance(self, note: str = "") -> None:
        self._pace.done += 1
        self._progress.update(self._task, advance=1, note=f"{note}  {self._pace.rate()}")


class Lines:
    """A line every few seconds, for logs and pipes; the first one soon, the last one at the end."""

    def __init__(self, what: str, pace: Pace, write: Callable[[str], None]) -> None:
        self._what, self._pace, self._write = what, pace, write
        self._next = pace.started + EVERY / 2

    def advance(self, note: str = "") -> None:
        pace = self._pace
        pace.done += 1
        now = pace.clock()
        if now < self._next and pace.done < pace.total:
            return
        self._next = now + EVERY
        parts = [f"{self._what}: {pace.done} of {pace.total}", note, pace.rate(), pace.left()]
        self._write(", ".join(part for part in parts if part))


class Pace:
    """The rate of some work, and the time left. `done` starts at `before`."""

    def __init__(
        self, total: int, before: int = 0, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self.total, self.done, self._before, self.clock = total, before, before, clock
        self.started = clock()

    def _per_second(self) -> float:
        return (self.done - self._before) / max(self.clock() - self.started, 1e-9)

    def rate(self) -> str:
        """Such as "12.3/s"."""
        return f"{self._per_second():.3g}/s"

    def left(self) -> str:
        """Such as "1:05 left"; empty if nothing is left, or the rate is not known."""
        rate = self._per_second()
        if rate <= 0 or self.done >= self.total:
            return ""
        seconds = round((self.total - self.done) / rate)
        return f"{seconds // 60}:{seconds % 60:02d} left"


@contextmanager
def progress_bar(
    what: str, total: int, *, done: int = 0, shown: bool = True
) -> Iterator[TrainingBar]:
    """Progress on standard error: a bar on a terminal, lines elsewhere; both with the time left."""
    console = Console(stderr=True)
    pace = Pace(total, done)
    if not shown:
        yield NoBar()
    elif not console.is_terminal:
        yield Lines(what, pace, remark)
    else:
        columns = (
            TextColumn("{task.description}"),
            BarColumn(),
            MofNCompleteColumn(),
            TimeElapsedColumn(),
            TextColumn("left"),
            TimeRemainingColumn(),
            TextColumn("{task.fields[note]}"),
        )
        with Progress(*columns, console=console) as progress:
            task = progress.add_task(what, total=total, completed=done, note="")
            yield TerminalBar(progress, task, pace)


class Log(Protocol):
    def scalars(self, group: str, values: Mapping[str, float], step: int) -> None: ...

    def close(self) -> None: ...


class NoLog:
    def scalars(self, group: str, values: Mapping[str, float], step: int) -> None:
        pass

    def close(self) -> None:
        pass


class TensorBoardLog:
    """Scalars as `group/name`. A resumed run hides scalars logged after its checkpoint."""

    def __init__(self, folder: Path, start: int) -> None:
        from torch.utils.tensorboard import SummaryWriter  # a second to import

        self._writer: Any = SummaryWriter(str(folder), purge_step=start or None)

    def scalars(self, group: str, values: Mapping[str, float], step: int) -> None:
        for name, value in values.items():
            self._writer.add_scalar(f"{group}/{name}", value, step)

    def close(self) -> None:
        self._writer.close()
