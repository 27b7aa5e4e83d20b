"""Image and video models of the library transformers, by name or from a folder."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from basnet_rt._errors import BundleError, InvalidValue
from basnet_rt._system.extras import from_extra
from basnet_rt.extractors.backbone.recorded import place_and_dtype, recorded
from basnet_rt.extractors.model_folders import weights_digest
from basnet_rt.extractors.pretrained.extractor import (
    Backbone,
    PretrainedExtractor,
    Sampling,
    why,
)
from basnet_rt.extractors.pretrained.files import model_folder
from basnet_rt.extractors.pretrained.processor import read_processor
from basnet_rt.extractors.registry import Weights
from basnet_rt.features.extractor_spec import ExtractorSpec

VERSION = 1
OUTPUTS = ("image", "pooler", "cls", "mean")


class HfExtractor(PretrainedExtractor):
    """Features of a model that transformers' `AutoModel` loads: CLIP, SigLIP, DINOv2 and v3, ViT,
    VideoMAE, V-JEPA 2 and their like. Programs that come with a model are never run.

    Args:
        model: a folder, or a name on the hub.
        revision: of a name: a commit, tag or branch; None: the newest.
        weights: a folder to use instead of `model`.
        normalise: scale every row of features to unit length, for comparison with text.
        output: "image" (image-text models compare it with text), "pooler" (the model's own pooled
            output), "cls" (the first token) or "mean" (over all tokens). None: the first of image
            and pooler for which the model has weights, else mean.
        pictures: of a snippet, evenly spaced from its first frame on; 2 for image models, whose
            features are averaged, the number it was trained with for a video model, or else 16.
        fps, snippet_frames, snippet_stride: of the grid; at least 16 frames, 16 apart.
        dtype: "float32", "bfloat16" or "float16"; None: float16 on a GPU, else float32.
        device: for torch.
        batch: snippets a call; None: 1 on a CPU, 16 elsewhere.

    Raises:
        Error: transformers is absent.
        BundleError: the model does not exist, a file is absent or damaged, a step of its processor
            or its output is not known here, or weights are missing.
        ValueError: a setting is not allowed.
    """

    def __init__(
        self,
        model: str,
        *,
        revision: str | None = None,
        weights: Weights | None = None,
        output: str | None = None,
        normalise: bool = False,
        pictures: int | None = None,
        fps: float = 25.0,
        snippet_frames: int | None = None,
        snippet_stride: int | None = None,
        dtype: str | None = None,
        device: Any = "cpu",
        batch: int | None = None,
    ) -> None:
        place, dtype = place_and_dtype(device, dtype)
        folder, found = model_folder(_one(weights) or model, revision, "hf")
        module, missing = load_module(folder, dtype)
        kind = output_of(module, output, missing)
        backbone = Backbone(
            name="hf",
            forward=_forward(module.to(place), kind),
            pictures=read_processor(folder),
            takes_images=not _is_video(module),
            num_pictures=getattr(module.config, "num_frames", None),
            settings={
                "model": Path(model).name if Path(model).is_dir() else model,
                "revision": revision if weights is not None else found,
                "weights": weights_digest(folder),
                "output": kind,
                **({"normalise": True} if normalise else {}),
            },
            unit_length=normalise,
        )
        sampling = Sampling.of(backbone, fps, snippet_frames, snippet_stride, pictures)
        super().__init__(backbone, VERSION, sampling, place, dtype, batch)
        self.folder, self.module = folder, module

    @classmethod
    def from_spec(cls, spec: ExtractorSpec, weights: Weights | None, **running: Any) -> HfExtractor:
        """As recorded; `weights` is the model's folder, which a model that lay in one needs.

        Raises:
            BundleError: the record is not of this one, or the model is not there.
        """
        keys = ("model", "revision", "output", "pictures", "dtype")
        normalise = bool(spec.settings.get("normalise", False))
        return cls(**recorded(spec, keys, running), normalise=normalise, weights=weights)


def load_module(folder: Path, dtype: str) -> tuple[Any, set[str]]:
    """The network of a folder, ready to run, and the names of weights that its files lack.

    Raises:
        BundleError: transformers cannot load it.
    """
    library = from_extra("transformers", "hf", "extractor hf")
    torch = from_extra("torch", "torch", "extractor hf")
    try:
        with _quiet(library):
            module, loading = library.AutoModel.from_pretrained(
                str(folder),
                dtype=getattr(torch, dtype),
                local_files_only=True,
                trust_remote_code=False,
                output_loading_info=True,
            )
    except Exception as error:
        raise BundleError(f"{folder}: no model that transformers loads: {why(error)}") from error
    module.requires_grad_(False)
    return module.eval(), set(loading["missing_keys"])


def output_of(module: Any, output: str | None, missing: set[str]) -> str:
    """The output to take, once it is sure that its weights are there.

    Raises:
        BundleError: weights are missing; transformers would use random ones.
        ValueError: the model has no such output.
    """
    pooler = {name for name in missing if "pooler" in name.split(".")}
    if missing - pooler:
        few = ", ".join(sorted(missing - pooler)[:3])
        raise BundleError(f"the model's files lack {len(missing - pooler)} weights, such as {few}")
    there = [
        name
        for name, is_there in (
            ("image", hasattr(module, "get_image_features")),
            ("pooler", not pooler and _has_pooler(module)),
            ("cls", True),
            ("mean", True),
        )
        if is_there
    ]
    if output is None:
        return there[0] if there[0] != "cls" else "mean"
    if output not in there:
        raise InvalidValue(f"output: this model has {', '.join(there)}; got {output!r}")
    return output


def _has_pooler(module: Any) -> bool:
    """Whether it has a pooled output, with weights or without (DINOv2 takes its first token)."""
    if hasattr(module, "pooler"):
        return module.pooler is not None
    return str(module.config.model_type) in ("dinov2", "dinov2_with_registers", "dinov3_vit")


def _is_video(module: Any) -> bool:
    config = module.config
    return any(hasattr(config, name) for name in ("num_frames", "frames_per_clip"))


def _forward(module: Any, output: str) -> Callable[[Any], Any]:
    """From pictures to (N, F, ...)."""
    if output == "image":
        return lambda pixels: _tensor(module.get_image_features(pixel_values=pixels))
    name = str(module.main_input_name)
    extra = {"skip_predictor": True} if name == "pixel_values_videos" else {}

    def forward(pixels: Any) -> Any:
        made = module(**{name: pixels}, **extra)
        if output == "pooler":
            return made.pooler_output
        tokens = made.last_hidden_state  # N, tokens, F; or N, F, H, W of a convolutional network
        if output == "cls":
            return tokens[:, 0]
        return tokens if tokens.ndim == 4 else tokens.mean(dim=1)

    return forward


def _tensor(made: Any) -> Any:
    """Later versions of transformers wrap the features of an image."""
    return getattr(made, "pooler_output", made)


def _one(weights: Weights | None) -> str | None:
    given = [weights] if isinstance(weights, (str, Path)) else list(weights or [])
    if len(given) > 1:
        raise InvalidValue(f"weights: extractor hf has one folder, got {len(given)}")
    if given and not Path(given[0]).is_dir():
        raise BundleError(f"{given[0]}: no such folder; expected one with a model of transformers")
    return str(given[0]) if given else None


@contextlib.contextmanager
def _quiet(library: Any) -> Iterator[None]:
    """Hide progress bars and tables of weights; errors come as exceptions."""
    logging = library.utils.logging
    level, bars = logging.get_verbosity(), logging.is_progress_bar_enabled()
    logging.set_verbosity_error()
    logging.disable_progress_bar()
    try:
        yield
    finally:
        logging.set_verbosity(level)
        if bars:
            logging.enable_progress_bar()
