"""One case, measured in this process; `cli/bench_case.py` is the program around it."""

from __future__ import annotations

import time
from typing import Any

import numpy as np

from basnet_rt._errors import Error
from basnet_rt.benchmark.cases import Setup
from basnet_rt.benchmark.machine import peak_memory
from basnet_rt.benchmark.measures import (
    CHECKED_SNIPPETS,
    VIDEO_SNIPPETS,
    Measured,
    difference,
    made_features,
    push_seconds,
    streams_in_real_time,
    video_seconds,
)
from basnet_rt.model.loading import load
from basnet_rt.model.model import Model

# Tolerances for the CAS, as a share of the largest value of the float32 reference: for float32 of
# another engine, whose sums have another order, and for weights in fewer bits.
TOLERANCE = {"float32": 1e-4, "bfloat16": 5e-2, "int8": 1e-1}
SHARES = {"push": 0.15, "video": 0.25, "streams": 0.6}  # of the time to measure


def _load(bundle: str, case: Setup) -> Model:
    engine: Any = case.engine
    model = load(bundle, engine=engine, dtype=case.dtype, num_threads=case.threads)
    if case.engine == "torch":
        import torch

        torch.set_num_threads(case.threads)
    return model


def run(bundle: str, case: Setup, wanted: np.ndarray[Any, Any], budget: float) -> Measured:
    """All measures of one case, in this process.

    Raises:
        Error: its output differs from float32's by more than the tolerance of the dtype.
    """
    begin = time.perf_counter()
    model = _load(bundle, case)
    loaded = time.perf_counter() - begin
    apart = difference(model, made_features(CHECKED_SNIPPETS, model.feature_dim), wanted)
    if not apart <= TOLERANCE[case.dtype]:
        raise Error(
            f"the CAS is {apart:.2g} from that of float32 where {TOLERANCE[case.dtype]:g} is "
            "allowed: nothing was timed"
        )
    pushes = push_seconds(model, SHARES["push"] * budget)
    video = float(np.median(video_seconds(model, SHARES["video"] * budget)))
    memory = peak_memory()  # before a pool of thousands of streams
    streams = streams_in_real_time(model, SHARES["streams"] * budget)
    p50, p99 = np.quantile(pushes, [0.5, 0.99]).tolist()
    return Measured(apart, loaded, memory, p50, p99, video, VIDEO_SNIPPETS / video, streams)
