"""The features of cctv_fights that scripts of this folder compare.

`cnn`: features in the shared data (an ImageNet CNN on colours and on pictures of flow). `motion`:
made from the videos. `both`: concatenated, after the trainer's own projection, fitted on the
training snippets, has reduced the CNN's to 64 axes; with all 2560 channels of the CNN beside a few
hundred, the principal axes would be those of the CNN only.
"""

from __future__ import annotations

import hashlib
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np

from basnet_rt.features import FeatureSource, open_features
from basnet_training.config import load_config
from basnet_training.dataset import open_videos
from basnet_training.projection import InputProjection
from basnet_training.projection_fit import fit_projection
from bench import tables

DATA = tables.DATA / "cctv_fights"
RESULTS = tables.DOCS / "results.md"
WORK = tables.RUNS / "cctv_video"
SUBSETS = ("train", "test")
CNN_CHANNELS, CNN_AXES = 2560, 64
PRESETS = {
    "cnn": "cctv_fights",
    "motion": "cctv_fights_motion",
    "both": "cctv_fights_motion",
}
KINDS = tuple(PRESETS)
# Settings that the preset cannot know.
CHANGES = {
    "both": {"data.feature_dim": None, "data.feature_extractor": "motion+cnn-axes"},
}


def feature_folders(data: Path, work: Path) -> dict[str, Path]:
    """A folder with `train` and `test` for each kind; made if they do not exist."""
    work.mkdir(parents=True, exist_ok=True)
    folders = {"cnn": data / "features", "motion": work / "motion"}
    for subset in SUBSETS:
        extract(data / "videos" / subset, folders["motion"] / subset)
    folders["both"] = beside(folders, work / "both", cnn_axes(data, work / "cnn_axes.npz"))
    return folders


def extract(videos: Path, folder: Path) -> None:
    """Extract features; existing ones are kept."""
    program = [sys.executable, "-m", "basnet_rt", "extract"]
    subprocess.run([*program, str(videos), "-o", str(folder), "--json"], check=True)


def cnn_axes(data: Path, remembered: Path) -> Callable[[np.ndarray], np.ndarray]:
    """(T, 2560) to (T, 64), of unit variance in the mean; fitted once, then read."""
    if not remembered.exists():
        config = load_config(
            "cctv_fights",
            {
                "data.features": data / "features" / "train",
                "data.annotations": data / "annotations.json",
            },
        )
        layer = InputProjection(CNN_CHANNELS, CNN_AXES)
        fit_projection(layer, open_videos(config.data))
        np.savez(remembered, weight=layer.weight.numpy(), bias=layer.bias.numpy())
    stored = np.load(remembered)
    weight, bias = stored["weight"], stored["bias"]
    return lambda rows: rows @ weight.T + bias


def beside(
    folders: dict[str, Path], folder: Path, of_cnn: Callable[[np.ndarray], np.ndarray]
) -> Path:
    """`motion` and the result of `of_cnn` for the CNN's features, in one array per video."""
    for subset in SUBSETS:
        motion, cnn = (open_features(folders[kind] / subset) for kind in ("motion", "cnn"))
        (folder / subset).mkdir(parents=True, exist_ok=True)
        for name in motion.names:
            rows = [motion.read(name), of_cnn(cnn.read(name))]
            np.save(folder / subset / f"{name}.npy", np.concatenate(rows, axis=1))
    return folder


def stacked(source: FeatureSource) -> np.ndarray:
    """(N, F) of all videos, in order of their names."""
    return np.concatenate([source.read(name) for name in source.names])


def fingerprint(features: np.ndarray) -> str:
    """A digest of the values, so that networks trained on other features are not reused."""
    return hashlib.sha256(np.ascontiguousarray(features)).hexdigest()[:10]
