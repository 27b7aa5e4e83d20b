"""The wheel in an empty environment: it brings NumPy, imports and post-processes."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from install.environments import REPOSITORY, pip, run

PROGRAM = Path(__file__).parent / "programs/numpy_alone.py"
WITHOUT_GPU = PROGRAM.with_name("cuda_without_gpu.py")


def test_only_numpy_comes_with_it(numpy_python: Path):
    listed = json.loads(pip(numpy_python, "list", "--format", "json"))
    assert {package["name"].replace("_", "-") for package in listed} == {"basnet-rt", "numpy"}


def test_it_post_processes(numpy_python: Path, tmp_path: Path):
    """With the released code's numbers where they are at hand; in CI they are."""
    golden = Path(os.environ.get("BASNET_RT_SHARED", REPOSITORY.parent / "shared"), "golden")
    if not golden.is_dir() and os.environ.get("CI") == "true":
        pytest.fail(f"no shared data at {golden.parent}: set BASNET_RT_SHARED")
    archive = [golden / "postprocess.npz"] if golden.is_dir() else []
    version, place = run(numpy_python, PROGRAM, *archive, cwd=tmp_path).split()
    assert place.startswith(str(numpy_python.parents[1]))
    assert version in pip(numpy_python, "show", "basnet-rt")


def test_training_is_there_but_asks_for_its_extra(numpy_python: Path, tmp_path: Path):
    """Catches a module left out of the wheel: the import must fail at somebody else's."""
    code = "try:\n import basnet_training\nexcept ModuleNotFoundError as error: print(error.name)"
    missing = run(numpy_python, "-c", code, cwd=tmp_path).strip()
    assert missing in {"torch", "yaml", "pydantic", "safetensors"}


def test_it_works_where_no_gpu_can_be_seen(
    numpy_python: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    """Catches a wheel that needs a driver to be imported, or does not say why it finds none."""
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "")
    built, reason = run(numpy_python, WITHOUT_GPU, cwd=tmp_path).splitlines()
    assert built == "False"
    assert reason
