"""From the start of a process to its first detections, and its memory: native against torch.

    python -m bench.speed.start [--rounds 9]

Each process is `basnet-rt localize`, whole: interpreter, imports, bundle, one small file (20
snippets of 2048 channels; hidden 512 and 2048, 20 classes), results on the screen. An interpreter
that only imports NumPy shows what nobody can save. The processes alternate; files are in the
system's cache; bytecode is written before the first round. Both engines must print the same events.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from basnet_rt.model.bundle import BundleMetadata
from basnet_training.export import export_bundle
from bench.speed.localize import CLASSES, FEATURE_DIM, made_features, made_network
from bench.tables import machine, markdown_table
from bench.timing import quartiles

NUM_SNIPPETS = 20
# A process counts its parent's memory until it begins its own program, so the parent must be small.
LAUNCHER = """
import os, sys, time
begin = time.perf_counter()
child = os.posix_spawn(sys.argv[1], sys.argv[1:], os.environ)
_, status, usage = os.wait4(child, 0)
print(time.perf_counter() - begin, usage.ru_maxrss, file=sys.stderr)
sys.exit(os.waitstatus_to_exitcode(status) != 0)
"""


@dataclass
class Program:
    """A command, and what its runs took."""

    name: str
    command: list[str]
    seconds: list[float] = field(default_factory=list)
    megabytes: list[float] = field(default_factory=list)

    def run(self, keep: bool = True) -> str:
        """What it prints, once; the time and the peak memory are kept.

        Raises:
            SystemExit: it failed.
        """
        launched = [sys.executable, "-S", "-E", "-c", LAUNCHER, *self.command]
        done = subprocess.run(launched, capture_output=True, text=True, check=False)
        if done.returncode != 0:
            raise SystemExit(f"failed: {' '.join(self.command)}\n{done.stderr}")
        seconds, kilobytes = done.stderr.split()[-2:]
        if keep:
            self.seconds.append(float(seconds))
            self.megabytes.append(int(kilobytes) * 1024 / 1e6)  # Linux counts KiB
        return done.stdout


def programs(folder: Path) -> list[Program]:
    features = folder / "a.npy"
    np.save(features, made_features(0)[:NUM_SNIPPETS])
    found = [Program("an interpreter that imports NumPy", [sys.executable, "-c", "import numpy"])]
    command = Path(sys.executable).with_name("basnet-rt")
    for dtype in ("float32", "bfloat16", "int8"):
        form = "safetensors" if dtype == "int8" else "torchscript"
        bundle = folder / f"{dtype}.{'safetensors' if dtype == 'int8' else 'pt'}"
        metadata = BundleMetadata(classes=CLASSES, feature_dim=FEATURE_DIM, dtype=dtype)
        export_bundle(made_network(), metadata, bundle, form=form)
        for engine in ("native", "torch"):
            if (engine, dtype) == ("torch", "int8"):
                continue  # torch has no int8 network
            line = [str(command), "localize", str(features), "-m", str(bundle)]
            found.append(Program(f"{engine}, {dtype}", [*line, "--engine", engine, "--all"]))
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=9)
    rounds = parser.parse_args().rounds
    with tempfile.TemporaryDirectory() as folder:
        known = programs(Path(folder))
        printed = {one.name: one.run(keep=False) for one in known}
        if not printed["native, float32"].strip():
            raise SystemExit("no detections: nothing was compared")
        if printed["native, float32"] != printed["torch, float32"]:
            raise SystemExit("the engines print other detections")
        for _ in range(rounds):
            for one in known:
                one.run()
    print(f"{machine()}. {rounds} rounds, median [quartiles].\n")
    header = ("process", "start to end, s", "peak memory, MB")
    rows = [
        (one.name, quartiles(np.array(one.seconds), 1, 2), quartiles(np.array(one.megabytes), 1, 0))
        for one in known
    ]
    print(markdown_table(header, rows))


if __name__ == "__main__":
    main()
