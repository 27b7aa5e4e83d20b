"""The header of a video."""

from __future__ import annotations

import os
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from basnet_rt.video.choosing import video_stream
from basnet_rt.video.opening import open_container
from basnet_rt.video.shape import Orientation, square_size

DEFAULT_RATE = Fraction(25)  # for pictures without timestamps in a file without a rate
HIGHEST_RATE = 1000  # a higher "rate" is that of the clock
_HDR = {16: "PQ", 18: "HLG"}  # transfer curves as ITU-T H.273 numbers them
LOWEST_RATE = Fraction(1, 600)  # a lower one is a broken header, and would fill hours


@dataclass(frozen=True, kw_only=True)
class VideoInfo:
    """The header of a video; only decoding shows whether it is true.

    Attributes:
        duration: seconds; None if the header has none (pipes, broken files).
        fps: mean pictures per second, exact; None if unknown.
        width, height: of the shown pictures: upright, with square pixels.
        start: first timestamp in seconds, on the file's own clock: from `probe` that of the first
            decoded picture, else that of the header.
        offset: seconds from the container's start to it, as players count.
        rotation: degrees counter-clockwise by which the file's pictures must be turned.
        codec, pixel_format, container: names in libav*.
        live: whether the source seems to have no end.
    """

    duration: float | None
    fps: Fraction | None
    width: int
    height: int
    start: float
    rotation: int
    codec: str
    pixel_format: str | None
    container: str
    live: bool = False
    offset: float = 0.0


def probe(source: str | os.PathLike[str]) -> VideoInfo:
    """Open a file or an address and read its header, and its first picture for the rotation.

    Raises:
        VideoError: it cannot be opened, or has no video.
    """
    with open_container(source) as container:
        stream = video_stream(container, source)
        return describe(container, stream, first_picture(container, stream))


def describe(container: Any, stream: Any, picture: Any) -> VideoInfo:
    """`VideoInfo` of an open container, and of its first picture or None."""
    context = stream.codec_context
    square = square_size(context.width, context.height, stream.sample_aspect_ratio)
    width, height = Orientation.of(picture).size(*square)
    first = getattr(picture, "pts", None) if picture is not None else stream.start_time
    start, begin = float((first or 0) * stream.time_base), start_of(container)
    return VideoInfo(
        duration=_duration(container, stream),
        fps=frame_rate(stream),
        width=width,
        height=height,
        start=start,
        rotation=0 if picture is None else round(picture.rotation) % 360,
        codec=context.name,
        pixel_format=context.pix_fmt,
        container=container.format.name,
        offset=0.0 if begin is None or first is None else max(0.0, start - begin),
    )


def start_of(container: Any) -> float | None:
    """The earliest timestamp of all streams in seconds, if the header has it."""
    return None if container.start_time is None else container.start_time / 1e6


def frame_rate(stream: Any) -> Fraction | None:
    """The mean rate of the header if it is plausible, else the most likely one."""
    for name in ("average_rate", "guessed_rate", "base_rate"):
        rate = getattr(stream, name, None)
        if rate and LOWEST_RATE <= rate <= HIGHEST_RATE:
            return Fraction(rate)
    return None


def range_remarks(picture: Any, stream: Any) -> list[str]:
    """The remark for pictures of high dynamic range."""
    curve = _HDR.get(int(getattr(picture, "color_trc", 0) or stream.codec_context.color_trc or 0))
    if curve is None:
        return []
    return [f"is HDR ({curve}) and is read without tone mapping: colours look paler than in SDR"]


def first_picture(container: Any, stream: Any) -> Any:
    """The first picture that can be decoded, or None."""
    from basnet_rt.video.packets import DecodedPictures

    return next(iter(DecodedPictures(container, stream, threads=1)), None)


def _duration(container: Any, stream: Any) -> float | None:
    if stream.duration:
        return float(stream.duration * stream.time_base)
    if container.duration and container.duration > 0:
        return float(Fraction(container.duration, 1_000_000))
    return None
