"""The rate of a source's clock against the arrival of its pictures."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations
from statistics import median
from typing import NamedTuple

MOST_DRIFT = 0.5  # seconds; networks can cause less
_WINDOW = 2.0  # seconds per window for the least lateness, because networks only delay
_KEPT = 8  # windows for the current rate of the clock
_FEWEST = 3  # fewest windows for a slope
_MOST_FAST = 1 / 3  # seconds a second; pictures that come faster may have been held back before
_CERTAIN = 30.0  # seconds of arrival at a steady rate after which they were not
_STEADY = 0.1  # share by which the rates of the two halves of that time may differ
_CATCH_UP = 4.0  # seconds in which a difference is corrected
_SLOWEST = 0.1  # share of the real rate at which times go on at least while they are corrected
_FASTEST = 50.0  # seconds a second; bound of the correction


class _Least(NamedTuple):
    stamp: float
    lateness: float


class ArrivalRate:
    """Arrival against timestamps within a connection, from the least lateness of each window.

    The lateness of a picture is its arrival minus its timestamp. With a correct clock the least
    lateness is constant; with a slow clock it grows. A stall delays some pictures, but does not
    move the line through most windows. Pictures that come much faster than real time were held back
    before and tell nothing about the clock, so the measurement begins again with them. But if they
    keep coming at a steady rate, it is the clock that is fast.

    Args:
        slope: the rate, if it is known.

    Attributes:
        drift: seconds that arrival has moved against timestamps. Above 0: the clock is slow.
        slope: its current rate, in seconds for each second of the source's clock.
    """

    def __init__(self, slope: float = 0.0) -> None:
        self.drift, self.slope = 0.0, slope
        self._windows: list[_Least] = []
        self._aside: list[_Least] = []  # windows that came too fast, and those before them
        self._aside_since: float | None = None  # timestamp from which on these were measured
        self._since: float | None = None  # timestamp from which on drift is counted
        self._reference: float | None = None  # lateness there, less the drift by then
        self._begin: float | None = None  # arrival of the first picture of this window
        self._least = _Least(0.0, 0.0)

    def note(self, stamp: float, arrival: float) -> bool:
        """Take a picture; returns whether a window has ended, with new `drift` and `slope`."""
        one = _Least(stamp, arrival - stamp)
        if self._since is None:
            self._since = stamp
        if self._begin is None:
            self._begin, self._least = arrival, one
        if one.lateness < self._least.lateness:
            self._least = one
        if arrival - self._begin < _WINDOW:
            return False
        self._begin = None
        return self._take(self._least, stamp)

    def _take(self, new: _Least, now: float) -> bool:
        if self._windows:
            sooner = self._expected(new.stamp) - new.lateness
            if sooner > _MOST_FAST * max(_WINDOW, new.stamp - self._windows[-1].stamp):
                self._set_aside(new)
        self._windows = [*self._windows[1 - _KEPT :], new]
        if len(self._windows) < _FEWEST:
            return False
        self.slope = _slope(self._windows)
        if self._aside:
            self._take_back()
        if self._reference is None:
            assert self._since is not None
            self._reference = self._expected(self._since) - self.drift
        self.drift = self._expected(now) - self._reference
        return True

    def sooner(self, stamp: float, arrival: float) -> float:
        """Seconds by which a picture comes before it can; 0 if the rate is not measured yet."""
        if len(self._windows) < _FEWEST:
            return 0.0
        return max(0.0, self._expected(stamp) - (arrival - stamp))

    def _set_aside(self, new: _Least) -> None:
        """Begin the measurement again at `new`, or go on with what was set aside if steady."""
        self._aside_since = self._aside_since if self._aside else self._since
        self._aside += self._windows
        first, last = self._aside[0], self._aside[-1]
        if last.lateness + last.stamp - first.lateness - first.stamp < _CERTAIN:
            self._windows, self._since, self._reference = [], new.stamp, None
            return
        half = len(self._aside) // 2
        early, late = (1 + _slope(part) for part in (self._aside[:half], self._aside[half:]))
        if abs(late - early) <= _STEADY * early:  # no backlog
            self._windows, self.slope = self._aside[-_KEPT:], late - 1
            self._count_aside()
        else:
            self._aside = self._aside[half:]
            self._windows, self._since, self._reference = [], new.stamp, None

    def _take_back(self) -> None:
        """Count from what was set aside, if it came at the same rate as what came since."""
        now = 1 + self.slope
        if abs(1 + _slope([*self._aside, *self._windows]) - now) <= _STEADY * now:
            self._count_aside()
        self._aside = []

    def _count_aside(self) -> None:
        """Count drift from the beginning of what was set aside."""
        assert self._aside_since is not None
        first, self._since = self._aside[0], self._aside_since
        begun = first.lateness + self.slope * (self._since - first.stamp)
        self._reference, self._aside = begun - self.drift, []

    def _expected(self, stamp: float) -> float:
        """The least lateness at a time, on the line below all windows."""
        return min(one.lateness + self.slope * (stamp - one.stamp) for one in self._windows)

    def correction(self, corrected: float) -> float:
        """Seconds to add for each second of the source's clock, so that times follow the arrival.

        Args:
            corrected: seconds that were added so far.
        """
        wanted = self.slope + (self.drift - corrected) * (1 + self.slope) / _CATCH_UP
        return min(max(wanted, _SLOWEST * (1 + self.slope) - 1), _FASTEST)


def _slope(windows: Sequence[_Least]) -> float:
    """Seconds that lateness grows in each second of the source's clock."""
    return median(
        (b.lateness - a.lateness) / (b.stamp - a.stamp)
        for a, b in combinations(windows, 2)
        if b.stamp > a.stamp
    )
