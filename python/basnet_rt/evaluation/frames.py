"""AUC and AP of frames: how well activations separate frames of a class from all others."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from basnet_rt._errors import InvalidType, InvalidValue
from basnet_rt._system.arguments import as_number, check_unmasked
from basnet_rt.activation_files import ActivationFolder, Activations
from basnet_rt.annotations import AnnotationSet, Segment, VideoAnnotation
from basnet_rt.evaluation.reading import check_labels_to_ignore
from basnet_rt.results import Float64Array
from basnet_rt.tables.truth import annotations_of

GroundTruth = str | Path | Mapping[str, Any] | AnnotationSet


@dataclass(frozen=True, eq=False)
class FrameMetrics:
    """AUC and AP of activations over snippets, all videos of the subset together.

    Attributes:
        labels: the L classes of the activations that have a marked segment in the subset.
        auc: (L,) area under the ROC curve.
        ap: (L,) average precision: sum of precision times the step in recall, over distinct scores.
        chance: (L,) the marked share of the time, which is the AP of random scores.
        num_videos: in the subset.
        seconds: evaluated time of video.
    """

    labels: list[str]
    auc: Float64Array
    ap: Float64Array
    chance: Float64Array
    num_videos: int
    seconds: float

    @property
    def mean_auc(self) -> float:
        """Mean over `labels`."""
        return float(self.auc.mean())

    @property
    def mean_ap(self) -> float:
        """Mean over `labels`."""
        return float(self.ap.mean())

    def to_dict(self) -> dict[str, Any]:
        """Plain values, fit for JSON."""
        return {
            "mean_auc": self.mean_auc,
            "mean_ap": self.mean_ap,
            "auc": dict(zip(self.labels, self.auc.tolist(), strict=True)),
            "ap": dict(zip(self.labels, self.ap.tolist(), strict=True)),
            "chance": dict(zip(self.labels, self.chance.tolist(), strict=True)),
            "num_videos": self.num_videos,
            "seconds": self.seconds,
        }


def frame_metrics(
    ground_truth: GroundTruth,
    activations: str | Path | ActivationFolder | Mapping[str, Any],
    *,
    subset: str | None,
    classes: Sequence[str] | None = None,
    snippet_seconds: float | None = None,
    ignore_labels: Sequence[str] = (),
) -> FrameMetrics:
    """Score activations frame by frame, as video anomaly detection reports it.

    A snippet's activation holds from its start to the start of the next one. Time is weighted by
    its length, so no frame rate is needed: if a third of a snippet is marked, one third of its time
    is positive and two thirds are negative.

    Args:
        ground_truth: a path or a dictionary in ActivityNet form, or an `AnnotationSet`.
        activations: of every video of the subset: a folder that `localize --save-activations`
            wrote, or a dictionary from video to `Activations` or to a (T, C) array.
        subset: such as "test"; None takes every video of the ground truth.
        classes: names of an array's C columns; None: the classes of the annotations, sorted.
        snippet_seconds: of an array's rows; None: the video's duration / T.
        ignore_labels: time marked with these labels is left out.

    Raises:
        ValueError: a video has no activations, the videos differ in classes, or no class has both
            marked and unmarked time.
        TypeError: `activations` has another kind.

    Source: AUC and AP of frames as in Sultani, Chen and Shah (CVPR 2018) and Wu et al. (ECCV 2020).
    """
    truth = annotations_of(ground_truth, subset)
    if not truth.videos:
        raise InvalidValue(f"subset {subset!r} has no video; there is nothing to evaluate")
    about = _Arrays(tuple(classes or truth.classes), _checked_seconds(snippet_seconds))
    found = {name: _rows_of(activations, video, about) for name, video in truth.videos.items()}
    classes = _classes(found)
    check_labels_to_ignore(ignore_labels, {*truth.classes, *classes}, "activations")
    scores = np.concatenate([one.values for one in found.values()])
    lengths, marked = _marked_time(truth, found, classes, ignore_labels)
    rows = [k for k, name in enumerate(classes) if marked[:, k].sum() > 0]
    if not rows:
        raise InvalidValue(
            f"no class of the activations is marked in the subset: they have {list(classes)[:5]}, "
            f"the annotations {list(truth.classes)[:5]}"
        )
    curves = [_auc_and_ap(scores[:, k], marked[:, k], lengths - marked[:, k]) for k in rows]
    auc, ap = (np.array(column) for column in zip(*curves, strict=True))
    total = float(lengths.sum())
    chance = np.array([marked[:, k].sum() / total for k in rows])
    return FrameMetrics([classes[k] for k in rows], auc, ap, chance, len(found), total)


@dataclass(frozen=True, eq=False)
class _Rows:
    """One video's activations (T, C), and what their columns and their time are."""

    values: Float64Array
    snippet_seconds: float
    classes: tuple[str, ...]


@dataclass(frozen=True)
class _Arrays:
    """Lengths and classes of activations that come as arrays."""

    classes: tuple[str, ...]
    snippet_seconds: float | None

    def named(self, values: Any, video: VideoAnnotation) -> _Rows:
        where = f"activations[{video.name!r}]"
        check_unmasked(values, where)
        rows = np.asarray(values)
        if rows.ndim != 2 or not len(rows) or rows.dtype.kind not in "fiu":
            raise InvalidType(f"{where} must be Activations or an array of numbers (T, C), T >= 1")
        if rows.shape[1] != len(self.classes):
            raise InvalidValue(
                f"{where} has {rows.shape[1]} columns for {len(self.classes)} classes; name the "
                "columns by `classes`"
            )
        seconds = self.snippet_seconds
        if seconds is None and video.duration is not None:
            seconds = video.duration / len(rows)
        if seconds is None:
            raise InvalidValue(
                f"{where}: the time of a row is not known, since the annotations have no duration; "
                "give `snippet_seconds`"
            )
        if not np.isfinite(rows).all():
            raise InvalidValue(f"{where} has NaN or Inf; activations must be finite")
        return _Rows(rows.astype(np.float64), seconds, self.classes)


def _checked_seconds(value: Any) -> float | None:
    if value is None:
        return None
    seconds = as_number(value, "snippet_seconds")
    if not 0 < seconds < math.inf:
        raise InvalidValue(f"snippet_seconds is {value}; it must be finite and > 0 seconds")
    return seconds


def _rows_of(given: Any, video: VideoAnnotation, about: _Arrays) -> _Rows:
    one: Any
    if isinstance(given, (str, Path)):
        given = ActivationFolder(given)
    if isinstance(given, ActivationFolder):
        one = given.read(video.name)
    elif not isinstance(given, Mapping):
        raise InvalidType(
            f"activations is a {type(given).__name__}; it must be a folder or a dictionary from "
            "video to Activations"
        )
    elif video.name not in given:
        raise InvalidValue(
            f"video {video.name!r} has no activations; they are there for {list(given)[:3]}"
        )
    else:
        one = given[video.name]
    if not isinstance(one, Activations):
        return about.named(one, video)
    return _Rows(one.activations.astype(np.float64), one.snippet_seconds, one.classes)


def _classes(found: Mapping[str, _Rows]) -> tuple[str, ...]:
    first, *_ = found
    for video, one in found.items():
        if one.classes != found[first].classes:
            raise InvalidValue(
                f"videos {first!r} and {video!r} have activations of other classes; all must come "
                "from one model"
            )
    return found[first].classes


def _marked_time(
    truth: AnnotationSet,
    found: Mapping[str, _Rows],
    classes: Sequence[str],
    ignore_labels: Sequence[str],
) -> tuple[Float64Array, Float64Array]:
    """Seconds of every snippet that count (N,), and how many are marked as each class (N, C)."""
    lengths, marked = [], []
    for name, one in found.items():
        video = truth.videos[name]
        edges = _edges(video, one)
        left_out = [one for one in video.segments if one.label in ignore_labels]
        ignored = _covered(edges, left_out)
        lengths.append(np.diff(edges) - ignored)
        # Where a class and an ignored label are both marked, the time is ignored.
        own = [
            _covered(edges, left_out + [one for one in video.segments if one.label == c]) - ignored
            for c in classes
        ]
        marked.append(np.clip(np.stack(own, axis=1), 0.0, lengths[-1][:, None]))
    return np.concatenate(lengths), np.concatenate(marked)


def _edges(video: VideoAnnotation, one: _Rows) -> Float64Array:
    """Borders of the snippets in seconds (T + 1,), cut at the video's end where that is known."""
    edges = np.arange(len(one.values) + 1) * one.snippet_seconds
    end = math.inf if video.duration is None else video.duration
    cut: Float64Array = np.minimum(edges, end)
    return cut


def _covered(edges: Float64Array, segments: Sequence[Segment]) -> Float64Array:
    """Seconds of each interval between edges that the union of the segments covers."""
    covered = np.zeros(len(edges) - 1)
    reached = -math.inf
    for one in sorted(segments, key=lambda segment: segment.start):
        start, reached = max(one.start, reached), max(one.end, reached)
        inside = np.minimum(edges[1:], reached) - np.maximum(edges[:-1], start)
        covered += np.clip(inside, 0.0, None)
    return covered


def _auc_and_ap(
    scores: Float64Array, positive: Float64Array, negative: Float64Array
) -> tuple[float, float]:
    """AUC and AP of weighted samples; equal scores are one step of either curve."""
    order = np.argsort(-scores, kind="stable")
    last = np.append(np.flatnonzero(np.diff(scores[order])), len(scores) - 1)
    hits = np.append(0.0, np.cumsum(positive[order])[last])
    misses = np.append(0.0, np.cumsum(negative[order])[last])
    if misses[-1] <= 0:
        raise InvalidValue("all of the time is marked; AUC needs time without the class")
    area = np.sum(np.diff(misses) * (hits[1:] + hits[:-1])) / 2
    precision = hits[1:] / np.maximum(hits[1:] + misses[1:], np.finfo(float).tiny)
    ap = np.sum(np.diff(hits) * precision) / hits[-1]
    return float(area / (hits[-1] * misses[-1])), float(ap)
