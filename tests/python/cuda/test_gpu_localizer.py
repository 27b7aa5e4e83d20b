"""`Localizer` with a model on a GPU, and many streams there."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pytest
import torch

import basnet_rt
from basnet_rt.postprocessing import gpu_arrays

sys.path.append(str(Path(__file__).resolve().parents[1] / "runtime"))

import tiny_bundle

pytestmark = pytest.mark.needs_cuda

FORCE = "BASNET_RT_FORCE_BACKEND"
SETTINGS = {
    "continuous": {},
    "published": {"mode": "published", "class_threshold": 0.05},
    "horizon": {"gate": "horizon", "horizon": 20.0, "normalisation": "horizon"},
    "none": {"gate": "none"},
}


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    path = tiny_bundle.write(tmp_path_factory.mktemp("bundle") / "tiny.pt")
    return basnet_rt.load(path, device="cuda:0")


def features(num_snippets, seed=0):
    rng = np.random.default_rng(seed)
    return np.cumsum(rng.normal(size=(num_snippets, tiny_bundle.FEATURE_DIM)), 0).astype(np.float32)


@pytest.mark.parametrize("name", SETTINGS)
@pytest.mark.parametrize("kind", ["numpy", "host tensor", "device tensor"])
def test_the_same_as_with_post_processing_on_the_host(name, kind, model, monkeypatch, assert_same):
    """One network, one device; only where its activations are worked on differs."""
    localizer = basnet_rt.Localizer(model, model.configure(**SETTINGS[name]))
    make = {
        "numpy": np.asarray,
        "host tensor": torch.from_numpy,
        "device tensor": lambda rows: torch.from_numpy(rows).to("cuda:0"),
    }[kind]
    videos = [make(features(n, n)) for n in (40, 1, 90)]
    got = [localizer(one) for one in videos]
    batch = localizer.localize_batch(videos)
    monkeypatch.setenv(FORCE, "cpu")
    want = [localizer(one) for one in videos]
    assert sum(map(len, want)) > 0
    for ours, together, theirs in zip(got, batch, want, strict=True):
        assert (ours.backend, together.backend, theirs.backend) == ("cuda", "cuda", "cpu")
        assert ours.classes == model.classes
        assert_same(ours, theirs)
        assert_same(together, theirs)


def test_on_a_stream_of_its_own(model, assert_same):
    localizer = basnet_rt.Localizer(model)
    want = localizer(features(90))
    with torch.cuda.stream(torch.cuda.Stream()):
        torch.cuda._sleep(50_000_000)
        assert_same(localizer(features(90)), want)


def test_a_model_on_the_host_can_be_forced_up(model, tmp_path, monkeypatch, assert_same):
    host = basnet_rt.load(tiny_bundle.write(tmp_path / "tiny.pt"))
    want = basnet_rt.Localizer(host)(features(90))
    monkeypatch.setenv(FORCE, "cuda")
    got = basnet_rt.Localizer(host)(features(90))
    assert (got.backend, want.backend) == ("cuda", "cpu")
    assert_same(got, want)


STREAMING = basnet_rt.PostprocessConfig(
    gate="none", normalisation="fixed", fixed_lo=[-2.0], fixed_hi=[2.0], max_duration=20.0
)


def assert_finals(got, want):
    """In the order in which they became final."""
    np.testing.assert_array_equal(got.labels, want.labels)
    np.testing.assert_array_equal(got.decided, want.decided)
    np.testing.assert_allclose(got.segments, want.segments, rtol=0, atol=1e-6)
    np.testing.assert_allclose(got.scores, want.scores, rtol=0, atol=1e-6)


def test_many_streams_are_as_each_alone():
    """Ragged pushes, streams left out, one saved and taken up on the CPU."""
    count, num_classes, seconds = 33, 3, 0.64
    rng = np.random.default_rng(0)
    many = basnet_rt.CudaStreams(
        STREAMING, num_classes=num_classes, snippet_seconds=seconds, max_streams=count, max_rows=4
    )
    alone = [
        basnet_rt.StreamPostprocessor(STREAMING, num_classes=num_classes, snippet_seconds=seconds)
        for _ in range(count)
    ]
    total = 0
    for _ in range(60):
        slots = rng.permutation(count)[: rng.integers(1, count + 1)]
        counts = rng.integers(1, 5, size=len(slots))
        rows = rng.normal(size=(counts.sum(), num_classes)).astype(np.float32)
        step = many.push(slots, torch.from_numpy(rows).to("cuda:0"), counts=counts)
        assert step.errors == {}
        for slot, part in zip(slots, np.split(rows, np.cumsum(counts)[:-1]), strict=True):
            want = alone[slot].push(np.ascontiguousarray(part))
            total += len(want)
            if int(slot) in step.finals:
                assert_finals(step.finals[int(slot)], want)
            else:
                assert len(want) == 0
    assert total > 100
    taken = basnet_rt.StreamPostprocessor(
        STREAMING, num_classes=num_classes, snippet_seconds=seconds
    ).load(many.save(7))
    ends = many.finish(range(count))
    nothing = alone[0].push(np.zeros((0, num_classes), np.float32))
    for slot in range(count):
        assert_finals(ends.finals.get(slot, nothing), alone[slot].finish())
    assert_finals(taken.finish(), ends.finals.get(7, nothing))


def test_a_bad_snippet_fails_its_stream_alone():
    many = basnet_rt.CudaStreams(STREAMING, num_classes=2, snippet_seconds=1.0, max_streams=3)
    rows = torch.zeros(3, 2, device="cuda:0")
    rows[1, 1] = float("nan")
    step = many.push([0, 1, 2], rows)
    assert set(step.errors) == {1}
    assert "nan" in str(step.errors[1])
    assert step.num_snippets.tolist() == [1, 0, 1]


class OnDevice:
    """A pool's network whose activations are the first features, put onto the GPU."""

    def step(self, slots, fresh, features):
        rows = torch.from_numpy(features[:, :, :3].copy()).to("cuda:0")
        stream = gpu_arrays.current_stream(0)
        counts = np.full(len(features), features.shape[1])
        return gpu_arrays.capsule(rows, "activations", stream), None, counts, stream

    def flush(self, slots):
        return np.zeros((len(slots), 0, 3), np.float32), None, np.zeros(len(slots), np.int64)


class OnHost(OnDevice):
    """The same, left on the host."""

    def step(self, slots, fresh, features):
        return features[:, :, :3].copy(), None, np.full(len(features), features.shape[1])


@pytest.mark.parametrize("network", [OnDevice, OnHost])
def test_a_pool_on_the_gpu(network, model):
    """Its finals are those of a pool on the CPU; activations on either side."""
    found = {}
    for backend, net in (("cuda", network()), ("cpu", OnHost())):
        pool = basnet_rt.StreamPool(
            model, STREAMING, network=net, backend=backend, max_streams=16, threaded=False
        )
        streams = [pool.open() for _ in range(12)]
        parts = [[] for _ in streams]
        for step in range(60):
            for i, stream in enumerate(streams):
                parts[i].append(pool.push(stream, features(3, 100 * i + step)))
            pool.step(force=True)
        for i, stream in enumerate(streams):
            pool.end(stream)
            parts[i].append(pool.close(stream))
        found[backend] = parts
        assert {one.backend for one in parts[0]} == {backend}
    for ours, theirs in zip(found["cuda"], found["cpu"], strict=True):
        got, want = (
            np.concatenate([np.c_[p.labels, p.scores, p.segments, p.decided] for p in one])
            for one in (ours, theirs)
        )
        assert len(want) > 0
        np.testing.assert_allclose(got, want, rtol=0, atol=1e-6)
