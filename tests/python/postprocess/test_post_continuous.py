"""The core's `continuous` mode against the float64 oracle: all settings, nasty videos.

Times to 1e-9 s; scores to 1e-9 (proposals, float64) and 1e-6 (detections, float32) of the
largest score. Where rounding alone decides (reference/stability.py) a case is passed over; the
last test sees to it that few are.
"""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import assume, given
from post_cases import (
    MANY,
    as_result,
    assert_sorted,
    continuous_fields,
    gate_is_clear_cut,
    make_video,
    oracle_settings,
    videos,
)

import basnet_rt
from basnet_rt import PostprocessConfig
from reference import continuous
from reference.compare import assert_same
from reference.stability import (
    continuous_is_clear_cut,
    continuous_proposals_are_clear_cut,
    score_scale,
)

LARGEST = float(np.finfo(np.float32).max)  # a larger score is shown as this, not as infinity


@MANY
@given(videos(), continuous_fields())
def test_proposals_are_the_oracles(video, fields):
    """Catches a wrong crossing, mean, flank, cut, merge, gate or order of proposals."""
    config = PostprocessConfig.continuous(**fields)
    settings = oracle_settings(config, 2)
    assume(gate_is_clear_cut(video, fields))
    assume(continuous_proposals_are_clear_cut(*video.arrays(), settings, **video.timing()))
    got = basnet_rt.propose(*video.arrays(), config, **video.timing())
    want = continuous.propose(*video.arrays(), settings, **video.timing())
    scale = score_scale(want)
    assert_same(as_result(got), want, times=1e-9, scores=1e-9 * scale)
    np.testing.assert_array_equal(got.threshold_index, want.threshold_index)
    np.testing.assert_array_equal(got.labels, want.labels)
    np.testing.assert_allclose(got.segments, want.segments, rtol=0, atol=1e-9)


@MANY
@given(videos(), continuous_fields())
def test_detections_are_the_oracles(video, fields):
    """Catches a wrong IoU, order of suppression, decay, or classes that meet in NMS."""
    config = PostprocessConfig.continuous(**fields)
    settings = oracle_settings(config, 2)
    assume(gate_is_clear_cut(video, fields))
    assume(continuous_is_clear_cut(*video.arrays(), settings, **video.timing()))
    got = basnet_rt.postprocess(*video.arrays(), config, **video.timing())
    want = continuous.postprocess(*video.arrays(), settings, **video.timing())
    scores = 1e-6 * score_scale(want)
    want = want._replace(scores=np.clip(want.scores, -LARGEST, LARGEST))
    assert_same(as_result(got), want, times=1e-9, scores=scores, with_index=False)
    assert got.mode == "continuous"
    assert_sorted(got)


@pytest.mark.parametrize("normalisation", ["video", "fixed", "horizon"])
@pytest.mark.parametrize("gate", ["video", "none", "horizon"])
def test_a_thousand_classes(normalisation, gate):
    """Catches a class that gets its neighbour's range, row or score."""
    video = make_video("thousand_classes", 12, 1000, 5)
    lo, hi = np.linspace(-1, 0, 1000), np.linspace(0.5, 2, 1000)
    config = PostprocessConfig.continuous(
        normalisation=normalisation,
        gate=gate,
        horizon=2.0,
        fixed_lo=lo,
        fixed_hi=hi,
        keep_top1=True,
        cas_thresholds=[0.1, 0.5],
        class_threshold=0.25 if gate == "video" else 0.001,
    )
    settings = oracle_settings(config, 1000)
    got = basnet_rt.propose(*video.arrays(), config, **video.timing())
    want = continuous.propose(*video.arrays(), settings, **video.timing())
    assert len(got) > (3 if gate == "horizon" else 500)
    np.testing.assert_array_equal(got.labels, want.labels)
    np.testing.assert_allclose(got.segments, want.segments, rtol=0, atol=1e-9)
    np.testing.assert_allclose(got.scores, want.scores, rtol=0, atol=1e-9)


def test_few_cases_are_passed_over():
    """Catches a guard that would let the tests above compare nothing."""
    kinds = ["smooth", "noise", "end_spikes", "zero_touches", "plateaus"]
    fields = [{}, {"gate": "none", "merge_gap": 0.7}, {"max_duration": 4.0, "min_duration": 0.5}]
    looked_at = []
    for seed, (kind, changes) in enumerate((k, f) for k in kinds for f in fields):
        video = make_video(kind, 11, 2, seed)
        settings = oracle_settings(PostprocessConfig.continuous(**changes), 2)
        inputs = (*video.arrays(), settings)
        looked_at.append(continuous_proposals_are_clear_cut(*inputs, **video.timing()))
    assert np.mean(looked_at) > 0.7
