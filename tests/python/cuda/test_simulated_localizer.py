"""`Localizer` where activations stay on the device: the same detections, nothing copied between."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pytest
import torch

import basnet_rt

sys.path.append(str(Path(__file__).resolve().parents[1] / "runtime"))

import tiny_bundle

CONFIGS = {
    "continuous": {},
    "published": {"mode": "published", "class_threshold": 0.05},
    "horizon": {"gate": "horizon", "horizon": 20.0, "normalisation": "horizon"},
    "none": {"gate": "none"},
}


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    path = tiny_bundle.write(tmp_path_factory.mktemp("bundle") / "tiny.pt")
    return basnet_rt.load(path, engine="torch")  # the native engine computes on the CPU alone


def features(num_snippets, seed=0):
    rng = np.random.default_rng(seed)
    return np.cumsum(rng.normal(size=(num_snippets, tiny_bundle.FEATURE_DIM)), 0).astype(np.float32)


@pytest.fixture
def wanted(model):
    """Detections on the CPU, made before anything is taken for a GPU."""
    videos = [features(n, n) for n in (40, 1, 90)]
    found = {}
    for name, settings in CONFIGS.items():
        localizer = basnet_rt.Localizer(model, model.configure(**settings))
        found[name] = [localizer(one, duration=20.0) for one in videos]
    return videos, found


@pytest.fixture
def no_copies(monkeypatch):
    """Nothing may go from tensors to host memory."""

    def refuse(*_):
        raise AssertionError("copied to host memory")

    monkeypatch.setattr(basnet_rt.localize.localizer, "_host", refuse)


def check(got, want):
    """Scores of the gate are computed elsewhere, so they may differ by rounding."""
    assert got.backend == "cuda"
    assert got.classes == want.classes
    np.testing.assert_array_equal(got.labels, want.labels)
    np.testing.assert_array_equal(got.segments, want.segments)
    np.testing.assert_allclose(got.scores, want.scores, rtol=0, atol=1e-6)


@pytest.mark.parametrize("name", CONFIGS)
@pytest.mark.parametrize("kind", [np.asarray, torch.from_numpy], ids=["numpy", "torch"])
def test_one_by_one_and_as_a_batch(name, kind, model, wanted, no_copies, simulated):
    videos, found = wanted
    localizer = basnet_rt.Localizer(model, model.configure(**CONFIGS[name]))
    for one, want in zip(videos, found[name], strict=True):
        check(localizer(kind(one), duration=20.0), want)
    batch = localizer.localize_batch([kind(one) for one in videos], durations=[20.0] * 3)
    for got, want in zip(batch, found[name], strict=True):
        check(got, want)
    assert sum(map(len, found[name])) > 0


def test_kept_activations_are_host_arrays(model, simulated):
    found, seen = basnet_rt.Localizer(model).with_activations(features(30))
    assert found.backend == "cuda"
    assert isinstance(seen.activations, np.ndarray)
    assert isinstance(seen.foreground, np.ndarray)
    arguments = basnet_rt.Localizer(model).postprocess_arguments(features(30))
    assert all(isinstance(arguments[name], np.ndarray) for name in ("cas", "video_scores"))


def test_a_bad_feature_is_still_named(model, simulated):
    bad = features(9)
    bad[4, 2] = np.inf
    with pytest.raises(ValueError, match=r"features\[4, 2\] is inf"):
        basnet_rt.Localizer(model)(bad)


def test_a_journal_remembers_the_backend(tmp_path):
    """Catches a run that goes on later, and then says that the CPU found what a GPU found."""
    from basnet_rt.localize.journal import Journal

    empty = np.zeros(0)
    found = basnet_rt.Detections(empty, empty, empty.reshape(0, 2), backend="cuda")
    journal = Journal(tmp_path / "out.json", "key", "continuous", ("a",))
    journal.add("video", "print", found)
    journal.close()
    again = Journal(tmp_path / "out.json", "key", "continuous", ("a",))
    assert again.done["video"][1].backend == "cuda"
    again.close()
