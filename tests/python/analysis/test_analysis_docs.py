"""Every code block of docs/evaluate.md, run top to bottom in an empty folder."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

pytest.importorskip("torch")
pytest.importorskip("optuna")
pytest.importorskip("matplotlib")

PAGE = Path(__file__).resolve().parents[3] / "docs" / "evaluate.md"
BLOCK = re.compile(r"^```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
COMMANDS = {"sh": ["bash", "-euo", "pipefail", "-c"], "python": [sys.executable, "-c"]}


def test_every_block_runs(tmp_path):
    """Catches a page that shows options or names that are gone."""
    blocks = BLOCK.findall(PAGE.read_text(encoding="utf-8"))
    assert len(blocks) >= 7
    programs = Path(sys.executable).parent
    environment = {**os.environ, "PATH": f"{programs}:{os.environ['PATH']}"}
    for kind, code in blocks:
        done = subprocess.run(
            [*COMMANDS[kind], code],
            cwd=tmp_path, env=environment, capture_output=True, text=True, check=False,
        )  # fmt: skip
        assert done.returncode == 0, f"{code}\n{done.stdout}\n{done.stderr}"
    made = {"metrics.json", "table.tex", "tuned.pt", "tuned.json", "timeline.png", "report.png"}
    assert made <= {path.name for path in tmp_path.iterdir()}
