"""No command replaces a file that it reads, or writes two outputs to one file."""

from __future__ import annotations

import json
import shutil

import numpy as np
import pytest

LOST = "is an input, which would be lost"
TRUTH = {"database": {"v": {"subset": "test", "duration": 20.0, "annotations": []}}}
FILES = {
    "gt.json": TRUTH,
    "config.json": {"nms_iou": 0.4},
    "fps.json": {"v": 25.0},
    "results.json": {"results": {"v": []}},
    "man.jsonl": {"address": "features/v.npy"},
}


@pytest.fixture
def place(tmp_path, bundle, make_features, monkeypatch):
    """A folder with one of everything that commands read."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "features").mkdir()
    (tmp_path / "parts/rgb").mkdir(parents=True)
    np.save("parts/rgb/v.npy", make_features(40))
    np.save("features/v.npy", make_features(40))
    shutil.copy(bundle, "model.pt")
    for name, content in FILES.items():
        (tmp_path / name).write_text(json.dumps(content) + "\n")
    (tmp_path / "dur.csv").write_text("video,duration\nv,20\n")
    (tmp_path / "groups.csv").write_text("v,a\n")
    (tmp_path / "clip").mkdir()
    (tmp_path / "clip/model.safetensors").write_text("weights")
    (tmp_path / "features/v.json").write_text("{}")
    return tmp_path


LOCALIZE = "localize features -m model.pt"
TUNE = "tune model.pt -f features -a gt.json -s test --groups groups.csv"
STREAM = "stream features/v.npy -m model.pt"
COMMANDS = [
    f"{STREAM} -o model.pt",
    f"{STREAM} --save-state model.pt",
    f"{TUNE} -o gt.json",
    f"{TUNE} -o model.pt",
    f"{TUNE} -o groups.csv",
    f"{TUNE} -o features/v.npy",
    "tune model.pt -f parts -a gt.json -s test -o parts/rgb/v.npy",
    f"{LOCALIZE} -o gt.json --durations gt.json",
    f"{LOCALIZE} -o config.json --config config.json",
    f"{LOCALIZE} -o fps.json --frame-rates fps.json",
    f"{LOCALIZE} --csv dur.csv --durations dur.csv",
    f"{LOCALIZE} -o features/v.json",
    "localize man.jsonl -m model.pt -o man.jsonl",
    "query v.mp4 falls --extractor hf:clip --save clip/model.safetensors",
    "evaluate gt.json results.json -s test --video-list fps.json -o fps.json",
]


@pytest.mark.parametrize("command", COMMANDS)
def test_a_file_that_is_read_is_never_replaced(run_cli, place, command):
    before = {path: path.read_bytes() for path in place.rglob("*") if path.is_file()}
    done = run_cli(*command.split())
    assert done.exit_code == 1
    assert LOST in done.stderr
    assert {path: path.read_bytes() for path in place.rglob("*") if path.is_file()} == before


def test_two_outputs_are_two_files(run_cli, place):
    """Would catch a saved state that replaces the events."""
    done = run_cli(*f"{STREAM} -o s.jsonl --save-state ./s.jsonl".split())
    assert done.exit_code == 1
    assert "s.jsonl: is the file of two outputs" in done.stderr
    assert not (place / "s.jsonl").exists()
    done = run_cli(*f"{STREAM} -o /dev/null --save-state /dev/null".split())
    assert "two outputs" not in done.stderr


def test_no_file_is_called_like_standard_output(run_cli, place):
    done = run_cli(*f"{STREAM} -o -".split())
    assert (done.exit_code, "give the name of a file" in done.stderr) == (1, True)
    assert not (place / "-").exists()
