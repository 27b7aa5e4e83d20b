"""Latency of finals and onsets: their emission held against marked segments.

All times are seconds of stream. What a push returns was emitted at the end of the last snippet that
had arrived by then.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from basnet_rt import PostprocessConfig, StreamPostprocessor

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
QUANTILES = (0.1, 0.5, 0.9, 0.99, 1.0)


@dataclass(frozen=True)
class Segments:
    """Marked actions: labels (M,) int64, segments (M, 2) seconds, half-open."""

    labels: Ints
    segments: Floats

    def __len__(self) -> int:
        return len(self.labels)


@dataclass(frozen=True)
class Finals:
    """A stream's finals, in the order of emission.

    labels (N,), scores (N,), segments (N, 2) and emitted (N,): when each left the stream.
    """

    labels: Ints
    scores: Floats
    segments: Floats
    emitted: Floats

    def __len__(self) -> int:
        return len(self.labels)


def arrival(snippet: int, look_ahead: int, num_snippets: int, seconds: float) -> float:
    """End of the snippet whose arrival makes `snippet` certain; the stream's end at the latest."""
    return min(snippet + 1 + look_ahead, num_snippets) * seconds


def stream(
    activations: npt.NDArray[np.float32],
    cas: npt.NDArray[np.float32],
    config: PostprocessConfig,
    *,
    seconds: float,
    look_ahead: int = 0,
) -> Finals:
    """Push activations (T, C), with cas (T, C+1), one snippet at a time; then finish."""
    count = len(activations)
    post = StreamPostprocessor(config, num_classes=activations.shape[1], snippet_seconds=seconds)
    raw = None if config.gate == "none" else cas
    found = []
    for i in range(count):
        part = post.push(activations[i : i + 1], None if raw is None else raw[i : i + 1])
        if len(part):
            found.append((part, arrival(i, look_ahead, count, seconds)))
    found.append((post.finish(), count * seconds))
    emitted = [np.full(len(part), time) for part, time in found]
    columns = ("labels", "scores", "segments")
    joined = [np.concatenate([getattr(part, name) for part, _ in found]) for name in columns]
    return Finals(joined[0], joined[1].astype(np.float64), joined[2], np.concatenate(emitted))


def tious(segment: Floats, others: Floats) -> Floats:
    """(M,) intersection over union of one [start, end) with (M, 2) others."""
    inter = np.minimum(segment[1], others[:, 1]) - np.maximum(segment[0], others[:, 0])
    inter = inter.clip(min=0)
    union = (segment[1] - segment[0]) + (others[:, 1] - others[:, 0]) - inter
    return np.divide(inter, union, out=np.zeros_like(inter), where=union > 0)


def match(found: Finals, truth: Segments, tiou: float) -> Ints:
    """(M,) the final that finds each marked segment, -1 for none, as `evaluate` pairs them.

    Finals by falling score (equal ones as emitted) each take the free segment of their class with
    the highest tIoU of at least `tiou`, of equal ones the last.
    """
    taken = np.full(len(truth), -1)
    for i in np.argsort(-found.scores, kind="stable"):
        free = (truth.labels == found.labels[i]) & (taken < 0)
        overlaps = np.where(free, tious(found.segments[i], truth.segments), -1.0)
        if len(overlaps) and overlaps.max() >= tiou:
            taken[len(overlaps) - 1 - np.argmax(overlaps[::-1])] = i
    return taken


@dataclass(frozen=True)
class Latencies:
    """Of the marked segments that were found, K of `num_truths`; seconds.

    after_end (K,): emission minus the marked end; after_detected (K,): minus the final's own end.
    """

    after_end: Floats
    after_detected: Floats
    num_truths: int

    @property
    def found(self) -> float:
        """Share of marked segments that some final finds."""
        return len(self.after_end) / max(1, self.num_truths)

    @property
    def early(self) -> float:
        """Share of found segments that were decided before their marked end; NaN for none."""
        return float(np.mean(self.after_end < 0)) if len(self.after_end) else float("nan")


def latencies(found: Finals, truth: Segments, tiou: float) -> Latencies:
    """Decision latency of every marked segment that a final finds."""
    taken = match(found, truth, tiou)
    hit = taken >= 0
    emitted = found.emitted[taken[hit]]
    ends = found.segments[taken[hit], 1]
    return Latencies(emitted - truth.segments[hit, 1], emitted - ends, len(truth))


def pooled(parts: list[Latencies]) -> Latencies:
    """Several streams as one."""
    after_end = np.concatenate([one.after_end for one in parts])
    after_detected = np.concatenate([one.after_detected for one in parts])
    return Latencies(after_end, after_detected, sum(one.num_truths for one in parts))


def quantiles(values: Floats) -> list[float]:
    """p10, p50, p90, p99 and the most; NaN where there is nothing."""
    if not len(values):
        return [float("nan")] * len(QUANTILES)
    return [float(value) for value in np.quantile(values, QUANTILES)]
