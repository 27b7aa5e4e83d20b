"""The time of arriving pictures: their timestamps while these are continuous, else the arrival."""

from __future__ import annotations

from collections import Counter
from fractions import Fraction
from typing import NamedTuple

from basnet_rt.video.clock import tell
from basnet_rt.video.live.pace import MOST_DRIFT, ArrivalRate

_SLIGHTLY_BACK = Fraction(1)  # seconds; a picture at most so late is left out, else it is a jump
_BURST = Fraction(1, 1000)  # seconds between pictures that arrive together
_SOON = 0.15  # seconds; a timestamp further ahead than the wait plus this is doubted
_FINEST = 1_000_000  # denominator of corrections, so that times stay short fractions


class Moment(NamedTuple):
    """Seconds since the first picture, and whether the picture does not follow the last one."""

    time: Fraction
    jumped: bool


class _Doubted(NamedTuple):
    """A timestamp, and the seconds that it lies after the picture before it."""

    timestamp: Fraction
    ahead: Fraction


class LiveClock:
    """Rising seconds since the first picture, across connections and jumps of the source's clock.

    Within a connection, times are timestamps times the time base. A timestamp that does not fit the
    arrival is doubted: its picture is shown at the usual distance, and the next picture decides. If
    that continues the earlier times, the timestamp was wrong; if it continues the new one, the
    clock has jumped. After a jump, and in a new connection, the picture's arrival sets the clock.

    Args:
        max_gap: largest time between continuous timestamps, in seconds.
        step: usual seconds between pictures.
        problems: counts missing_timestamps, backward_timestamps, wild_timestamps, clock_drift.
        by_arrival: the source has no clock, only timestamps from libavformat: each picture's time
            is that of its arrival.
        follow: continuously correct a clock that runs slow or fast against arrival.
        paced: whether arrival times have a meaning: the source does not wait for its reader.

    Attributes:
        drift: seconds that arrival had moved against timestamps when this first exceeded
            `pace.MOST_DRIFT`; None before. Above 0: the source's clock is slow.
        remarks: where times were moved, and by how much.
        rate: seconds of arrival for each second of the source's clock at that moment.
    """

    def __init__(
        self,
        max_gap: Fraction,
        step: Fraction,
        problems: Counter[str],
        *,
        by_arrival: bool = False,
        follow: bool = True,
        paced: bool = True,
    ) -> None:
        self._max_gap, self._step, self._problems = max_gap, step, problems
        self.by_arrival, self._follow, self._paced = by_arrival, follow, paced
        self.drift: float | None = None
        self.rate = 1.0
        self.remarks: list[str] = []
        self._pace, self._faster = ArrivalRate(), Fraction(0)
        self._corrected = Fraction(0)  # seconds that following has added in this connection
        self._begun: float | None = None  # arrival of the first picture
        self._last: Fraction | None = None
        self._shift: Fraction | None = None  # from timestamps to time; None: no timestamp seen
        self._arrival = 0.0  # of the last picture
        self._doubted: _Doubted | None = None  # what the next picture judges
        self._waited = 0.0  # seconds from the arrival before the last to the last
        self._leapt = False  # the last timestamp was further ahead than its wait
        self._usual = step  # seconds between pictures, at least `step`
        self._broken = False  # the next picture does not follow the last one

    def reconnect(self) -> None:
        """Announce that the next picture is of a new connection."""
        self._broken, self._shift, self._doubted = True, None, None
        self._measure_anew()

    def resume(self, seconds: float, arrival: float) -> None:
        """Set time 0 to `seconds` before `arrival`; the first picture will be a jump."""
        self._begun, self._last = arrival - seconds, Fraction(seconds)
        self.reconnect()

    @property
    def last(self) -> Fraction:
        """The time of the last picture; 0 before any."""
        return self._last or Fraction(0)

    def move_to(self, time: Fraction) -> None:
        """Show the last picture from this time, but not earlier than before."""
        assert self._last is not None
        if self._shift is not None:
            self._shift += time - self._last
        self._last = time

    def time_of(self, timestamp: Fraction | None, arrival: float) -> Moment | None:
        """The moment of a picture; None: it comes too late to be shown.

        Args:
            timestamp: seconds on the source's clock, or None.
            arrival: seconds on a clock that never goes back.
        """
        if self.by_arrival:
            timestamp = None
        elif timestamp is None:
            self._problems["missing_timestamps"] += 1
        self._waited, self._arrival = arrival - self._arrival, arrival
        if self._begun is None or self._last is None:
            self._begun = arrival
            return self._moment(Fraction(0), timestamp)
        if self._broken:
            return self._jump(timestamp, arrival)
        if self.by_arrival:
            return self._arrived(arrival)
        if timestamp is None or self._shift is None:
            return self._moment(self._last + self._step, timestamp)
        return self._judged(timestamp, arrival, self._waited)

    def _judged(self, timestamp: Fraction, arrival: float, waited: float) -> Moment | None:
        assert self._last is not None
        assert self._shift is not None
        ahead, doubted = timestamp + self._shift - self._last, self._doubted
        if 0 < ahead <= 2 * self._usual:
            self._clear()
            return self._running_on(ahead, timestamp, arrival, ahead)
        if doubted is not None and self._confirms(timestamp - doubted.timestamp, doubted, waited):
            self._doubted = None
            stepped = self._pace.sooner(float(timestamp), arrival) > MOST_DRIFT
            if 0 < doubted.ahead <= self._max_gap and ahead > 0 and not stepped:
                return self._running_on(ahead, timestamp, arrival, timestamp - doubted.timestamp)
            return self._jump(timestamp, arrival)
        if self._goes_on(ahead, waited):
            self._clear()
            return self._running_on(ahead, timestamp, arrival, ahead)
        if -_SLIGHTLY_BACK < ahead <= 0:
            self._problems["backward_timestamps"] += 1
            return None
        if waited > self._max_gap:
            return self._jump(timestamp, arrival)
        self._clear()
        self._doubted = _Doubted(timestamp, ahead)
        return self._moment(self._last + self._step, None)

    def _goes_on(self, ahead: Fraction, waited: float) -> bool:
        """Whether a timestamp so far ahead, after such a wait, continues another."""
        soon = self._paced and ahead > 3 * self._usual and float(ahead) > waited + _SOON
        return 0 < ahead <= self._max_gap and not soon

    def _confirms(self, since: Fraction, doubted: _Doubted, waited: float) -> bool:
        """Whether a timestamp continues a doubted one, or both have the same distance."""
        same = abs(since - doubted.ahead) < doubted.ahead / 20 and since <= self._max_gap
        return same or self._goes_on(since, waited)

    def _clear(self) -> None:
        """Count the doubted timestamp as wrong; the last picture had it."""
        if self._doubted is None:
            return
        self._problems["wild_timestamps"] += 1
        off = float(self._doubted.ahead - self._step)
        by = f"{abs(off):.3f} s too {'late' if off > 0 else 'early'}"
        tell(
            self.remarks,
            f"the picture at second {float(self.last):.3f} is stamped {by}; it is shown in its "
            "turn",
        )
        self._doubted = None

    def _running_on(
        self, ahead: Fraction, timestamp: Fraction, arrival: float, interval: Fraction
    ) -> Moment:
        assert self._last is not None
        self._usual = max(self._step, interval)
        # A timestamp that leaps ahead may be wrong; two in a row tell of a fast clock.
        self._leapt = not self._leapt and float(ahead) > self._waited + _SOON
        if self._paced and not self._leapt and self._pace.note(float(timestamp), arrival):
            self._notice_drift()
        more = ahead * self._faster
        self._corrected += more
        return self._moment(self._last + ahead + more, timestamp)

    def _notice_drift(self) -> None:
        pace = self._pace
        if self.drift is None and abs(pace.drift) > MOST_DRIFT:
            self.drift, self.rate = pace.drift, 1 + pace.slope
            self._problems["clock_drift"] += 1
        if self.drift is not None and self._follow:
            correction = pace.correction(float(self._corrected))
            self._faster = Fraction(round(correction * _FINEST), _FINEST)

    def _measure_anew(self) -> None:
        """Restart the measurement after setting the clock; the known rate is kept."""
        slope = self._pace.slope if self._faster else 0.0
        self._pace, self._corrected = ArrivalRate(slope), Fraction(0)
        self._faster = Fraction(round(slope * _FINEST), _FINEST)

    def _arrived(self, arrival: float) -> Moment:
        """The time of arrival; pictures that arrive together get times a millisecond apart."""
        assert self._begun is not None
        assert self._last is not None
        time = max(Fraction(arrival - self._begun), self._last + _BURST)
        if time - self._last > self._max_gap:
            return self._jump(None, arrival)
        return self._moment(time, None)

    def _jump(self, timestamp: Fraction | None, arrival: float) -> Moment:
        """The time of arrival, but after every picture shown so far."""
        assert self._begun is not None
        assert self._last is not None
        self._broken, self._doubted = False, None
        self._measure_anew()
        time = max(Fraction(arrival - self._begun), self._last + self._step)
        return self._moment(time, timestamp)._replace(jumped=True)

    def _moment(self, time: Fraction, timestamp: Fraction | None) -> Moment:
        self._last = time
        if timestamp is not None:
            self._shift = time - timestamp
        return Moment(time, jumped=False)
