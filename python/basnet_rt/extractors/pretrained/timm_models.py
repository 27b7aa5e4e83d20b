"""Image models of the library timm, by name or from a folder."""

from __future__ import annotations

import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from basnet_rt._errors import BundleError, InvalidValue
from basnet_rt.extractors.backbone.recorded import place_and_dtype, recorded
from basnet_rt.extractors.model_folders import weights_digest
from basnet_rt.extractors.pretrained.extractor import (
    Backbone,
    PretrainedExtractor,
    Sampling,
    library,
    placed,
    why,
)
from basnet_rt.extractors.pretrained.files import model_folder
from basnet_rt.extractors.pretrained.resizing import RESAMPLING, Resized
from basnet_rt.extractors.registry import Weights
from basnet_rt.features.extractor_spec import ExtractorSpec

VERSION = 1


class TimmExtractor(PretrainedExtractor):
    """Features of an image model of timm: what it gives to its classifier, one row a picture.

    The features of a snippet's pictures are averaged.

    Args:
        model: a name in timm (`resnet50.a1_in1k`), a name on the hub, or a folder as timm saves
            one: config.json beside model.safetensors.
        revision: of a name: a commit, tag or branch; None: the newest.
        weights: a file to take instead of timm's own for that name, or a folder.
        pictures: of a snippet, evenly spaced from its first frame on.
        fps, snippet_frames, snippet_stride: of the grid; at least 16 frames, 16 apart.
        dtype: "float32", "bfloat16" or "float16"; None: float16 on a GPU, else float32.
        device: for torch.
        batch: snippets a call; None: 1 on a CPU, 16 elsewhere.

    Raises:
        Error: timm is absent.
        BundleError: no such model; a file is absent or damaged, or its weights do not fit; a step
            before the model is not known here.
        ValueError: a setting is not allowed.
    """

    def __init__(
        self,
        model: str,
        *,
        revision: str | None = None,
        weights: Weights | None = None,
        pictures: int | None = None,
        fps: float = 25.0,
        snippet_frames: int | None = None,
        snippet_stride: int | None = None,
        dtype: str | None = None,
        device: Any = "cpu",
        batch: int | None = None,
    ) -> None:
        place, dtype = place_and_dtype(device, dtype)
        timm = library("timm", "timm")
        file = _file(weights)
        if file is not None and file.is_file():
            network, found, digest = _with_file(timm, model, file), None, weights_digest(file)
        else:
            folder, found = _folder(timm, str(file or model), revision)
            network, digest = _from_folder(timm, folder), weights_digest(folder)
        backbone = Backbone(
            name="timm",
            forward=placed(network, place, dtype),
            pictures=_pictures(timm.data.resolve_model_data_config(network), model),
            takes_images=True,
            num_pictures=None,
            settings={
                "model": Path(model).name if Path(model).is_dir() else model,
                "revision": revision if weights is not None else found,
                "weights": digest,
            },
        )
        sampling = Sampling.of(backbone, fps, snippet_frames, snippet_stride, pictures)
        super().__init__(backbone, VERSION, sampling, place, dtype, batch)

    @classmethod
    def from_spec(
        cls, spec: ExtractorSpec, weights: Weights | None, **running: Any
    ) -> TimmExtractor:
        """As recorded; a model that lay in a folder needs it as `weights`, others a file or none.

        Raises:
            BundleError: the record is not of this one, or the model is not there.
        """
        keys = ("model", "revision", "pictures", "dtype")
        return cls(**recorded(spec, keys, running), weights=weights)


def _file(weights: Weights | None) -> Path | None:
    given = [weights] if isinstance(weights, (str, Path)) else list(weights or [])
    if len(given) > 1:
        raise InvalidValue(f"weights: extractor timm has one file or folder, got {len(given)}")
    if given and not Path(given[0]).exists():
        raise BundleError(f"{given[0]}: no such file or folder; expected weights of a timm model")
    return Path(given[0]) if given else None


def _folder(timm: Any, model: str, revision: str | None) -> tuple[Path, str | None]:
    """The folder of a model, and its revision on the hub."""
    if Path(model).is_dir():
        return Path(model), None
    if "/" in model:
        return model_folder(model, revision, "timm")
    return model_folder(str(_released(timm, model)["hf_hub_id"]), revision, "timm")


def _released(timm: Any, model: str) -> Mapping[str, Any]:
    """The record in timm of the weights of a name.

    Raises:
        BundleError: it knows no such model, or has no weights of it on the hub.
    """
    name, _, tag = model.partition(".")
    with_weights = timm.list_models(f"{name}.*", pretrained=True)
    if not timm.is_model(name) or (tag and model not in with_weights):
        there = with_weights or timm.list_models(f"*{name[:6]}*") or ["none like it"]
        raise BundleError(
            f"extractor timm: timm has no model {model!r}; it has {', '.join(there[:3])}"
        )
    released = timm.get_pretrained_cfg(model, allow_unregistered=True)
    fields: dict[str, Any] = {} if released is None else released.to_dict()
    if not fields.get("hf_hub_id"):
        place = f" They are at {fields['url']}." if fields.get("url") else ""
        raise BundleError(
            f"extractor timm: model {model!r} has no weights on the hub.{place} Give a file of "
            "them as weights (--weights FILE)"
        )
    return fields


def _from_folder(timm: Any, folder: Path) -> Any:
    """The network of a folder, without its classifier."""
    try:
        network = timm.create_model(f"local-dir:{folder}", pretrained=True)
    except Exception as error:
        raise BundleError(f"{folder}: no model that timm loads: {why(error)}") from error
    return _without_classifier(network)


def _with_file(timm: Any, model: str, file: Path) -> Any:
    """The network of a name with the weights of a file, without its classifier."""
    try:
        state = timm.models.load_state_dict(str(file))
        classes = _num_classes(timm, model, state)
        overlay = {"file": str(file), "custom_load": False, "num_classes": classes}
        network = timm.create_model(
            model, pretrained=True, pretrained_cfg_overlay=overlay, num_classes=classes
        )
    except Exception as error:
        raise BundleError(f"{file}: no weights of timm's model {model!r}: {why(error)}") from error
    return _without_classifier(network)


def _num_classes(timm: Any, model: str, state: Mapping[str, Any]) -> int:
    """Of a file: as many as its classifier has rows; 0 where it has none."""
    released = timm.get_pretrained_cfg(model, allow_unregistered=True)
    classifier = None if released is None else released.classifier
    first = classifier if isinstance(classifier, str) or not classifier else classifier[0]
    rows = state.get(f"{first}.weight")
    return 0 if rows is None else len(rows)


def _without_classifier(network: Any) -> Any:
    network.reset_classifier(0)
    return network


def _pictures(fields: Mapping[str, Any], model: str) -> Resized:
    """The pictures that timm's own transform for evaluation makes.

    Raises:
        BundleError: it has a step that is not known here.
    """
    height, width = map(int, fields["input_size"][1:])
    larger = [math.floor(side / fields["crop_pct"]) for side in (height, width)]
    mode, resampling = fields["crop_mode"], fields["interpolation"]
    if mode == "squash":
        size: dict[str, Any] = {"size": tuple(larger)}
    elif mode == "center" and height == width:
        size = {"short_side": larger[0]}
    else:
        raise BundleError(
            f"extractor timm: model {model!r} crops {height} x {width} by {mode!r}; known are "
            "squash, and center of squares"
        )
    if resampling not in RESAMPLING:
        raise BundleError(f"extractor timm: model {model!r} resizes by {resampling!r}, not known")
    return Resized(
        kind="rgb",
        **size,
        crop=(height, width),
        resampling=resampling,
        mean=tuple(map(float, fields["mean"])),
        std=tuple(map(float, fields["std"])),
        even_crop=True,
    )
