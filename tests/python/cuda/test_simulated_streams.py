"""`CudaStreams` and pools with backend "cuda", as far as Python goes; CPU streams are the core.

That the device's streams agree is tested with the serial stand-in and, on a GPU, in
test_gpu_localizer.py.
"""

from __future__ import annotations

import gc
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from fake_gpu import FakeGpuArray

import basnet_rt
from basnet_rt import _core
from basnet_rt.postprocessing import backend_choice, gpu_arrays
from basnet_rt.stream import pool_network

sys.path.append(str(Path(__file__).resolve().parents[1] / "runtime"))

import tiny_bundle

CLASSES, SECONDS = 3, 0.64
CONFIG = basnet_rt.PostprocessConfig(
    gate="none", normalisation="fixed", fixed_lo=[-2.0], fixed_hi=[2.0], max_duration=12.0
)


class OneForEach:
    """As `_core.CudaStreamPostprocessor`, with a CPU stream for each slot."""

    state_bytes = 7

    def __init__(self, config, num_classes, seconds, max_streams, max_rows, device):
        self._make = lambda: _core.StreamPostprocessor(config, num_classes, seconds)
        self._streams = [self._make() for _ in range(max_streams)]

    def step(self, slots, counts, fresh, mark, gap, duration, activations, raw_cas, stream):
        nothing = self._make().push(np.zeros((0, CLASSES), np.float32), None)
        found, errors, seen = [(0, nothing)], [], []
        ends = np.cumsum(counts)
        for i, slot in enumerate(slots):
            if fresh[i]:
                self._streams[slot] = self._make()
            own = self._streams[slot]
            try:
                if counts[i]:
                    rows = np.ascontiguousarray(activations[ends[i] - counts[i] : ends[i]])
                    found.append((i, own.push(rows, None)))
                if mark == "gap":
                    found.append((i, own.gap(gap)))
                elif mark == "finish":
                    found.append((i, own.finish(duration, None)))
                elif mark == "pending":
                    copy = _core.StreamPostprocessor.load(own.save())
                    found.append((i, copy.finish(duration, None)))
            except basnet_rt.Error as error:
                errors.append((i, str(error)))
            seen.append(own.num_snippets)
        turns = np.concatenate([np.full(len(one[0]), i) for i, one in found])
        parts = (np.concatenate([one[k] for _, one in found]) for k in range(4))
        return turns.astype(np.int64), *parts, np.array(seen), errors

    def save(self, slot, stream):
        return self._streams[slot].save()

    def load(self, slot, state, stream):
        self._streams[slot] = _core.StreamPostprocessor.load(state)


@pytest.fixture
def many(simulated, monkeypatch):
    monkeypatch.setattr(_core, "CudaStreamPostprocessor", OneForEach)
    return basnet_rt.CudaStreams(
        CONFIG, num_classes=CLASSES, snippet_seconds=SECONDS, max_streams=9, max_rows=4
    )


def single():
    return basnet_rt.StreamPostprocessor(CONFIG, num_classes=CLASSES, snippet_seconds=SECONDS)


def assert_equal(got, want, name):
    """The same arrays; nothing at all where there is nothing."""
    if got is None:
        assert len(want) == 0, name
        return
    assert got.backend == "cuda"
    assert len(got) > 0
    for part in ("labels", "scores", "segments", "decided"):
        if getattr(want, part) is not None:
            np.testing.assert_array_equal(getattr(got, part), getattr(want, part), name)


def test_streams_by_slot(many):
    """Ragged pushes, slots in any order, gaps, saved streams and ends."""
    rng = np.random.default_rng(0)
    alone = [single() for _ in range(9)]
    for _ in range(40):
        slots = rng.permutation(9)[: rng.integers(1, 10)]
        counts = rng.integers(1, 5, size=len(slots))
        rows = rng.normal(size=(counts.sum(), CLASSES)).astype(np.float32)
        step = many.push(slots, torch.from_numpy(rows), counts=counts)
        assert (step.errors, set(step.finals) <= set(slots.tolist())) == ({}, True)
        parts = np.split(rows, np.cumsum(counts)[:-1])
        for i, (slot, part) in enumerate(zip(slots, parts, strict=True)):
            want = alone[slot].push(np.ascontiguousarray(part))
            assert_equal(step.finals.get(int(slot)), want, "push")
            assert step.num_snippets[i] == alone[slot].num_snippets
    gap = many.gap([2, 5], 3)
    for slot in (2, 5):
        assert_equal(gap.finals.get(slot), alone[slot].gap(3), "gap")
    pending = many.pending(range(9))
    taken = single().load(many.save(4))
    ends = many.finish(range(9))
    for slot in range(9):
        want = alone[slot].pending()
        assert_equal(pending.finals.get(slot), want, "pending")
        assert_equal(ends.finals.get(slot), alone[slot].finish(), "finish")
    assert_equal(ends.finals.get(4), taken.finish(), "taken up")
    assert len(ends.finals) > 3


def test_a_push_without_counts_is_one_snippet_each(many):
    step = many.push([3, 1], torch.zeros(2, CLASSES))
    assert step.num_snippets.tolist() == [1, 1]
    assert many.push(np.array([1], np.int32), torch.zeros(1, CLASSES)).num_snippets.tolist() == [2]


def test_errors_are_told_by_slot_and_reset_helps(many):
    many.push([6], torch.zeros(1, CLASSES))
    many.finish([6])
    step = many.push([5, 6], torch.zeros(2, CLASSES))
    assert set(step.errors) == {6}
    assert isinstance(step.errors[6], basnet_rt.Error)
    many.reset([6])
    assert many.push([6], torch.zeros(1, CLASSES)).errors == {}


def test_a_saved_stream_goes_on_in_another_slot(many):
    rows = torch.from_numpy(np.random.default_rng(1).normal(size=(4, CLASSES)).astype(np.float32))
    many.push([0], rows, counts=[4])
    many.load(8, many.save(0))
    ends = many.finish([0, 8])
    np.testing.assert_array_equal(ends.finals[0].segments, ends.finals[8].segments)


@pytest.mark.parametrize("slots", [[[1]], [1.5], ["a"], 3], ids=repr)
def test_slots_are_whole_numbers(slots, many):
    with pytest.raises(TypeError, match="slots must be a list of whole numbers"):
        many.gap(slots, 1)


def test_state_bytes(many):
    assert many.state_bytes == 7


def test_without_a_device_it_says_why():
    """The core itself: there are not so many GPUs."""
    with pytest.raises(basnet_rt.BackendUnavailable, match=r"cuda:99|no CUDA backend"):
        basnet_rt.CudaStreams(
            CONFIG, num_classes=CLASSES, snippet_seconds=SECONDS, max_streams=9, device=99
        )


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    return basnet_rt.load(tiny_bundle.write(tmp_path_factory.mktemp("bundle") / "tiny.pt"))


def test_a_pool_names_its_backend_and_refuses_others(model, monkeypatch):
    with pytest.raises(ValueError, match="backend is 'gpu'; it must be one of cpu, cuda"):
        backend_choice.chosen_backend("gpu")
    monkeypatch.setattr(_core, "cuda_support", lambda: (True, 0, "no driver"))
    with pytest.raises(basnet_rt.BackendUnavailable, match="no driver"):
        basnet_rt.StreamPool(model, CONFIG, backend="cuda")
    monkeypatch.setenv("BASNET_RT_FORCE_BACKEND", "cpu")
    assert backend_choice.chosen_backend("cuda") == "cpu"
    monkeypatch.setenv("BASNET_RT_FORCE_BACKEND", "cuda")
    with pytest.raises(basnet_rt.BackendUnavailable, match="no driver"):
        basnet_rt.StreamPool(model, CONFIG)


def test_a_network_on_a_gpu_hands_on_capsules(model, monkeypatch):
    """Contiguous, with the stream that writes them; the raw CAS only where a gate asks for it."""
    monkeypatch.setattr(gpu_arrays, "gpu_of", lambda value: 0)
    monkeypatch.setattr(gpu_arrays, "current_stream", lambda device: 1234)
    given = []

    def capsule(value, name, stream):
        assert value.is_contiguous()
        given.append((name, stream))
        return value

    monkeypatch.setattr(gpu_arrays, "capsule", capsule)
    activations, cas, counts = torch.zeros(2, CLASSES, 4).mT, torch.zeros(2, 4, 4), np.array([4, 4])
    for with_cas in (True, False):
        network = object.__new__(pool_network.ModelNetwork)
        network._on_device, network._with_cas = True, with_cas
        answer = network._answer(activations, cas, counts)
        assert len(answer) == 4
        assert answer[3] == 1234
        assert (answer[1] is not None) == with_cas
    assert given == [("cas", 1234), ("activations", 1234), ("activations", 1234)]


def test_a_pool_on_the_cpu_refuses_activations_on_a_gpu(model):
    """Catches a read of device memory by the host; the memory goes back all the same."""
    given = []

    class OnDevice:
        def step(self, slots, fresh, features):
            given.append(FakeGpuArray((len(features), features.shape[1], CLASSES)))
            counts = np.full(len(features), features.shape[1])
            return given[-1].capsule(), None, counts, 0

    pool = basnet_rt.StreamPool(model, CONFIG, network=OnDevice(), threaded=False)
    stream = pool.open()
    features = np.zeros((3, tiny_bundle.FEATURE_DIM), np.float32)
    pool.push(stream, features)
    pool.step(force=True)
    with pytest.raises(ValueError, match="activations have 0 values; expected 9"):
        pool.push(stream, features)
    pool.shutdown(drain=False)
    del pool
    gc.collect()
    assert given
    assert [one.deleted for one in given] == [1] * len(given)
