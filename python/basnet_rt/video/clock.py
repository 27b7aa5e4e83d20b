"""The time of each decoded picture: its timestamp, or a repaired one if that is wrong."""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Iterable, Iterator
from fractions import Fraction
from itertools import takewhile
from typing import Any

from basnet_rt._errors import VideoError

RESTART = Fraction(1)  # seconds; a clock that goes back further has begun anew
AHEAD = 8  # pictures that are looked at before a timestamp is judged to be wrong
MOST_EQUAL = 4  # pictures that may share a timestamp; with more of them the clock stands still
STEADY, LONELY = 12, 10  # intervals; seconds: a last picture so far behind a steady stream is wrong
MOST_TOLD = 3  # places that the remarks name
LONGEST_GAP = Fraction(3600)  # seconds; a longer one is not filled

Timed = tuple[Any, Fraction]


class Clock:
    """Exact seconds since the first picture, rising with every picture that is to be shown.

    Times are a timestamp times the time base, never a running sum; only pictures without a
    timestamp, and those after a restart, are counted on from the last one that had it. A timestamp
    that does not fit is judged with the next `AHEAD` in sight: if most of them go on from before
    it, it is wrong by itself; else the clock has jumped.

    Args:
        time_base: seconds per tick of the timestamps.
        step: seconds between pictures where timestamps do not say.
        problems: counts missing_timestamps, backward_timestamps, equal_timestamps,
            wild_timestamps, clock_restarts.
        promised: end of the pictures as the header states it; 0: it does not.

    Attributes:
        first: time 0 on the file's own clock; None before the first timestamp.
        remarks: where times were moved, and by how much.
    """

    def __init__(
        self,
        time_base: Fraction,
        step: Fraction,
        problems: Counter[str],
        promised: Fraction = Fraction(0),
    ) -> None:
        self._time_base, self._step, self._problems = time_base, step, problems
        self._promised = promised
        self.first: Fraction | None = None
        self.remarks: list[str] = []
        self._shift = Fraction(0)  # from the file's clock to time since the first picture
        self._last: Fraction | None = None
        self._last_stamp: int | None = None
        self._interval = step  # between the last two pictures
        self._shown = self._steady = 0  # pictures; intervals in a row without a pause

    def timed(self, pictures: Iterable[Any]) -> Iterator[Timed]:
        """Pictures with their times; those that come too late are left out."""
        ahead = _Ahead(pictures)
        while (picture := ahead.take()) is not None:
            time = self._time_of(picture.pts, ahead)
            if time is not None:
                yield picture, time
                yield from self._equals(picture.pts, time, ahead)

    def _time_of(self, stamp: int | None, ahead: _Ahead) -> Fraction | None:
        """Seconds since the first picture; None: it is to be left out, having come too late."""
        if stamp is None:
            self._problems["missing_timestamps"] += 1
            return self._accept(self._next(), None)
        raw = stamp * self._time_base
        if self.first is None:
            raw = self._begin(raw, ahead)
        elif stamp == self._last_stamp:
            self._problems["backward_timestamps"] += 1
            return None
        time = raw + self._shift
        if self._last is None or 0 < time - self._last <= 2 * min(self._step, self._interval):
            return self._accept(time, stamp)
        following = [pts * self._time_base + self._shift for pts in ahead.stamps()]
        judge = self._forward if time > self._last else self._backward
        return judge(time, self._last, stamp, following)

    def _begin(self, raw: Fraction, ahead: _Ahead) -> Fraction:
        """Time 0, unless the first timestamp is more than an hour before those that follow it."""
        following = [pts * self._time_base for pts in ahead.stamps()]
        if len(following) > 1 and min(following) - raw > LONGEST_GAP:
            place = min(following) - self._step
            self._tell_wild(raw - place, self._next())
            raw = place
        self.first, self._shift = raw, self._next() - raw
        return raw

    def _forward(
        self, time: Fraction, last: Fraction, stamp: int, following: list[Fraction]
    ) -> Fraction:
        """Whether those that follow go on from before this picture, or from it."""
        rejoining = sum(last < one < time for one in following)
        onward = sum(one >= time for one in following)
        beyond = 0 < self._promised < time - RESTART
        lonely = self._steady >= STEADY and time - last > LONELY
        if (not following and (beyond or lonely)) or rejoining >= max(1, onward):
            return self._place(time, last, [one if one < time else last for one in following])
        return self._accept(time, stamp)

    def _backward(
        self, time: Fraction, last: Fraction, stamp: int, following: list[Fraction]
    ) -> Fraction | None:
        rejoining = sum(one > last for one in following)
        if not following or 2 * rejoining >= len(following):
            if last - time >= RESTART:
                return self._place(time, last, following)
            self._problems["backward_timestamps"] += 1
            return None
        return self._restart(time, last, stamp)

    def _restart(self, time: Fraction, last: Fraction, stamp: int) -> Fraction:
        self._problems["clock_restarts"] += 1
        self._tell(
            f"at second {float(last):.3f} the file's clock goes back by "
            f"{float(last - time):.3f} s; what follows is joined on"
        )
        if self._shown == 1 and self.first is not None:  # the first timestamp was the wrong one
            self.first = time - self._shift - self._step
        self._shift += self._next() - time
        return self._accept(self._next(), stamp)

    def _place(self, time: Fraction, last: Fraction, following: list[Fraction]) -> Fraction:
        """Evenly before the next picture that is on the line; the file's order is kept.

        `following`: times of the pictures to come; one that is off the line is at most `last`.
        """
        wild = len(list(takewhile(lambda one: one <= last, following)))
        place = self._next()
        if wild < len(following):
            place = last + (following[wild] - last) / (wild + 2)
        self._tell_wild(time - place, place)
        return self._accept(place, None)

    def _tell_wild(self, off: Fraction, place: Fraction) -> None:
        self._problems["wild_timestamps"] += 1
        late = "late" if off > 0 else "early"
        self._tell(
            f"the picture at second {float(place):.3f} is stamped {abs(float(off)):.3f} s too "
            f"{late}; it is shown where its neighbours leave a place"
        )

    def _equals(self, stamp: int | None, time: Fraction, ahead: _Ahead) -> Iterator[Timed]:
        """Pictures with the same timestamp, spread evenly until the next one."""
        held = ahead.held(MOST_EQUAL)
        count = len(list(takewhile(lambda one: one.pts == stamp, held)))
        if stamp is None or not 0 < count < MOST_EQUAL:
            return
        room = self._room(held[count:], count, time)
        if not self._problems["equal_timestamps"]:
            self._tell(
                f"from second {float(time):.3f} on, pictures share timestamps; spread evenly"
            )
        for number in range(1, count + 1):
            self._problems["equal_timestamps"] += 1
            later = time + number * min(self._step, room / (count + 1))
            yield ahead.take(), self._accept(later, stamp)

    def _room(self, following: list[Any], count: int, time: Fraction) -> Fraction:
        """Seconds from pictures with one timestamp to the next picture."""
        stamp = following[0].pts if following else None
        room = Fraction(0) if stamp is None else stamp * self._time_base + self._shift - time
        return room if room > 0 else (count + 1) * min(self._step, self._interval)

    def _next(self) -> Fraction:
        return Fraction(0) if self._last is None else self._last + self._step

    def _accept(self, time: Fraction, stamp: int | None) -> Fraction:
        if self._last is not None:
            self._interval = time - self._last
            self._steady = self._steady + 1 if self._interval <= 2 * self._step else 0
        self._last, self._last_stamp = time, stamp
        self._shown += 1
        return time

    def _tell(self, remark: str) -> None:
        if len(self.remarks) < MOST_TOLD:
            self.remarks.append(remark)
        elif len(self.remarks) == MOST_TOLD:
            self.remarks.append("times were moved at more places; the counts have all of them")


class _Ahead:
    """The pictures to come, fetched only as far as they are asked for.

    An error of the source is raised once the pictures before it are taken.
    """

    def __init__(self, pictures: Iterable[Any]) -> None:
        self._source, self._held = iter(pictures), deque[Any]()
        self._error: VideoError | None = None

    def take(self) -> Any:
        """The next picture; None after the last."""
        if self.held(1):
            return self._held.popleft()
        if self._error is not None:
            raise self._error
        return None

    def held(self, count: int) -> list[Any]:
        """The next ones, fewer at the end; they stay."""
        while len(self._held) < count and self._error is None:
            try:
                more = next(self._source, None)
            except VideoError as error:
                self._error = error
                break
            if more is None:
                break
            self._held.append(more)
        return list(self._held)[:count]

    def stamps(self) -> list[int]:
        """Timestamps of the next `AHEAD` pictures, fewer at the end."""
        return [one.pts for one in self.held(AHEAD) if one.pts is not None]
