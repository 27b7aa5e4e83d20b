"""The oracle's `published` mode against the released code's own numbers.

Times to 1e-9 s. Scores to 1e-9 too, though 1e-6 would do: that shows that each float32 step
of the released code is understood (see the notes in reference/published.py).
"""

from __future__ import annotations

import numpy as np
import pytest

from reference import published
from reference.compare import assert_same
from reference.golden import PUBLISHED_CASES, published_arrays
from reference.results import Result

SETTINGS = ("class_threshold", "cas_thresholds", "upsample", "outer_ratio", "score_weight")


@pytest.fixture(scope="module")
def golden(shared):
    return published_arrays(shared)


def arguments(golden, case):
    """(cas, video_scores, settings) and snippet_seconds of one golden case."""
    cas = golden[f"{case}/cas"]
    settings = {name: golden[f"{case}/{name}"].tolist() for name in (*SETTINGS, "nms_iou")}
    num_snippets, fps = int(golden[f"{case}/num_snippets"]), int(golden[f"{case}/fps"])
    seconds = 16 * num_snippets / (len(cas) * fps)
    return (cas[:, :-1], golden[f"{case}/video_score"], settings), {"snippet_seconds": seconds}


def test_every_golden_case_is_listed(golden):
    """Catches a case that was added to the file and is tested by nobody."""
    assert {name.split("/")[0] for name in golden} == set(PUBLISHED_CASES)


@pytest.mark.parametrize("case", PUBLISHED_CASES)
def test_proposals_are_the_released_ones(golden, case):
    """Catches a wrong sample, run, window, mean or time, and a wrong order of proposals."""
    inputs, timing = arguments(golden, case)
    got = published.propose(*inputs, **timing)

    rows = golden[f"{case}/proposals"]  # threshold index, class, score, start, end
    want = Result(rows[:, 1], rows[:, 2], rows[:, 3:], rows[:, 0])
    assert_same(got, want, times=1e-9, scores=1e-9)
    np.testing.assert_array_equal(got.threshold_index, want.threshold_index)
    np.testing.assert_allclose(got.segments, want.segments, rtol=0, atol=1e-9)


@pytest.mark.parametrize("case", PUBLISHED_CASES)
def test_detections_are_the_released_ones(golden, case):
    """Catches a wrong IoU, a wrong order of suppression, and classes that meet in NMS."""
    inputs, timing = arguments(golden, case)
    got = published.postprocess(*inputs, **timing)

    rows = golden[f"{case}/detections"]  # class, score, start, end
    want = Result(rows[:, 0], rows[:, 1], rows[:, 2:], np.zeros(len(rows)))
    assert_same(got, want, times=1e-9, scores=1e-9, with_index=False)
    assert (np.diff(got.scores) <= 0).all()


# Two equal columns, for class 0 alone counts as none; not upsampled, so a sample is a snippet
# of one second and y is the CAS, whose limits are 0 and 1.
BY_HAND = {
    "class_threshold": 0.25,
    "cas_thresholds": [0.5],
    "upsample": 1,
    "outer_ratio": 0.25,
    "score_weight": 0.25,
    "nms_iou": 0.7,
}


def segments_by_class(values, video_scores=(1.0, 1.0), **changes):
    """[segments of class 0, segments of class 1] of the proposals of a small video."""
    cas = np.repeat(np.array(values, dtype=np.float32)[:, None], 2, axis=1)
    scores = np.array(video_scores, dtype=np.float32)
    got = published.propose(cas, scores, {**BY_HAND, **changes}, snippet_seconds=1.0)
    return [got.segments[got.labels == label].tolist() for label in (0, 1)]


def test_one_snippet_gives_nothing():
    """A lone snippet is at its own minimum or below zero: never above threshold 0."""
    for value in (-1.0, 0.0, 1.0):
        assert segments_by_class([value], cas_thresholds=[0.0, 0.5]) == [[], []]


def test_sample_zero_alone_is_dropped():
    """A slip of the released code that no golden case shows. With another run it stays."""
    assert segments_by_class([1, 0, 0]) == [[], []]
    assert segments_by_class([1, 0, 1]) == [[[0, 1], [2, 3]]] * 2
    assert segments_by_class([1, 1, 0]) == [[[0, 2]]] * 2


def test_class_zero_alone_is_none():
    """The other slip; with a second class, or as another class alone, it is gone."""
    assert segments_by_class([0, 1, 0], video_scores=(1, 0)) == [[], []]
    assert segments_by_class([0, 1, 0], video_scores=(0, 1)) == [[], [[1, 2]]]
    assert segments_by_class([0, 1, 0], video_scores=(1, 1)) == [[[1, 2]], [[1, 2]]]


def test_the_class_threshold_is_compared_in_float32():
    """float32(0.7) is below 0.7 and passes, as in the released code; no golden case has it."""
    assert float(np.float32(0.7)) < 0.7
    got = segments_by_class([0, 1, 0], video_scores=(0, 0.7), class_threshold=0.7)
    assert got == [[], [[1, 2]]]


def test_score_by_hand():
    """y = 0 0.5 1 1 1 1 0 0 at 0.75: the run 2..5 has four samples and inner 1. Its window
    reaches one sample to each side, 0.5 and 0, but both are below the threshold and so count
    as 0: 1 - 0 + 0.25."""
    cas = np.repeat(np.array([[0, 0.5, 1, 1, 1, 1, 0, 0]], dtype=np.float32).T, 2, axis=1)
    settings = {**BY_HAND, "cas_thresholds": [0.75]}
    got = published.propose(cas, np.ones(2), settings, snippet_seconds=1.0)
    assert got.scores.tolist() == [1.25, 1.25]
    assert got.segments.tolist() == [[2, 6], [2, 6]]
