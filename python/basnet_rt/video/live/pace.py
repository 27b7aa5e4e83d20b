"""The rate of a source's clock against the arrival of its pictures."""

from __future__ import annotations

from itertools import combinations
from statistics import median
from typing import NamedTuple

MOST_DRIFT = 0.5  # seconds; less is within what networks do
_WINDOW = 2.0  # seconds over which the least lateness is taken: networks delay, never hasten
_KEPT = 8  # windows that say how the clock runs now
_FEWEST = 3  # windows from which a slope is taken
_MOST_FAST = 1 / 3  # of a second a second; what comes sooner was waiting somewhere
_CATCH_UP = 4.0  # seconds in which a difference is taken out
_SLOWEST, _FASTEST = -0.75, 50.0  # bounds of the correction, in seconds a second


class _Least(NamedTuple):
    stamp: float
    lateness: float


class ArrivalRate:
    """Arrival against timestamps within a connection, from the least lateness of each window.

    The lateness of a picture is its arrival less its timestamp. A clock that is right keeps the
    least of it constant; on one that runs slow it grows. A stall delays pictures for a while, and
    leaves the line through most windows where it is. Pictures that come much faster than real time
    were held back before, and say nothing of the clock: the measurement begins anew with them.

    Attributes:
        drift: seconds that arrival has moved against timestamps. Above 0: the clock is slow.
        slope: the same, seconds for each second of the source's clock, now.
    """

    def __init__(self) -> None:
        self.drift = self.slope = 0.0
        self._windows: list[_Least] = []
        self._since: float | None = None  # timestamp from which on drift is counted
        self._reference: float | None = None  # lateness there, less the drift by then
        self._begin: float | None = None  # arrival of the first picture of this window
        self._least = _Least(0.0, 0.0)

    def note(self, stamp: float, arrival: float) -> bool:
        """Take a picture; whether a window has ended and `drift` and `slope` are new."""
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
