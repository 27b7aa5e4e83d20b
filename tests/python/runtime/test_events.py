"""`Detections` as people use them: events, confidence, indexing.

Would catch: an event inside another of its class, one shorter than a snippet, a lost order, a
suggested threshold of the wrong class, columns that part ways when rows are chosen.
Out of scope: how confidence is fitted (tests/python/training).
"""

from __future__ import annotations

import itertools

import numpy as np
import pytest

import basnet_rt
from basnet_rt import Detections

CLASSES = ("run", "jump")


def detections(**more) -> Detections:
    rows = [
        (0, 0.9, 10.0, 20.0, 0.8),
        (0, 0.7, 12.0, 15.0, 0.7),  # inside the first
        (1, 0.6, 12.0, 15.0, 0.6),  # of another class
        (0, 0.5, 19.0, 30.0, 0.5),  # overlaps the first
        (0, 0.4, 20.0, 24.0, 0.4),  # only touches it
        (1, 0.3, 1.0, 1.2, 0.3),  # shorter than a snippet
    ]
    label, score, start, end, sure = map(np.array, zip(*rows, strict=True))
    return Detections(
        label.astype(np.int64),
        score.astype(np.float32),
        np.stack([start, end], axis=1),
        classes=CLASSES,
        **({"confidence": sure, "snippet_seconds": 0.64} | more),
    )


def times(found: Detections) -> list[tuple[str, float, float]]:
    return [(one.name, one.start, one.end) for one in found]


def test_events_of_a_class_never_overlap_and_come_in_time_order():
    assert times(detections().events()) == [
        ("run", 10.0, 20.0),
        ("jump", 12.0, 15.0),
        ("run", 20.0, 24.0),
    ]


def test_without_a_snippet_length_nothing_is_too_short():
    assert times(detections(snippet_seconds=None).events())[0] == ("jump", 1.0, 1.2)


def test_an_event_of_exactly_one_snippet_stays():
    found = detections(snippet_seconds=15.0 - 12.0).events()
    assert ("jump", 12.0, 15.0) in times(found)


def test_min_confidence_is_inclusive_and_judged_before_overlap():
    assert times(detections().events(0.7)) == [("run", 10.0, 20.0)]
    low = detections(confidence=np.array([0.1, 0.9, 0.9, 0.9, 0.9, 0.9]))
    assert ("run", 12.0, 15.0) in times(low.events(0.5))


def test_the_suggested_confidence_of_each_class_is_the_default():
    found = detections(suggested=np.array([0.45, 0.65])).events()
    assert times(found) == [("run", 10.0, 20.0)]


@pytest.mark.parametrize("value", [-0.1, 1.1, float("nan")])
def test_a_confidence_out_of_range_is_refused(value):
    with pytest.raises(ValueError, match=r"min_confidence is .*; it must be in \[0, 1\]"):
        detections().events(value)


def test_min_confidence_without_confidence_says_what_to_do():
    with pytest.raises(ValueError, match="no confidence; calibrate"):
        detections(confidence=None).events(0.5)


def test_random_events_obey_the_rule_and_nothing_else_is_lost():
    random = np.random.default_rng(0)
    start = random.uniform(0, 100, 400)
    found = Detections(
        random.integers(0, 3, 400),
        random.uniform(0, 1, 400).astype(np.float32),
        np.stack([start, start + random.uniform(0, 9, 400)], axis=1),
        snippet_seconds=0.5,
    )
    events = list(found.events())
    by_class = {label: [e for e in events if e.label == label] for label in range(3)}
    for own in by_class.values():
        assert all(a.end <= b.start for a, b in itertools.pairwise(own))
    for one in found:  # each is an event, too short, or overlaps a better event of its class
        better = [e for e in by_class[one.label] if e.score >= one.score]
        covered = any(e.start < one.end and one.start < e.end for e in better)
        assert covered or one.end - one.start < 0.5


def test_an_index_gives_one_detection_and_a_slice_gives_detections():
    found = detections()
    assert found[1].start == 12.0
    assert found[-1].confidence == 0.3
    assert times(found[1:3]) == times(found)[1:3]
    assert len(found[found.scores > 0.45]) == 4
    assert found[[2, 0]].labels.tolist() == [1, 0]
    assert found[:2].confidence.tolist() == [0.8, 0.7]
    with pytest.raises(IndexError):
        found[6]


def test_the_representation_is_one_short_line():
    assert repr(detections()) == (
        "Detections(6 of 2 classes, mode='continuous', best run 0.900 at [10.00, 20.00))"
    )
    assert repr(detections()[:0]) == "Detections(none, mode='continuous')"


def test_records_carry_the_confidence():
    assert detections().to_records()[0] == {
        "label": "run",
        "score": pytest.approx(0.9),
        "confidence": 0.8,
        "segment": [10.0, 20.0],
    }
    assert "confidence" not in detections(confidence=None).to_records()[0]


def test_a_data_frame_has_a_row_for_each_detection():
    frame = detections().to_pandas()
    assert frame.columns.tolist() == ["label", "name", "start", "end", "score", "confidence"]
    assert frame["end"].tolist() == detections().segments[:, 1].tolist()
    assert basnet_rt.Detections is Detections


def test_an_arrow_table_has_the_data_frame_s_columns():
    pytest.importorskip("pyarrow", reason="the extra arrow is not installed")
    table = detections().to_arrow()
    assert table.column_names == detections().to_pandas().columns.tolist()
    assert table["end"].to_pylist() == detections().segments[:, 1].tolist()
    assert str(table.schema.field("score").type) == "float"
