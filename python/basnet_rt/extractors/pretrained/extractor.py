"""The common part of extractors of libraries: settings, record, half precision, pooling."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from basnet_rt._errors import BundleError, Error, InvalidValue
from basnet_rt._system.extras import from_extra
from basnet_rt.extractors.backbone.recorded import batch_for
from basnet_rt.extractors.backbone.session import Branch, NetworkExtractor
from basnet_rt.extractors.pretrained.resizing import Resized
from basnet_rt.features.extractor_spec import ExtractorSpec
from basnet_rt.video.frames import FrameFormat

PICTURES = 2  # of a snippet, for networks that take images
FRAMES = 16


@dataclass(frozen=True)
class Backbone:
    """A loaded network.

    Attributes:
        name: of the extractor, for messages and the record.
        forward: from a tensor (B, T, 3, H, W), or (B, 3, H, W) if `takes_images`, to (B, F, ...);
            further axes are averaged.
        pictures: the processing of its pictures.
        takes_images: whether it takes single pictures; features are averaged over a snippet.
        num_pictures: T that it was made for; None: any.
        settings: for the record: model, revision, SHA-256 of the weights, output.
        unit_length: whether each row of features is divided by its Euclidean length.
    """

    name: str
    forward: Callable[[Any], Any]
    pictures: Resized
    takes_images: bool
    num_pictures: int | None
    settings: Mapping[str, Any]
    unit_length: bool = False


@dataclass(frozen=True)
class Sampling:
    """The pictures that make a snippet, and their grid."""

    fps: float
    frames: int
    stride: int
    pictures: int

    @classmethod
    def of(
        cls,
        backbone: Backbone,
        fps: float,
        frames: int | None,
        stride: int | None,
        pictures: int | None,
    ) -> Sampling:
        """The given settings, with defaults for the others.

        Raises:
            ValueError: the number of pictures does not divide the frames or fit the network.
        """
        fixed = backbone.num_pictures
        if fixed is not None and pictures not in (None, fixed):
            raise InvalidValue(f"pictures: this network takes {fixed} a snippet, got {pictures}")
        usual = PICTURES if backbone.takes_images else FRAMES
        pictures = fixed or usual if pictures is None else pictures
        frames = max(FRAMES, pictures) if frames is None else frames
        if pictures < 1 or frames % pictures:
            raise InvalidValue(
                f"pictures: {pictures} of a snippet must divide its frames, snippet_frames={frames}"
            )
        return cls(fps, frames, FRAMES if stride is None else stride, pictures)

    @property
    def every(self) -> int:
        return self.frames // self.pictures


class RunningBackbone:
    """Values (B, T, H, W, 3) float32 to rows (B, F) float32."""

    def __init__(self, backbone: Backbone, place: Any, dtype: str) -> None:
        self._torch = from_extra("torch", "torch", f"extractor {backbone.name}")
        self._backbone, self._place = backbone, place
        self._dtype = getattr(self._torch, dtype)

    def __call__(self, values: np.ndarray) -> np.ndarray:
        images = self._backbone.takes_images
        pixels = self._torch.from_numpy(values).permute(0, 1, 4, 2, 3)
        pixels = pixels.reshape(-1, *pixels.shape[2:]) if images else pixels
        with self._torch.inference_mode():
            made = self._backbone.forward(pixels.to(self._place, self._dtype).contiguous())
        rows = made.float().flatten(2).mean(2) if made.ndim > 2 else made.float()
        rows = rows.reshape(len(values), -1, rows.shape[-1]).mean(1) if images else rows
        if self._backbone.unit_length:
            rows = self._torch.nn.functional.normalize(rows, dim=1)
        features: np.ndarray = rows.cpu().numpy()
        return features


class PretrainedExtractor(NetworkExtractor):
    """A backbone over snippets of pictures.

    Args:
        backbone: loaded, on its device and in `dtype`.
        version: of the formulas.
        batch: snippets a call; None is 1 on a CPU and 16 elsewhere.

    Raises:
        BundleError: the network does not take the pictures.
    """

    def __init__(
        self,
        backbone: Backbone,
        version: int,
        sampling: Sampling,
        place: Any,
        dtype: str,
        batch: int | None,
    ) -> None:
        network = RunningBackbone(backbone, place, dtype)
        dim = _probe(network, backbone, sampling.pictures)
        spec = ExtractorSpec(
            name=backbone.name,
            version=version,
            feature_dim=dim,
            fps=sampling.fps,
            snippet_frames=sampling.frames,
            snippet_stride=sampling.stride,
            frames=FrameFormat(pixels="rgb"),
            settings={
                **backbone.settings,
                "pictures": sampling.pictures,
                "processor": backbone.pictures.record(),
                "dtype": dtype,
            },
        )
        branch = Branch(backbone.name, backbone.pictures, network, dim, sampling.every)
        super().__init__(spec, [branch], batch_for(place, batch))


def library(module: str, kind: str) -> Any:
    """Import a library of models.

    Args:
        kind: of the extractor; the extra that brings the library has its name.

    Raises:
        Error: it is absent, or was built for another torch.
    """
    try:
        return from_extra(module, kind, f"extractor {kind}")
    except RuntimeError as error:
        raise Error(f"extractor {kind}: {module} cannot be imported: {why(error)}") from error


def placed(network: Any, place: Any, dtype: str) -> Any:
    """A torch module, ready to run on a device in a dtype."""
    torch = from_extra("torch", "torch", "a network")
    return network.requires_grad_(False).eval().to(place, getattr(torch, dtype))


def why(error: BaseException) -> str:
    """The reason for people: one line, with advice if torchvision cannot be imported."""
    cause: BaseException | None = error
    while cause is not None:
        if "operator torchvision::" in str(cause):
            return (
                "the installed torchvision was built for another torch: install both from one "
                "index, or uninstall torchvision"
            )
        cause = cause.__cause__ or cause.__context__
    lines = str(error).strip().splitlines()
    return lines[0] if lines else type(error).__name__


def _probe(network: RunningBackbone, backbone: Backbone, pictures: int) -> int:
    """F, from one snippet of zeros; a network for other input fails now, not in the first video."""
    zeros = np.zeros((1, pictures, *backbone.pictures.shape, 3), np.float32)
    try:
        return int(network(zeros).shape[1])
    except Exception as error:
        raise BundleError(
            f"extractor {backbone.name}: the network does not take {pictures} pictures of "
            f"{zeros.shape[3]} x {zeros.shape[2]}: {why(error)}"
        ) from error
