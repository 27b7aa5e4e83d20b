"""Measurements of one loaded model: pushes, whole videos, and streams in real time."""

from __future__ import annotations

import heapq
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from basnet_rt.config import PostprocessConfig
from basnet_rt.localize.localizer import Localizer
from basnet_rt.model.model import Model
from basnet_rt.stream.localizer import StreamingLocalizer
from basnet_rt.stream.pool import StreamPool

Float32Array = npt.NDArray[np.float32]

VIDEO_SNIPPETS = 750
CHECKED_SNIPPETS = 40
LATENCY_LIMIT = 0.1  # seconds, of the 99th percentile of streams in real time
MAX_BATCH = 64
TRIALS = 6
MOST_STREAMS = 8192  # most streams to try; opening more takes longer than serving them
WARM_UP = 5


@dataclass(frozen=True)
class Measured:
    """One case on this machine; times in seconds.

    Attributes:
        difference: largest difference of the CAS from float32's, divided by the latter's maximum.
        load: from the call of `load` to a model that can run, torch's import included.
        memory: peak memory of the process in bytes; None if the system does not report it.
        push_p50, push_p99: percentiles for pushing one snippet into one stream.
        video: median for one video of 750 snippets, from features to segments.
        snippets_per_second: for that video.
        streams: in real time on one pool, with the 99th percentile of latency under 0.1 s; no more
            than 8192 are tried.
    """

    difference: float
    load: float
    memory: int | None
    push_p50: float
    push_p99: float
    video: float
    snippets_per_second: float
    streams: int


def made_features(num_snippets: int, feature_dim: int, seed: int = 0) -> Float32Array:
    """(T, F) float32, non-negative: noise around a level that changes every 12 snippets."""
    rng = np.random.default_rng(seed)
    levels = rng.standard_normal((num_snippets // 12 + 1, feature_dim), np.float32)
    noise = rng.standard_normal((num_snippets, feature_dim), np.float32)
    rows: Float32Array = np.abs(levels.repeat(12, axis=0)[:num_snippets] + noise)
    return rows


def difference(model: Model, features: Float32Array, want: Float32Array) -> float:
    """Largest difference of the CAS from `want`, as a share of its largest absolute value."""
    got = model.forward_with_cas(features).cas
    return float(np.abs(got - want).max() / (np.abs(want).max() or 1.0))


def live_config(model: Model) -> PostprocessConfig:
    """The bundle's settings, changed as far as necessary for early finals."""
    fields: dict[str, Any] = {"mode": "continuous", "normalisation": "fixed", "gate": "none"}
    if model.config.normalisation != "fixed" and model.metadata.calibration is None:
        fields |= {"fixed_lo": 0.0, "fixed_hi": 1.0}
    return model.configure(**fields).replace(max_duration=60.0)


def push_seconds(model: Model, budget: float) -> npt.NDArray[np.float64]:
    """Seconds of each push of one snippet into one stream."""
    stream = StreamingLocalizer(model, live_config(model))
    rows = made_features(32, model.feature_dim)
    calls = iter(range(10**9))

    def push() -> None:
        at = next(calls) % len(rows)
        stream.push(rows[at : at + 1])

    return _repeated(push, budget, at_least=30, at_most=1000)


def video_seconds(model: Model, budget: float) -> npt.NDArray[np.float64]:
    """Seconds of each whole video, from features to segments."""
    localizer = Localizer(model)
    features = made_features(VIDEO_SNIPPETS, model.feature_dim)
    return _repeated(lambda: localizer(features), budget, at_least=3, at_most=50, warm_up=1)


def _repeated(
    work: Callable[[], object],
    budget: float,
    *,
    at_least: int,
    at_most: int,
    warm_up: int = WARM_UP,
) -> npt.NDArray[np.float64]:
    for _ in range(warm_up):
        work()
    times: list[float] = []
    end = time.perf_counter() + budget
    while len(times) < at_least or (time.perf_counter() < end and len(times) < at_most):
        begin = time.perf_counter()
        work()
        times.append(time.perf_counter() - begin)
    return np.array(times)


def streams_in_real_time(model: Model, budget: float) -> int:
    """The most streams whose 99th percentile of latency stays under the limit, to 2 %.

    Each stream delivers a snippet every `snippet_seconds`, with its own phase. One thread takes up
    to 64 of the oldest due snippets, pushes them into a pool and runs a batch. Work takes its real
    time; when there is no work, the simulated clock jumps to the next snippet.
    """
    bench = _Bench(model, budget / TRIALS)
    low, high = 0, min(int(1.2 * bench.most()) + 1, MOST_STREAMS)
    if bench.holds(high):  # the limit is reached, or the estimate was too low
        return high
    for _ in range(TRIALS):
        middle = (low + high) // 2 if low == 0 else int((low * high) ** 0.5)
        if middle == low:
            break
        if bench.holds(middle):
            low = middle
        else:
            high = middle
    return low


class _Bench:
    """Trials of one model.

    Args:
        seconds: stream time of each trial.
    """

    def __init__(self, model: Model, seconds: float) -> None:
        self._model, self._seconds = model, seconds
        self._config = live_config(model)
        self._period = model.metadata.snippet_seconds
        self._rows = [made_features(1, model.feature_dim, seed) for seed in range(32)]

    def most(self) -> float:
        """The number of streams that full batches without pause could serve."""
        with self._pool(MAX_BATCH) as pool:
            ids = [pool.open() for _ in range(MAX_BATCH)]
            times = _repeated(lambda: self._batch(pool, ids), 0.2, at_least=5, at_most=50)
        return MAX_BATCH * self._period / float(np.median(times))

    def holds(self, streams: int) -> bool:
        """Whether so many streams keep the latency limit."""
        pool = self._pool(streams)
        ids = [pool.open() for _ in range(streams)]
        phases = np.random.default_rng(streams).uniform(0, self._period, streams)
        due = [(phase, i) for i, phase in enumerate(phases.tolist())]
        heapq.heapify(due)
        late = self._serve(pool, ids, due)
        pool.shutdown(drain=False)
        return late is not None and float(np.quantile(late, 0.99)) < LATENCY_LIMIT

    def _serve(
        self, pool: StreamPool, ids: list[int], due: list[tuple[float, int]]
    ) -> list[float] | None:
        """The latency of every snippet, in seconds; None if the streams fall behind.

        A short trial cannot show how far a backlog would grow, but it shows that there always is
        one: every batch of the second half is full.
        """
        now, caught_up, late = 0.0, 0.0, []
        seconds = max(self._seconds, self._period)
        while due[0][0] < seconds:
            now = max(now, due[0][0])
            if now - due[0][0] > 3 * LATENCY_LIMIT:
                return None
            taken: list[tuple[float, int]] = []
            while due[0][0] <= now and len(taken) < MAX_BATCH:
                at, i = due[0]
                heapq.heapreplace(due, (at + self._period, i))
                taken.append((at, i))
            caught_up = now if len(taken) < MAX_BATCH else caught_up
            begin = time.perf_counter()
            self._batch(pool, [ids[i] for _, i in taken])
            now += time.perf_counter() - begin
            late += [now - at for at, _ in taken]
        return late if caught_up >= seconds / 2 else None

    def _pool(self, streams: int) -> StreamPool:
        options: dict[str, Any] = {"max_batch": MAX_BATCH, "max_streams": streams}
        return StreamPool(self._model, self._config, threaded=False, **options)

    def _batch(self, pool: StreamPool, ids: list[int]) -> None:
        for stream in ids:
            pool.push(stream, self._rows[stream % len(self._rows)])
        while pool.step(force=True):
            pass
