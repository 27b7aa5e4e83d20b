"""The notebooks of examples/notebooks run, cell by cell, without Jupyter, and hold no output."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from docs.blocks import REPOSITORY

RUNNER = Path(__file__).with_name("run_page.py")
NOTEBOOKS = sorted((REPOSITORY / "examples/notebooks").glob("*.ipynb"))
SHELL = "%%bash\n"


def cells(notebook: Path) -> list[dict[str, str]]:
    """Its cells of code, as run_page.py takes them; `%%bash` is for the shell."""
    content = json.loads(notebook.read_text())
    assert (content["nbformat"], content["nbformat_minor"]) == (4, 5)
    found = []
    for number, cell in enumerate(content["cells"]):
        code = "".join(cell["source"])
        if cell["cell_type"] == "code":
            assert cell["outputs"] == [], "clear the outputs: they change at each run"
            language = "sh" if code.startswith(SHELL) else "python"
            place = f"{notebook.name}, cell {number}"
            found.append({"language": language, "code": code.removeprefix(SHELL), "place": place})
    return found


@pytest.mark.parametrize("notebook", NOTEBOOKS, ids=lambda path: path.stem)
def test_a_notebook_runs(notebook, playground, environment, tmp_path):
    """Catches a name that moved; each begins in the folder of files that the pages have."""
    folder = tmp_path / "folder"
    shutil.copytree(playground, folder)
    (tmp_path / "cells.json").write_text(json.dumps(cells(notebook)))
    command = [sys.executable, str(RUNNER), str(tmp_path / "cells.json")]
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr[-6000:]


def test_there_are_notebooks():
    assert {one.stem for one in NOTEBOOKS} == {"evaluation", "own_videos", "streaming"}
