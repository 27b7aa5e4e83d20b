"""From the features of a live stream to detections, as early as they are certain."""

from __future__ import annotations

import copy
import dataclasses
import time
from collections.abc import Callable
from typing import Any

import numpy as np

from basnet_rt._errors import InvalidValue
from basnet_rt.config import PostprocessConfig
from basnet_rt.model.model import Model
from basnet_rt.postprocessing.onsets import Alarm, Onset, OnsetDetector
from basnet_rt.postprocessing.stream import StreamPostprocessor
from basnet_rt.results import Detections
from basnet_rt.stream.calls import check_kinds
from basnet_rt.stream.network import NetworkStream, StreamActivations
from basnet_rt.stream.saved import Parts, seal, unseal
from basnet_rt.stream.statistics import StreamStatistics


class StreamingLocalizer:
    """Localizes actions in a stream of features, chunk by chunk.

    Finals equal what `Localizer` finds in the whole: bit for bit from the activations on, which
    agree to 1e-5. With normalisation or gate "video" nothing is final before `finish`; for early
    finals use a bundle whose activations are probabilities, or calibrated ones, with normalisation
    "fixed" and gate "none".

    One object is for one thread at a time. A call that raises leaves the stream as it was.

    Args:
        model: from `load`.
        config: post-processing; None takes the bundle's own.
        alarm: when to report onsets; None reports none.
        zero_bad_features: NaN and Inf become 0 and are counted, instead of raising.
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
        self._post = StreamPostprocessor(
            self.config,
            num_classes=len(model.classes),
            snippet_seconds=model.metadata.snippet_seconds,
        )
        self._network = NetworkStream(model, zero_bad_features=zero_bad_features)
        self._alarm = alarm
        self._onsets = self._new_onsets()
        self._new_onset_events: list[Onset] = []
        self.statistics = StreamStatistics()

    def push(self, features: Any) -> Detections:
        """Take the next (N, F) snippets, N >= 0, and return the detections that became final.

        Raises:
            ValueError: NaN or Inf (names snippet and channel), a wrong shape, or a stream that is
                finished.
            BundleError: features of another dimension than the model's.
        """
        begin = time.perf_counter()
        self._check_open("push")
        before = copy.copy(self._network)  # shallow: a step makes a new state
        try:
            found = self._absorb(self._network.push(features))
        except Exception:
            self._network = before
            raise
        self.statistics.snippets_in += self._network.num_snippets - before.num_snippets
        self.statistics.pushes += 1
        return self._count(found, begin, self._num_arrived())

    def pending(self) -> Detections:
        """What is open now, provisional: as if the stream ended with the last certain snippet."""
        return self._named(self._post.pending())

    def onsets(self) -> list[Onset]:
        """Onsets since the last call: classes that stayed above their alarm threshold."""
        events, self._new_onset_events = self._new_onset_events, []
        return events

    def gap(self, snippets: int) -> Detections:
        """Declare `snippets` missing ones: what is open closes as at a video's end."""
        begin, arrived = time.perf_counter(), self._num_arrived()
        self._check_open("gap")
        found = self._close(lambda: self._post.gap(snippets))
        self._network.first_snippet = self._post.num_snippets
        if self._onsets is not None:
            self._onsets.gap(snippets)
        return self._count(found, begin, arrived)

    def finish(self, *, duration: float | None = None) -> Detections:
        """End the stream: the network's last two snippets, open roots, cut flanks.

        Args:
            duration: of the stream in seconds; default the end of the last snippet.
        """
        begin, arrived = time.perf_counter(), self._num_arrived()
        self._check_open("finish")
        found = self._close(lambda: self._post.finish(duration=duration))
        return self._count(found, begin, arrived)

    def reset(self) -> None:
        """Back to an empty stream with the same settings."""
        self._post.reset()
        self._network.reset()
        self._network.num_zeroed = 0
        self._onsets = self._new_onsets()
        self._new_onset_events = []
        self.statistics = StreamStatistics()

    def save(self) -> bytes:
        """Everything needed to go on, as bytes with a version and a checksum."""
        about = {
            "statistics": dataclasses.asdict(self.statistics),
            "classes": list(self.model.classes),
            "alarm": self._alarm_values(),
            "onset_events": self._new_onset_events,
        }
        onsets = b"" if self._onsets is None else self._onsets.save()
        return seal(Parts(about, self._network.save(), self._post.save(), onsets))

    def load(self, state: bytes) -> StreamingLocalizer:
        """Continue where `state` was saved, with the same model and settings; returns self.

        Raises:
            ValueError: damaged bytes, another version, other classes or settings.
        """
        about, network, post, alarm = unseal(state)
        if about["classes"] != list(self.model.classes):
            raise InvalidValue(
                f"state is of a model with classes {about['classes']}; this one has "
                f"{list(self.model.classes)}"
            )
        onsets = self._new_onsets()
        if about["alarm"] != self._alarm_values():
            raise InvalidValue(
                f"state has alarm (thresholds, hold) {about['alarm']}; this stream has "
                f"{self._alarm_values()}"
            )
        if onsets is not None:
            onsets.load(alarm)
        loaded = copy.copy(self._network)
        loaded.load(network)
        self._post.load(post)
        self._network = loaded
        self._onsets = onsets
        self._new_onset_events = [Onset(*event) for event in about["onset_events"]]
        self.statistics = StreamStatistics(**about["statistics"])
        return self

    def _absorb(self, certain: StreamActivations) -> Detections:
        cas = None if self.config.gate == "none" else certain.cas
        found = self._post.push(certain.activations, cas=cas)
        if self._onsets is not None:
            self._new_onset_events += self._onsets.push(certain.activations)
        return found

    def _close(self, last: Callable[[], Detections]) -> Detections:
        """The network's last snippets, then what `last` adds; where it raises, neither happened."""
        before, post = copy.copy(self._network), self._post.save()
        onsets = None if self._onsets is None else self._onsets.save()
        num_events = len(self._new_onset_events)
        try:
            return _joined([self._absorb(self._network.flush()), last()])
        except Exception:
            self._network = before
            self._post.load(post)
            if self._onsets is not None and onsets is not None:
                self._onsets.load(onsets)
            del self._new_onset_events[num_events:]
            raise

    def _num_arrived(self) -> int:
        """Snippets that came in, gaps included: the network is up to two ahead."""
        return self._post.num_snippets + min(2, self._network.num_snippets)

    def _new_onsets(self) -> OnsetDetector | None:
        if self._alarm is None:
            return None
        return OnsetDetector(
            self._alarm,
            self.config,
            classes=self.model.classes,
            snippet_seconds=self.model.metadata.snippet_seconds,
        )

    def _alarm_values(self) -> list[Any] | None:
        alarm = self._alarm
        return None if alarm is None else [alarm.thresholds(self.model.classes), float(alarm.hold)]

    def _check_open(self, call: str) -> None:
        if self._post.finished:
            raise InvalidValue(f"{call} after finish; reset the stream or make a new one")

    def _named(self, found: Detections) -> Detections:
        return dataclasses.replace(found, classes=self.model.classes)

    def _count(self, found: Detections, begin: float, arrived: int) -> Detections:
        statistics = self.statistics
        statistics.finals_out += len(found)
        statistics.features_zeroed = self._network.num_zeroed
        if len(found) and found.decided is not None:
            # `decided` counts certain snippets; the network is two ahead of them until the end.
            seen = np.minimum(found.decided + 3, arrived) * self.model.metadata.snippet_seconds
            latency = seen - found.segments[:, 1]
            statistics.latency_sum += float(latency.sum())
            statistics.latency_max = max(statistics.latency_max, float(latency.max()))
        statistics.compute_seconds += time.perf_counter() - begin
        return self._named(found)


def _joined(parts: list[Detections]) -> Detections:
    fields = ("labels", "scores", "segments", "decided")
    columns = [np.concatenate([getattr(part, name) for part in parts]) for name in fields]
    labels, scores, segments, decided = columns
    return Detections(labels, scores, segments, mode=parts[0].mode, decided=decided)
