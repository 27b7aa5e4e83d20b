"""Streams through the C API: any cut, any save point, and states that cross into Python and back.

The Python stream is held to the contract elsewhere; here both must agree bit for bit.
"""

from __future__ import annotations

from ctypes import byref, c_double, c_int32

import numpy as np
import pytest
from c_library import Stream, config_of, rows_of
from hypothesis import given
from hypothesis import strategies as st
from post_cases import continuous_fields, make_video, videos
from stream_cases import feed, finish_of, joined, maker, random_chunks, revived, run, unchanged
from stream_cases import rows_of as sections

from basnet_rt import Alarm, PostprocessConfig, StreamPostprocessor
from basnet_rt.postprocessing.onsets import OnsetDetector

LIVE = PostprocessConfig.continuous(
    normalisation="fixed", gate="none", max_duration=9.0, cas_thresholds=[0.1, 0.3, 0.5]
)
seeds = st.integers(0, 10_000)


def run_c(api, config, recording, chunks, between=unchanged, *, snippet_seconds, **at_finish):
    def make():
        return Stream(api, config, num_classes=2, snippet_seconds=snippet_seconds)

    stream, found = feed(make, recording, chunks, between)
    return joined([*found, stream.finish(**at_finish)])


@given(videos(max_snippets=50), continuous_fields(), seeds)
def test_any_chunks_any_settings(api, video, fields, seed):
    """Also gaps, and saved and loaded between all calls."""
    config = PostprocessConfig.continuous(**fields)
    recording = [sections(video), 2, sections(video)]
    named = {"snippet_seconds": video.snippet_seconds}
    named["video_scores"] = finish_of(video)["video_scores"]
    want = run(config, recording, **named)
    assert run_c(api, config, recording, random_chunks(seed), **named) == want
    assert run_c(api, config, recording, random_chunks(seed), revived, **named) == want


@pytest.mark.parametrize("gate", ["none", "horizon", "video"])
def test_a_stream_may_move_between_c_and_python(api, gate):
    """Catches a state that one of them writes and the other cannot read, or reads otherwise."""
    config = LIVE.replace(gate=gate, horizon=20.0, class_threshold=0.05)
    video = make_video("smooth", 300, 2, 5)
    make_python = maker(config, 2, video.snippet_seconds)

    def moved(stream, make):
        return (make_python if isinstance(stream, Stream) else make)().load(stream.save())

    named = {"snippet_seconds": video.snippet_seconds}
    want = run(config, [sections(video)], **named)
    assert len(want.labels) > 10
    got = run_c(api, config, [sections(video)], lambda n: [7] * (n // 7 + 1), moved, **named)
    assert got == want


def test_states_are_the_same_bytes(api):
    """And `finish`, `pending` and the counters agree on the way."""
    video = make_video("smooth", 200, 2, 8)
    ours = Stream(api, LIVE, num_classes=2, snippet_seconds=0.64)
    theirs = StreamPostprocessor(LIVE, num_classes=2, snippet_seconds=0.64)
    pending = 0
    for start in range(0, 200, 10):
        rows = video.cas[start : start + 10]
        assert joined([ours.push(rows)]) == joined([theirs.push(rows)])
        for name in ("labels", "scores", "segments"):
            want = getattr(theirs.pending(), name)
            np.testing.assert_array_equal(getattr(ours.pending(), name), want)
        pending += len(want)
        assert ours.save() == theirs.save()
        assert ours.number("num_snippets") == theirs.num_snippets
        assert ours.number("buffered_snippets") == theirs.buffered_snippets
    assert pending > 20
    assert ours.number("finished", c_int32) == 0
    assert joined([ours.finish(duration=129.0)]) == joined([theirs.finish(duration=129.0)])
    assert ours.number("finished", c_int32) == 1


def test_reset_and_same_settings(api):
    """Catches a reset that keeps a snippet or loses a setting."""
    one, other = (Stream(api, LIVE, num_classes=2, snippet_seconds=s) for s in (0.64, 0.5))
    fresh = one.save()
    one.push(make_video("smooth", 30, 2, 1).cas)
    assert one.save() != fresh
    api.checked("stream_reset", one.handle)
    assert one.save() == fresh
    same = c_int32(7)
    for stream, want in ((one, 1), (other, 0)):
        api.checked("stream_same_settings", one.handle, stream.handle, byref(same))
        assert same.value == want


def test_rows_with_a_stride_and_no_rows(api):
    """Action columns are pushed out of (T, C+1) without a copy; an empty push changes nothing."""
    video = make_video("smooth", 60, 2, 3)
    wide = np.concatenate([video.cas, np.full((60, 1), np.nan, np.float32)], 1)
    ours = Stream(api, LIVE, num_classes=2, snippet_seconds=0.64)
    theirs = StreamPostprocessor(LIVE, num_classes=2, snippet_seconds=0.64)
    assert joined([ours.push(wide[:, :2])]) == joined([theirs.push(video.cas)])
    assert len(ours.push(np.zeros((0, 2), np.float32))) == 0
    assert ours.save() == theirs.save()


def onsets_of(api, found):
    columns = api.columns("onsets", "labels", "times", "decided", "activations", of=found)
    return list(zip(*(column.tolist() for column in columns), strict=True))


def test_onsets(api):
    """Those of Python's detector, over a gap, and with states that cross both ways."""
    video = make_video("smooth", 120, 2, 4)
    python = OnsetDetector(Alarm(0.4, 1.0), LIVE, classes=("a", "b"), snippet_seconds=0.64)
    settings, thresholds = config_of(api, LIVE), (c_double * 2)(0.4, 0.4)
    ours = api.made("onset_detector_create", settings, thresholds, 2, 1.0, 2, 0.64)
    api.config_free(byref(settings))
    seen = 0
    for start in range(0, 120, 8):
        rows = video.cas[start : start + 8]
        want = [(e.label, e.time, e.decided, e.activation) for e in python.push(rows)]
        assert onsets_of(api, api.made("onset_detector_push", ours, byref(rows_of(rows)))) == want
        seen += len(want)
        (state,) = api.columns("bytes", "data", of=api.made("onset_detector_save", ours))
        assert state.tobytes() == python.save()
        api.checked("onset_detector_load", ours, python.save(), len(python.save()))
        if start == 64:
            api.checked("onset_detector_gap", ours, 5)
            python.gap(5)
    assert seen > 3
    api.onset_detector_free(byref(ours))
