"""One data set under one post-processing: accuracy, and how late each answer came."""

from __future__ import annotations

import dataclasses
import statistics
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from basnet_rt import Detections, PostprocessConfig, evaluate
from bench.streaming.latency_measures import Finals, Latencies, latencies, pooled, quantiles, stream
from bench.streaming.recordings import SNIPPET_SECONDS, DataSet, Recording
from bench.tables import TIOU_THRESHOLDS

FOUND_AT = 0.5  # tIoU from which a marked segment counts as found

Changes = Mapping[str, Any]


@dataclasses.dataclass(frozen=True)
class Measured:
    """maps: average mAP@0.1:0.7 in percent, one a group; latency: of all streams together."""

    maps: tuple[float, ...]
    latency: Latencies
    num_finals: int

    @property
    def mean_map(self) -> float:
        return statistics.fmean(self.maps)

    @property
    def p50(self) -> float:
        """Seconds from the marked end to the emission, middle of the found segments."""
        return quantiles(self.latency.after_end)[1]

    @property
    def p90(self) -> float:
        return quantiles(self.latency.after_end)[2]

    def against(self, other: Measured) -> tuple[float, float]:
        """Difference in mean mAP, and its standard error over the groups, paired."""
        gaps = [a - b for a, b in zip(self.maps, other.maps, strict=True)]
        return statistics.fmean(gaps), statistics.stdev(gaps) / len(gaps) ** 0.5

    def to_dict(self) -> dict[str, Any]:
        """Plain values, fit for JSON."""
        return {
            "map": list(self.maps),
            "finals": self.num_finals,
            "found": self.latency.found,
            "before_end": self.latency.early,
            "after_end": quantiles(self.latency.after_end),
            "after_detected": quantiles(self.latency.after_detected),
        }


def measure(data: DataSet, changes: Changes) -> Measured:
    """Stream every recording with changed settings."""
    config = changed(data, changes)
    maps, parts, count = [], [], 0
    for group in data.groups:
        finals = {one.name: streamed(one, config) for one in group}
        maps.append(average_map(data.classes, group, finals))
        parts += [latencies(finals[one.name], one.truth, FOUND_AT) for one in group]
        count += sum(map(len, finals.values()))
    return Measured(tuple(maps), pooled(parts), count)


def changed(data: DataSet, changes: Changes) -> PostprocessConfig:
    """`lowest` drops thresholds below it, or adds down to it; the rest are fields."""
    fields = dict(changes)
    lowest = fields.pop("lowest", None)
    if lowest is not None:
        first = round(20 * lowest)
        fields["cas_thresholds"] = [k / 20 for k in range(first, 19)]
    return data.config.replace(**fields)


def streamed(one: Recording, config: PostprocessConfig) -> Finals:
    return stream(
        one.activations, one.cas, config, seconds=SNIPPET_SECONDS, look_ahead=one.look_ahead
    )


def average_map(
    classes: Sequence[str], group: Sequence[Recording], finals: Mapping[str, Finals]
) -> float:
    """In percent, by the shipped evaluator; classes that the group lacks are left out."""
    truth = {one.name: annotated(one, classes) for one in group}
    found = {
        name: Detections(
            one.labels, one.scores.astype(np.float32), one.segments, classes=tuple(classes)
        )
        for name, one in finals.items()
    }
    report = evaluate(
        {"database": truth},
        found,
        subset="test",
        tiou_thresholds=TIOU_THRESHOLDS,
        unknown_labels="ignore",
    )
    return 100 * report.average_map


def annotated(one: Recording, classes: Sequence[str]) -> dict[str, Any]:
    """The recording's truth in ActivityNet form."""
    rows = zip(one.truth.labels, one.truth.segments.tolist(), strict=True)
    annotations = [{"label": classes[label], "segment": segment} for label, segment in rows]
    return {"subset": "test", "annotations": annotations}
