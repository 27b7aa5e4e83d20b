"""What the states of `saved_0_1` were made of, and how each stream goes on.

Every setting that a case can change differs from its default, so that a state which is read with a
field left out, or two of them swapped, is refused or goes on differently.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from basnet_rt import Alarm, PostprocessConfig, StreamPostprocessor
from basnet_rt.postprocessing import OnsetDetector

FOLDER = Path(__file__).resolve().parent / "saved_0_1"
CLASSES = ("Jump", "Run", "Swim")
NUM_CLASSES, FEATURE_DIM = len(CLASSES), 8
SNIPPET = 0.64  # seconds

_ALL_CHANGED = {
    "class_threshold": 0.2,
    "upsample": 12,
    "outer_ratio": 0.3,
    "score_weight": 0.15,
    "nms_iou": 0.6,
    "soft_sigma": 0.4,
    "soft_min_score": -5.0,
    "min_duration": 0.1,
    "merge_gap": 0.7,
    "max_duration": 12.0,
    "max_lookahead": 2.5,
    "topk_divisor": 4,
}
CONFIGS = {
    "fixed": PostprocessConfig.continuous(
        normalisation="fixed",
        fixed_lo=(0.05, 0.0, 0.1),
        fixed_hi=(0.95, 0.9, 1.1),
        gate="none",
        nms="gaussian",
        cas_thresholds=(0.2, 0.35, 0.5),
        **_ALL_CHANGED,
    ),
    "horizon": PostprocessConfig.continuous(
        normalisation="horizon",
        gate="horizon",
        horizon=9.5,
        nms="linear",
        score_function="sigmoid",
        keep_top1=True,
        cas_thresholds=(0.3, 0.6),
        **_ALL_CHANGED,
    ),
}
NAMES = tuple(CONFIGS)
# Of streams of features: the look-ahead of a network, and onsets.
ALARM = Alarm(0.4, hold=0.7)


def post(name: str) -> StreamPostprocessor:
    return StreamPostprocessor(CONFIGS[name], num_classes=NUM_CLASSES, snippet_seconds=SNIPPET)


def onset(name: str) -> OnsetDetector:
    return OnsetDetector(ALARM, CONFIGS[name], classes=CLASSES, snippet_seconds=SNIPPET)


def post_continued(stream: StreamPostprocessor, rows: dict[str, np.ndarray]) -> dict[str, Any]:
    """Finals of the rest of the stream, with a gap in the middle of it."""
    half = len(rows["activations"]) // 2
    parts = []
    for piece in (slice(None, half), slice(half, None)):
        cas = np.ascontiguousarray(rows["cas"][piece])
        parts.append(stream.push(np.ascontiguousarray(rows["activations"][piece]), cas=cas))
        if piece.start is None:
            parts.append(stream.gap(3))
    parts.append(stream.finish())
    return columns(parts)


def columns(parts: list[Any]) -> dict[str, np.ndarray]:
    """What several calls returned, as one array per column."""
    names = ("labels", "scores", "segments", "decided")
    return {name: np.concatenate([getattr(part, name) for part in parts]) for name in names}


def onset_rows(events: list[Any]) -> np.ndarray:
    """(N, 4): label, time, deciding snippet, activation."""
    rows = [[event.label, event.time, event.decided, event.activation] for event in events]
    return np.array(rows, np.float64).reshape(-1, 4)


def localizer_continued(stream: Any, features: np.ndarray) -> dict[str, np.ndarray]:
    """Finals and onsets of the rest of a stream of features; those not yet taken come first."""
    onsets = stream.onsets()
    half = len(features) // 2
    parts = [stream.push(features[:half]), stream.gap(2), stream.push(features[half:])]
    parts.append(stream.finish())
    return {**columns(parts), "onsets": onset_rows(onsets + stream.onsets())}


def pool_continued(pool: Any, stream: int, features: np.ndarray) -> dict[str, np.ndarray]:
    """As `localizer_continued`, by a pool without a thread."""
    half = len(features) // 2
    parts = [pool.push(stream, features[:half])]
    while pool.step(force=True):
        pass
    pool.gap(stream, 2)
    parts.append(pool.push(stream, features[half:]))
    pool.end(stream)
    while pool.step(force=True):
        pass
    onsets = onset_rows(pool.onsets(stream))
    parts.append(pool.close(stream))
    return {**columns(parts), "onsets": onsets}


class Arithmetic:
    """A network with one snippet of look-ahead; each slot by itself, so every bit is settled."""

    def __init__(self) -> None:
        self.last: dict[int, np.ndarray | None] = {}

    def step(self, slots: np.ndarray, fresh: np.ndarray, rows: np.ndarray) -> tuple[Any, ...]:
        return self._stack([self._one(*one) for one in zip(slots, fresh, rows, strict=True)])

    def flush(self, slots: np.ndarray) -> tuple[Any, ...]:
        return self._stack([self.last[int(slot)][None] for slot in slots])

    def save(self, slot: int) -> bytes:
        return self.last[slot].tobytes()

    def load(self, slot: int, state: bytes) -> None:
        self.last[slot] = np.frombuffer(state, np.float32)

    def _one(self, slot: int, fresh: bool, rows: np.ndarray) -> np.ndarray:
        last = None if fresh else self.last.get(int(slot))
        whole = rows if last is None else np.concatenate([last[None], rows])
        self.last[int(slot)] = whole[-1].copy()
        return whole[:-1] * np.float32(0.5) + whole[1:] * np.float32(0.5)

    def _stack(self, parts: list[np.ndarray]) -> tuple[Any, ...]:
        counts = np.array([len(part) for part in parts])
        out = np.zeros((len(parts), counts.max(), NUM_CLASSES), np.float32)
        for i, part in enumerate(parts):
            out[i, counts.max() - len(part) :] = part[:, :NUM_CLASSES]
        return out, np.concatenate([out, 1 - out[..., :1]], axis=-1), counts
