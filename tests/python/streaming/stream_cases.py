"""Feeding streams in every way, and comparing what came out bit by bit.

A recording is a list of sections and gaps: `Rows` that are pushed in some chunks, and integers
that are declared as gaps.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, NamedTuple

import numpy as np
from post_cases import Video

import basnet_rt
from basnet_rt import Detections, PostprocessConfig, StreamPostprocessor


class Finals(NamedTuple):
    """Finals of a whole stream in their order."""

    labels: np.ndarray
    scores: np.ndarray
    segments: np.ndarray
    decided: np.ndarray

    def __eq__(self, other: object) -> bool:
        return all(np.array_equal(a, b) for a, b in zip(self, other, strict=True))

    __hash__ = None


def joined(parts: Iterable[Detections]) -> Finals:
    """What several calls returned, as one."""
    parts = list(parts)
    columns = [np.concatenate([getattr(p, name) for p in parts]) for name in Finals._fields]
    return Finals(*columns)


def as_set(found: Any) -> list[tuple[int, float, float, float]]:
    """Exact rows in an order of their own, for results whose orders differ by contract."""
    rows = zip(found.labels, found.scores, found.segments, strict=True)
    return sorted((int(c), float(start), float(end), float(s)) for c, s, (start, end) in rows)


class Rows(NamedTuple):
    """Activations (T, C) and raw CAS (T, C+1) of an unbroken stretch."""

    activations: np.ndarray
    cas: np.ndarray

    def __len__(self) -> int:
        return len(self.activations)


def rows_of(video: Video) -> Rows:
    return Rows(video.cas, video.raw_cas)


def one_by_one(count: int) -> list[int]:
    return [1] * count


def at_once(count: int) -> list[int]:
    return [count]


def random_chunks(seed: int) -> Callable[[int], list[int]]:
    """Sizes from zero to all that is left."""
    rng = np.random.default_rng(seed)

    def chunks(count: int) -> list[int]:
        sizes = [0]
        while sum(sizes) < count:
            most = count - sum(sizes)
            sizes.append(int(rng.integers(0, most + 1 if rng.random() < 0.2 else min(most, 4) + 1)))
        return sizes

    return chunks


Make = Callable[[], StreamPostprocessor]
Between = Callable[[StreamPostprocessor, Make], StreamPostprocessor]


def unchanged(stream: StreamPostprocessor, make: Make) -> StreamPostprocessor:
    return stream


def revived(stream: StreamPostprocessor, make: Make) -> StreamPostprocessor:
    """The stream after its process died: another object, made of saved bytes."""
    return make().load(stream.save())


def feed(
    make: Make,
    recording: Iterable[Rows | int],
    chunks: Callable[[int], list[int]] = at_once,
    between: Between = unchanged,
) -> tuple[StreamPostprocessor, list[Detections]]:
    """Pushes a recording; `between` runs before every call and may replace the stream."""
    stream, found = make(), []
    for part in recording:
        if isinstance(part, int):
            stream = between(stream, make)
            found.append(stream.gap(part))
            continue
        start = 0
        for size in chunks(len(part)):
            stream = between(stream, make)
            rows = slice(start, start + size)
            found.append(stream.push(part.activations[rows], cas=part.cas[rows]))
            start += size
    return between(stream, make), found


def maker(config: PostprocessConfig, num_classes: int, snippet_seconds: float) -> Make:
    return lambda: StreamPostprocessor(
        config, num_classes=num_classes, snippet_seconds=snippet_seconds
    )


def run(
    config: PostprocessConfig,
    recording: Iterable[Rows | int],
    chunks: Callable[[int], list[int]] = at_once,
    between: Between = unchanged,
    *,
    snippet_seconds: float,
    **at_finish: Any,
) -> Finals:
    """All finals of a recording, those of `finish` last."""
    recording = list(recording)
    num_classes = next(p.activations.shape[1] for p in recording if not isinstance(p, int))
    make = maker(config, num_classes, snippet_seconds)
    stream, found = feed(make, recording, chunks, between)
    return joined([*found, stream.finish(**at_finish)])


def finish_of(video: Video) -> dict[str, Any]:
    """Arguments of `finish`: a stream cannot end before its last snippet's centre."""
    least = (len(video.cas) - 0.5) * video.snippet_seconds
    duration = video.duration
    fits = duration is None or duration >= least
    return {"duration": duration if fits else None, "video_scores": video.video_scores}


def offline(video: Video, config: PostprocessConfig) -> Detections:
    """`postprocess` of the whole, with the duration that the stream gets."""
    duration = finish_of(video)["duration"]
    timing = {"snippet_seconds": video.snippet_seconds, "duration": duration}
    return basnet_rt.postprocess(*video.arrays(), config, raw_cas=video.raw_cas, **timing)
