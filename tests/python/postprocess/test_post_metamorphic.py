"""Relations that must hold between answers of the core, whatever the right numbers are."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from post_cases import Video, assert_identical, continuous_fields, make_video, videos

import basnet_rt
from basnet_rt import PostprocessConfig

SOFT = {"linear": {}, "gaussian": {"sigma": 0.5}}


def postprocess(video, config):
    return basnet_rt.postprocess(*video.arrays(), config, **video.timing())


def class_list(labels, scores, segments, label):
    """(score, start, end) rows of one class in their order; scores as they are shown: float32,
    and finite."""
    mine = labels == label
    largest = float(np.finfo(np.float32).max)
    shown = np.clip(scores[mine], -largest, largest).astype(np.float32)
    return np.column_stack([shown, segments[mine]])


def assert_same_class_lists(found, labels, scores, segments, tolerance=0.0):
    for label in range(2):
        got = class_list(found.labels, found.scores, found.segments, label)
        want = class_list(labels, scores, segments, label)
        np.testing.assert_allclose(got, want, rtol=0, atol=tolerance)


@given(videos(max_snippets=40), continuous_fields())
def test_hard_nms_by_roots_is_nms_of_all_proposals(video, fields):
    """Catches a root that is solved alone although a proposal of another could suppress it."""
    config = PostprocessConfig.continuous(**{**fields, "nms": "hard"})
    proposals = basnet_rt.propose(*video.arrays(), config, **video.timing())
    labels, scores, segments = proposals.labels, proposals.scores, proposals.segments
    kept = basnet_rt.nms(segments, scores, labels, iou=config.nms_iou)
    found = postprocess(video, config)
    assert_same_class_lists(found, labels[kept], scores[kept], segments[kept])


@pytest.mark.parametrize("method", SOFT)
@given(video=videos(max_snippets=40), fields=continuous_fields())
def test_soft_nms_by_roots_is_soft_nms_of_all_proposals(method, video, fields):
    """The same, where suppression is a decay: a proposal of another root never decays one."""
    fields = {**fields, "nms": method, "soft_sigma": 0.5}
    config = PostprocessConfig.continuous(**fields)
    proposals = basnet_rt.propose(*video.arrays(), config, **video.timing())
    kept, scores = basnet_rt.soft_nms(
        proposals.segments,
        proposals.scores,
        proposals.labels,
        method=method,
        iou=config.nms_iou,
        min_score=config.soft_min_score,
        **SOFT[method],
    )
    found = postprocess(video, config)
    scale = np.abs(scores).max(initial=1.0)
    assert_same_class_lists(
        found, proposals.labels[kept], scores, proposals.segments[kept], 1e-6 * scale
    )


@given(videos(), continuous_fields(), st.sampled_from([0.25, 2.0, 1024.0]))
def test_a_slower_video(video, fields, factor):
    """Times and durations all scale, exactly (factors are powers of two); scores stay."""
    names = ("horizon", "min_duration", "merge_gap", "max_duration", "max_lookahead")
    scaled = {k: v * factor if k in names and v is not None else v for k, v in fields.items()}
    duration = None if video.duration is None else video.duration * factor
    slow = video._replace(snippet_seconds=video.snippet_seconds * factor, duration=duration)
    got = postprocess(slow, PostprocessConfig.continuous(**scaled))
    want = postprocess(video, PostprocessConfig.continuous(**fields))
    np.testing.assert_array_equal(got.segments, want.segments * factor)
    np.testing.assert_array_equal(got.scores, want.scores)
    np.testing.assert_array_equal(got.labels, want.labels)


@given(videos(), continuous_fields())
def test_a_class_does_not_see_the_others(video, fields):
    """With a gate that does not compare classes, a column alone gives its part of the answer."""
    fields = {**fields, "gate": "none" if fields["gate"] == "horizon" else fields["gate"]}
    both = postprocess(video, PostprocessConfig.continuous(**{**fields, "keep_top1": False}))
    for label in range(2):
        lo, hi = (fields[name] for name in ("fixed_lo", "fixed_hi"))
        own = {"fixed_lo": lo[label] if len(lo) > 1 else lo, "fixed_hi": hi, "keep_top1": False}
        cas = np.ascontiguousarray(video.cas[:, label : label + 1])
        alone = video._replace(cas=cas, video_scores=video.video_scores[label : label + 1])
        got = postprocess(alone, PostprocessConfig.continuous(**{**fields, **own}))
        mine = both.labels == label
        np.testing.assert_array_equal(got.segments, both.segments[mine])
        np.testing.assert_array_equal(got.scores, both.scores[mine])


@given(videos(), continuous_fields())
def test_gate_none_does_not_look_at_video_scores(video, fields):
    config = PostprocessConfig.continuous(**{**fields, "gate": "none"})
    silent = video._replace(video_scores=None, raw_cas=None)
    assert_identical(postprocess(silent, config), postprocess(video, config))


@given(videos(), continuous_fields())
def test_limits_that_do_not_bind(video, fields):
    """Catches a limit that acts where it is far off."""
    wide = {"max_duration": 1e6, "max_lookahead": 1e6, "min_duration": 0.0}
    off = {"max_duration": None, "max_lookahead": None, "min_duration": 0.0}
    got, want = (
        postprocess(video, PostprocessConfig.continuous(**{**fields, **limits}))
        for limits in (wide, off)
    )
    assert_identical(got, want)


@pytest.mark.parametrize("mode", ["continuous", "published"])
@pytest.mark.parametrize("kind", ["smooth", "plateaus", "ties", "end_spikes"])
def test_the_size_of_the_activations_does_not_matter(mode, kind):
    """Min-max undoes a factor, exactly if it is a power of two: down to denormals and up to the
    largest numbers. Catches a processor that flushes, and an overflow."""
    video = make_video(kind, 20, 2, 3)
    cas = np.round(video.cas * 64) / np.float32(64)
    whole = video._replace(cas=cas, video_scores=np.ones(2, np.float32))
    config = PostprocessConfig.from_dict({"mode": mode})
    want = postprocess(whole, config)
    assert len(want) > 1
    for power in (-143, -126, 100, 120):
        scaled: Video = whole._replace(cas=whole.cas * np.float32(2.0) ** np.float32(power))
        assert_identical(postprocess(scaled, config), want)
