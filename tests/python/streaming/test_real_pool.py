"""Real activations through a pool: all streams of action_scores at once, in any interleaving, moved
to another pool at any point, have the finals of `postprocess` on each whole."""

from __future__ import annotations

from collections import defaultdict

import numpy as np
import pytest
from stream_cases import as_set, joined

import basnet_rt
from basnet_rt import PostprocessConfig, StreamPool
from basnet_rt.model import Model
from basnet_rt.model.bundle import BundleMetadata

pytest.importorskip("torch")

CONFIG = PostprocessConfig.continuous(
    normalisation="fixed",
    gate="none",
    cas_thresholds=[0.15, 0.3, 0.5],
    max_duration=30.0,
    merge_gap=0.7,
)


class PassOn:
    """Features are activations, one snippet late: a state per slot."""

    def __init__(self):
        self.last = {}

    def step(self, slots, fresh, features):
        parts = []
        for slot, begins, rows in zip(slots.tolist(), fresh, features, strict=True):
            whole = rows if begins else np.concatenate([self.last[slot], rows])
            self.last[slot] = whole[-1:].copy()
            parts.append(whole[:-1])
        counts = np.array([len(part) for part in parts])
        out = np.zeros((len(parts), counts.max(), features.shape[2]), np.float32)
        for row, part in zip(out, parts, strict=True):
            row[len(row) - len(part) :] = part
        return out, None, counts

    def flush(self, slots):
        rows = [self.last[slot] for slot in slots.tolist()]
        return np.stack(rows), None, np.ones(len(rows), np.int64)

    def save(self, slot):
        return self.last[slot].tobytes()

    def load(self, slot, state):
        self.last[slot] = np.frombuffer(state, np.float32)[None]


def make_pool(num_classes):
    classes = tuple(f"class {i}" for i in range(num_classes))
    metadata = BundleMetadata(classes=classes, feature_dim=num_classes)
    model = Model(None, metadata, device=None, dtype="float32", name="none")
    options = {"threaded": False, "max_batch": 512, "max_queue": 10**6}
    return StreamPool(model, CONFIG, network=PassOn(), **options)


def through_a_pool(streams, rng):
    """Finals of each; chunks of all in a random order."""
    pool = make_pool(streams[0].shape[1])
    ids = [pool.open() for _ in streams]
    fed, parts = [0] * len(streams), [[] for _ in streams]
    left = list(range(len(streams)))
    while left:
        i = int(rng.choice(left))
        size = int(rng.integers(1, 250))
        parts[i].append(pool.push(ids[i], streams[i][fed[i] : fed[i] + size]))
        fed[i] += size
        if fed[i] >= len(streams[i]):
            left.remove(i)
        if rng.random() < 0.5:
            pool.step(force=True)
        if rng.random() < 0.1:
            state = pool.save(ids[i])
            pool.drop(ids[i])
            ids[i] = pool.restore(state)
    for i in rng.permutation(len(streams)).tolist():
        parts[i].append(pool.close(ids[i]))
    return [joined(own) for own in parts]


def test_all_streams_at_once(real_streams):
    by_classes = defaultdict(list)
    for _, activations, _ in real_streams:
        by_classes[activations.shape[1]].append(activations)
    seconds, count = 0.64, 0
    for streams in by_classes.values():
        found = through_a_pool(streams, np.random.default_rng(len(streams)))
        for own, finals in zip(streams, found, strict=True):
            want = basnet_rt.postprocess(own, None, CONFIG, snippet_seconds=seconds)
            assert as_set(finals) == as_set(want)
            count += len(want)
    assert sorted(map(len, by_classes.values())) == [1, 21, 50]
    assert count > 3000
