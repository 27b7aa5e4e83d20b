"""What Python computes, in the words of the C++ programs: text that reads back to the same bits."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

import basnet_rt
from install.environments import REPOSITORY


@dataclass(frozen=True)
class Video:
    """A bundle and one video's features, in memory and in the files that C++ reads."""

    bundle: Path
    features: np.ndarray  # (T, F) float32
    npy: Path
    raw: Path  # the same without a header


def in_words(found: Iterable[basnet_rt.Detection]) -> list[str]:
    return [
        f"{one.name} {one.start:.17g} {one.end:.17g} {np.float32(one.score):.9g}" for one in found
    ]


def stored_bundle(folder: Path) -> Video:
    """A small bundle of the repository's, and made features; needs neither torch nor training."""
    steps = np.random.default_rng(5).normal(size=(90, 8))
    features = np.cumsum(steps, 0).astype(np.float32) / 3
    np.save(folder / "video.npy", features)
    features.tofile(folder / "video.f32")
    bundle = REPOSITORY / "tests/data/bundles_0_1/base_only.pt"
    return Video(bundle, features, folder / "video.npy", folder / "video.f32")


def streamed(video: Video, chunk: int, engine: str = "native") -> list[str]:
    """Every final of Python's stream, in order."""
    model = basnet_rt.load(video.bundle, engine=engine)
    config = model.configure(normalisation="fixed", gate="none")
    stream, found = basnet_rt.StreamingLocalizer(model, config), []
    for start in range(0, len(video.features), chunk):
        found += in_words(stream.push(video.features[start : start + chunk]))
    return found + in_words(stream.finish())
