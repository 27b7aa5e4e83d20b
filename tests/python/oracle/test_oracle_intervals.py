"""Where `continuous` sees intervals: small curves worked out by hand.

Centres are at 1, 3, 5, ... seconds (reference/small_case.py); y is written out. All numbers
are dyadic, so equality is exact.
"""

from __future__ import annotations

import pytest

from reference.small_case import propose, segments


def test_triangle():
    """0 at 1 s, 1 at 3 s, 0 at 5 s: at 0.5 half-way up and half-way down."""
    assert segments([0, 1, 0]) == [[2, 4]]


def test_steeper_sides_cross_earlier():
    """0 to 2 in two seconds reaches 0.5 after a quarter: 1 + 0.5. Catches a half-snippet shift."""
    assert segments([0, 2, 0]) == [[1.5, 4.5]]


def test_touching_the_threshold_from_above_does_not_split():
    assert segments([1, 0.5, 1]) == [[0, 6]]


def test_touching_the_threshold_from_below_is_no_interval():
    assert segments([0, 0.5, 0]) == []


def test_a_first_snippet_at_the_threshold_lasts_to_its_centre():
    """y is constant before the first centre (1 s) and after the last (3 s)."""
    assert segments([0.5, 0]) == [[0, 1]]
    assert segments([0, 0.5]) == [[3, 4]]


def test_plateau_at_the_threshold():
    """Centre to centre: outside the plateau y is below at once."""
    assert segments([0, 0.5, 0.5, 0]) == [[3, 5]]


def test_plateau_on_the_way_up_starts_at_its_first_centre():
    """0.5 at 3 s and 5 s, 1 at 7 s, 0 at 9 s: from 3 s to half-way down, 8 s."""
    assert segments([0, 0.5, 0.5, 1, 0]) == [[3, 8]]


def test_threshold_zero_is_strict():
    """Nothing is above zero. At a threshold below zero, everything is at or above it."""
    assert segments([0, 0, 0], cas_thresholds=[0.0]) == []
    assert segments([0, 0, 0], cas_thresholds=[-0.5]) == [[0, 6]]


def test_a_touch_of_zero_splits_at_threshold_zero():
    """Two intervals that touch at the centre of the middle snippet."""
    assert segments([1, 0, 1], cas_thresholds=[0.0]) == [[0, 3], [3, 6]]


def test_a_flat_zero_is_a_gap_at_threshold_zero():
    assert segments([1, 0, 0, 1], cas_thresholds=[0.0]) == [[0, 3], [5, 8]]


def test_below_zero_is_crossed_where_it_is():
    """1 to -1 from 1 s to 3 s is zero at 2 s."""
    assert segments([1, -1], cas_thresholds=[0.0]) == [[0, 2]]


def test_intervals_closer_than_merge_gap_are_one():
    """[0, 2] and [6, 8] are 4 s apart: not closer than 4 s, but closer than 4.5 s."""
    y = [1, 0, 0, 1]
    assert segments(y) == [[0, 2], [6, 8]]
    assert segments(y, merge_gap=4.0) == [[0, 2], [6, 8]]
    assert segments(y, merge_gap=4.5) == [[0, 8]]


def test_merging_undoes_a_touch_of_zero():
    """Their gap is 0 s: closer than 0.125 s, but not closer than 0 s."""
    assert segments([1, 0, 1], cas_thresholds=[0.0], merge_gap=0.125) == [[0, 6]]


def test_a_touch_from_below_bridges_nothing():
    """y = 1 0 0.5 0 1 at 0.5: [0, 2], the point 5 s, [8, 10]. Intervals without length are
    dropped before merging, so a gap of 6 s stays one although the point is 3 s from both."""
    assert segments([1, 0, 0.5, 0, 1], merge_gap=3.5) == [[0, 2], [8, 10]]


def test_merging_chains():
    """[0, 2], [4, 6] and [8, 10]: each 2 s from the next, and so all one."""
    assert segments([1, 0, 1, 0, 1], merge_gap=2.5) == [[0, 10]]


def test_each_threshold_merges_for_itself():
    """Gaps of y = 1 0 1: 2 s at 0.5 (from 2 s to 4 s), 3 s at 0.75 (1.5 s to 4.5 s)."""
    got = segments([1, 0, 1], cas_thresholds=[0.5, 0.75], merge_gap=2.5)
    assert got == [[0, 6], [0, 1.5], [4.5, 6]]


def test_a_long_root_is_cut_even_in_a_gap():
    """Merged to [0, 8], cut at 3 s and 6 s; [3, 6] is nearly all gap and still a proposal."""
    got = segments([1, 0, 0, 1], merge_gap=5.0, max_duration=3.0)
    assert got == [[0, 3], [3, 6], [6, 8]]


def test_a_root_of_exactly_max_duration_is_whole():
    assert segments([1, 1, 1], max_duration=6.0) == [[0, 6]]
    assert segments([1, 1, 1], max_duration=3.0) == [[0, 3], [3, 6]]


def test_proposals_are_cut_where_their_root_is():
    """Root [0, 8] is cut at 3 and 6. At 0.75 the interval is [2, 6]: cut at 3, not at 5."""
    got = propose([0.5, 1, 1, 0.5], cas_thresholds=[0.25, 0.75], max_duration=3.0)
    assert got.segments.tolist() == [[0, 3], [3, 6], [6, 8], [2, 3], [3, 6]]
    assert got.threshold_index.tolist() == [0, 0, 0, 1, 1]


def test_roots_are_those_of_the_lowest_threshold_wherever_it_stands():
    """As above with the thresholds listed from high to low."""
    got = propose([0.5, 1, 1, 0.5], cas_thresholds=[0.75, 0.25], max_duration=3.0)
    assert got.segments.tolist() == [[2, 3], [3, 6], [0, 3], [3, 6], [6, 8]]


def test_two_roots_are_cut_each_from_its_own_start():
    """Roots [0, 4] and [8, 12] with y = 1 1 0 0 1 1: cut at 3, and at 8 + 3 = 11."""
    got = segments([1, 1, 0, 0, 1, 1], max_duration=3.0)
    assert got == [[0, 3], [3, 4], [8, 11], [11, 12]]


def test_shorter_than_min_duration_is_dropped():
    """The triangle lasts 2 s: not shorter than 2 s, but shorter than 2.125 s."""
    assert segments([0, 1, 0], min_duration=2.0) == [[2, 4]]
    assert segments([0, 1, 0], min_duration=2.125) == []


def test_pieces_are_measured_after_the_cut():
    """[2, 6] is cut at 3 into 1 s and 3 s; the first is shorter than 1.5 s."""
    y, levels = [0.5, 1, 1, 0.5], [0.25, 0.75]
    got = segments(y, cas_thresholds=levels, max_duration=3.0, min_duration=1.5)
    assert got == [[0, 3], [3, 6], [6, 8], [3, 6]]


def test_merging_comes_before_min_duration():
    """[0, 2] and [6, 8] are each shorter than 5 s; merged they are 8 s."""
    assert segments([1, 0, 0, 1], merge_gap=4.5, min_duration=5.0) == [[0, 8]]


@pytest.mark.parametrize(
    ("duration", "want"),
    [(None, [[0, 4]]), (3.5, [[0, 3.5]]), (5.0, [[0, 5]]), (0.5, [[0, 0.5]])],
)
def test_the_video_ends_at_duration(duration, want):
    """Two snippets at 1 fill 4 s; a shorter video cuts them, a longer one holds the last value."""
    assert segments([1, 1], duration=duration) == want


def test_what_starts_after_the_video_is_not_there():
    """y passes 0.5 at 2 s; the video lasts 2 s."""
    assert segments([0, 1], duration=2.0) == []


def test_one_snippet_is_the_whole_video():
    assert segments([0.75]) == [[0, 2]]
    assert segments([0.25]) == []


def test_all_equal_is_one_interval_at_each_threshold():
    got = propose([0.5] * 4, cas_thresholds=[0.0, 0.25, 0.5, 0.75])
    assert got.segments.tolist() == [[0, 8]] * 3
    assert got.threshold_index.tolist() == [0, 1, 2]
