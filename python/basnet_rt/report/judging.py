"""The quality of results: average precision and error kinds, at every tIoU threshold."""

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
from basnet_rt.results import Detections
from basnet_rt.tables.predictions import PredictionTable
from basnet_rt.tables.truth import TruthTable, truth_table

Uint8Array = npt.NDArray[np.uint8]
Int32Array = npt.NDArray[np.int32]
Bools = npt.NDArray[np.bool_]

NO_KIND = 255  # for a detection that is not evaluated


@dataclass(frozen=True, eq=False)
class Kinds:
    """Kinds of errors at K thresholds.

    Attributes:
        kinds: (K, N) uint8, indices into `error_kinds.KINDS`, or `NO_KIND`.
        percents: (K, N) uint8, whole percents of tIoU with the segment that decided the kind.
        taken_by: (K, M) int32, the detection matched with each marked segment, or -1. If that
            detection is not shown, the segment is missed.
    """

    kinds: Uint8Array
    percents: Uint8Array
    taken_by: Int32Array


@dataclass(frozen=True, eq=False)
class Judgement:
    """N detections and M marked segments, evaluated at K tIoU thresholds.

    Attributes:
        truth: the marked segments.
        report: average precision, of all detections.
        every: kinds among all detections.
        events: kinds among events only: other detections are not matched with segments.
    """

    truth: TruthTable
    report: Report
    every: Kinds
    events: Kinds


def judge(
    annotations: AnnotationSet,
    detections: Mapping[str, Detections],
    table: PredictionTable,
    events: Bools,
    tiou_thresholds: Sequence[float],
) -> Judgement:
    """Evaluate; labels that are not in the annotations are left out of AP, but count as errors."""
    truth = truth_table(annotations, None)
    report = evaluate(
        annotations,
        detections,
        subset=None,
        tiou_thresholds=tiou_thresholds,
        unknown_labels="ignore",
    )
    everything = np.ones(len(table), np.bool_)
    return Judgement(
        truth,
        report,
        _kinds(truth, table, everything, tiou_thresholds),
        _kinds(truth, table, events, tiou_thresholds),
    )


def _kinds(
    truth: TruthTable, table: PredictionTable, chosen: Bools, tiou_thresholds: Sequence[float]
) -> Kinds:
    """Kinds among the chosen detections only."""
    part, rows = table.select(chosen), np.append(np.flatnonzero(chosen), NOTHING)
    assert NOTHING == -1  # the last entry
    levels = [_at(truth, part, level) for level in tiou_thresholds]
    kinds = np.full((len(levels), len(table)), NO_KIND, np.uint8)
    percents = np.zeros(kinds.shape, np.uint8)
    for k, one in enumerate(levels):
        kinds[k, chosen] = one.kinds
        # Rounded down, so that 0.4999 is not shown as 0.50.
        percents[k, chosen] = np.floor(100 * one.tious + 1e-9)
    taken = np.stack([rows[one.taken_by] for one in levels]).astype(np.int32)
    return Kinds(kinds, percents, taken)


def _at(truth: TruthTable, table: PredictionTable, level: float) -> ErrorKinds:
    low = min(DEFAULT_BACKGROUND_TIOU, level)
    return error_kinds(truth, table, tiou_threshold=level, background_tiou=low)
