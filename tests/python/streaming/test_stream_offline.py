"""What a stream finds is what `postprocess` finds in the whole, in every bit."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from post_cases import MANY, assert_identical, continuous_fields, make_video, videos
from stream_cases import as_set, feed, finish_of, maker, offline, one_by_one, rows_of, run

from basnet_rt import PostprocessConfig

SECONDS = [0.64, 1.0, 0.1, 1 / 3, 16 / 29.97, 0.5337]


def needs_whole(fields):
    return "video" in (fields["normalisation"], fields["gate"])


@MANY
@given(videos(max_snippets=50), continuous_fields())
def test_finals_equal_offline(video, fields):
    """For all normalisations and gates; those that look at the whole say nothing before."""
    config = PostprocessConfig.continuous(**fields)
    make = maker(config, 2, video.snippet_seconds)
    stream, early = feed(make, [rows_of(video)], one_by_one)
    last = stream.finish(**finish_of(video))
    want = offline(video, config)
    found = [row for part in (*early, last) for row in as_set(part)]
    assert sorted(found) == as_set(want)
    if needs_whole(fields):
        assert sum(map(len, early)) == 0
        assert_identical(last, want)
        assert (last.decided == len(video.cas)).all()


@MANY
@given(videos(max_snippets=50), continuous_fields())
def test_order_of_finals(video, fields):
    """By deciding snippet, then label; none is decided by a snippet that had not come."""
    config = PostprocessConfig.continuous(**fields)
    make = maker(config, 2, video.snippet_seconds)
    stream, parts = feed(make, [rows_of(video)], one_by_one)
    for index, part in enumerate(parts):
        assert (part.decided == index).all()
        assert (np.diff(part.labels) >= 0).all()
    assert (stream.finish(**finish_of(video)).decided == len(video.cas)).all()


@pytest.mark.parametrize("seconds", SECONDS)
def test_ends_within_rounding_of_the_last_centre(seconds):
    """The last snippet's centre is the earliest end a stream takes: there, one rounding apart and
    at the default end, stream and whole must round alike."""
    config = PostprocessConfig.continuous(normalisation="fixed", gate="none")
    for num_snippets in (1, 2, 3, 7, 100, 4097):
        video = make_video("noise", num_snippets, 1, num_snippets, snippet_seconds=seconds)
        centre, whole = (num_snippets - 0.5) * seconds, num_snippets * seconds
        ends = [centre, math.nextafter(centre, math.inf), math.nextafter(whole, 0), whole]
        for duration in [*ends, math.nextafter(whole, math.inf), 3 * whole]:
            at_end = video._replace(duration=duration)
            finals = run(config, [rows_of(video)], snippet_seconds=seconds, duration=duration)
            assert as_set(finals) == as_set(offline(at_end, config)), duration


def test_video_scores_from_the_pushed_cas():
    """Gate "video" without scores at `finish`: top-k means of all raw CAS, as a model gives."""
    video = make_video("smooth", 80, 3, 2)
    config = PostprocessConfig.continuous(class_threshold=0.2, topk_divisor=4)
    found = run(config, [rows_of(video)], one_by_one, snippet_seconds=0.64)
    top = np.sort(video.raw_cas.astype(np.float64), axis=0)[-20:].mean(axis=0)
    weights = np.exp(top - top.max())
    scores = (weights / weights.sum())[:-1].astype(np.float32)
    want = offline(video._replace(video_scores=scores), config)
    assert len(want) > 3
    assert as_set(found) == as_set(want)
