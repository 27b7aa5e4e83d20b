"""Runs each case in its own process, so that it has its own memory, kernel and threads."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np

from basnet_rt.benchmark.cases import Setup
from basnet_rt.benchmark.measures import CHECKED_SNIPPETS, Measured, made_features
from basnet_rt.model.loading import load

# Seconds that a process needs before it measures; they are subtracted from the total time.
START = {"native": 0.7, "torch": 4.0}
LEAST = 1.0  # seconds of measuring that every case gets


def measure(
    bundle: Path, cases: Sequence[Setup], seconds: float
) -> Iterator[tuple[Setup, Measured | str]]:
    """Each case with its measures, or the reason of a failure; cases run one after the other.

    Args:
        seconds: approximate time for all cases together.

    Raises:
        BundleError: as `load`.
    """
    left = seconds - sum(START[case.engine] for case in cases)
    budget = max(LEAST, left / len(cases))
    with tempfile.TemporaryDirectory() as folder:
        wanted = Path(folder) / "cas.npy"
        np.save(wanted, _reference(bundle))
        for case in cases:
            yield case, _in_a_process(bundle, case, wanted, budget)


def _reference(bundle: Path) -> np.ndarray[Any, Any]:
    """The CAS in float32 from the default engine; for int8 weights, the CAS in int8."""
    model = load(bundle)
    if model.dtype == "bfloat16":
        model = load(bundle, dtype="float32")
    cas = model.forward_with_cas(made_features(CHECKED_SNIPPETS, model.feature_dim)).cas
    return np.asarray(cas)


def _in_a_process(bundle: Path, case: Setup, wanted: Path, budget: float) -> Measured | str:
    job = {"bundle": str(bundle), "case": asdict(case), "wanted": str(wanted), "budget": budget}
    environment = {**os.environ, "OMP_NUM_THREADS": str(case.threads)}
    if case.engine == "native":
        environment["BASNET_RT_FORCE_KERNEL"] = case.kernel
    done = subprocess.run(
        [sys.executable, "-m", "basnet_rt.cli.bench_case", json.dumps(job)],
        capture_output=True,
        text=True,
        env=environment,
    )
    if done.returncode != 0:
        lines = done.stderr.strip().splitlines()
        return lines[-1] if lines else f"the process ended with {done.returncode}"
    return Measured(**json.loads(done.stdout.splitlines()[-1]))
