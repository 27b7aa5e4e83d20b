"""Bundles small enough to export in a moment, features for them, and real activations."""

from __future__ import annotations

import functools
import sys
from pathlib import Path

import numpy as np
import pytest

# The generators of videos and settings are those of the offline tests.
sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "postprocess"))

FEATURE_DIM = 8
CLASSES = ("Jump", "Run", "Swim")
STREAMED = {"normalisation": "fixed", "gate": "none", "cas_thresholds": [0.2, 0.3, 0.4, 0.5]}


@pytest.fixture(scope="session")
def make_model(tmp_path_factory):
    """A loaded bundle of a small random network; `changes` are of its metadata."""
    torch = pytest.importorskip("torch")
    export = pytest.importorskip("basnet_training.export")
    import basnet_rt
    from basnet_rt.model.bundle import BundleMetadata
    from basnet_training.network import BaSNet

    torch.set_num_threads(1)

    @functools.cache
    def path_of(hidden_cas, seed, changes):
        torch.manual_seed(seed)
        network = BaSNet(FEATURE_DIM, 3, hidden_filter=6, hidden_cas=hidden_cas).eval()
        with torch.no_grad():  # an untrained network hardly moves; this one opens and closes roots
            network.state_dict()["cas_module.conv_3.0.weight"].mul_(12)
        fields = {"classes": CLASSES, "feature_dim": FEATURE_DIM, "activation": "softmax"}
        path = tmp_path_factory.mktemp("bundle") / "model.pt"
        metadata = BundleMetadata(**{**fields, "postprocess": STREAMED, **dict(changes)})
        export.export_bundle(network, metadata, path)
        return path

    def make(hidden_cas=12, seed=1, engine="auto", **changes):
        path = path_of(hidden_cas, seed, tuple(sorted(changes.items())))
        return basnet_rt.load(path, engine=engine)

    make.path_of = lambda: path_of(12, 1, ())
    return make


@pytest.fixture(scope="session")
def model(make_model):
    """Softmax activations, fixed normalisation, no gate: finals come early."""
    return make_model()


@pytest.fixture(scope="session", params=["native", "torch"])
def either_model(request, make_model):
    """`model`, on each engine in turn."""
    return make_model(engine=request.param)


@pytest.fixture(scope="session")
def make_features():
    """(T, F) float32 that wander, so that several roots open and close."""

    def make(num_snippets: int, seed: int = 0) -> np.ndarray:
        rng = np.random.default_rng(seed)
        noise = rng.standard_normal((num_snippets + 4, FEATURE_DIM))
        smooth = sum(noise[k : k + num_snippets] for k in range(5))
        return np.ascontiguousarray(smooth, np.float32)

    return make


@pytest.fixture(scope="session")
def real_streams(shared):
    """[(name, activations (T, C) float32 in (0, 1), raw CAS (T, C+1))] of all of action_scores."""

    def softmax(margins):
        weights = np.exp(margins - margins.max(axis=1, keepdims=True))
        return (weights / weights.sum(axis=1, keepdims=True)).astype(np.float32)

    folder, streams = shared / "data" / "action_scores", []
    with np.load(folder / "merl_stream.npz") as file:
        scores = file["scores"]
    raw = np.ascontiguousarray(np.log(scores))
    streams.append(("merl", np.ascontiguousarray(scores[:, :-1]), raw))
    for name in ("fifty_salads_mid_svm", "gtea_svm"):
        with np.load(folder / f"{name}.npz") as file:
            for key in sorted(file.files):
                if key.endswith("/scores"):
                    margins = np.ascontiguousarray(file[key])
                    rows = np.ascontiguousarray(softmax(margins)[:, :-1])
                    streams.append((f"{name}/{key}", rows, margins))
    return streams
