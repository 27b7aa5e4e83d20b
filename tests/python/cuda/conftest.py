"""The CUDA backend's tests: with a GPU, and what can be known without one."""

from __future__ import annotations

import os

import numpy as np
import pytest

import basnet_rt

pytest.importorskip("torch", reason="arrays on a GPU are made with torch")

import simulated_gpu
import torch

torch.set_num_threads(1)


def why_no_gpu() -> str:
    """Empty where the backend and torch can both use one."""
    backend = basnet_rt.backends()[1]
    if not backend.available:
        return backend.reason
    return "" if torch.cuda.is_available() else "this torch has no CUDA"


def pytest_runtest_setup(item: pytest.Item) -> None:
    """`needs_cuda`: where a GPU was promised its absence is a failure."""
    reason = why_no_gpu() if item.get_closest_marker("needs_cuda") else ""
    if not reason:
        return
    if os.environ.get("BASNET_RT_REQUIRE_GPU") == "1":
        pytest.fail(f"BASNET_RT_REQUIRE_GPU is 1, and there is no GPU: {reason}")
    pytest.skip(f"needs a GPU: {reason}")


@pytest.fixture(autouse=True)
def nothing_forced(monkeypatch):
    """Whoever runs the tests may have forced a backend."""
    monkeypatch.delenv("BASNET_RT_FORCE_BACKEND", raising=False)


@pytest.fixture
def simulated(monkeypatch):
    """torch tensors are taken for arrays on GPU 0; see simulated_gpu.py."""
    simulated_gpu.simulate(monkeypatch)


@pytest.fixture
def assert_same():
    """The same detections in the same order: times to 1e-6 s, scores to 1e-6."""

    def check(got: basnet_rt.Detections, want: basnet_rt.Detections) -> None:
        assert got.mode == want.mode
        np.testing.assert_array_equal(got.labels, want.labels)
        np.testing.assert_allclose(got.segments, want.segments, rtol=0, atol=1e-6)
        np.testing.assert_allclose(got.scores, want.scores, rtol=0, atol=1e-6)

    return check
