"""Extractor `hf`: transformers' own models and image processors say what features should be."""

from __future__ import annotations

import json
import shutil

import numpy as np
import pytest
from tiny_models import IMAGE_FAMILIES, PROCESSORS, VIDEO_FAMILIES, frames_of, make_model

from basnet_rt import BundleError, InvalidValue
from basnet_rt.extractors import extract_features, extractor_from_spec, make_extractor

transformers = pytest.importorskip("transformers", reason="needs the extra hf")
torch = pytest.importorskip("torch")


def processed(family: str, images: np.ndarray) -> torch.Tensor:
    """(N, 3, H, W) as transformers' own processor on Pillow makes it."""
    from transformers.models.clip.image_processing_pil_clip import CLIPImageProcessorPil

    fields = {k: v for k, v in PROCESSORS[family].items() if k != "image_processor_type"}
    fields.setdefault("do_center_crop", False)
    processor = CLIPImageProcessorPil(**fields)
    return processor(list(images), return_tensors="pt")["pixel_values"]


def features_by_hand(family: str, images: torch.Tensor) -> torch.Tensor:
    """(N, F) of each picture by the model's own functions."""
    model = make_model(family).eval()
    if family in ("clip", "siglip"):
        made = model.get_image_features(pixel_values=images)
        return getattr(made, "pooler_output", made)
    if family == "vit":
        return model.vit(images).last_hidden_state.mean(dim=1)
    return model(images).pooler_output.flatten(1)


@pytest.mark.parametrize("family", IMAGE_FAMILIES)
def test_image_models_give_the_mean_of_two_pictures_of_a_snippet(family, model_of, video):
    """Catches other pictures, another size, crop, interpolation or range, another output."""
    extractor = make_extractor(f"hf:{model_of(family)}")
    found = extract_features(video, extractor)
    like = {"dinov2": "clip", "resnet": "clip"}.get(family, family)
    images = frames_of(video)[[0, 8, 16, 24, 32, 40, 48, 56]]
    with torch.inference_mode():
        rows = features_by_hand(family, processed(like if like in PROCESSORS else "siglip", images))
    wanted = rows.reshape(4, 2, -1).mean(dim=1).numpy()
    # A pixel may differ by a level of 255, as Pillow's fixed-point resizing rounds otherwise.
    np.testing.assert_allclose(found.features, wanted, atol=0.01 * np.abs(wanted).max())
    assert extractor.spec.feature_dim == wanted.shape[1]


@pytest.mark.parametrize("family", VIDEO_FAMILIES)
def test_video_models_get_the_pictures_of_a_snippet_in_order_of_time(family, model_of, video):
    """Catches time and channels in the wrong order, and a mean over the wrong axis."""
    found = extract_features(video, make_extractor(f"hf:{model_of(family)}"))
    step = 2 if family == "videomae" else 1  # it was made for 8 pictures, and they are 16
    clips = processed("videomae", frames_of(video)[:64]).reshape(4, 16, 3, 32, 32)[:, ::step]
    with torch.inference_mode():
        model = make_model(family).eval()
        made = model(clips) if family == "videomae" else model(clips, skip_predictor=True)
    wanted = made.last_hidden_state.mean(dim=1).numpy()
    np.testing.assert_allclose(found.features, wanted, atol=0.01 * np.abs(wanted).max())


def test_a_record_makes_the_same_extractor_again_from_the_folder(model_of, video):
    """Catches settings that are lost in a bundle, and other weights that pass for these."""
    folder = model_of("clip")
    extractor = make_extractor(f"hf:{folder}", pictures=4, output="image")
    settings = extractor.spec.settings
    assert settings["model"] == folder.name
    assert settings["revision"] is None
    assert str(folder) not in json.dumps(extractor.spec.to_dict())
    again = extractor_from_spec(extractor.spec.to_dict(), [folder], batch=2)
    assert again.spec == extractor.spec
    first, second = (extract_features(video, one).features for one in (extractor, again))
    np.testing.assert_allclose(first, second, atol=1e-5)
    with pytest.raises(BundleError, match=r"makes feature_dim 16, not 12; .*settings\.weights"):
        extractor_from_spec(extractor.spec, model_of("siglip"))
    with pytest.raises(InvalidValue, match="pictures is on record already; device and batch"):
        extractor_from_spec(extractor.spec, folder, pictures=2)


def test_a_name_is_looked_up_in_the_cache_of_the_hub_and_its_revision_recorded(
    model_of, tmp_path, monkeypatch
):
    """Catches a model that changes on the hub under features of an earlier revision."""
    commit = "0123456789abcdef0123456789abcdef01234567"
    repository = tmp_path / "models--somebody--tiny-clip"
    shutil.copytree(model_of("clip"), repository / "snapshots" / commit)
    (repository / "refs").mkdir()
    (repository / "refs" / "main").write_text(commit)
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(tmp_path))
    spec = make_extractor("hf:somebody/tiny-clip").spec
    assert (spec.settings["model"], spec.settings["revision"]) == ("somebody/tiny-clip", commit)
    assert extractor_from_spec(spec).spec == spec
    assert extractor_from_spec(spec, model_of("clip")).spec == spec
    with pytest.raises(BundleError, match="'somebody/else' is neither a folder nor to be had"):
        make_extractor("hf:somebody/else")


def test_half_precision_is_recorded_and_close(model_of, video):
    """Catches features of two precisions that mix; half is the default on GPUs alone."""
    exact = make_extractor(f"hf:{model_of('dinov2')}")
    half = make_extractor(f"hf:{model_of('dinov2')}", dtype="bfloat16")
    assert exact.spec.settings["dtype"] == "float32"
    first, second = (extract_features(video, one).features for one in (exact, half))
    np.testing.assert_allclose(second, first, atol=0.05 * np.abs(first).max())
    assert (first != second).any()
    assert extractor_from_spec(half.spec, model_of("dinov2")).spec == half.spec


def test_weights_that_are_missing_are_not_replaced_by_random_ones(model_of, tmp_path):
    """Catches transformers' way to fill gaps: features would differ with every start."""
    from safetensors.torch import load_file, save_file

    folder = tmp_path / "model"
    shutil.copytree(model_of("dinov2"), folder)
    weights = load_file(folder / "model.safetensors")
    del weights["layernorm.weight"]
    save_file(weights, folder / "model.safetensors", {"format": "pt"})
    with pytest.raises(BundleError, match=r"lack 1 weights, such as layernorm\.weight"):
        make_extractor(f"hf:{folder}")
    assert make_extractor(f"hf:{model_of('vit')}").spec.settings["output"] == "mean"
    with pytest.raises(InvalidValue, match="output: this model has cls, mean; got 'pooler'"):
        make_extractor(f"hf:{model_of('vit')}", output="pooler")


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"do_pad": True}, "does do_pad, which is not known here"),
        ({"size": {"longest_edge": 9}}, "size: expected shortest_edge, or height and width"),
        ({"resample": 1}, r"resample 1: expected 2 \(bilinear\) or 3 \(bicubic\)"),
        ({"size": None}, "image processor"),
    ],
)
def test_steps_of_a_processor_that_are_not_known_are_refused(changes, message, model_of, tmp_path):
    """Catches features of pictures that the model was never trained on."""
    folder = tmp_path / "model"
    shutil.copytree(model_of("clip"), folder)
    (folder / "preprocessor_config.json").write_text(json.dumps({**PROCESSORS["clip"], **changes}))
    with pytest.raises(BundleError, match=message):
        make_extractor(f"hf:{folder}")


def test_what_is_no_model_and_what_is_not_allowed_is_named(model_of, tmp_path):
    with pytest.raises(InvalidValue, match="extractor 'hf:': which model"):
        make_extractor("hf:")
    with pytest.raises(BundleError, match="no model that transformers loads"):
        make_extractor(f"hf:{tmp_path}")
    with pytest.raises(InvalidValue, match="this network takes 8 a snippet, got 4"):
        make_extractor(f"hf:{model_of('videomae')}", pictures=4)
    with pytest.raises(InvalidValue, match="3 of a snippet must divide its frames"):
        make_extractor(f"hf:{model_of('clip')}", pictures=3)
    with pytest.raises(InvalidValue, match="dtype: expected float32, bfloat16, float16"):
        make_extractor(f"hf:{model_of('clip')}", dtype="int8")
