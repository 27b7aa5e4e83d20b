"""Arrival of the pictures that libavformat reads while it examines a source.

They come all at once when it is done. Where their arrival is their time, as of a source without a
clock, they would stand at one moment and all later pictures too early.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import chain
from typing import NamedTuple, TypeVar

Picture = TypeVar("Picture")
Arrival = tuple[Picture, float]

MOST = 64  # pictures that are held
SHARE = 0.2  # of the time of opening, in which the kept pictures come
FAR_OFF = 3.0  # ratio of the intervals before and after, from which nothing was kept


class Opening(NamedTuple):
    """The moments when opening a connection began and was done, in seconds."""

    begun: float
    done: float

    @property
    def seconds(self) -> float:
        return self.done - self.begun


def spread_out(
    pictures: Iterable[Arrival[Picture]], opening: Opening
) -> Iterator[Arrival[Picture]]:
    """The pictures; those kept while the source was opened are spread evenly over that time.

    The first picture that had to be waited for ends them. They are left as they are if their
    intervals would then be far longer than that wait: opening waited for something else.
    """
    source, held = iter(pictures), list[Arrival[Picture]]()
    following: list[Arrival[Picture]] = []
    for one in source:
        if held and _waited(one[1], held, opening):
            following.append(one)
            break
        held.append(one)
        if len(held) == MOST:
            break
    if following and _were_kept(following[0][1], held, opening):
        each = opening.seconds / len(held)
        held = [(one[0], opening.begun + i * each) for i, one in enumerate(held, start=1)]
    yield from chain(held, following, source)


def _waited(arrival: float, held: list[Arrival[Picture]], opening: Opening) -> bool:
    usual = opening.seconds / len(held)
    late = arrival - opening.done >= SHARE * opening.seconds
    return late or arrival - held[-1][1] >= usual / 2


def _were_kept(arrival: float, held: list[Arrival[Picture]], opening: Opening) -> bool:
    return opening.seconds / len(held) <= FAR_OFF * (arrival - held[-1][1])
