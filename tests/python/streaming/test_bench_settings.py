"""How bench/streaming reads its data and compares settings, against cases by hand."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

pytest.importorskip("basnet_training.calibrate")  # the measurements take its calibration

from bench.streaming.latency_measures import Latencies, Segments
from bench.streaming.measured_settings import Measured, average_map, changed, measure, streamed
from bench.streaming.recordings import (
    SCORES_CONFIG,
    SNIPPET_SECONDS,
    DataSet,
    calibrated,
    from_scores,
    merl_stream,
    runs_of,
)


def measured(*maps):
    return Measured(maps, Latencies(np.zeros(0), np.zeros(0), 0), 0)


def two_classes(labels):
    """A recording whose scores are nearly sure of (T,) labels; 2 is background."""
    scores = np.full((len(labels), 3), 0.01, np.float32)
    scores[np.arange(len(labels)), labels] = 0.98
    return from_scores("made", scores, np.asarray(labels))


LABELS = [2, 2, 0, 0, 0, 2, 2, 2, 1, 1, 0, 0, 2, 2, 2, 2]


def test_runs_by_hand():
    """Catches a run that lacks its last snippet, or a background that counts as action."""
    got = runs_of(np.array([1, 1, 2, 2, 0, 1]), background=2)
    assert got.labels.tolist() == [1, 0, 1]
    assert (got.segments / SNIPPET_SECONDS).tolist() == [[0, 2], [4, 5], [5, 6]]


def test_difference_is_paired_by_group():
    """Groups differ by 10 and 20, settings by 1 and 3: mean 2, standard error 1."""
    gap, error = measured(11.0, 23.0).against(measured(10.0, 20.0))
    assert (gap, error) == pytest.approx((2.0, 1.0))


def test_lowest_threshold():
    data = DataSet("made", ("a", "b"), SCORES_CONFIG, (), "video")
    assert changed(data, {"lowest": 0.3}).cas_thresholds == tuple(k / 20 for k in range(6, 19))
    assert changed(data, {"max_lookahead": 2.0}).cas_thresholds == SCORES_CONFIG.cas_thresholds


def test_sure_scores_give_full_marks_in_time():
    """The whole way from scores to mAP and latency; catches classes or streams mixed up.

    The last run ends at snippet 12; its flank is a quarter of two snippets, and the centre behind
    it is that of snippet 12, which has come at 13: one snippet late.
    """
    one = two_classes(LABELS)
    data = DataSet("made", ("a", "b"), SCORES_CONFIG, ((one,),), "video")
    got = measure(data, {"lowest": 0.5})
    assert got.maps == (pytest.approx(100.0),)
    late = (got.latency.after_end / SNIPPET_SECONDS).round(6)
    assert late.tolist() == [2.0, 1.0, 1.0]
    assert got.latency.found == 1.0


def test_finals_of_the_wrong_class_score_nothing():
    """Catches an evaluation that does not look at what was found."""
    one = two_classes(LABELS)
    swapped = dataclasses.replace(one, truth=Segments(1 - one.truth.labels, one.truth.segments))
    finals = {"made": streamed(one, SCORES_CONFIG)}
    assert average_map(("a", "b"), [one], finals) > 90
    assert average_map(("a", "b"), [swapped], finals) == 0


def test_calibration_takes_tagged_videos_alone():
    """The range of class 0 comes from the video that has it."""
    strong, weak = two_classes(LABELS), two_classes([2] * 8 + [1] * 8)
    data = DataSet("made", ("a", "b"), SCORES_CONFIG, ((strong, weak),), "video")
    config = calibrated(data)
    assert config.fixed_hi == pytest.approx((0.98, 0.98))
    assert config.fixed_lo == pytest.approx((0.01, 0.01))


def test_real_stream_is_cut_whole(shared):
    """Ten sections, every snippet once, and marked actions in each."""
    data = merl_stream()
    assert [len(one.activations) for one in data.recordings] == [946] * 10
    assert min(len(one.truth) for one in data.recordings) > 100
    assert len(data.half(odd=False).groups) == len(data.half(odd=True).groups) == 5
