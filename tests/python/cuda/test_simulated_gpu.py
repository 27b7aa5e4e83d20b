"""The way of arrays on a GPU through Python, with tensors in host memory taken for such arrays.

The core's call is replaced by the CPU backend on what it is given: whatever Python gathers, cuts,
joins and times must come to the same detections as on the CPU, bit for bit. That the kernels agree
is tested with the serial stand-in (tests/cpp/cuda) and on a GPU (test_gpu.py).
"""

from __future__ import annotations

import numpy as np
import pytest
import torch

import basnet_rt
from basnet_rt import _core
from basnet_rt.postprocessing import backend_choice, gpu_batch

CLASSES = 4
CONFIGS = {
    "continuous": basnet_rt.PostprocessConfig(),
    "published": basnet_rt.PostprocessConfig.published(),
    "horizon": basnet_rt.PostprocessConfig(
        gate="horizon", normalisation="horizon", horizon=12.0, class_threshold=0.1
    ),
    "none": basnet_rt.PostprocessConfig(gate="none", normalisation="fixed"),
}


def batch(lengths, seed=0):
    """Lists of cas (T, C), scores (C,), raw cas (T, C+1), as NumPy arrays."""
    rng = np.random.default_rng(seed)
    raw = [np.cumsum(rng.normal(size=(n, CLASSES + 1)), 0).astype(np.float32) for n in lengths]
    scores = [rng.uniform(size=CLASSES).astype(np.float32) for _ in lengths]
    return [np.ascontiguousarray(one[:, :-1]) for one in raw], scores, raw


def tensors(arrays):
    return [torch.from_numpy(one) for one in arrays]


def assert_equal(got, want, backend="cuda"):
    assert (got.backend, got.mode) == (backend, want.mode)
    for name in ("labels", "scores", "segments"):
        np.testing.assert_array_equal(getattr(got, name), getattr(want, name))


@pytest.mark.parametrize("name", CONFIGS)
def test_a_list_of_videos(name, simulated):
    cas, scores, raw = batch([33, 1, 70])
    timing = {"snippet_seconds": [0.5, 0.64, 1.0], "duration": [None, 0.5, 60.0]}
    want = basnet_rt.postprocess_batch(cas, scores, CONFIGS[name], raw_cas=raw, **timing)
    got = basnet_rt.postprocess_batch(
        tensors(cas), tensors(scores), CONFIGS[name], raw_cas=tensors(raw), **timing
    )
    assert sum(map(len, want)) > 0
    for ours, theirs in zip(got, want, strict=True):
        assert_equal(ours, theirs)


@pytest.mark.parametrize("name", CONFIGS)
@pytest.mark.parametrize("lengths", [None, [20, 1, 31]])
def test_a_padded_batch(name, lengths, simulated):
    cas, scores, raw = (np.stack(one) for one in batch([31, 31, 31]))
    others = {"snippet_seconds": 0.5, "lengths": lengths}
    want = basnet_rt.postprocess_batch(cas, scores, CONFIGS[name], raw_cas=raw, **others)
    on_gpu = [torch.from_numpy(one) for one in (cas, scores, raw)]
    got = basnet_rt.postprocess_batch(
        on_gpu[0], on_gpu[1], CONFIGS[name], raw_cas=on_gpu[2], **others
    )
    for ours, theirs in zip(got, want, strict=True):
        assert_equal(ours, theirs)


@pytest.mark.parametrize("name", CONFIGS)
def test_one_video_with_rows_apart(name, simulated):
    """The action columns of a CAS, without a copy; scores from the host or the device."""
    [cas], [scores], [raw] = batch([50])
    want = basnet_rt.postprocess(cas, scores, CONFIGS[name], snippet_seconds=0.5, raw_cas=raw)
    whole = torch.from_numpy(raw)
    for given in (scores, torch.from_numpy(scores), scores.tolist()):
        got = basnet_rt.postprocess(
            whole[:, :-1], given, CONFIGS[name], snippet_seconds=0.5, raw_cas=whole
        )
        assert_equal(got, want)


@pytest.mark.parametrize("name", ["none", "horizon"])
def test_a_list_with_lengths(name, simulated):
    cas, _, raw = batch([31, 31])
    others = {"snippet_seconds": 1.0, "lengths": [5, 31]}
    want = basnet_rt.postprocess_batch(cas, None, CONFIGS[name], raw_cas=raw, **others)
    got = basnet_rt.postprocess_batch(
        tensors(cas), None, CONFIGS[name], raw_cas=tensors(raw), **others
    )
    for ours, theirs in zip(got, want, strict=True):
        assert_equal(ours, theirs)


WRONG = {
    "half": (lambda cas: [cas[0], cas[1].half()], TypeError, r"cas\[1\] has dtype torch.float16"),
    "classes": (lambda cas: [cas[0], cas[1][:, :2]], ValueError, r"cas\[1\] has 2 columns"),
    "shape": (lambda cas: [cas[0], cas[1][0]], ValueError, r"cas\[1\] has shape \(4,\)"),
    "host": (lambda cas: [cas[0], cas[1].numpy()], TypeError, r"cas\[1\] .* lies on no GPU"),
    "flat": (lambda cas: cas[0], ValueError, r"a padded batch is \(N, T, C\)"),
}


@pytest.mark.parametrize("name", WRONG)
def test_lists_that_do_not_fit_together(name, simulated):
    """Catches torch.cat promoting dtypes, and its errors in place of ours."""
    change, error, text = WRONG[name]
    with pytest.raises(error, match=text) as caught:
        basnet_rt.postprocess_batch(
            change(tensors(batch([9, 9])[0])), None, CONFIGS["none"], snippet_seconds=1.0
        )
    assert isinstance(caught.value, basnet_rt.Error)


COUNTS = {
    "video_scores": {"video_scores": torch.zeros(3, CLASSES)},
    "lengths": {"lengths": [5]},
    "snippet_seconds": {"snippet_seconds": [1.0]},
    "duration": {"duration": [1.0]},
}


@pytest.mark.parametrize("name", COUNTS)
@pytest.mark.parametrize("padded", [True, False])
def test_counts_must_fit(name, padded, simulated):
    cas = tensors(batch([9, 9])[0])
    arguments = {"video_scores": torch.zeros(2, CLASSES), "snippet_seconds": 1.0, **COUNTS[name]}
    scores = arguments.pop("video_scores")
    with pytest.raises(ValueError, match=f"{name} has . entries; cas has 2 videos"):
        basnet_rt.postprocess_batch(
            torch.stack(cas) if padded else cas, scores, CONFIGS["continuous"], **arguments
        )


def test_one_video_is_not_called_the_first_of_a_batch(simulated):
    """Errors name arguments as the caller knows them."""
    [cas], [scores], _ = batch([9])
    cas[3, 1] = np.nan
    with pytest.raises(ValueError, match=r"^cas\[3, 1\] is nan"):
        basnet_rt.postprocess(
            torch.from_numpy(cas), scores, CONFIGS["continuous"], snippet_seconds=1.0
        )
    with pytest.raises(ValueError, match=r"^cas has shape \(9,\)"):
        basnet_rt.postprocess(
            torch.from_numpy(cas[:, 0]), None, CONFIGS["none"], snippet_seconds=1.0
        )


@pytest.mark.parametrize("function", ["softmax", "sigmoid"])
@pytest.mark.parametrize("length", [1, 7, 8, 100])
def test_video_scores_are_the_cores(function, length):
    """In torch, on whatever device; the gate and the score look at them."""
    _, _, [raw] = batch([length])
    config = basnet_rt.PostprocessConfig(score_function=function)
    got = gpu_batch.gpu_video_scores(torch.from_numpy(raw), config)
    want = _core.video_scores(raw, config.native)
    assert got.dtype == torch.float32
    np.testing.assert_allclose(got.numpy(), want, rtol=0, atol=1e-7)


def test_video_scores_are_sums_in_float64():
    """Catches float32 means: here they are wrong by a few millionths, and the scores with them."""
    raw = 50 + np.random.default_rng(0).normal(size=(20_000, CLASSES + 1)).astype(np.float32)
    config = CONFIGS["continuous"]
    got = gpu_batch.gpu_video_scores(torch.from_numpy(raw), config)
    want = _core.video_scores(raw, config.native)
    np.testing.assert_allclose(got.numpy(), want, rtol=0, atol=1e-7)


def test_stays_on_follows_device_backend_and_force(monkeypatch):
    monkeypatch.setattr(_core, "cuda_support", lambda: (True, 1, ""))
    assert backend_choice.stays_on("cuda")
    assert not backend_choice.stays_on("cpu")
    monkeypatch.setenv("BASNET_RT_FORCE_BACKEND", "cpu")
    assert not backend_choice.stays_on("cuda")
    monkeypatch.delenv("BASNET_RT_FORCE_BACKEND")
    monkeypatch.setattr(_core, "cuda_support", lambda: (False, 0, "none"))
    assert not backend_choice.stays_on("cuda")  # a CUDA model of torch, and a build without ours
