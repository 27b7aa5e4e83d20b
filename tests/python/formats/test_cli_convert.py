"""`basnet-rt convert`: one command there, one back."""

from __future__ import annotations

import json
import re

import pytest

import basnet_rt
from basnet_rt.annotations import read_annotations


@pytest.fixture
def run_cli():
    """Call `basnet-rt` in this process: the result has exit_code, stdout and stderr."""
    from typer.testing import CliRunner

    from basnet_rt.cli.app import app

    def run(*arguments):
        return CliRunner().invoke(app, [str(one) for one in arguments], catch_exceptions=False)

    return run


@pytest.fixture
def results_file(tmp_path, results):
    basnet_rt.write_results(tmp_path / "results.json", results)
    return tmp_path / "results.json"


def test_results_to_editors_and_back_to_ground_truth(run_cli, tmp_path, results_file, truth_file):
    """The way of a correction: a folder of files out, ground truth back, which evaluates."""
    there = run_cli("convert", results_file, tmp_path / "elan", "--to", "elan",
                    "--video-list", truth_file, "-s", "test", "--min-score", "0.3")  # fmt: skip
    assert there.exit_code == 0, there.stderr
    assert re.fullmatch(r"note: of \d+ detections, the \d+ events; --all .*\n", there.stderr)
    assert "28 videos" in there.stdout
    assert len(list((tmp_path / "elan").iterdir())) == 28
    back = run_cli("convert", tmp_path / "elan", tmp_path / "gt.json", "--to", "ground-truth",
                   "--video-list", truth_file, "--subset", "test")  # fmt: skip
    assert back.exit_code == 0, back.stderr
    annotations = read_annotations(tmp_path / "gt.json").subset("test")
    assert len(annotations.videos) == 28
    report = basnet_rt.evaluate(tmp_path / "gt.json", results_file, subset="test")
    assert report.average_map > 0.5  # its own best detections are the truth now


def test_a_least_score_that_is_no_number_is_wrong_usage(run_cli, tmp_path, results_file):
    done = run_cli("convert", results_file, tmp_path / "r.csv", "--min-score", "nan")
    assert done.exit_code == 2
    assert not (tmp_path / "r.csv").exists()


def test_json_says_what_was_done(run_cli, tmp_path, results_file):
    done = run_cli("convert", results_file, tmp_path / "ch", "--to", "webvtt-chapters", "--json")
    answer = json.loads(done.stdout)
    assert (answer["videos"], answer["files"]) == (28, 28)
    assert answer["left_out"] > 0
    assert f"note: {answer['left_out']} segments left out" in done.stderr


def test_the_ending_decides(run_cli, tmp_path, results_file):
    for name in ("r.csv", "r.jsonl", "r.rttm"):
        assert run_cli("convert", results_file, tmp_path / name, "--all").exit_code == 0
    back = ("convert", tmp_path / "r.csv", tmp_path / "b.json", "--to", "activitynet", "--all")
    again = run_cli(*back)
    assert again.exit_code == 0, again.stderr
    want = basnet_rt.read_results(results_file).detections
    got = basnet_rt.read_results(tmp_path / "b.json").detections
    assert {v: len(one) for v, one in got.items()} == {v: len(d) for v, d in want.items() if len(d)}


def test_the_rate_of_each_video_comes_from_the_list(run_cli, tmp_path, results_file, truth_file):
    without = run_cli("convert", results_file, tmp_path / "a", "--to", "edl")
    assert without.exit_code == 1
    assert "EDL counts frames" in without.stderr
    assert not (tmp_path / "a").exists()
    options = ("--video-list", truth_file, "--fps", "30")
    run_cli("convert", results_file, tmp_path / "b", "--to", "edl", "-s", "test", *options)
    assert '"fps": "25"' in (tmp_path / "b/cctv_test_0001.edl").read_text()


def test_detections_beyond_the_video_are_cut_and_counted(run_cli, tmp_path, write):
    """Features end with a whole snippet, videos do not; but a mark of a person is an error."""
    write("list.json", '{"database": {"v": {"duration": 5.0, "annotations": []}}}')
    write("r.csv", "video,label,score,start,end\nv,A,0.5,4,5.5\n")
    write("c.csv", "video,label,start,end\nv,A,4,5.5\n")
    options = ("--video-list", tmp_path / "list.json")
    done = run_cli("convert", tmp_path / "r.csv", tmp_path / "out.jsonl", *options)
    assert "note: 1 segments ended after their video" in done.stderr
    assert json.loads((tmp_path / "out.jsonl").read_text())["end"] == 5.0
    failed = run_cli("convert", tmp_path / "c.csv", tmp_path / "x.jsonl", *options)
    assert failed.exit_code == 1
    assert "'A' at [4, 5.5] s lies outside the video, which has 5 s" in failed.stderr


def test_a_list_of_names_adds_the_videos_without_action(run_cli, tmp_path, write):
    write("names.txt", "w\nv\n")
    write("c.csv", "video,label,start,end\nv,A,4,5.5\n")
    command = ("convert", tmp_path / "c.csv", tmp_path / "gt.json", "--to", "ground-truth")
    done = run_cli(*command, "--video-list", tmp_path / "names.txt", "-s", "train")
    assert done.exit_code == 0, done.stderr
    found = read_annotations(tmp_path / "gt.json").subset("train").videos
    assert {name: video.tags for name, video in found.items()} == {"w": (), "v": ("A",)}
    write("names.txt", "w\n")
    done = run_cli(*command, "--video-list", tmp_path / "names.txt")
    assert "1 videos are not in the video list, such as 'v'" in done.stderr


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (("--to", "mp4"), "format 'mp4': there are activitynet"),
        (("--from", "mp4"), "format 'mp4'"),
        (("--fps", "fast"), "a frame rate of 'fast'"),
        ((), "may be activitynet, ground-truth, label-studio; say which with --to"),
    ],
)
def test_wrong_usage_is_2_before_anything_is_read(run_cli, tmp_path, options, message):
    done = run_cli("convert", tmp_path / "absent.csv", tmp_path / "o.json", *options)
    assert done.exit_code == 2
    assert message in " ".join(done.stderr.split())


def test_an_absent_subset_names_those_there_are(run_cli, tmp_path, results_file, truth_file):
    out = tmp_path / "o.csv"
    done = run_cli("convert", truth_file, out, "--subset", "dev")
    assert done.exit_code == 1
    assert "subset 'dev': no video; there are test, train" in done.stderr
    assert not out.exists()
