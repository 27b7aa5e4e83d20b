"""Error kinds against a hand-made video, a plain double loop, and the evaluator's own hits."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
import report_cases
from hypothesis import given
from hypothesis import strategies as st

from basnet_rt import Error
from basnet_rt.evaluation.error_kinds import KINDS, error_kinds
from basnet_rt.tables.predictions import prediction_table
from basnet_rt.tables.truth import truth_table

NAMES = ("A", "B")


def tables(found: dict[str, list], marked: dict[str, list]):
    durations = dict.fromkeys(marked, 100.0)
    truth = truth_table(report_cases.annotations(marked, durations), "test")
    return truth, prediction_table(report_cases.results(found)["results"])


def test_one_of_each():
    found = {
        "v": [
            ("A", 0.9, 10, 20),
            ("A", 0.8, 10, 19),
            ("B", 0.7, 11, 20),
            ("A", 0.6, 18, 30),  # tIoU 2 / 20 with the first: at the edge of background
            ("B", 0.5, 15, 45),  # tIoU 5 / 35 with A: a wrong label, though a poor one
            ("A", 0.4, 60, 70),
        ],
        "unmarked": [("A", 0.3, 10, 20)],
    }
    truth, table = tables(found, {"v": [("A", 10, 20), ("B", 80, 90)]})
    kinds = error_kinds(truth, table)
    assert [KINDS[kind] for kind in kinds.kinds] == [
        "correct", "double", "wrong_label", "poor_boundary", "wrong_label", "background",
        "background",
    ]  # fmt: skip
    assert kinds.truths.tolist() == [0, 0, 0, 0, 0, -1, -1]
    np.testing.assert_allclose(kinds.tious, [1, 0.9, 0.9, 0.1, 5 / 35, 0, 0])
    assert kinds.taken_by.tolist() == [0, -1]
    assert kinds.counts()["missed"] == 1


def test_the_better_of_two_takes_and_of_equal_segments_the_later():
    found = {"v": [("A", 0.5, 0, 10), ("A", 0.5, 0, 10), ("A", 0.9, 0, 10)]}
    truth, table = tables(found, {"v": [("A", 0, 10), ("A", 0, 10)]})
    kinds = error_kinds(truth, table)
    assert kinds.taken_by.tolist() == [0, 2]
    assert kinds.kinds.tolist() == [0, 1, 0]


def test_the_second_best_segment_is_taken_where_the_best_is_gone():
    found = {"v": [("A", 0.9, 0, 10), ("A", 0.8, 0, 10)]}
    truth, table = tables(found, {"v": [("A", 0, 10), ("A", 0, 18)]})
    assert error_kinds(truth, table).kinds.tolist() == [0, 0]


@pytest.mark.parametrize(
    ("high", "low"), [(0.0, 0.1), (1.1, 0.1), (0.5, 0.0), (0.5, 0.6), (float("nan"), 0.1)]
)
def test_thresholds_out_of_range_are_refused(high, low):
    truth, table = tables({"v": []}, {"v": [("A", 0, 10)]})
    with pytest.raises(Error, match="it must be in"):
        error_kinds(truth, table, tiou_threshold=high, background_tiou=low)


def overlap(a, b) -> float:
    inter = min(a[1], b[1]) - max(a[0], b[0])
    return inter / ((a[1] - a[0]) + (b[1] - b[0]) - inter) if inter > 0 else 0.0


def plainly(found, marked, high, low) -> tuple[list[str], list[int | None]]:
    """The definition, row by row; rows are (label, score, start, end) and (label, start, end)."""
    taken: list[int | None] = [None] * len(marked)
    kinds = [""] * len(found)
    for i in sorted(range(len(found)), key=lambda i: -found[i][1]):
        label, _, *segment = found[i]
        own = {j: overlap(segment, m[1:]) for j, m in enumerate(marked) if m[0] == label}
        other = [overlap(segment, m[1:]) for m in marked if m[0] != label]
        free = [(v, j) for j, v in own.items() if v >= high and taken[j] is None]
        if free:
            taken[max(free)[1]] = i
            kinds[i] = "correct"
        elif max(own.values(), default=0) >= high:
            kinds[i] = "double"
        elif max(other, default=0) >= high:
            kinds[i] = "wrong_label"
        elif max(own.values(), default=0) >= low:
            kinds[i] = "poor_boundary"
        else:
            kinds[i] = "wrong_label" if max(other, default=0) >= low else "background"
    return kinds, taken


def spans():
    """Whole numbers close together, so that ties and exact thresholds are common."""
    return st.tuples(st.integers(0, 12), st.integers(0, 8)).map(lambda s: (s[0], s[0] + s[1]))


labels = st.sampled_from(NAMES)
detections = st.lists(st.tuples(labels, st.sampled_from([0.2, 0.5, 0.9]), spans()), max_size=8)
segments = st.lists(st.tuples(labels, spans()), min_size=1, max_size=6)


@given(detections, segments, st.sampled_from([0.1, 0.25, 0.5, 0.75, 1.0]))
def test_equals_the_plain_definition(rows, marks, high):
    found = [(label, score, *map(float, span)) for label, score, span in rows]
    marked = [(label, *map(float, span)) for label, span in marks]
    truth, table = tables({"v": found}, {"v": marked})
    got = error_kinds(truth, table, tiou_threshold=high)
    kinds, taken = plainly(found, marked, high, 0.1)
    assert [KINDS[kind] for kind in got.kinds] == kinds
    assert got.taken_by.tolist() == [-1 if one is None else one for one in taken]


@given(detections, segments)
def test_leaving_out_low_scores_changes_no_other_kind(rows, marks):
    """What the report's slider relies on."""
    found = [(label, score, *map(float, span)) for label, score, span in rows]
    marked = [(label, *map(float, span)) for label, span in marks]
    truth, table = tables({"v": found}, {"v": marked})
    whole = error_kinds(truth, table)
    keep = table.scores >= 0.5
    part = error_kinds(truth, table.select(keep))
    assert part.kinds.tolist() == whole.kinds[keep].tolist()
    scores = np.append(table.scores, -np.inf)[whole.taken_by]
    assert part.missed.tolist() == (scores < 0.5).tolist()


def test_the_evaluator_counts_the_same_hits(shared):
    """Real detections: AP from the kinds "correct" alone is the evaluator's, class by class."""
    from basnet_rt import evaluate
    from basnet_rt._system.json_file import read_json

    truth_file = shared / "data/thumos14/gt.json"
    content = read_json(shared / "golden/thumos14_detections_b.json")
    truth, table = truth_table(truth_file, "test"), prediction_table(content)
    report = evaluate(truth_file, content, subset="test", tiou_thresholds=[0.3, 0.7])
    for k, label in itertools.product(range(2), report.labels):
        hits = error_kinds(truth, table, tiou_threshold=[0.3, 0.7][k]).kinds == 0
        mine = np.flatnonzero(table.label_ids == table.labels.index(label))
        order = mine[np.argsort(-table.scores[mine], kind="stable")]
        ranks = np.flatnonzero(hits[order]) + 1
        precision = np.arange(1, len(ranks) + 1) / ranks
        envelope = np.maximum.accumulate(precision[::-1])[::-1]
        count = np.count_nonzero(truth.label_ids == truth.labels[label])
        row = report.labels.index(label)
        assert envelope.sum() / count == pytest.approx(report.ap[row, k], abs=1e-12)
