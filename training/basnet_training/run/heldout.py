"""Held-out parts in turn: every training video is seen by a network that was not trained on it."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
import torch

from basnet_rt import PostprocessConfig, postprocess
from basnet_rt._system.whole_file import whole
from basnet_rt.results import Detections
from basnet_training import sampling
from basnet_training.calibrate import calibrate
from basnet_training.confidence import Confidence, Curve, best_scores, fit_curves, suggest_threshold
from basnet_training.config import Config
from basnet_training.export import postprocess_fields
from basnet_training.reading import TaggedVideos
from basnet_training.runs import TrainedModel, load_model
from basnet_training.scripted import InferenceNetwork

Floats = npt.NDArray[np.float64]

GATES: tuple[Literal["video", "none"], ...] = ("video", "none")  # of `localize`, and of streams
FILE = "held_out.npz"


@dataclass(frozen=True)
class HeldOut:
    """What networks say of videos that they were not trained on.

    Attributes:
        names: (N,) videos.
        scores: (N, C) video scores.
        best: by gate, (N, C) score of the best detection; NaN where there is none.
        detections: by video, with the bundle's own post-processing.
    """

    names: tuple[str, ...]
    scores: Floats
    best: Mapping[str, Floats]
    detections: Mapping[str, Detections]


def divide_folds(
    videos: TaggedVideos, twins: Sequence[Sequence[str]], folds: int
) -> list[list[int]]:
    """Places of the videos of each part; each has its share of each combination of tags.

    Videos of the same features are in one part. A class that is in a single video is unknown to the
    network that is tested on it.
    """
    leader = {name: group[0] for group in twins for name in group}
    groups: dict[str, list[int]] = {}
    for place, name in enumerate(videos.names):
        groups.setdefault(leader.get(name, name), []).append(place)
    members = list(groups.values())
    shuffled = sampling.generator(0).permutation(len(members)).tolist()
    ordered = sorted(shuffled, key=lambda at: videos.labels[members[at][0]].tolist())
    return [
        sorted(place for at in ordered[fold::folds] for place in members[at])
        for fold in range(folds)
    ]


def measure_fold(
    run: Path, trained_on: TaggedVideos, held: TaggedVideos, seconds: float
) -> dict[str, Any]:
    """Apply the network in `run` to the videos held out, and leave `held_out.npz` beside it.

    Returns:
        Plain values: how many videos and detections.
    """
    model = load_model(run)
    module = InferenceNetwork(model.network, model.config.export.activation, torch.float32).eval()
    config = _postprocessing(model, module, trained_on)
    configs = {gate: dataclasses.replace(config, gate=gate) for gate in GATES}
    scores, own = [], {}
    best: dict[str, list[Any]] = {gate: [] for gate in GATES}
    for name in held.names:
        activations, video_scores = _forward(module, held, name)
        scores.append(video_scores)
        for gate, one in configs.items():
            found = postprocess(
                activations,
                video_scores,
                one,
                snippet_seconds=seconds,
                duration=held.durations.get(name),
            )
            if gate == config.gate:
                own[name] = found
            marks = {name: (found.labels.tolist(), found.scores.tolist())}
            best[gate].append(best_scores(marks, [name], len(held.classes))[0])
    _save(run / FILE, held.names, scores, best, own)
    return {"videos": len(held), "detections": sum(len(one) for one in own.values())}


def _postprocessing(
    model: TrainedModel, module: InferenceNetwork, videos: TaggedVideos
) -> PostprocessConfig:
    """That of the bundle that the network would become."""
    config = model.config
    done = calibrate(
        lambda features: module(features)[0],
        videos,
        activation=config.export.activation,
        method=config.export.calibration,
        num_segments=config.sampling.num_segments,
        shown=False,
    )
    network = config.network
    settings = {
        "score_function": network.score_function,
        "topk_divisor": network.topk_divisor,
        **config.postprocess,
    }
    return PostprocessConfig.from_dict(postprocess_fields(settings, done.calibration))


@torch.no_grad()
def _forward(
    module: InferenceNetwork, videos: TaggedVideos, name: str
) -> tuple[npt.NDArray[np.float32], npt.NDArray[np.float32]]:
    """(T, C) activations and (C,) video scores of one video at native rate."""
    features = torch.from_numpy(videos.source.read(name)).unsqueeze(0)
    activations, scores, _, _ = module(features)
    return np.ascontiguousarray(activations[0].numpy()), np.ascontiguousarray(scores[0].numpy())


def _save(
    path: Path,
    names: Sequence[str],
    scores: Sequence[Any],
    best: Mapping[str, Sequence[Any]],
    found: Mapping[str, Detections],
) -> None:
    counts = [len(found[name]) for name in names]
    arrays = {
        "names": np.array(names, dtype=np.str_),
        "scores": np.stack(scores).astype(np.float64),
        **{f"best_{gate}": np.stack(rows) for gate, rows in best.items()},
        "counts": np.array(counts, np.int64),
        "labels": np.concatenate([found[name].labels for name in names]),
        "detection_scores": np.concatenate([found[name].scores for name in names]),
        "segments": np.concatenate([found[name].segments for name in names]),
    }
    with whole(path) as part, part.open("wb") as file:
        np.savez(file, **arrays)  # type: ignore[arg-type]


def read_folds(runs: Sequence[Path], config: Config) -> HeldOut:
    """All parts together, in the order of the parts."""
    names: list[str] = []
    scores, detections = [], {}
    best: dict[str, list[Floats]] = {gate: [] for gate in GATES}
    for run in runs:
        with np.load(run / FILE, allow_pickle=False) as file:
            found = {key: file[key] for key in file.files}
        here = [str(name) for name in found["names"]]
        names += here
        scores.append(found["scores"])
        for gate in GATES:
            best[gate].append(found[f"best_{gate}"])
        detections.update(_detections(here, found, config))
    together = {gate: np.concatenate(rows) for gate, rows in best.items()}
    return HeldOut(tuple(names), np.concatenate(scores), together, detections)


def _detections(
    names: Sequence[str], found: Mapping[str, Any], config: Config
) -> dict[str, Detections]:
    ends = np.cumsum(found["counts"])
    starts = ends - found["counts"]
    mode = PostprocessConfig.from_dict(dict(config.postprocess)).mode
    labels, scores, segments = found["labels"], found["detection_scores"], found["segments"]
    return {
        name: Detections(labels[a:b], scores[a:b], segments[a:b], mode, config.data.classes)
        for name, a, b in zip(names, starts.tolist(), ends.tolist(), strict=True)
    }


def fit_confidence(held: HeldOut, videos: TaggedVideos, folds: int) -> Confidence:
    """From tags and the best detections of videos that were held out."""
    place = {name: index for index, name in enumerate(videos.names)}
    present = videos.labels[[place[name] for name in held.names]] > 0
    curves: dict[str, tuple[Curve, ...]] = {
        gate: fit_curves(held.best[gate], present) for gate in GATES
    }
    own = curves["video"]
    thresholds = tuple(
        suggest_threshold(np.where(np.isfinite(column), curve(column), np.nan), present[:, index])
        for index, (curve, column) in enumerate(zip(own, held.best["video"].T, strict=True))
    )
    return Confidence(curves, thresholds, len(held.names), folds)
