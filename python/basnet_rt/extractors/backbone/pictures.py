"""The pictures that a network takes: their kind, part of the frame, and range of values."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from basnet_rt._errors import InvalidValue
from basnet_rt.extractors.backbone.flow import FlowMaker, FlowSettings, Picture, flow_picture
from basnet_rt.video.frames import Frame

Snippet = Sequence[Picture]  # pictures (H, W, C) in order of time

CHANNELS = {"rgb": 3, "bgr": 3, "gray": 1, "flow": 2}


@dataclass(frozen=True, kw_only=True)
class Pictures:
    """The processing of a scaled frame before the network.

    Attributes:
        kind: "rgb", "bgr", "gray", or "flow" (x, then y).
        crop: (height, width) cut from the middle; None takes the whole frame.
        range: (low, high) that 0 and 255 are mapped to.
        mean, std: per channel, in units of `range`: (value - mean) / std; empty for none.
        flow: of kind "flow".
    """

    kind: str = "rgb"
    crop: tuple[int, int] | None = None
    range: tuple[float, float] = (0.0, 1.0)
    mean: tuple[float, ...] = ()
    std: tuple[float, ...] = ()
    flow: FlowSettings = field(default_factory=FlowSettings)

    @property
    def channels(self) -> int:
        return CHANNELS[self.kind]

    def values(self, snippets: Sequence[Snippet]) -> np.ndarray:
        """The input of the network: (B, T, H, W, C) float32, C-contiguous."""
        first = snippets[0][0]
        # A whole row of pixels at a time: an inner loop over three numbers would be slow.
        scale, offset = (np.tile(one, (first.shape[1], 1)) for one in self._line())
        values = np.empty((len(snippets), len(snippets[0]), *first.shape), np.float32)
        for into, snippet in zip(values, snippets, strict=True):
            for one, picture in zip(into, snippet, strict=True):
                np.multiply(picture, scale, out=one)
                one += offset
        return values

    def cut(self, image: Picture) -> Picture:
        """The middle of a picture (H, W[, C]); if the margin is odd, the longer part is below and
        to the right.

        Raises:
            ValueError: the picture is smaller than the crop.
        """
        if self.crop is None:
            return image
        (height, width), (rows, columns) = self.crop, image.shape[:2]
        if rows < height or columns < width:
            raise InvalidValue(
                f"crop: {width}x{height} of a frame of {columns}x{rows}; frames must be as large"
            )
        top, left = self.margins(rows - height, columns - width)
        return image[top : top + height, left : left + width]

    def margins(self, height: int, width: int) -> tuple[int, int]:
        """Rows above and columns left of a crop, given all rows and columns to leave out."""
        return height // 2, width // 2

    def _line(self) -> tuple[np.ndarray, np.ndarray]:
        """(scale, offset), (C,) float32 each: value = picture * scale + offset."""
        low, high = self.range
        mean = np.array(self.mean or (0.0,) * self.channels)
        std = np.array(self.std or (1.0,) * self.channels)
        scale, offset = (high - low) / 255 / std, (low - mean) / std
        return scale.astype(np.float32), offset.astype(np.float32)


class PictureMaker:
    """Makes one kind of pictures of one video, in order."""

    def __init__(self, wanted: Pictures) -> None:
        self._wanted = wanted
        self._flow = FlowMaker(wanted.flow.method) if wanted.kind == "flow" else None

    def next(self, frame: Frame) -> Picture:
        """(H, W, C), C-contiguous: this frame, or the flow from the previous frame to it."""
        wanted = self._wanted
        if self._flow is not None:
            return np.ascontiguousarray(
                flow_picture(wanted.cut(self._flow.next(frame)), wanted.flow)
            )
        image = wanted.cut(frame.image)
        if wanted.kind == "bgr":
            image = image[..., ::-1]
        return np.ascontiguousarray(image[..., None] if image.ndim == 2 else image)
