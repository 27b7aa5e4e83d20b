"""Commands, and environments to try a wheel in."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tempfile
import venv
from dataclasses import dataclass
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[2]
# Without hashes, which would want one of the wheel that is tried.
VERSIONS = re.sub(r" \\\n    --hash=\S+", "", (REPOSITORY / "constraints.txt").read_text())


def run(*command: str | Path, cwd: Path | None = None, path: Path | None = None) -> str:
    """Standard output of a command that must succeed; its whole output where it does not.

    Args:
        path: folder whose programs come first.
    """
    environment = dict(os.environ)
    environment.pop("PYTHONPATH", None)
    if path is not None:
        environment["PATH"] = f"{path}{os.pathsep}{environment['PATH']}"
    with tempfile.NamedTemporaryFile("w", suffix=".txt") as constraints:
        constraints.write(VERSIONS)
        constraints.flush()
        environment["PIP_CONSTRAINT"] = constraints.name
        words = [str(part) for part in command]
        done = subprocess.run(words, cwd=cwd, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, f"{command} failed:\n{done.stdout[-8000:]}\n{done.stderr[-8000:]}"
    return done.stdout


@dataclass(frozen=True)
class Distributions:
    sdist: Path
    wheel: Path  # built from the sdist


@dataclass(frozen=True)
class Demo:
    folder: Path  # model.pt, results.json, data/features/test/*.npy
    printed: str


def new_environment(folder: Path) -> Path:
    """The interpreter of an empty environment."""
    venv.create(folder, with_pip=False, symlinks=True)
    return folder / "bin/python"


def pip(python: Path, *arguments: str | Path) -> str:
    """This environment's pip at work on another."""
    return run(sys.executable, "-m", "pip", "--python", python, *arguments)
