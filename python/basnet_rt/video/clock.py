"""The time of each decoded picture: its timestamp, or a repaired one if that is wrong."""

from __future__ import annotations

from collections import Counter
from fractions import Fraction

RESTART = Fraction(1)  # seconds; a clock that goes back further has begun anew


class Clock:
    """Exact seconds since the first picture, rising with every picture that is to be shown.

    Times are a timestamp times the time base, never a running sum; only pictures without a
    timestamp, and those after a restart, are counted on from the last one that had it.

    Args:
        time_base: seconds per tick of the timestamps.
        step: seconds between pictures where timestamps do not say.
        problems: counts missing_timestamps, backward_timestamps, clock_restarts.
    """

    def __init__(self, time_base: Fraction, step: Fraction, problems: Counter[str]) -> None:
        self._time_base, self._step, self._problems = time_base, step, problems
        self.first: Fraction | None = None  # on the file's own clock
        self._shift = Fraction(0)  # from the file's clock to time since the first picture
        self._last: Fraction | None = None

    def time_of(self, timestamp: int | None) -> Fraction | None:
        """Seconds since the first picture; None: it is to be left out, having come too late."""
        if timestamp is None:
            self._problems["missing_timestamps"] += 1
            return self._accept(self._next())
        raw = timestamp * self._time_base
        if self.first is None:
            self.first, self._shift = raw, -raw - (0 if self._last is None else -self._next())
        time = raw + self._shift
        if self._last is None or time > self._last:
            return self._accept(time)
        if self._last - time < RESTART:
            self._problems["backward_timestamps"] += 1
            return None
        self._problems["clock_restarts"] += 1
        self._shift = self._next() - raw
        return self._accept(self._next())

    def _next(self) -> Fraction:
        return Fraction(0) if self._last is None else self._last + self._step

    def _accept(self, time: Fraction) -> Fraction:
        self._last = time
        return time
