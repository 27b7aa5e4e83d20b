"""Error profile, recall at N and recall by size against plain loops, over random predictions."""

from __future__ import annotations

import numpy as np
import pytest
from analysis_cases import KINDS, found_in, kinds_in, random_case, taken_in, tiou, truth_of

import basnet_rt
from basnet_rt import InvalidValue
from reference import evaluate as reference

LEVELS = [0.3, 0.5, 0.75]
SEEDS = range(6)


def report_of(truth, found, durations=None, **options):
    content = truth_of(truth, durations=durations)
    return basnet_rt.evaluate(
        content, found_in(found), subset="test", tiou_thresholds=LEVELS, **options
    )


@pytest.mark.parametrize("seed", SEEDS)
def test_bands_of_rank(seed):
    """Catches ranks across classes, bands of a wrong size, and kinds of the wrong rows."""
    truth, found = random_case(seed)
    profile = report_of(truth, found).errors(tiou_threshold=0.5, bands=4)
    expected = np.zeros((4, len(KINDS)), int)
    kinds = {video: kinds_in(truth[video], rows, 0.5, 0.1) for video, rows in found.items()}
    for label in "ABC":
        size = sum(one[0] == label for marked in truth.values() for one in marked)
        rows = [
            (row[1], kind)
            for video in found
            for row, kind in zip(found[video], kinds[video], strict=True)
            if row[0] == label
        ]
        for rank, (_, kind) in enumerate(sorted(rows, key=lambda row: -row[0])):
            if rank < 4 * size:
                expected[rank // size, KINDS.index(kind)] += 1
    np.testing.assert_array_equal(profile.bands, expected)
    assert profile.counts["background"] == sum(k.count("background") for k in kinds.values())


@pytest.mark.parametrize("seed", SEEDS)
def test_what_a_kind_costs(seed):
    """mAP by the reference, once with all detections and once without those of a kind."""
    truth, found = random_case(seed)
    profile = report_of(truth, found).errors(tiou_threshold=0.5)

    def score(rows):
        scored = reference.evaluate(
            truth_of(truth), found_in(rows), subset="test", tiou_thresholds=[0.5]
        )
        return scored["average_mAP"]

    assert set(profile.impact) == set(KINDS) - {"correct"}
    for kind, gain in profile.impact.items():
        kept = {
            video: [
                row
                for row, own in zip(rows, kinds_in(truth[video], rows, 0.5, 0.1), strict=True)
                if own != kind
            ]
            for video, rows in found.items()
        }
        assert gain == pytest.approx(score(kept) - score(found), abs=1e-12)


@pytest.mark.parametrize("seed", SEEDS)
def test_recall_at_n(seed):
    """Catches a best of N over all videos together, and labels that are looked at or not."""
    truth, found = random_case(seed)
    curve = report_of(truth, found).recall(counts=(1, 3, 100))
    for r, count in enumerate((1, 3, 100)):
        kept = {v: sorted(rows, key=lambda row: -row[1])[:count] for v, rows in found.items()}
        assert curve.average_number[r] == pytest.approx(np.mean([len(k) for k in kept.values()]))
        for k, level in enumerate(LEVELS):
            hits = [
                [
                    any(tiou(row[2:], span) >= level for row in kept[video]),
                    any(tiou(row[2:], span) >= level for row in kept[video] if row[0] == label),
                ]
                for video, marked in truth.items()
                for label, *span in marked
            ]
            expected = np.mean(hits, axis=0)
            np.testing.assert_allclose(
                [curve.any_label[r, k], curve.own_label[r, k]], expected, rtol=0, atol=1e-12
            )


@pytest.mark.parametrize("seed", SEEDS)
def test_recall_by_size(seed):
    truth, found = random_case(seed)
    durations = dict.fromkeys(truth, 300.0)
    report = report_of(truth, found, durations)
    pairs = (
        (report.by_duration(bounds=(3, 5, 8, 10)), (3, 5, 8, 10), 1.0),
        (report.by_coverage(bounds=(0.01, 0.02, 0.03, 0.04)), (0.01, 0.02, 0.03, 0.04), 300.0),
    )
    for got, bounds, unit in pairs:
        for k, level in enumerate(LEVELS):
            buckets = [[] for _ in range(5)]
            for video, marked in truth.items():
                taken = taken_in(marked, found[video], level).values()
                for number, (_, start, end) in enumerate(marked):
                    bucket = sum((end - start) / unit > bound for bound in bounds)
                    buckets[bucket].append(number in taken)
            assert got.num_truths.tolist() == [len(one) for one in buckets]
            expected = [np.mean(one) if one else np.nan for one in buckets]
            np.testing.assert_allclose(got.recall[:, k], expected, rtol=0, atol=1e-12)


def test_a_bound_belongs_below():
    """A segment of exactly 3 s is extra small, as the ranges say."""
    found = report_of({"v": [("A", 0, 3), ("A", 10, 16.5)]}, {"v": [("A", 1, 0, 3)]}).by_duration()
    assert found.num_truths.tolist() == [1, 0, 1, 0, 0]
    assert found.ranges == ["up to 3", "3 to 6", "6 to 12", "12 to 18", "above 18"]
    assert found.to_dict()["buckets"]["S"]["recall"] is None


def test_no_detections_at_all():
    """Nothing found is an answer, not an error."""
    report = report_of({"v": [("A", 0, 3)]}, {})
    assert report.errors().counts == {**dict.fromkeys(KINDS, 0), "missed": 1}
    assert report.recall(counts=(1,)).own_label.tolist() == [[0.0, 0.0, 0.0]]
    assert report.by_duration().recall[0].tolist() == [0.0, 0.0, 0.0]


def test_labels_that_were_left_out_do_not_come_back():
    """Their names are still in the table; their rows are not."""
    report = report_of(
        {"v": [("A", 0, 3)]}, {"v": [("Z", 1, 0, 3), ("A", 0.5, 0, 3)]}, unknown_labels="ignore"
    )
    assert report.errors().counts["correct"] == 1
    assert report.errors().bands.sum() == 1
    assert report.recall(counts=(1,)).any_label.tolist() == [[1.0, 1.0, 1.0]]


@pytest.mark.parametrize(
    ("method", "options", "message"),
    [
        ("errors", {"bands": 0}, "bands is 0"),
        ("errors", {"tiou_threshold": 0.0}, "tiou_threshold is 0.0"),
        ("recall", {"counts": (5, 0)}, "counts is"),
        ("recall", {"counts": ()}, "counts is"),
        ("by_duration", {"bounds": (1, 2, 3)}, "four rising"),
        ("by_duration", {"bounds": (1, 3, 2, 4)}, "four rising"),
        ("by_coverage", {}, "video 'v' has no duration"),
    ],
)
def test_wrong_arguments_are_named(method, options, message):
    report = report_of({"v": [("A", 0, 3)]}, {"v": [("A", 1, 0, 3)]})
    with pytest.raises(InvalidValue, match=message):
        getattr(report, method)(**options)


def test_a_report_without_its_inputs_says_so():
    """One that was built by hand has AP alone."""
    values = np.zeros(1), np.zeros(1), 0.0, np.zeros((1, 1)), ["A"]
    with pytest.raises(InvalidValue, match="make it by `evaluate`"):
        basnet_rt.Report(*values, 1, 1, 1, 0).errors()
