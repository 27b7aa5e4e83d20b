"""Extractor `torchvision`: torchvision's own models and transforms say what features should be.

Released weights are out of scope: models are torchvision's smallest, with random weights.
"""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from tiny_models import frames_of

from basnet_rt import BundleError, InvalidValue
from basnet_rt.extractors import extract_features, extractor_from_spec, make_extractor

models = pytest.importorskip("torchvision", reason="needs the extra torchvision").models
torch = pytest.importorskip("torch")


@pytest.fixture(scope="module")
def file_of(tmp_path_factory):
    """The file of random weights of a model; it is made once."""
    root = tmp_path_factory.mktemp("torchvision")

    def made(name: str, **settings) -> Path:
        path = root / f"{name}.pth"
        if not path.exists():
            torch.manual_seed(3)
            torch.save(models.get_model(name, weights=None, **settings).state_dict(), path)
        return path

    return made


def inputs_of_the_last_map(name: str, file: Path, pixels: torch.Tensor) -> torch.Tensor:
    """What a hook sees: (N, F, ...), of the model as torchvision makes it."""
    model = models.get_model(name, weights=None).eval()
    model.load_state_dict(torch.load(file))
    maps = [one for one in model.modules() if isinstance(one, (torch.nn.Linear, torch.nn.Conv2d))]
    seen = []
    maps[-1].register_forward_pre_hook(lambda _, values: seen.append(values[0]))
    with torch.inference_mode():
        model(pixels)
    return seen[0]


@pytest.mark.parametrize("name", ["shufflenet_v2_x0_5", "mobilenet_v3_small"])
def test_image_models_give_what_the_last_map_gets(name, file_of, video):
    """Catches class scores as features, a whole head removed, other pictures."""
    from PIL import Image

    found = extract_features(video, make_extractor(f"torchvision:{name}", weights=file_of(name)))
    transform = models.get_model_weights(name).DEFAULT.transforms()
    images = frames_of(video)[[0, 8, 16, 24, 32, 40, 48, 56]]
    pixels = torch.stack([transform(Image.fromarray(image)) for image in images])
    rows = inputs_of_the_last_map(name, file_of(name), pixels)
    wanted = rows.reshape(4, 2, -1).mean(dim=1).numpy()
    np.testing.assert_allclose(found.features, wanted, atol=0.01 * np.abs(wanted).max())


def test_video_models_get_a_snippet_at_once_without_antialiasing(file_of, video):
    """Catches time and channels in the wrong order, and smoothing that it was trained without."""
    extractor = make_extractor(
        "torchvision:mc3_18", weights=file_of("mc3_18"), pictures=4, snippet_stride=64
    )
    found = extract_features(video, extractor)
    clip = torch.from_numpy(frames_of(video)[:16:4]).permute(0, 3, 1, 2)
    pixels = models.get_model_weights("mc3_18").DEFAULT.transforms()(clip)[None]
    wanted = inputs_of_the_last_map("mc3_18", file_of("mc3_18"), pixels).numpy()
    assert extractor.spec.settings["processor"]["antialias"] is False
    np.testing.assert_allclose(found.features[:1], wanted, atol=0.01 * np.abs(wanted).max())


def test_named_weights_are_taken_from_the_cache_and_recorded(file_of, tmp_path, monkeypatch):
    """Catches a default that changes with torchvision under features of earlier weights."""
    name = "shufflenet_v2_x0_5"
    monkeypatch.setattr("torch.hub.get_dir", lambda: str(tmp_path))
    released = models.get_model_weights(name).DEFAULT
    cached = tmp_path / "checkpoints" / released.url.rpartition("/")[2]
    cached.parent.mkdir()
    cached.write_bytes(file_of(name).read_bytes())
    spec = make_extractor(f"torchvision:{name}").spec
    assert spec.settings["revision"] == "IMAGENET1K_V1"
    assert extractor_from_spec(spec).spec == spec
    assert extractor_from_spec(spec.to_dict(), file_of(name), batch=3).spec == spec
    assert str(tmp_path) not in json.dumps(spec.to_dict())


def test_what_is_not_there_is_named_with_the_next_step(file_of, tmp_path, monkeypatch):
    with pytest.raises(
        BundleError, match="no model 'resnet5' of pictures or videos; it has resnet1"
    ):
        make_extractor("torchvision:resnet5")
    with pytest.raises(BundleError, match="no model 'fcn_resnet50'"):
        make_extractor("torchvision:fcn_resnet50")
    with pytest.raises(InvalidValue, match="revision: resnet18 has the weights IMAGENET1K_V1; got"):
        make_extractor("torchvision:resnet18", revision="V9")
    with pytest.raises(BundleError, match="not the names of torchvision's mobilenet_v3_small"):
        make_extractor("torchvision:mobilenet_v3_small", weights=file_of("shufflenet_v2_x0_5"))

    def refuse(*_, **__):
        raise OSError("no network")

    monkeypatch.setattr("torch.hub.get_dir", lambda: str(tmp_path))
    monkeypatch.setattr("torch.hub.download_url_to_file", refuse)
    with pytest.raises(BundleError, match=r"nor to be had from .*no network; .*--weights FILE"):
        make_extractor("torchvision:shufflenet_v2_x0_5")
