"""Image and video models of torchvision, by name."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import urlparse

from basnet_rt._errors import BundleError, InvalidValue
from basnet_rt.extractors.backbone.recorded import place_and_dtype, recorded
from basnet_rt.extractors.backbone.weights_files import sha256_of, weights_files
from basnet_rt.extractors.pretrained.extractor import (
    Backbone,
    PretrainedExtractor,
    Sampling,
    library,
    placed,
    why,
)
from basnet_rt.extractors.pretrained.resizing import Resized
from basnet_rt.extractors.registry import Weights
from basnet_rt.features.extractor_spec import ExtractorSpec

VERSION = 1
_HEADS = ("fc", "classifier", "head", "heads")  # what torchvision calls its classifiers


class TorchvisionExtractor(PretrainedExtractor):
    """Features of a model of torchvision that classifies pictures or videos: the input of the last
    map of its classifier.

    Args:
        model: its name in torchvision, such as `resnet50` or `r3d_18`.
        revision: which of torchvision's weights, such as `IMAGENET1K_V2`; None: their default. It
            also decides resizing, crop and normalisation.
        weights: a file of a state dictionary, instead of torchvision's own; of any classes.
        pictures: of a snippet, evenly spaced from its first frame on; 2 for image models, whose
            features are averaged, and 16 for a video model.
        fps, snippet_frames, snippet_stride: of the grid; at least 16 frames, 16 apart.
        dtype: "float32", "bfloat16" or "float16"; None: float16 on a GPU, else float32.
        device: for torch.
        batch: snippets a call; None: 1 on a CPU, 16 elsewhere.

    Raises:
        Error: torchvision is absent.
        BundleError: no such model, or its weights are absent or damaged.
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
        models = library("torchvision", "torchvision").models
        is_video = _is_video(models, model)
        released = _released(models, model, revision)
        network, digest = _loaded(models, model, released, weights)
        backbone = Backbone(
            name="torchvision",
            forward=_forward(placed(network, place, dtype), is_video),
            pictures=_pictures(released.transforms(), is_video),
            takes_images=not is_video,
            num_pictures=None,
            settings={"model": model, "revision": released.name, "weights": digest},
        )
        sampling = Sampling.of(backbone, fps, snippet_frames, snippet_stride, pictures)
        super().__init__(backbone, VERSION, sampling, place, dtype, batch)

    @classmethod
    def from_spec(
        cls, spec: ExtractorSpec, weights: Weights | None, **running: Any
    ) -> TorchvisionExtractor:
        """As recorded; `weights` is the file, where it was not torchvision's own.

        Raises:
            BundleError: the record is not of this one, or the weights are not there.
        """
        keys = ("model", "revision", "pictures", "dtype")
        return cls(**recorded(spec, keys, running), weights=weights)


def _is_video(models: Any, model: str) -> bool:
    """Whether it takes videos.

    Raises:
        BundleError: torchvision has no such model of pictures or videos.
    """
    videos, images = models.list_models(module=models.video), models.list_models(module=models)
    if model not in (*videos, *images):
        near = [one for one in (*images, *videos) if one[:6] == model[:6]] or images
        raise BundleError(
            f"extractor torchvision: torchvision has no model {model!r} of pictures or videos; it "
            f"has {', '.join(near[:4])}"
        )
    return model in videos


def _released(models: Any, model: str, revision: str | None) -> Any:
    """One of torchvision's weights of a model.

    Raises:
        ValueError: there is no such one.
    """
    known = models.get_model_weights(model)
    if revision is None:
        return known.DEFAULT
    if revision not in known.__members__:
        there = ", ".join(one.name for one in known)
        raise InvalidValue(f"revision: {model} has the weights {there}; got {revision!r}")
    return known[revision]


def _loaded(models: Any, model: str, released: Any, weights: Weights | None) -> tuple[Any, str]:
    """The network without the last map of its classifier, and the SHA-256 of its weights."""
    if weights is not None:
        return _with_file(models, model, weights)
    from torch import hub

    try:
        network = models.get_model(model, weights=released)
    except Exception as error:
        raise BundleError(
            f"extractor torchvision: weights {released.name} of {model} are neither in torch's "
            f"cache nor to be had from {released.url}: {why(error)}; a file of them is given as "
            "weights (--weights FILE)"
        ) from error
    file = Path(hub.get_dir()) / "checkpoints" / Path(urlparse(released.url).path).name
    _without_classifier(network)
    return network, sha256_of(file)


def _with_file(models: Any, model: str, weights: Weights) -> tuple[Any, str]:
    from basnet_rt.extractors.backbone.state_dict import load_state, read_state

    paths = weights_files(weights, "torchvision")
    if len(paths) > 1:
        raise InvalidValue(f"weights: extractor torchvision has one file, got {len(paths)}")
    network = models.get_model(model, weights=None)
    if hasattr(network, "transform_input"):  # as torchvision sets it for its own weights
        network.transform_input = True
    removed = _without_classifier(network)
    load_state(network, read_state(paths[0], model), paths[0], f"torchvision's {model}", removed)
    return network, sha256_of(paths[0])


def _without_classifier(network: Any) -> list[str]:
    """Let the last map of the classifier pass on its input; return the names of its weights."""
    from torch import nn

    for head in _HEADS:
        within = getattr(network, head, None)
        maps = [
            name
            for name, one in (within.named_modules() if within is not None else ())
            if isinstance(one, (nn.Linear, nn.Conv2d, nn.Conv3d))
        ]
        if maps:
            path = f"{head}.{maps[-1]}" if maps[-1] else head
            removed = [f"{path}.{name}" for name in network.get_submodule(path).state_dict()]
            parent, _, last = path.rpartition(".")
            setattr(network.get_submodule(parent), last, nn.Identity())
            return removed
    raise BundleError(f"extractor torchvision: {type(network).__name__} has no classifier")


def _forward(network: Any, is_video: bool) -> Callable[[Any], Any]:
    """Pictures (N, 3, H, W), or snippets of them (B, T, 3, H, W), to (N, F)."""
    if not is_video:
        return lambda pixels: network(pixels)
    return lambda pixels: network(pixels.transpose(1, 2).contiguous())


def _pictures(made: Any, is_video: bool) -> Resized:
    """The pictures of torchvision's own transform."""
    size = list(made.resize_size)
    wanted: dict[str, Any] = {"short_side": size[0]} if len(size) == 1 else {"size": tuple(size)}
    crop = [*made.crop_size, *made.crop_size][:2]
    return Resized(
        kind="rgb",
        **wanted,
        crop=(crop[0], crop[1]),
        resampling=made.interpolation.value,
        mean=tuple(made.mean),
        std=tuple(made.std),
        antialias=not is_video,  # torchvision trained its video models without
        even_crop=True,
    )
