"""A small bundle, a fake network whose answers need no torch, and what a stream alone would say."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch

from basnet_rt import Detections, PostprocessConfig, StreamPostprocessor
from basnet_rt.model.bundle import BundleMetadata
from basnet_rt.postprocessing.onsets import Alarm, Onset, OnsetDetector
from basnet_training import BaSNet
from basnet_training.export import export_bundle

CLASSES = ("Jump", "Run", "Swim")
F, C = 8, len(CLASSES)
SNIPPET = 0.64  # seconds


def config(**changes) -> PostprocessConfig:
    """Finals come early, and there are many."""
    fields = {"normalisation": "fixed", "gate": "none", "max_duration": 20.0, "merge_gap": 0.7}
    thresholds = {"cas_thresholds": (0.2, 0.4, 0.6), "nms": "hard"}
    return PostprocessConfig.continuous(**{**fields, **thresholds, **changes})


def horizon_config() -> PostprocessConfig:
    return config(normalisation="horizon", gate="horizon", horizon=12.0)


def write_bundle(path: Path, seed: int = 3) -> Path:
    torch.manual_seed(seed)
    network = BaSNet(F, C, 6, 16).eval()
    with torch.no_grad():
        network.cas_module.conv_3[0].weight.mul_(30)  # else every probability is near 1/4
    fields = {"normalisation": "fixed", "gate": "none", "max_duration": 20.0}
    metadata = BundleMetadata(
        classes=CLASSES, feature_dim=F, activation="softmax", postprocess=fields
    )
    export_bundle(network, metadata, path)
    return path


def features(num_snippets: int, seed: int) -> np.ndarray:
    """(N, F) float32, a walk within [0, 1] so that roots open and close."""
    steps = np.random.default_rng(seed).normal(0, 0.25, (num_snippets, F))
    return np.ascontiguousarray(np.abs(np.mod(np.cumsum(steps, 0), 2) - 1), np.float32)


def split(rows: np.ndarray, rng: np.random.Generator, most: int = 9) -> list[np.ndarray]:
    """Chunks of 0 .. most snippets."""
    chunks = []
    while len(rows):
        size = int(rng.integers(0, most + 1))
        chunks.append(rows[:size])
        rows = rows[size:]
    return chunks


class Arithmetic:
    """activations = the first C channels times 0.5, plus the next snippet's times 0.5.

    One snippet of look-ahead, so it has state, and a stream's last snippet comes with `flush`. It
    computes each slot by itself, so the output does not depend on the batch in any bit.
    """

    def __init__(self) -> None:
        self.last: dict[int, np.ndarray | None] = {}
        self.calls: list[tuple[str, tuple[int, ...], int]] = []
        self.fail_on: set[int] = set()  # slots
        self.corrupt: set[int] = set()  # slots

    def step(self, slots, fresh, rows):
        self.calls.append(("step", tuple(slots.tolist()), rows.shape[1]))
        self._check(slots)
        for slot, begins in zip(slots.tolist(), fresh, strict=True):
            if begins:
                self.last[slot] = None
        parts = [self._one(slot, own) for slot, own in zip(slots.tolist(), rows, strict=True)]
        return self._stack(slots, parts)

    def flush(self, slots):
        self.calls.append(("flush", tuple(slots.tolist()), 0))
        self._check(slots)
        return self._stack(slots, [self.last[slot][None] for slot in slots.tolist()])

    def save(self, slot: int) -> bytes:
        return self.last[slot].tobytes()

    def load(self, slot: int, state: bytes) -> None:
        self.last[slot] = np.frombuffer(state, np.float32)

    def _check(self, slots) -> None:
        if self.fail_on & set(slots.tolist()):
            raise RuntimeError(f"no luck with {sorted(self.fail_on)}")

    def _one(self, slot: int, rows: np.ndarray) -> np.ndarray:
        last = self.last.get(slot)
        whole = rows if last is None else np.concatenate([last[None], rows])
        self.last[slot] = whole[-1].copy()
        return whole[:-1] * np.float32(0.5) + whole[1:] * np.float32(0.5)

    def _stack(self, slots, parts):
        counts = np.array([len(part) for part in parts])
        out = np.full((len(parts), counts.max(), C), -7, np.float32)
        for i, part in enumerate(parts):
            out[i, counts.max() - len(part) :] = part[:, :C]
            if slots[i] in self.corrupt:
                out[i] = np.nan
        return out, with_background(out), counts


def with_background(activations: np.ndarray) -> np.ndarray:
    return np.concatenate([activations, 1 - activations[..., :1]], axis=-1)


def alone(rows: np.ndarray, settings: PostprocessConfig, gaps=()) -> list[tuple]:
    """Finals of a `StreamPostprocessor` fed what `Arithmetic` says; gaps are (at, snippets)."""
    stream = StreamPostprocessor(settings, num_classes=C, snippet_seconds=SNIPPET)
    found, start = [], 0
    for at, missing in [*gaps, (len(rows), 0)]:
        section = rows[start:at, :C]
        after = np.concatenate([section[1:], section[-1:]])
        whole = section * np.float32(0.5) + after * np.float32(0.5)
        whole = np.concatenate([whole[:-1], section[-1:]])
        for row in whole:
            cas = with_background(row[None])
            found += finals(stream.push(np.ascontiguousarray(row[None]), cas))
        if missing:
            found += finals(stream.gap(missing))
        start = at
    return found + finals(stream.finish())


def onsets_alone(rows: np.ndarray, settings: PostprocessConfig, alarm: Alarm) -> list[Onset]:
    """What an `OnsetDetector` says of what `Arithmetic` says."""
    detector = OnsetDetector(alarm, settings, classes=CLASSES, snippet_seconds=SNIPPET)
    after = np.concatenate([rows[1:, :C], rows[-1:, :C]])
    whole = rows[:, :C] * np.float32(0.5) + after * np.float32(0.5)
    whole[-1] = rows[-1, :C]
    return detector.push(np.ascontiguousarray(whole))


def finals(found: Detections) -> list[tuple]:
    """Every bit of each final, in order."""
    assert found.decided is not None
    columns = (found.labels, found.scores, found.segments.tolist(), found.decided)
    rows = zip(*columns, strict=True)
    return [(int(a), float(b), tuple(c), int(d)) for a, b, c, d in rows]
