"""The oracle is independent: it imports neither torch nor the code under test."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

import reference

FILES = sorted(Path(reference.__file__).parent.glob("*.py"))
OWN = {path.stem for path in FILES}
FORBIDDEN = {"torch", "basnet_rt", "basnet_training", "scipy"}


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_imports(path):
    """Catches an oracle that would agree with the core because it calls it."""
    roots = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            roots |= {alias.name.split(".")[0] for alias in node.names}
        if isinstance(node, ast.ImportFrom) and node.level == 0:
            roots.add(node.module.split(".")[0])
        elif isinstance(node, ast.ImportFrom):  # from a file beside it, which is checked itself
            assert node.level == 1
            assert {node.module} <= OWN if node.module else {a.name for a in node.names} <= OWN
    assert not roots & FORBIDDEN
