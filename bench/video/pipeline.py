"""The speed of the pipeline on one video, compared with its parts, and on videos in parallel.

usage: pipeline.py [--rounds N] [--frames N] [--docs]

Before any timing, the pipeline must return the features of a plain loop, bit for bit. The parts and
the whole alternate; figures are medians with their quartiles. The video is the first test video of
cctv_fights that is long enough; --docs writes the tables into docs/from_video.md.
"""

from __future__ import annotations

import argparse
import resource
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch

from basnet_rt._system.torchscript import quiet_torchscript
from basnet_rt.extractors import Extractor, Session
from basnet_rt.extractors.running.job import Recipe
from basnet_rt.extractors.running.many import extract_many
from basnet_rt.extractors.running.one_thread import one_thread
from basnet_rt.extractors.running.pipeline import extract_features
from basnet_rt.extractors.running.video_files import VideoFile
from basnet_rt.video import read_frames
from bench.tables import DATA, DOCS, machine, markdown_table, publish
from bench.timing import quartiles

PAGE = DOCS / "from_video.md"
VIDEOS = DATA / "cctv_fights" / "videos" / "test"
REAL_TIME = 25.0
CONTRACT = """
input: rgb
short_side: 112
crop: 112
layout: B C T H W
frames: 16
stride: 16
fps: 25
feature_dim: 64
output: {axis: 1}
"""


class SmallBackbone(torch.nn.Module):
    """Three strided 3D convolutions: (B, 3, T, 112, 112) to (B, 64, T', 7, 7)."""

    def __init__(self) -> None:
        super().__init__()
        torch.manual_seed(0)
        sizes = [(3, 16, (1, 4, 4)), (16, 32, 2), (32, 64, 2)]
        layers = [torch.nn.Conv3d(i, o, 3, stride=s, padding=1) for i, o, s in sizes]
        self.layers = torch.nn.Sequential(
            *(step for one in layers for step in (one, torch.nn.ReLU()))
        )

    def forward(self, snippets: torch.Tensor) -> torch.Tensor:
        return self.layers(snippets)


@dataclass(frozen=True)
class Timed:
    """Seconds of each part and of the whole, one value per round; `cpu`: CPU time of the whole."""

    decode: list[float]
    prepare: list[float]
    push: list[float]
    whole: list[float]
    cpu: list[float]


def main() -> None:
    options = arguments()
    torch.set_num_threads(1)
    video, frames = longest(options.frames)
    with tempfile.TemporaryDirectory() as folder:
        recipes = {"motion": Recipe("motion"), "torchscript, small": backbone(Path(folder))}
        rows, parallel = [], []
        for name, recipe in recipes.items():
            extractor = recipe.make()
            check(video, extractor)
            timed = measure(video, extractor, options.rounds)
            rows.append(row(name, timed, frames))
            print("|", " | ".join(rows[-1]), "|", flush=True)
            parallel += several(name, recipe, extractor, options.rounds)
    text = tables(rows, parallel, options.rounds)
    publish(PAGE, "pipeline", text, write=options.docs)


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--frames", type=int, default=900, help="of the video to take, at least")
    parser.add_argument("--docs", action="store_true", help="write the tables into the page")
    return parser.parse_args()


def backbone(folder: Path) -> Recipe:
    """A recipe with a small network, which is about as fast as decoding."""
    (folder / "contract.yaml").write_text(CONTRACT)
    with quiet_torchscript():
        torch.jit.script(SmallBackbone().eval()).save(str(folder / "small.ts"))
    settings = {"contract": str(folder / "contract.yaml"), "weights": str(folder / "small.ts")}
    return Recipe("torchscript", settings)


def longest(at_least: int) -> tuple[Path, int]:
    """The first test video with at least so many frames, and its number of frames."""
    for path in sorted(VIDEOS.iterdir()):
        with read_frames(path, fps=REAL_TIME) as reader:
            count = round((reader.info.duration or 0) * REAL_TIME)
        if count >= at_least:
            return path, count
    raise SystemExit(f"{VIDEOS}: no video of {at_least} frames; fewer: --frames")


def check(video: Path, extractor: Extractor) -> None:
    """Check that the pipeline returns the features of a plain loop; exit if not."""
    session = extractor.start()
    with one_thread():
        rows = [session.push(session.prepare(frame)) for frame in decode(video, extractor)]
        plain = np.concatenate([*rows, session.finish()])
    if not np.array_equal(plain, extract_features(video, extractor).features):
        raise SystemExit(f"{extractor.spec.name}: the pipeline and a plain loop differ")


def measure(video: Path, extractor: Extractor, rounds: int) -> Timed:
    """Time the parts, each on inputs computed beforehand, and the whole, in turn."""
    timed = Timed([], [], [], [], [])
    for _ in range(rounds):
        decoded = stopwatch(timed.decode, decode, video, extractor)
        session = extractor.start()
        with one_thread():
            prepared = stopwatch(timed.prepare, prepare, session, decoded)
            stopwatch(timed.push, push, session, prepared)
        del decoded, prepared
        before = cpu_seconds()
        stopwatch(timed.whole, extract_features, video, extractor)
        timed.cpu.append(cpu_seconds() - before)
    return timed


def decode(video: Path, extractor: Extractor) -> list[Any]:
    spec = extractor.spec
    with read_frames(video, fps=spec.fps, frames=spec.frames) as reader:
        return list(reader)


def prepare(session: Session, frames: list[Any]) -> list[Any]:
    return [session.prepare(frame) for frame in frames]


def push(session: Session, prepared: list[Any]) -> list[Any]:
    return [*map(session.push, prepared), session.finish()]


def stopwatch(seconds: list[float], work: Callable[..., Any], *arguments: Any) -> Any:
    begin = time.perf_counter()
    result = work(*arguments)
    seconds.append(time.perf_counter() - begin)
    return result


def cpu_seconds() -> float:
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


def row(name: str, timed: Timed, frames: int) -> list[str]:
    parts = [np.array(getattr(timed, part)) for part in ("decode", "prepare", "push")]
    whole, cpu = np.array(timed.whole), np.array(timed.cpu)
    slowest = parts[int(np.argmax([np.median(part) for part in parts]))]
    return [
        name,
        *(f"{frames / np.median(part):.0f}" for part in parts),
        quartiles(frames / whole, digits=0),
        f"{frames / np.median(whole) / REAL_TIME:.1f}",
        quartiles(frames / cpu, digits=0),
        f"{np.median(slowest / whole):.2f}",
        f"{np.median(sum(parts) / whole):.2f}",
    ]


def several(
    name: str, recipe: Recipe, extractor: Extractor, rounds: int, count: int = 6
) -> list[list[str]]:
    """Frames per second with one and with two videos at a time, including process starts."""
    files = [VideoFile(path.stem, str(path)) for path in sorted(VIDEOS.iterdir())[:count]]
    seconds: dict[int, list[float]] = {1: [], 2: []}
    frames = 0
    for _ in range(max(1, rounds // 2)):
        for jobs, times in seconds.items():
            run = extract_many(files, recipe, jobs=jobs, extractor=extractor)
            results = stopwatch(times, list, run)
            frames = sum(one.found.num_frames for one in results if one.found is not None)
    return [
        [name, str(jobs), str(count), str(frames), quartiles(frames / np.array(times), digits=0)]
        for jobs, times in seconds.items()
    ]


def tables(rows: list[list[str]], parallel: list[list[str]], rounds: int) -> str:
    parts = markdown_table(
        ["extractor", "decode alone", "prepare alone", "network alone", "whole, frames/s",
         "x real time", "frames/s per core", "slowest part / whole", "overlap"],
        rows,
    )  # fmt: skip
    jobs = markdown_table(["extractor", "--jobs", "videos", "frames", "frames/s"], parallel)
    about = f"{machine()}, {rounds} rounds, median [quartiles]."
    return f"{about}\n\n{parts}\n\nSeveral videos, processes started anew each time:\n\n{jobs}"


if __name__ == "__main__":
    main()
