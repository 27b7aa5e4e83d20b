"""`compare`: differences, intervals and contributions on cases whose answer is known."""

from __future__ import annotations

import json

import numpy as np
import pytest
from analysis_cases import found_in, random_case, truth_of
from typer.testing import CliRunner

import basnet_rt
from basnet_rt import InvalidType, InvalidValue, compare
from basnet_rt.analysis.resampling import population
from basnet_rt.cli.app import app
from basnet_rt.evaluation.reading import evaluation_input
from reference import evaluate as reference

LEVELS = [0.3, 0.5]
FAST = {"subset": "test", "tiou_thresholds": LEVELS, "resamples": 40}


def noisy(found, seed, spread):
    """The same predictions with other scores."""
    random = np.random.default_rng(seed)
    return {
        video: [
            (label, score + float(random.normal(0, spread)), *span) for label, score, *span in r
        ]
        for video, r in found.items()
    }


@pytest.fixture
def case():
    truth, found = random_case(3, videos=12)
    return truth_of(truth), found_in(found), found_in(noisy(found, 0, 0.4))


def test_equal_results_have_no_difference_at_all(case):
    """Catches samples that are drawn apart for the two files."""
    truth, a, _ = case
    found = compare(truth, a, json.loads(json.dumps(a)), **FAST)
    for one in [*found.measures, *found.classes]:
        assert (one.difference, one.low, one.high, one.not_so) == (0, 0, 0, 1)
    assert found.videos == []


def test_differences_are_those_of_two_evaluations(case):
    truth, a, b = case
    found = compare(truth, a, b, **FAST)
    reports = [
        basnet_rt.evaluate(truth, one, subset="test", tiou_thresholds=LEVELS) for one in (a, b)
    ]
    for k, level in enumerate(LEVELS):
        one = found[f"mAP@{level:g}"]
        assert (one.a, one.b) == pytest.approx([r.map[k] for r in reports], abs=1e-15)
    assert found["average"].difference == pytest.approx(
        reports[1].average_map - reports[0].average_map, abs=1e-15
    )
    for one in found.classes:
        at = reports[0].labels.index(one.name)
        assert one.b == pytest.approx(reports[1].ap[at].mean(), abs=1e-15)
    sizes = [abs(one.difference) for one in found.classes]
    assert sizes == sorted(sizes, reverse=True)


def test_swapping_the_files_turns_the_signs(case):
    truth, a, b = case
    there, back = compare(truth, a, b, **FAST), compare(truth, b, a, **FAST)
    for one, other in zip(there.measures, back.measures, strict=True):
        assert (other.difference, other.low) == pytest.approx((-one.difference, -one.high))


def copied(content, key, times):
    """Each video as often as asked for, copies under names of their own, in place."""
    return {
        key: {
            f"{video}_{copy}": rows
            for video, rows in content[key].items()
            for copy in range(times[video])
        }
    }


@pytest.mark.parametrize("seed", range(5))
def test_a_sample_is_what_renamed_copies_give(seed):
    """The reference on a data set with copies under other names: catches copies that share their
    matches, lose their segments, or change the order of equal scores."""
    marked, rows = random_case(seed)
    truth, found = truth_of(marked), found_in(rows)
    videos = population([evaluation_input(truth, found, "test")], LEVELS)
    times = np.random.default_rng(seed).integers(0, 4, len(videos.videos))
    times[0] = 2  # has every label
    named = dict(zip(videos.videos, times.tolist(), strict=True))
    want = reference.evaluate(
        copied(truth, "database", named),
        copied(found, "results", named),
        subset="test",
        tiou_thresholds=LEVELS,
    )
    got = videos.average_precision(times)[0]
    for label, ap in zip(videos.labels, got, strict=True):
        np.testing.assert_allclose(ap, want["ap_per_class"][label], rtol=0, atol=1e-12)


def test_a_label_that_a_sample_lacks_does_not_count():
    """Its AP is none, not 0: the mean is over the labels that are there."""
    truth = truth_of({"u": [("A", 0, 10)], "v": [("B", 0, 10)]})
    found = found_in({"u": [("A", 1, 0, 10)], "v": []})
    videos = population([evaluation_input(truth, found, "test")], [0.5])
    ap = videos.average_precision(np.array([2, 0]))[0]
    assert ap[0, 0] == 1.0
    assert np.isnan(ap[1, 0])


def test_a_video_without_segments_still_counts():
    """Its false positives do: B is better by leaving them out."""
    truth = truth_of({"u": [("A", 0, 10)], "empty": []})
    a = found_in({"u": [("A", 0.5, 0, 10)], "empty": [("A", 0.9, 0, 5)]})
    b = found_in({"u": [("A", 0.5, 0, 10)], "empty": []})
    found = compare(truth, a, b, **FAST)
    assert found["average"].difference == 0.5
    (video,) = found.videos
    assert (video.name, video.a, video.b, video.difference) == ("empty", -0.5, 0.0, 0.5)


def test_a_known_gain_is_found():
    """B finds 9 of 10 actions where A finds 5: the interval lies around 0.4, and away from 0."""
    names = [f"v{i}" for i in range(100)]
    truth = truth_of({name: [("A", 0, 10)] for name in names})
    first, second = (
        found_in({n: [("A", 0.5, 0, 10)] if i % 10 < k else [] for i, n in enumerate(names)})
        for k in (5, 9)
    )
    one = compare(truth, first, second, subset="test", tiou_thresholds=0.5, resamples=300)[
        "average"
    ]
    assert one.difference == pytest.approx(0.4)
    # Four in ten videos differ: the standard error of the mean is sqrt(0.24 / 100), 0.049.
    assert 0.28 < one.low < 0.33
    assert 0.47 < one.high < 0.52
    assert one.not_so == 0.0


def test_what_a_video_adds(case):
    """Against evaluations without it; catches classes that are forgotten or kept in vain."""
    truth, a, b = case
    found = compare(truth, a, b, **FAST, num_videos=None)
    assert len(found.videos) > 5
    for one in found.videos:
        rest = {"database": {v: e for v, e in truth["database"].items() if v != one.name}}
        without = []
        for content in (a, b):
            kept = {"results": {v: r for v, r in content["results"].items() if v != one.name}}
            report = basnet_rt.evaluate(
                rest, kept, subset="test", tiou_thresholds=LEVELS, unknown_labels="ignore"
            )
            without.append(report.average_map)
        total = found["average"]
        expected = total.a - without[0], total.b - without[1]
        assert (one.a, one.b) == pytest.approx(expected, abs=1e-12)
        assert one.difference == pytest.approx(expected[1] - expected[0], abs=1e-12)


def test_a_label_that_b_alone_has_in_a_video():
    """Its AP changes with the video too; catches a look at A's labels only."""
    truth = truth_of({"u": [("A", 0, 10)], "v": [("B", 0, 10)]})
    a = found_in({"u": [("A", 0.5, 0, 10)], "v": [("B", 0.5, 0, 10)]})
    b = found_in({"u": [("A", 0.5, 0, 10), ("B", 0.9, 0, 5)], "v": [("B", 0.5, 0, 10)]})
    (video,) = compare(truth, a, b, **FAST).videos
    # Without u there is B alone, found by both at once: 1. With it: 1 for A, (1 + 1/2) / 2 for B.
    assert (video.name, video.a, video.b) == ("u", 0.0, -0.25)


def test_same_seed_same_answer(case):
    assert compare(*case, **FAST, seed=4) == compare(*case, **FAST, seed=4)
    assert compare(*case, **FAST, seed=4) != compare(*case, **FAST, seed=5)


def test_a_higher_confidence_is_wider(case):
    wide, narrow = (compare(*case, **FAST, confidence=c)["average"] for c in (0.95, 0.5))
    assert wide.low < narrow.low < narrow.high < wide.high


def test_intervals_cover_the_truth_as_often_as_they_say():
    """200 made data sets of 40 videos; each action is found by A with 0.5 and by B with 0.7 and no
    detection is wrong, so that AP is recall. 95 % intervals must cover 0.2 in 90 to 99 % of them.
    """
    random = np.random.default_rng(0)
    names = [f"v{i}" for i in range(40)]
    truth = truth_of({name: [("A", 0, 10)] for name in names})
    covered = 0
    for repeat in range(200):
        luck = random.random(len(names)) < 0.3  # what makes a video easy for both
        sides = []
        for chance in (0.5, 0.7):
            lucky = np.where(luck, 1.0, (chance - 0.3) / 0.7)
            hit = random.random(len(names)) < lucky
            rows = {n: [("A", 0.5, 0, 10)] if h else [] for n, h in zip(names, hit, strict=True)}
            sides.append(found_in(rows))
        one = compare(
            truth, *sides, subset="test", tiou_thresholds=0.5, resamples=100, num_videos=0,
            seed=repeat,
        )["average"]  # fmt: skip
        covered += one.low - 1e-9 <= 0.2 <= one.high + 1e-9
    assert 0.90 * 200 <= covered <= 0.99 * 200


def test_videos_outside_the_subset_follow_the_choice():
    """As false positives they are part of what is drawn; ignored they are not there."""
    truth = truth_of({"u": [("A", 0, 10)]})
    a = found_in({"u": [("A", 0.5, 0, 10)], "other": [("A", 0.9, 0, 5)]})
    b = found_in({"u": [("A", 0.5, 0, 10)]})
    counted = compare(truth, a, b, **FAST)
    assert (counted.num_videos, counted["average"].difference) == (2, 0.5)
    ignored = compare(truth, a, b, **FAST, other_videos="ignore")
    assert (ignored.num_videos, ignored["average"].difference) == (1, 0.0)


def test_without_samples_there_is_no_interval(case):
    """And the JSON has null, for NaN is no JSON."""
    found = compare(*case, **{**FAST, "resamples": 0})
    assert np.isnan(found["average"].low)
    plain = json.loads(json.dumps(found.to_dict(), allow_nan=False))
    assert plain["measures"][0]["low"] is None


@pytest.mark.parametrize(
    ("options", "error"),
    [
        ({"resamples": -1}, InvalidValue),
        ({"resamples": 1.5}, InvalidType),
        ({"confidence": 1.0}, InvalidValue),
        ({"confidence": "a"}, InvalidType),
        ({"seed": -1}, InvalidValue),
        ({"seed": True}, InvalidType),
    ],
)
def test_wrong_arguments_are_named(case, options, error):
    with pytest.raises(error, match=next(iter(options))):
        compare(*case, **{**FAST, **options})


def test_an_unknown_measure_lists_those_there_are(case):
    with pytest.raises(KeyError, match=r"mAP@0\.5, average"):
        compare(*case, **FAST)["mAP"]


@pytest.fixture
def files(case, tmp_path):
    paths = [tmp_path / name for name in ("gt.json", "a.json", "b.json")]
    for path, content in zip(paths, case, strict=True):
        path.write_text(json.dumps(content))
    return paths


def run(files, *arguments):
    truth, a, b = map(str, files)
    command = ["compare", a, b, "-g", truth, "-s", "test", "--tiou", "0.3,0.5", "--resamples", "40"]
    return CliRunner().invoke(app, [*command, *arguments])


def test_the_program_says_the_same(files, case):
    found = compare(*case, **FAST)
    values = json.loads(run(files, "--json", "--videos", "3").stdout)
    assert values["measures"] == found.to_dict()["measures"]
    assert [one["name"] for one in values["videos"]] == [one.name for one in found.videos[:3]]
    lines = {line[:28].strip(): line[28:].split() for line in run(files).stdout.splitlines()}
    one = found["mAP@0.5"]
    wanted = [f"{100 * one.a:.2f}", f"{100 * one.b:.2f}", f"{100 * one.difference:+.2f}"]
    assert lines["mAP@0.5"][:3] == wanted


def test_simulated_results_say_so(files):
    content = json.loads(files[2].read_text())
    files[2].write_text(json.dumps({**content, "basnet_rt": {"simulated": True}}))
    assert "simulated" in run(files).stdout


def test_exit_codes(files, tmp_path):
    assert run(files, "--confidence", "2").exit_code == 2
    done = run([files[0], files[1], tmp_path / "none.json"])
    assert done.exit_code == 1
    assert done.stderr.startswith("error: ")
