"""The picture that is shown at each instant of a grid of equal steps."""

from __future__ import annotations

import math
from fractions import Fraction
from typing import Any

from basnet_rt._errors import InvalidValue
from basnet_rt._system.arguments import as_number

_ROUNDING = Fraction(1, 1000)  # seconds; timestamps of many files were rounded to milliseconds
_FINEST_RATE = 1_000_000


def exact_rate(fps: float | Fraction) -> Fraction:
    """The exact fraction of a rate: 29.97002997... is 30000/1001, 29.97 is 2997/100."""
    return Fraction(fps).limit_denominator(_FINEST_RATE)


def checked_rate(fps: Any) -> Any:
    """Instants per second, as a plain number or an exact fraction.

    Raises:
        TypeError: it is not a number.
        ValueError: it is not above 0, or over 1000.
    """
    rate = fps if isinstance(fps, Fraction) else as_number(fps, "fps")
    if not 0 < rate <= 1000:
        raise InvalidValue(f"fps: expected above 0 and at most 1000, got {fps}")
    return rate


class Grid:
    """Instants k / fps after the first picture, and the instants that a picture covers.

    A picture is shown from its time until the time of the next one. Timestamps are rounded to
    ticks, so a picture that is up to `tolerance` late counts as in time.

    Args:
        fps: instants per second.
        time_base: seconds per tick of the video.
        step: usual seconds between pictures of the video.
    """

    def __init__(self, fps: Fraction, time_base: Fraction, step: Fraction) -> None:
        self.fps = fps
        # Small enough that neighbouring pictures cannot be confused.
        self._most = min(step, 1 / fps) / 4
        self.tolerance = min(max(time_base, _ROUNDING), self._most)
        self.next = 0  # first instant that has no picture yet

    def until(self, time: Fraction) -> range:
        """The remaining instants before a picture with this time."""
        begin = self.next
        self.next = max(begin, math.ceil((time - self.tolerance) * self.fps))
        return range(begin, self.next)

    def until_end(self, end: Fraction) -> range:
        """Instants before the end of the video.

        The end is rounded once more than the times, and leaving out an instant there loses no
        picture, so the tolerance is as large as possible.
        """
        begin = self.next
        self.next = max(begin, 1, math.ceil((end - self._most) * self.fps))
        return range(begin, self.next)

    def skip_to(self, time: Fraction) -> int:
        """Continue with the first instant at or after this time, at least one further.

        Returns:
            The number of left-out instants.
        """
        begin = self.next
        self.next = max(begin + 1, math.ceil((time - self.tolerance) * self.fps))
        return self.next - begin
