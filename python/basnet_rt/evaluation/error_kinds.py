"""The definition of the kind of error of each detection, and of missed segments.

At a tIoU threshold, a detection has the first of these kinds that fits it:

| kind | meaning |
| --- | --- |
| correct | the evaluator matches it with a marked segment |
| double | tIoU with a segment of its label reaches the threshold, but a better one is matched |
| wrong_label | tIoU with a segment of another label reaches the threshold |
| poor_boundary | tIoU with a segment of its label reaches the background tIoU only |
| wrong_label | tIoU with a segment of another label reaches the background tIoU only |
| background | no tIoU reaches the background tIoU |

A marked segment without a match is missed. Detections are matched by falling score, so leaving out
detections below some score changes no other detection's kind; a segment is then missed if its match
has a lower score.

Source of the kinds: Alwassel et al., "Diagnosing Error in Temporal Action Detectors", ECCV 2018;
their "confusion" is counted as wrong_label here, and their "localization" is poor_boundary.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from basnet_rt._errors import InvalidValue
from basnet_rt.results import Float64Array, Int64Array
from basnet_rt.tables.predictions import PredictionTable
from basnet_rt.tables.truth import TruthTable

KINDS = ("correct", "double", "wrong_label", "poor_boundary", "background")
CORRECT, DOUBLE, WRONG_LABEL, POOR_BOUNDARY, BACKGROUND = range(len(KINDS))
NOTHING = -1  # no row

DEFAULT_TIOU = 0.5
DEFAULT_BACKGROUND_TIOU = 0.1

Int8Array = npt.NDArray[np.int8]
BoolArray = npt.NDArray[np.bool_]


@dataclass(frozen=True, eq=False)
class ErrorKinds:
    """The kind of every detection of a table, and the match of every marked segment.

    Attributes:
        kinds: (N,) int8, indices into `KINDS`.
        truths: (N,) int64, row of the marked segment that decided the kind; -1 for background.
        tious: (N,) float64, tIoU with it; 0 for background.
        taken_by: (M,) int64, row of the detection matched with each segment; -1: missed.
        tiou_threshold, background_tiou: as asked for.
    """

    kinds: Int8Array
    truths: Int64Array
    tious: Float64Array
    taken_by: Int64Array
    tiou_threshold: float
    background_tiou: float

    @property
    def missed(self) -> BoolArray:
        """(M,) whether each marked segment was missed."""
        return np.asarray(self.taken_by == NOTHING)

    def counts(self) -> dict[str, int]:
        """The number of detections of each kind, and of segments "missed"."""
        found = np.bincount(self.kinds, minlength=len(KINDS)).tolist()
        return {**dict(zip(KINDS, found, strict=True)), "missed": int(self.missed.sum())}


def error_kinds(
    truth: TruthTable,
    table: PredictionTable,
    *,
    tiou_threshold: float = DEFAULT_TIOU,
    background_tiou: float = DEFAULT_BACKGROUND_TIOU,
) -> ErrorKinds:
    """Find the kind of every detection and the match of every marked segment.

    Detections in videos, or with labels, that the ground truth does not have are treated like any
    other: they overlap no segment, or none of their label.

    Args:
        tiou_threshold: in (0, 1].
        background_tiou: in (0, tiou_threshold]; a smaller overlap counts as none.

    Raises:
        ValueError: a threshold is out of range.
    """
    _check_thresholds(tiou_threshold, background_tiou)
    pairs = _overlapping(truth, table)
    taken = _match(pairs, table.scores, tiou_threshold)
    kinds, chosen = _kinds(pairs, taken, tiou_threshold, background_tiou)
    known = chosen != NOTHING
    truths, tious = np.full(len(table), NOTHING, np.int64), np.zeros(len(table))
    truths[known], tious[known] = pairs.columns[chosen[known]], pairs.tious[chosen[known]]
    taken_by = np.full(len(truth), NOTHING, np.int64)
    hits = np.flatnonzero(taken != NOTHING)
    taken_by[pairs.columns[taken[hits]]] = hits
    return ErrorKinds(kinds, truths, tious, taken_by, tiou_threshold, background_tiou)


@dataclass(frozen=True, eq=False)
class _Pairs:
    """P overlapping pairs of a detection and a marked segment; by row, then by column.

    Attributes:
        rows, columns: (P,) int64, of the detections and of the marked segments.
        tious: (P,) float64, above 0.
        own: (P,) whether both have one label.
    """

    rows: Int64Array
    columns: Int64Array
    tious: Float64Array
    own: BoolArray


def _overlapping(truth: TruthTable, table: PredictionTable) -> _Pairs:
    ids = np.array([truth.videos.get(video, NOTHING) for video in table.videos], np.int64)
    names = np.array([truth.labels.get(label, NOTHING) for label in table.labels], np.int64)
    truths_of = _rows_by_video(truth.video_ids)
    parts = [
        _candidates(table.segments, rows, truth.segments, truths_of[video])
        for video, rows in _rows_by_video(ids[table.video_ids]).items()
        if video in truths_of
    ]
    if not parts:
        none = np.zeros(0, np.int64)
        return _Pairs(none, none, np.zeros(0), np.zeros(0, np.bool_))
    rows, columns = (np.concatenate(part) for part in zip(*parts, strict=True))
    order = np.lexsort((columns, rows))
    rows, columns = rows[order], columns[order]
    tious = tiou(table.segments[rows], truth.segments[columns])
    touch = tious > 0
    own = names[table.label_ids[rows]] == truth.label_ids[columns]
    return _Pairs(rows[touch], columns[touch], tious[touch], own[touch])


def _candidates(
    segments: Float64Array, rows: Int64Array, truths: Float64Array, truth_rows: Int64Array
) -> tuple[Int64Array, Int64Array]:
    """Pairs that may overlap: a range of the segments, sorted by start, for each detection."""
    by_start = truth_rows[np.argsort(truths[truth_rows, 0], kind="stable")]
    latest_ends = np.maximum.accumulate(truths[by_start, 1])
    first = np.searchsorted(latest_ends, segments[rows, 0], side="right")
    last = np.searchsorted(truths[by_start, 0], segments[rows, 1], side="left")
    counts = np.maximum(last - first, 0)
    before = np.cumsum(counts) - counts
    places = np.arange(counts.sum()) - np.repeat(before - first, counts)
    return np.repeat(rows, counts), by_start[places]


def tiou_matrix(segments: Float64Array, others: Float64Array) -> Float64Array:
    """(N, M) `tiou` of each of (N, 2) with each of (M, 2)."""
    return tiou(segments[:, None], others[None, :])


def tiou(segments: Float64Array, others: Float64Array) -> Float64Array:
    """(...) intersection over union of half-open intervals (..., 2); 0 if both are empty."""
    start = np.maximum(segments[..., 0], others[..., 0])
    end = np.minimum(segments[..., 1], others[..., 1])
    inter = np.maximum(end - start, 0.0)
    union = (segments[..., 1] - segments[..., 0]) + (others[..., 1] - others[..., 0]) - inter
    shares: Float64Array = np.divide(inter, union, out=np.zeros_like(inter), where=inter > 0)
    return shares


def _match(pairs: _Pairs, scores: Float64Array, threshold: float) -> Int64Array:
    """(N,) the pair that matches each detection with a marked segment, or -1.

    As in the evaluator: by falling score (equal ones in input order), each detection is matched
    with the free segment of highest tIoU, the last of equal ones.
    """
    places = np.empty(len(scores), np.int64)
    places[np.argsort(-scores, kind="stable")] = np.arange(len(scores))
    fit = np.flatnonzero(pairs.own & (pairs.tious >= threshold))
    order = np.lexsort((-pairs.columns[fit], -pairs.tious[fit], places[pairs.rows[fit]]))
    fit = fit[order]
    taken: dict[int, int] = {}
    gone: set[int] = set()
    for pair, row, column in zip(
        fit.tolist(), pairs.rows[fit].tolist(), pairs.columns[fit].tolist(), strict=True
    ):
        if row not in taken and column not in gone:
            taken[row] = pair
            gone.add(column)
    found = np.full(len(scores), NOTHING, np.int64)
    found[list(taken)] = list(taken.values())
    return found


def _kinds(
    pairs: _Pairs, taken: Int64Array, high: float, low: float
) -> tuple[Int8Array, Int64Array]:
    """(N,) kinds and (N,) the pairs that decided them; the first rule that fits wins."""
    rules = (
        (DOUBLE, pairs.own, high),
        (WRONG_LABEL, ~pairs.own, high),
        (POOR_BOUNDARY, pairs.own, low),
        (WRONG_LABEL, ~pairs.own, low),
    )
    kinds = np.where(taken != NOTHING, CORRECT, BACKGROUND).astype(np.int8)
    chosen = taken.copy()
    for kind, among, level in rules:
        fit = np.flatnonzero(among & (pairs.tious >= level))
        fit = fit[np.lexsort((-pairs.tious[fit], pairs.rows[fit]))]  # best of each row first
        rows, first = np.unique(pairs.rows[fit], return_index=True)
        undecided = chosen[rows] == NOTHING
        kinds[rows[undecided]] = kind
        chosen[rows[undecided]] = fit[first[undecided]]
    return kinds, chosen


def _rows_by_video(video_ids: Int64Array) -> dict[int, Int64Array]:
    """Rows of each video, in input order."""
    if not len(video_ids):
        return {}
    order = np.argsort(video_ids, kind="stable")
    videos, starts = np.unique(video_ids[order], return_index=True)
    return dict(zip(videos.tolist(), np.split(order, starts[1:]), strict=True))


def _check_thresholds(tiou_threshold: float, background_tiou: float) -> None:
    if not 0 < tiou_threshold <= 1:
        raise InvalidValue(f"tiou_threshold is {tiou_threshold}; it must be in (0, 1]")
    if not 0 < background_tiou <= tiou_threshold:
        raise InvalidValue(
            f"background_tiou is {background_tiou}; it must be in (0, {tiou_threshold}], at most "
            "the tiou_threshold"
        )
