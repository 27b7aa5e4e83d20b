"""The demo's steps are the ordinary commands, each in its own process.

So a user can type every step, and the runtime does not import training.
"""

from __future__ import annotations

import json
import os
import shlex
import subprocess
import sys
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from basnet_rt._errors import Error

_MODULES = {"basnet-rt": "basnet_rt", "basnet-train": "basnet_training"}
# Packages of the extra `demo` that the commands import.
_PACKAGES = ("av", "cv2", "jinja2", "pydantic", "safetensors", "torch", "yaml")
_PATIENCE = 20.0  # seconds for an interrupted command to finish writing its files


def check_extras() -> None:
    """Check before the first step that all steps can run.

    Raises:
        Error: packages are missing; the message names them and says how to get them.
    """
    missing = [name for name in (*_PACKAGES, *_MODULES.values()) if find_spec(name) is None]
    if missing:
        raise Error(f"the demo needs {', '.join(missing)}: pip install 'basnet-rt[demo]'")


class Commands:
    """Runs `basnet-rt` and `basnet-train` of this interpreter in a folder.

    Networks compute on one thread, unless the environment says otherwise. Then sums, and so the
    results, do not depend on the number of cores; such small networks are hardly slower.
    """

    def __init__(self, folder: Path, tell: Callable[[str], None]) -> None:
        self._folder, self._tell = folder, tell

    def run(self, line: str) -> dict[str, Any]:
        """Run one command; its progress goes to standard error, as usual.

        Args:
            line: the command as a user types it, such as "basnet-rt info model.pt".

        Returns:
            The object that the command prints with `--json`.

        Raises:
            Error: the command failed; its reason is on standard error.
        """
        self._tell(f"$ {line}")
        program, *arguments = shlex.split(line)
        command = [sys.executable, "-m", _MODULES[program], *arguments, "--json"]
        with subprocess.Popen(
            command,
            cwd=self._folder,
            env={"OMP_NUM_THREADS": "1", **os.environ},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            text=True,
        ) as process:
            printed = _output(process)
        if process.returncode != 0:
            raise Error(f"{line}: ended with exit code {process.returncode}")
        answer: dict[str, Any] = json.loads(printed.splitlines()[-1])
        return answer


def _output(process: subprocess.Popen[str]) -> str:
    """Wait for a process and return its output.

    Ctrl-C reaches the process too. It then has `_PATIENCE` seconds to end before it is killed.
    """
    try:
        return process.communicate()[0]
    except KeyboardInterrupt:
        try:
            process.communicate(timeout=_PATIENCE)
        except subprocess.TimeoutExpired:
            process.kill()
        raise
