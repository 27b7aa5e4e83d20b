"""The time of pictures that arrive: their timestamps while those run on, else the arrival."""

from __future__ import annotations

from collections import Counter
from fractions import Fraction
from typing import NamedTuple

_SLIGHTLY_BACK = Fraction(1)  # seconds; a picture so late is left out, an earlier one is a jump


_BURST = Fraction(1, 1000)  # seconds between pictures that arrive at once
_MOST_DRIFT = 1.0  # seconds
_WINDOW = 10.0  # seconds over which the least lateness is taken: networks delay, never hasten


class _Lateness:
    """How much later pictures arrive than their timestamps say, at first and of late."""

    def __init__(self) -> None:
        self._windows: list[float] = []  # the least lateness in the first and the last whole one
        self._begin: float | None = None
        self._least = 0.0

    def drift(self, now: float, lateness: float) -> float | None:
        """Seconds that the least lateness has grown since the first window; None in it."""
        if self._begin is None:
            self._begin, self._least = now, lateness
        self._least = min(self._least, lateness)
        if now - self._begin >= _WINDOW:
            self._windows = [*self._windows[:1], self._least]
            self._begin = None
        return self._windows[1] - self._windows[0] if len(self._windows) > 1 else None


class Moment(NamedTuple):
    """Seconds since the first picture, and whether the picture does not follow the last one."""

    time: Fraction
    jumped: bool


class LiveClock:
    """Rising seconds since the first picture, over connections and the source's own clock.

    Within a connection, times are timestamps times the time base. Where they jump, and in a new
    connection, the clock is set by the arrival of the picture: nothing better is known.

    Args:
        max_gap: seconds between timestamps that still count as running on.
        step: usual seconds between pictures.
        problems: counts missing_timestamps, backward_timestamps, clock_drift.
        by_arrival: the source has no clock, only numbers that libavformat gave it: each picture's
            time is that of its arrival.

    Attributes:
        drift: seconds that arrival has moved against timestamps within a connection, once it is
            more than `_MOST_DRIFT`; None before. Above 0: the source's clock is slow.
    """

    def __init__(
        self,
        max_gap: Fraction,
        step: Fraction,
        problems: Counter[str],
        *,
        by_arrival: bool = False,
    ) -> None:
        self._max_gap, self._step, self._problems = max_gap, step, problems
        self.by_arrival = by_arrival
        self.drift: float | None = None
        self._lateness = _Lateness()
        self._begun: float | None = None  # arrival of the first picture
        self._last: Fraction | None = None
        self._shift: Fraction | None = None  # from timestamps to time; None: no timestamp seen
        self._broken = False  # the next picture does not follow the last one

    def reconnect(self) -> None:
        """The next picture is of a new connection."""
        self._broken, self._shift = True, None
        self._lateness = _Lateness()

    def resume(self, seconds: float, arrival: float) -> None:
        """Time began `seconds` before `arrival`; the first picture will be a jump."""
        self._begun, self._last = arrival - seconds, Fraction(seconds)
        self.reconnect()

    def move_to(self, time: Fraction) -> None:
        """The picture that came last is shown from this time on, no earlier than it was."""
        assert self._last is not None
        if self._shift is not None:
            self._shift += time - self._last
        self._last = time

    def time_of(self, timestamp: Fraction | None, arrival: float) -> Moment | None:
        """None: the picture comes too late to be shown.

        Args:
            timestamp: seconds on the source's clock, or None.
            arrival: seconds on a clock that never goes back.
        """
        if self.by_arrival:
            timestamp = None
        elif timestamp is None:
            self._problems["missing_timestamps"] += 1
        if self._begun is None or self._last is None:
            self._begun = arrival
            return self._moment(Fraction(0), timestamp)
        if self._broken:
            return self._jump(timestamp, arrival)
        if self.by_arrival:
            return self._arrived(arrival)
        if timestamp is None or self._shift is None:
            return self._moment(self._last + self._step, timestamp)
        ahead = timestamp + self._shift - self._last
        if 0 < ahead <= self._max_gap:
            self._notice_drift(arrival - self._begun, float(self._last + ahead))
            return self._moment(self._last + ahead, timestamp)
        if -_SLIGHTLY_BACK < ahead <= 0:
            self._problems["backward_timestamps"] += 1
            return None
        return self._jump(timestamp, arrival)

    def _arrived(self, arrival: float) -> Moment:
        """Pictures that come all at once lie a millisecond apart: times rise."""
        assert self._begun is not None
        assert self._last is not None
        time = max(Fraction(arrival - self._begun), self._last + _BURST)
        if time - self._last > self._max_gap:
            return self._jump(None, arrival)
        return self._moment(time, None)

    def _notice_drift(self, since_begin: float, time: float) -> None:
        drift = self._lateness.drift(since_begin, since_begin - time)
        if self.drift is None and drift is not None and abs(drift) > _MOST_DRIFT:
            self.drift = drift
            self._problems["clock_drift"] += 1

    def _jump(self, timestamp: Fraction | None, arrival: float) -> Moment:
        """The time of arrival, but after every picture shown so far."""
        assert self._begun is not None
        assert self._last is not None
        self._broken = False
        self._lateness = _Lateness()
        time = max(Fraction(arrival - self._begun), self._last + self._step)
        return self._moment(time, timestamp)._replace(jumped=True)

    def _moment(self, time: Fraction, timestamp: Fraction | None) -> Moment:
        self._last = time
        if timestamp is not None:
            self._shift = time - timestamp
        return Moment(time, jumped=False)
