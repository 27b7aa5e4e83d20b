"""`basnet-train`; if dependencies are missing, one line says how to install them."""

from __future__ import annotations

import sys


def main() -> None:
    """Entry point."""
    try:
        from basnet_rt.cli.ending import run_program
        from basnet_training.cli import app
    except ModuleNotFoundError as error:
        sys.exit(f"basnet-train needs {error.name}: pip install 'basnet-rt[train]'")
    run_program(app)
