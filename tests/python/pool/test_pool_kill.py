"""A process with a pool, killed with SIGKILL again and again: nothing lost, nothing twice.

Batches hold one snippet, so that activations do not depend on which streams shared one.
"""

from __future__ import annotations

import os
import pickle
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pool_cases
import pool_worker

WORKER = Path(__file__).with_name("pool_worker.py")


def start(bundle, source, folder):
    command = [sys.executable, str(WORKER), str(bundle), str(source), str(folder)]
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment)


def run(bundle, source, folder, kills=()):
    """What all processes found, this one the rest: it knows no more than the file says.

    Each of `kills` is how many rounds a process lives.
    """
    folder.mkdir()
    before = 10**9
    for rounds in kills:
        with start(bundle, source, folder) as process:
            left = [int(process.stdout.readline()) for _ in range(rounds)]
            process.send_signal(signal.SIGKILL)
        assert process.returncode == -signal.SIGKILL
        assert 0 < left[-1] < before
        before = left[-1]
    pool_worker.main(bundle, source, folder)
    return pickle.loads((folder / "found").read_bytes())


def test_killed_and_resumed(bundle, tmp_path):
    source = tmp_path / "input.npz"
    np.savez(source, **{name: pool_cases.features(90, i) for i, name in enumerate("abc")})
    once = run(bundle, source, tmp_path / "once")
    killed = run(bundle, source, tmp_path / "killed", kills=[1, 25])
    assert killed == once
    assert sum(len(finals) for finals, _ in once.values()) > 10
    assert sum(len(onsets) for _, onsets in once.values()) > 10
