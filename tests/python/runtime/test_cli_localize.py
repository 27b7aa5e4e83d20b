"""`basnet-rt localize`: many files, some bad; interrupted runs; settings; exit codes."""

from __future__ import annotations

import json
import subprocess
import sys

import numpy as np
import pytest
import tiny_bundle

import basnet_rt


@pytest.fixture
def folder(tmp_path, make_features):
    """Five videos of features."""
    path = tmp_path / "features"
    path.mkdir()
    for i in range(5):
        np.save(path / f"v{i}.npy", make_features(20 + 10 * i, seed=i).astype(np.float16))
    return path


@pytest.fixture
def output(tmp_path):
    return tmp_path / "results.json"


def leftovers(output):
    return [p.name for p in output.parent.iterdir() if p.name.startswith(("results", ".results"))]


def test_a_folder_and_a_file(run_cli, bundle, folder, output, make_features, tmp_path):
    """Every video, in order, as `Localizer` finds it; CSV beside; nothing else is left."""
    np.save(tmp_path / "single.npy", make_features(33))
    csv = tmp_path / "results.csv"
    done = run_cli("localize", folder, tmp_path / "single.npy", "-m", bundle, "-o", output,
                   "--csv", csv)  # fmt: skip
    assert done.exit_code == 0, done.stderr
    file = basnet_rt.read_results(output)
    assert list(file.detections) == ["v0", "v1", "v2", "v3", "v4", "single"]
    want = basnet_rt.Localizer(basnet_rt.load(bundle))(np.load(folder / "v3.npy"))
    np.testing.assert_array_equal(file.detections["v3"].segments, want.segments)
    assert file.detections["v3"].names == want.names
    assert file.provenance["postprocess"]["class_threshold"] == 0.05
    assert "6 videos" in done.stdout
    assert basnet_rt.read_results(csv).detections.keys() <= file.detections.keys()
    assert sorted(leftovers(output)) == ["results.csv", "results.json"]


def test_json_answer(run_cli, bundle, folder, output):
    done = run_cli("localize", folder, "-m", bundle, "-o", output, "--json")
    answer = json.loads(done.stdout)
    assert answer["videos"] == 5
    assert answer["failed"] == []
    found = basnet_rt.read_results(output).detections.values()
    assert answer["detections"] == sum(map(len, found)) > 0
    assert (answer["mode"], answer["simulated"], answer["output"]) == (
        "continuous", False, str(output)
    )  # fmt: skip


@pytest.mark.parametrize("ending", [".jsonl", ".rttm"])
def test_the_ending_chooses_the_form(run_cli, bundle, folder, output, tmp_path, ending):
    for path in (output, tmp_path / f"r{ending}"):
        assert run_cli("localize", folder, "-m", bundle, "-o", path).exit_code == 0
    want = basnet_rt.read_results(output).detections
    got = basnet_rt.read_results(tmp_path / f"r{ending}").detections
    assert {video: len(found) for video, found in got.items()} == {
        video: len(found) for video, found in want.items() if len(found)
    }


def break_files(folder):
    """One truncated, one of another extractor, one with NaN, one of words."""
    content = (folder / "v0.npy").read_bytes()
    (folder / "v0.npy").write_bytes(content[:-50])
    np.save(folder / "v1.npy", np.zeros((9, 5), np.float32))
    broken = np.load(folder / "v2.npy")
    broken[3, 2] = np.nan
    np.save(folder / "v2.npy", broken)
    (folder / "v3.npy").write_text("not an array")


def test_bad_files_are_named_and_the_rest_is_done(run_cli, bundle, folder, output):
    break_files(folder)
    done = run_cli("localize", folder, folder / "none.npy", "-m", bundle, "-o", output, "--json")
    assert done.exit_code == 1
    assert list(basnet_rt.read_results(output).detections) == ["v4"]
    reasons = {one["name"]: one["reason"] for one in json.loads(done.stdout)["failed"]}
    expected = {
        str(folder / "none.npy"): "no such file",
        "v0": "truncated",
        "v1": "expects features with 8 channels",
        "v2": "snippet 3, channel 2",
        "v3": "not a .npy file",
    }
    assert reasons.keys() == expected.keys()
    for name, part in expected.items():
        assert part in reasons[name]
        assert f"failed: {name}: " in done.stderr


def test_nothing_is_written_where_all_failed(run_cli, bundle, folder, output):
    """An empty results file would evaluate to an honest-looking 0."""
    break_files(folder)
    (folder / "v4.npy").unlink()
    done = run_cli("localize", folder, "-m", bundle, "-o", output)
    assert done.exit_code == 1
    assert "nothing written" in done.stdout
    assert leftovers(output) == []


@pytest.fixture
def interrupt_after(monkeypatch):
    """Make the localizer stop as Ctrl-C does after so many videos; counts its calls."""
    calls = []
    localize = basnet_rt.Localizer.__call__

    def install(videos):
        def work(self, features, **times):
            if videos is not None and len(calls) == videos:
                raise KeyboardInterrupt
            calls.append(len(features))
            return localize(self, features, **times)

        calls.clear()
        monkeypatch.setattr(basnet_rt.Localizer, "__call__", work)
        return calls

    return install


def test_an_interrupted_run_goes_on(run_cli, bundle, folder, output, interrupt_after, tmp_path):
    """What was done is not done again, and the result is that of one run."""
    command = ("localize", folder, "-m", bundle, "-o", output)
    interrupt_after(3)
    done = run_cli(*command)
    assert done.exit_code == 1
    assert "interrupted" in done.stderr
    assert leftovers(output) == ["results.json.partial.jsonl"]

    calls = interrupt_after(None)
    done = run_cli(*command, "--json")
    assert done.exit_code == 0
    assert calls == [50, 60]
    assert json.loads(done.stdout)["resumed"] == 3
    assert leftovers(output) == ["results.json"]
    run_cli("localize", folder, "-m", bundle, "-o", tmp_path / "once.json")
    assert output.read_bytes() == (tmp_path / "once.json").read_bytes()


KILLED = """
import os, sys, basnet_rt
from basnet_rt.cli.app import app
localize, calls = basnet_rt.Localizer.__call__, []
def work(self, features, **times):
    if len(calls) == 3:
        os._exit(9)
    calls.append(1)
    return localize(self, features, **times)
basnet_rt.Localizer.__call__ = work
app(sys.argv[1:])
"""


def test_a_killed_run_goes_on(run_cli, bundle, folder, output, interrupt_after):
    """No clean-up ran in that process: every finished video had reached the file before."""
    command = [str(part) for part in ("localize", folder, "-m", bundle, "-o", output)]
    assert subprocess.run([sys.executable, "-c", KILLED, *command]).returncode == 9
    calls = interrupt_after(None)
    assert run_cli(*command).exit_code == 0
    assert calls == [50, 60]


def interrupted(run_cli, interrupt_after, command):
    interrupt_after(3)
    assert run_cli(*command).exit_code == 1
    return interrupt_after(None)


def test_a_torn_last_line_is_done_again(run_cli, bundle, folder, output, interrupt_after):
    """As a kill or a full disk leaves it."""
    command = ("localize", folder, "-m", bundle, "-o", output)
    calls = interrupted(run_cli, interrupt_after, command)
    journal = output.with_name("results.json.partial.jsonl")
    journal.write_bytes(journal.read_bytes()[:-20])
    assert run_cli(*command).exit_code == 0
    assert calls == [40, 50, 60]
    assert list(basnet_rt.read_results(output).detections) == ["v0", "v1", "v2", "v3", "v4"]


@pytest.mark.parametrize("change", ["settings", "model", "dtype", "no-resume"])
def test_another_run_starts_over(
    run_cli, bundle, folder, output, interrupt_after, tmp_path, change
):
    """Results of two models or settings must not end in one file."""
    calls = interrupted(run_cli, interrupt_after, ("localize", folder, "-m", bundle, "-o", output))
    other = tiny_bundle.write(tmp_path / "o.pt", seed=5)
    options = {
        "settings": ("-m", bundle, "--set", "nms_iou=0.3"),
        "model": ("-m", other),
        "dtype": ("-m", bundle, "--dtype", "bfloat16"),
        "no-resume": ("-m", bundle, "--no-resume"),
    }[change]
    done = run_cli("localize", folder, "-o", output, *options)
    assert done.exit_code == 0
    assert len(calls) == 5
    assert ("starting over" in done.stderr) == (change != "no-resume")


def test_changed_features_are_done_again(
    run_cli, bundle, folder, output, interrupt_after, make_features
):
    command = ("localize", folder, "-m", bundle, "-o", output)
    calls = interrupted(run_cli, interrupt_after, command)
    np.save(folder / "v1.npy", make_features(31))
    assert run_cli(*command).exit_code == 0
    assert calls == [31, 50, 60]


def test_a_full_disk_keeps_what_is_done(run_cli, bundle, folder, output, monkeypatch):
    """The results cannot be written; a later run needs only to write them."""
    import os

    def full(_):
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", full)
        done = run_cli("localize", folder, "-m", bundle, "-o", output)
    assert done.exit_code == 1
    assert "results.json: cannot be written: No space left" in done.stderr
    assert leftovers(output) == ["results.json.partial.jsonl"]
    done = run_cli("localize", folder, "-m", bundle, "-o", output, "--json")
    assert json.loads(done.stdout)["resumed"] == 5


def test_settings_from_file_and_command_line(run_cli, bundle, folder, output, tmp_path):
    """The command line wins; lists, numbers, words and null are understood."""
    (tmp_path / "s.json").write_text('{"nms_iou": 0.2, "outer_ratio": 0.5}')
    texts = ["nms_iou=0.3", "cas_thresholds=0,0.1", "nms=linear", "max_duration=null"]
    pairs = [part for text in texts for part in ("--set", text)]
    done = run_cli("localize", folder, "-m", bundle, "-o", output,
                   "--config", tmp_path / "s.json", *pairs)  # fmt: skip
    assert done.exit_code == 0, done.stderr
    used = basnet_rt.read_results(output).provenance["postprocess"]
    assert (used["nms_iou"], used["outer_ratio"], used["cas_thresholds"]) == (0.3, 0.5, [0, 0.1])
    assert (used["nms"], used["max_duration"], used["class_threshold"]) == ("linear", None, 0.05)


def test_published_mode_is_named_in_the_results(run_cli, bundle, folder, output):
    run_cli("localize", folder, "-m", bundle, "-o", output, "--set", "mode=published")
    assert basnet_rt.read_results(output).provenance["mode"] == "published"


def test_durations_from_annotations(run_cli, bundle, folder, output, tmp_path):
    """Nothing may end after its video does."""
    entry = {"duration": 12.5, "annotations": []}
    (tmp_path / "gt.json").write_text(json.dumps({"database": {"v0": entry, "v9": entry}}))
    fields = ("gate=none", "keep_top1=false", "cas_thresholds=[0.0]", "nms=hard")
    settings = tuple(part for field in fields for part in ("--set", field))
    options = ("--durations", tmp_path / "gt.json", *settings)
    assert run_cli("localize", folder, "-m", bundle, "-o", output, *options).exit_code == 0
    found = basnet_rt.read_results(output).detections
    assert found["v0"].segments.max() == 12.5
    assert found["v1"].segments.max() == pytest.approx(30 * 0.64)


def test_durations_from_a_table(run_cli, bundle, folder, output, tmp_path):
    table = tmp_path / "durations.csv"
    table.write_text("video,duration\nv0,12.5\nv1,19\n")
    everything = ("--set", "gate=none", "--set", "cas_thresholds=[0.0]", "--set", "nms=hard")
    options = ("--durations", table, *everything)
    assert run_cli("localize", folder, "-m", bundle, "-o", output, *options).exit_code == 0
    assert basnet_rt.read_results(output).detections["v0"].segments.max() == 12.5


@pytest.mark.parametrize(
    ("name", "text", "part"),
    [
        ("d.csv", "video,duration\nv0,1:20\n", "line 2 has '1:20', expected seconds above 0"),
        ("d.csv", "video,tags\nv0,Run\n", "no video has a duration"),
        ("d.json", '{"database": {"v0": {"annotations": []}}}', "no video has a duration"),
    ],
)
def test_durations_that_say_none_are_refused(run_cli, bundle, folder, tmp_path, name, text, part):
    (tmp_path / name).write_text(text)
    done = run_cli("localize", folder, "-m", bundle, "--durations", tmp_path / name)
    assert done.exit_code == 1
    assert part in " ".join(done.stderr.split())
    assert "a heading such as video,duration" in " ".join(done.stderr.split())


@pytest.mark.parametrize(("ratio", "said"), [(1.0, False), (2.0, True), (0.5, True)])
def test_durations_that_contradict_the_features_are_a_warning(
    run_cli, bundle, folder, output, tmp_path, ratio, said
):
    """With the ratio: features of 12.5 snippets a second read as 25 move every segment."""
    entries = {
        f"v{i}": {"duration": (20 + 10 * i) * 0.64 * ratio, "annotations": []} for i in range(5)
    }
    (tmp_path / "gt.json").write_text(json.dumps({"database": entries}))
    options = ("--durations", tmp_path / "gt.json")
    done = run_cli("localize", folder, "-m", bundle, "-o", output, *options)
    assert done.exit_code == 0
    warning = f"5 of 5 durations contradict the features by more than 2 snippets: {ratio:g} times"
    assert (warning in " ".join(done.stderr.split())) == said


@pytest.mark.parametrize(
    "options",
    [
        ("--set", "nms_iou"),
        ("--set", "nms_iou=7"),
        ("--set", "no_such=1"),
        ("--set", "normalisation=fixed"),
        ("--csv", "r.json"),
        ("-o", "r.xml"),
        ("--no-such-option",),
    ],
)
def test_wrong_usage_is_2(run_cli, bundle, folder, output, options):
    done = run_cli("localize", folder, "-m", bundle, "-o", output, *options)
    assert done.exit_code == 2
    assert leftovers(output) == []


def test_two_videos_of_one_name_are_wrong_usage(run_cli, bundle, folder, output, tmp_path):
    """Which of the two would be in the results?"""
    done = run_cli("localize", folder, folder / "v1.npy", "-m", bundle, "-o", output)
    assert done.exit_code == 2
    assert "v1" in done.stderr


def test_a_model_is_needed(run_cli, folder, output):
    assert run_cli("localize", folder, "-o", output).exit_code == 2


def test_a_model_that_is_none_is_1(run_cli, folder, output):
    done = run_cli("localize", folder, "-m", folder / "v0.npy", "-o", output)
    assert done.exit_code == 1
    assert done.stderr.startswith("error: ")
    assert len(done.stderr.splitlines()) == 1
    assert leftovers(output) == []


def test_slow_work_shows_a_bar_on_a_terminal(run_cli, bundle, folder, output, monkeypatch):
    """And only there: a log file is no place for it."""
    from rich.console import Console

    from basnet_rt.cli import common

    monkeypatch.setattr(common, "SLOW_SECONDS", -1.0)
    command = ("localize", folder, "-m", bundle, "-o", output, "--no-resume")
    assert run_cli(*command).stderr == ""
    monkeypatch.setattr(common, "terminal", lambda: Console(stderr=True, force_terminal=True))
    shown = run_cli(*command)
    assert "localize" in shown.stderr
    assert "5/5" in shown.stderr
    assert "\x1b" not in shown.stdout


def test_without_an_output_the_events_are_printed(run_cli, bundle, folder):
    """Would catch: nested detections shown to a person, or a file left where none was asked for."""
    before = sorted(folder.iterdir())
    done = run_cli("localize", folder, "-m", bundle)
    assert done.exit_code == 0, done.stderr
    assert all("score" in line or "nothing found" in line for line in done.stdout.splitlines())
    assert sorted(folder.iterdir()) == before
    values = json.loads(run_cli("localize", folder, "-m", bundle, "--json").stdout)
    assert values["output"] is None
    for records in values["events"].values():
        starts = [record["segment"][0] for record in records]
        assert starts == sorted(starts)
