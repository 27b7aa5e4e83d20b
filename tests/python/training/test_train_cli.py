"""`basnet-train` from features to a bundle; exit codes 0, 1 and 2."""

from __future__ import annotations

import json

import pytest
import torch
from typer.testing import CliRunner

from basnet_rt.model.bundle import read_metadata
from basnet_training import BaSNet
from basnet_training.cli import app
from basnet_training.export import load_bundle


def call(*arguments, code: int = 0):
    result = CliRunner().invoke(app, [str(a) for a in arguments])
    assert result.exit_code == code, result.output
    return result


@pytest.fixture
def settings(configure, tmp_path):
    path = tmp_path / "tiny.yaml"
    path.write_text(configure(data={"features": None, "annotations": None}).to_yaml())
    return path


@pytest.fixture
def data(dataset):
    return [
        "--features",
        dataset / "features",
        "--annotations",
        dataset / "annotations.json",
    ]


def test_from_features_to_a_calibrated_bundle(settings, data, tmp_path):
    run, bundle = tmp_path / "run", tmp_path / "m.pt"
    fitted = call("fit", settings, "-o", run, *data, "--set", "optim.iterations=5", "--json")
    assert json.loads(fitted.stdout)["step"] == 5
    done = call("calibrate", run, "--activation", "fused", "--json")
    hi = json.loads(done.stdout)["hi"]
    exported = call("export", run, "-o", bundle, "--activation", "fused", "--json")
    assert json.loads(exported.stdout)["agreement"]["cas"] < 1e-5
    metadata = read_metadata(bundle)
    assert list(metadata.calibration.hi) == hi
    assert metadata.provenance["step"] == 5
    call("calibrate", bundle, *data, "--method", "unit")
    assert read_metadata(bundle).calibration.hi == (1.0, 1.0)
    assert load_bundle(bundle)[0](torch.rand(1, 4, 6))[0].shape == (1, 4, 2)


def test_held_out_videos_of_a_run_give_the_bundle_confidence(settings, data, tmp_path):
    """And a range that is measured anew takes it away: it was of other scores."""
    run, bundle = tmp_path / "run", tmp_path / "m.pt"
    call("fit", settings, "-o", run, *data, "--set", "validation.folds=2")
    call("calibrate", run)
    call("export", run, "-o", bundle)
    assert len(read_metadata(bundle).confidence["thresholds"]) == 2
    call("calibrate", bundle, *data)
    assert read_metadata(bundle).confidence is None


def test_resume_and_seed(settings, data, tmp_path):
    call("fit", settings, "-o", tmp_path / "run", *data, "--seed", 9)
    assert "holds a run" in call("fit", settings, "-o", tmp_path / "run", *data, code=1).output
    call("fit", settings, "-o", tmp_path / "run", *data, "--seed", 9, "--resume")


def test_import_checkpoint(tmp_path):
    torch.save(BaSNet(12, 20, 4, 6).state_dict(), tmp_path / "x.pkl")
    call("import-checkpoint", tmp_path / "x.pkl", "-o", tmp_path / "m.pt")
    assert read_metadata(tmp_path / "m.pt").classes[11] == "HighJump"


def test_simulate_is_reached():
    assert "SIMULATED" in call("simulate", "--help").output


@pytest.mark.parametrize(
    ("arguments", "part"),
    [
        (["fit", "absent", "-o", "x"], "nor a preset"),
        (["fit", "thumos14", "-o", "x", "--set", "optim.lrr=1"], "optim.lrr"),
        (["fit", "thumos14"], "output"),
        (["unknown"], "unknown"),
    ],
)
def test_wrong_usage_is_2(arguments, part):
    assert part in call(*arguments, code=2).output


@pytest.mark.parametrize(
    ("arguments", "part"),
    [
        (["fit", "thumos14", "-o", "x"], "must be given"),
        (["export", "absent", "-o", "m.pt"], "absent"),
        (["calibrate", "absent"], "no such file"),
        (["import-checkpoint", "absent.pkl", "-o", "m.pt"], "no readable checkpoint"),
    ],
)
def test_failures_are_1_with_one_line(arguments, part):
    output = call(*arguments, code=1).output
    assert output.startswith("error: ")
    assert part in output
    assert "Traceback" not in output


def test_a_bundle_never_replaces_the_trained_network(settings, data, tmp_path):
    call("fit", settings, "-o", tmp_path / "run", *data)
    weights = tmp_path / "run" / "model.safetensors"
    before = weights.read_bytes()
    said = call("export", tmp_path / "run", "-o", weights, "--format", "safetensors", code=1).output
    assert "model.safetensors: is an input, which would be lost" in said
    assert weights.read_bytes() == before


def test_a_wrong_choice_of_activation_is_named(settings, data, tmp_path):
    call("fit", settings, "-o", tmp_path / "run", *data)
    arguments = ["export", tmp_path / "run", "-o", tmp_path / "m.pt"]
    assert "raw, softmax, sigmoid, fused" in call(*arguments, "--activation", "tanh", code=1).output
    assert not (tmp_path / "m.pt").exists()
