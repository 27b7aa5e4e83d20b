"""Times two ways of doing the same work in one run, in turn, and reports their ratio.

The machine may be shared: single times mean little, so the two alternate and every figure is a
median with its quartiles. A benchmark checks that both give the same answer before it calls this.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Comparison:
    """Seconds per call of each side and the ratio rival / ours, one entry per round."""

    rival: np.ndarray
    ours: np.ndarray

    @property
    def ratios(self) -> np.ndarray:
        return self.rival / self.ours


def seconds_per_call(work: Callable[[], object], at_least: float) -> float:
    """Mean over as many calls as fill `at_least` seconds; one call if that is longer."""
    calls = 0
    begin = time.perf_counter()
    while True:
        work()
        calls += 1
        elapsed = time.perf_counter() - begin
        if elapsed >= at_least:
            return elapsed / calls


def compare(
    rival: Callable[[], object],
    ours: Callable[[], object],
    *,
    rounds: int = 15,
    at_least: float = 0.02,
) -> Comparison:
    """Alternates the two, after one call of each that does not count."""
    rival()
    ours()
    pairs = [
        (seconds_per_call(rival, at_least), seconds_per_call(ours, at_least)) for _ in range(rounds)
    ]
    return Comparison(np.array([pair[0] for pair in pairs]), np.array([pair[1] for pair in pairs]))


def quartiles(values: np.ndarray, scale: float = 1.0, digits: int = 1) -> str:
    """median [lower quartile, upper quartile]."""
    low, middle, high = np.quantile(values * scale, [0.25, 0.5, 0.75])
    return f"{middle:.{digits}f} [{low:.{digits}f}, {high:.{digits}f}]"


def row(name: str, result: Comparison, unit: str = "ms") -> str:
    """One line of a table: both times and the ratio."""
    scale = {"s": 1.0, "ms": 1e3, "us": 1e6}[unit]
    return (
        f"| {name} | {quartiles(result.rival, scale, 2)} {unit} | "
        f"{quartiles(result.ours, scale, 3)} {unit} | {quartiles(result.ratios)}x |"
    )


HEADER = "| work | rival | ours | rival / ours |\n| --- | --- | --- | --- |"
