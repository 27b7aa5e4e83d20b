"""Checkpoints of I3D, filled by formula."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import torch

from reference.i3d import flow_shapes, golden_weights


@pytest.fixture(scope="session")
def rgb_shapes(shared: Path) -> dict[str, tuple[int, ...]]:
    """Names and shapes of the released RGB checkpoint, in its order."""
    text = (shared / "golden/i3d_rgb_state_dict_shapes.json").read_text()
    return {name: tuple(shape) for name, shape in json.loads(text).items()}


@pytest.fixture(scope="session")
def states(rgb_shapes) -> dict[str, dict[str, torch.Tensor]]:
    """State dictionaries of "rgb" and "flow"; not to be changed."""
    shapes = {"rgb": rgb_shapes, "flow": flow_shapes(rgb_shapes)}
    return {
        stream: {name: torch.from_numpy(a) for name, a in golden_weights(these).items()}
        for stream, these in shapes.items()
    }


@pytest.fixture(scope="session")
def checkpoints(states, tmp_path_factory) -> dict[str, Path]:
    """The same as files."""
    folder = tmp_path_factory.mktemp("i3d")
    for stream, state in states.items():
        torch.save(state, folder / f"{stream}.pt")
    return {stream: folder / f"{stream}.pt" for stream in states}


@pytest.fixture(autouse=True)
def _one_thread():
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)
