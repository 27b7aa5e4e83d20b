"""What lies in the folder in which a page's blocks run: the files that the pages speak of.

usage: playground.py FOLDER

    model.pt            a bundle, trained for a moment on simulated features
    features/train      and features/test, a .npy file for each video
    annotations.json    ground truth of both; tags.csv: the tags of train alone
    settings.yaml       settings of that training
    video.npy           features of one video
    videos              a file that has the name of that video and shows nothing
    results.json        what the model localizes in features/test
"""

from __future__ import annotations

import json
import shutil
import sys
from pathlib import Path

from typer import Typer

SETTINGS = """\
data: {feature_extractor: simulated}
network: {hidden_filter: 32, hidden_cas: 64}
optim: {iterations: 100, batch_size: 8, lr: 1.0e-3}
export: {activation: softmax, calibration: unit}
postprocess: {cas_thresholds: [0.1, 0.3, 0.5, 0.7], normalisation: fixed}
"""


def call(app: Typer, *arguments: str) -> None:
    """One command, in this process: torch is loaded once for all of them."""
    app(list(arguments), standalone_mode=False)


def write_tags() -> None:
    database = json.loads(Path("annotations.json").read_text())["database"]
    rows = [
        f"{name},{';'.join(sorted({one['label'] for one in entry['annotations']}))}"
        for name, entry in database.items()
        if entry["subset"] == "train"
    ]
    Path("tags.csv").write_text("\n".join(["video,tags", *rows]) + "\n")


def main() -> None:
    import torch

    from basnet_rt.cli.app import app as runtime
    from basnet_training.cli import app as training

    torch.set_num_threads(1)
    Path("settings.yaml").write_text(SETTINGS)
    call(training, "simulate", "--preset", "small", "--output", ".")
    write_tags()
    call(training, "fit", "settings.yaml", "-o", "r", "--features", "features/train",
         "--annotations", "tags.csv")  # fmt: skip
    call(training, "export", "r", "-o", "model.pt")
    call(runtime, "localize", "features/test", "-m", "model.pt", "-o", "results.json")
    shutil.rmtree("r")
    first = min(Path("features/test").iterdir())
    shutil.copy(first, "video.npy")
    Path("videos").mkdir()
    Path(f"videos/{first.stem}.mp4").write_bytes(b"not a film")


if __name__ == "__main__":
    import os

    os.chdir(sys.argv[1])
    main()
