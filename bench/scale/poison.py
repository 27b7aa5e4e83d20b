"""Small videos for a cluster, one of which kills every process that decodes it."""

from __future__ import annotations

import os
import signal
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import av
import numpy as np

from basnet_rt.extractors.motion import MotionExtractor
from basnet_rt.extractors.running.video_files import VideoFile

WHITE = 250  # a frame with this mean kills; no other video has one
WIDTH, HEIGHT, FPS = 64, 48, 25


@dataclass(frozen=True)
class PoisonedRecipe:
    """Of extractor `motion`, whose process ends by SIGKILL at a white frame."""

    def make(self) -> PoisonedExtractor:
        return PoisonedExtractor()


class PoisonedExtractor:
    """`motion`, with the same record and the same features."""

    def __init__(self) -> None:
        self._inner = MotionExtractor()
        self.spec = self._inner.spec

    def start(self) -> Any:
        return _PoisonedSession(self._inner.start())


class _PoisonedSession:
    def __init__(self, inner: Any) -> None:
        self._inner = inner
        self.push, self.finish = inner.push, inner.finish

    def prepare(self, frame: Any) -> Any:
        if np.asarray(frame.image).mean() > WHITE:
            os.kill(os.getpid(), signal.SIGKILL)
        return self._inner.prepare(frame)


def make_videos(folder: Path, lengths: Sequence[int], poisoned: int | None) -> list[VideoFile]:
    """Videos of so many frames each; `poisoned`: which one is white in the middle."""
    return [
        VideoFile(f"v{i:03d}", str(make_video(folder / f"v{i:03d}.mp4", frames, i, i == poisoned)))
        for i, frames in enumerate(lengths)
    ]


def make_video(path: Path, num_frames: int, seed: int, white: bool) -> Path:
    """A bright square on noise, that goes about."""
    rng = np.random.default_rng(seed)
    noise = rng.integers(40, 90, (HEIGHT, WIDTH, 3), np.uint8)
    path.parent.mkdir(parents=True, exist_ok=True)
    with av.open(str(path), "w") as container:
        stream = container.add_stream("mpeg4", rate=FPS)
        stream.width, stream.height, stream.pix_fmt = WIDTH, HEIGHT, "yuv420p"
        for index in range(num_frames):
            image = noise.copy()
            row, column = (index * (1 + seed % 3)) % (HEIGHT - 12), (index * 2) % (WIDTH - 12)
            image[row : row + 12, column : column + 12] = 220
            if white and index == num_frames // 2:
                image[:] = 255
            container.mux(stream.encode(av.VideoFrame.from_ndarray(image, "rgb24")))
        container.mux(stream.encode(None))
    return path
