"""The folder of files that the pages speak of, made once; and the list of what was not run."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from filelock import FileLock

from docs.blocks import blocks_of, name_of, pages


@pytest.fixture(scope="session")
def environment() -> dict[str, str]:
    """This interpreter's programs first; one thread each, as many processes run."""
    programs = str(Path(sys.executable).parent)
    path = f"{programs}{os.pathsep}{os.environ['PATH']}"
    return {**os.environ, "PATH": path, "OMP_NUM_THREADS": "1", "MPLBACKEND": "Agg"}


@pytest.fixture(scope="session")
def playground(tmp_path_factory, environment) -> Path:
    """See playground.py; do not write to it. Processes of one run share it."""
    base = tmp_path_factory.getbasetemp()
    folder = (base.parent if "PYTEST_XDIST_WORKER" in os.environ else base) / "playground"
    with FileLock(f"{folder}.lock"):
        if not (folder / "results.json").exists():
            fill(folder, environment)
    return folder


def fill(folder: Path, environment: dict[str, str]) -> None:
    folder.mkdir(exist_ok=True)
    program = Path(__file__).with_name("playground.py")
    done = subprocess.run(
        [sys.executable, str(program), str(folder)], capture_output=True, text=True, env=environment
    )
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-4000:]


def pytest_terminal_summary(terminalreporter):
    """Blocks that do not run are counted and listed, each with its reason."""
    blocks = [one for page in pages() for one in blocks_of(page.read_text(), name_of(page))]
    left_out = [one for one in blocks if one.reason is not None]
    runs = sum(one.runs for one in blocks)
    terminalreporter.write_line(f"code blocks: {runs} run, {len(left_out)} do not:")
    for one in left_out:
        terminalreporter.write_line(f"  {one.place}: {one.reason}")
