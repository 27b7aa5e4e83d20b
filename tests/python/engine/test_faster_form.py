"""`exact=False`: another form of the same network for whole videos in float32.

Would catch: a flag that changes nothing, a form that strays from the exact one, exact models that
share the other's weights, and a change of streams, which have no such form.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

import basnet_rt

BUNDLE = Path(__file__).resolve().parents[2] / "data" / "bundles_0_1" / "full.pt"


def test_a_whole_video_agrees_to_rounding_and_a_stream_to_the_bit():
    exact = basnet_rt.load(BUNDLE, engine="native")
    faster = basnet_rt.load(BUNDLE, engine="native", exact=False)
    features = np.abs(np.random.default_rng(0).standard_normal((300, exact.feature_dim)))
    features = features.astype(np.float32)
    want, got = exact.forward_with_cas(features), faster.forward_with_cas(features)
    np.testing.assert_allclose(got.cas, want.cas, rtol=0, atol=1e-5 * np.abs(want.cas).max())
    assert not np.array_equal(got.cas, want.cas)
    again = basnet_rt.load(BUNDLE, engine="native").forward_with_cas(features)
    np.testing.assert_array_equal(again.cas, want.cas)
    config = exact.configure(
        mode="continuous", normalisation="fixed", gate="none", fixed_lo=-1.0, fixed_hi=1.0
    )
    streams = [basnet_rt.StreamingLocalizer(model, config) for model in (exact, faster)]
    one, other = ([s.push(features).segments, s.finish().segments] for s in streams)
    for a, b in zip(one, other, strict=True):
        np.testing.assert_array_equal(a, b)
