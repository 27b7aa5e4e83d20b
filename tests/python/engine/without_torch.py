"""usage: without_torch.py BUNDLE FEATURES.npy FOLDER: all that needs no torch, where torch is not.

Prints, as JSON, what each way found. An import of torch raises, as where it is not installed.
"""

from __future__ import annotations

import importlib.abc
import json
import sys
from pathlib import Path


class NoTorch(importlib.abc.MetaPathFinder):
    """torch, and whatever else the wheel does not ask for, cannot be found."""

    ABSENT = ("torch", "basnet_training", "safetensors", "onnx", "onnxruntime", "h5py", "scipy")

    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in self.ABSENT:
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)


sys.meta_path.insert(0, NoTorch())

import numpy as np  # noqa: E402

import basnet_rt  # noqa: E402


def rows_of(*parts) -> list:
    """Detections as plain rows, in one order."""
    return sorted(
        [label, *segment, score]
        for one in parts
        for label, segment, score in zip(
            one.labels.tolist(), one.segments.tolist(), one.scores.tolist(), strict=True
        )
    )


def streamed(model, features) -> list:
    """Saved and resumed after each chunk of 7."""
    stream, parts = basnet_rt.StreamingLocalizer(model), []
    for start in range(0, len(features), 7):
        parts.append(stream.push(features[start : start + 7]))
        stream = basnet_rt.StreamingLocalizer(model).load(stream.save())
    return rows_of(*parts, stream.finish())


def pooled(model, features) -> list:
    """Three streams of the same features, one of them moved; all find the same."""
    found = []
    with basnet_rt.StreamPool(model, max_delay=0.001) as pool:
        ids = [pool.open() for _ in range(3)]
        parts = [[pool.push(one, features[:20])] for one in ids]
        # What is polled after `save` would come again: the state has it too.
        parts[1].append(pool.poll(ids[1]))
        state = pool.save(ids[1])
        pool.drop(ids[1])
        ids[1] = pool.restore(state)
        for one, own in zip(ids, parts, strict=True):
            own.append(pool.push(one, features[20:]))
            found.append(rows_of(*own, pool.close(one)))
    assert found[0] == found[1] == found[2]
    return found[0]


def command(*arguments: str) -> int:
    """`basnet-rt` in this process; its exit code."""
    from basnet_rt.cli import main

    sys.argv = ["basnet-rt", *arguments]
    try:
        main()
    except SystemExit as error:
        return int(error.code or 0)
    return 0


def message(call) -> str:
    try:
        call()
    except basnet_rt.Error as error:
        return str(error)
    return ""


def main() -> None:
    bundle, features, folder = sys.argv[1:]
    model, rows = basnet_rt.load(bundle), np.load(features)
    output = str(Path(folder) / "results.json")
    live = str(Path(folder) / "live.jsonl")
    found = {
        "engine": model.engine,
        "localized": rows_of(basnet_rt.Localizer(model)(rows)),
        "streamed": streamed(model, rows),
        "pooled": pooled(model, rows),
        "no torch": message(lambda: basnet_rt.load(bundle, engine="torch")),
        "no GPU": message(lambda: basnet_rt.load(bundle, device="cuda:0")),
        "localize": command("localize", features, "-m", bundle, "-o", output),
        "info": command("info", bundle, "--json"),
        "stream": command("stream", features, "-m", bundle, "-o", live),
        "written": len(json.loads(Path(output).read_text())["results"]),
        "modules": sorted(sys.modules.keys() & set(NoTorch.ABSENT)),
    }
    Path(folder, "found.json").write_text(json.dumps(found))


if __name__ == "__main__":
    main()
