"""StreamingLocalizer finds what Localizer finds in the whole.

From its own activations on, bit for bit. From features on, to the tolerance of the network: CAS
agree to 1e-5, so segments to 1e-4 s and scores to 1e-4 here, in the same number.
"""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from stream_cases import as_set, joined, random_chunks

import basnet_rt
from basnet_rt import Localizer, StreamingLocalizer
from basnet_rt.stream.network import NetworkStream

SECONDS = 0.64
SETTINGS = {
    "fixed": {},
    "limits": {"merge_gap": 0.7, "max_duration": 10.0, "max_lookahead": 1.0},
    "horizon": {"normalisation": "horizon", "gate": "horizon", "horizon": 12.8, "keep_top1": True},
    "video": {"normalisation": "video", "gate": "video", "class_threshold": 0.3},
}


def chunked(features, chunks):
    starts = np.cumsum([0, *chunks])
    return [features[a:b] for a, b in pairwise(starts)]


def stream(model, config, pieces, **at_finish):
    localizer = StreamingLocalizer(model, config)
    return joined([*(localizer.push(piece) for piece in pieces), localizer.finish(**at_finish)])


def activations(model, pieces):
    """Those of the same chunks: matrix products of other sizes round differently."""
    network = NetworkStream(model)
    parts = [*(network.push(piece) for piece in pieces), network.flush()]
    return [np.concatenate(columns) for columns in zip(*parts, strict=True)]


def assert_close(finals, want, tolerance=1e-4):
    """The same count, and rows that agree, in the order of class and time."""
    assert len(finals.labels) == len(want)
    tables = []
    for found in (finals, want):
        table = np.column_stack([found.labels, found.segments, found.scores])
        tables.append(table[np.lexsort(table.round(3).T[::-1])])
    np.testing.assert_allclose(*tables, rtol=0, atol=tolerance)


@pytest.mark.parametrize("settings", SETTINGS)
@pytest.mark.parametrize("seed", [0, 1])
def test_equals_the_whole(either_model, make_features, settings, seed):
    features, config = make_features(150, seed), either_model.config.replace(**SETTINGS[settings])
    want = Localizer(either_model, config)(features)
    assert len(want) > 10
    for chunks in ([150], [1] * 150, random_chunks(seed)(150)):
        assert_close(stream(either_model, config, chunked(features, chunks)), want)


@pytest.mark.parametrize("settings", SETTINGS)
def test_equals_its_own_activations_bit_for_bit(either_model, make_features, settings):
    """Post-processing of what the network gave: no tolerance."""
    config = either_model.config.replace(**SETTINGS[settings])
    pieces = chunked(make_features(150, 3), random_chunks(5)(150))
    cas, raw = activations(either_model, pieces)
    assert len(cas) == 150
    scores = basnet_rt._core.video_scores(raw, config.native)
    want = basnet_rt.postprocess(cas, scores, config, snippet_seconds=SECONDS, raw_cas=raw)
    assert len(want) > 10
    assert as_set(stream(either_model, config, pieces)) == as_set(want)


@pytest.mark.parametrize("num_snippets", [1, 2, 3, 4, 5])
@pytest.mark.parametrize("duration", [None, 10.0])
def test_short_streams(either_model, make_features, num_snippets, duration):
    """The network is two snippets behind: catches one lost or doubled at the end."""
    features = make_features(num_snippets, 2)
    want = Localizer(either_model)(features, duration=duration)
    assert len(want) > 0
    for chunks in ([num_snippets], [1] * num_snippets, [0, num_snippets, 0]):
        found = stream(either_model, None, chunked(features, chunks), duration=duration)
        assert_close(found, want)


@pytest.mark.parametrize("activation", ["raw", "softmax", "fused"])
def test_kinds_of_activations(make_model, make_features, activation):
    model = make_model(activation=activation)
    lo, hi = ([0.0], [1.0]) if activation != "raw" else ([-0.2, -0.1, -0.3], [0.2, 0.3, 0.1])
    config = model.config.replace(fixed_lo=lo, fixed_hi=hi)
    features = make_features(100, 4)
    want = Localizer(model, config)(features)
    assert len(want) > 10
    assert_close(stream(model, config, chunked(features, random_chunks(1)(100))), want)


@pytest.mark.parametrize("chunks", [[7] * 21 + [3], [1] * 150], ids=["seven", "one"])
def test_bfloat16(make_model, make_features, chunks):
    """Rounding of the weights' kind is coarse: activations to 1 %, post-processing exact. One row
    alone takes a way of its own through the matrix product."""
    model = make_model(dtype="bfloat16")
    features, pieces = make_features(150, 3), chunked(make_features(150, 3), chunks)
    cas, raw = activations(model, pieces)
    whole = model.forward_with_cas(features)
    np.testing.assert_allclose(cas, whole.activations, rtol=0, atol=0.01)
    want = basnet_rt.postprocess(cas, None, model.config, snippet_seconds=SECONDS, raw_cas=raw)
    assert len(want) > 10
    assert as_set(stream(model, None, pieces)) == as_set(want)


def test_activations_agree(model, make_features):
    """CAS to 1e-5, whatever the chunks: the contract of the network's step."""
    features = make_features(300, 6)
    whole = model.forward_with_cas(features)
    for chunks in ([1] * 300, random_chunks(2)(300)):
        cas, raw = activations(model, chunked(features, chunks))
        np.testing.assert_allclose(cas, whole.activations, rtol=0, atol=1e-5)
        np.testing.assert_allclose(raw, whole.cas, rtol=0, atol=1e-5)


def test_kinds_of_features(model, make_features):
    """NumPy of any floating kind and layout, and tensors; all are only read."""
    torch = pytest.importorskip("torch")
    features = make_features(60, 1).astype(np.float16)
    kinds = [
        features,
        features.astype(np.float64),
        np.asfortranarray(features),
        np.repeat(features, 2, axis=0)[::2],
        torch.from_numpy(features.copy()),
        torch.from_numpy(features.astype(np.float32)).requires_grad_(),
    ]
    features.flags.writeable = False
    found = [as_set(stream(model, None, [kind[:25], kind[25:]])) for kind in kinds]
    assert len(found[0]) > 5
    assert all(one == found[0] for one in found)


def test_finals_have_names_and_come_early(model, make_features):
    localizer = StreamingLocalizer(model)
    parts = [localizer.push(piece) for piece in chunked(make_features(200, 1), [10] * 20)]
    early = sum(map(len, parts))
    assert early > 0.8 * (early + len(localizer.finish()))
    for part in parts:
        assert part.names == [model.classes[label] for label in part.labels]


def test_pending(model, make_features):
    """What the certain snippets hold, as if the stream ended with them; state is not touched."""
    features = make_features(60, 2)
    localizer = StreamingLocalizer(model)
    for piece in chunked(features, [9] * 6 + [6]):
        localizer.push(piece)
        before = localizer.save()
        pending = localizer.pending()
        assert localizer.save() == before
        assert pending.classes == model.classes
        assert (np.diff(pending.scores) <= 0).all()
        certain = localizer.num_snippets * SECONDS
        assert (pending.segments <= certain).all()
