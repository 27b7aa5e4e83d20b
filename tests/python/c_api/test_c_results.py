"""Whole videos through the C API give Python's bits: same core, another border.

Catches a field that is set wrong, a column or a stride that is mixed up, a result cut short.
"""

from __future__ import annotations

from ctypes import byref, c_int64, c_void_p, sizeof

import numpy as np
import pytest
from c_library import Video, config_of, detections, postprocess, propose, rows_of, video_of
from hypothesis import given
from post_cases import assert_identical, continuous_fields, make_video, published_fields, videos

import basnet_rt
from basnet_rt import PostprocessConfig

FIELDS = ("class_threshold", "cas_thresholds", "upsample", "outer_ratio", "score_weight", "nms_iou")


@pytest.fixture(scope="module")
def golden(shared):
    with np.load(shared / "golden" / "postprocess.npz") as file:
        return {name: file[name] for name in file.files}


def same_proposals(got, want):
    for name in ("threshold_index", "labels", "scores", "segments"):
        np.testing.assert_array_equal(getattr(got, name), getattr(want, name), err_msg=name)


def test_published_golden(api, golden):
    """Every golden case: its proposals and detections."""
    cases = sorted({name.split("/")[0] for name in golden})
    assert len(cases) == 21
    found = 0
    for case in cases:
        cas = golden[f"{case}/cas"][:, :-1]  # a view: the C API takes strides, Python wants a copy
        fields = {name: golden[f"{case}/{name}"].tolist() for name in FIELDS}
        config = PostprocessConfig.published(**fields)
        scores = golden[f"{case}/video_score"]
        snippets, fps = int(golden[f"{case}/num_snippets"]), int(golden[f"{case}/fps"])
        timing = {"snippet_seconds": 16 * snippets / (len(cas) * fps)}
        inputs = (np.ascontiguousarray(cas), scores, config)
        want = basnet_rt.postprocess(*inputs, **timing)
        assert_identical(postprocess(api, cas, scores, config, **timing), want)
        same_proposals(
            propose(api, cas, scores, config, **timing), basnet_rt.propose(*inputs, **timing)
        )
        found += len(want)
    assert found > 100


@given(videos(max_snippets=40), continuous_fields())
def test_continuous(api, video, fields):
    """Every field of the settings, optional inputs present and absent."""
    config = PostprocessConfig.continuous(**fields)
    got = postprocess(api, *video.arrays(), config, **video.timing())
    assert_identical(got, basnet_rt.postprocess(*video.arrays(), config, **video.timing()))
    got = propose(api, *video.arrays(), config, **video.timing())
    same_proposals(got, basnet_rt.propose(*video.arrays(), config, **video.timing()))


@given(videos(max_snippets=20), published_fields())
def test_published(api, video, fields):
    config = PostprocessConfig.published(**fields)
    got = postprocess(api, *video.arrays(), config, **video.timing())
    assert_identical(got, basnet_rt.postprocess(*video.arrays(), config, **video.timing()))


@pytest.mark.parametrize("num_threads", [0, 1, 3])
def test_batch(api, num_threads):
    """Each result belongs to its video, whatever thread made it; none is a batch too."""
    config = PostprocessConfig.continuous()
    made = [make_video("smooth", 20 + i, 3, seed=i) for i in range(9)]
    structs = (Video * len(made))(
        *(video_of(*one.arrays(), snippet_seconds=one.snippet_seconds) for one in made)
    )
    settings, handles = config_of(api, config), (c_void_p * len(made))()
    api.checked("postprocess_batch", structs, len(made), settings, num_threads, handles)
    assert sum(api.detections_size(handle) for handle in handles) > 50
    for one, handle in zip(made, handles, strict=True):
        want = basnet_rt.postprocess(*one.arrays(), config, snippet_seconds=one.snippet_seconds)
        assert_identical(detections(api, c_void_p(handle), "continuous"), want)
    api.checked("postprocess_batch", None, 0, settings, num_threads, None)
    api.config_free(byref(settings))


def test_a_later_version_of_the_video_struct(api):
    """A longer struct is taken while what it adds is zero, alone and in an array."""

    class Later(Video):
        _fields_ = (("added", c_int64),)

    config, video = PostprocessConfig.continuous(), make_video("smooth", 30, 2, seed=1)
    settings = config_of(api, config)
    structs, handles = (Later * 2)(), (c_void_p * 2)()
    for struct in structs:
        plain = video_of(*video.arrays(), snippet_seconds=1.0)
        for name, _ in Video._fields_:
            setattr(struct, name, getattr(plain, name))
        struct.struct_size = sizeof(Later)
    api.checked("postprocess_batch", structs, 2, settings, 1, handles)
    want = basnet_rt.postprocess(*video.arrays(), config, snippet_seconds=1.0)
    for handle in handles:
        assert_identical(detections(api, c_void_p(handle), "continuous"), want)
    structs[1].added = 1
    status = api.postprocess_batch(structs, 2, settings, 1, handles)
    assert (status, b"does not know" in api.last_error()) == (1, True)
    api.config_free(byref(settings))


def test_nms_and_soft_nms(api):
    rng = np.random.default_rng(3)
    starts = rng.integers(0, 40, 200)
    segments = np.stack([starts, starts + rng.integers(0, 9, 200)], 1).astype(np.float64)
    scores, labels = rng.random(200), rng.integers(0, 3, 200)
    arrays = [one.ctypes.data for one in (segments, scores, labels)]
    kept, decayed, count = np.zeros(200, np.int64), np.zeros(200), c_int64()

    api.checked("nms", *arrays, 200, 0.5, kept.ctypes.data, byref(count))
    want = basnet_rt.nms(segments, scores, labels, iou=0.5)
    assert kept[: count.value].tolist() == want.tolist()
    api.checked("nms", *arrays[:2], None, 200, 0.5, kept.ctypes.data, byref(count))
    assert kept[: count.value].tolist() == basnet_rt.nms(segments, scores, iou=0.5).tolist()
    api.checked("nms", None, None, None, 0, 0.5, None, byref(count))
    assert count.value == 0

    for kind in ("linear", "gaussian"):
        named = (kind.encode(), 0.5, 0.4, 0.01)
        outputs = (kept.ctypes.data, decayed.ctypes.data, byref(count))
        api.checked("soft_nms", *arrays, 200, *named, *outputs)
        options = {"method": kind, "iou": 0.5, "sigma": 0.4, "min_score": 0.01}
        indices, values = basnet_rt.soft_nms(segments, scores, labels, **options)
        assert kept[: count.value].tolist() == indices.tolist()
        assert decayed[: count.value].tolist() == values.tolist()


def test_video_scores(api):
    """Of the raw CAS, with a stride; as the Python runtime computes them."""
    from basnet_rt import _core

    config = PostprocessConfig.continuous(score_function="sigmoid", topk_divisor=3)
    wide = np.random.default_rng(0).standard_normal((17, 9)).astype(np.float32)
    settings, scores = config_of(api, config), np.zeros(4, np.float32)
    api.checked("video_scores", byref(rows_of(wide[:, 2:7])), settings, scores.ctypes.data)
    raw = np.ascontiguousarray(wide[:, 2:7])
    assert scores.tolist() == _core.video_scores(raw, config.native).tolist()
    api.config_free(byref(settings))
