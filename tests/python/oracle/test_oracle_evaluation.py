"""Both evaluators of tests/reference against golden numbers and small sums by hand."""

from __future__ import annotations

import json

import numpy as np
import pytest

from reference import evaluate, evaluate_pandas_way

EVALUATORS = {"loops": evaluate.evaluate, "pandas": evaluate_pandas_way.evaluate}


@pytest.fixture(params=EVALUATORS, name="score")
def evaluator(request):
    return EVALUATORS[request.param]


@pytest.fixture(scope="module")
def thumos14(shared):
    return json.loads((shared / "data" / "thumos14" / "gt.json").read_text())


@pytest.mark.parametrize("name", ["a", "b"])
def test_thumos14_to_1e_9(shared, thumos14, score, name):
    """Catches every deviation from the field's evaluator, down to which of two ground
    truths with equal tIoU is taken: `b` has one such pair and needs the later one."""
    stem = shared / "golden" / f"thumos14_detections_{name}"
    detections = json.loads(stem.with_suffix(".json").read_text())
    want = json.loads(stem.with_suffix(".expected.json").read_text())

    got = score(thumos14, detections, subset="test", tiou_thresholds=want["tiou"])

    np.testing.assert_allclose(got["mAP"], want["mAP"], rtol=0, atol=1e-9)
    assert got["average_mAP"] == pytest.approx(want["average_mAP"], rel=0, abs=1e-9)
    assert set(got["ap_per_class"]) == set(want["ap_per_class"])
    for label, ap in want["ap_per_class"].items():
        np.testing.assert_allclose(got["ap_per_class"][label], ap, rtol=0, atol=1e-9)


def file_of(per_video):
    """{video: [(label, score, start, end)]} as an ActivityNet results file."""
    return {
        "results": {
            video: [{"label": a, "score": s, "segment": [b, e]} for a, s, b, e in rows]
            for video, rows in per_video.items()
        }
    }


def truth_of(per_video, subset="test"):
    """{video: [(label, start, end)]} as an ActivityNet ground truth file."""
    database = {
        video: {
            "subset": subset,
            "annotations": [{"label": a, "segment": [str(b), str(e)]} for a, b, e in rows],
        }
        for video, rows in per_video.items()
    }
    return {"database": database}


def test_by_hand(score):
    """Catches a wrong precision envelope or a ground truth found twice.

    Two ground truths, three detections by score: hit, miss (finds the first again), hit.
    Precision 1, 1/2, 2/3 at recall 1/2, 1/2, 1. AP = 1/2 * 1 + 1/2 * 2/3 = 5/6.
    """
    truth = truth_of({"v": [("A", 0, 10), ("A", 20, 30)]})
    found = file_of({"v": [("A", 0.5, 20, 30), ("A", 0.9, 0, 10), ("A", 0.7, 1, 10)]})
    got = score(truth, found, subset="test", tiou_thresholds=[0.5])
    assert got["average_mAP"] == pytest.approx(5 / 6, abs=1e-12)


def test_tiou_on_the_threshold_is_a_hit(score):
    """[0, 10) and [0, 5): intersection 5, union 10, tIoU 0.5 exactly."""
    truth = truth_of({"v": [("A", 0, 10)]})
    found = file_of({"v": [("A", 1.0, 0, 5)]})
    got = score(truth, found, subset="test", tiou_thresholds=[0.5, 0.6])
    assert got["mAP"] == [1.0, 0.0]


def test_classes_without_detections_count(score):
    """B has a ground truth and no detection: AP 0, so the mean is 1/2. C is of another
    subset and does not count."""
    truth = truth_of({"v": [("A", 0, 10), ("B", 0, 10)]})
    truth["database"] |= truth_of({"w": [("C", 0, 1)]}, subset="train")["database"]
    found = file_of({"v": [("A", 1.0, 0, 10)]})
    got = score(truth, found, subset="test", tiou_thresholds=[0.5])
    assert got["average_mAP"] == 0.5
    assert set(got["ap_per_class"]) == {"A", "B"}


def test_equal_scores_keep_the_order_of_the_file(score):
    """Miss first, hit second, same score: precision 0, 1/2, so AP 1/2; the other way 1."""
    truth = truth_of({"v": [("A", 0, 10)]})
    found = file_of({"v": [("A", 0.5, 50, 60), ("A", 0.5, 0, 10)]})
    got = score(truth, found, subset="test", tiou_thresholds=[0.5])
    assert got["average_mAP"] == 0.5


def test_a_video_outside_the_subset_is_a_false_positive(score):
    """As in the evaluator of the challenge: precision 0, 1/2, so AP 1/2."""
    truth = truth_of({"v": [("A", 0, 10)]})
    found = file_of({"elsewhere": [("A", 0.9, 0, 10)], "v": [("A", 0.5, 0, 10)]})
    got = score(truth, found, subset="test", tiou_thresholds=[0.5])
    assert got["average_mAP"] == 0.5


def test_unknown_label_is_an_error(score):
    """A misspelt label would otherwise vanish and the mAP look merely low."""
    with pytest.raises(ValueError, match="ground truth"):
        score(
            truth_of({"v": [("A", 0, 1)]}),
            file_of({"v": [("a", 1.0, 0, 1)]}),
            subset="test",
            tiou_thresholds=[0.5],
        )
