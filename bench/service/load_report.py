"""Finals of the load test against `localize`, and its table."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

import basnet_rt
from bench.service.load_inputs import SNIPPET_SECONDS, Inputs
from bench.tables import machine

# For the same features, activations agree to 1e-5, so crossings move by similar amounts.
SECONDS, SCORE = 0.02, 0.01


@dataclass
class Faults:
    """Finals of all clients that have no partner, or more than one."""

    expected: int = 0
    lost: int = 0  # found by localize, never sent
    foreign: int = 0  # sent, not found by localize
    doubled: int = 0  # sent twice, or a number left out


def _rows(found: Any) -> np.ndarray:
    """(N, 4): label, start, end, score."""
    if isinstance(found, basnet_rt.Detections):
        return np.c_[found.labels, found.segments, found.scores].reshape(-1, 4)
    sent = [event.final.detection for event in found]
    return np.array([(d.label, d.start, d.end, d.score) for d in sent]).reshape(-1, 4)


def _matched(sent: np.ndarray, wanted: np.ndarray) -> int:
    """Pairs within the tolerance, each row in one at most."""
    free = np.ones(len(sent), bool)
    pairs = 0
    for label, start, end, score in wanted:
        near = free & (sent[:, 0] == label) & (np.abs(sent[:, 3] - score) < SCORE)
        near &= (np.abs(sent[:, 1] - start) < SECONDS) & (np.abs(sent[:, 2] - end) < SECONDS)
        if near.any():
            free[np.flatnonzero(near)[0]] = False
            pairs += 1
    return pairs


def compared(finals: list[list[Any]], expected: list[basnet_rt.Detections]) -> Faults:
    """Client by client; `finals` are events in the order of their coming."""
    faults = Faults()
    for events, found in zip(finals, expected, strict=True):
        sent, wanted = _rows(events), _rows(found)
        pairs = _matched(sent, wanted)
        faults.expected += len(wanted)
        faults.lost += len(wanted) - pairs
        faults.foreign += len(sent) - pairs
        numbers = [event.sequence for event in events]
        faults.doubled += len(numbers) - len(set(numbers))
        faults.doubled += numbers != list(range(1, len(numbers) + 1))
    return faults


def markdown(measured: dict[str, Any], faults: Faults, inputs: Inputs, *, load: float) -> str:
    """A paragraph and a table."""
    milliseconds = measured["latencies"] * 1000
    when, resident = np.array(measured["memory"]).T
    clients, snippets = len(inputs.streams), len(inputs.streams[0])
    early = resident[when > min(10.0, when[-1] / 4)][0]
    about = (
        f"{clients} clients, {snippets} snippets each at one every {SNIPPET_SECONDS} s; service "
        f"and clients on one machine: {machine()}; load average before the run {load:.1f}."
    )
    memory = f"{early:.0f} / {resident[-1]:.0f} / {resident.max():.0f} MiB"
    lines = [
        about,
        "",
        "| what | measured |",
        "| --- | --- |",
        f"| finals of `localize` | {faults.expected} |",
        f"| lost, foreign, doubled | {faults.lost}, {faults.foreign}, {faults.doubled} |",
        f"| snippets timed | {len(milliseconds)} of {clients * snippets} |",
        "| push to processed, p50 / p90 / p99 / most | "
        + " / ".join(f"{np.percentile(milliseconds, p):.0f}" for p in (50, 90, 99, 100))
        + " ms |",
        f"| resident memory after 10 s / at the end / most | {memory} |",
    ]
    return "\n".join(lines)
