"""The order of videos: the one that takes longest comes first."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from statistics import median
from typing import TypeVar

from basnet_rt._system.addresses import is_address, local_path

Item = TypeVar("Item")


def longest_first(items: Sequence[Item], weights: Sequence[float]) -> list[Item]:
    """Items by falling weight; equal ones in their given order.

    A long video at the end keeps one worker busy while the others are idle. In this order, a
    schedule takes at most 4/3 of the shortest one. Source: R. L. Graham, "Bounds on multiprocessing
    timing anomalies", SIAM J. Appl. Math. 17 (1969), theorem 3.
    """
    ranks = sorted(range(len(items)), key=lambda rank: -weights[rank])
    return [items[rank] for rank in ranks]


def estimate(sources: Sequence[str], durations: Sequence[float | None]) -> list[float]:
    """The cost of each source, in seconds of video if any duration is known, else in bytes.

    A file of unknown duration is assumed to have as many bytes per second as files of known
    duration. A source of unknown size and duration counts as the median.
    """
    sizes = [_size(source) for source in sources]
    rates = [size / s for size, s in zip(sizes, durations, strict=True) if size and s]
    rate = median(rates) if rates else 1.0
    found = [
        seconds if seconds is not None else (None if size is None else size / rate)
        for size, seconds in zip(sizes, durations, strict=True)
    ]
    known = [one for one in found if one is not None]
    middle = median(known) if known else 1.0
    return [middle if one is None else one for one in found]


def _size(source: str) -> int | None:
    try:
        return None if is_address(source) else Path(local_path(source)).stat().st_size
    except OSError:
        return None
