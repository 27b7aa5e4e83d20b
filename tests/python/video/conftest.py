"""What the tests of `basnet-rt stream` on videos share."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("torch")
pytest.importorskip("av")

import brightness
import numpy as np
import torch
from coded_video import write_video
from video_stream_cases import EVENTS, NUM_PICTURES, Said

torch.set_num_threads(1)


@pytest.fixture(autouse=True, scope="module")
def _own_code(own_code):
    """The networks here are the tests' own code."""


@pytest.fixture
def known(monkeypatch: pytest.MonkeyPatch) -> None:
    """Makes "brightness" an extractor that bundles may record."""
    from basnet_rt.extractors import registry

    classes = {**registry._CLASSES, "brightness": ("brightness", "Brightness")}
    monkeypatch.setattr(registry, "_CLASSES", classes)


@pytest.fixture(scope="session")
def bundle(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("bundle")
    return brightness.write_bundle(folder / "model.pt", brightness.Brightness().spec)


@pytest.fixture(scope="session")
def video(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Six seconds of MPEG-TS that are bright during EVENTS."""
    lit = [any(first <= k < end for first, end in EVENTS) for k in range(NUM_PICTURES)]
    pictures = [np.full((32, 32, 3), 255 if one else 0, np.uint8) for one in lit]
    return write_video(tmp_path_factory.mktemp("video") / "lit.ts", pictures, g="5", bf="0")


@pytest.fixture
def stream(known: None, bundle: Path) -> Callable[..., Said]:
    """Run `basnet-rt stream` in this process."""
    from typer.testing import CliRunner

    from basnet_rt.cli.app import app

    def run(*arguments: Any, model: Path = bundle) -> Said:
        words = ["stream", *arguments, "--model", model]
        result = CliRunner().invoke(app, [str(word) for word in words], catch_exceptions=False)
        lines = [line for line in result.stdout.splitlines() if line.startswith("{")]
        return Said(result.exit_code, [json.loads(line) for line in lines], result.stderr)

    return run
