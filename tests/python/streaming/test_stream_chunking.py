"""Any cut of the same input gives the same finals in the same order, bit for bit.

Held on every kind of video and setting, with gaps, with empty pushes, and with the stream saved
and loaded into another object at any point. `decided` counts too.
"""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from post_cases import MANY, continuous_fields, make_video, videos
from stream_cases import at_once, finish_of, one_by_one, random_chunks, revived, rows_of, run

from basnet_rt import PostprocessConfig

seeds = st.integers(0, 10_000)


def pending_too(stream, make):
    stream.pending()
    return stream


def sometimes(function, seed):
    rng = np.random.default_rng(seed)
    return lambda stream, make: function(stream, make) if rng.random() < 0.4 else stream


@MANY
@given(videos(max_snippets=50), continuous_fields(), seeds)
def test_any_chunks(video, fields, seed):
    """Catches state that is kept per push instead of per snippet, and order by chunk."""
    config = PostprocessConfig.continuous(**fields)
    named = {"snippet_seconds": video.snippet_seconds, **finish_of(video)}
    want = run(config, [rows_of(video)], one_by_one, **named)
    for chunks in (at_once, random_chunks(seed), random_chunks(seed + 1)):
        assert run(config, [rows_of(video)], chunks, **named) == want


@MANY
@given(videos(max_snippets=50), continuous_fields(), seeds)
def test_any_save_point(video, fields, seed):
    """Catches a member that `save` forgets. `pending` in between changes nothing either."""
    config = PostprocessConfig.continuous(**fields)
    named = {"snippet_seconds": video.snippet_seconds, **finish_of(video)}
    want = run(config, [rows_of(video)], **named)
    chunks = random_chunks(seed)
    for between in (sometimes(revived, seed), sometimes(pending_too, seed)):
        assert run(config, [rows_of(video)], chunks, between, **named) == want


@MANY
@given(videos(max_snippets=20), videos(max_snippets=20), continuous_fields(), seeds)
def test_any_chunks_around_gaps(first, second, fields, seed):
    """Catches what a gap forgets to close, or to forget."""
    recording = [3, rows_of(first), 1, rows_of(second), 10**12, 2, rows_of(first), 5]
    config = PostprocessConfig.continuous(**fields)
    named = {"snippet_seconds": 0.64, "video_scores": first.video_scores}
    want = run(config, recording, one_by_one, **named)
    assert run(config, recording, random_chunks(seed), **named) == want
    assert run(config, recording, random_chunks(seed), sometimes(revived, seed), **named) == want


@pytest.mark.parametrize("normalisation", ["fixed", "horizon", "video"])
@pytest.mark.parametrize("gate", ["none", "horizon", "video"])
def test_long_streams(normalisation, gate):
    """Long enough for the buffer to be trimmed many times: catches an index that is off after."""
    video = make_video("smooth", 4000, 2, 9)
    config = PostprocessConfig.continuous(
        normalisation=normalisation,
        gate=gate,
        horizon=20.0,
        max_duration=9.0,
        merge_gap=0.8,
        cas_thresholds=[0.02, 0.1, 0.3],
        keep_top1=True,
    )
    named = {"snippet_seconds": 0.64, "video_scores": [0.9, 0.8]}
    want = run(config, [rows_of(video)], **named)
    assert len(want.labels) > 300
    assert run(config, [rows_of(video)], one_by_one, **named) == want
    saved = sometimes(revived, 4)
    assert run(config, [rows_of(video)], lambda n: [37] * (n // 37 + 1), saved, **named) == want
