"""A gap closes what is open as at a video's end; time goes on behind it."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from post_cases import continuous_fields, make_video, videos
from stream_cases import as_set, feed, joined, maker, offline, one_by_one, rows_of, run

import basnet_rt
from basnet_rt import PostprocessConfig

missing = st.integers(1, 30)


def shifted(found, seconds):
    """Rows by (label, start), start and end moved."""
    rows = np.column_stack([found.labels, found.segments + seconds, found.scores])
    return rows[np.lexsort(rows.T[::-1])]


@given(videos(max_snippets=25), videos(max_snippets=25), missing, continuous_fields())
def test_two_videos_in_one_stream(first, second, count, fields):
    """Scores are the same in every bit: windows begin anew behind a gap. Times are the shifted
    ones, to rounding."""
    if "video" in (fields["normalisation"], fields["gate"]):
        fields |= {"normalisation": "fixed", "gate": "none"}
    config = PostprocessConfig.continuous(**fields)
    videos = [v._replace(duration=None, snippet_seconds=0.64) for v in (first, second)]
    make = maker(config, 2, 0.64)
    stream, parts = feed(make, [rows_of(videos[0]), count])
    begin = stream.num_snippets
    assert begin == len(first.cas) + count
    later = joined([stream.push(second.cas, cas=second.raw_cas), stream.finish()])
    assert as_set(joined(parts)) == as_set(offline(videos[0], config))
    got, want = shifted(later, 0.0), shifted(offline(videos[1], config), begin * 0.64)
    np.testing.assert_allclose(got[:, :3], want[:, :3], rtol=0, atol=1e-9)
    np.testing.assert_array_equal(np.sort(got[:, 3]), np.sort(want[:, 3]))


def test_video_normalisation_spans_gaps():
    """The range is that of all snippets; a fixed range of the same numbers gives the same."""
    first, second = make_video("smooth", 30, 2, 1), make_video("noise", 20, 2, 2)
    both = np.concatenate([first.cas, second.cas]).astype(np.float64)
    lo, hi = np.maximum(both.min(axis=0), 0), np.maximum(both.max(axis=0), 0)
    recording = [rows_of(first), 7, rows_of(second)]
    video = PostprocessConfig.continuous(gate="none")
    fixed = video.replace(normalisation="fixed", fixed_lo=lo, fixed_hi=hi)
    got, want = (run(c, recording, snippet_seconds=0.64) for c in (video, fixed))
    assert len(want.labels) > 10
    assert as_set(got) == as_set(want)


@pytest.mark.parametrize("normalisation", ["fixed", "video"])
def test_an_end_behind_a_gap(normalisation):
    """What the gap closed stays closed: `duration` moves the end of what came last, only."""
    y = np.array([[0], [1], [1], [1]], np.float32)
    config = PostprocessConfig.continuous(
        normalisation=normalisation, gate="none", cas_thresholds=[0.5]
    )
    stream = maker(config, 1, 1.0)()
    parts = [stream.push(y), stream.gap(3), stream.finish(duration=10.0)]
    assert joined(parts).segments.tolist() == [[1.0, 4.0]]


@pytest.mark.parametrize("normalisation", ["fixed", "video"])
def test_gaps_before_anything_and_in_a_row(normalisation):
    config = PostprocessConfig.continuous(
        normalisation=normalisation, gate="none", cas_thresholds=[0.5]
    )
    stream = maker(config, 1, 2.0)()
    y = np.array([[0], [1], [0]], np.float32)
    parts = [stream.gap(3), stream.gap(1), stream.push(y), stream.gap(2), stream.gap(2)]
    parts += [stream.push(y), stream.finish()]
    assert stream.num_snippets == 14
    assert joined(parts).segments.tolist() == [[10.0, 12.0], [24.0, 26.0]]


def test_a_gap_forgets_the_buffer():
    """Without max_duration everything since the last gap is kept, and no more."""
    stream = maker(PostprocessConfig.continuous(normalisation="fixed", gate="none"), 2, 0.64)()
    cas = make_video("smooth", 5000, 2, 0).cas
    stream.push(cas)
    assert stream.buffered_snippets == 5000
    stream.gap(1)
    assert stream.buffered_snippets == 0
    stream.push(cas[:10])
    assert stream.buffered_snippets == 10


@pytest.mark.parametrize("normalisation", ["fixed", "video"])
@pytest.mark.parametrize(
    ("snippets", "kind"),
    [
        (0, ValueError),
        (-3, ValueError),
        (2**62, ValueError),
        (2**70, ValueError),
        (1.5, TypeError),
        ("2", TypeError),
        (None, TypeError),
    ],
)
def test_bad_gaps(normalisation, snippets, kind):
    config = PostprocessConfig.continuous(normalisation=normalisation, gate="none")
    stream = maker(config, 2, 0.64)()
    stream.push(make_video("smooth", 9, 2, 0).cas)
    before = stream.save()
    with pytest.raises(kind, match="snippets") as caught:
        stream.gap(snippets)
    assert isinstance(caught.value, basnet_rt.Error)
    assert str(snippets) in str(caught.value)
    assert stream.save() == before


def test_chunks_do_not_move_a_gap():
    """One by one and at once, a gap between is between the same two snippets."""
    video = make_video("end_spikes", 6, 2, 3)
    config = PostprocessConfig.continuous(normalisation="fixed", gate="none")
    recording = [rows_of(video), 2, rows_of(video)]
    got = run(config, recording, one_by_one, snippet_seconds=0.64)
    assert got == run(config, recording, snippet_seconds=0.64)
    assert set(got.segments[:, 1]) >= {6 * 0.64, 14 * 0.64}
