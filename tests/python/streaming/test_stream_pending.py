"""`pending` is what `finish` would add now, and looking changes nothing."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from post_cases import assert_sorted, continuous_fields, make_video, videos
from stream_cases import as_set, feed, maker, random_chunks, rows_of

from basnet_rt import PostprocessConfig


@given(videos(max_snippets=40), continuous_fields(), st.integers(0, 10_000))
def test_pending_is_what_finish_adds(video, fields, seed):
    """At every point, also after a gap; a copy made of saved bytes is finished instead."""
    make = maker(PostprocessConfig.continuous(**fields), 2, video.snippet_seconds)

    def look(stream, make):
        before = stream.save()
        pending = stream.pending()
        assert stream.save() == before
        assert_sorted(pending)
        assert as_set(pending) == as_set(make().load(before).finish())
        return stream

    feed(make, [rows_of(video), 4, rows_of(video)], random_chunks(seed), look)


def test_nothing_is_pending_at_the_ends():
    """Before the first snippet, after a gap and after `finish`."""
    video = make_video("end_spikes", 30, 2, 1)
    make = maker(PostprocessConfig.continuous(normalisation="fixed", gate="none"), 2, 0.64)
    stream = make()
    assert len(stream.pending()) == 0
    stream.push(video.cas)
    assert len(stream.pending()) > 0
    stream.gap(1)
    assert len(stream.pending()) == 0
    stream.push(video.cas)
    stream.finish()
    assert len(stream.pending()) == 0


@pytest.mark.parametrize("with_cas", [(), (0,), (1,)])
def test_gate_video_without_all_of_the_raw_cas(with_cas):
    """Scores cannot be computed then: nothing is pending, and `finish` asks for them. Catches a
    read beyond the raw CAS that was pushed in part."""
    video = make_video("smooth", 3000, 2, 1)
    make = maker(PostprocessConfig.continuous(normalisation="fixed"), 2, 0.64)
    stream = make()
    for i, rows in enumerate(np.split(np.arange(3000), [1])):
        cas = np.ascontiguousarray(video.raw_cas[rows]) if i in with_cas else None
        stream.push(np.ascontiguousarray(video.cas[rows]), cas=cas)
    assert len(stream.pending()) == 0
    with pytest.raises(ValueError, match="video_scores is None"):
        stream.finish()
    assert not stream.finished
    assert len(stream.finish(video_scores=[0.9, 0.9])) > 0
