"""A bundle, loaded: from features to activations."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

import numpy as np

from basnet_rt._errors import BundleError, InvalidType, InvalidValue
from basnet_rt._system.arguments import check_unmasked
from basnet_rt.config import PostprocessConfig
from basnet_rt.model import long_videos
from basnet_rt.model.bundle import BundleMetadata
from basnet_rt.model.confidence import Confidence, described
from basnet_rt.postprocessing.gpu_arrays import gpu_errors
from basnet_rt.results import Detections

if TYPE_CHECKING:
    import torch


class ModelOutput(NamedTuple):
    """The output of a model for one video; float32, NumPy or torch as the features were.

    Attributes:
        activations: (T, C), background left out, of the kind chosen at export.
        video_scores: (C,) in [0, 1].
        foreground: (T,) in (0, 1).
    """

    activations: Any
    video_scores: Any
    foreground: Any


class FullOutput(NamedTuple):
    """`ModelOutput` and `cas` (T, C+1), the raw CAS, background last; gate "horizon" needs it."""

    activations: Any
    video_scores: Any
    foreground: Any
    cas: Any


class Model:
    """A network from a bundle; made by `basnet_rt.load`.

    Attributes:
        metadata: everything the bundle says about itself.
        config: the bundle's post-processing settings.
        engine: "native" (the core runs the network) or "torch".
        device, dtype: of the weights.
        name: the file name, without folders.
        path: of the file; None for a model that was not loaded from a file.
        confidence: curves from scores to confidence; None for a bundle without curves.
        module: the TorchScript module, with engine "torch"; docs/bundle.md describes its calls.
    """

    engine: Literal["native", "torch"] = "torch"

    def __init__(
        self,
        module: Any,
        metadata: BundleMetadata,
        *,
        device: Any,
        dtype: str,
        name: str,
        path: Path | None = None,
    ) -> None:
        self.module = module
        self.metadata = metadata
        self.config = PostprocessConfig.from_dict(
            {
                "score_function": metadata.score_function,
                "topk_divisor": metadata.topk_divisor,
                **metadata.postprocess,
            }
        )
        self.device, self.dtype, self.name, self.path = device, dtype, name, path
        fitted = metadata.confidence
        self.confidence = (
            None if fitted is None else Confidence.from_dict(fitted, metadata.num_classes)
        )

    @property
    def classes(self) -> tuple[str, ...]:
        """Names, in the order of the activation columns."""
        return self.metadata.classes

    @property
    def feature_dim(self) -> int:
        """Channels of one snippet's feature vector."""
        return self.metadata.feature_dim

    @property
    def simulated(self) -> bool:
        """Whether it was trained on simulated features; results must say so."""
        return bool(self.metadata.provenance.get("simulated", False))

    def forward(self, features: Any) -> ModelOutput:
        """Activations of one video.

        Args:
            features: (T, F) floating point, finite, T >= 1; NumPy or torch. Not modified.

        Returns:
            NumPy arrays for NumPy, tensors on the model's device for torch.

        Raises:
            BundleError: F is not the model's, or the module contradicts its metadata.
            ValueError: another shape, no snippets, or NaN or Inf; names snippet and channel.
            TypeError: not an array, or not of floating point.
            BackendUnavailable: the model's GPU has too little memory, or fails.
        """
        return ModelOutput(*self.forward_with_cas(features)[:3])

    __call__ = forward

    def forward_with_cas(self, features: Any) -> FullOutput:
        """`forward`, and the raw CAS with its background column."""
        outputs = self.forward_tensors(features)
        if hasattr(features, "detach"):
            return outputs
        return FullOutput(*(output.cpu().numpy() for output in outputs))

    def forward_tensors(self, features: Any, *, with_scores: bool = True) -> FullOutput:
        """`forward_with_cas`: tensors on the model's device, whatever the features are.

        Args:
            with_scores: False if the video scores are not used; they may then be None.
        """
        with gpu_errors():
            rows = self._tensor(features.detach() if hasattr(features, "detach") else features)
            outputs = long_videos.run(self.module, rows, self.metadata, with_scores=with_scores)
        self._check_outputs(len(rows), outputs)
        return FullOutput(*outputs)

    def described(
        self, found: Detections, config: PostprocessConfig, snippet_seconds: float | None = None
    ) -> Detections:
        """Detections with class names, confidence and the length of a snippet.

        Args:
            config: the post-processing settings that made them.
            snippet_seconds: distance between the snippets given to the network; None: native.
        """
        seconds = self.metadata.snippet_seconds if snippet_seconds is None else snippet_seconds
        return described(
            found, self.classes, self.confidence, gate=config.gate, snippet_seconds=seconds
        )

    def configure(self, **overrides: Any) -> PostprocessConfig:
        """The bundle's post-processing with some settings changed.

        If `mode` changes, the other settings start from the defaults of the new mode.
        Normalisation "fixed" without a range uses the bundle's calibration.
        """
        fields = dict(overrides)
        own_range = self.config.normalisation == "fixed"
        given = {"fixed_lo", "fixed_hi"} & fields.keys()
        if fields.get("normalisation") == "fixed" and not own_range and not given:
            fields |= self._calibrated_range()
        if fields.get("mode", self.config.mode) != self.config.mode:
            own = {
                "score_function": self.metadata.score_function,
                "topk_divisor": self.metadata.topk_divisor,
            }
            return PostprocessConfig.from_dict({**own, **fields})
        return self.config.replace(**fields)

    def _calibrated_range(self) -> dict[str, Any]:
        calibration = self.metadata.calibration
        if calibration is not None:
            return {"fixed_lo": calibration.lo, "fixed_hi": calibration.hi}
        if self.metadata.activation == "raw":
            raise InvalidValue(
                'normalisation "fixed" needs a range, and this bundle was not calibrated; give '
                "fixed_lo and fixed_hi, or run `basnet-train calibrate`"
            )
        return {}  # probabilities: 0 and 1, the defaults

    def _tensor(self, features: Any) -> torch.Tensor:
        import torch

        if not isinstance(features, (np.ndarray, torch.Tensor)):
            raise InvalidType(
                f"features is a {type(features).__name__}; it must be a NumPy array or a tensor"
            )
        self._check_shape(tuple(features.shape))
        if isinstance(features, np.ndarray):
            rows = torch.from_numpy(float32_rows(features))
        elif not features.dtype.is_floating_point:
            raise InvalidType(f"features has dtype {features.dtype}; it must be floating point")
        else:
            rows = features.float()
        _check_finite(rows)
        return rows.to(self.device)

    def _check_shape(self, shape: tuple[int, ...]) -> None:
        if len(shape) != 2 or shape[0] == 0:
            raise InvalidValue(
                f"features has shape {shape}; it must be (T, {self.feature_dim}) with T >= 1"
            )
        self.metadata.check_feature_dim(shape[1], "features")

    def _check_outputs(self, num_snippets: int, outputs: long_videos.Outputs) -> None:
        columns = len(self.classes)
        wanted = [(num_snippets, columns), (columns,), (num_snippets,), (num_snippets, columns + 1)]
        found = [
            shape if output is None else tuple(output.shape)
            for output, shape in zip(outputs, wanted, strict=True)
        ]
        if found != wanted:
            raise BundleError(
                f"{self.name}: the module returns shapes {found} where its metadata, with "
                f"{columns} classes, promises {wanted}"
            )


def float32_rows(features: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    """Contiguous float32.

    Raises:
        TypeError: they are not of floating point, or masked.
    """
    check_unmasked(features, "features")
    if not np.issubdtype(features.dtype, np.floating):
        raise InvalidType(f"features has dtype {features.dtype}; it must be floating point")
    with np.errstate(over="ignore"):  # a float64 too large for float32 becomes Inf, and is refused
        rows = np.ascontiguousarray(features, dtype=np.float32)
    # torch warns about read-only arrays, such as memory maps.
    return rows if rows.flags.writeable else rows.copy()


def _check_finite(rows: torch.Tensor) -> None:
    # A finite sum has finite terms, so the terms are checked only if the sum is not finite.
    if rows.sum().isfinite():
        return
    bad = (~rows.isfinite()).nonzero()
    if len(bad):
        snippet, channel = bad[0].tolist()
        raise InvalidValue(
            f"features[{snippet}, {channel}] is {rows[snippet, channel].item()} "
            f"(snippet {snippet}, channel {channel}); features must be finite"
        )
