"""Pictures as image processors make them: resized, and cut from the middle."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from basnet_rt._errors import InvalidValue
from basnet_rt._system.extras import from_extra
from basnet_rt.extractors.backbone.flow import Picture
from basnet_rt.extractors.backbone.pictures import Pictures

RESAMPLING = ("bilinear", "bicubic")


@dataclass(frozen=True, kw_only=True)
class Resized(Pictures):
    """Frames of any size to pictures of one size.

    Pixels are rounded to 8 bits after resizing, as Pillow and torchvision do it; both agree with
    this to one level.

    Attributes:
        short_side: pixels that the shorter side gets, the shape kept; the longer one is rounded
            down.
        size: (height, width) instead, whatever the shape. Neither: no resizing.
        resampling: "bilinear" or "bicubic".
        antialias: whether a smaller picture is smoothed before its pixels are taken.
        even_crop: a crop begins at half of the margin, rounded to the nearest whole number and from
            the middle to the even one, as torchvision does; else it is rounded down.

    Raises:
        ValueError: no such resampling, or both sizes are given.
    """

    short_side: int | None = None
    size: tuple[int, int] | None = None
    resampling: str = "bicubic"
    antialias: bool = True
    even_crop: bool = False

    def __post_init__(self) -> None:
        if self.resampling not in RESAMPLING:
            raise InvalidValue(f"resampling {self.resampling!r}: there are {', '.join(RESAMPLING)}")
        if self.short_side is not None and self.size is not None:
            raise InvalidValue("short_side: not together with size")

    def record(self) -> dict[str, Any]:
        """JSON values that decide the pictures; those of few models only where they differ."""
        unusual = {} if self.antialias else {"antialias": False}
        if self.even_crop:
            unusual["even_crop"] = True
        return {
            **unusual,
            "short_side": self.short_side,
            "size": None if self.size is None else list(self.size),
            "resampling": self.resampling,
            "crop": None if self.crop is None else list(self.crop),
            "range": list(self.range),
            "mean": list(self.mean),
            "std": list(self.std),
        }

    @classmethod
    def from_record(cls, record: dict[str, Any]) -> Resized:
        """The inverse of `record`."""
        pairs = ("size", "crop", "range", "mean", "std")
        fields: dict[str, Any] = {
            k: tuple(v) if k in pairs and v is not None else v for k, v in record.items()
        }
        return cls(kind="rgb", **fields)

    @property
    def shape(self) -> tuple[int, int]:
        """(height, width) of the pictures; of square frames where frames may have any shape."""
        side = self.short_side or 224
        return self.crop or self.size or (side, side)

    def cut(self, image: Picture) -> Picture:
        """(H, W, 3) uint8 to (h, w, 3) uint8."""
        height, width = self._size_of(*image.shape[:2])
        if (height, width) != image.shape[:2]:
            image = _resized(image, height, width, self.resampling, self.antialias)
        return super().cut(image)

    def margins(self, height: int, width: int) -> tuple[int, int]:
        """Rows above and columns left of a crop, of all that it leaves out."""
        if not self.even_crop:
            return super().margins(height, width)
        return round(height / 2), round(width / 2)

    def _size_of(self, height: int, width: int) -> tuple[int, int]:
        if self.size is not None:
            return self.size
        if self.short_side is None:
            return height, width
        short, long = sorted((height, width))
        longer = max(1, int(self.short_side * long / short))
        return (self.short_side, longer) if height <= width else (longer, self.short_side)


def _resized(image: Picture, height: int, width: int, resampling: str, antialias: bool) -> Picture:
    torch = from_extra("torch", "torch", "resizing")
    # torch warns of memory that must not be written to; decoded pictures may lie in such.
    pixels = torch.from_numpy(image if image.flags.writeable else image.copy())
    pixels = pixels.permute(2, 0, 1)[None]
    if not antialias:  # in numbers between levels, and rounded once
        pixels = pixels.float()
    scaled = torch.nn.functional.interpolate(
        pixels, (height, width), mode=resampling, antialias=antialias
    )
    scaled = scaled.round().clamp(0, 255).byte() if not antialias else scaled
    made: Picture = np.ascontiguousarray(scaled[0].permute(1, 2, 0).numpy())
    return made
