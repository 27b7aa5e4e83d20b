"""Kinds of broken and odd video, and what becomes of each: filled by the modules beside it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

FPS = 25


@dataclass(frozen=True, kw_only=True)
class Shown:
    """A video that is read.

    Attributes:
        numbers: of the picture at each instant of the grid of 25 a second; None: a decoder may
            patch them as it likes.
        count: of the instants, where there are no numbers.
        duration: seconds.
        within: seconds that a file leaves open of its duration.
        problems: name to count.
        size: (width, height) of the pictures.
    """

    numbers: list[int] | None
    count: int = 0
    duration: float
    within: float = 1e-9
    problems: dict[str, int] = field(default_factory=dict)
    size: tuple[int, int] = (64, 48)


@dataclass(frozen=True)
class Refused:
    """A video that is refused, before or while it is read.

    Attributes:
        message: regular expression for the end of the error.
        shown: pictures handed out before.
    """

    message: str
    shown: int = 0


Outcome = Shown | Refused
Maker = Callable[[Path], tuple[Path | str, Outcome]]
KINDS: dict[str, Maker] = {}


def kind(name: str) -> Callable[[Maker], Maker]:
    """Register a function from an empty folder to (video, outcome)."""

    def register(make: Maker) -> Maker:
        assert name not in KINDS
        KINDS[name] = make
        return make

    return register


def one_by_one(count: int, **more: object) -> Shown:
    """Pictures 0 .. count - 1, each at its instant."""
    return Shown(numbers=list(range(count)), duration=count / FPS, **more)
