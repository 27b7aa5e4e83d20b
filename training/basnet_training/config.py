"""The settings of an experiment, with types and defaults; a YAML file holds those that differ.

Unknown keys, wrong kinds and impossible values are errors that name the key.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any, Literal

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator

from basnet_rt import Error, InvalidValue, PostprocessConfig

from .network import ScoreFunction, Variant
from .setting_errors import explain, known_settings
from .yaml_text import parse_yaml

BackgroundVideoTarget = Literal["auto", "skip", "uniform", "background", "none"]


AUTO = "auto"
# Sections that a file which leaves training to the data does not have.
_OF_TRAINING = frozenset(["network", "sampling", "loss", "optim", "postprocess"])

Count = Annotated[int, Field(ge=1)]
Natural = Annotated[int, Field(ge=0)]
Positive = Annotated[float, Field(gt=0, allow_inf_nan=False)]
NonNegative = Annotated[float, Field(ge=0, allow_inf_nan=False)]


class Section(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class DataConfig(Section):
    """The videos and their features."""

    features: Path | None = None  # folder or file; see basnet_rt.features.open_features
    annotations: Path | None = None  # ActivityNet .json, or .csv of video and tags
    # Of the annotations, to train on; None takes every video, "auto" the one that is for training.
    # A table without subsets is used whole.
    subset: str | None = None
    split: Path | None = None  # list of video names to train on, instead of or within a subset
    classes: tuple[str, ...] | None = None  # None: the tags in use, sorted
    feature_dim: Count | None = None  # None: that of the first video
    feature_extractor: str = "unknown"  # free text, into the bundle
    modality: Literal["rgb+flow", "rgb", "flow"] = "rgb+flow"  # the channels, or a part of them
    fps: Positive = 25.0  # frames a second that the features were taken at
    snippet_frames: Count = 16  # of one row of features
    snippet_stride: Count = 16  # frames from one row to the next
    extractor: dict[str, Any] | None = None  # its record; None: what lies beside the features
    simulated: bool = False  # into the bundle's provenance; true where the annotations say so
    # Ground truth whose reviewed videos say so; their segments train, by loss.corrected.
    corrected: Path | None = None
    cache_gib: NonNegative = 4.0  # features kept in memory, per loading process
    # Tagged videos whose features are absent, or cannot be used.
    missing: Literal["error", "skip"] = "error"

    @field_validator("classes")
    @classmethod
    def _no_class_twice(cls, value: tuple[str, ...] | None) -> tuple[str, ...] | None:
        if value is not None and not all(name.strip() for name in value):
            raise ValueError("a class has no name; names are texts that are not empty")
        if value == ():
            raise ValueError("names no class; leave it out (null) to take them from the tags")
        twice = sorted({name for name in value or () if (value or ()).count(name) > 1})
        if twice:
            raise ValueError(f"named twice: {', '.join(twice)}")
        return value


class NetworkConfig(Section):
    """Sizes and variant; see BaSNet."""

    variant: Variant = "full"  # both branches, the base branch alone, or neither background
    hidden_filter: Count = 512  # channels of the filter, which weighs foreground
    hidden_cas: Count = 2048  # channels of the two layers before the classifier
    dropout: Annotated[float, Field(ge=0, lt=1)] = 0.7  # share of values set to 0
    topk_divisor: Count = 8  # a video's score is the mean of its best T // topk_divisor snippets
    score_function: ScoreFunction = "softmax"  # sigmoid: each class for itself
    projection_dim: Count | None = None  # of InputProjection; None: no such layer, as published
    # Of the variant no_background. None: 0 where there is one class, or a video without action;
    # else NO_BACKGROUND, the paper's softmax over C.
    background_logit: float | None = None


class SamplingConfig(Section):
    """Snippets per video: resampled to `num_segments`, or native rate where that is null."""

    num_segments: Count | None = None  # T; None: as many as a video has
    train: Literal["random", "uniform"] = "random"  # which snippets of a part, with num_segments
    crop_snippets: Count | None = None  # native rate: longest stretch to train on
    # Of the normal noise that is added to features in training, as a share of the deviation that
    # each channel has in its video.
    noise: NonNegative = 0.0


class LossConfig(Section):
    """Terms of the loss; see basnet_training.loss.

    background_video_target: what the suppression branch should say of a video without action,
    where the published target, labels / sum, is 0 / 0. docs/numerics.md has the measurements.
        "auto": "uniform" with softmax scores, "none" with sigmoid ones;
        "skip": such a video has no suppression loss;
        "uniform": 1 / C for every action class (1 / 2 with sigmoid scores);
        "background": background alone, as in the base branch;
        "none": 0 for every class, background too.
    """

    alpha: NonNegative = 1e-4  # weight of the foreground weights' L1 norm
    background_video_target: BackgroundVideoTarget = "auto"  # see above
    corrected: NonNegative = 1.0  # weight of the corrected segments' term, where there are any


class OptimConfig(Section):
    """Adam and its surroundings."""

    iterations: Count = 1500  # batches
    batch_size: Count = 16  # over all processes
    lr: Positive = 1e-4  # rate of learning
    schedule: Literal["constant", "cosine"] = "constant"  # of lr, after the warm-up
    # topk_divisor of the first iteration; over most of the run it goes to the network's. None: it
    # is the network's throughout.
    topk_start: Count | None = None
    warmup: Natural = 0  # iterations of linear rise to lr
    weight_decay: NonNegative = 5e-4  # Adam's L2 term, not decoupled, as published
    betas: tuple[float, float] = (0.9, 0.999)  # of Adam
    clip_norm: Positive | None = None  # longest gradient, over all weights; None: any
    # Of the moving average of weights that is exported; None: the last weights.
    ema_decay: Annotated[float, Field(gt=0, lt=1)] | None = None
    precision: Literal["float32", "bfloat16", "float16"] = "float32"  # of autocast


class ValidationConfig(Section):
    """Training videos held out, stratified by tags. Only tags are looked at, never segments."""

    folds: Natural = 0  # 0: none held out; k: one k-th
    fold: Natural = 0  # which one
    seed: Natural = 0  # of the division; apart from the run's
    every: Count = 100  # iterations from one look at the held-out videos to the next
    select: Literal["last", "best"] = "last"  # weights to keep; best: lowest held-out loss


class RunConfig(Section):
    """How a run goes; of these, the seed alone changes its result."""

    seed: Natural = 0  # of weights, order and dropout
    device: str = "auto"  # auto: cuda where there is one
    workers: Natural = 0  # processes that load features
    checkpoint_every: Count = 100  # iterations
    keep_checkpoints: Count = 2  # the last ones
    log_every: Count = 10  # iterations
    tensorboard: bool = True  # whether its files are written, where it is installed


class ExportConfig(Section):
    """Defaults of `export` and `calibrate`."""

    dtype: Literal["float32", "bfloat16", "int8"] = "float32"  # of the weights
    format: Literal["torchscript", "safetensors", "onnx"] = "torchscript"  # of the file
    # Returned for each snippet: the CAS, its softmax or sigmoid, or that fused with foreground.
    activation: Literal["raw", "softmax", "sigmoid", "fused"] = "raw"
    # Range for normalisation "fixed": what training videos reach, or 0 to 1 of probabilities.
    calibration: Literal["extremes", "unit"] = "extremes"


class Config(Section):
    """One experiment."""

    name: str = "unnamed"  # into the bundle's provenance
    auto: bool = False  # what is not set is settled by the data: basnet_training.auto
    data: DataConfig = DataConfig()
    network: NetworkConfig = NetworkConfig()
    sampling: SamplingConfig = SamplingConfig()
    loss: LossConfig = LossConfig()
    optim: OptimConfig = OptimConfig()
    validation: ValidationConfig = ValidationConfig()
    run: RunConfig = RunConfig()
    export: ExportConfig = ExportConfig()
    postprocess: dict[str, Any] = {}  # fields of PostprocessConfig that differ from its mode's

    @field_validator("validation")
    @classmethod
    def _fold_exists(cls, value: ValidationConfig) -> ValidationConfig:
        if value.folds == 1 or (value.folds and value.fold >= value.folds):
            raise ValueError("folds must be 0 or at least 2, and fold below folds")
        return value

    @field_validator("postprocess")
    @classmethod
    def _is_a_postprocessing(cls, value: dict[str, Any]) -> dict[str, Any]:
        """Found out here, not when the trained network is exported."""
        try:
            PostprocessConfig.from_dict(value)
        except Error as error:
            raise ValueError(str(error)) from error
        return value

    def digest(self) -> str:
        """Ten hex digits that change with any setting that can change the result.

        Where files lie, and how a run is watched, cannot.
        """
        aside: Any = {
            "auto": True,
            "data": {"features", "annotations", "split", "corrected", "cache_gib", "missing"},
            "run": set(RunConfig.model_fields) - {"seed"},
        }
        if self.data.corrected is None:
            aside["loss"] = {"corrected"}
        if self.optim.topk_start is None:
            aside["optim"] = {"topk_start"}
        if self.sampling.noise == 0:
            aside["sampling"] = {"noise"}
        if self.data.extractor is None:  # digests from before there were records stay
            aside["data"].add("extractor")
        text = self.model_dump_json(exclude=aside)
        return hashlib.sha256(text.encode()).hexdigest()[:10]

    def to_yaml(self) -> str:
        return yaml.safe_dump(self.model_dump(mode="json"), sort_keys=False)


def presets() -> tuple[str, ...]:
    """Names that `load_config` knows."""
    return tuple(sorted(path.stem for path in _folder().iterdir() if path.suffix == ".yaml"))


def load_config(
    source: str | Path,
    overrides: Mapping[str, Any] | None = None,
    given: Mapping[str, str] | None = None,
) -> Config:
    """Read a preset by name, or a YAML file, over the defaults.

    Preset "auto" leaves every setting of training to the data, and so does a file that sets none.

    Args:
        source: "auto", a name of `presets()`, or a path.
        overrides: dotted key to value, such as {"optim.lr": 1e-3}; they win over the file.
        given: where overrides come from, by dotted key, for messages; "--set" by default.

    Raises:
        ValueError: the source is absent or no YAML, or a key or value is wrong.
    """
    values, where = _read_source(source)
    if not _OF_TRAINING & values.keys():
        values = {"name": AUTO, **values, "auto": values.get("auto", True)}
    if values.get("auto"):
        data = values.get("data") or {}
        if isinstance(data, dict):  # anything else is refused with the other settings
            values["data"] = {"subset": AUTO, **data}
    for key, value in (overrides or {}).items():
        _assign(values, key, value)
    origins = {key: f"--set {key}" for key in overrides or {}} | dict(given or {})
    return check_config(values, where, origins)


def _read_source(source: str | Path) -> tuple[dict[str, Any], str]:
    if str(source) == AUTO:
        return {}, "preset auto"
    path = _folder() / f"{source}.yaml" if str(source) in presets() else Path(source)
    if not path.is_file():
        known = ", ".join((AUTO, *presets()))
        raise InvalidValue(f"{source}: no such file, nor a preset ({known})")
    try:
        values = parse_yaml(path.read_text(encoding="utf-8"), str(path)) or {}
    except UnicodeDecodeError as error:
        raise InvalidValue(f"{path}: not UTF-8 text: {error.reason}") from error
    if not isinstance(values, dict):
        raise InvalidValue(f"{path}: expected sections such as `optim:`")
    return values, f"preset {source}" if str(source) in presets() else str(path)


def check_config(
    values: Mapping[str, Any], where: str = "config", given: Mapping[str, str] | None = None
) -> Config:
    """Typed settings from nested dictionaries; a wrong one is named with where it was given."""
    try:
        return Config.model_validate(values)
    except ValidationError as error:
        raise InvalidValue(explain(error, known_settings(Config), where, given or {})) from error


def preset_for_channels(channels: int) -> str:
    """The advice for features of that many channels: their presets, or `auto`."""
    fitting = [name for name in presets() if _channels_of(name) == channels]
    if fitting:
        return f"For {channels} channels: preset {' or '.join(fitting)}, or auto, which fits any"
    return f"No preset is for {channels} channels; auto fits any"


def _channels_of(preset: str) -> object:
    values, _ = _read_source(preset)
    return (values.get("data") or {}).get("feature_dim")


def parse_override(text: str) -> tuple[str, Any]:
    """`optim.lr=1e-3` to ("optim.lr", 0.001); the value is YAML."""
    key, equals, value = text.partition("=")
    if not equals or not key:
        raise InvalidValue(f"expected KEY=VALUE, got {text!r}")
    return key, parse_yaml(value, f"--set {key}")


def parse_overrides(texts: Sequence[str]) -> dict[str, Any]:
    """`KEY=VALUE` each, to value by dotted key.

    Raises:
        ValueError: one is wrong, or a key is given twice.
    """
    found: dict[str, Any] = {}
    for key, value in map(parse_override, texts):
        if key in found:
            raise InvalidValue(f"--set {key} is given twice; remove one of the two")
        found[key] = value
    return found


def _assign(values: dict[str, Any], dotted: str, value: Any) -> None:
    *sections, last = dotted.split(".")
    for section in sections:
        values = values.setdefault(section, {})
        if not isinstance(values, dict):
            raise InvalidValue(f"{dotted}: {section} is a value, not a section")
    values[last] = value


def _folder() -> Path:
    """Beside the modules where installed; beside the package in a checkout."""
    package = Path(__file__).parent
    return next(p for p in (package / "configs", package.parent / "configs") if p.is_dir())
