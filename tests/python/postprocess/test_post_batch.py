"""`postprocess_batch` gives what `postprocess` gives, video by video and bit by bit."""

from __future__ import annotations

import numpy as np
import pytest
from post_cases import SMALL_KINDS, assert_identical, make_video

import basnet_rt
from basnet_rt import PostprocessConfig

VIDEOS = [
    make_video(kind, 3 + 5 * i, 2, i, snippet_seconds=0.3 + 0.1 * i, duration=[None, 4.0][i % 2])
    for i, kind in enumerate(SMALL_KINDS)
]
CONFIGS = [
    PostprocessConfig.published(),
    PostprocessConfig.continuous(keep_top1=True),
    PostprocessConfig.continuous(gate="horizon", normalisation="horizon", horizon=3.0),
    PostprocessConfig.continuous(gate="none", nms="gaussian", max_duration=2.0),
]


def batch(videos, config, **named):
    columns = {name: [getattr(video, name) for video in videos] for name in videos[0]._fields}
    return basnet_rt.postprocess_batch(config=config, **columns, **named)


@pytest.mark.parametrize("config", CONFIGS, ids=range(len(CONFIGS)))
@pytest.mark.parametrize("num_threads", [0, 1, 2, 3, 16])
def test_one_by_one_and_at_once(config, num_threads):
    """Catches videos that share a buffer, a thread's leftovers, and answers in another order."""
    many = VIDEOS * 3
    got = batch(many, config, num_threads=num_threads)
    assert len(got) == len(many)
    assert sum(map(len, got)) > 30
    for video, found in zip(many, got, strict=True):
        want = basnet_rt.postprocess(*video.arrays(), config, **video.timing())
        assert_identical(found, want)
        assert found.mode == config.mode


@pytest.mark.parametrize("kind", [np.asarray, pytest.importorskip("torch").from_numpy])
def test_a_padded_array(kind):
    """What lies behind a video's length is not looked at, NaN though it be."""
    config = PostprocessConfig.continuous(gate="horizon", horizon=2.0, keep_top1=True)
    lengths = [1, 7, 12]
    cas = np.random.default_rng(0).normal(size=(3, 12, 4)).astype(np.float32)
    raw = np.random.default_rng(1).normal(size=(3, 12, 5)).astype(np.float32)
    for i, length in enumerate(lengths):
        cas[i, length:] = raw[i, length:] = np.nan
    got = basnet_rt.postprocess_batch(
        kind(cas), None, config, snippet_seconds=0.5, raw_cas=kind(raw), lengths=lengths
    )
    for i, length in enumerate(lengths):
        arrays = (np.ascontiguousarray(cas[i, :length]), None, config)
        rows = np.ascontiguousarray(raw[i, :length])
        assert_identical(got[i], basnet_rt.postprocess(*arrays, snippet_seconds=0.5, raw_cas=rows))


def test_video_scores_as_rows():
    cas = np.random.default_rng(0).normal(size=(3, 9, 2)).astype(np.float32)
    scores = np.array([[0.3, 0.1], [0.0, 0.0], [0.9, 0.8]])
    got = basnet_rt.postprocess_batch(cas, scores, CONFIGS[0], snippet_seconds=1.0)
    for i in range(3):
        want = basnet_rt.postprocess(cas[i], scores[i], CONFIGS[0], snippet_seconds=1.0)
        assert_identical(got[i], want)
    assert len(got[1]) == 0


def test_no_videos():
    assert basnet_rt.postprocess_batch([], [], CONFIGS[0], snippet_seconds=1.0) == []
    assert basnet_rt.postprocess_batch([], None, CONFIGS[3], snippet_seconds=[]) == []


def spoilt(name, value):
    return [VIDEOS[0], VIDEOS[1], VIDEOS[2]._replace(**{name: value})]


NAN = np.array([[0.0, 1.0], [np.nan, 0.0]], np.float32)
BAD = [
    ("cas", NAN, ValueError, ["videos[2]", "cas[1, 0]", "nan"]),
    ("cas", NAN[:0], ValueError, ["videos[2]", "cas", "(0, 2)"]),
    ("cas", NAN.astype(np.float64), TypeError, ["videos[2]", "cas", "float64"]),
    ("cas", [[1.0]], TypeError, ["cas[2]", "list"]),
    ("video_scores", [0.5, 7.0], ValueError, ["videos[2]", "video_scores[1]", "7"]),
    ("video_scores", [0.5], ValueError, ["videos[2]", "video_scores", "1 entries"]),
    ("video_scores", None, ValueError, ["videos[2]", "video_scores", "None"]),
    ("snippet_seconds", 0.0, ValueError, ["videos[2]", "snippet_seconds", "0"]),
    ("snippet_seconds", "fast", TypeError, ["snippet_seconds", "'fast'"]),
    ("duration", -2.0, ValueError, ["videos[2]", "duration", "-2"]),
]


@pytest.mark.parametrize(("name", "value", "kind", "words"), BAD)
def test_a_bad_video_is_named(name, value, kind, words):
    """With hundreds of videos, an error that does not say which is of no use."""
    with pytest.raises(kind) as caught:
        batch(spoilt(name, value), CONFIGS[1], num_threads=2)
    assert isinstance(caught.value, basnet_rt.Error)
    for word in words:
        assert word in str(caught.value)


BAD_CALLS = [
    ({"num_threads": -1}, ValueError, ["num_threads", "-1"]),
    ({"num_threads": 1025}, ValueError, ["num_threads", "1025"]),
    ({"num_threads": 1.5}, TypeError, ["num_threads", "1.5"]),
    ({"video_scores": [[1, 1]]}, ValueError, ["video_scores", "1 entries", "2 videos"]),
    ({"video_scores": 5}, TypeError, ["video_scores", "5"]),
    ({"snippet_seconds": [1.0]}, ValueError, ["snippet_seconds", "1 entries"]),
    ({"duration": [1.0, 2.0, 3.0]}, ValueError, ["duration", "3 entries"]),
    ({"raw_cas": [NAN]}, ValueError, ["raw_cas", "1 entries"]),
    ({"lengths": [1]}, ValueError, ["lengths", "1 entries"]),
    ({"lengths": [1, 10]}, ValueError, ["lengths[1]", "10", "1 to 9"]),
    ({"lengths": [0, 1]}, ValueError, ["lengths[0]", "0", "1 to 9"]),
    ({"lengths": [1.5, 1]}, TypeError, ["lengths[0]", "1.5"]),
    ({"cas": np.zeros((9, 2), np.float32)}, ValueError, ["cas", "(9, 2)", "(N, T, C)"]),
]


@pytest.mark.parametrize(("changes", "kind", "words"), BAD_CALLS)
def test_a_bad_call_names_its_argument(changes, kind, words):
    arguments = {
        "cas": np.zeros((2, 9, 2), np.float32),
        "video_scores": [[1, 1], [1, 1]],
        "config": CONFIGS[1],
        "snippet_seconds": 1.0,
        **changes,
    }
    with pytest.raises(kind) as caught:
        basnet_rt.postprocess_batch(**arguments)
    assert isinstance(caught.value, basnet_rt.Error)
    for word in words:
        assert word in str(caught.value)
