"""Writes a simulation into a folder, in the form of a real data set.

    annotations.json                  ActivityNet form, with "simulated": true, dials and seed
    features/<subset>/<video>.npy     (T, F) float16 or float32

Each file is written completely or not at all. A second run continues an interrupted one.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from basnet_rt import InvalidValue
from basnet_rt._system.whole_file import whole, write_whole

from .features import Simulation, VideoFeatures
from .timelines import Timeline

ANNOTATIONS = "annotations.json"
DTYPES = ("float16", "float32")
# Rows in memory at a time: 4 MiB of float32 at F = 2048.
CHUNK = 512


def write_dataset(
    simulation: Simulation,
    folder: str | Path,
    *,
    dtype: str = "float16",
    progress: Callable[[int], None] = lambda snippets: None,
) -> int:
    """Write every video that is not there yet.

    Args:
        folder: created if missing; may hold part of the same simulation, but nothing of another.
        dtype: dtype of the feature files, float16 or float32.
        progress: called after each video, written now or before, with its number of snippets.

    Returns:
        The number of videos that this call wrote.

    Raises:
        InvalidValue: dtype is neither of the two, a name cannot be a file name, or the folder
            holds another simulation or a real data set.
        OSError: the disk is full or not writable; complete files stay for the next run.
    """
    folder = Path(folder)
    if dtype not in DTYPES:
        raise InvalidValue(f"dtype = {dtype!r}: expected one of {', '.join(DTYPES)}")
    paths = [_feature_path(folder, timeline) for timeline in simulation.timelines]
    _claim(folder, describe(simulation, dtype))
    written = 0
    for path, video in zip(paths, simulation, strict=True):
        if not path.exists():
            _write_features(path, video, dtype)
            written += 1
        progress(len(video))
    return written


def describe(simulation: Simulation, dtype: str) -> dict[str, Any]:
    """The content of `annotations.json`."""
    return {
        "version": "simulated features, basnet_training.simulate",
        "simulated": True,
        "simulation": {
            "seed": simulation.seed,
            "dtype": dtype,
            "vocabulary": hashlib.sha256(simulation.vocabulary.rows.tobytes()).hexdigest(),
            "dials": simulation.config.to_dict(),
        },
        "taxonomy": [{"nodeName": name} for name in simulation.classes],
        "database": {t.video: _entry(t, simulation.config.fps) for t in simulation.timelines},
    }


def _entry(timeline: Timeline, fps: float) -> dict[str, Any]:
    return {
        "subset": timeline.subset,
        "duration": timeline.duration,
        "fps": fps,
        "simulated": True,
        "annotations": [
            {"label": one.label, "segment": [one.start, one.end]} for one in timeline.instances
        ],
    }


def _feature_path(folder: Path, timeline: Timeline) -> Path:
    for name in (timeline.subset, timeline.video):
        if not name or name.startswith(".") or Path(name).name != name:
            raise InvalidValue(f"{name!r} cannot be a file name: a video or subset must be one")
    return folder / "features" / timeline.subset / f"{timeline.video}.npy"


def _claim(folder: Path, content: dict[str, Any]) -> None:
    """Write the annotations, or check that the folder has the same ones.

    Without the check, the folder could mix features of two simulations.
    """
    path = folder / ANNOTATIONS
    text = json.dumps(content, indent=1, allow_nan=False) + "\n"
    if path.exists():
        if path.read_text(encoding="utf-8") != text:
            raise InvalidValue(
                f"{path}: holds other data (seed, dials, timelines or dtype differ);"
                " expected an empty folder or the same simulation"
            )
        return
    if (folder / "features").exists():
        raise InvalidValue(f"{folder}: has features but no {ANNOTATIONS}; expected an empty folder")
    write_whole(path, [text])


def _write_features(path: Path, video: VideoFeatures, dtype: str) -> None:
    # Written as a stream, not through a memory map: a full disk is then an error, not a signal.
    header = {"descr": np.dtype(dtype).str, "fortran_order": False, "shape": video.shape}
    with whole(path) as part, part.open("wb") as file:
        np.lib.format.write_array_header_1_0(file, header)
        for chunk in video.chunks(CHUNK):
            file.write(chunk.astype(dtype).tobytes())
