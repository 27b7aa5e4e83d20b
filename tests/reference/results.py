"""What proposals and detections look like in the oracle, and their two orders."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

import numpy as np


class Row(NamedTuple):
    """One interval of one class. Times in seconds; numbers may be Fractions."""

    label: int
    score: float
    start: float
    end: float
    threshold_index: int


class Result(NamedTuple):
    """Rows as columns: (N,) int64, (N,) float64, (N, 2) float64 seconds, (N,) int64."""

    labels: np.ndarray
    scores: np.ndarray
    segments: np.ndarray
    threshold_index: np.ndarray


def proposal_order(row: Row) -> tuple:
    """The released order: threshold by threshold, class by class, from left to right."""
    return (row.threshold_index, row.label, row.start, row.end)


def detection_order(row: Row) -> tuple:
    """Falling score; equal scores by start, end, label, threshold index."""
    return (-row.score, row.start, row.end, row.label, row.threshold_index)


def suppression_order(row: Row) -> tuple:
    """The order in which NMS visits one class: falling score, start, end, threshold index."""
    return (-row.score, row.start, row.end, row.threshold_index)


def columns(rows: Iterable[Row]) -> Result:
    """Turns rows into arrays, keeping their order."""
    rows = list(rows)
    return Result(
        labels=np.array([row.label for row in rows], dtype=np.int64),
        scores=np.array([float(row.score) for row in rows], dtype=np.float64),
        segments=np.array(
            [(float(row.start), float(row.end)) for row in rows], dtype=np.float64
        ).reshape(-1, 2),
        threshold_index=np.array([row.threshold_index for row in rows], dtype=np.int64),
    )


def rows_of(result: Result) -> list[Row]:
    """The inverse of `columns`."""
    return [
        Row(int(label), float(score), float(start), float(end), int(index))
        for label, score, (start, end), index in zip(*result, strict=True)
    ]
