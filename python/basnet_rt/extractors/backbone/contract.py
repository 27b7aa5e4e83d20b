"""The contract of an exported backbone, its input and output: one small YAML file.

Unknown keys, wrong kinds and values out of range are errors that name the key.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from basnet_rt._errors import BundleError, InvalidValue
from basnet_rt.extractors.backbone.flow import FlowSettings
from basnet_rt.extractors.backbone.pictures import CHANNELS, Pictures
from basnet_rt.features.extractor_spec import ExtractorSpec
from basnet_rt.video.frames import MOST_PIXELS, FrameFormat

Count = Annotated[int, Field(ge=1)]
Side = Annotated[int, Field(ge=1, le=MOST_PIXELS)]
Finite = Annotated[float, Field(allow_inf_nan=False)]
Positive = Annotated[float, Field(gt=0, allow_inf_nan=False)]

# Keys that are not in the record of features: the path of the file, and how it is run.
_NOT_RECORDED = {"weights", "sha256", "batch"}


class ContractPart(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, strict=False)


class FlowSection(ContractPart):
    """See `FlowSettings`."""

    method: Literal["tvl1", "dis"] = "tvl1"
    clip: Positive = 20.0
    eight_bit: bool = False


class OutputSection(ContractPart):
    """The tensor with the features, and how it becomes one row per snippet."""

    which: int | str | None = None  # index or name; None: there is only one
    axis: int = 1  # axis of the channels; axis 0 is the batch
    pooling: Literal["mean", "max", "none"] = "mean"  # over all other axes, and over images


class Contract(ContractPart):
    """One backbone; docs/extractors.md says what each key means."""

    weights: Path | None = None  # if not absolute, relative to the YAML file
    sha256: Annotated[str, Field(pattern="^[0-9a-f]{64}$")] | None = None  # checked if given
    input: Literal["rgb", "bgr", "gray", "flow"] = "rgb"
    short_side: Side | None = None
    width: Side | None = None
    height: Side | None = None
    crop: tuple[Side, Side] | Side | None = None  # height and width, or both at once
    range: tuple[Finite, Finite] = (0.0, 1.0)
    mean: tuple[Finite, ...] = ()
    std: tuple[Positive, ...] = ()
    flow: FlowSection = FlowSection()
    layout: Literal["B C T H W", "B T C H W", "B T H W C", "B C H W"]
    frames: Count = 16
    stride: Count = 16
    every: Count = 1
    fps: Positive = 25.0
    output: OutputSection = OutputSection()
    feature_dim: Count
    dtype: Literal["float32", "bfloat16", "float16"] = "float32"
    batch: Count = 1

    @model_validator(mode="after")
    def _fits(self) -> Contract:
        frames = self.frame_format  # checks the sizes
        for name in ("mean", "std"):
            given = len(getattr(self, name))
            if given not in (0, CHANNELS[self.input]):
                raise ValueError(
                    f"{name}: expected {CHANNELS[self.input]} numbers for {self.input}, got {given}"
                )
        if self.every > self.frames:
            raise ValueError(f"every: expected at most frames, {self.frames}, got {self.every}")
        if self.layout == "B C H W" and self.output.pooling == "none":
            raise ValueError("output.pooling: images are pooled to snippets; 'mean' or 'max'")
        if not self.range[0] < self.range[1]:
            raise ValueError(f"range: expected low below high, got {list(self.range)}")
        self._check_crop(frames)
        return self

    def _check_crop(self, frames: FrameFormat) -> None:
        smallest = frames.short_side, frames.short_side
        if frames.width is not None:
            smallest = frames.height, frames.width
        if self.crop_size is None:
            return
        for cut, side in zip(self.crop_size, smallest, strict=True):
            if side is not None and cut > side:
                raise ValueError(f"crop: {list(self.crop_size)} is larger than the scaled frame")

    @property
    def crop_size(self) -> tuple[int, int] | None:
        """(height, width)."""
        return (self.crop, self.crop) if isinstance(self.crop, int) else self.crop

    @property
    def frame_format(self) -> FrameFormat:
        return FrameFormat(
            pixels="gray" if self.input == "gray" else "rgb",
            width=self.width,
            height=self.height,
            short_side=self.short_side,
        )

    @property
    def pictures(self) -> Pictures:
        return Pictures(
            kind=self.input,
            crop=self.crop_size,
            range=self.range,
            mean=self.mean,
            std=self.std,
            flow=FlowSettings(**self.flow.model_dump()),
        )

    @property
    def num_pictures(self) -> int:
        """T of the input: every `every`-th picture of a snippet."""
        return -(-self.frames // self.every)

    def spec(self, name: str, version: int, weights_sha256: str) -> ExtractorSpec:
        """The record of an extractor with these weights."""
        return ExtractorSpec(
            name=name,
            version=version,
            feature_dim=self.feature_dim,
            fps=self.fps,
            snippet_frames=self.frames,
            snippet_stride=self.stride,
            frames=self.frame_format,
            settings={"weights": weights_sha256, "contract": self.record()},
        )

    def record(self) -> dict[str, Any]:
        """The settings that determine features, as JSON values; flow settings only with flow."""
        unused = _NOT_RECORDED if self.input == "flow" else {*_NOT_RECORDED, "flow"}
        return self.model_dump(mode="json", exclude=unused)


def read_contract(path: str | Path) -> Contract:
    """Read a YAML file; `weights` in it is taken from the file's folder.

    Raises:
        BundleError: the file is absent.
        ValueError: it is not YAML, or a value is not allowed; the message names the key.
    """
    path = Path(path)
    try:
        fields = yaml.safe_load(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise BundleError(f"{path}: {error.strerror or error}; expected a contract") from error
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise InvalidValue(f"{path}: not a YAML file: {error}") from error
    contract = parse_contract(fields, str(path))
    if contract.weights is None:
        return contract
    return contract.model_copy(update={"weights": path.parent / contract.weights})


def parse_contract(fields: Any, where: str = "contract") -> Contract:
    """Check the content of such a file.

    Raises:
        ValueError: as `read_contract`.
    """
    if not isinstance(fields, Mapping):
        raise InvalidValue(f"{where}: expected keys and values, got {type(fields).__name__}")
    try:
        return Contract.model_validate(dict(fields))
    except ValidationError as error:
        said = (f"{_key(one)}{one['msg'].removeprefix('Value error, ')}" for one in error.errors())
        raise InvalidValue(f"{where}: " + "; ".join(said)) from error


def _key(error: Any) -> str:
    where = ".".join(str(part) for part in error["loc"])
    return f"{where}: " if where else ""
