"""A stream killed with SIGKILL, again and again, and resumed from what it last saved: the finals
of all runs together are those of one run; nothing is lost, nothing comes twice."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from pathlib import Path

import live_worker
import numpy as np
import pytest
from post_cases import make_video

WORKER = Path(__file__).with_name("live_worker.py")


def start(source, folder, model):
    command = [sys.executable, str(WORKER), str(source), str(folder)]
    command += [] if model is None else [str(model)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def kill_after(process, lines):
    """Kills once so many chunks were reported; returns how far it had come."""
    with process:
        taken = [int(process.stdout.readline()) for _ in range(lines)]
        process.send_signal(signal.SIGKILL)
    assert process.returncode == -signal.SIGKILL
    return taken[-1]


def finals_of(source, folder, model, kills=()):
    """Processes that are killed, and the rest in this one: all it knows it has from the file."""
    folder.mkdir()
    reached = [0]
    for lines in kills:
        reached.append(kill_after(start(source, folder, model), lines))
        assert reached[-1] > reached[-2]
    live_worker.main(source, folder, model)
    return json.loads((folder / "finals.json").read_text()), reached[-1]


def check(tmp_path, rows, model, kills):
    np.save(tmp_path / "input.npy", rows)
    source = tmp_path / "input.npy"
    want, _ = finals_of(source, tmp_path / "once", model)
    got, reached = finals_of(source, tmp_path / "killed", model, kills)
    assert 0 < reached < len(rows)
    assert got == want
    early = [row for row in want if row[-1] < reached]
    assert len(early) > 5
    assert len(want) > len(early)


def test_stream_of_activations(tmp_path):
    rows = np.abs(make_video("smooth", 900, 3, 1).cas)
    check(tmp_path, rows, None, kills=[1, 40, 90, 60])


def test_stream_of_features(tmp_path, make_model, make_features):
    pytest.importorskip("torch")
    check(tmp_path, make_features(400, 1), make_model.path_of(), kills=[60])
