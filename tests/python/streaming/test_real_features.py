"""Features of all 28 test videos of cctv_fights through a network made here: stream and pool give
what `Localizer` finds in each whole video.

The CAS agree to 1e-5; from the stream's own activations on, finals agree in every bit.
"""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from stream_cases import as_set, joined, random_chunks

import basnet_rt
from basnet_rt import Localizer, PostprocessConfig, StreamingLocalizer, StreamPool
from basnet_rt.stream.network import NetworkStream

SECONDS = 16 / 25
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
def real_model(tmp_path_factory):
    """Six classes, as the network is before training but for a classifier that moves more."""
    torch = pytest.importorskip("torch")
    from basnet_rt.model.bundle import BundleMetadata
    from basnet_training.export import export_bundle
    from basnet_training.network import BaSNet

    torch.set_num_threads(1)
    torch.manual_seed(5)
    network = BaSNet(2560, 6, hidden_filter=32, hidden_cas=96).eval()
    with torch.no_grad():
        network.state_dict()["cas_module.conv_3.0.weight"].mul_(15)
    path = tmp_path_factory.mktemp("real") / "model.pt"
    fields = {"classes": tuple("ABCDEF"), "feature_dim": 2560, "activation": "softmax"}
    export_bundle(network, BundleMetadata(**fields, postprocess=FIELDS), path)
    return basnet_rt.load(path)


def pieces_of(rows, chunks):
    starts = np.cumsum([0, *chunks])
    return [rows[a:b] for a, b in pairwise(starts)]


def streamed(model, config, pieces, rng):
    """Finals; now and then the stream goes on in another object."""
    localizer, parts = StreamingLocalizer(model, config), []
    for piece in pieces:
        if rng.random() < 0.2:
            localizer = StreamingLocalizer(model, config).load(localizer.save())
        parts.append(localizer.push(piece))
    return joined([*parts, localizer.finish()])


def own_activations(model, pieces):
    network = NetworkStream(model)
    parts = [*(network.push(piece) for piece in pieces), network.flush()]
    return [np.concatenate(columns) for columns in zip(*parts, strict=True)]


def assert_close(found, want):
    """The same number, and rows that agree as far as activations that agree to 1e-5 do."""
    assert len(found.labels) == len(want)
    tables = []
    for one in (found, want):
        table = np.column_stack([one.labels, one.segments, one.scores])
        tables.append(table[np.lexsort(table.round(2).T[::-1])])
    np.testing.assert_allclose(*tables, rtol=0, atol=1e-3)


@pytest.mark.parametrize("fields", [FIELDS, WHOLE], ids=["fixed", "video"])
def test_a_stream_equals_the_whole(real_model, videos, fields):
    config, rng, count = PostprocessConfig.continuous(**fields), np.random.default_rng(3), 0
    for i, rows in enumerate(videos):
        pieces = pieces_of(rows, random_chunks(i)(len(rows)))
        whole = real_model.forward_with_cas(rows)
        activations, cas = own_activations(real_model, pieces)
        np.testing.assert_allclose(cas, whole.cas, rtol=0, atol=1e-5)
        np.testing.assert_allclose(activations, whole.activations, rtol=0, atol=1e-5)
        found = streamed(real_model, config, pieces, rng)
        scores = basnet_rt._core.video_scores(cas, config.native)
        timing = {"snippet_seconds": SECONDS, "raw_cas": cas}
        bits = basnet_rt.postprocess(activations, scores, config, **timing)
        assert as_set(found) == as_set(bits)
        want = Localizer(real_model, config)(rows)
        assert_close(found, want)
        count += len(want)
    assert count > 100


def test_a_pool_equals_the_wholes(real_model, videos):
    """All videos at once, chunks in a random order, streams that move to another slot."""
    config, rng = PostprocessConfig.continuous(**FIELDS), np.random.default_rng(4)
    pool = StreamPool(real_model, config, threaded=False, max_batch=40, max_queue=1000)
    waiting = [pieces_of(rows, random_chunks(i)(len(rows))) for i, rows in enumerate(videos)]
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
        assert_close(joined(own), Localizer(real_model, config)(rows))
    assert sum(len(part) for own in parts for part in own) > 100
