"""THUMOS'14 as the released evaluator scores it, from every form that predictions come in."""

from __future__ import annotations

import json

import numpy as np
import pytest

import basnet_rt
from basnet_rt.annotations import read_activitynet


def assert_as_expected(report, expected):
    np.testing.assert_allclose(report.map, expected["mAP"], rtol=0, atol=1e-9)
    assert report.average_map == pytest.approx(expected["average_mAP"], rel=0, abs=1e-9)
    assert set(report.labels) == set(expected["ap_per_class"])
    for label, ap in zip(report.labels, report.ap, strict=True):
        np.testing.assert_allclose(ap, expected["ap_per_class"][label], rtol=0, atol=1e-9)
    assert report.num_detections == expected["n_predictions"]


@pytest.mark.parametrize("name", ["a", "b"])
@pytest.mark.parametrize("form", ["paths", "content", "typed", "csv"])
def test_thumos14(shared, tmp_path, name, form):
    """Catches any deviation from the released numbers; `b` has a detection that overlaps two
    ground truths equally, of which the later must be taken."""
    truth = shared / "data" / "thumos14" / "gt.json"
    predictions = shared / "golden" / f"thumos14_detections_{name}.json"
    expected = json.loads(predictions.with_suffix(".expected.json").read_text())
    np.testing.assert_array_equal(expected["tiou"], np.arange(1, 10) / 10)  # the default
    if form == "content":
        truth, predictions = (json.loads(path.read_text()) for path in (truth, predictions))
    if form == "typed":
        truth = read_activitynet(truth)
        predictions = basnet_rt.read_results(predictions).detections
    if form == "csv":
        found = basnet_rt.read_results(predictions).detections
        predictions = tmp_path / "r.csv"
        basnet_rt.write_results(predictions, found)
    # Our own types hold float32 scores: no two of these files become equal or change places.
    assert_as_expected(basnet_rt.evaluate(truth, predictions, subset="test"), expected)


def test_perfect_predictions_of_activitynet_score_1(shared):
    """All 4,728 videos and 200 classes of the validation set; its three segments of no length
    match nothing, so they are left out."""
    path = shared / "data" / "activitynet13" / "gt.json"
    content = json.loads(path.read_text())
    results = {}
    for video, entry in content["database"].items():
        rows = [x for x in entry["annotations"] if x["segment"][1] > x["segment"][0]]
        entry["annotations"] = rows
        if entry["subset"] == "validation":
            results[video] = [{**row, "score": 0.5} for row in rows]
    report = basnet_rt.evaluate(content, {"results": results}, subset="validation")
    assert (report.num_videos, len(report.labels)) == (4728, 200)
    np.testing.assert_array_equal(report.ap, 1.0)
