"""Chance levels: what they know and what they do not, by cases that can be computed."""

from __future__ import annotations

import numpy as np
import pytest

from basnet_demo.chance import chance_levels
from basnet_rt.annotations import AnnotationSet, Segment, VideoAnnotation
from basnet_rt.results import Detections

CLASSES = ("A", "B")


def truth(*segments, duration=100.0):
    """One video."""
    tags = tuple(sorted({one.label for one in segments}))
    return AnnotationSet({"v": VideoAnnotation("v", tags, segments, "test", duration)})


def found(*segments):
    return {
        "v": Detections(
            labels=np.array([CLASSES.index(one.label) for one in segments]),
            scores=np.linspace(1, 0.5, len(segments), dtype=np.float32),
            segments=np.array([[one.start, one.end] for one in segments]),
            classes=CLASSES,
        )
    }


def test_the_whole_video_is_right_where_the_action_fills_it():
    levels = chance_levels(truth(Segment("A", 0, 100)), found(Segment("A", 0, 100)), [0.5], draws=5)
    assert levels.whole_video == 1
    assert levels.random_place == 1  # as long as the video: there is one place
    assert 0 <= levels.random <= 1


def test_the_whole_video_is_wrong_where_the_action_is_short():
    levels = chance_levels(truth(Segment("A", 0, 30)), found(Segment("A", 0, 30)), [0.2, 0.4],
                           draws=5)  # fmt: skip
    assert levels.whole_video == 0.5  # its tIoU is 0.3


def test_a_random_place_hits_as_often_as_geometry_says():
    """A detection of 10 s in 100 s, its start uniform in [0, 90]: it covers an action at [45, 55]
    with tIoU of at least 1/3 where it is off by 5 s at most: one draw in nine."""
    one = Segment("A", 45, 55)
    levels = chance_levels(truth(one), found(one), [1 / 3], draws=2000)
    assert levels.random_place == pytest.approx(1 / 9, abs=0.025)
    assert levels.random == pytest.approx(1 / 18, abs=0.02)  # and half of them of class A
    assert levels.draws == 2000


def test_what_was_found_is_left_alone_and_a_seed_repeats_itself():
    one = Segment("A", 45, 55)
    detections = found(one, Segment("B", 1, 2))
    before = detections["v"].segments.copy()
    first, again = (chance_levels(truth(one), detections, [0.3], draws=20) for _ in range(2))
    assert first == again
    np.testing.assert_array_equal(detections["v"].segments, before)
