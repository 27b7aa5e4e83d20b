"""From the features of a live stream to detections, each as early as it is certain."""

from __future__ import annotations

from typing import Any

from basnet_rt import _core
from basnet_rt.config import PostprocessConfig
from basnet_rt.model.model import Model
from basnet_rt.model.native import NativeModel
from basnet_rt.postprocessing.arrays import as_bytes, as_count, as_number
from basnet_rt.postprocessing.onsets import Alarm, Onset
from basnet_rt.results import Detections
from basnet_rt.stream.calls import alarm_values, check_kinds, feature_rows
from basnet_rt.stream.network import TorchStream
from basnet_rt.stream.statistics import StreamStatistics


class StreamingLocalizer:
    """Localizes actions in a stream of features, chunk by chunk.

    The finals equal the detections of `Localizer` in the whole video, bit for bit with the native
    engine. With torch, activations agree to 1e-5, and for the same activations finals are equal.
    With normalisation or gate "video", nothing becomes final before `finish`. For early finals, use
    normalisation "fixed" and gate "none", with a bundle whose activations are probabilities or
    calibrated.

    One thread at a time runs a call; calls of other threads wait. A call that raises leaves the
    stream unchanged.

    Args:
        model: from `load`.
        config: post-processing; None takes the bundle's own.
        alarm: when to report onsets; None reports none.
        zero_bad_features: NaN and Inf become 0 and are counted, instead of raising.

    Attributes:
        statistics: counts and times of the stream so far; `reset` and `load` replace the object.
    """

    def __init__(
        self,
        model: Model,
        config: PostprocessConfig | None = None,
        *,
        alarm: Alarm | None = None,
        zero_bad_features: bool = False,
    ) -> None:
        check_kinds(model, config, alarm)
        self.model = model
        self.config = model.config if config is None else config
        about = model.metadata
        self._core = _core.NetworkLocalizer(
            model.core
            if isinstance(model, NativeModel)
            else TorchStream(model, with_cas=self.config.gate != "none"),
            classes=model.classes,
            feature_dim=model.feature_dim,
            snippet_seconds=about.snippet_seconds,
            features=f"{about.feature_extractor}, {about.modality}",
            config=self.config.native,
            alarm=alarm_values(alarm, model.classes),
            zero_bad_features=zero_bad_features,
        )
        self.statistics = StreamStatistics()

    @property
    def num_snippets(self) -> int:
        """Snippets with final activations, gaps included; up to two fewer than were pushed."""
        return self._core.num_snippets

    @property
    def finished(self) -> bool:
        return self._core.finished

    def push(self, features: Any) -> Detections:
        """Take the next (N, F) snippets, N >= 0, and return the detections that became final.

        Raises:
            ValueError: NaN or Inf (names snippet and channel), a wrong shape, or the stream is
                finished.
            BundleError: features of another dimension than the model's.
        """
        return self._finals(self._core.push(feature_rows(features, self.model.metadata)))

    def pending(self) -> Detections:
        """Provisional detections, as if the stream ended with the last certain snippet."""
        found = Detections(*self._core.pending(), mode=self.config.mode)
        return self.model.described(found, self.config)

    def onsets(self) -> list[Onset]:
        """Onsets since the last call: classes that stayed above their alarm threshold."""
        classes = self.model.classes
        return [Onset(one[0], classes[one[0]], *one[1:]) for one in self._core.onsets()]

    def gap(self, snippets: int) -> Detections:
        """Declare `snippets` missing ones: open roots close as at a video's end."""
        return self._finals(self._core.gap(as_count(snippets, "snippets")))

    def finish(self, *, duration: float | None = None) -> Detections:
        """End the stream: compute the last two snippets, close open roots, cut flanks at the end.

        Args:
            duration: of the stream in seconds; default the end of the last snippet.
        """
        if duration is not None:
            duration = as_number(duration, "duration")
        return self._finals(self._core.finish(duration))

    def reset(self) -> None:
        """Back to an empty stream with the same settings."""
        self._core.reset()
        self.statistics = StreamStatistics()

    def save(self) -> bytes:
        """Everything needed to continue, as bytes with version and checksum; C++ can load it."""
        return self._core.save()

    def load(self, state: bytes) -> StreamingLocalizer:
        """Continue from a saved state of the same model and settings; returns self.

        States of version 0.1 can be loaded too.

        Raises:
            ValueError: the bytes are damaged, or of another version, other classes or settings.
        """
        self._core.load(as_bytes(state, "state"))
        self.statistics = StreamStatistics(**self._core.statistics())
        return self

    def _finals(self, found: Any) -> Detections:
        for name, value in self._core.statistics().items():
            setattr(self.statistics, name, value)
        labels, scores, segments, decided = found
        found = Detections(labels, scores, segments, mode=self.config.mode, decided=decided)
        return self.model.described(found, self.config)
