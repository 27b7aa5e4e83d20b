"""The features of cctv_fights that the scripts beside this one compare.

`cnn`: those that lie in the shared data (an ImageNet CNN on colours and on pictures of flow).
`motion`: made of the videos here. `both`: side by side, the CNN's first reduced to 64 axes by the
trainer's own projection, fitted on the training snippets; 2560 of them beside a few hundred would
leave the principal axes to the CNN alone.
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
    """Per kind a folder with `train` and `test`; made where they are not there yet."""
    work.mkdir(parents=True, exist_ok=True)
    folders = {"cnn": data / "features", "motion": work / "motion"}
    for subset in SUBSETS:
        extract(data / "videos" / subset, folders["motion"] / subset)
    folders["both"] = beside(folders, work / "both", cnn_axes(data, work / "cnn_axes.npz"))
    return folders


def extract(videos: Path, folder: Path) -> None:
    """Work that is finished there is not done again."""
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
    """`motion` and what `of_cnn` makes of the CNN's features, in one array per video."""
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
    """Of the values: what was trained on other features is not taken for trained on these."""
    return hashlib.sha256(np.ascontiguousarray(features)).hexdigest()[:10]
