"""`basnet-rt`: localize, evaluate, info.

Exit codes: 0 done, 1 failed (the reason is on standard error), 2 wrong usage.
"""

from __future__ import annotations

import sys


def main() -> None:
    """Entry point."""
    try:
        from basnet_rt.cli.app import app
        from basnet_rt.cli.ending import run_program
    except ModuleNotFoundError as error:
        sys.exit(f"basnet-rt needs {error.name}: pip install 'basnet-rt[cli]'")
    except KeyboardInterrupt:
        sys.exit("Aborted!")  # as after the imports
    run_program(app)
