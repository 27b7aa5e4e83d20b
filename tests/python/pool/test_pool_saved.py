"""A stream of a pool that is saved goes on in another pool as if nothing had happened."""

from __future__ import annotations

import numpy as np
import pool_cases
import pytest
from hypothesis import given
from hypothesis import strategies as st

import basnet_rt
from basnet_rt import Alarm, InvalidType, InvalidValue, StreamFull, StreamPool

ALARM = Alarm(0.55, hold=0.7)
CONFIGS = [pool_cases.config(), pool_cases.horizon_config(), pool_cases.config(gate="video")]


class Wanderers:
    """Streams that are pushed in a random order and now and then all move to another pool."""

    def __init__(self, make, rows, rng) -> None:
        self.make, self.rng, self.pool = make, rng, make()
        self.ids = {key: self.pool.open() for key in rows}
        self.waiting = {key: pool_cases.split(own, rng) for key, own in rows.items()}
        self.finals: dict = {key: [] for key in rows}
        self.onsets: dict = {key: [] for key in rows}

    def push(self, key) -> None:
        chunk = self.waiting[key][0]
        try:
            found = self.pool.push(self.ids[key], chunk, timeout=0)
        except StreamFull:
            assert self.pool.step(force=True)
            return
        self.finals[key] += pool_cases.finals(found)
        self.waiting[key].pop(0)

    def move(self) -> None:
        """In another order, so that slots and numbers change; what nobody polled moves along."""
        states = {key: self.pool.save(stream) for key, stream in self.ids.items()}
        self.pool = self.make()
        for key in self.rng.permutation(sorted(states)).tolist():
            self.ids[key] = self.pool.restore(states[key])

    def run(self) -> None:
        while any(self.waiting.values()):
            self.push(int(self.rng.choice([k for k, chunks in self.waiting.items() if chunks])))
            if self.rng.random() < 0.3:
                self.pool.step(force=True)
            if self.rng.random() < 0.2:
                self.move()
            key = int(self.rng.choice(sorted(self.ids)))
            self.onsets[key] += self.pool.onsets(self.ids[key])
        for stream in self.ids.values():
            self.pool.end(stream)
        self.move()
        while self.pool.step(force=True):
            if self.rng.random() < 0.3:
                self.move()
        for key, stream in self.ids.items():
            self.onsets[key] += self.pool.onsets(stream)
            self.finals[key] += pool_cases.finals(self.pool.close(stream))


@pytest.mark.parametrize("config", CONFIGS, ids=lambda c: c.gate)
@given(seed=st.integers(0, 10**6), streams=st.integers(1, 5), max_batch=st.integers(1, 12))
def test_any_save_point_of_any_interleaving(model, config, seed, streams, max_batch):
    """Nothing lost, nothing twice: catches a queue, a final, an onset or a counter left behind."""
    rng = np.random.default_rng(seed)
    lengths = rng.integers(1, 50, streams)
    rows = {i: pool_cases.features(int(n), seed + i) for i, n in enumerate(lengths)}
    options = {"max_batch": max_batch, "max_queue": 12, "threaded": False, "alarm": ALARM}
    wanderers = Wanderers(
        lambda: StreamPool(model, config, network=pool_cases.Arithmetic(), **options), rows, rng
    )
    wanderers.run()
    for key, own in rows.items():
        assert wanderers.finals[key] == pool_cases.alone(own, config)
        assert wanderers.onsets[key] == pool_cases.onsets_alone(own, config, ALARM)


@pytest.mark.parametrize("kind", ["float32", "bfloat16"])
def test_the_bundle_goes_on_bit_for_bit(bundle, kind):
    """Same batches with and without the move: the network's context is exact in every dtype."""
    model = basnet_rt.load(bundle, dtype=kind)
    rows = pool_cases.features(60, 3)
    found = []
    for moves in (False, True):
        pool, parts = StreamPool(model, threaded=False), []
        stream = pool.open()
        for i in range(60):
            parts.append(pool.push(stream, rows[i : i + 1]))
            pool.step(force=True)
            if moves and i % 7 == 3:
                state = pool.save(stream)
                pool = StreamPool(model, threaded=False)
                for _ in range(i % 3):
                    pool.open()
                stream = pool.restore(state)
        parts.append(pool.close(stream))
        found.append([final for part in parts for final in pool_cases.finals(part)])
    assert found[0] == found[1]
    assert len(found[0]) > 3


def test_counters_go_along(make_pool):
    pool = make_pool(zero_bad_features=True, max_queue=100)
    stream = pool.open()
    rows = pool_cases.features(40, 1)
    rows[3, 2] = np.nan
    pool.push(stream, rows)
    pool.step(force=True)
    pool.push(stream, rows[4:11])
    before = pool.statistics(stream)
    other = make_pool()
    again = other.restore(pool.save(stream))
    assert other.statistics(again) == before
    assert before.features_zeroed == 1
    assert other.totals.snippets_queued == before.snippets_queued == 7
    assert other.status(again) == "open"


@pytest.fixture
def state(make_pool):
    pool = make_pool(network=None, alarm=ALARM)
    stream = pool.open()
    pool.push(stream, pool_cases.features(20, 5))
    pool.step(force=True)
    pool.push(stream, pool_cases.features(4, 6))
    return pool.save(stream)


def test_damage_and_foreign_bytes_are_found(make_pool, state):
    pool = make_pool(network=None, alarm=ALARM)
    for place in np.linspace(0, len(state) - 1, 400).astype(int).tolist():
        damaged = bytearray(state)
        damaged[place] ^= 1 << (place % 8)
        with pytest.raises(InvalidValue, match="state"):
            pool.restore(bytes(damaged))
    for bad in (b"", state[:-1], state + b"\0", b"x" * 100, basnet_rt.StreamingLocalizer.__doc__):
        with pytest.raises((InvalidValue, InvalidType), match="state"):
            pool.restore(bad)
    with pytest.raises(InvalidValue, match="version 9; this library reads version 1"):
        pool.restore(state[:4] + b"\t" + state[5:])
    assert pool.totals.streams_open == 0
    pool.restore(bytearray(state))


def test_other_settings_are_refused(make_pool, state):
    """Config, alarm; a stream that went on with others would equal no offline answer."""
    other = pool_cases.config(nms_iou=0.41)
    with pytest.raises(InvalidValue, match="other settings"):
        make_pool(network=None, alarm=ALARM, config=other).restore(state)
    for alarm in (None, Alarm(0.56, hold=0.7), Alarm(0.55, hold=0.8)):
        with pytest.raises(InvalidValue, match="another alarm"):
            make_pool(network=None, alarm=alarm).restore(state)


def test_another_training_of_the_same_shape_is_refused(bundle, state, tmp_path):
    """Its weights differ, nothing else: the network's context would be another's."""
    other = basnet_rt.load(pool_cases.write_bundle(tmp_path / "other.pt", seed=4))
    options = {"threaded": False, "alarm": ALARM}
    pool = StreamPool(other, pool_cases.config(), **options)
    with pytest.raises(InvalidValue, match="other weights"):
        pool.restore(state)
    assert pool.totals.streams_open == 0
    assert StreamPool(basnet_rt.load(bundle), pool_cases.config(), **options).restore(state) == 0


def test_a_network_without_save_says_so(make_pool):
    class Plain:
        def __init__(self):
            inner = pool_cases.Arithmetic()
            self.step, self.flush = inner.step, inner.flush

    pool = make_pool(Plain())
    stream = pool.open()
    unbegun = pool.save(stream)
    pool.push(stream, pool_cases.features(5, 0))
    pool.step(force=True)
    with pytest.raises(InvalidValue, match="cannot save"):
        pool.save(stream)
    assert len(pool.close(stream)) >= 0
    make_pool(Plain()).restore(unbegun)


def test_a_failed_stream_says_why_instead_of_being_saved(make_pool):
    network = pool_cases.Arithmetic()
    pool = make_pool(network)
    stream = pool.open()
    pool.push(stream, pool_cases.features(5, 0))
    network.fail_on.add(0)
    pool.step(force=True)
    with pytest.raises(InvalidValue, match="no luck"):
        pool.save(stream)
