"""A process that streams from a file and may be killed at any moment.

Usage: live_worker.py INPUT.npy WORK_FOLDER [MODEL.pt]

Before it starts it loads WORK_FOLDER/state, if there is one. After each chunk it replaces that
file, whole or not at all, by where it stands: snippets taken, saved stream, finals so far. It
prints a line per chunk. Without a model the input is activations.
"""

from __future__ import annotations

import json
import os
import sys
import time
from pathlib import Path

import numpy as np

import basnet_rt

CHUNK = 3
CONFIG = {"normalisation": "fixed", "gate": "none", "max_duration": 20.0}


def make_stream(columns, model):
    if model is None:
        config = basnet_rt.PostprocessConfig.continuous(**CONFIG)
        return basnet_rt.StreamPostprocessor(config, num_classes=columns, snippet_seconds=0.64)
    import torch

    torch.set_num_threads(1)  # every run alike: activations are compared bit by bit
    return basnet_rt.StreamingLocalizer(basnet_rt.load(model))


def records(found):
    return [[*one[:4], int(n)] for one, n in zip(found, found.decided, strict=True)]


def replace(path, taken, state, finals):
    part = path.with_suffix(".part")
    header = json.dumps({"taken": taken, "finals": finals}).encode()
    part.write_bytes(len(header).to_bytes(8, "little") + header + state)
    os.replace(part, path)  # noqa: PTH105 the point of this line is that it is atomic


def restore(path):
    content = path.read_bytes()
    size = int.from_bytes(content[:8], "little")
    return json.loads(content[8 : 8 + size]), content[8 + size :]


def main(source, folder, model=None):
    rows, path = np.load(source), Path(folder) / "state"
    stream, about = make_stream(rows.shape[1], model), {"taken": 0, "finals": []}
    if path.exists():
        about, state = restore(path)
        stream.load(state)
    taken, finals = about["taken"], about["finals"]
    while taken < len(rows):
        finals += records(stream.push(rows[taken : taken + CHUNK]))
        taken = min(taken + CHUNK, len(rows))
        replace(path, taken, stream.save(), finals)
        print(taken, flush=True)
        time.sleep(0.001)
    finals += records(stream.finish())
    (Path(folder) / "finals.json").write_text(json.dumps(finals))


if __name__ == "__main__":
    main(*sys.argv[1:])
