"""The commands, one file each; a file is imported when its command is used."""

from __future__ import annotations

from collections.abc import Iterator, MutableMapping
from importlib import import_module
from typing import Any

import typer
from typer.main import get_command

from basnet_rt.cli.common import HELP, Version
from basnet_rt.cli.usage import DiscreetGroup, with_local_paths

# The module of each command, in the order of the help.
HOMES = {
    "extract": "basnet_rt.cli.extract",
    "localize": "basnet_rt.cli.localize",
    "stream": "basnet_rt.cli.stream.command",
    "query": "basnet_rt.cli.query",
    "evaluate": "basnet_rt.cli.evaluate",
    "compare": "basnet_rt.cli.compare",
    "convert": "basnet_rt.cli.convert",
    "review": "basnet_rt.cli.review",
    "tune": "basnet_rt.cli.tune",
    "info": "basnet_rt.cli.info",
    "report": "basnet_rt.cli.report",
    "export-triton": "basnet_rt.cli.export_triton",
    "bench": "basnet_rt.cli.bench",
    "demo": "basnet_rt.cli.demo",
}


class LazyCommands(MutableMapping[str, Any]):
    """Every command by name. Importing all of them takes 0.5 s, importing one 0.1 s or less."""

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
    home = import_module(HOMES[name])
    command = alone.command(name, cls=getattr(home, "COMMAND", None), context_settings=HELP)
    command(with_local_paths(getattr(home, name.replace("-", "_"))))
    return get_command(alone)


class LazyGroup(DiscreetGroup):
    """`basnet-rt`, whose commands are imported when they are used."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self.commands: MutableMapping[str, Any] = LazyCommands()


app = typer.Typer(
    cls=LazyGroup,
    context_settings=HELP,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,  # plain text wraps paragraphs, and keeps an error on one line
    help="Find actions in long videos: from features to segments, and how good they are.",
)


@app.callback()
def _group(version: Version = False) -> None:
    """Makes the app a group although no command is registered in it."""
