"""What `basnet_training` exports is what the runtime loads: they meet only in the file."""

from __future__ import annotations

import numpy as np
import pytest
import torch

import basnet_rt
from basnet_rt.model.bundle import BundleMetadata

training = pytest.importorskip("basnet_training.export")


@pytest.fixture(scope="module")
def network():
    from basnet_training.network import BaSNet

    torch.manual_seed(1)
    return BaSNet(16, 4, hidden_filter=8, hidden_cas=24).eval()


@pytest.fixture
def export(network, tmp_path):
    def make(**changes):
        fields = {"classes": ("A", "B", "C", "D"), "feature_dim": 16, **changes}
        training.export_bundle(network, BundleMetadata(**fields), tmp_path / "model.pt")
        return tmp_path / "model.pt"

    return make


def features_of(num_snippets):
    return np.random.default_rng(0).standard_normal((num_snippets, 16)).astype(np.float32)


@pytest.mark.parametrize("num_snippets", [1, 5, 300])
def test_same_numbers_as_the_network(network, export, num_snippets):
    features = features_of(num_snippets)
    output = basnet_rt.load(export()).forward_with_cas(features)
    with torch.no_grad():
        want = network(torch.from_numpy(features)[None])
    np.testing.assert_allclose(output.cas, want.cas[0].numpy(), rtol=0, atol=1e-5)
    np.testing.assert_allclose(output.foreground, want.foreground[0].numpy(), rtol=0, atol=1e-5)
    np.testing.assert_allclose(output.video_scores, want.score[0, :-1].numpy(), rtol=0, atol=1e-5)


@pytest.mark.parametrize("stored", ["float32", "bfloat16"])
@pytest.mark.parametrize("asked", ["float32", "bfloat16"])
def test_every_dtype_of_weights(export, stored, asked):
    """Catches a module that only runs in the dtype it was stored in."""
    path = export(dtype=stored)
    got = basnet_rt.load(path, dtype=asked).forward(features_of(300)).activations
    want = basnet_rt.load(export()).forward(features_of(300)).activations
    assert got.dtype == np.float32
    np.testing.assert_allclose(got, want, rtol=0, atol=0.03 * abs(want).max())


@pytest.mark.parametrize("activation", ["raw", "softmax", "fused"])
def test_long_videos_in_pieces(export, activation):
    """The exported form groups snippets by fours; cutting a video must not show."""
    from basnet_rt.model import long_videos

    model = basnet_rt.load(export(activation=activation), engine="torch")
    rows = torch.from_numpy(features_of(517))
    whole = long_videos.run(model.module, rows, model.metadata, piece=1000)
    for got, want in zip(
        long_videos.run(model.module, rows, model.metadata, piece=130), whole, strict=True
    ):
        torch.testing.assert_close(got, want, rtol=0, atol=1e-5)
