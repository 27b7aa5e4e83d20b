"""Run by the tests: the blocks of one page, in order, in the current folder.

usage: run_page.py BLOCKS.json

Python blocks share one namespace, as in a notebook; shell blocks share the folder and nothing else.
Stops at the first failure and says which block it was.
"""

from __future__ import annotations

import json
import subprocess
import sys
import time
import traceback
from pathlib import Path


def run_shell(code: str, place: str) -> None:
    done = subprocess.run(["bash", "-euo", "pipefail", "-c", code], capture_output=True, text=True)
    if done.returncode != 0:
        fail(
            place, code, f"exit code {done.returncode}\n{done.stdout[-3000:]}{done.stderr[-3000:]}"
        )


def run_python(code: str, place: str, names: dict[str, object]) -> None:
    try:
        exec(compile(code, place, "exec"), names)
    except Exception:  # noqa: BLE001  a page may raise whatever it likes
        fail(place, code, traceback.format_exc())


def fail(place: str, code: str, why: str) -> None:
    sys.exit(f"{place} failed\n{'-' * 40}\n{code}{'-' * 40}\n{why}")


def main() -> None:
    names: dict[str, object] = {"__name__": "__main__"}
    for block in json.loads(Path(sys.argv[1]).read_text()):
        began = time.monotonic()
        if block["language"] == "python":
            run_python(block["code"], block["place"], names)
        else:
            run_shell(block["code"], block["place"])
        print(f"{block['place']}: {time.monotonic() - began:.1f} s", flush=True)


if __name__ == "__main__":
    main()
