"""`Model.forward`: shapes, kinds, long videos, and every bad input it must refuse."""

from __future__ import annotations

import numpy as np
import pytest
import tiny_bundle
import torch

import basnet_rt
from basnet_rt.model import long_videos
from basnet_rt.model.bundle import METADATA_FILE


def test_shapes_and_kinds(model, make_features):
    features = make_features(21)
    output = model.forward(features)
    full = model.forward_with_cas(features)
    columns = len(model.classes)
    assert output.activations.shape == (21, columns)
    assert output.video_scores.shape == (columns,)
    assert output.foreground.shape == (21,)
    assert full.cas.shape == (21, columns + 1)
    assert all(isinstance(one, np.ndarray) and one.dtype == np.float32 for one in full)
    np.testing.assert_array_equal(output.activations, full.activations)
    np.testing.assert_array_equal(full.cas[:, :-1], full.activations)


def test_torch_in_torch_out(model, make_features):
    features = make_features(9)
    output = model.forward(torch.from_numpy(features).requires_grad_())
    assert all(isinstance(one, torch.Tensor) and not one.requires_grad for one in output)
    np.testing.assert_array_equal(output.activations.numpy(), model.forward(features).activations)


@pytest.mark.parametrize("dtype", [np.float16, np.float64])
def test_other_floating_kinds_are_cast(model, make_features, dtype):
    features = make_features(12).astype(np.float16)
    want = model.forward(features.astype(np.float32)).activations
    np.testing.assert_array_equal(model.forward(features.astype(dtype)).activations, want)


def test_a_memory_map_is_read_in_silence(model, make_features, tmp_path):
    """torch warns of arrays that it must not write to."""
    np.save(tmp_path / "v.npy", make_features(30))
    mapped = np.load(tmp_path / "v.npy", mmap_mode="r")
    want = model.forward(make_features(30)).activations
    np.testing.assert_array_equal(model.forward(mapped).activations, want)


def test_features_are_not_modified(model, make_features):
    features = make_features(30)
    before = features.copy()
    model.forward(features)
    np.testing.assert_array_equal(features, before)


@pytest.mark.parametrize("num_snippets", [1, 8, 9, 16, 17, 24, 25, 26, 100])
def test_pieces_agree_with_the_whole(bundle, make_features, num_snippets):
    """Catches pieces that overlap too little, are cut wrongly, or score by piece."""
    model = basnet_rt.load(bundle, engine="torch")
    rows = torch.from_numpy(make_features(num_snippets))
    whole = long_videos.run(model.module, rows, model.metadata, piece=10_000)
    pieces = long_videos.run(model.module, rows, model.metadata, piece=8)
    for got, want in zip(pieces, whole, strict=True):
        torch.testing.assert_close(got, want, rtol=0, atol=1e-6)


def test_a_million_snippets(model):
    """A week of video, in pieces: catches memory or time that grows faster than the video."""
    features = np.zeros((1_000_000, tiny_bundle.FEATURE_DIM), np.float32)
    features[500_000] = 3
    output = model.forward(features)
    assert output.activations.shape == (1_000_000, len(model.classes))
    steps = np.flatnonzero(np.abs(np.diff(output.activations[:, 0])) > 1e-6)
    assert steps[0] <= 3  # the border, where zeros are padding
    inside = steps[(steps > 10) & (steps < 999_990)]
    assert (inside.min(), inside.max()) == (499_997, 500_002)


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize("kind", [np.asarray, torch.from_numpy])
def test_non_finite_names_snippet_and_channel(model, make_features, value, kind):
    features = make_features(20)
    features[13, 5] = value
    features[14, 6] = -value  # Inf and -Inf must not cancel
    with pytest.raises(basnet_rt.InvalidValue, match=r"snippet 13, channel 5"):
        model.forward(kind(features))


def test_large_values_are_not_taken_for_infinity(model):
    """Their sum overflows; each is finite."""
    features = np.full((4, tiny_bundle.FEATURE_DIM), 3e38, np.float32)
    assert np.isfinite(model.forward(features).foreground).all()


def test_float64_beyond_float32_is_refused(model):
    features = np.full((4, tiny_bundle.FEATURE_DIM), 1e300)
    with pytest.raises(basnet_rt.InvalidValue, match="inf"):
        model.forward(features)


@pytest.mark.parametrize("shape", [(0, 8), (8,), (1, 5, 8), ()])
def test_wrong_shape(model, shape):
    with pytest.raises(basnet_rt.InvalidValue, match=r"must be \(T, 8\)"):
        model.forward(np.zeros(shape, np.float32))


def test_features_of_another_extractor(model):
    with pytest.raises(basnet_rt.BundleError, match=r"8 channels \(made-up, rgb\+flow\), got 7"):
        model.forward(np.zeros((5, 7), np.float32))


@pytest.mark.parametrize("features", [[[1.0] * 8], "features", None])
def test_no_array(model, features):
    with pytest.raises(basnet_rt.InvalidType, match="NumPy array or a tensor"):
        model.forward(features)


def test_a_mask_is_not_ignored(model):
    masked = np.ma.masked_array(np.zeros((5, 8), np.float32), mask=True)
    stream = basnet_rt.StreamingLocalizer(model)
    for call in (model.forward, basnet_rt.Localizer(model), stream.push):
        with pytest.raises(basnet_rt.InvalidType, match=r"masked array.*features.filled\(0\)"):
            call(masked)
    config, cas = basnet_rt.PostprocessConfig(), np.ma.zeros((5, 2), np.float32)
    with pytest.raises(basnet_rt.InvalidType, match=r"cas is a masked array"):
        basnet_rt.postprocess(cas, np.zeros(2, np.float32), config, snippet_seconds=1.0)


@pytest.mark.parametrize("kind", [np.zeros, torch.zeros])
def test_integers_are_refused(model, kind):
    """Counts are no features; a cast would hide the mistake."""
    integer = np.int64 if kind is np.zeros else torch.int64
    with pytest.raises(basnet_rt.InvalidType, match="floating point"):
        model.forward(kind((5, 8), dtype=integer))


def test_a_module_that_breaks_its_metadata(tmp_path):
    """Four outputs columns, two class names: labels would be wrong."""
    text = tiny_bundle.metadata(classes=("A", "B")).to_json()
    path = tiny_bundle.save(tiny_bundle.module(), tmp_path / "odd.pt", {METADATA_FILE: text})
    with pytest.raises(basnet_rt.BundleError, match="another number of classes"):
        basnet_rt.load(path)
    with pytest.raises(basnet_rt.BundleError, match="2 classes"):
        basnet_rt.load(path, trust_code=True).forward(np.zeros((5, 8), np.float32))


def test_one_class_and_a_thousand(tmp_path, make_features):
    for count in (1, 1000):
        names = tuple(f"class {i}" for i in range(count))
        path = tiny_bundle.write(tmp_path / f"{count}.pt", classes=names)
        model = basnet_rt.load(path)
        assert model.forward(make_features(11)).activations.shape == (11, count)
        assert set(basnet_rt.Localizer(model)(make_features(11)).names) <= set(names)
