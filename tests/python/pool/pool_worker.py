"""A process with a pool that may be killed at any moment.

Usage: pool_worker.py MODEL.pt INPUT.npz WORK_FOLDER

INPUT holds one array of features per stream. After every round of pushes WORK_FOLDER/state is
replaced, whole or not at all, by each stream's saved bytes and what was taken from it so far; a run
that finds the file goes on from it. Prints a line per round.
"""

from __future__ import annotations

import os
import pickle
import sys
from pathlib import Path

import numpy as np
import pool_cases
import torch

import basnet_rt

ALARM = basnet_rt.Alarm(0.3, hold=0.7)
SIZES = {"a": 1, "b": 2, "c": 3}  # snippets per push


def replace(path: Path, content: dict) -> None:
    part = path.with_suffix(".part")
    part.write_bytes(pickle.dumps(content))
    os.replace(part, path)  # noqa: PTH105 the point of this line is that it is atomic


def begin(pool, path: Path, names) -> tuple[dict, dict]:
    """Streams by name, and what was taken of each: finals and onsets."""
    if not path.exists():
        return {name: pool.open() for name in names}, {name: ([], []) for name in names}
    content = pickle.loads(path.read_bytes())
    return {name: pool.restore(state) for name, state in content["states"].items()}, content[
        "found"
    ]


def main(model: str, source: str, folder: str) -> None:
    torch.set_num_threads(1)
    pool = basnet_rt.StreamPool(basnet_rt.load(model), alarm=ALARM, max_batch=1, max_delay=0.0)
    path, rows = Path(folder) / "state", dict(np.load(source))
    streams, found = begin(pool, path, rows)
    while True:
        left = 0
        for name, stream in streams.items():
            at = pool.statistics(stream).snippets_in
            chunk = rows[name][at : at + SIZES[name]]
            left += len(rows[name]) - at - len(chunk)
            found[name][0].extend(pool_cases.finals(pool.push(stream, chunk)))
            found[name][1].extend(pool.onsets(stream))
        states = {name: pool.save(stream) for name, stream in streams.items()}
        replace(path, {"states": states, "found": found})
        print(left, flush=True)
        if left == 0:
            break
    for name, stream in streams.items():
        pool.end(stream)
        pool.wait(stream)
        found[name][1].extend(pool.onsets(stream))
        found[name][0].extend(pool_cases.finals(pool.close(stream)))
    replace(Path(folder) / "found", found)


if __name__ == "__main__":
    main(*sys.argv[1:])
