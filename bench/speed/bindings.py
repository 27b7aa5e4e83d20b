"""What a call costs by pybind11, by nanobind, and by nanobind with the stable ABI of CPython.

    python bench/speed/bindings.py

For an environment of Python 3.12 or newer with numpy, pybind11 and nanobind, and nothing of this
project; it compiles three small modules, and prints the table of docs/install.md. Processor time of
20,000 calls, the modules in turn; median of 15 rounds, least and most.
"""

from __future__ import annotations

import importlib
import statistics
import subprocess
import sys
import sysconfig
import tempfile
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

HERE = Path(__file__).parent
CALLS, ROUNDS = 20_000, 15
TITLES = {
    "with_pybind11": "pybind11",
    "with_nanobind": "nanobind",
    "with_stable_abi": "nanobind, stable ABI",
}


def compiled(name: str, folder: Path) -> Any:
    """The module of that name, as the extension is compiled."""
    command = ["g++", "-O3", "-std=c++17", "-shared", "-fPIC", "-fvisibility=hidden"]
    command += [f"-I{sysconfig.get_path('include')}", f"-DBENCH_MODULE={name}"]
    if name == "with_pybind11":
        library = Path(importlib.import_module("pybind11").get_include())
        command += [f"-I{library}", str(HERE / "bindings_pybind11.cpp")]
    else:
        library = Path(importlib.import_module("nanobind").__file__ or "").parent
        command += [f"-I{library / part}" for part in ("include", "ext/robin_map/include")]
        command += ["-fno-strict-aliasing", str(library / "src/nb_combined.cpp")]
        command += [str(HERE / "bindings_nanobind.cpp")]
    if name == "with_stable_abi":
        command.append("-DPy_LIMITED_API=0x030C0000")
    subprocess.run([*command, "-o", str(folder / f"{name}.so")], check=True)
    return importlib.import_module(name)


def nanoseconds(call: Callable[[], object]) -> float:
    begin = time.process_time_ns()
    for _ in range(CALLS):
        call()
    return (time.process_time_ns() - begin) / CALLS


def main() -> None:
    rows = np.zeros((1, 2048), np.float32)
    with tempfile.TemporaryDirectory() as folder:
        sys.path.insert(0, folder)
        streams = {name: compiled(name, Path(folder)).Stream() for name in TITLES}
    calls = {
        "takes a row of 2,048 features": lambda one: one.push(rows),
        "returns a table of four segments": lambda one: one.found(),
    }
    print(f"| call | {' | '.join(TITLES.values())} |\n| --- | ---: | ---: | ---: |")
    for what, call in calls.items():
        times: dict[str, list[float]] = {name: [] for name in TITLES}
        for _ in range(ROUNDS):
            for name, stream in streams.items():
                times[name].append(nanoseconds(partial(call, stream)))
        cells = [
            f"{statistics.median(t):,.0f} ns ({min(t):,.0f} to {max(t):,.0f})"
            for t in times.values()
        ]
        print(f"| {what} | {' | '.join(cells)} |")


if __name__ == "__main__":
    main()
