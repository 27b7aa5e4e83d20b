"""Statistics of streams and pools."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass
class StreamStatistics:
    """Counts and times of a stream so far.

    Attributes:
        snippets_in: pushed, gaps not counted.
        finals_out: detections that became final.
        compute_seconds: spent inside `push`, `gap` and `finish`.
        latency_sum, latency_max: decision latency in seconds of stream: the end of the snippet
            whose arrival made a detection final, minus the detection's end.
        features_zeroed: NaN or Inf that became 0.
    """

    snippets_in: int = 0
    finals_out: int = 0
    compute_seconds: float = 0.0
    latency_sum: float = 0.0
    latency_max: float = 0.0
    features_zeroed: int = 0
    pushes: int = 0

    @property
    def mean_latency(self) -> float:
        """Seconds; 0 before the first final."""
        return self.latency_sum / self.finals_out if self.finals_out else 0.0


@dataclass(frozen=True)
class PoolStreamStatistics:
    """Counts and times of one stream of a pool so far.

    Attributes:
        snippets_in: pushed, gaps not counted.
        snippets_queued: pushed, but not yet processed by the network.
        finals_out: detections that became final.
        onsets_out: reported onsets.
        features_zeroed: NaN or Inf that became 0.
        compute_seconds: its share of the time of its batches.
        wait_max: longest wait of a snippet for its batch, in seconds.
        latency_sum, latency_max: decision latency in seconds of stream: the end of the snippet
            whose arrival made a detection final, minus the detection's end.
    """

    snippets_in: int
    snippets_queued: int
    finals_out: int
    onsets_out: int
    features_zeroed: int
    compute_seconds: float
    wait_max: float
    latency_sum: float
    latency_max: float


@dataclass(frozen=True)
class PoolStatistics:
    """Counts of a pool so far; `compute_seconds` is the time in batches and post-processing."""

    streams_open: int
    streams_failed: int
    batches: int
    snippets: int
    largest_batch: int
    snippets_queued: int
    compute_seconds: float
