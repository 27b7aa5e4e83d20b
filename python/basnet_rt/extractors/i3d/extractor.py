"""The two-stream I3D network as an extractor: RGB, flow, or both side by side."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from basnet_rt._errors import BundleError, InvalidValue
from basnet_rt._system.extras import from_extra
from basnet_rt.extractors.backbone.flow import FlowSettings, check_flow_method
from basnet_rt.extractors.backbone.pictures import Pictures
from basnet_rt.extractors.backbone.recorded import check_free
from basnet_rt.extractors.backbone.session import Branch, NetworkExtractor
from basnet_rt.extractors.backbone.weights_files import check_recorded, sha256_of, weights_files
from basnet_rt.extractors.registry import Weights
from basnet_rt.features.extractor_spec import ExtractorSpec
from basnet_rt.video.frames import FrameFormat

VERSION = 1
FEATURE_DIM = 1024  # of each stream
CROP = 224
RANGE = (-1.0, 1.0)
STREAMS = ("rgb", "flow")  # the order of their features
_GPU_BATCH = 8


class I3dExtractor(NetworkExtractor):
    """Features of I3D as the field takes them for THUMOS'14; docs/extractors.md has every step.

    Args:
        weights: a checkpoint of the RGB stream, of the flow stream, or one of each in any order:
            features are (T, 1024), or (T, 2048) with RGB first. The released PyTorch checkpoints
            load by their names.
        flow_method: "tvl1" as in the paper, or "dis"; see `FlowSettings`.
        flow_8bit: round flow to 256 levels, as where it was stored in image files.
        short_side: frames are scaled until the shorter side is this long; 224 or more.
        fps, snippet_frames, snippet_stride: of the grid; 9 frames or more.
        dtype: "float32", "bfloat16", or "float16" on a GPU: what the networks compute in.
        device: for torch.
        batch: snippets a call; None is 1 on a CPU, where more gain nothing, and 8 elsewhere. On a
            CPU features do not depend on it, bit for bit.

    Raises:
        BundleError: a file is absent or no checkpoint of I3D.
        ValueError: a setting is not allowed, or two checkpoints are of one stream.
        Error: a package is absent: torch, or the one with TV-L1.
    """

    def __init__(
        self,
        weights: Weights,
        *,
        flow_method: str = "tvl1",
        flow_8bit: bool = False,
        short_side: int = 256,
        fps: float = 25.0,
        snippet_frames: int = 16,
        snippet_stride: int = 16,
        dtype: str = "float32",
        device: Any = "cpu",
        batch: int | None = None,
    ) -> None:
        from_extra("torch", "torch", "extractor i3d")
        from basnet_rt.extractors.i3d.running import check_dtype

        flow = FlowSettings(method=flow_method, eight_bit=flow_8bit)
        _check_sizes(short_side, snippet_frames)
        place = check_dtype(dtype, device)
        networks, digests = _load(weights_files(weights, "i3d"))
        if "flow" in networks:
            check_flow_method(flow_method)
        spec = ExtractorSpec(
            name="i3d",
            version=VERSION,
            feature_dim=FEATURE_DIM * len(networks),
            fps=fps,
            snippet_frames=snippet_frames,
            snippet_stride=snippet_stride,
            frames=FrameFormat(pixels="rgb", short_side=short_side),
            settings=_settings(digests, flow, dtype),
        )
        if batch is None:
            batch = 1 if place.type == "cpu" else _GPU_BATCH
        super().__init__(spec, _branches(networks, flow, place, dtype), batch)

    @classmethod
    def from_spec(
        cls, spec: ExtractorSpec, weights: Weights | None, **running: Any
    ) -> I3dExtractor:
        """As recorded; `running` may hold `device` and `batch`.

        Raises:
            BundleError: the weights are not those on record, or the record is not of this one.
        """
        check_free(spec, running)
        paths = weights_files(weights, "i3d")
        try:
            recorded = {f"stream {n}": spec.settings[n] for n in STREAMS if spec.settings[n]}
            check_recorded(recorded, paths, "i3d")
            flow = spec.settings["flow_picture"] or {"method": "dis", "eight_bit": False}
            method, eight_bit, dtype = flow["method"], flow["eight_bit"], spec.settings["dtype"]
        except (KeyError, TypeError) as error:
            raise BundleError(f"extractor i3d: settings: not a record of it: {error}") from error
        return cls(
            paths,
            flow_method=method,
            flow_8bit=eight_bit,
            short_side=spec.frames.short_side or 0,
            fps=spec.fps,
            snippet_frames=spec.snippet_frames,
            snippet_stride=spec.snippet_stride,
            dtype=dtype,
            **running,
        )


def _load(paths: list[Path]) -> tuple[dict[str, Any], dict[str, str]]:
    """Network and SHA-256 of each stream."""
    from basnet_rt.extractors.i3d.weights import load_i3d

    networks: dict[str, Any] = {}
    digests: dict[str, str] = {}
    for path in paths:
        name, network = load_i3d(path)
        if name in networks:
            raise InvalidValue(f"weights: {path} is a second checkpoint of stream {name}")
        networks[name], digests[name] = network, sha256_of(path)
    return networks, digests


def _branches(
    networks: Mapping[str, Any], flow: FlowSettings, place: Any, dtype: str
) -> list[Branch]:
    from basnet_rt.extractors.i3d.running import RunningI3d

    return [
        Branch(
            f"i3d {name}",
            Pictures(kind=name, crop=(CROP, CROP), range=RANGE, flow=flow),
            RunningI3d(networks[name], place, dtype),
            FEATURE_DIM,
        )
        for name in STREAMS
        if name in networks
    ]


def _settings(digests: Mapping[str, str], flow: FlowSettings, dtype: str) -> dict[str, Any]:
    """Flow is on record where there is a flow stream: it decides nothing else."""
    picture = {"method": flow.method, "clip": flow.clip, "eight_bit": flow.eight_bit}
    return {
        **{name: digests.get(name) for name in STREAMS},
        "crop": CROP,
        "range": list(RANGE),
        "flow_picture": picture if "flow" in digests else None,
        "dtype": dtype,
    }


def _check_sizes(short_side: int, snippet_frames: int) -> None:
    if short_side < CROP:
        raise InvalidValue(f"short_side: expected at least {CROP}, the crop, got {short_side}")
    if snippet_frames < 9:
        raise InvalidValue(
            f"snippet_frames: I3D needs 9 at least, for two cells of 8 frames, got {snippet_frames}"
        )
