"""Suppression in the oracle, by hand: hard, linear and Gaussian."""

from __future__ import annotations

import math

import pytest

from reference import nms
from reference.small_case import postprocess

# [0, 4) and [2, 4): IoU 2/4. [0, 4) and [4, 8): they touch, IoU 0. [2, 4) and [4, 8): 0.
SEGMENTS = [(0.0, 4.0), (2.0, 4.0), (4.0, 8.0)]
SCORES = [1.0, 0.75, 0.5]


def hard(scores=SCORES, labels=(0, 0, 0), nms_iou=0.5):
    return nms.hard(SEGMENTS, scores, labels, nms_iou=nms_iou)


def soft(decay, scores=SCORES, labels=(0, 0, 0), **limit):
    return nms.soft(SEGMENTS, scores, labels, decay=decay, **limit)


def test_iou_at_the_threshold_drops():
    """Catches > for >=, and the published + 1, which gives 3/5 and 1/8 here."""
    assert hard() == [0, 2]
    assert hard(nms_iou=0.5 + 1e-12) == [0, 1, 2]
    assert hard(nms_iou=0.01) == [0, 2]


def test_classes_do_not_meet():
    assert hard(labels=(0, 1, 0)) == [0, 1, 2]


def test_the_better_one_stays_whatever_the_order():
    assert hard(scores=[0.5, 0.75, 1.0]) == [2, 1]


def test_equal_scores_go_by_start_then_end_then_place():
    """All equal: [0, 4) starts first and drops [2, 4)."""
    assert hard(scores=[1.0, 1.0, 1.0]) == [0, 2]
    same = [(2.0, 6.0), (2.0, 4.0), (2.0, 6.0)]
    assert nms.hard(same, [1.0, 1.0, 1.0], [0, 0, 0], nms_iou=0.9) == [1, 0]


def test_a_dropped_one_drops_nobody():
    """A chain: the middle one goes because of the first, so the last one stays."""
    chain = [(0.0, 4.0), (1.0, 5.0), (2.0, 6.0)]  # IoU 3/5 with neighbours, 2/6 across
    assert nms.hard(chain, [3.0, 2.0, 1.0], [0, 0, 0], nms_iou=0.5) == [0, 2]


def test_intervals_without_length_overlap_nothing():
    """0 / 0 is not an overlap."""
    assert nms.hard([(1.0, 1.0), (1.0, 1.0)], [1.0, 0.5], [0, 0], nms_iou=0.5) == [0, 1]


def test_linear_decays_from_the_threshold_on():
    """0.75 * (1 - 1/2) = 0.375, which falls behind 0.5. Above IoU 0.5 nothing decays."""
    assert soft(nms.linear_decay(0.5)) == ([0, 2, 1], [1.0, 0.5, 0.375])
    assert soft(nms.linear_decay(0.6)) == ([0, 1, 2], SCORES)


def test_gaussian_decays_always():
    """0.75 * exp(-(1/2)^2 / 0.5) = 0.75 * exp(-0.5)."""
    kept, scores = soft(nms.gaussian_decay(0.5))
    assert kept == [0, 2, 1]
    assert scores == pytest.approx([1.0, 0.5, 0.75 * math.exp(-0.5)], abs=1e-15)


def test_decays_multiply():
    """Three the same, linear: IoU 1 leaves nothing; Gaussian with sigma 1: exp(-1), exp(-2)."""
    same = [(0.0, 1.0)] * 3
    _, scores = nms.soft(same, [1.0, 1.0, 1.0], [0, 0, 0], decay=nms.gaussian_decay(1.0))
    assert scores == pytest.approx([1.0, math.exp(-1), math.exp(-2)], abs=1e-15)
    assert nms.soft(same, [1.0] * 3, [0] * 3, decay=nms.linear_decay(0.5))[0] == [0]


def test_below_min_score_is_dropped_and_at_it_kept():
    decay = nms.linear_decay(0.5)
    assert soft(decay, min_score=0.5)[0] == [0, 2]
    assert soft(decay, min_score=0.375)[0] == [0, 2, 1]


def test_negative_scores_do_not_rise():
    """A factor of 1/2 would turn -1 into -0.5."""
    _, scores = soft(nms.linear_decay(0.5), scores=[1.0, -1.0, 0.5], min_score=-2.0)
    assert scores == [1.0, 0.5, -1.0]


def test_the_best_is_chosen_anew_after_each_decay():
    """[0,4) first; [2,4) falls to 0.375; then [4,8) at 0.5 comes, and then [2,4)."""
    kept, scores = soft(nms.linear_decay(0.5), labels=(7, 7, 7))
    assert (kept, scores) == ([0, 2, 1], [1.0, 0.5, 0.375])


def test_soft_in_postprocess():
    """The triangle at 0.25 and 0.5 (test_oracle_scores.py): 13/24 and 0.375, IoU 2/3.
    Linear: 0.375 / 3. Gaussian, sigma 0.5: 0.375 * exp(-8/9)."""
    levels = {"cas_thresholds": [0.25, 0.5], "nms_iou": 0.5}
    linear = postprocess([0, 1, 0], nms="linear", **levels)
    assert linear.scores.tolist() == pytest.approx([13 / 24, 0.125], abs=1e-15)
    gaussian = postprocess([0, 1, 0], nms="gaussian", soft_sigma=0.5, **levels)
    want = [13 / 24, 0.375 * math.exp(-8 / 9)]
    assert gaussian.scores.tolist() == pytest.approx(want, abs=1e-15)
