"""The picture that is shown at each instant of a grid of equal steps."""

from __future__ import annotations

import math
from fractions import Fraction

_ROUNDING = Fraction(1, 1000)  # seconds: many files once had timestamps in whole milliseconds
_FINEST_RATE = 1_000_000


def exact_rate(fps: float | Fraction) -> Fraction:
    """The fraction that was meant: 29.97002997... is 30000/1001, 29.97 is 2997/100."""
    return Fraction(fps).limit_denominator(_FINEST_RATE)


class Grid:
    """Instants k / fps after the first picture, and how many of them a picture covers.

    A picture is shown from its time until that of the next one. Timestamps are rounded to ticks, so
    one that comes up to `tolerance` late still counts as there.

    Args:
        fps: instants per second.
        time_base: seconds per tick of the video.
        step: usual seconds between pictures of the video.
    """

    def __init__(self, fps: Fraction, time_base: Fraction, step: Fraction) -> None:
        self.fps = fps
        # Never so much that a picture could be taken for its neighbour.
        self._most = min(step, 1 / fps) / 4
        self.tolerance = min(max(time_base, _ROUNDING), self._most)
        self.next = 0  # first instant that has no picture yet

    def until(self, time: Fraction) -> range:
        """Instants not handed out before that come before a picture of this time."""
        begin = self.next
        self.next = max(begin, math.ceil((time - self.tolerance) * self.fps))
        return range(begin, self.next)

    def until_end(self, end: Fraction) -> range:
        """Instants before the end of the video.

        Its last length is rounded once more than the times are, and no picture is lost by leaving
        out an instant there: so the tolerance is as large as it may be.
        """
        begin = self.next
        self.next = max(begin, 1, math.ceil((end - self._most) * self.fps))
        return range(begin, self.next)

    def skip_to(self, time: Fraction) -> int:
        """Go on with the first instant at or after this time, one further at least.

        Returns:
            How many instants are left out.
        """
        begin = self.next
        self.next = max(begin + 1, math.ceil((time - self.tolerance) * self.fps))
        return self.next - begin
