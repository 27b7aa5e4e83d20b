"""Who may import whom in Python."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

from checks.sources import files, name

RUNTIME = files("python/basnet_rt", {".py", ".pyi"})


def imported(path: Path) -> set[str]:
    """Top-level names of everything imported anywhere in the file, functions included."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            found.update(alias.name.split(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and node.level == 0:
            found.add(node.module.split(".")[0])
    return found


@pytest.mark.parametrize("path", RUNTIME, ids=name)
def test_the_runtime_never_imports_training(path: Path):
    """Catches a wheel that localizes only where the training extras are installed."""
    assert "basnet_training" not in imported(path)


def test_importing_basnet_rt_needs_numpy_alone():
    """Catches a public name that cannot be loaded where torch or an extra is absent."""
    code = (
        "import sys\nfrom basnet_rt import *\n"
        "foreign = {'torch', 'typer', 'rich', 'pydantic', 'h5py', 'yaml', 'safetensors',"
        " 'tensorboard', 'pandas', 'matplotlib', 'jinja2', 'basnet_training'}\n"
        "print(sorted(foreign & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
