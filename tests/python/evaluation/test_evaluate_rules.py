"""Each rule of the evaluator on a case small enough to do by hand."""

from __future__ import annotations

import numpy as np
import pytest
from evaluation_cases import found_in, truth_of

import basnet_rt
from basnet_rt import Detections


def score(truth, found, **options):
    options = {"subset": "test", "tiou_thresholds": 0.5, **options}
    return basnet_rt.evaluate(truth_of(truth), found_in(found), **options)


def test_envelope_and_one_detection_per_truth():
    """Hit, miss (finds the first again), hit: AP = 1/2 * 1 + 1/2 * 2/3."""
    found = {"v": [("A", 0.5, 20, 30), ("A", 0.9, 0, 10), ("A", 0.7, 1, 10)]}
    report = score({"v": [("A", 0, 10), ("A", 20, 30)]}, found)
    assert report.average_map == pytest.approx(5 / 6, abs=1e-12)


def test_envelope_looks_ahead():
    """Miss, hit, hit: precision 0, 1/2, 2/3; the envelope lifts both hits to 2/3."""
    found = {"v": [("A", 0.9, 50, 60), ("A", 0.8, 0, 10), ("A", 0.7, 20, 30)]}
    report = score({"v": [("A", 0, 10), ("A", 20, 30)]}, found)
    assert report.average_map == pytest.approx(2 / 3, abs=1e-12)


def test_the_best_free_truth_is_taken_not_the_best():
    """Both detections overlap the first truth most; the second still finds the other."""
    truth = {"v": [("A", 0, 10), ("A", 2, 12)]}
    found = {"v": [("A", 0.9, 0, 10), ("A", 0.8, 0, 11)]}
    assert score(truth, found).average_map == 1.0


def test_of_equal_overlaps_the_later_truth():
    """[4, 6) halves both truths; taking the later leaves the earlier to the second detection,
    which reaches no other."""
    truth = {"v": [("A", 2, 6), ("A", 4, 8)]}
    found = {"v": [("A", 0.9, 4, 6), ("A", 0.8, 2, 4)]}
    assert score(truth, found).average_map == 1.0


def test_equal_scores_keep_their_order():
    """Miss before hit: AP 1/2. The released evaluator turns equal scores round."""
    found = {"v": [("A", 0.5, 50, 60), ("A", 0.5, 0, 10)]}
    assert score({"v": [("A", 0, 10)]}, found).average_map == 0.5


def test_overlap_on_the_threshold_is_a_hit():
    report = score({"v": [("A", 0, 10)]}, {"v": [("A", 1, 0, 5)]}, tiou_thresholds=[0.5, 0.51])
    assert report.map.tolist() == [1.0, 0.0]


def test_segments_of_no_length_match_nothing():
    """0 / 0 is no overlap; the released evaluator takes it for a hit."""
    assert score({"v": [("A", 3, 3)]}, {"v": [("A", 1, 3, 3)]}).average_map == 0.0


def test_mean_over_the_classes_of_the_subset():
    """B was never found and counts; C is of another subset and does not."""
    content = truth_of({"v": [("A", 0, 10), ("B", 0, 10)], "empty": []})
    content["database"] |= truth_of({"w": [("C", 0, 1)]}, "train")["database"]
    report = basnet_rt.evaluate(content, found_in({"v": [("A", 1, 0, 10)]}), subset="test")
    assert report.average_map == 0.5
    assert report.labels == ["A", "B"]
    assert report.ap.shape == (2, 9)
    assert (report.num_videos, report.num_truths, report.num_detections) == (2, 2, 1)
    np.testing.assert_array_equal(report.tiou_thresholds, np.arange(1, 10) / 10)


def test_no_predictions_score_0():
    """A method that finds nothing is bad, not an error."""
    for found in ({}, {"v": []}):
        assert score({"v": [("A", 0, 10)]}, found).average_map == 0.0


@pytest.mark.parametrize(
    ("choice", "average"), [("false_positive", 0.5), ("ignore", 1.0), ("error", None)]
)
def test_videos_outside_the_subset(choice, average):
    """The better detection lies elsewhere: as in the released evaluator it is a false positive,
    unless asked otherwise. Either way the report counts such videos."""
    truth = {"v": [("A", 0, 10)]}
    found = {"elsewhere": [("A", 0.9, 0, 10)], "v": [("A", 0.5, 0, 10)], "nothing": []}
    if average is None:
        with pytest.raises(basnet_rt.InvalidValue, match=r"1 videos .*'elsewhere'"):
            score(truth, found, other_videos=choice)
        return
    report = score(truth, found, other_videos=choice)
    assert report.average_map == average
    assert report.num_outside == 1


def test_a_subset_of_none_is_every_video():
    content = truth_of({"v": [("A", 0, 10)]}, "train")
    content["database"] |= truth_of({"w": [("A", 0, 10)]})["database"]
    report = basnet_rt.evaluate(content, found_in({"v": [("A", 1, 0, 10)]}), subset=None)
    assert (report.num_truths, report.average_map) == (2, 0.5)


def test_detections_by_name_whatever_their_indices():
    """Two models may number their classes differently."""
    found = {
        "v": Detections(np.array([1]), np.ones(1, np.float32), np.array([[0.0, 10.0]]),
                        classes=("B", "A")),
        "w": Detections(np.array([0]), np.ones(1, np.float32), np.array([[5.0, 8.0]]),
                        classes=("A",)),
    }  # fmt: skip
    truth = truth_of({"v": [("A", 0, 10)], "w": [("A", 5, 8)]})
    assert basnet_rt.evaluate(truth, found, subset="test").average_map == 1.0
    records = {video: one.to_records() for video, one in found.items()}
    assert basnet_rt.evaluate(truth, records, subset="test").average_map == 1.0


def test_a_video_may_be_called_results():
    found = {"results": [{"label": "A", "score": 1, "segment": [0, 10]}]}
    truth = truth_of({"results": [("A", 0, 10)]})
    assert basnet_rt.evaluate(truth, found, subset="test").average_map == 1.0


def test_many_detections_of_one_class():
    """One class, one video, no overlap: catches a cost that grows with the square."""
    count = 100_000
    starts = np.arange(count, dtype=np.float64)
    found = Detections(
        np.zeros(count, np.int64),
        np.linspace(1, 0, count, dtype=np.float32),
        np.stack([starts, starts + 1], axis=1),
        classes=("A",),
    )
    truth = truth_of({"v": [("A", 99_999, 100_000)]})
    report = basnet_rt.evaluate(truth, {"v": found}, subset="test")
    assert report.average_map == pytest.approx(1 / count)
