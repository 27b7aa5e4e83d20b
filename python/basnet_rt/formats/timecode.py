"""Frames, seconds and SMPTE timecodes, in exact arithmetic.

A timecode names a frame; it is not a time. At 23.976 (24000/1001) frames a second the timecode
00:00:01:00 names frame 24, which begins at 1.001 s. Drop-frame timecodes skip labels, never frames:
at 30000/1001 the labels ;00 and ;01 of every minute that is no multiple of ten do not exist (;00 to
;03 at 60000/1001), which keeps the label within two frames of the clock.

Source: SMPTE ST 12-1.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from typing import Any

from basnet_rt._errors import InvalidType, InvalidValue
from basnet_rt._system.arguments import as_count, as_number
from basnet_rt._system.shown import shown

_TIMECODE = re.compile(r"(\d\d):(\d\d):(\d\d)([:;])(\d{2,3})", re.ASCII)
# No exponents: "1e999999999" would be computed.
_RATE = re.compile(r"(\d{1,9}(?:\.\d{1,20})?|\d{1,9}/\d{1,9})(df)?", re.ASCII)
_NTSC = tuple(Fraction(1000 * n, 1001) for n in (24, 30, 48, 60, 120))
_MOST = 1000  # frames a second; milliseconds are frames of that rate


@dataclass(frozen=True)
class FrameRate:
    """Frames a second, exactly, and how timecodes of that rate are labelled.

    Attributes:
        exact: such as 25 or 30000/1001; in (0, 1000].
        drop_frame: for 30000/1001 and 60000/1001 only.
    """

    exact: Fraction
    drop_frame: bool = False

    def __post_init__(self) -> None:
        if not 0 < self.exact <= _MOST:
            raise InvalidValue(f"a frame rate of {self.exact}; it must be in (0, {_MOST}]")
        if self.drop_frame and self.exact not in (_NTSC[1], _NTSC[3]):
            raise InvalidValue(f"drop-frame at {self}; only 29.97 and 59.94 have it")

    @classmethod
    def parse(cls, value: Any) -> FrameRate:
        """From a number or a text: 25, "29.97", "29.97df" (drop-frame), "30000/1001".

        A decimal within 0.005 of an NTSC rate means that rate: 23.976 and 23.98 are 24000/1001.
        """
        if isinstance(value, FrameRate):
            return value
        match = _RATE.fullmatch(str(value).strip().lower())
        if match is None or match[1].endswith("/0"):
            raise InvalidValue(
                f"a frame rate of {shown(value)}; it must be such as 25, 23.976, 29.97, 29.97df "
                "or 30000/1001"
            )
        exact = Fraction(match[1])
        near = [rate for rate in _NTSC if abs(rate - exact) < Fraction(5, 1000)]
        return cls(near[0] if near else exact, match[2] is not None)

    @cached_property
    def nominal(self) -> int:
        """The labels in a second of timecode: 24, 25, 30, 50, 60.

        Raises:
            ValueError: no timecode is defined for such a rate, as 12.5.
        """
        whole = round(self.exact)
        if self.exact != whole and self.exact not in _NTSC:
            raise InvalidValue(f"no timecode is defined at {self} frames a second")
        return whole

    def __str__(self) -> str:
        """A text that `parse` reads."""
        return f"{self.exact}{'df' if self.drop_frame else ''}"


MILLISECONDS = FrameRate(Fraction(1000))


def _check_rate(rate: Any) -> None:
    if not isinstance(rate, FrameRate):
        raise InvalidType(
            f"rate is {shown(rate)}; it must be a FrameRate, such as FrameRate.parse(25)"
        )


def frame_at(seconds: float, rate: FrameRate) -> int:
    """The frame boundary nearest to a time; the later one of two equally near."""
    _check_rate(rate)
    seconds = as_number(seconds, "seconds")
    if not math.isfinite(seconds):
        raise InvalidValue(f"a time of {seconds}; it must be finite")
    return math.floor(Fraction(seconds) * rate.exact + Fraction(1, 2))


def seconds_at(frame: int, rate: FrameRate) -> float:
    """The start of a frame, in seconds: the float64 nearest to the exact time."""
    _check_rate(rate)
    return float(frame / rate.exact)


def frame_range(
    start: float, end: float, rate: FrameRate, duration: float | None = None
) -> tuple[int, int]:
    """The frames [first, last) nearest to [start, end): at least one, and inside the video.

    Each end moves by half a frame at most, except where a segment shorter than a frame gets one.
    """
    first, last = frame_at(start, rate), frame_at(end, rate)
    if duration is not None:
        count = max(1, frame_at(duration, rate))
        first, last = min(first, count - 1), min(last, count)
    return first, max(last, first + 1)


def to_timecode(frame: int, rate: FrameRate) -> str:
    """HH:MM:SS:FF, or HH:MM:SS;FF for drop-frame.

    Raises:
        ValueError: the frame is negative, or a day or more from the start.
    """
    _check_rate(rate)
    frame = as_count(frame, "frame")
    if not 0 <= frame < frames_per_day(rate):
        raise InvalidValue(f"frame {frame} at {rate} frames a second: a timecode covers one day")
    nominal, label = rate.nominal, frame + _labels_skipped(frame, rate)
    seconds, frames = divmod(label, nominal)
    minutes, hours = seconds // 60 % 60, seconds // 3600
    mark = ";" if rate.drop_frame else ":"
    width = len(str(nominal - 1))
    return f"{hours:02}:{minutes:02}:{seconds % 60:02}{mark}{frames:0{width}}"


def from_timecode(text: str, rate: FrameRate) -> int:
    """The frame that a timecode names. At a drop-frame rate `:` is read like `;`.

    Raises:
        ValueError: another form, a label that does not exist, or `;` at another rate.
    """
    _check_rate(rate)
    if not isinstance(text, str):
        raise InvalidType(f"text is {shown(text)}; it must be a timecode, as text")
    match = _TIMECODE.fullmatch(text)
    if match is None:
        raise InvalidValue(f"timecode {shown(text)}: expected HH:MM:SS:FF or HH:MM:SS;FF")
    hours, minutes, seconds, frames = (int(match[i]) for i in (1, 2, 3, 5))
    if hours > 23 or minutes > 59 or seconds > 59 or frames >= rate.nominal:
        raise InvalidValue(
            f"timecode {shown(text)}: at most 23:59:59 and frame {rate.nominal - 1} at {rate}"
        )
    if match[4] == ";" and not rate.drop_frame:
        raise InvalidValue(f"timecode {shown(text)} is drop-frame; the rate {rate} is not")
    total = 60 * hours + minutes
    label = (60 * total + seconds) * rate.nominal + frames
    if not rate.drop_frame:
        return label
    if minutes % 10 and seconds == 0 and frames < _dropped(rate):
        raise InvalidValue(f"timecode {shown(text)} does not exist: drop-frame skips it")
    return label - _dropped(rate) * (total - total // 10)


def frames_per_day(rate: FrameRate) -> int:
    """The number of frames that have a timecode of their own."""
    skipped = _dropped(rate) * 9 * 144 if rate.drop_frame else 0
    return 24 * 3600 * rate.nominal - skipped


def _dropped(rate: FrameRate) -> int:
    """Labels skipped in each minute that is no multiple of ten."""
    return rate.nominal // 15


def _labels_skipped(frame: int, rate: FrameRate) -> int:
    """The number of labels below this frame's that do not exist."""
    if not rate.drop_frame:
        return 0
    dropped, minute = _dropped(rate), 60 * rate.nominal
    tens, rest = divmod(frame, 10 * minute - 9 * dropped)
    # The first of ten minutes is whole; each later one lacks the frames that it skips.
    later = max(0, (rest - minute) // (minute - dropped) + 1)
    return dropped * (9 * tens + later)
