"""`basnet-train simulate`, run in the process."""

from __future__ import annotations

import json

import pytest
from typer.testing import CliRunner

from basnet_training.simulate import SimulationConfig
from basnet_training.simulate.cli import app


def run(*arguments: object):
    return CliRunner().invoke(app, [str(argument) for argument in arguments])


def test_small_preset_writes_a_data_set_and_says_simulated(tmp_path):
    """Catches a preset that fails, and a summary that hides what the data are."""
    result = run("--output", tmp_path / "d", "--preset", "small", "--videos", 3, "--seed", 4)
    assert result.exit_code == 0
    assert "simulated: 6 videos (6 written now)" in result.output
    assert len(list((tmp_path / "d" / "features").rglob("*.npy"))) == 6


def test_json_summary_and_resume(tmp_path):
    """Catches output that is not JSON alone, and a second run that writes again."""
    arguments = ["--output", tmp_path, "--preset", "small", "--videos", 2, "--json"]
    assert json.loads(run(*arguments).output)["videos_written"] == 4
    summary = json.loads(run(*arguments).output)
    assert summary["videos_written"] == 0
    assert summary["simulated"] is True
    assert summary["feature_dim"] == 96


def test_real_timelines(shared, tmp_path):
    """Catches options that do not reach the simulation."""
    folder = shared / "data" / "thumos14"
    real = ["--timelines", folder / "gt.json", "--durations", folder / "durations.json"]
    result = run("--output", tmp_path, *real, "--feature-dim", 8, "--videos", 2, "--json")
    assert json.loads(result.output)["videos"] == 4
    content = json.loads((tmp_path / "annotations.json").read_text())
    assert "video_test_0000896" in content["database"]
    assert content["simulation"]["dials"]["feature_dim"] == 8


@pytest.mark.parametrize(
    "wrong",
    [
        ["--set", "fps=0"],
        ["--set", "colour=3"],
        ["--set", "fps"],
        ["--set", "fps=fast"],
        ["--preset", "huge"],
        ["--feature-dim", "1"],
        ["--videos", "0"],
    ],
)
def test_wrong_settings_are_usage_errors(tmp_path, wrong):
    """Catches a traceback, or exit code 1, for what the user typed."""
    result = run("--output", tmp_path / "d", "--preset", "small", *wrong)
    assert result.exit_code == 2
    assert not (tmp_path / "d").exists()


@pytest.mark.parametrize(
    "wrong", [["--timelines", "absent.json"], ["--durations", "d.json"], ["--dtype", "int8"]]
)
def test_failures_are_one_line_and_exit_1(tmp_path, wrong):
    """Catches a traceback."""
    result = run("--output", tmp_path / "d", "--preset", "small", *wrong)
    assert result.exit_code == 1
    assert result.output.startswith("error: ")
    assert result.output.count("\n") == 1


def test_every_dial_is_listed():
    """Catches a dial that users cannot find."""
    result = run("--list-dials")
    assert result.exit_code == 0
    for name in SimulationConfig().to_dict():
        assert f"{name} = " in result.output
