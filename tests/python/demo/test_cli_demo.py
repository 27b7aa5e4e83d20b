"""`basnet-rt demo`: from nothing to a report, interrupted and resumed, refused in plain words."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys

import pytest

from patience import wait_for

pytest.importorskip("torch", reason="the demo trains")

from basnet_demo import commands
from basnet_demo.folder import PRODUCTS
from basnet_demo.settings import DemoSettings
from basnet_demo.steps import STEPS
from basnet_rt.annotations import read_annotations


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A quick demo that was interrupted before it localized, and then went on."""
    folder = tmp_path_factory.mktemp("demo") / "made"
    interrupted = call(folder, "--quick", BREAK_AT="basnet-rt localize")
    assert interrupted.returncode == 1
    assert interrupted.stderr.splitlines()[-1] == "interrupted; the same command goes on from here"
    done = call(folder, "--quick", "--json")
    assert done.returncode == 0, done.stderr
    (folder.parent / "printed.json").write_text(done.stdout)
    (folder.parent / "told.txt").write_text(done.stderr)
    return folder


HALF = ".*.mp4.*.part"  # names of films that are being written
# A command line whose Ctrl-C comes when the named command would begin.
PROGRAM = """
import os
from basnet_rt.cli import main
from basnet_demo.commands import Commands
ordinary = Commands.run
def run(self, line):
    if "BREAK_AT" in os.environ and line.startswith(os.environ["BREAK_AT"]):
        raise KeyboardInterrupt
    return ordinary(self, line)
Commands.run = run
if __name__ == "__main__":
    main()
"""


def call(folder, *options, **environment):
    variables = {**os.environ, "OMP_NUM_THREADS": "1", **environment}
    command = [sys.executable, "-c", PROGRAM, "demo", str(folder), *options]
    return subprocess.run(command, env=variables, capture_output=True, text=True)


def test_it_ends_in_a_summary_and_a_report(folder):
    printed = json.loads((folder.parent / "printed.json").read_text())
    assert printed == json.loads((folder / "summary.json").read_text())
    assert list(printed["seconds"]) == list(STEPS)
    assert printed["report"] == str(folder / "report.html")
    assert 0 <= printed["average_map"] <= 1
    assert set(printed["chance"]) == {"random", "random_place", "whole_video", "draws"}
    size = DemoSettings(quick=True).size
    assert printed["videos"] == size.test
    page = (folder / "report.html").read_text()
    assert "videos/test/test_01.mp4" in page
    assert len(list((folder / "subtitles").iterdir())) == size.test


def test_an_interrupted_demo_went_on_and_repeated_nothing(folder):
    told = (folder.parent / "told.txt").read_text()
    assert "1/5 render" in told
    assert "(done before)" in told
    assert "basnet-train run" not in told
    assert "basnet-rt localize" in told


def test_training_saw_the_tags_alone(folder):
    """Catches a demo that shows its truth to training."""
    settings = (folder / "run/settings.yaml").read_text()
    assert "annotations: tags.csv" in settings
    train = read_annotations(folder / "annotations.json").subset("train").videos
    tags = read_annotations(folder / "tags.csv").videos
    assert {name: one.tags for name, one in tags.items()} == {n: v.tags for n, v in train.items()}
    assert not any(video.segments for video in tags.values())
    assert {one.stem for one in (folder / "run/features").glob("*.npy")} == set(train)


def test_nothing_is_made_that_force_would_leave(folder):
    assert {one.name for one in folder.iterdir()} <= set(PRODUCTS)


def test_a_finished_demo_prints_its_table_again(folder, run_cli):
    before = (folder / "report.html").stat().st_mtime_ns
    result = run_cli("demo", folder, "--quick")
    assert result.exit_code == 0, result.stderr
    assert (folder / "report.html").stat().st_mtime_ns == before
    lines = result.stdout.splitlines()
    assert lines[-1] == f"report: {folder / 'report.html'}"
    for word in (*STEPS, "mean of the classes (mAP)", "random class, place"):
        assert any(line.strip().startswith(word) for line in lines), word


def test_a_foreign_folder_is_refused(run_cli, tmp_path):
    (tmp_path / "own.txt").write_text("")
    result = run_cli("demo", tmp_path, "--force")
    assert result.exit_code == 1
    assert "no demo's" in result.stderr
    assert [one.name for one in tmp_path.iterdir()] == ["own.txt"]


def test_missing_packages_are_named_before_anything_is_made(run_cli, tmp_path, monkeypatch):
    """Catches a demo that draws for a minute and then cannot train."""
    there = commands.find_spec
    gone = ("torch", "yaml")
    monkeypatch.setattr(commands, "find_spec", lambda name: None if name in gone else there(name))
    result = run_cli("demo", tmp_path / "demo")
    assert result.exit_code == 1
    assert "torch, yaml: pip install 'basnet-rt[demo]'" in result.stderr
    assert not (tmp_path / "demo").exists()


def test_a_failing_step_is_named_and_not_called_done(run_cli, tmp_path, monkeypatch):
    monkeypatch.setitem(commands._MODULES, "basnet-train", "basnet_training.no_such_module")
    monkeypatch.setattr(commands, "find_spec", lambda name: name)
    monkeypatch.setattr("basnet_demo.steps.write_films", lambda *_, **__: None)
    result = run_cli("demo", tmp_path / "demo", "--quick")
    assert result.exit_code == 1
    command = "basnet-train run videos/train tags.csv -o run --extractor motion --jobs 1"
    assert f"{command} --seed 0 --set optim.iterations=10: ended with" in result.stderr
    assert list(json.loads((tmp_path / "demo/demo.json").read_text())["seconds"]) == ["render"]


@pytest.mark.usefixtures("ctrl_c")
@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGKILL])
def test_stopped_while_it_draws_it_leaves_no_process_and_no_half_film(tmp_path, how):
    """Catches drawing processes that outlive the demo. Ctrl-C reaches the whole group."""
    command = [sys.executable, "-m", "basnet_rt", "demo", str(tmp_path / "demo")]
    with subprocess.Popen(
        command, stderr=subprocess.PIPE, text=True, start_new_session=True
    ) as process:
        wait_for(lambda: list(tmp_path.rglob(HALF)))
        if how is signal.SIGINT:
            os.killpg(process.pid, how)
        else:
            process.kill()
        told = process.stderr.read()  # until the last process that has it is gone
    if how is signal.SIGINT:
        assert told.splitlines()[-1] == "interrupted; the same command goes on from here"
        assert process.returncode == 1
    assert "Traceback" not in told
    assert list(tmp_path.rglob(HALF)) == []
