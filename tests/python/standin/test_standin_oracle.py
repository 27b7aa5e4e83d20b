"""The CUDA backend's kernels, run by their serial stand-in, against the float64 oracle.

The C++ tests hold the stand-in to the CPU backend bit for bit; what both get wrong shows here.
Tolerances as in tests/python/postprocess: times to 1e-9 s, scores to 1e-6 of the largest.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from post_cases import (
    Video,
    as_result,
    assert_sorted,
    continuous_fields,
    gate_is_clear_cut,
    make_video,
    oracle_settings,
    published_fields,
    videos,
)
from standin_library import BACKWARD, FORWARD, SCATTERED

from basnet_rt import PostprocessConfig
from reference import continuous, published
from reference.compare import assert_same
from reference.results import Result
from reference.stability import continuous_is_clear_cut, published_is_clear_cut, score_scale

ORDERS = st.sampled_from([FORWARD, BACKWARD, SCATTERED])
FIELDS = ("class_threshold", "cas_thresholds", "upsample", "outer_ratio", "score_weight", "nms_iou")
# Each example is a batch, so fewer of them than elsewhere meet as many videos.
BATCHES = settings(max_examples=max(20, settings.default.max_examples // 2))


def batches(max_snippets: int) -> st.SearchStrategy[list[Video]]:
    return st.lists(videos(max_snippets=max_snippets), min_size=1, max_size=4)


def assert_is_oracles(got: Any, want: Result) -> None:
    scores = 1e-6 * score_scale(want)
    assert_same(as_result(got), want, times=1e-9, scores=scores, with_index=False)
    assert_sorted(got)


@BATCHES
@given(batches(14), continuous_fields(), ORDERS)
def test_continuous(standin, batch, fields, order):
    """Catches a pass that is wrong as the CPU is wrong, and a video that sees its neighbour."""
    config = PostprocessConfig.continuous(**fields)
    found = standin.run(batch, config, order)
    assert len(found) == len(batch)
    for video, got in zip(batch, found, strict=True):
        inputs = (*video.arrays(), oracle_settings(config, 2))
        if not gate_is_clear_cut(video, fields):
            continue
        if continuous_is_clear_cut(*inputs, **video.timing()):
            assert_is_oracles(got, continuous.postprocess(*inputs, **video.timing()))


@BATCHES
@given(batches(40), published_fields(), ORDERS)
def test_published(standin, batch, fields, order):
    config = PostprocessConfig.published(**fields)
    settings_of = {name: config.to_dict()[name] for name in FIELDS}
    batch = [video._replace(duration=None) for video in batch]
    for video, got in zip(batch, standin.run(batch, config, order), strict=True):
        inputs, timing = (*video.arrays(), settings_of), {"snippet_seconds": video.snippet_seconds}
        if published_is_clear_cut(*inputs, **timing):
            assert_is_oracles(got, published.postprocess(*inputs, **timing))


@pytest.mark.parametrize("nms", ["hard", "linear", "gaussian"])
@pytest.mark.parametrize("gate", ["video", "none", "horizon"])
@pytest.mark.parametrize("normalisation", ["video", "fixed", "horizon"])
def test_every_choice_on_one_batch(standin, normalisation, gate, nms):
    """Catches a choice that hypothesis does not reach; most videos must be comparable."""
    config = PostprocessConfig.continuous(
        normalisation=normalisation, gate=gate, nms=nms, horizon=5.0, class_threshold=0.1
    )
    kinds = ["smooth", "noise", "end_spikes", "smooth"]
    batch = [make_video(kind, 9 + 5 * i, 3, 20 + i) for i, kind in enumerate(kinds)]
    compared = detections = 0
    for video, got in zip(batch, standin.run(batch, config), strict=True):
        inputs = (*video.arrays(), oracle_settings(config, 3))
        if not continuous_is_clear_cut(*inputs, **video.timing()):
            continue
        assert_is_oracles(got, continuous.postprocess(*inputs, **video.timing()))
        compared, detections = compared + 1, detections + len(got)
    assert compared >= 2
    assert detections > 4


def golden_video(golden: dict[str, np.ndarray], case: str) -> tuple[Video, PostprocessConfig]:
    cas = np.ascontiguousarray(golden[f"{case}/cas"][:, :-1])
    fields = {name: golden[f"{case}/{name}"].tolist() for name in FIELDS}
    snippets, fps = int(golden[f"{case}/num_snippets"]), int(golden[f"{case}/fps"])
    seconds = 16 * snippets / (len(cas) * fps)
    scores = np.ascontiguousarray(golden[f"{case}/video_score"], np.float32)
    raw = np.zeros((len(cas), cas.shape[1] + 1), np.float32)
    return Video(cas, scores, raw, seconds, None), PostprocessConfig.published(**fields)


def test_golden_detections(standin, golden):
    """The released code's own numbers, every case."""
    cases = sorted({name.split("/")[0] for name in golden})
    assert len(cases) == 21
    for case in cases:
        video, config = golden_video(golden, case)
        (got,) = standin.run([video], config)
        rows = golden[f"{case}/detections"]  # class, score, start, end
        want = Result(rows[:, 0], rows[:, 1], rows[:, 2:], np.zeros(len(rows)))
        assert_same(as_result(got), want, times=1e-9, scores=1e-6, with_index=False)
        assert_sorted(got)
