"""Confidence from scores: the curve of the class and gate, and files that hold none.

Would catch: the curve of another class or gate, a value outside [0, 1], a bundle whose curves do
not fit its classes. Out of scope: how curves are fitted (tests/python/training).
"""

from __future__ import annotations

import copy

import numpy as np
import pytest

from basnet_rt import BundleError, Detections
from basnet_rt.model.confidence import Confidence, described

CURVE = {"scores": [0.0, 1.0], "confidence": [0.2, 0.6]}
FLAT = {"scores": [0.5], "confidence": [0.9]}
FIELDS = {
    "version": 1,
    "method": "platt",
    "curves": {"video": [CURVE, FLAT], "none": [FLAT, CURVE]},
    "thresholds": [0.3, 0.95],
}


def detections() -> Detections:
    return Detections(
        np.array([0, 1, 0, 0]),
        np.array([2.0, 1.0, 0.5, -1.0], np.float32),
        np.array([[0.0, 9.0], [1.0, 4.0], [20.0, 30.0], [40.0, 50.0]]),
    )


def of(gate: str) -> Detections:
    confidence = Confidence.from_dict(FIELDS, 2)
    return described(detections(), ("a", "b"), confidence, gate=gate, snippet_seconds=0.5)


def test_each_class_has_its_curve_and_each_gate_its_own():
    assert of("video").confidence.tolist() == pytest.approx([0.6, 0.9, 0.4, 0.2])
    assert of("none").confidence.tolist() == pytest.approx([0.9, 0.6, 0.9, 0.9])
    assert of("horizon").confidence.tolist() == of("none").confidence.tolist()


def test_events_are_those_that_the_thresholds_suggest():
    assert [one.start for one in of("video").events()] == [0.0, 20.0]
    assert [one.start for one in of("video").events(0.0)] == [0.0, 1.0, 20.0, 40.0]


def test_without_a_curve_there_is_no_confidence():
    only_video = Confidence.from_dict({**FIELDS, "curves": {"video": [CURVE, FLAT]}}, 2)
    found = described(detections(), ("a", "b"), only_video, gate="none", snippet_seconds=0.5)
    assert found.confidence is None
    assert found.suggested is None
    assert len(found.events()) == 4
    assert described(detections(), ("a",), None, gate="none", snippet_seconds=1).confidence is None


def changed(path: tuple, value: object) -> dict:
    fields = copy.deepcopy(FIELDS)
    target = fields
    for key in path[:-1]:
        target = target[key]
    target[path[-1]] = value
    return fields


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ([], "expected an object of version 1"),
        (changed(("version",), 2), "expected an object of version 1"),
        (changed(("thresholds",), [0.5]), "thresholds: expected a list of 2 numbers"),
        (changed(("thresholds",), [0.5, 1.5]), "thresholds: expected numbers in"),
        (changed(("thresholds",), [0.5, True]), "True is no finite number"),
        (changed(("curves",), {}), "expected an object with a list for each gate"),
        (changed(("curves", "video"), [CURVE]), "curves.video: expected 2 curves"),
        (changed(("curves", "video", 0), 3), r"video\[0\]: expected an object"),
        (changed(("curves", "none", 0, "scores"), []), "expected a list of 0 numbers"),
        (changed(("curves", "video", 0, "scores"), [1.0, 1.0]), "strictly rising"),
        (changed(("curves", "video", 0, "confidence"), [0.6, 0.2]), "never fall"),
        (changed(("curves", "video", 0, "confidence"), [0.6, 1.2]), r"numbers in \[0, 1\]"),
        (changed(("curves", "video", 0, "scores"), [0.0, float("nan")]), "nan is no finite"),
    ],
)
def test_a_bundle_with_impossible_curves_is_refused(fields, message):
    with pytest.raises(BundleError, match=message):
        Confidence.from_dict(fields, 2)
