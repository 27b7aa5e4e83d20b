"""The settings of an experiment, with types and defaults; a YAML file has those that differ.

Unknown keys, wrong kinds and values out of range are errors that name the key.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal

import yaml
from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    ValidationError,
    ValidationInfo,
    field_validator,
    model_validator,
)

from basnet_rt import Error, InvalidValue, PostprocessConfig
from basnet_rt.features.rates import LEAST_FPS

from .network import ScoreFunction, Variant
from .overrides import assign
from .setting_errors import explain, known_settings
from .yaml_text import parse_yaml

BackgroundVideoTarget = Literal["auto", "skip", "uniform", "background", "none"]


AUTO = "auto"
OF_THE_BUNDLE = ("name", "postprocess")  # settings that training does not use
# If a file has none of these sections, the data decides their settings.
_OF_TRAINING = frozenset(["network", "sampling", "loss", "optim", "postprocess"])

Count = Annotated[int, Field(ge=1)]
Segments = Annotated[int, Field(ge=1, le=20_000)]
Frames = Annotated[int, Field(ge=1, le=1_000_000)]
FrameRate = Annotated[float, Field(ge=LEAST_FPS, le=100_000)]
Natural = Annotated[int, Field(ge=0)]
Positive = Annotated[float, Field(gt=0, allow_inf_nan=False)]
NonNegative = Annotated[float, Field(ge=0, allow_inf_nan=False)]


class Section(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    @field_validator("*", mode="before")
    @classmethod
    def _is_no_truth_value(cls, value: Any, info: ValidationInfo) -> Any:
        """Python counts true as 1."""
        kind = cls.model_fields[info.field_name or ""].annotation
        if isinstance(value, bool) and kind is not bool:
            raise ValueError("true and false are no values of this setting")
        return value


class DataConfig(Section):
    """The videos and their features."""

    features: Path | None = None  # folder or file; see basnet_rt.features.open_features
    annotations: Path | None = None  # ActivityNet .json, or .csv of video and tags
    # Subset of the annotations to train on; "auto": the training subset if there is one and no
    # `split` is given. None: every video.
    subset: str | None = "auto"
    split: Path | None = None  # list of video names to train on; with a named subset, within it
    classes: tuple[str, ...] | None = None  # None: the tags in use, sorted
    feature_dim: Count | None = None  # channels of the features; None: as in the first video
    feature_extractor: str = "unknown"  # free text, copied into the bundle
    modality: Literal["rgb+flow", "rgb", "flow"] = "rgb+flow"  # all channels, or one part of them
    fps: FrameRate = 25.0  # frames per second at which the features were made
    snippet_frames: Frames = 16  # frames of one snippet, which is one row of features
    snippet_stride: Frames = 16  # frames from the start of one snippet to the next
    extractor: dict[str, Any] | None = None  # its record; None: the record beside the features
    simulated: bool = False  # recorded in the bundle; also true if the annotations say so
    # Ground truth with reviewed videos, whose segments are trained on; see loss.corrected.
    corrected: Path | None = None
    cache_gib: NonNegative = 4.0  # GiB of features kept in memory, per loading process
    # Treatment of tagged videos whose features are absent or cannot be used.
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

    variant: Variant = "full"  # both branches, the base branch only, or both without background
    hidden_filter: Count = 512  # channels of the filtering module, which weights foreground
    hidden_cas: Count = 2048  # channels of the two layers before the classifier
    dropout: Annotated[float, Field(ge=0, lt=1)] = 0.7  # share of values set to 0
    topk_divisor: Count = 8  # a video's score is the mean of its best T // topk_divisor snippets
    score_function: ScoreFunction = "softmax"  # sigmoid: each class independently
    projection_dim: Count | None = None  # of InputProjection; None: no such layer, as published
    # Constant background logit of the variant no_background. None: 0 if there is only one class or
    # any video without action; else NO_BACKGROUND, the paper's softmax over C.
    background_logit: float | None = None


class SamplingConfig(Section):
    """Snippets per video: resampled to `num_segments`, or native rate if that is null."""

    num_segments: Segments | None = None  # T; None: native rate, all snippets of a video
    train: Literal["random", "uniform"] = "random"  # how num_segments snippets are chosen
    crop_snippets: Count | None = None  # at native rate: most snippets of a random crop; None: all
    # Standard deviation of the normal noise added to features in training, as a share of each
    # channel's standard deviation in its video.
    noise: NonNegative = 0.0


class LossConfig(Section):
    """Terms of the loss; see basnet_training.loss.

    background_video_target: the target of the suppression branch for a video without action, for
    which the published target, labels / sum, is 0 / 0. docs/numerics.md has the measurements.
        "auto": "uniform" with softmax scores, "none" with sigmoid ones;
        "skip": such a video has no suppression loss;
        "uniform": 1 / C for every action class (1 / 2 with sigmoid scores);
        "background": only background, as in the base branch;
        "none": 0 for every class and for background.
    """

    alpha: NonNegative = 1e-4  # weight of the foreground weights' L1 norm
    background_video_target: BackgroundVideoTarget = "auto"  # see above
    corrected: NonNegative = 1.0  # weight of the corrected segments' term, if there are any
    distilled: NonNegative = 20.0  # weight of the teachers' activations, if there are any
    pseudo_segments: NonNegative = 3.0  # the same where some classes have pseudo-segments
    magnitude: NonNegative = 0.0  # weight of UM's term: hidden channels are large on action alone
    co_activity: NonNegative = 0.0  # of W-TALC's: videos of a class are alike where it is active
    contrast: NonNegative = 0.0  # of CoLA's: snippets at edges are like certain ones of their side
    mixing: NonNegative = 0.0  # of C3BN's: mixed neighbours have the tags and mixed activations


# Weights that count where they are not 0.
LEVERS = tuple(name for name, field in LossConfig.model_fields.items() if field.default == 0)


class OptimConfig(Section):
    """Adam, its schedules and its limits."""

    iterations: Count = 1500  # number of batches
    batch_size: Count = 16  # videos per batch, over all processes
    lr: Positive = 1e-4  # learning rate
    schedule: Literal["constant", "cosine"] = "constant"  # of lr, after the warm-up
    # topk_divisor of the first iteration; it changes to the network's over most of the run. None:
    # the network's from the start.
    topk_start: Count | None = None
    warmup: Natural = 0  # iterations in which lr rises linearly
    weight_decay: NonNegative = 5e-4  # Adam's L2 term, not decoupled, as published
    betas: tuple[float, float] = (0.9, 0.999)  # of Adam
    clip_norm: Positive | None = None  # largest gradient norm, over all weights; None: no limit
    # Networks to train first, with other seeds; this one learns their mean activations. 0: none.
    teachers: Natural = 0
    # What teachers teach: their activations; or, for short classes, what these clearly say.
    pseudo_labels: Literal["activations", "segments"] = "activations"
    # Decay of the moving average of weights, which is then exported; None: the last weights.
    ema_decay: Annotated[float, Field(gt=0, lt=1)] | None = None
    precision: Literal["float32", "bfloat16", "float16"] = "float32"  # of autocast

    def alone(self) -> OptimConfig:
        """The same without teachers."""
        return self.model_copy(update={"teachers": 0, "pseudo_labels": "activations"})


class ValidationConfig(Section):
    """Training videos held out, stratified by tags. Only tags are used, never segments."""

    folds: Natural = 0  # 0: no video held out; k: one of k folds held out
    fold: Natural = 0  # the fold to hold out, from 0
    seed: Natural = 0  # of the division into folds; independent of run.seed
    every: Count = 100  # iterations between two evaluations of the held-out videos
    select: Literal["last", "best"] = "last"  # weights to keep; best: lowest held-out loss


class RunConfig(Section):
    """Execution of a run; only the seed changes its result."""

    seed: Natural = 0  # of weights, order and dropout
    device: str = "auto"  # auto: cuda if available
    workers: Natural = 0  # processes that load features
    checkpoint_every: Count = 100  # iterations between two checkpoints
    keep_checkpoints: Count = 2  # number of last checkpoints to keep
    log_every: Count = 10  # iterations between two log lines
    tensorboard: bool = True  # whether to write files for TensorBoard, if it is installed


class ExportConfig(Section):
    """Defaults of `export` and `calibrate`."""

    dtype: Literal["float32", "bfloat16", "int8"] = "float32"  # of the weights
    format: Literal["torchscript", "safetensors", "onnx"] = "torchscript"  # of the file
    # Activations: the CAS, its softmax or sigmoid, or the mean of softmax and foreground weight.
    activation: Literal["raw", "softmax", "sigmoid", "fused"] = "raw"
    # Range for normalisation "fixed": extremes of the training videos, or 0 to 1 for probabilities.
    calibration: Literal["extremes", "unit"] = "extremes"


class Config(Section):
    """One experiment."""

    name: str = "unnamed"  # recorded in the bundle's provenance
    auto: bool = False  # the data decides what is not set; see basnet_training.auto
    data: DataConfig = DataConfig()
    network: NetworkConfig = NetworkConfig()
    sampling: SamplingConfig = SamplingConfig()
    loss: LossConfig = LossConfig()
    optim: OptimConfig = OptimConfig()
    validation: ValidationConfig = ValidationConfig()
    run: RunConfig = RunConfig()
    export: ExportConfig = ExportConfig()
    postprocess: dict[str, Any] = {}  # fields of PostprocessConfig that differ from the defaults

    @field_validator("validation")
    @classmethod
    def _fold_exists(cls, value: ValidationConfig) -> ValidationConfig:
        if value.folds == 1 or (value.folds and value.fold >= value.folds):
            raise ValueError("folds must be 0 or at least 2, and fold below folds")
        return value

    @model_validator(mode="after")
    def _teachers_fit(self) -> Config:
        """Targets are sigmoids of snippets at the rate of the features."""
        unset = self.auto and "teachers" not in self.optim.model_fields_set
        if self.optim.pseudo_labels == "segments" and not (self.optim.teachers or unset):
            raise ValueError("optim.pseudo_labels segments needs teachers: set optim.teachers to 3")
        if not self.optim.teachers:
            return self
        network = self.network
        if self.auto and "score_function" not in network.model_fields_set:
            network = network.model_copy(update={"score_function": "sigmoid"})  # as `auto` will
        if problem := against_teachers(network, self.sampling):
            raise ValueError(problem)
        return self

    @field_validator("postprocess")
    @classmethod
    def _is_a_postprocessing(cls, value: dict[str, Any]) -> dict[str, Any]:
        """Check the settings now, not only when the trained network is exported."""
        try:
            PostprocessConfig.from_dict(value)
        except Error as error:
            raise ValueError(str(error)) from error
        return value

    def digest(self) -> str:
        """Ten hex digits that change with any setting that can change the result.

        Paths of files and settings of logging do not count.
        """
        learned = self.optim.pseudo_labels if self.optim.teachers else None
        places = ("features", "annotations", "split", "corrected", "cache_gib", "missing")
        unused = {
            "data": {**dict.fromkeys(places, True), "extractor": self.data.extractor is None},
            "run": {name: name != "seed" for name in RunConfig.model_fields},
            "loss": {
                "corrected": self.data.corrected is None,
                "distilled": learned is None,
                "pseudo_segments": learned != "segments",
                **{name: getattr(self.loss, name) == 0 for name in LEVERS},
            },
            "optim": {
                "topk_start": self.optim.topk_start is None,
                "teachers": not self.optim.teachers,
                "pseudo_labels": learned != "segments",
            },
            "sampling": {"noise": self.sampling.noise == 0},
        }
        aside: Any = {"auto": True}
        for section, settings in unused.items():
            aside[section] = {name for name, is_unused in settings.items() if is_unused}
        text = self.model_dump_json(exclude=aside)
        return hashlib.sha256(text.encode()).hexdigest()[:10]

    def training_digest(self) -> str:
        """The digest of what can change the trained network: all but `OF_THE_BUNDLE`."""
        empty = {name: type(getattr(self, name))() for name in OF_THE_BUNDLE}
        return self.model_copy(update=empty).digest()

    def to_yaml(self) -> str:
        return yaml.safe_dump(self.model_dump(mode="json"), sort_keys=False)


def against_teachers(network: NetworkConfig, sampling: SamplingConfig) -> str:
    """The setting that allows no teachers, with what they need; empty if there is none."""
    if network.score_function != "sigmoid":
        return "optim.teachers needs network.score_function sigmoid"
    if sampling.num_segments is not None:
        return "optim.teachers needs sampling.num_segments null"
    return ""


def presets() -> tuple[str, ...]:
    """Names of the presets that `load_config` reads."""
    return tuple(sorted(path.stem for path in _folder().iterdir() if path.suffix == ".yaml"))


def load_config(
    source: str | Path,
    overrides: Mapping[str, Any] | None = None,
    given: Mapping[str, str] | None = None,
) -> Config:
    """Read a preset by name, or a YAML file, over the defaults.

    With preset "auto", the data decides every setting of training; so it does for a file that sets
    none of them.

    Args:
        source: "auto", a name of `presets()`, or a path.
        overrides: dotted key to value, such as {"optim.lr": 1e-3}; they win over the file.
        given: the origin of overrides, by dotted key, for messages; "--set" by default.

    Raises:
        ValueError: the source is absent or not YAML, or a key or value is wrong.
    """
    values, where = _read_source(source)
    if not _OF_TRAINING & values.keys():
        values = {"name": AUTO, **values, "auto": values.get("auto", True)}
    for key, value in (overrides or {}).items():
        assign(values, key, value)
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
    """Typed settings from nested dictionaries; errors name the setting and where it was given."""
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


def _folder() -> Path:
    """Beside the modules where installed; beside the package in a checkout."""
    package = Path(__file__).parent
    return next(p for p in (package / "configs", package.parent / "configs") if p.is_dir())
