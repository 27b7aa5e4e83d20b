"""Wrong usage: messages without secrets, and addresses where only files are taken."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import typer
from typer.core import TyperGroup

from basnet_rt._system.addresses import is_address_as_path, without_secrets
from basnet_rt.cli.common import printable


class DiscreetGroup(TyperGroup):
    """Commands whose messages about wrong usage hide the secrets of addresses, as `note` does."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Read the options of the program itself."""
        with _discreet():
            return list(super().parse_args(ctx, args))

    def invoke(self, ctx: Any) -> Any:
        """Run the command."""
        with _discreet():
            return super().invoke(ctx)


@contextmanager
def _discreet() -> Iterator[None]:
    try:
        yield
    except Exception as error:
        if isinstance(said := getattr(error, "message", None), str):  # wrong usage
            error.message = printable(without_secrets(said))  # type: ignore[attr-defined]
        raise


def with_local_paths(command: Callable[..., None]) -> Callable[..., None]:
    """The command, which refuses an address in place of a path, before any work.

    A path would take one of its two slashes, and be a folder named `http:`.
    """

    @functools.wraps(command)
    def checked(**values: Any) -> None:
        for value in values.values():
            for one in value if isinstance(value, list | tuple) else [value]:
                if isinstance(one, Path) and is_address_as_path(one):
                    raise typer.BadParameter(f"{one}: is an address; give a path on this machine")
        command(**values)

    return checked
