"""NumPy alone: bundle to localize, stream, pool, save and resume, in Python and by `basnet-rt`.

Catches an import of torch, or of another package that the wheel does not ask for, on any of these
ways. The process that is looked at cannot import them.
"""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from engine_cases import features_of, in_order, joined, write

import basnet_rt

PROGRAM = Path(__file__).with_name("without_torch.py")


@pytest.fixture(scope="module", params=["torchscript", "safetensors"])
def found(request, tmp_path_factory):
    """What the process found, and what is found here."""
    pytest.importorskip("typer", reason="the commands need it")
    folder = tmp_path_factory.mktemp("bare")
    bundle = write(folder / "model", "full", request.param)
    rows = features_of(150, 8, seed=4)
    np.save(folder / "video.npy", rows)
    done = subprocess.run(
        [sys.executable, PROGRAM, bundle, folder / "video.npy", folder],
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    want = in_order(joined([basnet_rt.Localizer(basnet_rt.load(bundle))(rows)]))
    return json.loads((folder / "found.json").read_text()), want


def test_nothing_was_imported_that_is_not_there(found):
    assert found[0]["modules"] == []
    assert found[0]["engine"] == "native"


@pytest.mark.parametrize("way", ["localized", "streamed", "pooled"])
def test_every_way_finds_the_same(found, way):
    got, want = found
    assert len(want) > 10
    assert [tuple(row) for row in got[way]] == [(one[0], *one[1], one[2]) for one in want]


@pytest.mark.parametrize("command", ["localize", "info", "stream"])
def test_commands(found, command):
    assert found[0][command] == 0
    assert found[0]["written"] == 1


@pytest.mark.parametrize("asked", ["no torch", "no GPU"])
def test_who_asks_for_torch_is_told_both_ways_out(found, asked):
    message = found[0][asked]
    if "safetensors bundle" in message:  # torch would not help
        return
    assert "pip install 'basnet-rt[torch]'" in message
    assert 'engine="native"' in message
