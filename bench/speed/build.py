"""The cost of building: processor time and size of the wheel, without and with device code.

    python -m bench.speed.build [--cuda]

`python -m build` of this repository, isolated and without a compiler cache: the sdist, then the
wheel from it. Processor time of all processes together, which other work on the machine hardly
changes. --cuda builds a second time with the device code of a release, where there is nvcc.
"""

from __future__ import annotations

import argparse
import os
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from bench.tables import REPOSITORY, machine, markdown_table


def build(folder: Path, cuda: bool) -> tuple[float, float, int]:
    """Seconds of processors, seconds on the clock, bytes of the wheel."""
    setting = f"SKBUILD_CMAKE_DEFINE=BASNET_RT_CUDA={'ON' if cuda else 'OFF'}"
    command = ["env", setting, "CCACHE_DISABLE=1", sys.executable, "-m", "build"]
    before, begin = processor_seconds(), time.perf_counter()
    subprocess.run(
        [*command, "--outdir", str(folder), str(REPOSITORY)], check=True, stdout=subprocess.DEVNULL
    )
    (wheel,) = folder.glob("*.whl")
    spent = processor_seconds() - before
    return spent, time.perf_counter() - begin, wheel.stat().st_size


def processor_seconds() -> float:
    """Of all processes that this one started and that ended."""
    spent = resource.getrusage(resource.RUSAGE_CHILDREN)
    return spent.ru_utime + spent.ru_stime


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--cuda", action="store_true", help="with the device code of a release too")
    options = parser.parse_args()
    rows = []
    for cuda in (False, True)[: 1 + options.cuda]:
        with tempfile.TemporaryDirectory() as folder:
            spent, taken, size = build(Path(folder), cuda)
        name = "with CUDA, all architectures" if cuda else "CPU"
        rows.append([name, f"{spent:.0f}", f"{taken:.0f}", f"{size / 1e6:.2f}"])
    print(f"{machine()}; load average {os.getloadavg()[0]:.1f}\n")
    print(markdown_table(["wheel", "processor seconds", "seconds", "MB"], rows))


if __name__ == "__main__":
    main()
