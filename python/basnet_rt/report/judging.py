"""How good the results are: average precision and error kinds, at every tIoU threshold."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from basnet_rt.annotations import AnnotationSet
from basnet_rt.evaluation.error_kinds import (
    DEFAULT_BACKGROUND_TIOU,
    NOTHING,
    ErrorKinds,
    error_kinds,
)
from basnet_rt.evaluation.report import Report, evaluate
from basnet_rt.results import Detections, Float32Array, Float64Array
from basnet_rt.tables.predictions import PredictionTable
from basnet_rt.tables.truth import TruthTable, truth_table

Uint8Array = npt.NDArray[np.uint8]


@dataclass(frozen=True, eq=False)
class Judgement:
    """N detections and M marked segments, judged at K tIoU thresholds.

    Attributes:
        truth: the marked segments.
        report: average precision.
        kinds: (K, N) uint8, indices into `error_kinds.KINDS`.
        percents: (K, N) uint8, whole percents of tIoU with the segment that decided the kind.
        taken_scores: (K, M) float32, score of the detection that took each marked segment; NaN
            where none did. The segment is missed among detections above that score.
    """

    truth: TruthTable
    report: Report
    kinds: Uint8Array
    percents: Uint8Array
    taken_scores: Float32Array


def judge(
    annotations: AnnotationSet,
    detections: Mapping[str, Detections],
    table: PredictionTable,
    tiou_thresholds: Sequence[float],
) -> Judgement:
    """Labels that the annotations lack are left out of AP, and are errors all the same."""
    truth = truth_table(annotations, None)
    report = evaluate(
        annotations,
        detections,
        subset=None,
        tiou_thresholds=tiou_thresholds,
        unknown_labels="ignore",
    )
    levels = [_at(truth, table, level) for level in tiou_thresholds]
    return Judgement(
        truth,
        report,
        np.stack([one.kinds for one in levels]).astype(np.uint8),
        # Rounded down: 0.4999 is not shown as the 0.50 that it failed to reach.
        np.stack([np.floor(100 * one.tious + 1e-9) for one in levels]).astype(np.uint8),
        np.stack([_scores_of(one, table.scores) for one in levels]),
    )


def _at(truth: TruthTable, table: PredictionTable, level: float) -> ErrorKinds:
    low = min(DEFAULT_BACKGROUND_TIOU, level)
    return error_kinds(truth, table, tiou_threshold=level, background_tiou=low)


def _scores_of(found: ErrorKinds, scores: Float64Array) -> Float32Array:
    """(M,) scores of the detections that took each segment."""
    with_nothing = np.append(scores, np.nan)  # row -1
    assert NOTHING == -1
    return with_nothing[found.taken_by].astype(np.float32)
