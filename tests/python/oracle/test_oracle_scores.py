"""Scores of `continuous`: inner and outer means worked out by hand on small curves.

Centres are at 1, 3, 5, ... seconds; the score is inner minus outer (small_case.py).
"""

from __future__ import annotations

import pytest

from reference.small_case import postprocess, propose


def score_of(y, **changes):
    (score,) = propose(y, **changes).scores
    return score


def test_triangle():
    """[2, 4]: from 0.5 to 1 and back, inner 0.75. Flanks of 0.5 s on each side run between
    0.25 and 0.5, mean 0.375. 0.75 - 0.375 = 0.375."""
    assert score_of([0, 1, 0]) == 0.375


def test_plateau_at_the_threshold():
    """[3, 5]: inner 0.5. Flanks of 0.5 s fall by a quarter of 0.5, mean 0.4375."""
    assert score_of([0, 0.5, 0.5, 0]) == 0.0625


def test_a_proposal_that_fills_the_video_has_no_flanks():
    """y = 1 0.5 1 over [0, 6]: areas 1 + 1.5 + 1.5 + 1 = 5, inner 5/6, outer 0."""
    assert score_of([1, 0.5, 1]) == pytest.approx(5 / 6, abs=1e-15)


def test_a_flank_at_the_start_of_the_video_is_only_the_other_one():
    """[0, 3] of y = 1 0 1 at 0: area 1 + 1, inner 2/3. The left flank is empty; the right one
    is 0.75 s, from 0 to 0.375, mean 0.1875. 2/3 - 3/16 = 23/48. Catches a mean of two means."""
    got = propose([1, 0, 1], cas_thresholds=[0.0])
    assert got.scores.tolist() == pytest.approx([23 / 48, 23 / 48], abs=1e-15)


def test_flanks_of_unequal_length_weigh_by_length():
    """y = 0 1 1 0 at 0.5: [2, 6], inner (0.75 + 2 + 0.75) / 4 = 0.875. Reach 0.75 * 4 = 3:
    the left flank is cut to [0, 2], area 0 + 0.25; the right one to (6, 8], the same.
    outer = 0.5 / 4 = 0.125. With the video 7.5 s long the right area stays 0.25 in 1.5 s:
    outer = 0.5 / 3.5 = 1/7."""
    y = [0, 1, 1, 0]
    assert score_of(y, outer_ratio=0.75) == 0.75
    assert score_of(y, outer_ratio=0.75, duration=7.5) == pytest.approx(0.875 - 1 / 7, abs=1e-15)


def test_outer_is_on_y_itself():
    """Below the threshold y still counts: [2, 4] of y = 0.25 0.75 0.25 at 0.5 has inner 0.625
    and flanks from 0.375 to 0.5, mean 0.4375; on thresholded y they would be 0."""
    assert score_of([0.25, 0.75, 0.25]) == 0.1875


def test_negative_y_counts_as_it_is():
    """y = -1 1 -1 at 0.5: slope 1 per second, [2.5, 3.5], inner 0.75; flanks of 0.25 s from
    0.25 to 0.5, mean 0.375. Wider, l = 1: 1 s each, from -0.5 to 0.5, mean 0."""
    assert score_of([-1, 1, -1]) == 0.375
    assert score_of([-1, 1, -1], outer_ratio=1.0) == 0.75


def test_max_lookahead_caps_the_right_flank_only():
    """y = 1 1 0 0 at 0.5: [0, 4], inner (3 + 0.75) / 4 = 0.9375. Reach 0.5 * 4 = 2 s: the
    flank (4, 6] has area 0.25, mean 0.125; capped to (4, 5] its mean is 0.25; to none, 0."""
    y = [1, 1, 0, 0]
    assert score_of(y, outer_ratio=0.5) == 0.8125
    assert score_of(y, outer_ratio=0.5, max_lookahead=1.0) == 0.6875
    assert score_of(y, outer_ratio=0.5, max_lookahead=0.0) == 0.9375
    # The mirror image has its flank on the left, where nothing is capped.
    assert score_of(y[::-1], outer_ratio=0.5, max_lookahead=0.0) == 0.8125


def test_no_outer_ratio_no_flanks():
    assert score_of([0, 1, 0], outer_ratio=0.0) == 0.75


def test_the_gap_of_a_merged_interval_counts_inside():
    """[0, 8] of y = 1 0 0 1: areas 1 + 1 + 0 + 1 + 1 = 4 of 8 s."""
    assert score_of([1, 0, 0, 1], merge_gap=4.5) == 0.5


def test_flanks_of_a_cut_piece_lie_in_its_neighbours():
    """y = 1 0 0 1, merged, cut at 3 and 6 (test_oracle_intervals.py).
    [0, 3]: area 2, inner 2/3; right 0.75 s of zero: 2/3.
    [3, 6]: area 0.25, inner 1/12; left 0.75 s from 0.375 to 0, mean 3/16; right 0.75 s from
            0.5 to 0.875, mean 11/16; outer 7/16: -17/48.
    [6, 8]: area 0.75 + 1, inner 0.875; left 0.5 s from 0.25 to 0.5, mean 0.375: 0.5."""
    got = propose([1, 0, 0, 1], merge_gap=5.0, max_duration=3.0)
    assert got.scores.tolist() == pytest.approx([2 / 3, -17 / 48, 0.5], abs=1e-15)


def test_one_snippet():
    assert score_of([0.75]) == 0.75


def test_equal_proposals_of_two_thresholds_leave_the_first():
    """All equal: the same interval and score at each threshold; the tie goes to index 0."""
    got = postprocess([0.5] * 4, cas_thresholds=[0.0, 0.25, 0.5])
    assert got.threshold_index.tolist() == [0]
    assert got.scores.tolist() == [0.5]


def test_nested_proposals_through_nms():
    """The triangle at 0.25, 0.5, 0.75: [1.5, 4.5], [2, 4], [2.5, 3.5].
    Scores: at 0.25 inner 0.625; flanks of 0.75 s hold an area of 0.0625 each, mean 1/12:
    13/24. At 0.5: 0.375 (above). At 0.75: inner 0.875, flanks of 0.25 s from 0.625 to 0.75,
    mean 0.6875: 0.1875. IoU with the first: 2/3 and 1/3, so at 0.5 the middle one goes."""
    got = postprocess([0, 1, 0], cas_thresholds=[0.25, 0.5, 0.75], nms_iou=0.5)
    assert got.segments.tolist() == [[1.5, 4.5], [2.5, 3.5]]
    assert got.scores.tolist() == pytest.approx([13 / 24, 0.1875], abs=1e-15)
    assert got.threshold_index.tolist() == [0, 2]


def test_detections_come_by_falling_score_then_start():
    """Triangles of height 1, 2, 1. The outer two score 0.375 each (above), so the earlier one
    comes first. The middle one is [5.5, 8.5], inner 1.25; a flank of 0.75 s has 0.5 s from 0.5
    to 0 and 0.25 s from 0 to 0.125, area 0.140625, mean 0.1875: 1.0625."""
    got = postprocess([0, 1, 0, 2, 0, 1, 0])
    assert got.segments[:, 0].tolist() == [5.5, 2, 10]
    assert got.scores.tolist() == [1.0625, 0.375, 0.375]
