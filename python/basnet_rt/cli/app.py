"""The commands, one file each; a file is imported when its command is asked for."""

from __future__ import annotations

from collections.abc import Iterator, MutableMapping
from importlib import import_module
from typing import Any

import typer
from typer.core import TyperGroup
from typer.main import get_command

# Where each command lies, in the order of the help.
HOMES = {
    "extract": "basnet_rt.cli.extract",
    "localize": "basnet_rt.cli.localize",
    "stream": "basnet_rt.cli.stream.command",
    "evaluate": "basnet_rt.cli.evaluate",
    "compare": "basnet_rt.cli.compare",
    "convert": "basnet_rt.cli.convert",
    "tune": "basnet_rt.cli.tune",
    "info": "basnet_rt.cli.info",
    "report": "basnet_rt.cli.report",
    "bench": "basnet_rt.cli.bench",
    "demo": "basnet_rt.cli.demo",
}


class LazyCommands(MutableMapping[str, Any]):
    """Every command by name: all of them take half a second to import, one of them a tenth."""

    def __init__(self) -> None:
        self._made: dict[str, Any] = {}

    def __getitem__(self, name: str) -> Any:
        if name not in self._made:
            self._made[name] = _command(name)
        return self._made[name]

    def __setitem__(self, name: str, command: Any) -> None:
        self._made[name] = command

    def __delitem__(self, name: str) -> None:
        raise TypeError("commands stay")

    def __iter__(self) -> Iterator[str]:
        return iter(HOMES)

    def __len__(self) -> int:
        return len(HOMES)


def _command(name: str) -> Any:
    alone = typer.Typer(add_completion=False, pretty_exceptions_enable=False, rich_markup_mode=None)
    alone.command(name)(getattr(import_module(HOMES[name]), name))
    return get_command(alone)


class LazyGroup(TyperGroup):
    """`basnet-rt`, whose commands are imported when they are asked for."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self.commands: MutableMapping[str, Any] = LazyCommands()


app = typer.Typer(
    cls=LazyGroup,
    add_completion=False,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,  # plain text wraps paragraphs, and keeps an error on one line
    help="Find actions in long videos: from features to segments, and how good they are.",
)


@app.callback()
def _group() -> None:
    """Makes a group of an app without commands of its own."""
