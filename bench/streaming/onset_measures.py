"""The delay of a stream's onsets, and the number of false ones."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from basnet_rt import Alarm, PostprocessConfig
from basnet_rt.postprocessing.onsets import OnsetDetector
from bench.streaming.latency_measures import Floats, Segments, arrival


@dataclass(frozen=True)
class Events:
    """Onsets by emission: labels (N,), crossed (N,) and emitted (N,) in seconds."""

    labels: npt.NDArray[np.int64]
    crossed: Floats
    emitted: Floats


@dataclass(frozen=True)
class OnsetDelays:
    """delays (K,): first word of a marked segment minus its start, of the K that had any.

    Attributes:
        false_alarms: events that belong to no marked segment.
        repeats: further events of a segment that had one.
        num_truths: marked segments.
        hours: of stream.
    """

    delays: Floats
    false_alarms: int
    repeats: int
    num_truths: int
    hours: float

    @property
    def heard(self) -> float:
        """Share of marked segments with an onset."""
        return len(self.delays) / max(1, self.num_truths)

    @property
    def false_per_hour(self) -> float:
        return self.false_alarms / self.hours


def onsets(
    activations: npt.NDArray[np.float32],
    config: PostprocessConfig,
    alarm: Alarm,
    *,
    seconds: float,
    look_ahead: int = 0,
) -> Events:
    """Push activations (T, C) and write down when each event left the stream."""
    classes = [str(label) for label in range(activations.shape[1])]
    detector = OnsetDetector(alarm, config, classes=classes, snippet_seconds=seconds)
    count = len(activations)
    rows = []
    for i in range(count):
        for event in detector.push(activations[i : i + 1]):
            emitted = arrival(i, look_ahead, count, seconds)
            rows.append((event.label, event.time, emitted))
    table = np.array(rows, np.float64).reshape(-1, 3)
    return Events(table[:, 0].astype(np.int64), table[:, 1], table[:, 2])


def onset_delays(
    events: Events, truth: Segments, *, tolerance: float, duration: float
) -> OnsetDelays:
    """Give each event to a marked segment of its class, or call it a false alarm.

    An event belongs to the segment in which its crossing lies, the earlier one where they touch;
    a crossing up to `tolerance` seconds before the start counts too.
    """
    first: dict[int, float] = {}
    false_alarms = repeats = 0
    for label, crossed, emitted in zip(events.labels, events.crossed, events.emitted, strict=True):
        starts, ends = truth.segments.T
        inside = (truth.labels == label) & (crossed >= starts - tolerance) & (crossed < ends)
        if not inside.any():
            false_alarms += 1
        elif (place := int(np.argmax(inside))) in first:
            repeats += 1
        else:
            first[place] = emitted - truth.segments[place, 0]
    delays = np.array([first[place] for place in sorted(first)])
    return OnsetDelays(delays, false_alarms, repeats, len(truth), duration / 3600)


def pooled_delays(parts: list[OnsetDelays]) -> OnsetDelays:
    """Several streams as one."""
    return OnsetDelays(
        np.concatenate([one.delays for one in parts]),
        sum(one.false_alarms for one in parts),
        sum(one.repeats for one in parts),
        sum(one.num_truths for one in parts),
        sum(one.hours for one in parts),
    )
