"""The core's `published` mode against the released code's numbers and the oracle.

Golden: all cases, proposals and detections, times to 1e-9 s and scores to 1e-6. The oracle
(tests/reference/published.py, itself held to golden) covers the settings golden does not have.
"""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from post_cases import (
    DYADIC_LEVELS,
    MANY,
    as_result,
    assert_sorted,
    make_video,
    published_fields,
    videos,
)

import basnet_rt
from basnet_rt import PostprocessConfig
from reference import published
from reference.compare import assert_same
from reference.results import Result
from reference.stability import published_is_clear_cut, samples_are_clear_cut, score_scale

FIELDS = ("class_threshold", "cas_thresholds", "upsample", "outer_ratio", "score_weight", "nms_iou")


def settings_of(config):
    return {name: config.to_dict()[name] for name in FIELDS}


def golden_case(golden, case):
    """(cas, video scores, config) and the timing of one case."""
    cas = np.ascontiguousarray(golden[f"{case}/cas"][:, :-1])
    fields = {name: golden[f"{case}/{name}"].tolist() for name in FIELDS}
    num_snippets, fps = int(golden[f"{case}/num_snippets"]), int(golden[f"{case}/fps"])
    seconds = 16 * num_snippets / (len(cas) * fps)
    config = PostprocessConfig.published(**fields)
    return (cas, golden[f"{case}/video_score"], config), {"snippet_seconds": seconds}


def test_golden_has_all_its_cases(golden):
    assert len({name.split("/")[0] for name in golden}) == 21


def test_golden_proposals(golden, golden_case_name):
    """Catches a wrong sample, run, window, sum or time, and a wrong order of proposals."""
    inputs, timing = golden_case(golden, golden_case_name)
    got = basnet_rt.propose(*inputs, **timing)
    rows = golden[f"{golden_case_name}/proposals"]  # threshold index, class, score, start, end
    want = Result(rows[:, 1], rows[:, 2], rows[:, 3:], rows[:, 0])
    assert_same(as_result(got), want, times=1e-9, scores=1e-6)
    np.testing.assert_array_equal(got.threshold_index, want.threshold_index)
    np.testing.assert_allclose(got.segments, want.segments, rtol=0, atol=1e-9)


def test_golden_detections(golden, golden_case_name):
    """Catches a wrong IoU, a wrong order of suppression, and classes that meet in NMS."""
    inputs, timing = golden_case(golden, golden_case_name)
    got = basnet_rt.postprocess(*inputs, **timing)
    rows = golden[f"{golden_case_name}/detections"]  # class, score, start, end
    want = Result(rows[:, 0], rows[:, 1], rows[:, 2:], np.zeros(len(rows)))
    assert_same(as_result(got), want, times=1e-9, scores=1e-6, with_index=False)
    assert got.mode == "published"
    assert_sorted(got)


@MANY
@given(videos(max_snippets=40), published_fields())
def test_proposals_are_the_oracles(video, fields):
    """Catches what golden has no case of: T = 1, odd upsampling, wide windows, high thresholds."""
    config = PostprocessConfig.published(**fields)
    if not samples_are_clear_cut(video.cas, settings_of(config)):
        return
    timing = {"snippet_seconds": video.snippet_seconds}
    got = basnet_rt.propose(*video.arrays(), config, **timing, duration=video.duration)
    want = published.propose(*video.arrays(), settings_of(config), **timing)
    assert_same(as_result(got), want, times=1e-9, scores=1e-6)


@MANY
@given(videos(max_snippets=40), published_fields())
def test_detections_are_the_oracles(video, fields):
    config = PostprocessConfig.published(**fields)
    timing = {"snippet_seconds": video.snippet_seconds}
    if not published_is_clear_cut(*video.arrays(), settings_of(config), **timing):
        return
    got = basnet_rt.postprocess(*video.arrays(), config, **timing)
    want = published.postprocess(*video.arrays(), settings_of(config), **timing)
    scores = 1e-6 * score_scale(want)
    assert_same(as_result(got), want, times=1e-9, scores=scores, with_index=False)


@pytest.mark.parametrize("nms", ["gaussian", "linear"])
def test_soft_nms_of_the_released_scores(nms):
    """Later papers read them so: catches the true IoU in the place of the released one, a decay in
    another order, and a weak detection that stays."""
    fields = {"nms": nms, "nms_iou": 0.4, "soft_sigma": 0.3, "cas_thresholds": THRESHOLDS}
    config = PostprocessConfig.published(**fields)
    settings = {**settings_of(config), "nms": nms, "soft_sigma": 0.3}
    for seed in range(4):
        video = make_video("smooth", 30, 3, seed)
        scores = np.ones(3, np.float32)
        got = basnet_rt.postprocess(video.cas, scores, config, snippet_seconds=1.0)
        want = published.postprocess(video.cas, scores, settings, snippet_seconds=1.0)
        assert len(got) > 10
        assert_same(as_result(got), want, times=1e-9, scores=1e-6, with_index=False)


@pytest.mark.parametrize("kind", ["smooth", "dyadic_plateaus", "zero_touches"])
def test_every_upsampling_to_a_hundred(kind):
    """Sums have a closed form here: catches one that is off where samples fall between cells."""
    video = make_video(kind, 9, 2, 8)
    levels = DYADIC_LEVELS if kind == "dyadic_plateaus" else [0.0, 0.11, 0.37]
    compared = 0
    for upsample in range(1, 101):
        config = PostprocessConfig.published(upsample=upsample, cas_thresholds=levels)
        if not samples_are_clear_cut(video.cas, settings_of(config)):
            continue
        compared += 1
        scores = np.ones(2, np.float32)
        got = basnet_rt.propose(video.cas, scores, config, snippet_seconds=1.0)
        want = published.propose(video.cas, scores, settings_of(config), snippet_seconds=1.0)
        assert len(got) > 3
        assert_same(as_result(got), want, times=1e-9, scores=1e-9)
    assert compared > (30 if kind == "dyadic_plateaus" else 90)


def test_finer_sampling_comes_to_rest():
    """Times of a coarse and a fine sampling differ by a sample at most, means hardly: catches a
    sum or a time that grows with `upsample`."""
    video = make_video("smooth", 30, 2, 4)
    scores = np.ones(2, np.float32)
    at = {}
    for upsample in (2500, 5000, 10_000):
        config = PostprocessConfig.published(upsample=upsample)
        at[upsample] = basnet_rt.propose(video.cas, scores, config, snippet_seconds=SNIPPET)
    for upsample in (2500, 5000):
        assert len(at[upsample]) == len(at[10_000]) > 20
        reach = 1.01 * SNIPPET / upsample
        np.testing.assert_allclose(at[upsample].segments, at[10_000].segments, rtol=0, atol=reach)
        np.testing.assert_allclose(at[upsample].scores, at[10_000].scores, rtol=0, atol=5e-3)


SNIPPET = 0.64
THRESHOLDS = (0.1, 0.3, 0.5, 0.7, 0.9)
