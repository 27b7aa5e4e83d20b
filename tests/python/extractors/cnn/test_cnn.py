"""Extractor `cnn`: the network against features that others made, flow, weights, the record."""

from __future__ import annotations

import importlib.util
from itertools import islice

import av
import cv2
import numpy as np
import pytest
import torch

from basnet_rt import BundleError, Error, InvalidValue
from basnet_rt.extractors import default_name, extractor_from_spec, make_extractor
from basnet_rt.extractors.cnn.running import DEVIATION, MEAN, RunningCnn, snippet_pictures
from basnet_rt.extractors.cnn.weights import load_cnn, packaged_weights


@pytest.fixture(scope="module")
def network():
    return RunningCnn(load_cnn(packaged_weights()), torch.device("cpu"), "float32")


def noise(snippets: int, frames: int = 16) -> np.ndarray:
    made = np.random.default_rng(0).integers(0, 256, (snippets, frames, 64, 64, 3))
    return made.astype(np.float32)


def test_features_of_pictures_are_those_beside_the_real_videos(shared):
    """(T, 1280) of an ImageNet network, made by other code of other authors, in float16."""
    data = shared / "data" / "cctv_fights"
    wanted = np.load(data / "features" / "test" / "cctv_test_0000.npy")[:3, :1280]
    with av.open(str(data / "videos" / "test" / "cctv_test_0000.mp4")) as video:
        frames = [one.to_ndarray(format="rgb24") for one in islice(video.decode(video=0), 48)]
    plain = load_cnn(packaged_weights())
    for row, expected in enumerate(wanted.astype(np.float32)):
        pictures = [
            cv2.resize(frames[16 * row + at], (224, 224), interpolation=cv2.INTER_AREA)
            for at in (4, 12)
        ]
        pixels = (np.float32(pictures) / 255 - MEAN) / DEVIATION
        with torch.inference_mode():
            x = torch.from_numpy(pixels.astype(np.float32)).permute(0, 3, 1, 2)
            found = plain(x).numpy().mean(axis=0)
        np.testing.assert_allclose(found, expected, atol=5e-3)


def test_folding_the_norms_leaves_the_features(network):
    values = noise(2)
    pictures = np.concatenate([snippet_pictures(one) for one in values])
    pixels = ((pictures / 255 - MEAN) / DEVIATION).astype(np.float32)
    with torch.inference_mode():
        rows = load_cnn(packaged_weights())(torch.from_numpy(pixels).permute(0, 3, 1, 2)).numpy()
    wanted = np.concatenate(
        [rows.reshape(2, 4, -1)[:, :2].mean(1), rows.reshape(2, 4, -1)[:, 2:].mean(1)], axis=1
    )
    np.testing.assert_allclose(network(values), wanted, rtol=1e-3, atol=1e-4)


def test_a_snippet_does_not_depend_on_its_company(network):
    values = noise(3)
    alone = np.concatenate([network(values[k : k + 1]) for k in range(3)])
    np.testing.assert_allclose(network(values), alone, rtol=1e-4, atol=1e-5)


def test_flow_pictures_show_movement_in_pixels():
    """A texture that moves 3 pixels right and 2 up from each frame to the next."""
    texture = np.random.default_rng(1).integers(0, 256, (40, 40)).astype(np.float32)
    texture = cv2.resize(texture, (320, 320), interpolation=cv2.INTER_CUBIC).clip(0, 255).round()
    frames = [texture[48 + 2 * k : 272 + 2 * k, 90 - 3 * k : 314 - 3 * k] for k in range(16)]
    snippet = np.repeat(np.stack(frames)[..., None], 3, axis=3)
    pictures = snippet_pictures(snippet)
    assert pictures.shape == (4, 224, 224, 3)
    np.testing.assert_array_equal(pictures[0], snippet[4])
    np.testing.assert_array_equal(pictures[1], snippet[12])
    for flow in pictures[2:]:
        right, down, length = np.median(flow[40:-40, 40:-40].reshape(-1, 3), axis=0)
        assert (right - 128) / 8 == pytest.approx(3, abs=0.3)
        assert (down - 128) / 8 == pytest.approx(-2, abs=0.3)
        assert length / 8 == pytest.approx(13**0.5, abs=0.3)
    still = snippet_pictures(np.repeat(snippet[:1], 16, axis=0))[2]
    np.testing.assert_allclose(still, np.broadcast_to([128, 128, 0], still.shape), atol=2)


def test_the_record_makes_the_same_extractor_again():
    made = make_extractor("cnn", snippet_stride=8)
    assert (made.spec.feature_dim, made.spec.snippet_stride) == (2560, 8)
    again = extractor_from_spec(made.spec.to_dict())
    assert again.spec == made.spec
    joined = make_extractor("motion+cnn")
    assert extractor_from_spec(joined.spec.to_dict()).spec == joined.spec


def test_other_weights_than_those_on_record_are_refused(tmp_path):
    state = torch.load(packaged_weights(), weights_only=True)
    state["_bn1.bias"] += 1
    torch.save(state, tmp_path / "other.pth")
    other = make_extractor("cnn", weights=str(tmp_path / "other.pth"))
    with pytest.raises(BundleError, match="not the weights on record"):
        extractor_from_spec(other.spec)
    assert extractor_from_spec(other.spec, tmp_path / "other.pth").spec == other.spec


def test_files_that_are_no_checkpoint_are_refused_by_name(tmp_path):
    state = torch.load(packaged_weights(), weights_only=True)
    del state["_conv_head.weight"]
    torch.save(state, tmp_path / "less.pth")
    with pytest.raises(BundleError, match=r"1 missing: _conv_head\.weight"):
        make_extractor("cnn", weights=str(tmp_path / "less.pth"))
    (tmp_path / "text.pth").write_text("no checkpoint")
    with pytest.raises(BundleError, match=r"text\.pth: not a PyTorch checkpoint"):
        make_extractor("cnn", weights=str(tmp_path / "text.pth"))
    with pytest.raises(BundleError, match="no such file"):
        make_extractor("cnn", weights=str(tmp_path / "absent.pth"))


def test_short_snippets_are_refused():
    with pytest.raises(InvalidValue, match="snippet_frames: cnn needs 4 at least, got 3"):
        make_extractor("cnn", snippet_frames=3)


def test_without_the_package_motion_is_the_default_and_the_message_names_the_extra(monkeypatch):
    assert default_name() == "motion+cnn"
    find = importlib.util.find_spec
    monkeypatch.setattr(
        importlib.util,
        "find_spec",
        lambda name, *rest: None if name.startswith("efficientnet") else find(name, *rest),
    )
    assert default_name() == "motion"
    with pytest.raises(Error, match=r"pip install 'basnet-rt\[cnn\]'"):
        make_extractor("cnn")
