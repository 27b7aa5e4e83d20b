"""Chance level of the average mAP: the same evaluation for random detections."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

import numpy as np

from basnet_rt.annotations import AnnotationSet, VideoAnnotation
from basnet_rt.evaluation.report import evaluate
from basnet_rt.results import Detections


@dataclass(frozen=True, kw_only=True)
class Chance:
    """Average mAP, in [0, 1], of detections made without skill.

    Attributes:
        random: as many detections in each video as the model's, with the same lengths and scores,
            but with random classes at random places. Mean over `draws`.
        random_place: the model's detections, each moved to a random place in its video; the
            classes stay the model's. Mean over `draws`.
        whole_video: one detection over the whole video for each of its true tags.
        draws: number of random repetitions.
    """

    random: float
    random_place: float
    whole_video: float
    draws: int

    def to_dict(self) -> dict[str, Any]:
        return asdict(self)


def chance_levels(
    truth: AnnotationSet,
    found: Mapping[str, Detections],
    tiou_thresholds: Sequence[float],
    *,
    draws: int = 200,
    seed: int = 0,
) -> Chance:
    """Score detections that need no skill.

    Args:
        truth: annotations of the subset; every video has a duration.
        found: detections with class names, by name of a video in `truth`.
    """
    random = np.random.default_rng(seed)
    anything, moved = [], []
    for _ in range(draws):
        places = {name: _moved(random, one, truth.videos[name]) for name, one in found.items()}
        moved.append(_score(truth, places, tiou_thresholds))
        guesses = {name: _relabelled(random, one) for name, one in places.items()}
        anything.append(_score(truth, guesses, tiou_thresholds))
    whole = {name: _whole(video) for name, video in truth.videos.items()}
    return Chance(
        random=float(np.mean(anything)),
        random_place=float(np.mean(moved)),
        whole_video=_score(truth, whole, tiou_thresholds),
        draws=draws,
    )


def _moved(random: np.random.Generator, found: Detections, video: VideoAnnotation) -> Detections:
    """Move each detection to a random place inside the video; its length stays."""
    assert video.duration is not None
    lengths = found.segments[:, 1] - found.segments[:, 0]
    starts = random.random(len(found)) * np.maximum(video.duration - lengths, 0)
    return replace(found, segments=np.column_stack([starts, starts + lengths]))


def _relabelled(random: np.random.Generator, found: Detections) -> Detections:
    assert found.classes is not None
    return replace(found, labels=random.integers(0, len(found.classes), len(found)))


def _whole(video: VideoAnnotation) -> Detections:
    assert video.duration is not None
    count = len(video.tags)
    return Detections(
        labels=np.arange(count),
        scores=np.ones(count, np.float32),
        segments=np.tile([0.0, video.duration], (count, 1)),
        classes=video.tags,
    )


def _score(
    truth: AnnotationSet, found: Mapping[str, Detections], tiou_thresholds: Sequence[float]
) -> float:
    # A drawn class may be one that a small subset does not have.
    report = evaluate(
        truth,
        found,
        subset=None,
        tiou_thresholds=tiou_thresholds,
        unknown_labels="ignore",
        num_threads=1,
    )
    return report.average_map
