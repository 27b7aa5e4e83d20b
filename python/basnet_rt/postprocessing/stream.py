"""Post-processing of one stream of activations."""

from __future__ import annotations

from typing import Any

import numpy as np

from basnet_rt import _core
from basnet_rt._errors import InvalidType, InvalidValue
from basnet_rt.config import PostprocessConfig
from basnet_rt.postprocessing.arrays import as_bytes, as_count, as_number, as_numpy, as_vector
from basnet_rt.results import Detections


class StreamPostprocessor:
    """`postprocess` for a stream: returns each detection once later input can no longer change it.

    A detection that `push` returns is final: it is never changed or withdrawn. The size of the
    chunks does not change the finals or their order, bit for bit. The finals equal the result of
    `postprocess` on the whole video. With normalisation or gate "video", nothing becomes final
    before `finish`.

    Memory is bounded by `config.max_duration`; without it, everything since the start is kept.
    Use one object from one thread at a time. A call that raises leaves the state unchanged.

    Args:
        config: mode "continuous".
        num_classes: C.
        snippet_seconds: distance between snippet starts; > 0.

    Raises:
        ValueError: a setting is wrong or does not fit a stream; the message names it.
    """

    def __init__(
        self, config: PostprocessConfig, *, num_classes: int, snippet_seconds: float
    ) -> None:
        if not isinstance(config, PostprocessConfig):
            raise InvalidType(
                f"config is a {type(config).__name__}; it must be a PostprocessConfig"
            )
        self._config = config
        self._core = _core.StreamPostprocessor(
            config.native,
            as_count(num_classes, "num_classes"),
            as_number(snippet_seconds, "snippet_seconds"),
        )

    @property
    def config(self) -> PostprocessConfig:
        return self._config

    @property
    def num_snippets(self) -> int:
        """Snippets seen so far, gaps included: the index of the next one."""
        return self._core.num_snippets

    @property
    def buffered_snippets(self) -> int:
        """Snippets kept for roots that are not final yet."""
        return self._core.buffered_snippets

    @property
    def finished(self) -> bool:
        return self._core.finished

    def push(self, activations: Any, cas: Any = None) -> Detections:
        """Process the next snippets and return the detections that became final.

        Args:
            activations: (N, C) float32, C-contiguous, finite; N may be 0.
            cas: (N, C+1) float32 before activation, background last; for gate "horizon", and for
                gate "video" unless `finish` gets the video scores.

        Returns:
            Finals in the order in which they became final; `decided` has the deciding snippets.

        Raises:
            ValueError: a shape is wrong, there is a NaN or Inf (names snippet and class), or the
                stream is finished.
            TypeError: an array would have to be copied or cast.
        """
        raw = None if cas is None else as_numpy(cas, "cas")
        return self._finals(self._core.push(as_numpy(activations, "activations"), raw))

    def pending(self) -> Detections:
        """The detections that `finish` would add now: provisional, by falling score."""
        return Detections(*self._core.pending(), mode=self._config.mode)

    def gap(self, snippets: int) -> Detections:
        """Declare `snippets` missing ones: open roots close as at a video's end."""
        return self._finals(self._core.gap(as_count(snippets, "snippets")))

    def finish(self, *, duration: float | None = None, video_scores: Any = None) -> Detections:
        """End the stream and return the last finals.

        Args:
            duration: end in seconds, at least the last snippet's centre; default the end of the
                last snippet.
            video_scores: (C,) for gate "video"; default: computed from the `cas` pushed.
        """
        if duration is not None:
            duration = as_number(duration, "duration")
        if video_scores is not None:
            video_scores = as_vector(video_scores, "video_scores", np.float32)
        return self._finals(self._core.finish(duration, video_scores))

    def reset(self) -> None:
        """Back to an empty stream with the same settings."""
        self._core.reset()

    def save(self) -> bytes:
        """The whole state as bytes, with a version and a checksum."""
        return self._core.save()

    def load(self, state: bytes) -> StreamPostprocessor:
        """Continue from a saved state; returns self.

        Raises:
            ValueError: the bytes are damaged, of another version, or of other settings.
        """
        loaded = _core.StreamPostprocessor.load(as_bytes(state, "state"))
        if not loaded.same_settings(self._core):
            raise InvalidValue(
                "state was saved by a stream of other settings: "
                f"{loaded.differing_settings(self._core)}; make this stream with the same ones"
            )
        self._core = loaded
        return self

    def _finals(self, found: Any) -> Detections:
        labels, scores, segments, decided = found
        return Detections(labels, scores, segments, mode=self._config.mode, decided=decided)
