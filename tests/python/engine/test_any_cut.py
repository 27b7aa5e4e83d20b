"""From features on, a stream's activations are those of the whole, bit for bit.

Catches a sum whose order depends on how many rows are computed together, context that is rounded
when it is carried or saved, and threads that split a sum. Out of scope: whether the values are
right (test_golden.py), pools (test_any_pool.py), kernels (test_any_kernel.py).
"""

from __future__ import annotations

import numpy as np
import pytest
from engine_cases import (
    DTYPES,
    NETWORKS,
    SMALL,
    cut,
    features_of,
    in_order,
    joined,
    pieces_of,
    same_bits,
)
from hypothesis import given
from hypothesis import strategies as st

from basnet_rt import Localizer, StreamingLocalizer
from basnet_rt.stream import NetworkStream

SEEDS = st.integers(0, 1000)


def activations(models, pieces, saves):
    """(activations, cas, what is saved at the end) of a stream that moves to another of `models`,
    which may have other numbers of threads, before the pieces in `saves`."""
    network, parts = NetworkStream(models[0]), []
    for i, piece in enumerate(pieces):
        if i in saves:
            state = network.save()
            network = NetworkStream(models[i % len(models)])
            network.load(state)
        parts.append(network.push(piece))
    state = network.save()
    parts.append(network.flush())
    return (*(np.concatenate(columns) for columns in zip(*parts, strict=True)), state)


@pytest.mark.parametrize("dtype", DTYPES)
@given(name=st.sampled_from(SMALL), lengths=cut(), seed=SEEDS, data=st.data())
def test_activations_of_any_cut_are_those_of_the_whole(model_of, dtype, name, lengths, seed, data):
    models = [model_of(name, dtype, threads) for threads in (1, 2, 3)]
    rows = features_of(sum(lengths), models[0].feature_dim, seed)
    saves = data.draw(st.sets(st.integers(0, len(lengths) - 1)))
    whole = models[0].forward_with_cas(rows)
    found, cas, state = activations(models, pieces_of(rows, lengths), saves)
    assert same_bits(found, whole.activations)
    assert same_bits(cas, whole.cas)
    assert state == activations(models[:1], [rows], ())[2]


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("name", NETWORKS)
def test_long_videos_in_few_and_many_pieces(model_of, name, dtype):
    """Beyond every block of rows that the engine computes at once; two threads and more."""
    models = [model_of(name, dtype, threads) for threads in (1, 2, 5)]
    rows = features_of(1500, models[0].feature_dim, seed=3)
    whole = models[0].forward_with_cas(rows)
    for model in models[1:]:
        assert all(map(same_bits, model.forward_with_cas(rows), whole))
    for lengths in ([1499, 1], [700, 1, 799], [64] * 23 + [28], [255, 256, 257, 512, 220]):
        found, cas, _ = activations(models, pieces_of(rows, lengths), range(len(lengths)))
        assert same_bits(found, whole.activations)
        assert same_bits(cas, whole.cas)


@given(name=st.sampled_from(SMALL), lengths=cut(), seed=SEEDS, dtype=st.sampled_from(DTYPES))
def test_a_chunk_that_is_taken_back_leaves_no_trace(model_of, name, lengths, seed, dtype):
    model = model_of(name, dtype)
    rows = features_of(sum(lengths) + 5, model.feature_dim, seed)
    network = NetworkStream(model)
    for piece in pieces_of(rows, lengths):
        before = network.save()
        network.push(rows[-5:])
        network.undo()
        assert network.save() == before
        network.push(piece)
    want = NetworkStream(model)
    want.push(rows[: sum(lengths)])
    assert network.save() == want.save()


@pytest.mark.parametrize("dtype", DTYPES)
@given(name=st.sampled_from(SMALL), lengths=cut(), seed=SEEDS, save=st.integers(0, 20))
def test_finals_of_any_cut_are_those_of_the_whole_video(model_of, dtype, name, lengths, seed, save):
    """Nothing between features and detections depends on the cut."""
    model = model_of(name, dtype)
    rows = features_of(sum(lengths), model.feature_dim, seed)
    stream, parts = StreamingLocalizer(model), []
    for i, piece in enumerate(pieces_of(rows, lengths)):
        if i == save:
            stream = StreamingLocalizer(model_of(name, dtype, 2)).load(stream.save())
        parts.append(stream.push(piece))
    parts.append(stream.finish())
    assert in_order(joined(parts)) == in_order(joined([Localizer(model)(rows)]))


def test_the_finals_that_are_compared_are_there(model_of):
    """Catches networks that never find anything."""
    for name in SMALL:
        model = model_of(name)
        assert len(Localizer(model)(features_of(200, model.feature_dim, 1))) > 10, name


def test_features_of_another_size_are_refused(model_of):
    """Catches a read beyond the array."""
    with pytest.raises(ValueError, match="features has 7 channels; the model takes 8"):
        NetworkStream(model_of("full")).push(np.zeros((3, 7), np.float32))
