"""The most likely reason of odd timestamps: a pause, wrong timestamps, or a restarted clock."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

RESTART = 4.0  # cost of a step back of the clock, in wrong pictures
PAUSE_COST = 0.2  # cost of a pause by more than `PAUSE` seconds
PAUSE, LONELY = 1.0, 10.0  # seconds; a steady stream rarely has a longer pause than `LONELY`
LONELY_COST, ENDLESS_COST = 1.5, 8.0
REJOINED, EACH_REJOINED = 0.9, 0.004  # cost of wrong pictures after which old times continue
LOOSE, LOOSE_SHARE = 1.5, 0.05  # intervals, and their share, that count as exact
EACH_FITTING = 1.0  # cost of a picture declared wrong although it is in line or in order
CONFIRMING = 3  # next pictures, one of which continues a picture that continues the old times
OFF_LINE = 0.05  # cost of times that continue the old ones as badly as is just allowed


@dataclass(frozen=True)
class Situation:
    """The state before the next timestamps.

    Attributes:
        last: seconds of the last picture; None: there is none yet.
        interval: usual seconds between pictures.
        steady: whether there were many pictures so far, without a pause.
        promised: end of the pictures according to the header, in seconds; 0: unknown.
        longest: seconds; a longer pause will not be filled.
    """

    last: float | None
    interval: float
    steady: bool
    promised: float
    longest: float


def next_right(times: Sequence[float | None], known: Situation) -> int:
    """The index of the first of the next pictures with a correct timestamp; earlier ones are wrong.

    Every division into wrong and correct timestamps has a cost: 1 for each wrong picture, less if
    the old times continue exactly after them, and more for steps back and unexplained pauses. A
    wrong picture that continues the old times itself, or lies in order between its neighbours, has
    no such discount. So correct pictures between two wrong ones stay correct, and so do those of a
    video with pauses, which meet the old line by chance. The division of lowest cost is used; of
    equal ones that with fewer wrong pictures.

    Args:
        times: seconds of the next pictures on the clock of `known.last`; None: no timestamp.

    Returns:
        The index; the number of `times` if none is correct.
    """
    stamped = [place for place, time in enumerate(times) if time is not None]
    best: dict[int, float] = {}
    for place in reversed(stamped):
        best[place], _ = _cheapest(place, times, stamped, best, known)
    return _cheapest(-1, times, stamped, best, known)[1]


def _cheapest(
    place: int,
    times: Sequence[float | None],
    stamped: Sequence[int],
    best: dict[int, float],
    known: Situation,
) -> tuple[float, int]:
    """Cost of everything after a correct picture (-1: the last one), and the next correct one."""
    begin = known.last if place < 0 else times[place]
    following = [one for one in stamped if one > place]
    ways: list[tuple[float, int, int]] = []
    in_line: list[float] = []  # 1: exactly; 0: not, or as badly as is just allowed
    for skipped, one in enumerate(following):
        time = times[one]
        off = _off_line(begin, time, one - place, known)
        if skipped and off <= 1 and _confirmed(one, following[skipped + 1 :], times, known):
            wrong = zip([times[other] for other in following[:skipped]], in_line, strict=True)
            fitting = sum(1 if _between(begin, other, time) else fits for other, fits in wrong)
            cost = REJOINED + EACH_REJOINED * skipped + EACH_FITTING * fitting + OFF_LINE * off
        else:
            cost = skipped + _step_cost(begin, time, one - place, skipped, place, known)
        ways.append((best[one] + cost, skipped, one))
        in_line.append(max(0.0, 1 - off))
    none_right = (float(len(following)), len(following), len(times))
    cost, _, chosen = min([*ways, none_right])
    return cost, chosen


def _off_line(begin: float | None, time: float | None, pictures: int, known: Situation) -> float:
    """How far a picture is from continuing the one at `begin`, `pictures` before it; 1: at most."""
    if begin is None or time is None:
        return math.inf
    off = abs(time - begin - pictures * known.interval)
    return off / (max(LOOSE, LOOSE_SHARE * pictures) * known.interval)


def _confirmed(
    one: int, following: Sequence[int], times: Sequence[float | None], known: Situation
) -> bool:
    """Whether the times go on from a picture; not if it only meets the old times by chance."""
    near = following[:CONFIRMING]
    return not near or any(
        _off_line(times[one], times[other], other - one, known) <= 1 for other in near
    )


def _between(begin: float | None, time: float | None, end: float | None) -> bool:
    return begin is not None and time is not None and end is not None and begin < time < end


def _step_cost(
    begin: float | None,
    time: float | None,
    pictures: int,
    skipped: int,
    place: int,
    known: Situation,
) -> float:
    """Cost of the step to a correct picture `pictures` after the one at `begin`."""
    if begin is None or time is None:
        return 0.0
    gap = time - begin
    if gap < 0 or (gap == 0 and skipped):
        return RESTART
    return _pause(gap, time, pictures, place, known)


def _pause(gap: float, time: float, pictures: int, place: int, known: Situation) -> float:
    at_first = known.last is None and place == 0
    if gap > known.longest and (known.steady or at_first):
        return ENDLESS_COST
    if gap <= pictures * known.interval + PAUSE:
        return 0.0
    if 0 < known.promised < time - PAUSE:
        return RESTART
    return LONELY_COST if known.steady and gap > LONELY else PAUSE_COST
