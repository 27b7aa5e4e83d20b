"""How `basnet-rt localize` ends: by a signal, and where its output cannot be written."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest


@pytest.fixture
def folder(tmp_path, make_features):
    """Five videos of features."""
    path = tmp_path / "features"
    path.mkdir()
    for i in range(5):
        np.save(path / f"v{i}.npy", make_features(20, seed=i))
    return path


@pytest.fixture
def output(tmp_path):
    return tmp_path / "results.json"


SIGNALLED = """
import os, signal, sys, basnet_rt
localize, calls = basnet_rt.Localizer.__call__, []
def work(self, features, **times):
    if len(calls) == 3:
        os.kill(os.getpid(), asked)
    calls.append(1)
    return localize(self, features, **times)
basnet_rt.Localizer.__call__ = work
asked, muted = getattr(signal, sys.argv[1]), sys.argv[2] == "muted"
# Where tests run in the background, SIGINT is ignored; under nohup, SIGHUP is.
signal.signal(signal.SIGINT, signal.default_int_handler)
signal.signal(asked, signal.SIG_IGN if muted else signal.SIG_DFL)
sys.argv[1:] = sys.argv[3:]
from basnet_rt.cli import main
main()
"""


@pytest.mark.parametrize("name", ["SIGTERM", "SIGHUP"])
def test_signals_end_it_as_ctrl_c_does(run_cli, bundle, folder, output, name):
    """Two lines and exit code 1; the finished videos are kept and the next run goes on."""
    command = [str(part) for part in ("localize", folder, "-m", bundle, "-o", output)]
    done = subprocess.run(
        [sys.executable, "-c", SIGNALLED, name, "heard", *command], capture_output=True, text=True
    )
    assert done.returncode == 1
    assert "goes on from there" in " ".join(done.stderr.split())
    assert "Traceback" not in done.stderr
    again = run_cli(*command, "--json")
    assert json.loads(again.stdout)["resumed"] == 3


def test_a_muted_signal_stays_muted(bundle, folder, output):
    """As of `nohup`."""
    command = [str(part) for part in ("localize", folder, "-m", bundle, "-o", output)]
    subprocess.run([sys.executable, "-c", SIGNALLED, "SIGHUP", "muted", *command], check=True)
    assert output.exists()


@pytest.mark.parametrize("options", [[], ["--json"], ["-o"]])
def test_output_that_cannot_be_written_is_one_line(bundle, folder, output, options):
    """`/dev/full` says what a full disk says."""
    more = [*options, output] if options == ["-o"] else options
    command = ["localize", folder, "-m", bundle, *more]
    with Path("/dev/full").open("w") as full:
        done = subprocess.run(
            [sys.executable, "-m", "basnet_rt", *map(str, command)],
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
        )
    assert done.returncode == 1
    assert done.stderr == "error: the output cannot be written: No space left on device\n"
