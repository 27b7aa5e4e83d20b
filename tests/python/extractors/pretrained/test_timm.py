"""Extractor `timm`: timm's own models and transforms say what features should be.

Released weights are out of scope: models are timm's smallest, with random weights.
"""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy as np
import pytest
from tiny_models import frames_of

from basnet_rt import BundleError
from basnet_rt.extractors import extract_features, extractor_from_spec, make_extractor

timm = pytest.importorskip("timm", reason="needs the extra timm")
torch = pytest.importorskip("torch")


def network(name: str, **settings) -> torch.nn.Module:
    torch.manual_seed(3)
    return timm.create_model(name, **settings).eval()


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    """A model as timm saves one."""
    place = tmp_path_factory.mktemp("timm") / "model"
    timm.models.save_for_hf(network("test_vit"), place, safe_serialization=True)
    return place


def test_features_are_the_mean_of_what_the_classifier_would_get(folder, video):
    """Catches other pictures, a crop one pixel beside timm's, and class scores as features."""
    found = extract_features(video, make_extractor(f"timm:{folder}"))
    model = network("test_vit")
    transform = timm.data.create_transform(**timm.data.resolve_model_data_config(model))
    from PIL import Image

    images = frames_of(video)[[0, 8, 16, 24, 32, 40, 48, 56]]
    pixels = torch.stack([transform(Image.fromarray(image)) for image in images])
    with torch.inference_mode():
        rows = model.forward_head(model.forward_features(pixels), pre_logits=True)
    wanted = rows.reshape(4, 2, -1).mean(dim=1).numpy()
    np.testing.assert_allclose(found.features, wanted, atol=0.01 * np.abs(wanted).max())


def test_a_record_makes_the_same_extractor_again_from_a_folder_or_a_file(folder, tmp_path, video):
    """Catches settings that are lost in a bundle, and other weights that pass for these."""
    first = make_extractor(f"timm:{folder}", pictures=4)
    assert first.spec.settings["model"] == folder.name
    assert str(folder) not in json.dumps(first.spec.to_dict())
    again = extractor_from_spec(first.spec.to_dict(), [folder], batch=2)
    two = [extract_features(video, one).features for one in (first, again)]
    np.testing.assert_allclose(*two, atol=1e-5)
    # Of a fine-tuned model: three classes, which no feature depends on.
    torch.save(network("test_vit", num_classes=3).state_dict(), tmp_path / "mine.pth")
    mine = make_extractor("timm:test_vit", weights=tmp_path / "mine.pth")
    assert mine.spec.settings["model"] == "test_vit"
    assert extractor_from_spec(mine.spec, tmp_path / "mine.pth").spec == mine.spec
    other = tmp_path / folder.name
    timm.models.save_for_hf(timm.create_model("test_vit"), other, safe_serialization=True)
    with pytest.raises(BundleError, match=r"makes .*settings\.weights"):
        extractor_from_spec(first.spec, other)


def test_weights_that_are_missing_are_not_replaced_by_random_ones(folder, tmp_path):
    """Catches a model that is random in part: features would differ with every start."""
    from safetensors.torch import load_file, save_file

    place = shutil.copytree(folder, tmp_path / "model")
    weights = load_file(place / "model.safetensors")
    weights.pop("norm.weight")
    save_file(weights, place / "model.safetensors")
    with pytest.raises(BundleError, match="no model that timm loads"):
        make_extractor(f"timm:{place}")
    torch.save(weights, tmp_path / "part.pth")
    with pytest.raises(BundleError, match=r"part\.pth: no weights of timm's model 'test_vit'"):
        make_extractor("timm:test_vit", weights=tmp_path / "part.pth")


def test_what_is_not_there_is_named_with_the_next_step(tmp_path):
    with pytest.raises(BundleError, match=r"no model 'test_vitt'; it has test_vit"):
        make_extractor("timm:test_vitt")
    with pytest.raises(BundleError, match="neither a folder nor to be had from the hub"):
        make_extractor("timm:somebody/else")
    with pytest.raises(BundleError, match=r"no model 'resnet18\.new'; it has resnet18\.a1_in1k, "):
        make_extractor("timm:resnet18.new")
    released = {name.partition(".")[0] for name in timm.list_models(pretrained=True)}
    without = sorted(set(timm.list_models()) - released)
    with pytest.raises(BundleError, match=r"no weights on the hub.*--weights FILE"):
        make_extractor(f"timm:{without[0]}")
    with pytest.raises(BundleError, match="no such file or folder; expected weights of a timm"):
        make_extractor("timm:test_vit", weights=tmp_path / "absent.pth")
