"""Streams of a pool find what each would find alone, bit for bit from the features on.

Catches a row whose sum depends on the rows beside it in a batch, and states that are mixed up when
streams move between slots.
"""

from __future__ import annotations

import pytest
from engine_cases import DTYPES, SMALL, cut, features_of, in_order, joined, pieces_of
from hypothesis import given, settings
from hypothesis import strategies as st

from basnet_rt import Localizer, StreamPool


def run_pool(model, waiting, data, max_batch):
    """Rows that each stream found; pushes, batches, saves and restores in a drawn order."""
    with StreamPool(model, threaded=False, max_batch=max_batch, max_queue=100) as pool:
        ids, parts = [pool.open() for _ in waiting], [[] for _ in waiting]
        while any(waiting):
            left = [i for i, own in enumerate(waiting) if own]
            i = data.draw(st.sampled_from(left))
            parts[i].append(pool.push(ids[i], waiting[i].pop(0)))
            action = data.draw(st.sampled_from(["", "step", "move"]))
            if action == "step":
                pool.step(force=True)
            elif action == "move":
                state = pool.save(ids[i])
                pool.drop(ids[i])
                ids[i] = pool.restore(state)
        for stream, own in zip(ids, parts, strict=True):
            own.append(pool.close(stream))
    return [joined(own) for own in parts]


@pytest.mark.parametrize("dtype", DTYPES)
@settings(max_examples=30)
@given(
    name=st.sampled_from(SMALL),
    cuts=st.lists(cut(longest=24), min_size=1, max_size=5),
    max_batch=st.integers(1, 20),
    threads=st.sampled_from([1, 2]),
    data=st.data(),
)
def test_any_mix(model_of, dtype, name, cuts, max_batch, threads, data):
    model = model_of(name, dtype, threads)
    videos = [features_of(sum(own), model.feature_dim, seed) for seed, own in enumerate(cuts)]
    waiting = [pieces_of(rows, own) for rows, own in zip(videos, cuts, strict=True)]
    found = run_pool(model, waiting, data, max_batch)
    alone = Localizer(model_of(name, dtype))
    for rows, got in zip(videos, found, strict=True):
        assert in_order(got) == in_order(joined([alone(rows)]))


@pytest.mark.parametrize("dtype", DTYPES)
def test_many_streams_with_a_thread(model_of, dtype):
    """As pools are used: batches fall as they fall."""
    model = model_of("wide", dtype, 2)
    videos = [features_of(20 + i, model.feature_dim, seed=i) for i in range(40)]
    with StreamPool(model, max_delay=0.001) as pool:
        ids = [pool.open() for _ in videos]
        parts = [[] for _ in videos]
        for at in range(60):
            for stream, rows, own in zip(ids, videos, parts, strict=True):
                if at < len(rows):
                    own.append(pool.push(stream, rows[at : at + 1]))
        for stream, own in zip(ids, parts, strict=True):
            own.append(pool.close(stream))
    alone = Localizer(model)
    for rows, own in zip(videos, parts, strict=True):
        assert in_order(joined(own)) == in_order(joined([alone(rows)]))
    assert sum(map(len, map(joined, parts))) > 40
