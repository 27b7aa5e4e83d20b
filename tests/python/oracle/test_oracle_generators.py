"""random_cas.py gives what it promises, and stability.py sees a tie when there is one."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from reference import published
from reference.normalise import by_video
from reference.random_cas import (
    DYADIC_LEVELS,
    KINDS,
    LEVELS,
    denormals,
    dyadic_plateaus,
    plateaus,
    video_scores,
    with_background,
    zero_touches,
)
from reference.settings import THUMOS14
from reference.small_case import PLAIN, column
from reference.stability import continuous_is_clear_cut, published_is_clear_cut


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("num_snippets", [1, 2, 17])
def test_kinds_are_arrays_the_core_takes(kind, num_snippets):
    """float32, C-contiguous, finite, (T, C), and the same again for the same seed."""
    cas = KINDS[kind](num_snippets, 3, 11)
    assert cas.dtype == np.float32
    assert cas.ndim == 2
    assert cas.flags.c_contiguous
    assert np.isfinite(cas).all()
    np.testing.assert_array_equal(cas, KINDS[kind](num_snippets, 3, 11))
    assert kind == "one_snippet" or len(cas) == min(num_snippets, 12 if cas.shape[1] > 3 else 99)


def test_plateaus_lie_exactly_on_thresholds():
    """In float64 after min-max; catches levels that are only close, which would test nothing."""
    y = by_video(plateaus(40, 1, 0)[:, 0])
    on_a_level = sum(value in LEVELS for value in y)
    assert on_a_level > 15
    assert sum(a == b and a in LEVELS[1:] for a, b in pairwise(y)) > 3


def test_dyadic_plateaus_lie_exactly_on_thresholds_in_float32():
    y = published.normalise(dyadic_plateaus(40, 1, 0))[:, 0]
    assert sum(float(value) in DYADIC_LEVELS for value in y) > 15


def test_denormals_are_not_zero():
    """Catches a processor that was told to flush them."""
    cas = denormals(20, 2, 0)
    assert (cas != 0).any()
    assert np.abs(cas).max() < np.finfo(np.float32).tiny


def test_zero_touches_touch():
    cas = zero_touches(12, 1, 0)[:, 0]
    assert (cas == 0).sum() == 3
    assert (cas[cas != 0] > 0).all()


def test_video_scores_have_some_at_the_threshold():
    scores = video_scores(50, 0)
    assert scores.dtype == np.float32
    assert (scores == np.float32(0.25)).any()
    assert (scores < 0.25).any()


def test_background_is_the_last_column():
    cas = plateaus(5, 3, 0)
    np.testing.assert_array_equal(with_background(cas, 0)[:, :-1], cas)


@given(st.sampled_from(sorted(KINDS)), st.integers(1, 9), st.integers(0, 10_000))
def test_published_copes_with_every_kind(kind, num_snippets, seed):
    """No warning (they are errors here), no NaN, times inside the video."""
    cas = KINDS[kind](num_snippets, 2, seed)
    scores = video_scores(cas.shape[1], seed)
    got = published.postprocess(cas, scores, THUMOS14, snippet_seconds=0.64)
    assert np.isfinite(got.scores).all()
    assert (got.segments[:, 0] < got.segments[:, 1]).all()
    assert (got.segments <= len(cas) * 0.64 + 1e-9).all()


def test_an_iou_on_the_threshold_is_not_clear_cut():
    """The triangle at 0.25 and 0.5 has IoU 2/3 between its proposals."""
    cas = column([0, 1, 0])
    settings = {**PLAIN, "cas_thresholds": [0.25, 0.5]}
    for nms_iou, clear in [(2 / 3, False), (0.6, True), (0.7, True)]:
        changed = {**settings, "nms_iou": nms_iou}
        assert continuous_is_clear_cut(cas, None, changed, snippet_seconds=2.0) is clear


def test_a_gap_of_merge_gap_is_not_clear_cut():
    """The gap of 1 0 0 1 at 0.5 is 4 s."""
    cas = column([1, 0, 0, 1])
    for gap, clear in [(4.0, False), (3.9, True), (4.1, True), (0.0, True)]:
        changed = {**PLAIN, "merge_gap": gap}
        assert continuous_is_clear_cut(cas, None, changed, snippet_seconds=2.0) is clear


def test_a_plateau_on_a_threshold_is_clear_cut():
    """Its side is fixed by y itself; a check that called it unclear would skip the best tests."""
    cas = column([0, 0.5, 0.5, 0])
    assert continuous_is_clear_cut(cas, None, PLAIN, snippet_seconds=2.0)


def test_published_sample_between_snippets_on_a_threshold_is_not_clear_cut():
    """From 0 to 1 in four samples: 0.25 and 0.5 and 0.75 lie between two snippets."""
    cas = np.repeat(column([0, 1, 0]), 2, axis=1)  # class 0 alone would be dropped
    scores = np.ones(2, dtype=np.float32)
    settings = {**THUMOS14, "upsample": 4}
    for level, clear in [(0.25, False), (0.3, True), (1.0, True)]:
        changed = {**settings, "cas_thresholds": [level]}
        assert published_is_clear_cut(cas, scores, changed, snippet_seconds=2.0) is clear
