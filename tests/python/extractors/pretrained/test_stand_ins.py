"""Extractors `timm` and `torchvision` over stand-ins for the libraries, which CI does not install.

A stand-in has the few functions that are called, and a network whose features are known by hand.
test_timm.py and test_torchvision.py hold both extractors to the libraries themselves.
"""

from __future__ import annotations

import sys
from enum import Enum
from types import ModuleType, SimpleNamespace

import numpy as np
import pytest
import torch
from tiny_models import frames_of
from torch import nn

from basnet_rt import BundleError, Error
from basnet_rt.extractors import extract_features, extractor_from_spec, make_extractor
from basnet_rt.extractors.pretrained.resizing import Resized
from basnet_rt.extractors.pretrained.timm_models import _pictures
from basnet_rt.extractors.pretrained.torchvision_models import _without_classifier

SIDE = 8
PRESET = SimpleNamespace(
    resize_size=[SIDE],
    crop_size=[SIDE],
    interpolation=SimpleNamespace(value="bilinear"),
    mean=[0.0] * 3,
    std=[1.0] * 3,
)
DATA_CONFIG = {
    "input_size": (3, SIDE, SIDE),
    "crop_pct": 1.0,
    "crop_mode": "center",
    "interpolation": "bilinear",
    "mean": (0.0,) * 3,
    "std": (1.0,) * 3,
}


class Means(nn.Module):
    """The mean of each colour, through a hidden map, and a classifier."""

    def __init__(self, num_classes: int = 4) -> None:
        super().__init__()
        self.scale = nn.Parameter(torch.ones(1))
        self.classifier = nn.Sequential(nn.Flatten(), nn.Linear(3, num_classes))

    def forward(self, pixels):
        return self.classifier(self.scale * pixels.flatten(2).mean(2))

    def reset_classifier(self, _):
        self.classifier = nn.Identity()


class Released(Enum):
    DEFAULT = "first"

    @property
    def url(self):
        return "https://example.org/means-0123.pth"

    def transforms(self):
        return PRESET


def torchvision() -> ModuleType:
    made = ModuleType("torchvision")
    models = SimpleNamespace(video="video")
    models.list_models = lambda module: ["clip3d"] if module == "video" else ["means"]
    models.get_model_weights = lambda _: Released
    models.get_model = lambda name, weights: Means()
    made.models = models
    return made


def timm() -> ModuleType:
    made = ModuleType("timm")

    def create_model(name, pretrained, pretrained_cfg_overlay, num_classes):
        model = Means(num_classes)
        model.load_state_dict(torch.load(pretrained_cfg_overlay["file"]))
        return model

    made.create_model = create_model
    made.models = SimpleNamespace(load_state_dict=torch.load)
    made.data = SimpleNamespace(resolve_model_data_config=lambda _: DATA_CONFIG)
    made.get_pretrained_cfg = lambda *_, **__: SimpleNamespace(classifier="classifier.1")
    return made


@pytest.mark.parametrize("made", [timm, torchvision])
def test_features_of_a_file_of_weights_are_those_before_the_classifier(
    made, video, tmp_path, monkeypatch
):
    """Catches class scores as features, another scale of pixels, a record that is not enough."""
    monkeypatch.setitem(sys.modules, made.__name__, made())
    file = tmp_path / "mine.pth"
    torch.save(Means().state_dict(), file)
    extractor = make_extractor(f"{made.__name__}:means", weights=file)
    found = extract_features(video, extractor)
    picture = Resized(short_side=SIDE, crop=(SIDE, SIDE), resampling="bilinear", even_crop=True)
    images = frames_of(video)[[0, 8, 16, 24, 32, 40, 48, 56]]
    rows = np.stack([picture.cut(image).mean(axis=(0, 1)) / 255 for image in images])
    np.testing.assert_allclose(found.features, rows.reshape(4, 2, 3).mean(axis=1), atol=1e-6)
    assert extractor_from_spec(extractor.spec.to_dict(), file, batch=3).spec == extractor.spec
    torch.save(nn.Module.state_dict(Means()) | {"scale": torch.zeros(1)}, file)
    with pytest.raises(BundleError, match=r"makes settings\.weights"):
        extractor_from_spec(extractor.spec, file)


@pytest.mark.parametrize("kind", ["timm", "torchvision", "hf"])
def test_a_library_that_is_absent_is_named_with_its_extra(kind, monkeypatch, tmp_path):
    monkeypatch.setitem(sys.modules, {"hf": "transformers"}.get(kind, kind), None)
    with pytest.raises(Error, match=rf"pip install 'basnet-rt\[{kind}\]'"):
        make_extractor(f"{kind}:{tmp_path}")


@pytest.mark.parametrize(
    ("head", "removed"),
    [
        ({"fc": nn.Linear(3, 2)}, ["fc.weight", "fc.bias"]),
        (
            {"classifier": nn.Sequential(nn.Linear(3, 5), nn.Linear(5, 2, bias=False))},
            ["classifier.1.weight"],
        ),
        (
            {"classifier": nn.Sequential(nn.Dropout(), nn.Conv2d(3, 2, 1))},
            ["classifier.1.weight", "classifier.1.bias"],
        ),
    ],
)
def test_only_the_last_map_of_a_classifier_is_removed(head, removed):
    """Catches a whole head that goes, with the hidden layer that features come from."""
    network = nn.Module()
    for name, one in head.items():
        setattr(network, name, one)
    before = set(network.state_dict())
    assert _without_classifier(network) == removed
    assert set(network.state_dict()) == before - set(removed)


@pytest.mark.parametrize(
    ("changes", "wanted"),
    [
        ({"crop_mode": "border"}, "crops 160 x 160 by 'border'"),
        ({"interpolation": "lanczos"}, "resizes by 'lanczos'"),
        ({"input_size": (3, 96, 160)}, "crops 96 x 160 by 'center'"),
    ],
)
def test_steps_of_a_transform_that_are_not_known_are_refused(changes, wanted):
    """Catches features of pictures that the model was never trained on."""
    usual = {**DATA_CONFIG, "input_size": (3, 160, 160), "crop_pct": 0.95}
    assert _pictures({**usual, "crop_mode": "squash"}, "a").size == (168, 168)
    with pytest.raises(BundleError, match=wanted):
        _pictures({**usual, **changes}, "a")


def test_pictures_are_cut_where_torchvision_cuts_them():
    """Catches a crop one pixel beside it: half of an odd margin is rounded to the even number."""
    picture = Resized(crop=(2, 2), even_crop=True)
    assert [picture.margins(margin, 0)[0] for margin in (0, 1, 3, 5, 231)] == [0, 0, 2, 2, 116]
    assert Resized(crop=(2, 2)).margins(231, 3) == (115, 1)
