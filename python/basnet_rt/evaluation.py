"""Mean average precision of predicted segments."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np

from basnet_rt._errors import InvalidType, InvalidValue
from basnet_rt._json_file import read_json
from basnet_rt._prediction_table import PredictionTable, prediction_table
from basnet_rt._truth_table import TruthTable, truth_table
from basnet_rt.annotations import AnnotationSet
from basnet_rt.results import Detections, Float64Array

GroundTruth = str | Path | Mapping[str, Any] | AnnotationSet
Predictions = str | Path | Mapping[str, Any] | Mapping[str, Detections]

DEFAULT_TIOU_THRESHOLDS = tuple(k / 10 for k in range(1, 10))


@dataclass(frozen=True, eq=False)
class Report:
    """How well predictions agree with marked segments; precisions are in [0, 1].

    Attributes:
        tiou_thresholds: (K,) as asked for.
        map: (K,) mean AP over `labels`.
        average_map: mean of `map`.
        ap: (L, K) average precision per label and threshold.
        labels: the L labels that the ground truth of the subset has, sorted.
        num_videos, num_truths: in the subset.
        num_detections: that were looked at.
        num_outside: videos with predictions that are not in the subset.
    """

    tiou_thresholds: Float64Array
    map: Float64Array
    average_map: float
    ap: Float64Array
    labels: list[str]
    num_videos: int
    num_truths: int
    num_detections: int
    num_outside: int

    def to_dict(self) -> dict[str, Any]:
        """Plain values, fit for JSON."""
        return {
            "tiou_thresholds": self.tiou_thresholds.tolist(),
            "map": self.map.tolist(),
            "average_map": self.average_map,
            "ap": dict(zip(self.labels, self.ap.tolist(), strict=True)),
            "num_videos": self.num_videos,
            "num_truths": self.num_truths,
            "num_detections": self.num_detections,
            "num_outside": self.num_outside,
        }


def evaluate(
    ground_truth: GroundTruth,
    predictions: Predictions,
    *,
    subset: str | None,
    tiou_thresholds: float | Iterable[float] = DEFAULT_TIOU_THRESHOLDS,
    unknown_labels: Literal["error", "ignore"] = "error",
    other_videos: Literal["false_positive", "ignore", "error"] = "false_positive",
    num_threads: int = 0,
) -> Report:
    """Score predicted segments against marked ones, as the ActivityNet challenge does.

    Per class, predictions by falling score (equal ones in the order given) each take the free
    segment of their video with the highest tIoU of at least the threshold; AP is the area under
    the precision envelope, and mAP its mean over the classes that the subset's ground truth has.

    Args:
        ground_truth: a path or a dictionary in ActivityNet form, or an `AnnotationSet`.
        predictions: a results file (`.json` in ActivityNet form, or our `.csv`), its content, or a
            dictionary from video to `Detections` with class names.
        subset: such as "test"; None takes every video of the ground truth.
        tiou_thresholds: each in (0, 1]. The default, 0.1, 0.2 .. 0.9, is THUMOS'14's; ActivityNet
            is reported at 0.5, 0.55 .. 0.95.
        unknown_labels: what to do with predictions of a label that the subset's ground truth does
            not have. "error" by default: a misspelt label would only look like a low mAP.
        other_videos: what to do with predictions in videos outside the subset. They count as false
            positives by default, as in the released evaluator, since a ground-truth file may leave
            out videos without any action; `Report.num_outside` says how many videos.
        num_threads: 0 for one per core. No effect on the result.

    Returns:
        AP per class and threshold, and the means.

    Raises:
        ValueError: a file is absent or not JSON, the subset is absent or has no segments, or an
            entry is wrong (NaN, an end before its start, no number); names video and entry.
        TypeError: an argument has the wrong kind.

    Source: ANETdetection of the ActivityNet challenge, as released with BaS-Net.
    """
    _check_choice("unknown_labels", unknown_labels, ("error", "ignore"))
    _check_choice("other_videos", other_videos, ("false_positive", "ignore", "error"))
    levels = _levels(tiou_thresholds)
    truth = truth_table(ground_truth, subset)
    table = prediction_table(_content(predictions))
    outside = [video for video in table.videos_with_rows() if video not in truth.videos]
    table = _without_other_videos(table, truth, outside, other_videos)
    table = _without_unknown_labels(table, truth, unknown_labels)
    ap, mean_ap, average = truth.score(table, levels, num_threads)
    counts = (len(truth.videos), len(truth), len(table), len(outside))
    return Report(np.asarray(levels), mean_ap, average, ap, list(truth.labels), *counts)


def _content(predictions: Any) -> Any:
    if not isinstance(predictions, (str, Path)):
        return predictions
    if Path(predictions).suffix == ".csv":
        from basnet_rt.result_files import read_results

        return read_results(predictions).detections
    content = read_json(predictions)
    if not isinstance(content, dict) or not isinstance(content.get("results"), dict):
        raise InvalidValue(f'{predictions}: expected an object with "results"')
    return content


def _without_other_videos(
    table: PredictionTable, truth: TruthTable, outside: list[str], choice: str
) -> PredictionTable:
    if not outside or choice == "false_positive":
        return table
    if choice == "error":
        raise InvalidValue(
            f"{len(outside)} videos with predictions are not in the subset, such as {outside[:3]}"
        )
    inside = np.array([video in truth.videos for video in table.videos])
    return table.select(inside[table.video_ids])


def _without_unknown_labels(
    table: PredictionTable, truth: TruthTable, choice: str
) -> PredictionTable:
    unknown = np.array([label not in truth.labels for label in table.labels], np.bool_)
    rows = unknown[table.label_ids]
    if not rows.any():
        return table
    if choice == "ignore":
        return table.select(~rows)
    row = int(np.argmax(rows))
    label = table.labels[table.label_ids[row]]
    near = difflib.get_close_matches(str(label), truth.labels, n=3) or list(truth.labels)[:5]
    raise InvalidValue(
        f"{table.place(row)}: label {label!r} is not in the ground truth of the subset, which has "
        f'{len(truth.labels)}, such as {near}; unknown_labels="ignore" leaves such rows out'
    )


def _levels(tiou_thresholds: Any) -> list[float]:
    many = isinstance(tiou_thresholds, Iterable)
    try:
        if isinstance(tiou_thresholds, str):
            raise TypeError
        return [float(level) for level in (tiou_thresholds if many else [tiou_thresholds])]
    except (TypeError, ValueError) as error:
        raise InvalidType(
            f"tiou_thresholds is {tiou_thresholds!r}; it must be a number or a list of numbers"
        ) from error


def _check_choice(name: str, value: Any, allowed: Sequence[str]) -> None:
    if value not in allowed:
        raise InvalidValue(f"{name} is {value!r}; it must be one of {', '.join(allowed)}")
