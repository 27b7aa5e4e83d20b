"""Frame-level AUC and AP, held to a count of every pair of frames; and spotting by hand.

The oracle cuts time into frames of a hundredth of a snippet and counts pairs (AUC) and ranks (AP),
in loops. Would catch: a snippet that counts as a whole where it is marked in part, ties broken by
order, time beyond a video's end, classes that change places.
"""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from evaluation_cases import found_in, truth_of

from basnet_rt.activation_files import ActivationFolder, Activations
from basnet_rt.evaluation import evaluate_spotting, frame_metrics

FRAMES = 100  # of a snippet


def made(seed: int):
    random = np.random.default_rng(seed)
    truth, found = {}, {}
    for video in ("v", "w"):
        starts = random.integers(0, 700, (3, 2)) / FRAMES * 0.5
        truth[video] = [
            (label, float(a), float(a + 0.5)) for label, (a, _) in zip("ABA", starts, strict=True)
        ]
        values = random.integers(0, 4, (9, 2)).astype(np.float32) / 4  # with many ties
        found[video] = Activations(values, np.ones(9, np.float32), 0.5, ("A", "B"))
    return truth, found


def by_counting(truth, found, column, label, ignored=None):
    """(AUC, AP) over frames of a hundredth of a snippet."""
    scores, positive = [], []
    for video, one in found.items():
        for snippet, frame in itertools.product(range(9), range(FRAMES)):
            time = (snippet + (frame + 0.5) / FRAMES) * one.snippet_seconds
            if any(a <= time < b for name, a, b in truth[video] if name == ignored):
                continue
            scores.append(float(one.activations[snippet, column]))
            marks = [(a, b) for name, a, b in truth[video] if name == label]
            positive.append(any(a <= time < b for a, b in marks))
    scores, positive = np.array(scores), np.array(positive)
    above = scores[positive][:, None] - scores[~positive][None, :]
    auc = np.mean((above > 0) + 0.5 * (above == 0))
    ap, before = 0.0, 0.0
    for level in sorted(set(scores.tolist()), reverse=True):
        chosen = scores >= level
        recall = (chosen & positive).sum() / positive.sum()
        ap += (recall - before) * (chosen & positive).sum() / chosen.sum()
        before = recall
    return auc, ap


@pytest.mark.parametrize("seed", range(4))
def test_frames_are_ranked_as_a_count_of_all_pairs_says(seed):
    truth, found = made(seed)
    got = frame_metrics(truth_of(truth), found, subset="test")
    assert got.labels == ["A", "B"]
    for column, label in enumerate(got.labels):
        auc, ap = by_counting(truth, found, column, label)
        assert got.auc[column] == pytest.approx(auc, abs=1e-9)
        assert got.ap[column] == pytest.approx(ap, abs=1e-9)
    assert got.seconds == pytest.approx(9.0)
    assert got.mean_ap == pytest.approx(got.ap.mean())


@pytest.mark.parametrize("seed", range(4))
def test_ignored_time_within_a_snippet_is_left_out_of_both_sides(seed):
    truth, found = made(seed)
    got = frame_metrics(truth_of(truth), found, subset="test", ignore_labels=["B"])
    auc, ap = by_counting(truth, found, 0, "A", ignored="B")
    assert got.labels == ["A"]
    assert (got.auc[0], got.ap[0]) == (pytest.approx(auc, abs=1e-9), pytest.approx(ap, abs=1e-9))


@pytest.mark.parametrize(
    ("labels", "message"),
    [("AB", "must be a list"), (None, "must be a list"), (["a"], "ignore_labels names 'a'")],
)
def test_labels_to_ignore_that_nobody_has_are_refused(labels, message):
    truth, found = made(0)
    with pytest.raises((TypeError, ValueError), match=message):
        frame_metrics(truth_of(truth), found, subset="test", ignore_labels=labels)


@pytest.mark.parametrize("scale", [1e-60, 1e300])
def test_scores_may_have_any_scale(scale):
    truth, found = made(1)
    arrays = {video: one.activations.astype(np.float64) for video, one in found.items()}
    once, again = (
        frame_metrics(
            truth_of(truth),
            {video: rows * by for video, rows in arrays.items()},
            subset="test",
            snippet_seconds=0.5,
        )
        for by in (1.0, scale)
    )
    assert again.auc.tolist() == once.auc.tolist()


def test_masks_and_lengths_of_nothing_are_refused():
    truth, found = made(0)
    rows = {video: one.activations for video, one in found.items()}
    with pytest.raises(TypeError, match="masked"):
        frame_metrics(
            truth_of(truth), {v: np.ma.masked_less(r, 0.5) for v, r in rows.items()}, subset="test"
        )
    with pytest.raises(ValueError, match="snippet_seconds is 0; it must be"):
        frame_metrics(truth_of(truth), rows, subset="test", snippet_seconds=0)


def test_time_beyond_the_end_and_ignored_time_do_not_count(tmp_path):
    content = truth_of({"v": [("A", 0, 1), ("Ambiguous", 1, 2)]})
    content["database"]["v"]["duration"] = 3.0
    values = np.array([[0.9], [0.95], [0.1], [0.99]], np.float32)
    one = Activations(values, np.ones(4, np.float32), 1.0, ("A",))
    folder = ActivationFolder(tmp_path)
    folder.write("v", one)
    got = frame_metrics(content, tmp_path, subset="test", ignore_labels=["Ambiguous"])
    assert (got.auc.tolist(), got.ap.tolist(), got.seconds) == ([1.0], [1.0], 2.0)
    assert got.chance.tolist() == [0.5]
    assert frame_metrics(content, folder, subset="test").auc.tolist() == [0.5]


def test_arrays_take_their_columns_and_times_from_the_annotations():
    truth, found = made(1)
    content = truth_of(truth)
    for entry in content["database"].values():
        entry["duration"] = 4.5
    arrays = {video: one.activations for video, one in found.items()}
    want = frame_metrics(content, found, subset="test")
    assert frame_metrics(content, arrays, subset="test").ap.tolist() == want.ap.tolist()
    swapped = {video: one.activations[:, ::-1] for video, one in found.items()}
    got = frame_metrics(content, swapped, subset="test", classes=["B", "A"], snippet_seconds=0.5)
    assert dict(zip(got.labels, got.ap, strict=True)) == dict(
        zip(want.labels, want.ap, strict=True)
    )
    with pytest.raises(ValueError, match="has 2 columns for 1 classes"):
        frame_metrics(content, arrays, subset="test", classes=["A"])
    with pytest.raises(ValueError, match="give `snippet_seconds`"):
        frame_metrics(truth_of(truth), arrays, subset="test")


def test_what_is_missing_is_named():
    truth, found = made(0)
    with pytest.raises(ValueError, match="video 'w' has no activations"):
        frame_metrics(truth_of(truth), {"v": found["v"]}, subset="test")
    with pytest.raises(ValueError, match="no class of the activations is marked"):
        frame_metrics(truth_of({"v": [("C", 0, 1)]}), found, subset="test")
    with pytest.raises(TypeError, match="activations is a int"):
        frame_metrics(truth_of(truth), 3, subset="test")


def test_a_moment_counts_within_its_tolerance():
    """Centres 5 and 25; detections at 6 (hit from 1 s on), 5.5 (a repeat), 22 (hit from 3 s on)."""
    truth = truth_of({"v": [("A", 0, 10), ("A", 20, 30)]})
    found = found_in({"v": [("A", 0.9, 6, 6), ("A", 0.8, 5, 6), ("A", 0.7, 21, 23)]})
    report = evaluate_spotting(truth, found, subset="test", tolerances=[0.5, 1.0, 3.0])
    assert report.map.tolist() == pytest.approx([0.25, 0.5, 0.5 + 0.5 * 2 / 3])
    starts = evaluate_spotting(truth, found, subset="test", tolerances=1.0, anchor="start")
    assert starts.map.tolist() == pytest.approx([1 / 3 * 0.5])


def test_labels_without_a_moment_can_be_left_out():
    truth, found = (
        truth_of({"v": [("A", 0, 1)]}),
        found_in({"v": [("A", 0.9, 0, 1), ("B", 1, 0, 1)]}),
    )
    with pytest.raises(ValueError, match="unknown_labels="):
        evaluate_spotting(truth, found, subset="test")
    assert evaluate_spotting(truth, found, subset="test", unknown_labels="ignore").map.min() == 1


@pytest.mark.parametrize("tolerances", [0.0, [], [1.0, float("nan")], -1])
def test_a_tolerance_out_of_range_is_refused(tolerances):
    with pytest.raises(ValueError, match="tolerances is"):
        evaluate_spotting(truth_of({"v": [("A", 0, 1)]}), found_in({}), subset="test",
                          tolerances=tolerances)  # fmt: skip


def test_another_anchor_is_refused():
    with pytest.raises(ValueError, match="anchor is 'middle'; it must be one of start"):
        evaluate_spotting(truth_of({"v": [("A", 0, 1)]}), found_in({}), subset="test",
                          anchor="middle")  # fmt: skip
