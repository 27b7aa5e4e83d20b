"""Parts of the training videos, held out in turn, and the output of networks without them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from basnet_rt._system.whole_file import whole
from basnet_rt.results import Detections
from basnet_training import sampling
from basnet_training.calibrate import calibrate_network
from basnet_training.config import Config
from basnet_training.heldout import HeldOut, look_at
from basnet_training.reading import TaggedVideos
from basnet_training.reading.scenes import MOST_COMPARED, balanced_parts, shared_scenes
from basnet_training.runs import load_model, renew_postprocessing

FILE = "held_out.npz"
_BEST = "best_"


def divide_folds(
    videos: TaggedVideos, twins: Sequence[Sequence[str]], folds: int
) -> list[list[int]]:
    """Indices of the videos of each part; each part has its share of every class.

    Videos with the same features are in one part. If only one video has a class, the network that
    is tested on that video does not know the class.
    """
    leader = {name: group[0] for group in twins for name in group}
    members: dict[str, list[int]] = {}
    for place, name in enumerate(videos.names):
        members.setdefault(leader.get(name, name), []).append(place)
    groups = list(members.values())
    shuffled = sampling.generator(0).permutation(len(groups)).tolist()
    parts = balanced_parts([groups[at] for at in shuffled], videos.labels, folds)
    return [part for part in parts if part]


def divided_scenes(videos: TaggedVideos, parts: Sequence[Sequence[int]]) -> float:
    """Mean over videos of the largest share of snippets that resemble a snippet of another part.

    0 for more than `MOST_COMPARED` videos, which are not compared.
    """
    if len(videos) > MOST_COMPARED:
        return 0.0
    shares = shared_scenes(videos)
    apart = np.ones(shares.shape, bool)
    for part in parts:
        apart[np.ix_(part, part)] = False
    return float(np.where(apart, shares, 0).max(axis=1).mean())


def measure_fold(
    run: Path, config: Config, trained_on: TaggedVideos, held: TaggedVideos
) -> dict[str, Any]:
    """Apply the network in `run` to the held-out videos, and write `held_out.npz` beside it.

    Args:
        config: has the post-processing.

    Returns:
        Plain values: numbers of videos and detections.
    """
    renew_postprocessing(run, config)
    model = load_model(run)
    done = calibrate_network(model.network, model.config, trained_on)
    found = look_at(model, done.calibration, held, run / "model.pt")
    _save(run / FILE, found)
    counts = [len(one) for one in found.detections.values()]
    return {"videos": len(held), "detections": sum(counts)}


def _save(path: Path, held: HeldOut) -> None:
    found = [held.detections[name] for name in held.names]
    arrays: dict[str, Any] = {
        "names": np.array(held.names, dtype=np.str_),
        "scores": held.scores,
        **{_BEST + gate: rows for gate, rows in held.best.items()},
        "counts": np.array([len(one) for one in found], np.int64),
        "labels": np.concatenate([one.labels for one in found]),
        "detection_scores": np.concatenate([one.scores for one in found]),
        "segments": np.concatenate([one.segments for one in found]),
        "mode": np.array(found[0].mode),
    }
    with whole(path) as part, part.open("wb") as file:
        np.savez(file, **arrays)


def read_folds(runs: Sequence[Path], config: Config) -> HeldOut:
    """All parts together, in the order of the parts."""
    parts = []
    for run in runs:
        with np.load(run / FILE, allow_pickle=False) as file:
            parts.append({key: file[key] for key in file.files})
    names: list[str] = []
    detections: dict[str, Detections] = {}
    for part in parts:
        names += [str(name) for name in part["names"]]
        detections.update(_detections(part, config))
    best = {
        key.removeprefix(_BEST): np.concatenate([part[key] for part in parts])
        for key in parts[0]
        if key.startswith(_BEST)
    }
    scores = np.concatenate([part["scores"] for part in parts])
    return HeldOut(tuple(names), scores, best, detections)


def _detections(part: Mapping[str, Any], config: Config) -> dict[str, Detections]:
    ends = np.cumsum(part["counts"])
    starts = ends - part["counts"]
    labels, scores, segments = part["labels"], part["detection_scores"], part["segments"]
    mode, classes = str(part["mode"]), config.data.classes
    return {
        str(name): Detections(labels[a:b], scores[a:b], segments[a:b], mode, classes)
        for name, a, b in zip(part["names"], starts.tolist(), ends.tolist(), strict=True)
    }
