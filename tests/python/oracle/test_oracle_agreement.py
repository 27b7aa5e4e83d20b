"""The oracle's `continuous` mode against things that know nothing of its formulas.

Exact rational arithmetic, a fine grid over `np.interp`, and symmetries: a video played
backwards or slower, and proposals that must nest. Inputs: every kind in random_cas.py.
"""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from reference import continuous
from reference.compare import assert_same
from reference.random_cas import KINDS, LEVELS, video_scores, with_background
from reference.results import Result
from reference.settings import THUMOS14
from reference.stability import (
    continuous_is_clear_cut,
    continuous_proposals_are_clear_cut,
    score_scale,
)

SECONDS = 0.64
PLAIN = {**THUMOS14, "cas_thresholds": LEVELS}
STREAM = {"min_duration": 0.5, "merge_gap": 0.7, "max_duration": 4.0, "max_lookahead": 0.5}
SOFT = [{"nms": "linear"}, {"nms": "gaussian", "soft_sigma": 0.5}]
HORIZON = {"normalisation": "horizon", "gate": "horizon", "horizon": 3.2, "keep_top1": True}
CHANGES = [{}, STREAM, {**STREAM, **HORIZON}, *SOFT]
SMALL_KINDS = sorted(set(KINDS) - {"thousand_classes"})

kinds = st.sampled_from(SMALL_KINDS)
seeds = st.integers(0, 10_000)
lengths = st.integers(1, 14)


def inputs(kind, num_snippets, seed):
    """(cas, video scores) with two classes, and the other inputs by name."""
    cas = KINDS[kind](num_snippets, 2, seed)
    return (cas, video_scores(2, seed)), {
        "snippet_seconds": SECONDS,
        "raw_cas": with_background(cas, seed),
    }


@given(kinds, lengths, seeds, st.sampled_from(CHANGES[:3]))
def test_float64_gives_the_exact_proposals(kind, num_snippets, seed, changes):
    """Catches a formula that loses digits: rational numbers have none to lose."""
    arrays, named = inputs(kind, num_snippets, seed)
    settings = {**PLAIN, **changes}
    if continuous_proposals_are_clear_cut(*arrays, settings, **named):
        got = continuous.propose(*arrays, settings, **named)
        want = continuous.propose(*arrays, settings, **named, exact=True)
        assert_same(got, want, times=1e-12, scores=1e-11 * score_scale(want))


@given(kinds, lengths, seeds, st.sampled_from(CHANGES))
def test_float64_gives_the_exact_detections(kind, num_snippets, seed, changes):
    """Catches ties that float64 breaks where stability.py says that there is none."""
    arrays, named = inputs(kind, num_snippets, seed)
    settings = {**PLAIN, **changes}
    if continuous_is_clear_cut(*arrays, settings, **named):
        got = continuous.postprocess(*arrays, settings, **named)
        want = continuous.postprocess(*arrays, settings, **named, exact=True)
        scores = 1e-11 * score_scale(want)
        assert_same(got, want, times=1e-12, scores=scores, with_index=False)


def grid_mean(y, begin, end, points=4000):
    """Mean of the curve over [begin, end] from a fine grid of midpoints; 0 where empty."""
    if end <= begin:
        return 0.0
    t = begin + (np.arange(points) + 0.5) * ((end - begin) / points)
    return float(np.interp(t, (np.arange(len(y)) + 0.5) * SECONDS, y).mean())


def grid_score(y, begin, end, duration):
    """Inner minus outer mean with a quarter of the length on each side."""
    reach = 0.25 * (end - begin)
    left, right = max(0.0, begin - reach), min(duration, end + reach)
    sizes = [begin - left, right - end]
    means = [grid_mean(y, left, begin), grid_mean(y, end, right)]
    outer = np.dot(sizes, means) / sum(sizes) if sum(sizes) > 0 else 0.0
    return grid_mean(y, begin, end) - outer


@pytest.mark.parametrize("kind", ["smooth", "noise", "end_spikes", "plateaus", "zero_touches"])
def test_scores_match_a_fine_grid(kind):
    """Catches a wrong integral, flank or end of the video: the grid has no closed form.

    Midpoints of 4000 cells are within 1e-4 for curves of this slope.
    """
    cas = KINDS[kind](9, 1, 3)
    fixed = {"normalisation": "fixed", "fixed_lo": [0.0], "fixed_hi": [float(cas.max())]}
    settings = {**PLAIN, **fixed, "gate": "none", "min_duration": 0.01}
    y = cas[:, 0] / cas.max()
    got = continuous.propose(cas, None, settings, snippet_seconds=SECONDS, duration=5.5)
    assert len(got.scores) > 5
    for (begin, end), score in zip(got.segments, got.scores, strict=True):
        assert score == pytest.approx(grid_score(y, begin, end, 5.5), abs=1e-4)


@pytest.mark.parametrize("kind", ["smooth", "noise", "end_spikes", "zero_touches"])
@pytest.mark.parametrize("level", [0.0, 0.1, 0.35])
def test_intervals_cover_what_a_fine_grid_finds(kind, level):
    """Catches a missing, doubled or shifted interval at each point of the grid."""
    cas = KINDS[kind](11, 1, 5)
    fixed = {"normalisation": "fixed", "fixed_lo": [0.0], "fixed_hi": [1.0]}
    settings = {**PLAIN, **fixed, "gate": "none", "cas_thresholds": [level]}
    got = continuous.propose(cas, None, settings, snippet_seconds=SECONDS)
    t = (np.arange(20_000) + 0.5) * (11 * SECONDS / 20_000)
    y = np.interp(t, (np.arange(11) + 0.5) * SECONDS, cas[:, 0].astype(np.float64))
    covered = np.zeros(len(t), dtype=int)
    for begin, end in got.segments:
        covered += (begin <= t) & (t < end)
    clear = np.abs(y - level) > 1e-9
    np.testing.assert_array_equal(covered[clear], (y > level)[clear].astype(int))


@given(kinds, lengths, seeds)
def test_a_video_played_backwards(kind, num_snippets, seed):
    """The proposals are mirrored and their scores the same: no half-snippet shift, and no
    side is treated differently."""
    (cas, scores), _ = inputs(kind, num_snippets, seed)
    settings = {"min_duration": 1e-9, **PLAIN}
    forth = continuous.propose(cas, scores, settings, snippet_seconds=SECONDS)
    back = continuous.propose(cas[::-1].copy(), scores, settings, snippet_seconds=SECONDS)
    mirrored = back._replace(segments=len(cas) * SECONDS - back.segments[:, ::-1])
    assert_same(mirrored, forth, times=1e-9, scores=1e-9 * score_scale(forth))


@given(kinds, lengths, seeds)
def test_a_video_played_at_half_speed(kind, num_snippets, seed):
    """Times double, exactly; scores stay."""
    (cas, scores), _ = inputs(kind, num_snippets, seed)
    fast = continuous.propose(cas, scores, PLAIN, snippet_seconds=SECONDS)
    slow = continuous.propose(cas, scores, PLAIN, snippet_seconds=2 * SECONDS)
    want = Result(fast.labels, fast.scores, 2 * fast.segments, fast.threshold_index)
    assert_same(slow, want, times=0.0, scores=0.0)


@given(kinds, lengths, seeds, st.sampled_from([{}, STREAM]))
def test_proposals_are_laminar(kind, num_snippets, seed, changes):
    """Two proposals of a class are nested or disjoint; all lie in the video."""
    (cas, scores), _ = inputs(kind, num_snippets, seed)
    got = continuous.propose(cas, scores, {**PLAIN, **changes}, snippet_seconds=SECONDS)
    assert (got.segments >= 0).all()
    assert (got.segments <= len(cas) * SECONDS).all()
    for i in range(len(got.labels)):
        for j in range(i):
            (a, b), (c, d) = got.segments[i], got.segments[j]
            disjoint = b <= c or d <= a
            nested = (a <= c and d <= b) or (c <= a and b <= d)
            assert got.labels[i] != got.labels[j] or disjoint or nested


@given(kinds, lengths, seeds)
def test_limits_that_do_not_bind_change_nothing(kind, num_snippets, seed):
    """Catches a limit applied where it is switched off, or an infinity that is not one."""
    (cas, scores), _ = inputs(kind, num_snippets, seed)
    wide = {**PLAIN, "max_duration": 1e6, "max_lookahead": 1e6, "merge_gap": 0.0}
    got = continuous.postprocess(cas, scores, wide, snippet_seconds=SECONDS)
    want = continuous.postprocess(cas, scores, PLAIN, snippet_seconds=SECONDS)
    assert_same(got, want, times=0.0, scores=0.0)
