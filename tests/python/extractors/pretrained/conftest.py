"""Tiny models of each family, saved once, and a video."""

from __future__ import annotations

import importlib.util
import os
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

pytest.importorskip("torch")
pytest.importorskip("av")
import tiny_models

# Nothing is asked of a hub, whatever this machine can reach.
os.environ["HF_HUB_OFFLINE"] = "1"


def _usable_torchvision() -> None:
    """Let torchvision be imported where its compiled operators are of a torch for GPUs.

    Its networks and transforms need none of them. Two have to be declared all the same, and
    transformers and timm import it where it is installed.
    """
    try:
        import torchvision
    except RuntimeError:
        import torch

        for name in [one for one in sys.modules if one.partition(".")[0] == "torchvision"]:
            del sys.modules[name]
        library = torch.library.Library("torchvision", "DEF")
        for name in ("nms", "qnms"):
            library.define(f"{name}(Tensor boxes, Tensor scores, float threshold) -> Tensor")
        pytest.torchvision_library = library  # the operators live as long as it does
        import torchvision  # noqa: F401


if importlib.util.find_spec("torchvision") is not None:
    _usable_torchvision()


@pytest.fixture(scope="session")
def video(tmp_path_factory) -> Path:
    """70 frames: four snippets of 16, and six frames that fill none."""
    return tiny_models.make_video(tmp_path_factory.mktemp("video") / "moving.mp4", 70)


@pytest.fixture(scope="session")
def model_of(tmp_path_factory) -> Callable[[str], Path]:
    """The folder of a family's tiny model; nobody writes to it."""
    pytest.importorskip("transformers", reason="needs the extra hf")
    root = tmp_path_factory.mktemp("models")
    return lambda family: (
        root / family if (root / family).exists() else tiny_models.save_model(family, root / family)
    )
