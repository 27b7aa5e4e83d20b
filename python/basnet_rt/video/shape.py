"""Brings stored pictures into the form that is shown: upright, mirrored, with square pixels."""

from __future__ import annotations

import struct
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import numpy as np

from basnet_rt.video.frames import Image

WIDEST_PIXEL = 16  # a sample aspect ratio beyond it is a broken header


@dataclass(frozen=True)
class Orientation:
    """One of the eight ways to lay a picture: rows and columns swapped first, then mirrored."""

    transposed: bool = False
    mirrored_x: bool = False
    mirrored_y: bool = False

    @classmethod
    def of(cls, picture: Any) -> Orientation:
        """From the display matrix of a decoded picture, to the next quarter turn."""
        for data in () if picture is None else picture.side_data:
            if data.type.name == "DISPLAYMATRIX" and data.buffer_size >= 36:
                xx, xy, _, yx, yy, *_ = struct.unpack("<9i", bytes(data)[:36])
                if abs(xx) + abs(yy) >= abs(xy) + abs(yx):
                    return cls(False, xx < 0, yy < 0)
                return cls(True, yx < 0, xy < 0)
        return cls()

    def apply(self, image: Image) -> Image:
        """The picture as it is to be shown, C-contiguous; the same object if nothing is to do."""
        if self.transposed:
            image = image.swapaxes(0, 1)
        image = image[:: -1 if self.mirrored_y else 1, :: -1 if self.mirrored_x else 1]
        return np.ascontiguousarray(image)

    def size(self, width: int, height: int) -> tuple[int, int]:
        """Of the picture laid so; its own inverse."""
        return (height, width) if self.transposed else (width, height)


def square_size(width: int, height: int, aspect: Fraction | None) -> tuple[int, int]:
    """(width, height) in square pixels of a stored size; `aspect` is width / height of a pixel."""
    if aspect and Fraction(1, WIDEST_PIXEL) <= aspect <= WIDEST_PIXEL:
        width = max(1, round(width * aspect))
    return width, height
