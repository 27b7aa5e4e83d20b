"""Real results to convert: motion energy of the real test videos, post-processed by the core."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path

import numpy as np
import pytest

import basnet_rt
from basnet_rt.formats import (
    MarkedVideos,
    described,
    from_results,
    read_video_list,
)

RGB_CHANNELS = 1280  # come first in the features of cctv_fights; the rest is flow
CLASSES = ("Fight", "Calm & <quiet>")  # the second is made up: two classes overlap, names need care
SNIPPET_SECONDS = 0.64


@pytest.fixture(scope="session")
def cctv(shared) -> Path:
    """The folder of the data set."""
    return shared / "data/cctv_fights"


@pytest.fixture(scope="session")
def truth_file(cctv) -> Path:
    return cctv / "annotations.json"


@pytest.fixture(scope="session")
def results(cctv, truth_file) -> dict[str, basnet_rt.Detections]:
    """28 videos, their real lengths, 65 overlapping detections at most; no training needed.

    A snippet's energy is the norm of its flow features: high where people move.
    """
    database = json.loads(truth_file.read_text())["database"]
    videos = {name: entry for name, entry in database.items() if entry["subset"] == "test"}
    energy = {name: motion(cctv / f"features/test/{name}.npy") for name in videos}
    low, high = np.quantile(np.concatenate(list(energy.values())), [0.05, 0.99])
    config = basnet_rt.PostprocessConfig.continuous(
        cas_thresholds=[0.2, 0.3, 0.4, 0.5, 0.6], gate="none", min_duration=0.1,
        normalisation="fixed", fixed_lo=[0.0, 0.0], fixed_hi=[1.0, 1.0],
    )  # fmt: skip
    found = {}
    for name, entry in videos.items():
        active = (energy[name] - low) / (high - low)
        cas = np.stack([active, 1 - active], axis=1).astype(np.float32)
        one = basnet_rt.postprocess(
            cas, None, config, snippet_seconds=SNIPPET_SECONDS, duration=entry["duration"]
        )
        found[name] = dataclasses.replace(one, classes=CLASSES)
    return found


def motion(path: Path) -> np.ndarray:
    return np.linalg.norm(np.load(path)[:, RGB_CHANNELS:].astype(np.float32), axis=1)


@pytest.fixture(scope="session")
def marked(results, truth_file) -> MarkedVideos:
    """The same as marks, with durations, subsets and frame rates; one video has none."""
    provenance = {"mode": "continuous", "model": "motion", "classes": list(CLASSES)}
    known = {k: v for k, v in read_video_list(truth_file).items() if k in results}
    full = described(from_results(results, provenance), known)
    first, *_ = full.videos
    empty = dataclasses.replace(full.videos[first], marks=())
    return dataclasses.replace(full, videos={**full.videos, first: empty})


@pytest.fixture
def write(tmp_path):
    """A file of that name and content."""

    def make(name: str, content: str | bytes) -> Path:
        path = tmp_path / name
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return path

    return make
