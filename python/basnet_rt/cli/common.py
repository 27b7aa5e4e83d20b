"""Common parts of the commands: errors as one line, answers as text or JSON, settings, a bar."""

from __future__ import annotations

import json
import time
import unicodedata
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Annotated, Any

import typer

from basnet_rt._errors import Error
from basnet_rt._system.addresses import without_secrets
from basnet_rt.cli.ending import drop_stdout

if TYPE_CHECKING:
    from rich.console import Console
    from rich.progress import Progress

Json = Annotated[bool, typer.Option("--json", help="Print the result as JSON.")]

Everything = Annotated[bool, typer.Option("--all", help="Every detection, not only the events.")]

HELP = {"help_option_names": ["-h", "--help"]}  # settings of every command's context


def print_version(context: typer.Context, wanted: bool) -> None:
    """Print the name and the version of the program, and exit."""
    if wanted:
        from basnet_rt._core import __version__

        typer.echo(f"{context.find_root().info_name} {__version__}")
        raise typer.Exit


Version = Annotated[
    bool,
    typer.Option("--version", callback=print_version, is_eager=True, help="Print the version."),
]

_STEERS = ("Cc", "Cf", "Cs", "Zl", "Zp")  # categories of control and format characters
SLOW_SECONDS = 1.0  # longer work shows its progress


@contextmanager
def failures() -> Iterator[None]:
    """Turn expected errors into one line and exit code 1."""
    try:
        yield
    except (Error, OSError) as error:
        if isinstance(error, BrokenPipeError):
            drop_stdout()
        note(f"error: {error}")
        raise typer.Exit(1) from error


def terminal() -> Console:
    """Standard error, to draw on. Called only before drawing: importing rich takes a while."""
    from rich.console import Console

    return Console(stderr=True)


def note(line: str) -> None:
    """Print a line for people on standard error, without the secrets of addresses."""
    typer.echo(printable(without_secrets(line)), err=True)


def note_failure(name: str, reason: str) -> None:
    """Print a failure; a reason that begins with the name has it once."""
    shown = on_one_line(name)
    note(f"failed: {shown}: {reason.removeprefix(f'{name}: ').removeprefix(f'{shown}: ')}")


def printable(text: str) -> str:
    """The text with control characters, which could change a terminal, as `\\x1b` and the like."""
    return "".join(
        one if one in "\n\t" or unicodedata.category(one) not in _STEERS else _escaped(one)
        for one in text
    )


def on_one_line(name: str) -> str:
    """`printable`, and a line end in the name does not begin a line of its own."""
    return printable(name).replace("\n", "\\n").replace("\t", "\\t")


def _escaped(one: str) -> str:
    return one.encode("unicode_escape").decode("ascii")


def answer(values: dict[str, Any], lines: Sequence[str], as_json: bool) -> None:
    """Print the result on standard output."""
    for line in [json.dumps(values)] if as_json else map(printable, lines):
        typer.echo(line)


def parse_settings(settings: Sequence[str] | None) -> dict[str, Any]:
    """Read `key=value` texts; a value is JSON, numbers separated by commas, or a word."""
    parsed = {}
    for text in settings or []:
        key, equals, value = text.partition("=")
        if not equals or not key.strip():
            raise typer.BadParameter(f"{text!r}: expected key=value, such as nms_iou=0.5")
        parsed[key.strip()] = _value(value.strip())
    return parsed


def _value(text: str) -> Any:
    for candidate in (text, f"[{text}]" if "," in text else text):
        try:
            return json.loads(candidate)
        except ValueError:
            continue
    return text


class Bar:
    """A bar with the time left, on standard error; it appears once the work has taken a second.

    Without a terminal on standard error, no bar is shown.
    """

    def __init__(self, what: str) -> None:
        self._progress: Progress | None = None
        self._shown: bool | None = None  # not known before the work turns out to be slow
        self._what = what
        self._total: int | None = None
        self._started = time.monotonic()

    def advance(self, left: int) -> None:
        """Show the number of videos left; the first call gives the total."""
        if self._total is None:
            self._total = left
        if self._shown is None and time.monotonic() - self._started > SLOW_SECONDS:
            console = terminal()
            self._shown = console.is_terminal
            self._progress = self._start(console) if self._shown else None
        if self._progress is not None:
            self._progress.update(self._progress.task_ids[0], completed=self._total - left)

    def close(self) -> None:
        if self._progress is not None:
            self._progress.stop()

    def _start(self, console: Console) -> Progress:
        from rich.progress import (
            BarColumn,
            MofNCompleteColumn,
            Progress,
            TextColumn,
            TimeRemainingColumn,
        )

        columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn())
        left = (TextColumn("left"), TimeRemainingColumn())
        progress = Progress(*columns, *left, console=console)
        progress.add_task(self._what, total=self._total)
        progress.start()
        return progress
