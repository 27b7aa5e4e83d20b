"""A data set small enough to train on in a second; some of its videos hold no action."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import torch
from training_cases import FEATURE_DIM, LENGTHS, TAGS

from basnet_training.config import Config, check_config


@pytest.fixture(autouse=True, scope="session")
def _one_thread() -> None:
    torch.set_num_threads(1)


@pytest.fixture
def dataset(tmp_path: Path) -> Path:
    """A folder with `features/*.npy` (T, 6) and `annotations.json`."""
    rng = np.random.default_rng(5)
    folder = tmp_path / "data"
    (folder / "features").mkdir(parents=True)
    database = {}
    for index, (length, tags) in enumerate(zip(LENGTHS, TAGS, strict=True)):
        values = np.abs(rng.standard_normal((length, FEATURE_DIM))).astype(np.float16)
        values[: length // 2, [["Run", "Jump"].index(tag) for tag in tags] or [2]] += 2
        np.save(folder / "features" / f"v{index}.npy", values)
        annotations = [{"label": tag, "segment": [0.0, 1.0]} for tag in tags]
        database[f"v{index}"] = {"subset": "train", "annotations": annotations}
    (folder / "annotations.json").write_text(json.dumps({"database": database}))
    return folder


@pytest.fixture
def config(dataset: Path) -> Config:
    """Settings that finish in a blink."""
    return make_config(dataset)


def make_config(dataset: Path, **sections: dict) -> Config:
    """The tiny settings with some sections' keys replaced."""
    values: dict[str, dict] = {
        "data": {
            "features": str(dataset / "features"),
            "annotations": str(dataset / "annotations.json"),
        },
        "network": {"hidden_filter": 5, "hidden_cas": 7, "dropout": 0.5},
        "optim": {"iterations": 8, "batch_size": 4, "lr": 1e-2},
        "run": {"tensorboard": False, "checkpoint_every": 3, "seed": 4},
    }
    for name, section in sections.items():
        values[name] = {**values.get(name, {}), **section}
    return check_config(values)


@pytest.fixture
def configure(dataset: Path):
    """`configure(optim={...})`: the tiny settings with some keys replaced."""
    return lambda **sections: make_config(dataset, **sections)
