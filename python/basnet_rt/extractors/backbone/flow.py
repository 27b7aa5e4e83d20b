"""Optical flow between successive pictures, and flow as pictures."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from basnet_rt._errors import Error, InvalidValue
from basnet_rt._system.extras import from_extra
from basnet_rt.video.frames import Frame, Image

Flow = npt.NDArray[np.float32]
Picture = npt.NDArray[Any]  # uint8, or float32 on the same scale of 0 .. 255

METHODS = ("tvl1", "dis")


@dataclass(frozen=True, kw_only=True)
class FlowSettings:
    """The method of optical flow, and its form as a picture.

    Attributes:
        method: "tvl1" (Zach, Pock and Bischof 2007; package opencv-contrib-python-headless) or
            "dis" (Kroeger et al. 2016, preset medium; about fifty times as fast).
        clip: longest movement kept, in pixels of the scaled picture from one frame to the next.
        eight_bit: round to 256 levels, like flow stored in image files.

    Raises:
        ValueError: the method is unknown, or `clip` is not above 0.
    """

    method: str = "tvl1"
    clip: float = 20.0
    eight_bit: bool = False

    def __post_init__(self) -> None:
        if self.method not in METHODS:
            raise InvalidValue(f"flow method {self.method!r}: there are {', '.join(METHODS)}")
        if not 0 < self.clip < float("inf"):
            raise InvalidValue(f"flow clip: expected pixels above 0, got {self.clip}")


class FlowMaker:
    """Flow of one video, picture by picture, in order.

    Raises:
        Error: OpenCV is absent, or is the one without TV-L1.
    """

    def __init__(self, method: str) -> None:
        self._cv2 = from_extra("cv2", "video", "optical flow")
        self._engine = _engine(self._cv2, method)
        self._last: Image | None = None

    def next(self, frame: Frame) -> Flow:
        """Movement (H, W, 2) in pixels, x then y, from the previous frame to this one.

        It is zero for the first frame and for a repeated one.
        """
        before, self._last = self._last, self._gray(frame)
        if before is None or frame.repeated:
            return np.zeros((*self._last.shape, 2), np.float32)
        flow: Flow = self._engine.calc(before, self._last, None)
        return flow

    def _gray(self, frame: Frame) -> Image:
        if frame.repeated and self._last is not None:
            return self._last
        if frame.image.ndim == 2:
            return frame.image
        gray: Image = self._cv2.cvtColor(frame.image, self._cv2.COLOR_RGB2GRAY)
        return gray


def flow_picture(flow: Flow, settings: FlowSettings) -> Picture:
    """Flow (..., 2) on the scale of pictures: -clip becomes 0, no movement 127.5, clip 255.

    float32, or uint8 if `eight_bit` is set; no movement is then 128.
    """
    scaled = np.clip(flow, -settings.clip, settings.clip)
    scaled += settings.clip
    scaled *= 255 / (2 * settings.clip)
    return np.rint(scaled).astype(np.uint8) if settings.eight_bit else scaled


def check_flow_method(method: str) -> None:
    """Raise `Error` if the method's package is absent, before a video is opened."""
    _engine(from_extra("cv2", "video", "optical flow"), method)


def _engine(cv2: Any, method: str) -> Any:
    if method == "dis":
        return cv2.DISOpticalFlow_create(cv2.DISOPTICAL_FLOW_PRESET_MEDIUM)
    optflow: Any = getattr(cv2, "optflow", None)
    if not hasattr(optflow, "DualTVL1OpticalFlow_create"):
        raise Error(
            "flow method 'tvl1' needs opencv-contrib-python-headless, which replaces "
            "opencv-python-headless: pip uninstall opencv-python-headless && pip install "
            "opencv-contrib-python-headless; or choose method 'dis'"
        )
    return optflow.DualTVL1OpticalFlow_create()
