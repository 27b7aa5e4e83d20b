"""The rate of a source's clock against the arrival of its pictures."""

from __future__ import annotations

from itertools import combinations
from statistics import median
from typing import NamedTuple

MOST_DRIFT = 0.5  # seconds; networks can cause less
_WINDOW = 2.0  # seconds per window for the least lateness, because networks only delay
_KEPT = 8  # windows for the current rate of the clock
_FEWEST = 3  # fewest windows for a slope
_MOST_FAST = 1 / 3  # seconds a second; pictures that come faster were held back before
_CATCH_UP = 4.0  # seconds in which a difference is corrected
_SLOWEST, _FASTEST = -0.75, 50.0  # bounds of the correction, in seconds a second


class _Least(NamedTuple):
    stamp: float
    lateness: float


class ArrivalRate:
    """Arrival against timestamps within a connection, from the least lateness of each window.

    The lateness of a picture is its arrival minus its timestamp. With a correct clock the least
    lateness is constant; with a slow clock it grows. A stall delays some pictures, but does not
    move the line through most windows. Pictures that come much faster than real time were held back
    before and tell nothing about the clock, so the measurement begins again with them.

    Attributes:
        drift: seconds that arrival has moved against timestamps. Above 0: the clock is slow.
        slope: its current rate, in seconds for each second of the source's clock.
    """

    def __init__(self) -> None:
        self.drift = self.slope = 0.0
        self._windows: list[_Least] = []
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
                self._windows, self._since, self._reference = [], new.stamp, None
        self._windows = [*self._windows[1 - _KEPT :], new]
        if len(self._windows) < _FEWEST:
            return False
        self.slope = median(
            (b.lateness - a.lateness) / (b.stamp - a.stamp)
            for a, b in combinations(self._windows, 2)
            if b.stamp > a.stamp
        )
        if self._reference is None:
            assert self._since is not None
            self._reference = self._expected(self._since) - self.drift
        self.drift = self._expected(now) - self._reference
        return True

    def _expected(self, stamp: float) -> float:
        """The least lateness at a time, on the line below all windows."""
        return min(one.lateness + self.slope * (stamp - one.stamp) for one in self._windows)

    def correction(self, corrected: float) -> float:
        """Seconds to add for each second of the source's clock, so that times follow the arrival.

        Args:
            corrected: seconds that were added so far.
        """
        wanted = self.slope + (self.drift - corrected) * (1 + self.slope) / _CATCH_UP
        return min(max(wanted, _SLOWEST), _FASTEST)
