"""Small networks as TorchScript files, with their contracts."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
import yaml

from basnet_rt._system.torchscript import quiet_torchscript


@pytest.fixture
def script(tmp_path):
    """Scripts a module into a file of the test's folder."""

    def save(module: torch.nn.Module, name: str = "module.pt") -> Path:
        with quiet_torchscript():
            torch.jit.save(torch.jit.script(module.eval()), str(tmp_path / name))
        return tmp_path / name

    return save


@pytest.fixture
def contract(tmp_path):
    """Writes a contract beside the module; keys given replace or, with None, remove."""

    def write(**changes) -> Path:
        keys = {
            "weights": "module.pt",
            "layout": "B C T H W",
            "width": 32,
            "height": 24,
            "frames": 4,
            "stride": 4,
            "feature_dim": 3,
            **changes,
        }
        path = tmp_path / "contract.yaml"
        path.write_text(yaml.safe_dump({k: v for k, v in keys.items() if v is not None}))
        return path

    return write
