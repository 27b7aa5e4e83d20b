"""`basnet-rt extract`: what lies in the folder, what is done again, what is refused."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from dataclasses import replace

import extract_cases
import numpy as np
import pytest
import small_films

from basnet_rt.extractors import make_extractor
from basnet_rt.extractors.running.folder import FeatureFolder, Sidecar
from basnet_rt.extractors.running.pipeline import extract_features
from basnet_rt.extractors.running.video_files import VideoFile
from basnet_rt.features.extractor_spec import ExtractorSpec


@pytest.fixture
def videos(made, tmp_path):
    """A copy that a test may change."""
    return shutil.copytree(made.videos, tmp_path / "videos")


@pytest.fixture
def output(tmp_path):
    return tmp_path / "features"


@pytest.fixture
def extract(run_cli, made, output):
    """`extract VIDEO... [options]` into `output` by the backbone, one at a time."""

    def run(*given):
        jobs = () if "--jobs" in given else ("--jobs", 1)
        return run_cli("extract", *given, "-o", output, *made.extractor, *jobs)

    return run


def names(folder):
    return sorted(path.name for path in folder.iterdir())


def stamps(folder):
    return {path.name: path.stat().st_mtime_ns for path in folder.iterdir()}


def answer(done):
    return json.loads(done.stdout)


def test_what_is_written(extract, made, videos, output):
    """Features as the library makes them, a sidecar that says where from, one record."""
    done = extract(videos, "--json")
    assert done.exit_code == 0, done.stderr
    files = [f"{n}.{end}" for n in "abcd" for end in ("json", "npy")]
    assert names(output) == sorted([*files, "extractor.json"])
    extractor = make_extractor("torchscript", contract=made.contract, weights=made.weights)
    want = extract_features(videos / "b.mp4", extractor)
    got = np.load(output / "b.npy")
    np.testing.assert_array_equal(got, want.features)
    assert got.dtype == np.float32
    sidecar = json.loads((output / "b.json").read_text())
    assert sidecar["source"] == str(videos / "b.mp4")
    assert (sidecar["duration"], sidecar["num_frames"], sidecar["num_snippets"]) == (3.6, 90, 11)
    assert ExtractorSpec.from_dict(sidecar["extractor"]) == extractor.spec
    assert json.loads((output / "extractor.json").read_text()) == extractor.spec.to_dict()
    told = answer(done)
    assert (told["videos"], told["frames"], told["failed"]) == (4, 3 + 90 + 61 + 200, [])
    assert told["frames_per_second"] > 0


def test_finished_videos_are_not_done_again(extract, videos, output):
    extract(videos)
    before = stamps(output)
    done = extract(videos, "--json")
    assert done.exit_code == 0
    assert stamps(output) == before
    assert (answer(done)["videos"], answer(done)["finished_before"]) == (4, 4)


def change_content(videos, output):
    small_films.make_video(videos / "b.mp4", 90, seed=9)


def drop_sidecar(videos, output):
    (output / "b.json").unlink()


def tear_features(videos, output):
    content = (output / "b.npy").read_bytes()
    (output / "b.npy").write_bytes(content[:-7])


def tear_sidecar(videos, output):
    (output / "b.json").write_text('{"format": "basnet_rt.fea')


def replace_features(videos, output):
    np.save(output / "b.npy", np.zeros((5, 4), np.float32))


def drop_features(videos, output):
    (output / "b.npy").unlink()


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (change_content, "of other content"),
        (drop_sidecar, "without a sidecar"),
        (tear_features, "damaged"),
        (replace_features, "damaged"),
        (tear_sidecar, "damaged"),
        (drop_features, None),
    ],
)
def test_what_is_not_finished_is_done_again_and_said(extract, videos, output, change, said):
    extract(videos)
    before = stamps(output)
    change(videos, output)
    done = extract(videos)
    assert done.exit_code == 0
    after = stamps(output)
    assert {name for name in after if after[name] != before[name]} == {"b.npy", "b.json"}
    assert (f"b: features there were {said}: made again" in done.stderr) == (said is not None)
    assert extract(videos, "--json").stdout.count('"finished_before": 4') == 1


def test_another_extractor_makes_all_again(run_cli, extract, made, videos, output, tmp_path):
    """Said first; the record changes with the features."""
    extract(videos)
    other = tmp_path / "other.yaml"
    other.write_text(made.contract.read_text() + "range: [0, 2]\n")
    options = ("--extractor", "torchscript", "--contract", other, "--weights", made.weights)
    done = run_cli("extract", videos, "-o", output, *options, "--jobs", 1)
    assert done.exit_code == 0, done.stderr
    assert "4 of these are of another extractor" in done.stderr
    record = json.loads((output / "extractor.json").read_text())
    assert record["settings"]["contract"]["range"] == [0.0, 2.0]
    assert {json.loads((output / f"{n}.json").read_text())["extractor"] == record for n in "abcd"} \
        == {True}  # fmt: skip


def test_a_folder_never_holds_features_of_two_extractors(run_cli, extract, made, videos, output,
                                                         tmp_path):  # fmt: skip
    """`d` would stay behind: nothing is touched."""
    extract(videos)
    before = stamps(output)
    other = tmp_path / "other.yaml"
    other.write_text(made.contract.read_text() + "range: [0, 2]\n")
    options = ("--extractor", "torchscript", "--contract", other, "--weights", made.weights)
    some = [videos / f"{name}.mp4" for name in "abc"]
    done = run_cli("extract", *some, "-o", output, *options)
    assert done.exit_code == 1
    assert "features of another extractor or of other settings, such as 'd'" in done.stderr
    assert stamps(output) == before


def test_a_broken_video_among_good_ones(extract, videos, output):
    """The others are done; it is named with its reason; nothing of it lies there."""
    (videos / "bad.mp4").write_bytes(b"no video at all" * 50)
    (videos / "empty.mkv").write_bytes(b"")
    done = extract(videos, videos.parent / "none.mp4", videos.parent / "list.txt", "--json")
    assert done.exit_code == 1
    failed = {one["name"]: one["reason"] for one in answer(done)["failed"]}
    assert failed.keys() == {"bad", "empty", "none", str(videos.parent / "list.txt")}
    for name, part in (("empty", "is empty"), ("none", "No such file")):
        assert part in failed[name]
        assert f"failed: {name}: " in done.stderr
    assert [n for n in names(output) if n.endswith(".npy")] == [f"{n}.npy" for n in "abcd"]
    assert [n for n in names(output) if n.startswith((".", "bad", "empty", "none"))] == []


def test_equal_names_of_two_arguments(extract, videos, output):
    """The folders tell them apart; nothing does if one file is given twice."""
    (videos / "more").mkdir()
    shutil.copy(videos / "b.mp4", videos / "more" / "b.avi")
    done = extract(videos / "b.mp4", videos / "b.mp4")
    assert done.exit_code == 2
    assert "b.mp4" in done.stderr
    assert "'b'" in done.stderr
    assert not output.exists()
    assert extract(videos / "b.mp4", videos / "more" / "b.avi").exit_code == 0
    assert [one for one in names(output) if one.endswith(".npy")] == ["b.npy", "more__b.npy"]


def test_features_follow_their_video_s_name(extract, tmp_path, videos, output):
    """A second video of its name comes and goes; features never lie under two names."""
    for folder, name in (("cam1", "a"), ("cam2", "b")):
        (tmp_path / "in" / folder).mkdir(parents=True)
        shutil.copy(videos / f"{name}.mp4", tmp_path / "in" / folder / "c.mp4")
    (tmp_path / "in" / "cam2").rename(tmp_path / "later")
    assert extract(tmp_path / "in").exit_code == 0
    (tmp_path / "later").rename(tmp_path / "in" / "cam2")
    done = extract(tmp_path / "in", "--json")
    assert answer(done)["finished_before"] == 1
    assert "c is renamed cam1__c, as its video is called now" in done.stderr
    assert [n for n in names(output) if n.endswith(".npy")] == ["cam1__c.npy", "cam2__c.npy"]
    for ending in ("npy", "json"):
        shutil.copy(output / f"cam1__c.{ending}", output / f"c.{ending}")
    assert "c and cam1__c are the features of one video" in extract(tmp_path / "in").stderr


def test_a_video_called_extractor_is_refused(extract, videos, output):
    """Its sidecar would be the folder's record."""
    (videos / "b.mp4").rename(videos / "extractor.mp4")
    done = extract(videos)
    assert done.exit_code == 1
    assert "rename the video" in done.stderr


def test_a_full_disk_leaves_nothing_half_written(extract, videos, output, monkeypatch):
    def full(_):
        raise OSError(28, "No space left on device")

    extract(videos / "a.mp4")
    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", full)
        done = extract(videos, "--json")
    assert done.exit_code == 1
    assert [one["name"] for one in answer(done)["failed"]] == ["b", "c", "d"]
    assert "No space left" in answer(done)["failed"][0]["reason"]
    assert names(output) == ["a.json", "a.npy", "extractor.json"]
    assert extract(videos).exit_code == 0


def test_a_sidecar_never_speaks_of_newer_features(made, tmp_path, monkeypatch):
    """Killed between the two files: an older sidecar of the same content must be gone by then."""
    video = VideoFile("b", str(made.videos / "b.mp4"))
    extractor = make_extractor("torchscript", contract=made.contract, weights=made.weights)
    found = extract_features(video.source, extractor)
    folder = FeatureFolder(tmp_path, made.spec)
    folder.keep(video, "aa", found)
    assert folder.look(video, "aa").finished

    def killed(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr(Sidecar, "write", killed)
    with pytest.raises(KeyboardInterrupt):
        folder.keep(video, "aa", replace(found, features=found.features + 1))
    assert not folder.look(video, "aa").finished


KILLED = """
import os, sys
from basnet_rt.cli.app import app
from basnet_rt.extractors.running.folder import FeatureFolder, Sidecar
write, calls = Sidecar.write, []
def work(self, path):
    calls.append(path)
    if len(calls) == 3:
        os._exit(9)
    write(self, path)
Sidecar.write = work
app(sys.argv[1:])
"""


def test_a_killed_run_goes_on(extract, made, videos, output):
    """Features are there and their sidecar is not yet: they do not count."""
    command = ["extract", videos, "-o", output, *made.extractor, "--jobs", 1]
    command = [sys.executable, "-c", KILLED, *map(str, command)]
    assert subprocess.run(command).returncode == 9
    assert (output / "c.npy").exists()
    done = extract(videos, "--json")
    assert done.exit_code == 0
    assert answer(done)["finished_before"] == 2
    assert "c: features there were without a sidecar" in done.stderr


def test_an_interrupted_run_says_how_to_go_on(extract, videos, output, monkeypatch):
    def interrupt(*_):
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(Sidecar, "write", interrupt)
        done = extract(videos)
    assert done.exit_code == 1
    assert "interrupted; 0 videos are done: the same command goes on from there" in done.stderr
    assert extract(videos).exit_code == 0


def test_a_list_of_videos(extract, videos, output):
    """Paths are from the list's own folder."""
    (videos.parent / "list.txt").write_text("# two\nvideos/b.mp4\n\n  videos/c.mp4\n")
    assert extract(videos.parent / "list.txt").exit_code == 0
    assert [n for n in names(output) if n.endswith(".npy")] == ["b.npy", "c.npy"]


def test_the_extractor_that_a_bundle_records(run_cli, extract, made, videos, output, tmp_path):
    extract(videos)
    done = run_cli("extract", videos, "-o", tmp_path / "again", "-m", made.bundle,
                   "--weights", made.weights, "--jobs", 1)  # fmt: skip
    assert done.exit_code == 0, done.stderr
    for file in names(output):
        if file.endswith(".npy") or file == "extractor.json":
            assert (output / file).read_bytes() == (tmp_path / "again" / file).read_bytes()


def test_a_bundle_without_a_record(run_cli, made, videos, output, tmp_path):
    bundle = extract_cases.write_bundle(tmp_path / "old.pt", None)
    done = run_cli("extract", videos, "-o", output, "-m", bundle)
    assert done.exit_code == 1
    assert "records no extractor" in done.stderr
    assert not output.exists()


@pytest.mark.parametrize(
    "options",
    [
        ("--extractor", "no-such"),
        ("--extractor", "torchscript"),
        ("--set", "no_such=1"),
        ("--set", "cells"),
        ("--jobs", "0"),
        ("-m", "model.pt", "--extractor", "motion"),
    ],
)
def test_wrong_usage_is_2(run_cli, videos, output, options):
    assert run_cli("extract", videos, "-o", output, *options).exit_code == 2
    assert not output.exists()
