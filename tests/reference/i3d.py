"""I3D's golden case by formula: input, weights, and what becomes of pictures, in NumPy."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

SIDE = 224


def golden_input(channels: int, frames: int) -> np.ndarray:
    """(1, channels, frames, 224, 224) float32, as ../shared/README.md gives it."""
    n = np.arange(channels * frames * SIDE * SIDE, dtype=np.float64)
    values = np.sin(n * 0.0137 + np.cos(n * 0.00071) * 3)
    return values.astype(np.float32).reshape(1, channels, frames, SIDE, SIDE)


def golden_weights(shapes: Mapping[str, tuple[int, ...]]) -> dict[str, np.ndarray]:
    """Each entry filled by its place in the order; the counters are zeros."""
    return {name: _filled(name, tuple(shape), i) for i, (name, shape) in enumerate(shapes.items())}


def _filled(name: str, shape: tuple[int, ...], place: int) -> np.ndarray:
    if name.endswith("num_batches_tracked"):
        return np.zeros(shape, np.int64)
    count = int(np.prod(shape))
    s = np.sin(np.arange(count) * 0.7310585 + 1.3 * place)
    if name.endswith("running_var"):
        values = 1 + 0.3 * s
    elif name.endswith("running_mean"):
        values = 0.05 * s
    elif len(shape) > 1:
        values = 2.2 / np.sqrt(count / shape[0]) * s
    elif name.endswith("bn.weight"):
        values = 1 + 0.2 * s
    else:
        values = 0.05 * s
    return values.astype(np.float32).reshape(shape)


def flow_shapes(rgb: Mapping[str, tuple[int, ...]]) -> dict[str, tuple[int, ...]]:
    """Of the flow stream, which takes 2 channels instead of 3."""
    first = "Conv3d_1a_7x7.conv3d.weight"
    return {
        name: (shape[0], 2, *shape[2:]) if name == first else tuple(shape)
        for name, shape in rgb.items()
    }


def centre(picture: np.ndarray, height: int, width: int) -> np.ndarray:
    """The middle of a picture, by dropping one row or column after the other: last, then first."""
    for axis, wanted in ((0, height), (1, width)):
        last = True
        while picture.shape[axis] > wanted:
            picture = np.delete(picture, -1 if last else 0, axis)
            last = not last
    return picture


def in_range(pixels: np.ndarray, low: float, high: float) -> np.ndarray:
    """0 .. 255 to low .. high, float64."""
    return low + (high - low) * np.asarray(pixels, np.float64) / 255


def flow_pixels(flow: np.ndarray, clip: float, eight_bit: bool) -> np.ndarray:
    """Movement in pixels on the scale 0 .. 255, float64."""
    flow = np.asarray(flow, np.float64)
    kept = np.where(flow > clip, clip, np.where(flow < -clip, -clip, flow))
    pixels = (kept / clip + 1) / 2 * 255
    return np.round(pixels) if eight_bit else pixels


def snippets(count: int, frames: int, stride: int) -> list[list[int]]:
    """Numbers of the frames of each snippet; beyond the end the last frame stays."""
    if count == 0:
        return []
    starts = [0, *(s for s in range(stride, count, stride) if s + frames <= count)]
    return [[min(start + k, count - 1) for k in range(frames)] for start in starts]
