"""Core against oracle on real, noisy activations (shared/data/action_scores).

Whole videos would take the oracle minutes; stretches of a few hundred snippets take seconds.
Margins of SVMs are of both signs, a softmax is all positive: both ways of a min-max.
"""

from __future__ import annotations

import numpy as np
import pytest
from post_cases import as_result, oracle_settings

import basnet_rt
from basnet_rt import PostprocessConfig
from reference import continuous, published
from reference.compare import assert_same
from reference.stability import continuous_is_clear_cut, published_is_clear_cut

# file, video, first snippet, snippets, columns
STRETCHES = [
    ("merl_stream", "", 500, 300, 5),
    ("merl_stream", "", 6000, 250, 5),
    ("fifty_salads_mid_svm", "v000/", 0, 160, 3),
    ("fifty_salads_mid_svm", "v017/", 40, 120, 4),
    ("gtea_svm", "v003/", 0, 150, 4),
]
CONFIGS = {
    "default": {"class_threshold": 0.2},
    "fixed": {"normalisation": "fixed", "gate": "none", "fixed_lo": [-1.0], "fixed_hi": [1.0]},
    "limits": {"gate": "none", "merge_gap": 2.0, "max_duration": 30.0, "min_duration": 1.5},
    "horizon": {"normalisation": "horizon", "gate": "horizon", "horizon": 40.0, "keep_top1": True},
    "soft": {"gate": "none", "nms": "gaussian", "max_lookahead": 2.0},
}
THRESHOLDS = [0.0, 0.05, 0.1, 0.2, 0.4]


@pytest.fixture(params=STRETCHES, ids=lambda stretch: f"{stretch[0]}-{stretch[1]}{stretch[2]}")
def stretch(request, shared):
    """(cas (T, C), video scores (C,), raw CAS (T, C+1)) of a real stretch."""
    name, video, first, count, columns = request.param
    with np.load(shared / "data" / "action_scores" / f"{name}.npz") as file:
        scores = file[f"{video}scores"][first : first + count]
    present = np.argsort(-scores.max(axis=0), kind="stable")  # most classes never occur here
    cas = np.ascontiguousarray(scores[:, present[:columns]])
    raw = np.ascontiguousarray(scores[:, present[: columns + 1]])
    return cas, np.linspace(0.1, 0.9, columns).astype(np.float32), raw


@pytest.mark.parametrize("changes", CONFIGS)
def test_continuous(stretch, changes):
    cas, scores, raw = stretch
    config = PostprocessConfig.continuous(**CONFIGS[changes], cas_thresholds=THRESHOLDS)
    settings = oracle_settings(config, cas.shape[1])
    timing = {"snippet_seconds": 0.5, "raw_cas": raw}
    want = continuous.propose(cas, scores, settings, **timing)
    got = basnet_rt.propose(cas, scores, config, **timing)
    assert len(got) > 10
    assert_same(as_result(got), want, times=1e-9, scores=1e-9)
    found = basnet_rt.postprocess(cas, scores, config, **timing)
    expected = continuous.postprocess(cas, scores, settings, **timing)
    assert_same(as_result(found), expected, times=1e-9, scores=1e-6, with_index=False)


def test_published(stretch):
    cas, scores, _ = stretch
    config = PostprocessConfig.published()
    settings = {k: config.to_dict()[k] for k in FIELDS}
    assert published_is_clear_cut(cas, scores, settings, snippet_seconds=0.5)
    got = basnet_rt.postprocess(cas, scores, config, snippet_seconds=0.5)
    want = published.postprocess(cas, scores, settings, snippet_seconds=0.5)
    assert len(got) > 5
    assert_same(as_result(got), want, times=1e-9, scores=1e-6, with_index=False)


FIELDS = ("class_threshold", "cas_thresholds", "upsample", "outer_ratio", "score_weight", "nms_iou")


def test_the_guard_agrees(shared):
    """Real activations are clear-cut: nothing above rests on luck."""
    with np.load(shared / "data" / "action_scores" / "gtea_svm.npz") as file:
        cas = np.ascontiguousarray(file["v003/scores"][:60, :2])
    config = PostprocessConfig.continuous(**CONFIGS["limits"])
    settings = oracle_settings(config, 2)
    assert continuous_is_clear_cut(cas, None, settings, snippet_seconds=0.5)
