"""What Python computes, in the words of the C++ programs: text that reads back to the same bits."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

import basnet_rt


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


def streamed(video: Video, chunk: int) -> list[str]:
    """Every final of Python's stream, in order."""
    model = basnet_rt.load(video.bundle)
    config = model.configure(normalisation="fixed", gate="none")
    stream, found = basnet_rt.StreamingLocalizer(model, config), []
    for start in range(0, len(video.features), chunk):
        found += in_words(stream.push(video.features[start : start + chunk]))
    return found + in_words(stream.finish())
