"""The programs of docs/c_api.md do what the page says."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import basnet_rt
from basnet_rt import PostprocessConfig
from checks.sources import REPOSITORY


def block(language: str) -> str:
    page = (REPOSITORY / "docs/c_api.md").read_text()
    (found,) = re.findall(rf"```{language}\n(.*?)```", page, re.DOTALL)
    return found


def output(*command: object) -> str:
    done = subprocess.run([str(part) for part in command], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.fixture
def program(tmp_path: Path, library: Path) -> Path:
    """The C program, compiled as strictly as a compiler can be asked to."""
    source = tmp_path / "program.c"
    source.write_text(block("c"))
    flags = ["-std=c99", "-pedantic", "-Wall", "-Wextra", "-Werror"]
    flags += [f"-I{REPOSITORY / 'csrc/include'}"]
    link = [f"-L{library.parent}", "-lbasnet_rt_c", f"-Wl,-rpath,{library.parent}"]
    output("gcc", *flags, source, *link, "-o", tmp_path / "program")
    return tmp_path / "program"


def test_the_c_program(program: Path):
    printed = output(program)
    page = (REPOSITORY / "docs/c_api.md").read_text()
    assert f"It prints `{printed.strip()}`" in page
    cas = np.full((40, 1), 0.1, np.float32)
    cas[10:20] = 0.9
    fields = {"normalisation": "fixed", "gate": "none", "cas_thresholds": [0.5]}
    (want,) = basnet_rt.postprocess(
        cas, None, PostprocessConfig.continuous(**fields), snippet_seconds=0.5
    )
    assert printed == f"{want.start:.3f} {want.end:.3f} {want.score:.3f}\n"


def test_the_python_program(tmp_path: Path, library: Path):
    source = tmp_path / "program.py"
    source.write_text(block("python"))
    printed = output(sys.executable, source, library)
    cas = np.array([0, 0, 1, 1, 0, 0, 0, 0], np.float32)[:, None]
    config = PostprocessConfig.continuous(gate="none", nms_iou=0.4)
    want = basnet_rt.postprocess(cas, None, config, snippet_seconds=0.5)
    assert printed == "".join(f"{one.start:.3f} {one.end:.3f}\n" for one in want)
    assert len(want) > 0
