"""From the features of whole videos to detections."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from basnet_rt import _core
from basnet_rt._errors import InvalidType, InvalidValue
from basnet_rt._system.arguments import as_number
from basnet_rt.activation_files import Activations
from basnet_rt.config import PostprocessConfig
from basnet_rt.model.model import FullOutput, Model
from basnet_rt.postprocessing import gpu_batch
from basnet_rt.postprocessing.backend_choice import stays_on
from basnet_rt.postprocessing.offline import postprocess, postprocess_batch
from basnet_rt.results import Detections, Int64Array

_OVERFLOWS = 1e18  # products of such features with a network's weights may leave float32


class Localizer:
    """Finds actions in whole videos.

    Args:
        model: from `load`.
        config: post-processing; None takes the bundle's own. `Model.configure` changes parts.

    Mode "continuous" uses every snippet. Mode "published" uses `num_segments` of them, taken evenly
    from the video as in the released code (all of them if the bundle names no number).
    """

    def __init__(self, model: Model, config: PostprocessConfig | None = None) -> None:
        if not isinstance(model, Model):
            raise InvalidType(f"model is a {type(model).__name__}; it must come from `load`")
        if config is not None and not isinstance(config, PostprocessConfig):
            raise InvalidType(f"config is a {type(config).__name__}; it must be PostprocessConfig")
        self.model = model
        self.config = model.config if config is None else config
        _core.check(self.config.native, len(model.classes))

    def __call__(
        self, features: Any, *, duration: float | None = None, fps: float | None = None
    ) -> Detections:
        """Detections in one video, by falling score, with class names.

        Args:
            features: (T, F) floating point, finite, T >= 1, at the bundle's snippet rate; NumPy or
                torch.
            duration: of the video in seconds, for mode "continuous"; default
                T * snippet_stride / fps.
            fps: frames per second of this video's features; default: the bundle's.

        Raises:
            BundleError, ValueError, TypeError: as `Model.forward` and `postprocess`.
        """
        return self._found(*self._forward(features, fps), duration, features)

    def with_activations(
        self, features: Any, *, duration: float | None = None, fps: float | None = None
    ) -> tuple[Detections, Activations]:
        """The detections of a plain call, and the activations that they were made from."""
        output, seconds = self._forward(features, fps)
        found = self._found(output, seconds, duration, features)
        activations, foreground = _host(output.activations), _host(output.foreground)
        return found, Activations(activations, foreground, seconds, self.model.classes)

    def postprocess_arguments(self, features: Any) -> dict[str, Any]:
        """The arguments of `postprocess` that depend on the features, (T, F).

        They can be used with other settings of the same mode and gate without running the network
        again.
        """
        output, seconds = self._forward(features)
        return self._arguments(FullOutput(*(_host(one) for one in output)), seconds)

    def localize_batch(
        self,
        features: Sequence[Any],
        *,
        durations: Sequence[float | None] | None = None,
        num_threads: int = 0,
    ) -> list[Detections]:
        """Detections of several videos, each (T_i, F); post-processing runs on all cores.

        With a CUDA model, post-processing runs on the GPU for all videos at once, and this waits
        for the device once.

        Args:
            durations: one per video; None for the default of each.
            num_threads: of the post-processing; 0 for one per core.
        """
        if durations is not None and len(durations) != len(features):
            raise InvalidValue(
                f"durations has {len(durations)} entries; features has {len(features)} videos"
            )
        if not len(features):
            return []
        videos = [self._arguments(*self._forward(one)) for one in features]
        columns = {name: [video[name] for video in videos] for name in videos[0]}
        raw = columns.pop("raw_cas")
        found = postprocess_batch(
            **columns,
            config=self.config,
            duration=durations,
            raw_cas=None if raw[0] is None else raw,
            num_threads=num_threads,
        )
        return [
            self.model.described(one, self.config, seconds)
            for one, seconds in zip(found, columns["snippet_seconds"], strict=True)
        ]

    def _forward(self, features: Any, fps: float | None = None) -> tuple[FullOutput, float]:
        """The model's output, and the seconds between its snippets.

        NumPy arrays, or tensors on the model's GPU if post-processing runs there too.
        """
        rows, snippet_seconds = self._resampled(features, self._fps(fps))
        output = self.model.forward_tensors(rows, with_scores=not self._own_scores())
        if stays_on(self.model.device.type):
            return output, snippet_seconds
        return FullOutput(*(_host(one) for one in output)), snippet_seconds

    def _found(
        self, output: FullOutput, snippet_seconds: float, duration: float | None, features: Any
    ) -> Detections:
        try:
            arguments = self._arguments(output, snippet_seconds)
            found = postprocess(**arguments, config=self.config, duration=duration)
        except InvalidValue as error:
            snippet, channel = divmod(int(abs(features).argmax()), features.shape[1])
            largest = float(features[snippet, channel])
            if abs(largest) < _OVERFLOWS:
                raise
            raise InvalidValue(
                f"features[{snippet}, {channel}] is {largest:.4g}, so the network's output is not "
                f"finite ({error}); make the features again with the model's extractor"
            ) from error
        return self.model.described(found, self.config, snippet_seconds)

    def _arguments(self, output: FullOutput, snippet_seconds: float) -> dict[str, Any]:
        """The arguments of `postprocess` that depend on the features."""
        activations, scores, _, cas = output
        if self._own_scores():
            if isinstance(cas, np.ndarray):
                scores = _core.video_scores(np.ascontiguousarray(cas), self.config.native)
            else:
                scores = gpu_batch.gpu_video_scores(cas, self.config)
        return {
            "cas": activations,
            "video_scores": scores,
            "raw_cas": cas if self.config.gate == "horizon" else None,
            "snippet_seconds": snippet_seconds,
        }

    def _own_scores(self) -> bool:
        """Whether to compute video scores in the core, in float64, as streams do."""
        return self.config.mode == "continuous" and self.config.gate == "video"

    def _fps(self, given: float | None) -> float:
        fps = self.model.metadata.fps if given is None else as_number(given, "fps")
        if not 0 < fps < float("inf"):
            raise InvalidValue(f"fps: expected a finite number above 0, got {given}")
        return fps

    def _resampled(self, features: Any, fps: float) -> tuple[Any, float]:
        """Snippets that the network sees, and the seconds between them."""
        metadata = self.model.metadata
        wanted = metadata.num_segments
        shape: tuple[int, ...] = tuple(getattr(features, "shape", ()))
        if self.config.mode != "published" or wanted is None or len(shape) != 2 or not shape[0]:
            return features, metadata.snippet_stride / fps
        rows = uniform_rows(shape[0], wanted)
        seconds = metadata.snippet_stride * shape[0] / (wanted * fps)
        return features[rows], seconds


def uniform_rows(num_snippets: int, num_segments: int) -> Int64Array:
    """(num_segments,) int64: the snippets that the released code takes from a whole video.

    A shorter video repeats snippets. Source: `uniform_sampling` of the authors' thumos_features.py.
    """
    return np.arange(num_segments, dtype=np.int64) * num_snippets // num_segments


def _host(values: Any) -> Any:
    return values.cpu().numpy() if hasattr(values, "cpu") else values
