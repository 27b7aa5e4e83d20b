"""The fixed layer in front of the network: what it is fitted to, and that it is exported whole."""

from dataclasses import replace

import numpy as np
import pytest
import torch

import basnet_rt
from basnet_rt.features.extractor_spec import ExtractorSpec
from basnet_rt.model.bundle import BundleMetadata
from basnet_rt.video.frames import FrameFormat
from basnet_training import BaSNet
from basnet_training.export import export_bundle
from basnet_training.projection import InputProjection
from basnet_training.projection_fit import fit_projection


class Videos:
    """As much of TaggedVideos as fitting looks at."""

    def __init__(self, rows: dict[str, np.ndarray]) -> None:
        self.names, self.rows, self.source = tuple(rows), rows, self
        self.extractor: ExtractorSpec | None = None

    def read(self, name: str) -> np.ndarray:
        return self.rows[name]


@pytest.fixture
def videos() -> Videos:
    rng = np.random.default_rng(0)
    mixing = rng.normal(size=(12, 12)) * np.linspace(0.1, 5, 12)[:, None]
    return Videos({f"v{i}": rng.normal(size=(40 + i, 12)) @ mixing + 3 for i in range(3)})


def projected(videos: Videos, dim: int) -> np.ndarray:
    layer = InputProjection(12, dim)
    fit_projection(layer, videos)
    rows = torch.from_numpy(np.concatenate(list(videos.rows.values()))).float()
    return layer(rows.unsqueeze(0))[0].double().numpy()


def test_components_are_centred_uncorrelated_falling_and_of_mean_variance_one(videos):
    components = projected(videos, 5)
    covariance = np.cov(components.T, bias=True)
    assert np.abs(components.mean(axis=0)).max() < 1e-5
    assert np.abs(covariance - np.diag(np.diag(covariance))).max() < 1e-4
    assert (np.diff(np.diag(covariance)) <= 1e-6).all()
    assert np.diag(covariance).mean() == pytest.approx(1, rel=1e-4)


def test_all_axes_are_an_orthogonal_map_of_standardised_channels(videos):
    rows = np.concatenate(list(videos.rows.values()))
    standard = (rows - rows.mean(axis=0)) / (rows.std(axis=0) + 1e-2)
    components = projected(videos, 12)
    ratio = np.linalg.norm(components, axis=1) / np.linalg.norm(standard, axis=1)
    np.testing.assert_allclose(ratio, ratio[0], rtol=1e-4)


def test_parts_of_a_joined_extractor_weigh_the_same(videos):
    """Eight strong channels of one thing hide two of another, unless both parts are balanced."""
    rng = np.random.default_rng(1)
    for name, rows in videos.rows.items():
        strong, weak = rng.normal(size=(2, len(rows), 1))
        eight = strong + 0.1 * rng.normal(size=(len(rows), 8))
        videos.rows[name] = np.concatenate([eight, np.repeat(weak, 4, axis=1)], axis=1)
    weak = np.concatenate(list(videos.rows.values()))[:, -1]

    def leading() -> float:
        return abs(np.corrcoef(projected(videos, 1)[:, 0], weak)[0, 1])

    assert leading() < 0.3
    part = ExtractorSpec(
        name="a",
        version=1,
        feature_dim=8,
        fps=25.0,
        snippet_frames=16,
        snippet_stride=16,
        frames=FrameFormat(pixels="rgb"),
        settings={},
    )
    parts = (part, replace(part, name="b", feature_dim=4))
    videos.extractor = replace(part, name="a+b", feature_dim=12, parts=parts)
    assert leading() > 0.5


@pytest.mark.parametrize("dim", [0, 13])
def test_dimension_outside_the_channels_is_named(dim):
    with pytest.raises(ValueError, match="projection_dim: expected 1 to 12"):
        InputProjection(12, dim)


def test_bundle_with_projection_and_sigmoid_agrees_with_the_network(tmp_path, videos):
    torch.manual_seed(0)
    network = BaSNet(12, 2, 8, 16, score_function="sigmoid", projection_dim=5)
    fit_projection(network.projection, videos)
    metadata = BundleMetadata(
        classes=("a", "b"), feature_dim=12, activation="sigmoid", score_function="sigmoid"
    )
    agreement = export_bundle(network, metadata, tmp_path / "m.pt")
    assert max(agreement.cas, agreement.stream, agreement.score) < 1e-5
    model = basnet_rt.load(tmp_path / "m.pt")
    features = videos.rows["v0"].astype(np.float32)
    activations, scores, _, cas = model.forward_with_cas(features)
    np.testing.assert_allclose(activations, 1 / (1 + np.exp(-cas[:, :2])), atol=1e-6)
    means = np.sort(cas, axis=0)[-5:, :2].mean(axis=0)
    np.testing.assert_allclose(scores, 1 / (1 + np.exp(-means)), atol=1e-6)
