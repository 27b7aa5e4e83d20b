"""Frames from decoding to extractors: pictures on a grid of equal steps in time."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from basnet_rt._errors import InvalidType, InvalidValue
from basnet_rt._system.arguments import as_count
from basnet_rt._system.shown import shown

Image = npt.NDArray[np.uint8]
Pixels = Literal["rgb", "gray"]

MOST_PIXELS = 1 << 14  # of a side


@dataclass(frozen=True, kw_only=True)
class FrameFormat:
    """The form of pictures for an extractor; the file's rotation is applied.

    Attributes:
        pixels: "rgb" gives (H, W, 3), "gray" (H, W); always uint8.
        width, height: if both are given, pictures are scaled to exactly this size.
        short_side: if given, the shorter side is scaled to this length, and the aspect ratio is
            kept. Without these, pictures keep their size.

    Raises:
        ValueError: a side is not in 1 .. MOST_PIXELS, or both ways to give a size are used.
        TypeError: a side is not an integer.
    """

    pixels: Pixels = "rgb"
    width: int | None = None
    height: int | None = None
    short_side: int | None = None

    def __post_init__(self) -> None:
        if self.pixels not in ("rgb", "gray"):
            raise InvalidValue(f"pixels: expected 'rgb' or 'gray', got {self.pixels!r}")
        if (self.width is None) != (self.height is None):
            raise InvalidValue("width and height: give both, or neither")
        if self.width is not None and self.short_side is not None:
            raise InvalidValue("short_side: not together with width and height")
        for name in ("width", "height", "short_side"):
            side = getattr(self, name)
            if side is not None and not 1 <= as_count(side, name) <= MOST_PIXELS:
                raise InvalidValue(f"{name}: expected 1 .. {MOST_PIXELS} pixels, got {side}")

    def size_of(self, width: int, height: int) -> tuple[int, int]:
        """(width, height) that a picture of this size is scaled to."""
        if self.width is not None and self.height is not None:
            return self.width, self.height
        if self.short_side is None:
            return width, height
        scale = self.short_side / min(width, height)
        return max(1, round(width * scale)), max(1, round(height * scale))


# One format, or several: each picture then comes in all of them, decoded once.
Formats = FrameFormat | tuple[FrameFormat, ...]


def checked_formats(frames: Any) -> Formats:
    """The formats, if they are some.

    Raises:
        TypeError: it is neither a `FrameFormat` nor a tuple of several.
    """
    several = frames if isinstance(frames, tuple) and frames else (frames,)
    for one in several:
        if not isinstance(one, FrameFormat):
            raise InvalidType(
                f"frames is {shown(one)}; it must be a FrameFormat, such as "
                "FrameFormat(pixels='gray'), or a tuple of them"
            )
    return frames  # type: ignore[no-any-return]


@dataclass(frozen=True, slots=True)
class Frame:
    """The picture that the video shows at one instant of the grid.

    Attributes:
        index: of the instant, from 0 at the video's first picture; instant k is k / fps seconds
            after it. Consecutive frames have consecutive indices.
        time: index / fps, seconds of the video.
        shown: begin of the picture by the file's timestamps, in seconds on the same clock; at most
            `time`, up to rounding.
        image: (H, W, 3) or (H, W) uint8, C-contiguous; read-only, but it may be kept.
        repeated: whether it is the same picture as in the previous frame (the source is slower than
            the grid, or stands still).
        others: the same picture in the further requested formats, in their order.
    """

    index: int
    time: float
    shown: float
    image: Image
    repeated: bool = False
    others: tuple[Image, ...] = ()


@dataclass(frozen=True, slots=True)
class Gap:
    """A stretch of a live source without pictures.

    Attributes:
        index: of the first instant after it.
        instants: of the grid that are missing, at least 1.
        seconds: instants / fps.
        reason: "reconnected", "timestamps" (they jumped) or "dropped" (the consumer was too slow).
    """

    index: int
    instants: int
    seconds: float
    reason: str
