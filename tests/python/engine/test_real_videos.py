"""Features of all 28 test videos of cctv_fights: streams and pools find, to the last bit, what
`Localizer` finds in each whole video.

Real features have runs of zeros, and values in proportions that made ones have not.
"""

from __future__ import annotations

import numpy as np
import pytest
from engine_cases import in_order, joined, pieces_of

import basnet_rt
from basnet_rt import Localizer, PostprocessConfig, StreamingLocalizer, StreamPool
from basnet_rt.stream.network import NetworkStream

FIELDS = {"normalisation": "fixed", "gate": "none", "cas_thresholds": [0.1, 0.14, 0.18, 0.25]}
WHOLE = {"normalisation": "video", "gate": "video", "class_threshold": 0.1}


@pytest.fixture(scope="module")
def videos(shared):
    """(T, 2560) float32 each."""
    folder = shared / "data/cctv_fights/features/test"
    found = [np.load(path).astype(np.float32) for path in sorted(folder.glob("*.npy"))]
    assert len(found) == 28
    return found


@pytest.fixture(scope="module")
def bundle(tmp_path_factory):
    import torch

    from basnet_rt.model.bundle import BundleMetadata
    from basnet_training import BaSNet
    from basnet_training.export import export_bundle

    torch.manual_seed(5)
    network = BaSNet(2560, 6, hidden_filter=32, hidden_cas=96).eval()
    with torch.no_grad():
        network.state_dict()["cas_module.conv_3.0.weight"].mul_(15)
    path = tmp_path_factory.mktemp("real") / "model.pt"
    fields = {"classes": tuple("ABCDEF"), "feature_dim": 2560, "activation": "softmax"}
    export_bundle(network, BundleMetadata(**fields, postprocess=FIELDS), path)
    return path


@pytest.fixture(scope="module", params=["float32", "bfloat16", "int8"])
def model(request, bundle):
    return basnet_rt.load(bundle, engine="native", dtype=request.param)


def random_cut(length: int, rng: np.random.Generator) -> list[int]:
    lengths = []
    while sum(lengths) < length:
        lengths.append(int(min(rng.integers(1, 60), length - sum(lengths))))
    return lengths


@pytest.mark.parametrize("fields", [FIELDS, WHOLE], ids=["fixed", "video"])
def test_a_stream_equals_the_whole(model, videos, fields):
    config, rng, count = PostprocessConfig.continuous(**fields), np.random.default_rng(3), 0
    for rows in videos:
        stream, parts = StreamingLocalizer(model, config), []
        for piece in pieces_of(rows, random_cut(len(rows), rng)):
            if rng.random() < 0.2:
                stream = StreamingLocalizer(model, config).load(stream.save())
            parts.append(stream.push(piece))
        parts.append(stream.finish())
        want = joined([Localizer(model, config)(rows)])
        assert in_order(joined(parts)) == in_order(want)
        count += len(want)
    assert count > 100


def test_a_pool_equals_the_wholes(model, videos):
    """All videos at once, chunks in a random order, streams that move to another slot."""
    config, rng = PostprocessConfig.continuous(**FIELDS), np.random.default_rng(4)
    pool = StreamPool(model, config, threaded=False, max_batch=40, max_queue=1000)
    waiting = [pieces_of(rows, random_cut(len(rows), rng)) for rows in videos]
    ids, parts = [pool.open() for _ in videos], [[] for _ in videos]
    while any(waiting):
        i = int(rng.choice([k for k, own in enumerate(waiting) if own]))
        parts[i].append(pool.push(ids[i], waiting[i].pop(0)))
        if rng.random() < 0.2:
            pool.step(force=True)
        if rng.random() < 0.1:
            state = pool.save(ids[i])
            pool.drop(ids[i])
            ids[i] = pool.restore(state)
    for stream, own in zip(ids, parts, strict=True):
        own.append(pool.close(stream))
    for rows, own in zip(videos, parts, strict=True):
        assert in_order(joined(own)) == in_order(joined([Localizer(model, config)(rows)]))


def test_int8_is_close_to_float32_on_real_features(bundle, videos):
    """Activations, which lie in (0, 1): a scale that outliers of real features spoil would show."""
    exact = basnet_rt.load(bundle, dtype="float32")
    rounded = basnet_rt.load(bundle, dtype="int8")
    for rows in videos:
        gap = rounded.forward(rows).activations - exact.forward(rows).activations
        assert 0 < np.abs(gap).max() < 0.05
        assert np.abs(gap).mean() < 0.005


def test_torch_agrees_in_streams_and_whole_videos(bundle, videos):
    """Its sums have other orders, so to 1e-5: a CAS of a few units, in float32."""
    ours, theirs = (basnet_rt.load(bundle, engine=name) for name in ("native", "torch"))
    rng = np.random.default_rng(6)
    for rows in videos[:7]:
        want = ours.forward_with_cas(rows).cas
        np.testing.assert_allclose(theirs.forward_with_cas(rows).cas, want, rtol=0, atol=1e-5)
        network = NetworkStream(theirs)
        pieces = pieces_of(rows, random_cut(len(rows), rng))
        parts = [*(network.push(piece)[1] for piece in pieces), network.flush()[1]]
        np.testing.assert_allclose(np.concatenate(parts), want, rtol=0, atol=1e-5)
