"""Videos small enough to make in every test, and what an extractor of them records.

Without torch: processes that tests start import this file.
"""

from __future__ import annotations

from pathlib import Path

import av
import numpy as np

from basnet_rt.features.extractor_spec import ExtractorSpec
from basnet_rt.video import FrameFormat

FEATURE_DIM = 4
WIDTH, HEIGHT, FPS = 48, 32, 25
SPEC = ExtractorSpec(
    name="means",
    version=1,
    feature_dim=FEATURE_DIM,
    fps=25.0,
    snippet_frames=8,
    snippet_stride=8,
    frames=FrameFormat(width=WIDTH, height=HEIGHT),
)


def make_video(path: Path, num_frames: int, seed: int = 0) -> Path:
    """Colours that come and go, with noise; constant rate."""
    rng = np.random.default_rng(seed)
    levels = rng.integers(20, 235, (num_frames // 20 + 1, 3))
    path.parent.mkdir(parents=True, exist_ok=True)
    with av.open(str(path), "w") as container:
        stream = container.add_stream("mpeg4", rate=FPS)
        stream.width, stream.height, stream.pix_fmt = WIDTH, HEIGHT, "yuv420p"
        for index in range(num_frames):
            noise = rng.integers(-15, 15, (HEIGHT, WIDTH, 3))
            image = np.clip(levels[index // 20] + noise, 0, 255).astype(np.uint8)
            container.mux(stream.encode(av.VideoFrame.from_ndarray(image, "rgb24")))
        container.mux(stream.encode(None))
    return path
