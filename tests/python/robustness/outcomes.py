"""The form of a row, and the message that a call ends with."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

Shows = Callable[[Path, Path], str]  # an empty folder, the folder of faulty inputs
Row = tuple[str, str, str, Shows]  # area, kind, what shows it, what happens


def refused(call: Callable[[], object]) -> str:
    """The message of the error that a call ends with."""
    from basnet_rt import Error

    try:
        call()
    except (Error, ValueError) as error:
        return f"refused: {error}"
    raise AssertionError("nothing was refused")
