"""Frames made by formula: a smooth pattern that moves, and its colours."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from basnet_rt.video.frames import Frame


def moving(
    count: int, height: int = 256, width: int = 341, step: tuple[float, float] = (2.0, 1.0)
) -> list[Frame]:
    """A pattern that moves by `step` pixels (x, y) from frame to frame; three colours."""
    y, x = np.mgrid[0:height, 0:width].astype(np.float64)
    frames = []
    for k in range(count):
        u, v = x - k * step[0], y - k * step[1]
        waves = [
            np.sin(u / 9 + np.cos(v / 13)),
            np.sin(v / 11 + 1.3 * np.cos(u / 17)),
            np.sin((u + v) / 15),
        ]
        image = np.stack([127 + 120 * wave for wave in waves], axis=-1)
        frames.append(Frame(k, k / 25, k / 25, image.astype(np.uint8)))
    return frames


def run(extractor, frames: Iterable[Frame]) -> np.ndarray:
    """All rows of one session."""
    session = extractor.start()
    rows = [session.push(session.prepare(frame)) for frame in frames]
    return np.concatenate([*rows, session.finish()])
