"""The time of each decoded picture: its timestamp, or a repaired one if that is wrong."""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Iterable, Iterator
from fractions import Fraction
from itertools import pairwise, takewhile
from statistics import median
from typing import Any

from basnet_rt._errors import VideoError
from basnet_rt.video.likeliest import Situation, next_right

LITTLE = Fraction(1)  # seconds; a picture that is at most so late is left out
AHEAD, FAR = 12, 64  # pictures to examine before judging a timestamp; if it is far off
FAR_BYTES = 256 << 20  # bytes of pictures that may be held for that
NEARLY = Fraction(1, 1000)  # seconds; timestamps so close share one, if a pause follows them
MOST_EQUAL = 4  # most last pictures with one timestamp; with more of them the clock stands still
STEADY = 12  # intervals in a row without a pause
RECENT = 9  # intervals used for the usual interval
MOST_TOLD = 3  # places named in remarks
LONGEST_GAP = Fraction(3600)  # seconds; a longer one is not filled

Timed = tuple[Any, Fraction]


class Clock:
    """Exact seconds since the first picture, rising with every shown picture.

    Times are a timestamp times the time base, not a running sum. Only pictures without a timestamp,
    and those after a restart, are counted from the last one with a timestamp. A timestamp that does
    not fit is judged together with the next ones: `likeliest` finds the wrong ones.

    Args:
        time_base: seconds per tick of the timestamps.
        step: seconds between pictures if timestamps do not tell.
        problems: counts missing_timestamps, backward_timestamps, equal_timestamps,
            wild_timestamps, clock_restarts.
        promised: end of the pictures according to the header; 0: unknown.
        far: pictures that may be held to judge a timestamp that is far off.

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
        far: int = FAR,
    ) -> None:
        self._time_base, self._step, self._problems = time_base, step, problems
        self._promised, self._far = promised, far
        self.first: Fraction | None = None
        self.remarks: list[str] = []
        self._shift = Fraction(0)  # from the file's clock to time since the first picture
        self._last: Fraction | None = None
        self._last_stamp: int | None = None
        self._intervals: deque[Fraction] = deque(maxlen=RECENT)
        self._steady = 0  # intervals in a row without a pause
        self._longest_run = 0  # pictures with one timestamp that were spread out
        self._left_out = 0  # pictures since the last accepted one

    def timed(self, pictures: Iterable[Any]) -> Iterator[Timed]:
        """Pictures with their times; pictures that come too late are left out."""
        ahead = _Ahead(pictures)
        while (picture := ahead.first()) is not None:
            yield from self._next_ones(picture.pts, ahead)
        self._tell_left_out()

    def _next_ones(self, stamp: int | None, ahead: _Ahead) -> Iterator[Timed]:
        """The next picture, or several that are judged together."""
        if stamp is None:
            self._problems["missing_timestamps"] += 1
            yield ahead.take(), self._accept(self._following(), None)
        elif self.first is not None and stamp == self._last_stamp:
            self._leave_out(ahead)
        elif self._fits(stamp):
            yield from self._right(stamp, ahead)
        else:
            yield from self._judged(stamp, ahead)

    def _fits(self, stamp: int) -> bool:
        """Whether it follows the last picture at the usual distance."""
        if self.first is None or self._last is None:
            return False
        usual = self._intervals[-1] if self._intervals else self._step
        return 0 < self._at(stamp) - self._last <= 2 * min(self._step, usual)

    def _judged(self, stamp: int, ahead: _Ahead) -> Iterator[Timed]:
        begins = self.first is None
        last = None if begins else self._last
        times = self._times(ahead.held(min(AHEAD, self._far)))
        if not _smooth([last, *times]):
            times = self._times(ahead.held(self._far))
        interval = self.usual([one for one in times if one is not None])
        place = next_right(
            [None if one is None else float(one) for one in times],
            Situation(
                last=None if last is None else float(last),
                interval=float(interval),
                steady=self._steady >= STEADY,
                promised=float(self._promised),
                longest=float(LONGEST_GAP),
            ),
        )
        following = ahead.held(place + 1)[place].pts if place < len(times) else None
        if begins and following is not None:
            self._begin(following * self._time_base, place * interval)
        yield from self._wrong(ahead, place, following, interval)
        if following is not None:
            yield from self._right(following, ahead)

    def _times(self, pictures: list[Any]) -> list[Fraction | None]:
        return [None if one.pts is None else self._at(one.pts) for one in pictures]

    def usual(self, times: list[Fraction] | None = None) -> Fraction:
        """Seconds between pictures, from earlier and coming ones; `step` if they do not tell."""
        coming = [b - a for a, b in pairwise(times or ()) if b > a]
        known = [*self._intervals, *coming]
        return median(known) if known else self._step

    def _begin(self, raw: Fraction, before: Fraction) -> None:
        """Time 0, from the first right timestamp and the length of the pictures before it."""
        lead = self._following() + before
        self.first, self._shift = raw - lead, lead - raw

    def _right(self, stamp: int, ahead: _Ahead) -> Iterator[Timed]:
        """The next picture at its own time, joined on if that goes back, and its equals."""
        time = self._at(stamp)
        if self._last is not None and time <= self._last:
            time = self._restart(time, self._last)
        yield ahead.take(), self._accept(time, stamp)
        yield from self._equals(stamp, time, ahead)

    def _restart(self, time: Fraction, last: Fraction) -> Fraction:
        self._problems["clock_restarts"] += 1
        tell(
            self.remarks,
            f"at second {float(last):.3f} the file's clock goes back by "
            f"{float(last - time):.3f} s; later pictures continue from there",
        )
        self._shift += self._following() - time
        return self._following()

    def _wrong(
        self, ahead: _Ahead, count: int, following: int | None, interval: Fraction
    ) -> Iterator[Timed]:
        """Pictures with wrong timestamps, spread evenly before the next correct one."""
        begin = -interval if self._last is None else self._last
        room = Fraction(0) if following is None else self._at(following) - begin
        each = room / (count + 1) if room > 0 else interval
        wild: list[tuple[Fraction, Fraction]] = []  # where they are shown, and by how much off
        for number in range(1, count + 1):
            stamp, place = ahead.first().pts, begin + number * each
            if stamp is None:
                self._problems["missing_timestamps"] += 1
            elif self._last is not None and -LITTLE < self._at(stamp) - begin <= 0:
                self._leave_out(ahead)
                continue
            else:
                wild.append((place, self._at(stamp) - place))
            yield ahead.take(), self._accept(place, None)
        self._tell_wild(wild)

    def _leave_out(self, ahead: _Ahead) -> None:
        """Pass over the next picture, which comes at or before the time of the last one."""
        self._problems["backward_timestamps"] += 1
        self._left_out += 1
        ahead.take()

    def _tell_left_out(self) -> None:
        """Tell the pictures that were left out since the last accepted one, as one place."""
        if self._left_out:
            assert self._last is not None
            tell(self.remarks, left_out_remark(self._last, self._left_out))
            self._left_out = 0

    def _tell_wild(self, wild: list[tuple[Fraction, Fraction]]) -> None:
        if not wild:
            return
        self._problems["wild_timestamps"] += len(wild)
        at, most = float(wild[0][0]), max((off for _, off in wild), key=abs)
        by = f"{abs(float(most)):.3f} s too {'late' if most > 0 else 'early'}"
        if len(wild) == 1:
            tell(
                self.remarks,
                f"the picture at second {at:.3f} is stamped {by}; it is shown between its "
                "neighbours",
            )
        else:
            tell(
                self.remarks,
                f"{len(wild)} pictures from second {at:.3f} on are stamped up to {by}; they are "
                "shown evenly between their neighbours",
            )

    def _equals(self, stamp: int, time: Fraction, ahead: _Ahead) -> Iterator[Timed]:
        """Pictures with the same or nearly the same timestamp, spread evenly until the next one."""
        if not self._nearly(stamp, ahead.first()):
            return
        held = ahead.held(self._far)
        count = self._sharing(stamp, held)
        if not count:
            return
        if count == len(held) and count >= max(MOST_EQUAL, self._longest_run + 1):
            return
        self._longest_run = max(count, self._longest_run)
        each = self._room(held[count:], count, time) / (count + 1)
        if not self._problems["equal_timestamps"]:
            tell(
                self.remarks,
                f"from second {float(time):.3f} on, pictures share timestamps; spread evenly",
            )
        for number in range(1, count + 1):
            self._problems["equal_timestamps"] += 1
            later = time + number * min(self._step, each)
            picture = ahead.take()
            yield picture, self._accept(later, picture.pts)

    def _nearly(self, stamp: int, picture: Any) -> bool:
        """Whether a picture comes with `stamp`, or so soon after it that no grid shows both."""
        later: int | None = getattr(picture, "pts", None)
        if later is None:
            return False
        return 0 <= (later - stamp) * self._time_base <= min(NEARLY, self._step / 8)

    def _sharing(self, stamp: int, held: list[Any]) -> int:
        """The number of the next pictures that share `stamp`.

        Nearly the same is the same only if a pause of half the usual length follows.
        """
        count = len(list(takewhile(lambda one: self._nearly(stamp, one), held)))
        following = held[count].pts if count < len(held) else None
        if following is not None:
            pause = (following - stamp) * self._time_base >= self._step / 2
        else:
            pause = bool(self._problems["equal_timestamps"])
        return count if pause else len(list(takewhile(lambda one: one.pts == stamp, held)))

    def _room(self, following: list[Any], count: int, time: Fraction) -> Fraction:
        """Seconds from pictures with one timestamp to the next picture."""
        stamp = following[0].pts if following else None
        room = Fraction(0) if stamp is None else self._at(stamp) - time
        return room if room > 0 else (count + 1) * min(self._step, self.usual())

    def _at(self, stamp: int) -> Fraction:
        return stamp * self._time_base + self._shift

    def _following(self) -> Fraction:
        """The time of a picture without a usable timestamp."""
        if self._last is None:
            return Fraction(0)
        return self._last + min(self._step, self.usual())

    def _accept(self, time: Fraction, stamp: int | None) -> Fraction:
        self._tell_left_out()
        if self._last is not None:
            interval = time - self._last
            self._intervals.append(interval)
            self._steady = self._steady + 1 if interval <= 2 * self._step else 0
        self._last, self._last_stamp = time, stamp
        return time


def tell(remarks: list[str], remark: str) -> None:
    """Add a remark on a place where times were moved; the places beyond a few are not named."""
    if len(remarks) < MOST_TOLD:
        remarks.append(remark)
    elif len(remarks) == MOST_TOLD:
        remarks.append("times were moved at more places; the counts have all of them")


def left_out_remark(after: Fraction, count: int) -> str:
    """A sentence on pictures that were left out after the picture at a time."""
    return (
        f"after second {float(after):.3f}, pictures whose timestamps do not rise are left out: "
        f"{count}"
    )


def _smooth(times: list[Fraction | None]) -> bool:
    """Whether they rise without a pause."""
    known = [one for one in times if one is not None]
    return all(0 < b - a <= LITTLE / 2 for a, b in pairwise(known))


class _Ahead:
    """The coming pictures, read only as far as needed.

    An error of the source is raised after the pictures before it are taken.
    """

    def __init__(self, pictures: Iterable[Any]) -> None:
        self._source, self._held = iter(pictures), deque[Any]()
        self._error: VideoError | None = None

    def first(self) -> Any:
        """The next picture, which stays; None after the last."""
        if not self.held(1) and self._error is not None:
            raise self._error
        return self._held[0] if self._held else None

    def take(self) -> Any:
        """The next picture, which `first` has shown to be there."""
        return self._held.popleft()

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
