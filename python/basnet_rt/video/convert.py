"""From decoded pictures to arrays: scaled, converted and turned."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import numpy as np

from basnet_rt.video.frames import Formats, FrameFormat, Image
from basnet_rt.video.opening import pyav
from basnet_rt.video.shape import Orientation, square_size

_CHANNELS = {"rgb": 3, "gray": 1}
_PIXEL_FORMAT = {"rgb": "rgb24", "gray": "gray"}


class Converter:
    """Scales and converts in one step of libswscale; alpha is ignored, more than 8 bits rounded.

    The first picture determines orientation and size of all.

    Args:
        frames: the requested size and form.

    Attributes:
        size: (width, height) of the arrays; None before the first.
    """

    def __init__(self, frames: FrameFormat) -> None:
        self._frames = frames
        self._reformatter = pyav().video.reformatter.VideoReformatter()
        self._more = _one_thread(self._reformatter)
        self._orientation = Orientation()
        self.size: tuple[int, int] | None = None

    def image(self, picture: Any, aspect: Fraction | None) -> Image:
        """One array (H, W[, 3]) uint8, C-contiguous.

        Args:
            picture: of PyAV.
            aspect: width over height of one pixel, or None.
        """
        if self.size is None:
            self._orientation = Orientation.of(picture)
            shown = self._orientation.size(*square_size(picture.width, picture.height, aspect))
            self.size = self._frames.size_of(*shown)
        width, height = self._orientation.size(*self.size)
        pixels = _PIXEL_FORMAT[self._frames.pixels]
        scaled = self._reformatter.reformat(picture, width, height, pixels, **self._more)
        return self._orientation.apply(_array(scaled, _CHANNELS[self._frames.pixels]))


class Converters:
    """One picture in one format or in several; equal formats are converted once.

    Args:
        formats: the wanted ones.
    """

    def __init__(self, formats: Formats) -> None:
        self._formats = (formats,) if isinstance(formats, FrameFormat) else tuple(formats)
        self._converters = {one: Converter(one) for one in self._formats}

    def images(self, picture: Any, aspect: Fraction | None) -> tuple[Image, ...]:
        """An array for each format, as of `Converter.image`."""
        made = {one: by.image(picture, aspect) for one, by in self._converters.items()}
        return tuple(made[one] for one in self._formats)


def _array(picture: Any, channels: int) -> Image:
    """The picture's own memory if its rows are contiguous, else a copy."""
    plane = picture.planes[0]
    rows = np.frombuffer(plane, np.uint8).reshape(-1, plane.line_size)[: picture.height]
    image = rows[:, : picture.width * channels]
    shape = (picture.height, picture.width, channels)
    return np.ascontiguousarray(image).reshape(shape if channels > 1 else shape[:2])


def _one_thread(reformatter: Any) -> dict[str, int]:
    """The option for one thread, as pipelines have their own; older PyAV has no such option."""
    try:
        reformatter.reformat(pyav().VideoFrame(2, 2, "gray"), 4, 4, "gray", threads=1)
    except TypeError:
        return {}
    return {"threads": 1}
