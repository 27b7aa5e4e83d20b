"""Processes under torchrun train what one trains alone, and go on from one another."""

from __future__ import annotations

import os
import subprocess
import sys

import torch

from basnet_training.checkpoint import latest_checkpoint, load_checkpoint, load_tensors
from basnet_training.trainer import fit
from patience import HANG

SECTIONS = {
    "network": {"dropout": 0.0},  # ranks draw their own dropout
    "validation": {"folds": 4, "every": 2},
    "sampling": {"num_segments": 12},
}


def torchrun(config_path, folder) -> None:
    command = [sys.executable, "-m", "torch.distributed.run", "--standalone"]
    command += ["--nproc-per-node", "2", "-m", "basnet_training", "fit"]
    command += [str(config_path), "-o", str(folder), "--resume"]
    environment = {**os.environ, "OMP_NUM_THREADS": "1", "CUDA_VISIBLE_DEVICES": ""}
    environment["PYTHONPATH"] = os.pathsep.join(sys.path)
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=HANG)
    assert done.returncode == 0, done.stderr


def test_two_processes_go_on_for_one_and_equal_it(configure, tmp_path):
    """Catches ranks that see the same videos, gradients that are not averaged, two writers, and a
    checkpoint that depends on how many processes wrote or read it."""
    config = configure(**SECTIONS)
    alone = fit(config, tmp_path / "one", shown=False)
    parts = tmp_path / "parts"
    fit(configure(**SECTIONS, optim={"iterations": 3}), parts, shown=False)
    path = tmp_path / "config.yaml"
    path.write_text(configure(**SECTIONS, optim={"iterations": 6}).to_yaml())
    torchrun(path, parts)
    assert load_checkpoint(latest_checkpoint(parts)).step == 6
    last = fit(config, parts, resume=True, shown=False)
    want, _ = load_tensors(alone.model)
    got, about = load_tensors(last.model)
    for name in want:
        torch.testing.assert_close(got[name], want[name], rtol=1e-4, atol=1e-5)
    assert about["held_out"].keys() == alone.held_out.keys()
