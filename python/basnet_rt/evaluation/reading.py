"""Reads the input of an evaluation: files or objects become checked tables."""

from __future__ import annotations

import difflib
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from basnet_rt._errors import InvalidValue
from basnet_rt._system.json_file import read_json
from basnet_rt.evaluation.inputs import EvaluationInput
from basnet_rt.formats.result_files import read_results
from basnet_rt.tables.predictions import PredictionTable, prediction_table
from basnet_rt.tables.truth import TruthTable, truth_table

UNKNOWN_LABELS = ("error", "ignore")
OTHER_VIDEOS = ("false_positive", "ignore", "error")


def evaluation_input(
    ground_truth: Any,
    predictions: Any,
    subset: str | None,
    unknown_labels: str = "error",
    other_videos: str = "false_positive",
) -> EvaluationInput:
    """Read and check both; arguments and errors are those of `evaluate`.

    Args:
        ground_truth: may also be a `TruthTable` that was made before.
    """
    _check_choice("unknown_labels", unknown_labels, UNKNOWN_LABELS)
    _check_choice("other_videos", other_videos, OTHER_VIDEOS)
    known = isinstance(ground_truth, TruthTable)
    truth = ground_truth if known else truth_table(ground_truth, subset)
    table = prediction_table(_content(predictions))
    outside = [video for video in table.videos_with_rows() if video not in truth.videos]
    table = _without_other_videos(table, truth, outside, other_videos)
    table = _without_unknown_labels(table, truth, unknown_labels)
    return EvaluationInput(truth, table, outside)


def _content(predictions: Any) -> Any:
    if not isinstance(predictions, (str, Path)):
        return predictions
    if Path(predictions).suffix == ".csv":
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


def _check_choice(name: str, value: Any, allowed: Sequence[str]) -> None:
    if value not in allowed:
        raise InvalidValue(f"{name} is {value!r}; it must be one of {', '.join(allowed)}")
