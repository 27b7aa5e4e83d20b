"""What bench/accuracy/confidence says of confidence: its arithmetic, against cases by hand.

An error here would not break a program; it would put wrong numbers into docs/results.md.
"""

from __future__ import annotations

import numpy as np
import pytest

from basnet_rt import Detections
from basnet_rt.annotations import AnnotationSet, Segment, VideoAnnotation
from bench.accuracy.confidence import (
    Bin,
    Found,
    brier,
    reliability,
    segments_found,
    shares_found,
    statements,
)


def found(*rows):
    """(label, confidence, start, end) each; the score is the confidence."""
    table = np.array(rows, np.float64).reshape(-1, 4)
    return Detections(
        *(table[:, 0].astype(np.int64), table[:, 1].astype(np.float32), table[:, 2:]),
        classes=("Run", "Jump"),
        confidence=table[:, 1],
    )


def video(name, subset, *segments):
    marked = tuple(Segment(*one) for one in segments)
    return VideoAnnotation(name, tuple(sorted({one.label for one in marked})), marked, subset)


TRUTH = AnnotationSet(
    {
        one.name: one
        for one in (
            *(video(f"train_{i}", "train", ("Run", 0, 1)) for i in range(3)),
            video("train_3", "train", ("Jump", 0, 1)),
            video("a", "test", ("Run", 0, 10), ("Run", 20, 30)),
            video("b", "test", ("Jump", 0, 4)),
        )
    }
)
# In a: right, a second of the same segment, one too short. In b: the wrong class.
DETECTIONS = {"a": found((0, 0.9, 0, 10), (0, 0.8, 1, 10), (0, 0.5, 20, 22)),
              "b": found((0, 0.3, 0, 4))}  # fmt: skip


def test_statements_take_the_best_detection_or_the_lowest_confidence():
    """Catches a video without detections left out, and classes or base rates exchanged."""
    said = statements(DETECTIONS, TRUTH, {"Run": 0.1, "Jump": 0.05})
    assert said.confidence.tolist() == [0.9, 0.05, 0.3, 0.05]
    assert said.present.tolist() == [True, False, False, True]
    assert said.base.tolist() == [0.75, 0.25, 0.75, 0.25]


def test_brier_score_by_hand():
    """(0.1^2 + 0.5^2 + 0.8^2) / 3 = 0.9 / 3."""
    present = np.array([True, False, False])
    assert brier(np.array([0.9, 0.5, 0.8]), present) == pytest.approx(0.3)
    assert brier(np.full(3, 0.5), present) == 0.25


def test_reliability_by_hand():
    """A confidence on an edge is in the upper bin, 1 in the last; a bin of none has no mean."""
    confidence = np.array([0.0, 0.25, 0.5, 0.75, 1.0, 1.0])
    present = np.array([False, True, False, True, True, False])
    low, high = Bin(2, 0.125, 0.5), Bin(4, 0.8125, 0.5)
    assert reliability(confidence, present, 2) == [low, high]
    assert reliability(confidence[4:], present[4:], 2) == [None, Bin(2, 1.0, 0.5)]


def test_segments_by_hand():
    """One of four is right, and takes one of three marked segments: F1 = 2 / 7."""
    assert segments_found(DETECTIONS, TRUTH) == Found(4, 1 / 4, 1 / 3, 2 / 7)
    events = {name: one.events(0.5) for name, one in DETECTIONS.items()}
    assert segments_found(events, TRUTH) == Found(2, 1 / 2, 1 / 3, 2 / 5)
    assert shares_found(0, 0, 3) == Found(0, 1.0, 0.0, 0.0)
