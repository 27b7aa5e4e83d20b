"""What the tests of extraction share: videos, a backbone, a bundle, the command line."""

from __future__ import annotations

import threading
from dataclasses import dataclass
from pathlib import Path

import pytest

pytest.importorskip("torch")
pytest.importorskip("av")

import extract_cases
import small_films
import torch

import basnet_rt
from basnet_rt.extractors import make_extractor

torch.set_num_threads(1)


@pytest.fixture(autouse=True, scope="module")
def _own_code(own_code):
    """The networks here are the tests' own code."""


@dataclass(frozen=True)
class Made:
    """Files that no test writes to."""

    videos: Path
    contract: Path
    weights: Path
    bundle: Path
    spec: object

    @property
    def extractor(self) -> tuple:
        """Options of `extract`."""
        options = ("--extractor", "torchscript", "--contract", self.contract)
        return (*options, "--weights", self.weights)


@pytest.fixture(scope="session")
def made(tmp_path_factory) -> Made:
    """Four videos, the first shorter than a snippet; a TorchScript backbone; a bundle for it."""
    folder = tmp_path_factory.mktemp("made")
    for seed, (name, length) in enumerate({"a": 3, "b": 90, "c": 61, "d": 200}.items()):
        small_films.make_video(folder / "videos" / f"{name}.mp4", length, seed)
    (folder / "contract.yaml").write_text(extract_cases.CONTRACT)
    weights = extract_cases.script(extract_cases.Backbone(), folder / "backbone.ts")
    spec = make_extractor("torchscript", contract=folder / "contract.yaml", weights=weights).spec
    bundle = extract_cases.write_bundle(folder / "model.pt", spec)
    return Made(folder / "videos", folder / "contract.yaml", weights, bundle, spec)


@pytest.fixture
def run_cli():
    """Call `basnet-rt` in this process: the result has exit_code, stdout and stderr."""
    from typer.testing import CliRunner

    from basnet_rt.cli.app import app

    def run(*arguments):
        return CliRunner().invoke(app, [str(one) for one in arguments], catch_exceptions=False)

    return run


@pytest.fixture
def localize(run_cli, made, tmp_path):
    """`localize INPUT... [options]`: (outcome, detections by video)."""

    def run(*given, bundle=made.bundle, weights=True):
        options = ("--weights", made.weights) if weights else ()
        jobs = () if "--jobs" in given else ("--jobs", 1)
        output = tmp_path / "results.json"
        output.unlink(missing_ok=True)
        done = run_cli("localize", *given, "-m", bundle, "-o", output, *options, *jobs)
        found = basnet_rt.read_results(output).detections if output.exists() else None
        return done, found

    return run


@pytest.fixture
def no_thread_left():
    """Fails the test that leaves a thread behind."""
    before = set(threading.enumerate())
    yield
    assert set(threading.enumerate()) - before == set()
