"""Every format, written and read back by this package, on real cctv_fights results.

What is lost and how far a time may move is what docs/formats.md and the docstrings state.
"""

from __future__ import annotations

import dataclasses

import comparing
import numpy as np
import pytest
from comparing import at_rate

import basnet_rt
from basnet_rt.formats import FORMATS, FrameRate, read_marks, to_results, webvtt, write_marks

ROWS = ("csv", "jsonl", "rttm")  # a video without segments has no row
EXACT = ("activitynet", "csv", "jsonl")
MILLISECONDS = ("webvtt", "elan")
FRAMES = ("edl", "otio", "label-studio")
TOLERANCE = {
    **dict.fromkeys(EXACT, 0.0),
    **dict.fromkeys(MILLISECONDS, 0.5e-3 + 1e-9),
    **dict.fromkeys(FRAMES, 0.5 / 25 + 1e-9),
    "rttm": 1.5e-6,
}


def round_trip(path, marked, name):
    files = write_marks(path, marked, format=name)
    assert all(file.exists() for file in files)
    return read_marks(path, format=name)


@pytest.mark.parametrize("name", TOLERANCE)
def test_times_labels_and_scores_come_back(tmp_path, marked, name):
    """28 videos, 1,000 detections of two overlapping classes; float32 scores to the last bit."""
    assert marked.num_marks > 1000
    got = round_trip(tmp_path / "out", marked, name)
    assert comparing.worst_of(got, marked) <= TOLERANCE[name]


@pytest.mark.parametrize("name", sorted(set(TOLERANCE) - set(ROWS)))
def test_a_video_without_segments_comes_back(tmp_path, marked, name):
    got = round_trip(tmp_path / "out", marked, name)
    assert list(got.videos) == sorted(marked.videos)
    assert () in [video.marks for video in got.videos.values()]


@pytest.mark.parametrize("name", ROWS)
def test_rows_hold_no_empty_video(tmp_path, marked, name):
    """If this fails, the table of docs/formats.md has to say so."""
    got = round_trip(tmp_path / "out", marked, name)
    assert len(got.videos) == len(marked.videos) - 1


@pytest.mark.parametrize("name", [*MILLISECONDS, *FRAMES, "ground-truth"])
def test_durations_subsets_and_rates_come_back(tmp_path, marked, name):
    got = round_trip(tmp_path / "out", marked, name)
    for video, want in marked.videos.items():
        have = got.videos[video]
        assert (have.duration, have.subset, have.rate) == (want.duration, "test", want.rate)


@pytest.mark.parametrize("name", sorted(set(TOLERANCE) - {"rttm"}))
def test_simulated_results_never_pass_for_real_ones(tmp_path, marked, name):
    made = dataclasses.replace(marked, provenance={**marked.provenance, "simulated": True})
    assert round_trip(tmp_path / "out", made, name).provenance["simulated"] is True


@pytest.mark.parametrize("rate", ["23.976", "29.97df", "29.97", "30", "59.94df"])
@pytest.mark.parametrize("name", FRAMES)
def test_frames_of_other_rates(tmp_path, marked, name, rate):
    """Catches a rate that is rounded on the way, or a drop-frame file read as another."""
    filmed = at_rate(marked, rate)
    got = round_trip(tmp_path / "out", filmed, name)
    exact = FrameRate.parse(rate).exact
    assert comparing.worst_of(got, filmed) <= float(1 / (2 * exact)) + 1e-9
    assert {str(video.rate) for video in got.videos.values()} == {str(FrameRate.parse(rate))}


@pytest.mark.parametrize("name", [*FRAMES, *MILLISECONDS])
def test_a_second_trip_changes_nothing(tmp_path, marked, name):
    """Rounding happens once: a file that goes back and forth must not drift."""
    once = round_trip(tmp_path / "one", marked, name)
    twice = round_trip(tmp_path / "two", once, name)
    assert comparing.worst_of(twice, once) == 0.0


def test_chapters_keep_the_best_and_say_how_many_are_left_out(tmp_path, marked):
    """A player shows chapters that partly overlap as nonsense; WebVTT forbids them."""
    got = round_trip(tmp_path / "out", marked, "webvtt-chapters")
    num_left_out = 0
    for name, video in marked.videos.items():
        kept = webvtt.kept_as_chapters(video)
        num_left_out += FORMATS["webvtt-chapters"].num_left_out(video)
        assert len(kept) == len(got.videos[name].marks)
        if video.marks:
            best = max(mark.score for mark in video.marks)
            assert best in {mark.score for mark in got.videos[name].marks}
        spans = [(mark.start, mark.end) for mark in got.videos[name].marks]
        for a, b in spans:
            for c, d in spans:
                assert b <= c or d <= a or (c <= a and b <= d) or (a <= c and d <= b)
    assert 0 < num_left_out == marked.num_marks - got.num_marks


@pytest.mark.parametrize("name", [*EXACT, "webvtt", "elan"])
def test_results_evaluate_the_same_after_a_trip(tmp_path, marked, results, truth_file, name):
    """Scores and order survive, so the average mAP does."""
    settings = {"subset": "test", "unknown_labels": "ignore"}
    full = basnet_rt.formats.from_results(results)
    write_marks(tmp_path / "out", full, format=name)
    back = to_results(read_marks(tmp_path / "out", format=name))
    want = basnet_rt.evaluate(truth_file, results, **settings)
    got = basnet_rt.evaluate(truth_file, back, **settings)
    assert want.average_map > 0.05
    np.testing.assert_allclose(got.average_map, want.average_map, atol=1e-4)


def test_write_results_and_read_results_take_every_format(tmp_path, results):
    """The two functions that users know do what `convert` does."""
    for name in ("rttm", "webvtt", "edl"):
        path = tmp_path / name
        basnet_rt.write_results(path, results, format=name, fps=25)
        back = basnet_rt.read_results(path, format=name)
        assert back.provenance.get("mode", "unknown") in ("continuous", "unknown")
        some = "cctv_test_0001"
        assert sorted(back.detections[some].names) == sorted(results[some].names)
        assert (np.diff(back.detections[some].scores) <= 0).all()
