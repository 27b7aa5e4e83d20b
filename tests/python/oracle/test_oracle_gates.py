"""Normalisations and gates of `continuous`, by hand."""

from __future__ import annotations

import numpy as np
import pytest

from reference import continuous
from reference.gates import video_scores_of
from reference.normalise import by_horizon, by_video, fixed
from reference.settings import horizon_snippets
from reference.small_case import PLAIN, propose, segments

LOG3 = float(np.log(3.0))


def labels_of(video_scores, **changes):
    """Labels and scores of a two-class video whose classes both are the triangle."""
    cas = np.array([[0, 0], [1, 1], [0, 0]], dtype=np.float32)
    scores = np.array(video_scores, dtype=np.float32)
    limits = {"fixed_lo": [0.0, 0.0], "fixed_hi": [1.0, 1.0]}
    settings = {**PLAIN, **limits, "gate": "video", **changes}
    got = continuous.propose(cas, scores, settings, snippet_seconds=2.0)
    return got.labels.tolist(), got.scores.tolist()


def test_video_normalisation_by_hand():
    """Limits 1 and 5; with negatives the lower limit is 0; all negative: 0 and a spread of 1."""
    assert by_video(np.array([1.0, 3.0, 5.0])) == [0, 0.5, 1]
    assert by_video(np.array([-2.0, 1.0, 4.0])) == [-0.5, 0.25, 1]
    assert by_video(np.array([-2.0, -1.0])) == [-2, -1]
    assert by_video(np.array([3.0, 3.0])) == [0, 0]


def test_fixed_normalisation_does_not_clamp():
    assert fixed(np.array([0.0, 1.0, 2.0, 4.0]), 1.0, 3.0) == [-0.5, 0, 0.5, 1.5]


def test_horizon_normalisation_looks_back_only():
    """Windows of two: (1): no spread, 0. (1 2): 1. (2 1): 0. (1 4): 1."""
    assert by_horizon(np.array([1.0, 2.0, 1.0, 4.0]), 2) == [0, 1, 0, 1]
    # (4): 0. (4 2): 2 is the least, 0. (2 3): 1; with the 4 before it would be 1/2.
    assert by_horizon(np.array([4.0, 2.0, 3.0]), 2) == [0, 0, 1]
    # (-1): limits 0 and 0, so -1. (-1 1): limits 0 and 1.
    assert by_horizon(np.array([-1.0, 1.0]), 2) == [-1, 1]


def test_horizon_normalisation_in_place():
    """y = 0 1 0 1 as above: at 0.5 from 2 s to 4 s and from 6 s to the end."""
    got = segments([1, 2, 1, 4], normalisation="horizon", horizon=4.0)
    assert got == [[2, 4], [6, 8]]


def test_a_horizon_longer_than_the_video_is_not_the_video():
    """Snippet 0 still knows only itself: y = 0 where `video` gives 1 at the start of 4 1 1."""
    y = [4, 1, 1]
    assert segments(y, normalisation="video") == [[0, 2]]
    assert segments(y, normalisation="horizon", horizon=100.0) == []


@pytest.mark.parametrize(
    ("horizon", "seconds", "want"),
    [(18.56, 0.64, 29), (1.0, 0.48, 2), (0.1, 0.48, 1), (2.0, 2.0, 1), (3.99, 2.0, 1)],
)
def test_horizon_in_snippets(horizon, seconds, want):
    """18.56 / 0.64 is 29 snippets although the quotient in float64 is just below 29."""
    assert horizon_snippets(horizon, seconds) == want


def test_one_snippet_under_video_normalisation_is_at_its_minimum():
    """hi = lo, so y = 0: nothing. Catches a division by zero."""
    assert segments([0.75], normalisation="video", cas_thresholds=[0.0, 0.1]) == []


def test_all_equal_under_video_normalisation_is_nothing():
    assert segments([3, 3, 3], normalisation="video", cas_thresholds=[0.0, 0.1]) == []


def test_gate_none_adds_nothing_and_needs_no_scores():
    assert propose([0, 1, 0], score_weight=5.0, video_scores=None).scores.tolist() == [0.375]


def test_video_gate_adds_the_score_itself():
    """0.375 + 0.2 * 0.5 = 0.475 (0.2 * 1 in `published`). A score at the threshold passes."""
    labels, scores = labels_of([0.25, 0.5])
    assert labels == [0, 1]
    assert scores == pytest.approx([0.375 + 0.05, 0.375 + 0.1], abs=1e-15)


def test_class_zero_alone_is_a_class_like_any_other():
    """`published` emits nothing here."""
    assert labels_of([0.5, 0.125])[0] == [0]


def test_keep_top1_keeps_the_best_where_none_passes():
    """Without it, nothing. With it, class 1 and its own low score: 0.375 + 0.2 * 0.125."""
    assert labels_of([0.0625, 0.125])[0] == []
    labels, scores = labels_of([0.0625, 0.125], keep_top1=True)
    assert labels == [1]
    assert scores == pytest.approx([0.4], abs=1e-15)


def test_keep_top1_changes_nothing_where_one_passes():
    assert labels_of([0.5, 0.125], keep_top1=True)[0] == [0]


def test_keep_top1_on_a_tie_keeps_the_first():
    assert labels_of([0.125, 0.125], keep_top1=True)[0] == [0]


def test_video_scores_by_hand():
    """Two of sixteen (16 // 8): mean of (2 log 3, 0) is log 3 over a background of 0: 3/4."""
    raw = np.zeros((16, 2))
    raw[5, 0] = 2 * LOG3
    np.testing.assert_allclose(video_scores_of(raw), [0.75])
    np.testing.assert_allclose(video_scores_of(raw[:15]), [0.9])  # one of fifteen: 9/10


# y = 1 0 0 1 at 0.5 has roots [0, 2] and [6, 8]. The first ends after centre 1 s (snippet 0),
# the second after 7 s (snippet 3). Inner 0.875 each (area 1 + 0.75); the flank of 0.5 s runs
# between 0.25 and 0.5, mean 0.375: contrast 0.5 each.
TWO_ROOTS = [1, 0, 0, 1]
RAW = np.array([[LOG3, 0], [0, 0], [LOG3, 0], [0, LOG3]], dtype=np.float32)


def test_horizon_gate_asks_at_the_end_of_each_root():
    """One snippet: softmax (log 3, 0) is 0.75 and passes 0.5; (0, log 3) is 0.25 and does not."""
    got = propose(TWO_ROOTS, gate="horizon", horizon=2.0, raw_cas=RAW, class_threshold=0.5)
    assert got.segments.tolist() == [[0, 2]]
    assert got.scores.tolist() == pytest.approx([0.5 + 0.2 * 0.75], abs=1e-7)


def test_horizon_gate_sees_the_whole_window():
    """Four snippets: at the second root the best of each column is log 3: 1/2, above 0.4."""
    got = propose(TWO_ROOTS, gate="horizon", horizon=8.0, raw_cas=RAW, class_threshold=0.4)
    assert got.segments.tolist() == [[0, 2], [6, 8]]
    assert got.scores.tolist() == pytest.approx([0.65, 0.6], abs=1e-7)


def test_horizon_gate_stops_before_a_centre_at_the_roots_end():
    """y = 1 0 at 0: the root [0, 3] ends at the centre of snippet 1, so 0 is its last: 0.75."""
    got = propose([1, 0], gate="horizon", horizon=2.0, raw_cas=RAW[::3], cas_thresholds=[0.0])
    assert got.segments.tolist() == [[0, 3]]
    contrast = 2 / 3 - 0.0  # area 2 of 3 s; the flank of 0.75 s is zero
    assert got.scores.tolist() == pytest.approx([contrast + 0.2 * 0.75], abs=1e-7)


def test_horizon_gate_asks_at_the_end_of_a_cut_piece():
    """Whole, the root [0, 8] ends with snippet 3: 0.25, dropped. Cut at 4 s, the first piece
    ends with snippet 1 (softmax (0, 0): 0.5), and stays."""
    settings = {"gate": "horizon", "horizon": 2.0, "raw_cas": RAW, "class_threshold": 0.5}
    assert segments([1, 1, 1, 1], **settings) == []
    assert segments([1, 1, 1, 1], max_duration=4.0, **settings) == [[0, 4]]


def test_horizon_gate_of_a_proposal_is_its_roots():
    """y = 1 0.25 1 1 at 0.25 is one root [0, 8] and asks at snippet 3; so does the proposal
    [0, 2] at 0.625, which ends where snippet 0 alone would let it pass."""
    got = segments(
        [1, 0.25, 1, 1],
        cas_thresholds=[0.25, 0.625],
        gate="horizon",
        horizon=2.0,
        raw_cas=RAW,
        class_threshold=0.5,
    )
    assert got == []


def test_horizon_gate_with_keep_top1():
    """One class: where it does not pass it is still the best."""
    got = propose(
        TWO_ROOTS, gate="horizon", horizon=2.0, raw_cas=RAW, class_threshold=0.5, keep_top1=True
    )
    assert got.scores.tolist() == pytest.approx([0.65, 0.55], abs=1e-7)


def test_a_root_that_ends_before_the_first_centre_asks_snippet_zero():
    """The video ends at 0.5 s, before the centre at 1 s."""
    got = propose(
        [1, 1], gate="horizon", horizon=2.0, raw_cas=RAW[:2], class_threshold=0.5, duration=0.5
    )
    assert got.scores.tolist() == pytest.approx([1 + 0.2 * 0.75], abs=1e-7)
