"""What arrays may be: NumPy or torch, read-only, shared; they are never changed or kept."""

from __future__ import annotations

import gc

import numpy as np
import pytest
from post_cases import assert_identical, make_video

import basnet_rt
from basnet_rt import PostprocessConfig

torch = pytest.importorskip("torch")

VIDEO = make_video("smooth", 40, 3, 7)
CONFIGS = {
    "published": PostprocessConfig.published(class_threshold=0.0),
    "continuous": PostprocessConfig.continuous(class_threshold=0.0),
    "horizon": PostprocessConfig.continuous(gate="horizon", horizon=3.0, keep_top1=True),
}


def postprocess(video, config):
    return basnet_rt.postprocess(*video.arrays(), config, **video.timing())


@pytest.fixture(params=CONFIGS)
def config(request):
    return CONFIGS[request.param]


def converted(kind):
    return VIDEO._replace(
        cas=kind(VIDEO.cas), video_scores=kind(VIDEO.video_scores), raw_cas=kind(VIDEO.raw_cas)
    )


def read_only(array):
    array = array.copy()
    array.flags.writeable = False
    return array


def fresh_tensor(array):
    return torch.from_numpy(array.copy())


KINDS = {
    "read_only": read_only,
    "tensor": fresh_tensor,
    "tensor_with_gradient": lambda array: fresh_tensor(array).requires_grad_(),
    "view": lambda array: np.concatenate([array, array])[len(array) :],
    "tensor_view": lambda array: torch.cat([fresh_tensor(array)] * 2)[len(array) :],
}


@pytest.mark.parametrize("kind", KINDS)
def test_kinds_of_arrays_give_the_same(kind, config):
    want = postprocess(VIDEO, config)
    assert len(want) > 3
    assert_identical(postprocess(converted(KINDS[kind]), config), want)


def test_input_is_not_changed(config):
    copies = converted(np.copy)
    postprocess(copies, config)
    basnet_rt.propose(*copies.arrays(), config, **copies.timing())
    for name in ("cas", "video_scores", "raw_cas"):
        np.testing.assert_array_equal(getattr(copies, name), getattr(VIDEO, name))


def test_memory_mapped(tmp_path, config):
    np.save(tmp_path / "cas.npy", VIDEO.cas)
    mapped = VIDEO._replace(cas=np.load(tmp_path / "cas.npy", mmap_mode="r"))
    assert_identical(postprocess(mapped, config), postprocess(VIDEO, config))


@pytest.mark.parametrize("kind", [list, tuple, np.float64, np.float16])
def test_video_scores_may_be_cast(kind):
    """They are short; the activations are not, and would hide a copy."""
    exact = VIDEO._replace(video_scores=np.array([0.5, 0.25, 0.0], np.float32))
    values = exact.video_scores
    cast = values.astype(kind) if isinstance(kind, type) and kind not in (list, tuple) else None
    other = exact._replace(video_scores=kind(values.tolist()) if cast is None else cast)
    config = PostprocessConfig.continuous()
    assert_identical(postprocess(other, config), postprocess(exact, config))


def test_kinds_of_results(config):
    """dtypes and shapes as documented, also where nothing is found."""
    empty = VIDEO._replace(cas=np.zeros((4, 3), np.float32), raw_cas=np.zeros((4, 4), np.float32))
    for video in (VIDEO, empty):
        found = postprocess(video, config)
        proposals = basnet_rt.propose(*video.arrays(), config, **video.timing())
        for result, scores in ((found, np.float32), (proposals, np.float64)):
            assert result.labels.dtype == np.int64
            assert result.scores.dtype == scores
            assert result.segments.dtype == np.float64
            assert result.segments.shape == (len(result), 2)
        assert proposals.threshold_index.dtype == np.int64
        assert found.names is None
        assert len(list(found)) == len(found.to_records()) == len(found)


def test_results_outlive_everything_else():
    """Catches an array that points into freed memory."""
    config = CONFIGS["continuous"]
    scores = postprocess(VIDEO, config).scores
    segments = postprocess(VIDEO, config).segments
    gc.collect()
    [np.full((1000, 3), 7.0) for _ in range(20)]
    want = postprocess(VIDEO, config)
    np.testing.assert_array_equal(scores, want.scores)
    np.testing.assert_array_equal(segments, want.segments)
    segments[0, 0] = -1.0  # the caller's own
    assert postprocess(VIDEO, config).segments[0, 0] != -1.0
