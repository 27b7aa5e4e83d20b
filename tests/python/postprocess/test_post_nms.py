"""`nms` and `soft_nms` against plain loops, on grids full of ties and touching intervals.

Ends are small integers, so that an IoU of two correct programs is the same float, on a
threshold too.
"""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import basnet_rt
from reference import nms as oracle

intervals = st.tuples(st.integers(0, 8), st.integers(0, 6)).map(lambda p: (p[0], p[0] + p[1]))
rows = st.tuples(intervals, st.sampled_from([-0.5, 0.0, 0.25, 0.5, 0.875]), st.integers(0, 2))
thresholds = st.sampled_from([0.25, 0.5, 2 / 3, 0.7, 1.0])


def columns(listed):
    segments = np.array([segment for segment, _, _ in listed], np.float64).reshape(-1, 2)
    scores = np.array([score for _, score, _ in listed], np.float64)
    return segments, scores, np.array([label for _, _, label in listed], np.int64)


@given(st.lists(rows, max_size=20), thresholds)
def test_hard(listed, iou):
    """Catches a wrong order of equal scores, `>` for `>=`, and classes that meet."""
    arrays = columns(listed)
    got = basnet_rt.nms(*arrays, iou=iou)
    assert got.dtype == np.int64
    scores = arrays[1][got]
    assert (np.diff(scores) <= 0).all()
    assert sorted(got.tolist()) == sorted(oracle.hard(*arrays, nms_iou=iou))
    for label in range(3):
        mine = np.flatnonzero(arrays[2] == label)
        alone = basnet_rt.nms(arrays[0][mine], arrays[1][mine], iou=iou)
        assert mine[alone].tolist() == [i for i in got.tolist() if arrays[2][i] == label]


@given(st.lists(rows, max_size=12), thresholds)
def test_hard_order_within_a_class(listed, iou):
    """The list of one class is the oracle's, ties by start, end and place in the input."""
    segments, scores, _ = columns(listed)
    labels = np.zeros(len(scores), np.int64)
    got = basnet_rt.nms(segments, scores, iou=iou)
    assert got.tolist() == oracle.hard(segments, scores, labels, nms_iou=iou)


@pytest.mark.parametrize("method", ["linear", "gaussian"])
@given(listed=st.lists(rows, max_size=15), iou=thresholds)
def test_soft(method, listed, iou):
    """Catches a decay of a negative score, of another class, or below the linear threshold."""
    arrays = columns(listed)
    decay = oracle.linear_decay(iou) if method == "linear" else oracle.gaussian_decay(0.4)
    got, scores = basnet_rt.soft_nms(*arrays, method=method, iou=iou, sigma=0.4, min_score=0.0123)
    indices, decayed = oracle.soft(*arrays, decay=decay, min_score=0.0123)
    assert (np.diff(scores) <= 0).all()
    want = dict(zip(indices, decayed, strict=True))
    assert dict(zip(got.tolist(), scores.tolist(), strict=True)) == pytest.approx(want, abs=1e-12)


def test_soft_by_hand():
    """IoU of [0, 4) and [1, 4) is 3/4, of [0, 4) and [3, 5) it is 1/5."""
    segments, scores = [[0, 4], [1, 4], [3, 5]], [1.0, 0.8, 0.6]
    indices, decayed = basnet_rt.soft_nms(segments, scores, method="linear", iou=0.7)
    assert indices.tolist() == [0, 2, 1]
    np.testing.assert_allclose(decayed, [1.0, 0.6, 0.2], rtol=0, atol=1e-15)
    indices, decayed = basnet_rt.soft_nms(segments, scores, sigma=0.5, min_score=0.45)
    assert indices.tolist() == [0, 2]
    np.testing.assert_allclose(decayed, [1.0, 0.6 * np.exp(-0.04 / 0.5)], rtol=0, atol=1e-15)


def test_many_against_plain_loops():
    """Five hundred overlapping intervals of unround numbers."""
    rng = np.random.default_rng(2)
    starts, lengths = rng.random(500) * 40, rng.random(500) * 4
    segments = np.column_stack([starts, starts + lengths])
    scores, labels = rng.normal(size=500), rng.integers(0, 3, 500)
    for iou in (0.2, 0.6):
        got = basnet_rt.nms(segments, scores, labels, iou=iou)
        assert 50 < len(got) < 500
        assert got.tolist() == oracle.hard(segments, scores, labels, nms_iou=iou)


def test_nothing_in_nothing_out():
    assert basnet_rt.nms([], [], [], iou=0.5).tolist() == []
    assert basnet_rt.nms(np.zeros((0, 2)), np.zeros(0), iou=0.5).tolist() == []
    indices, scores = basnet_rt.soft_nms([], [])
    assert (indices.dtype, scores.dtype, len(indices)) == (np.int64, np.float64, 0)


BAD = [
    ({"segments": [[0.0, np.nan]]}, "segments[0]", "nan"),
    ({"segments": [[0.0, np.inf]]}, "segments[0]", "inf"),
    ({"segments": [[1.0, 0.5]]}, "segments[0]", "[1, 0.5)"),
    ({"segments": [[0.0, 1.0, 2.0]]}, "segments", "(1, 3)"),
    ({"segments": [0.0, 1.0]}, "segments", "(2,)"),
    ({"scores": [np.nan]}, "scores[0]", "nan"),
    ({"scores": [-np.inf]}, "scores[0]", "-inf"),
    ({"scores": [1.0, 2.0]}, "scores", "2"),
    ({"labels": [1, 2]}, "labels", "2"),
    ({"iou": 0.0}, "0", "(0, 1]"),
    ({"iou": 1.5}, "1.5", "(0, 1]"),
    ({"iou": np.nan}, "nan", "(0, 1]"),
]
BAD_SOFT = [
    ({"method": "hard"}, "method", "'hard'"),
    ({"sigma": 0.0}, "sigma", "0"),
    ({"sigma": np.inf}, "sigma", "inf"),
    ({"min_score": np.nan}, "min_score", "nan"),
]


@pytest.mark.parametrize(("changes", "name", "value"), BAD + BAD_SOFT)
def test_bad_input(changes, name, value):
    arguments = {"segments": [[0.0, 1.0]], "scores": [0.5], "labels": [0], "iou": 0.5, **changes}
    functions = [basnet_rt.soft_nms]
    if not {"method", "sigma", "min_score"} & changes.keys():
        functions.append(basnet_rt.nms)
    for function in functions:
        with pytest.raises(basnet_rt.Error) as caught:
            function(**arguments)
        assert isinstance(caught.value, ValueError)
        assert name in str(caught.value)
        assert value in str(caught.value)


@pytest.mark.parametrize(
    "changes",
    [
        {"iou": "half"},
        {"scores": ["a"]},
        {"segments": "all"},
        {"labels": [np.nan]},
        {"labels": [0.5]},
    ],
)
def test_bad_kinds(changes):
    arguments = {"segments": [[0.0, 1.0]], "scores": [0.5], "labels": [0], "iou": 0.5, **changes}
    for function in (basnet_rt.nms, basnet_rt.soft_nms):
        with pytest.raises(TypeError) as caught:
            function(**arguments)
        assert isinstance(caught.value, basnet_rt.Error)
        assert next(iter(changes)) in str(caught.value)
