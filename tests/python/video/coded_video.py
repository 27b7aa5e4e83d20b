"""Videos made on the spot, whose pictures carry their own number where a test can read it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np

WIDTH, HEIGHT = 64, 48
BITS = 8
TICKS = 90_000  # of the clock of the videos made here


def coded(number: int, width: int = WIDTH, height: int = HEIGHT) -> np.ndarray:
    """An RGB picture (H, W, 3): eight stripes, black or white, the lowest bit leftmost."""
    bits = [(number >> bit) & 1 for bit in range(BITS)]
    row = np.repeat(np.array(bits, np.uint8) * 255, -(-width // BITS))[:width]
    return np.broadcast_to(row[None, :, None], (height, width, 3)).copy()


def number_of(image: np.ndarray) -> int:
    """What `coded` was given, from an RGB or gray picture of any size."""
    gray = image if image.ndim == 2 else image.mean(axis=2)
    stripe = gray.shape[1] / BITS
    rows = gray[gray.shape[0] // 4 : 3 * gray.shape[0] // 4]
    means = [
        rows[:, int(stripe * (bit + 0.3)) : int(stripe * (bit + 0.7))].mean() for bit in range(BITS)
    ]
    assert all(mean < 80 or mean > 175 for mean in means), f"unclear stripes: {means}"
    return sum(1 << bit for bit, mean in enumerate(means) if mean > 127)


def write_video(
    path: Path,
    pictures: Iterable[np.ndarray],
    *,
    codec: str = "libx264",
    fps: Fraction | int = 25,
    times: Sequence[Fraction] | None = None,
    pixel_format: str = "yuv420p",
    container: str | None = None,
    container_options: dict[str, str] | None = None,
    prepare: Any = None,
    change: Any = None,
    **options: str,
) -> Path:
    """Encode RGB (or RGBA) pictures at a constant rate, or at `times` in seconds.

    Args:
        prepare: called with the stream before the first picture.
        change: called with each frame before it is encoded.
    """
    pictures = list(pictures)
    with av.open(str(path), "w", format=container, options=container_options or {}) as output:
        stream = output.add_stream(codec, rate=fps, options=options)
        height, width = pictures[0].shape[:2]
        stream.width, stream.height, stream.pix_fmt = width, height, pixel_format
        stream.codec_context.thread_count = 1
        if times is not None:
            stream.codec_context.time_base = Fraction(1, TICKS)
        if prepare is not None:
            prepare(stream)
        for index, picture in enumerate(pictures):
            kind = "rgba" if picture.shape[2] == 4 else "rgb24"
            frame = av.VideoFrame.from_ndarray(picture, kind)
            if times is None:
                frame.pts, frame.time_base = index, 1 / Fraction(fps)
            else:
                frame.pts, frame.time_base = round(times[index] * TICKS), Fraction(1, TICKS)
            if change is not None:
                frame = change(frame)
            output.mux(stream.encode(frame))
        output.mux(stream.encode(None))
    return path


def write_coded(path: Path, count: int = 50, first: int = 0, **how: Any) -> Path:
    """`count` numbered pictures; further arguments as of `write_video`."""
    size = how.pop("size", (WIDTH, HEIGHT))
    return write_video(path, [coded(first + k, *size) for k in range(count)], **how)


def lay(path: Path, xx: int, xy: int, yx: int, yy: int) -> Path:
    """Write a display matrix into an MP4: x' = xx x + yx y, y' = xy x + yy y."""
    data = bytearray(path.read_bytes())
    at = data.index(b"tkhd") + 4
    assert data[at] == 0  # version; the matrix follows 40 bytes on
    values = [xx << 16, xy << 16, 0, yx << 16, yy << 16, 0, 0, 0, 1 << 30]
    data[at + 40 : at + 76] = b"".join(one.to_bytes(4, "big", signed=True) for one in values)
    path.write_bytes(data)
    return path
