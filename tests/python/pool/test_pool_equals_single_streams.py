"""Any interleaving and batching gives each stream the finals that it would have alone."""

from __future__ import annotations

import numpy as np
import pool_cases
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

import basnet_rt
from basnet_rt import StreamingLocalizer, StreamPool

CONFIGS = [pool_cases.config(), pool_cases.horizon_config(), pool_cases.config(gate="video")]


def feed(pool, streams: dict, rng) -> dict:
    """Pushes all chunks in a random order between streams, runs batches at random moments."""
    found = {key: [] for key in streams}
    ids = {key: pool.open() for key in streams}
    waiting = {key: pool_cases.split(rows, rng) for key, rows in streams.items()}
    while any(waiting.values()):
        key = rng.choice([k for k, chunks in waiting.items() if chunks])
        try:
            found[key] += pool_cases.finals(pool.push(ids[key], waiting[key][0], timeout=0))
            waiting[key].pop(0)
        except basnet_rt.StreamFull:
            assert pool.step(force=True)
        if rng.random() < 0.3:
            pool.step(force=bool(rng.random() < 0.5))
    for key in rng.permutation(sorted(streams)):
        found[int(key)] += pool_cases.finals(pool.close(ids[int(key)]))
    return found


@pytest.mark.parametrize("config", CONFIGS, ids=lambda c: c.gate)
@given(seed=st.integers(0, 10**6), streams=st.integers(1, 7), max_batch=st.integers(1, 12))
def test_from_activations_on_it_is_bit_identical(model, config, seed, streams, max_batch):
    """Catches rows that go to the wrong stream, counts off by one, state of the wrong slot."""
    rng = np.random.default_rng(seed)
    lengths = rng.integers(0, 60, streams)
    rows = {i: pool_cases.features(int(n), seed + i) for i, n in enumerate(lengths)}
    network = pool_cases.Arithmetic()
    options = {"max_batch": max_batch, "max_queue": 12, "threaded": False}
    pool = StreamPool(model, config, network=network, **options)
    found = feed(pool, rows, rng)
    for key, own in rows.items():
        assert found[key] == (pool_cases.alone(own, config) if len(own) else [])
    assert all(len(slots) * max(1, n) <= max_batch for _, slots, n in network.calls)


def test_the_comparison_says_something():
    assert len(pool_cases.alone(pool_cases.features(60, 1), CONFIGS[0])) > 5


def test_gaps_fall_where_they_were_declared(make_pool):
    rows = pool_cases.features(50, 4)
    pool = make_pool(max_batch=5)
    stream = pool.open()
    pool.gap(stream, 2)
    pool.push(stream, rows[:20])
    pool.gap(stream, 3)
    pool.gap(stream, 4)  # two in a row are one
    pool.push(stream, rows[20:])
    got = pool_cases.finals(pool.close(stream))
    single = pool_cases.alone(rows, pool.config, gaps=[(0, 2), (20, 7)])
    assert got == single


def test_a_whole_backlog_goes_in_wide_batches(make_pool):
    """Several snippets of one stream share a batch, and the last of a stream is not held back."""
    network = pool_cases.Arithmetic()
    pool = make_pool(network, max_batch=16, max_queue=100)
    a, b = pool.open(), pool.open()
    pool.push(a, pool_cases.features(50, 1))
    pool.push(b, pool_cases.features(20, 2))
    while pool.step(force=True):
        pass
    assert [n for _, _, n in network.calls] == [8, 8, 4, 16, 14]
    assert pool.totals.snippets == 70
    assert pool.totals.largest_batch == 16


@pytest.mark.parametrize("engine", ["native", "torch"])
@pytest.mark.parametrize("kind", ["numpy", "torch", "float64"])
def test_the_bundle_agrees_with_single_streams(bundle, kind, engine):
    """From features on, within the rounding of a matrix product of another height."""
    model = basnet_rt.load(bundle, engine=engine)
    rows = {i: pool_cases.features(n, 40 + i) for i, n in enumerate((1, 2, 3, 37, 90))}
    convert = {"numpy": np.asarray, "torch": torch.from_numpy, "float64": np.float64}[kind]
    pool = StreamPool(model, pool_cases.config(), max_batch=7, threaded=False)
    found = feed(pool, {key: convert(own) for key, own in rows.items()}, np.random.default_rng(1))
    for key, own in rows.items():
        single = StreamingLocalizer(model, pool_cases.config())
        want = pool_cases.finals(single.push(own)) + pool_cases.finals(single.finish())
        assert [f[0] for f in found[key]] == [f[0] for f in want]
        numbers = [[f[1], *f[2]] for f in found[key]]
        np.testing.assert_allclose(numbers, [[f[1], *f[2]] for f in want], atol=1e-4)
    assert sum(map(len, found.values())) > 10


@torch.no_grad()
def test_the_bundle_network_gives_each_slot_its_own_activations(bundle):
    """CAS of torch within 1e-5 of the whole, whatever slots share the calls; no state leaks."""
    from basnet_rt.stream.pool_network import ModelNetwork

    model = basnet_rt.load(bundle, engine="torch")
    network = ModelNetwork(model, with_cas=True)
    rows = {slot: pool_cases.features(24, 60 + slot) for slot in range(5)}
    got: dict[int, list] = {slot: [] for slot in rows}
    rng = np.random.default_rng(5)
    fed = dict.fromkeys(rows, 0)
    for turn in range(200):
        ready = [slot for slot in rows if fed[slot] < 24]
        if not ready:
            break
        chosen = rng.permutation(ready)[: 1 + turn % 3]
        n = min([1 + turn % 4, *(24 - fed[slot] for slot in chosen)])
        chunk = np.stack([rows[slot][fed[slot] : fed[slot] + n] for slot in chosen])
        fresh = np.array([fed[slot] == 0 for slot in chosen], np.uint8)
        collect(got, chosen, network.step(chosen, fresh, chunk))
        fed.update({slot: fed[slot] + n for slot in chosen})
    order = rng.permutation(5)
    collect(got, order, network.flush(order))
    for slot, own in rows.items():
        _, _, _, cas = model.module(torch.from_numpy(own)[None])
        np.testing.assert_allclose(np.concatenate(got[slot]), cas[0].numpy(), atol=1e-5)


def collect(got, slots, answer) -> None:
    _, cas, counts = answer
    for i, (slot, count) in enumerate(zip(slots.tolist(), counts, strict=True)):
        got[slot].append(cas[i, cas.shape[1] - count :])
