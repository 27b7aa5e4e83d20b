"""Predictions of many videos, from any form, as flat arrays."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import Any

import numpy as np
import numpy.typing as npt

from basnet_rt._errors import InvalidType, InvalidValue
from basnet_rt._system.shown import shown
from basnet_rt.results import Detections, Float64Array, Int64Array, check_detections

Records = Sequence[Mapping[str, Any]]  # {"label", "score", "segment": [start, end]}


@dataclass(frozen=True, eq=False)
class PredictionTable:
    """N predictions; the rows of a video are consecutive, in the order given.

    Attributes:
        videos, labels: distinct names.
        video_ids, label_ids: (N,) int64, into `videos` and `labels`.
        segments: (N, 2) float64 seconds; not checked here.
        scores: (N,) float64; not checked here.
    """

    videos: list[str]
    labels: list[str]
    video_ids: Int64Array
    label_ids: Int64Array
    segments: Float64Array
    scores: Float64Array

    def __len__(self) -> int:
        return len(self.scores)

    def videos_with_rows(self) -> list[str]:
        """The videos that have at least one prediction."""
        counts = np.bincount(self.video_ids, minlength=len(self.videos))
        return [video for video, count in zip(self.videos, counts, strict=True) if count]

    def place(self, row: int) -> str:
        """A row's name in messages: its video, and its index among the video's rows."""
        video = self.video_ids[row]
        entry = int(np.count_nonzero(self.video_ids[:row] == video))
        return f"video {shown(self.videos[video])}, detection {entry}"

    def select(self, keep: npt.NDArray[np.bool_]) -> PredictionTable:
        """The rows where `keep` is true."""
        return PredictionTable(
            self.videos,
            self.labels,
            self.video_ids[keep],
            self.label_ids[keep],
            self.segments[keep],
            self.scores[keep],
        )


def prediction_table(predictions: Any) -> PredictionTable:
    """The table of {video: Detections or records}, or of that under "results" (ActivityNet form).

    Raises:
        TypeError: the predictions have another form.
        ValueError: a record has a missing field or one of the wrong kind; names video and entry.
    """
    if not isinstance(predictions, Mapping):
        raise InvalidType(
            f"predictions is a {type(predictions).__name__}; it must be a path or a dictionary"
        )
    videos = predictions.get("results", predictions)
    if not isinstance(videos, Mapping):
        videos = predictions  # a video may be called "results"
    if videos and all(isinstance(one, Detections) for one in videos.values()):
        return _from_detections(videos)
    return _from_records({video: _records(video, one) for video, one in videos.items()})


def _records(video: str, value: Any) -> Records:
    if isinstance(value, Detections):
        return value.to_records()
    if not isinstance(value, (list, tuple)):
        raise InvalidValue(
            f"video {shown(video)}: expected a list of detections, got {type(value).__name__}"
        )
    return value


def _from_detections(videos: Mapping[str, Detections]) -> PredictionTable:
    ids: dict[str, int] = {}
    label_ids = []
    for video, found in videos.items():
        if found.classes is None:
            raise InvalidValue(f"video {shown(video)}: these Detections have no class names")
        check_detections(found, f"video {shown(video)}")
        of_class = [ids.setdefault(name, len(ids)) for name in found.classes]
        label_ids.append(np.asarray(of_class, np.int64)[found.labels])
    every = list(videos.values())
    return PredictionTable(
        list(videos),
        list(ids),
        _video_ids([len(one) for one in every]),
        np.concatenate(label_ids),
        np.concatenate([one.segments for one in every]).astype(np.float64, copy=False),
        np.concatenate([one.scores for one in every]).astype(np.float64),
    )


def _from_records(videos: Mapping[str, Records]) -> PredictionTable:
    rows = [record for records in videos.values() for record in records]
    try:
        labels = [row["label"] for row in rows]
        ids = {label: i for i, label in enumerate(dict.fromkeys(labels))}
        label_ids = np.fromiter(map(ids.__getitem__, labels), np.int64, len(rows))
        scores = _numbers([row["score"] for row in rows])
        segments = _segments([row["segment"] for row in rows])
    except (KeyError, TypeError, ValueError, OverflowError):
        _fail_at_first_wrong(videos)
        raise
    video_ids = _video_ids([len(records) for records in videos.values()])
    return PredictionTable(list(videos), list(ids), video_ids, label_ids, segments, scores)


def _segments(pairs: list[Any]) -> Float64Array:
    # One flat list: NumPy reads it three times faster than half a million small lists.
    if not set(map(type, pairs)) <= {list, tuple} or not set(map(len, pairs)) <= {2}:
        raise ValueError
    return _numbers(list(chain.from_iterable(pairs))).reshape(-1, 2)


def _numbers(values: list[Any]) -> Float64Array:
    if bool in set(map(type, values)):  # NumPy takes it for 1.0
        raise ValueError
    return np.array(values, np.float64)


def _video_ids(counts: list[int]) -> Int64Array:
    return np.repeat(np.arange(len(counts), dtype=np.int64), counts)


def _fail_at_first_wrong(videos: Mapping[str, Records]) -> None:
    """Raise an error that names the wrong record; slow, so only used after the fast way failed."""
    for video, records in videos.items():
        for entry, record in enumerate(records):
            problem = _problem(record)
            if problem:
                raise InvalidValue(f"video {shown(video)}, detection {entry}: {problem}")


def _problem(record: Any) -> str | None:
    if not isinstance(record, Mapping):
        return f'expected {{"label", "score", "segment"}}, got {shown(record)}'
    for name in ("label", "score", "segment"):
        if name not in record:
            return f"{name!r} is absent; a detection has label, score and segment"
    if not isinstance(record["label"], (str, int)):
        return f"the label is {shown(record['label'])}; it must be text"
    if not _all_numbers([record["score"]]):
        return f"the score is {shown(record['score'])}; it must be a number"
    segment = record["segment"]
    if not isinstance(segment, (list, tuple)) or len(segment) != 2 or not _all_numbers(segment):
        return f"the segment is {shown(segment)}; it must be [start, end] in seconds"
    return None


def _all_numbers(values: Sequence[Any]) -> bool:
    try:
        np.array(list(values), np.float64)
    except (TypeError, ValueError, OverflowError):
        return False
    return not any(isinstance(value, (list, tuple, bool)) for value in values)
