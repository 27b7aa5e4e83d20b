"""How a run is watched: a progress bar with its estimate, and TensorBoard."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
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


class TrainingBar:
    """One line that advances; nothing at all where it was not asked for."""

    def __init__(self, progress: Progress, task: TaskID) -> None:
        self._progress, self._task = progress, task

    def advance(self, note: str = "") -> None:
        self._progress.update(self._task, advance=1, note=note)


@contextmanager
def progress_bar(
    what: str, total: int, *, done: int = 0, shown: bool = True
) -> Iterator[TrainingBar]:
    """A bar on standard error, with the time left."""
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        TextColumn("left"),
        TimeRemainingColumn(),
        TextColumn("{task.fields[note]}"),
    )
    with Progress(*columns, console=Console(stderr=True), disable=not shown) as progress:
        yield TrainingBar(progress, progress.add_task(what, total=total, completed=done, note=""))


class Log(Protocol):
    def scalars(self, group: str, values: Mapping[str, float], step: int) -> None: ...

    def close(self) -> None: ...


class NoLog:
    def scalars(self, group: str, values: Mapping[str, float], step: int) -> None:
        pass

    def close(self) -> None:
        pass


class TensorBoardLog:
    """Scalars as `group/name`. A resumed run hides what it had logged beyond its start."""

    def __init__(self, folder: Path, start: int) -> None:
        from torch.utils.tensorboard import SummaryWriter  # a second to import

        self._writer: Any = SummaryWriter(str(folder), purge_step=start or None)

    def scalars(self, group: str, values: Mapping[str, float], step: int) -> None:
        for name, value in values.items():
            self._writer.add_scalar(f"{group}/{name}", value, step)

    def close(self) -> None:
        self._writer.close()
