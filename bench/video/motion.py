"""The speed of extractor `motion`, compared with real time and with each of its parts.

    python -m bench.video.motion [--page docs/extractors.md]

The input is a made video in three sizes: a drifting textured picture with a block that moves across
it, in H.264. Times are CPU seconds of all threads together: figures are then per core, and other
work on the machine does not distort them. The table shows medians with quartiles. Before any
timing, the pipeline must return the same features as its parts run one after the other.
"""

from __future__ import annotations

import argparse
import itertools
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import av
import cv2
import numpy as np

from basnet_rt.extractors import make_extractor
from basnet_rt.extractors.motion import FINEST_SCALE, Prepared
from basnet_rt.extractors.motion.cells import CellMaker
from basnet_rt.extractors.running.one_thread import one_thread
from basnet_rt.extractors.running.pipeline import extract_features
from basnet_rt.video import read_frames
from basnet_rt.video.frames import Frame, FrameFormat
from bench.tables import machine, markdown_table, publish
from bench.timing import quartiles

SIZES = ((320, 240), (1280, 720), (1920, 1080))
FPS, FRAMES = 25.0, 160
Work = Callable[[], object]


def main() -> None:
    options = parse()
    extractor = make_extractor("motion")
    rows = []
    with tempfile.TemporaryDirectory() as folder, one_thread():
        for width, height in SIZES:
            path = Path(folder) / f"{height}.mp4"
            write_video(path, width, height)
            check_equality(path)
            for name, work in parts(path).items():
                found = cpu_seconds(work, options.rounds) / FRAMES
                per_second = quartiles(1 / found, digits=0)
                source = f"{width} x {height}"
                rows.append([f"{source}: {name}", per_second, quartiles(1 / found / FPS, digits=0)])
    header = ["", "frames per second and core", "times real time (25 per second)"]
    spec = extractor.spec
    heading = (
        f"Pictures of {spec.frames.width} x {spec.frames.height}, step "
        f"{spec.settings['step']}; medians [quartiles] of {options.rounds}. {machine()}, "
        f"OpenCV {cv2.__version__}, PyAV {av.__version__}."
    )
    text = f"{heading}\n\n{markdown_table(header, rows)}"
    publish(options.page, "motion_speed", text, write=options.page is not None)


def parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--page", type=Path, help="page to put the table into")
    parser.add_argument("--rounds", type=int, default=7)
    return parser.parse_args()


def write_video(path: Path, width: int, height: int) -> None:
    noise = np.random.default_rng(0).standard_normal((height, 2 * width)).astype(np.float32)
    smooth = cv2.GaussianBlur(noise, (0, 0), width / 80)
    wide = np.clip(128 + 40 * smooth / smooth.std(), 0, 255).astype(np.uint8)
    side = height // 4
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=25)
        stream.width, stream.height, stream.pix_fmt = width, height, "yuv420p"
        for k in range(FRAMES):
            image = wide[:, k : k + width].copy()
            image[side : 2 * side, k : k + side] = 255 - wide[:side, :side]
            frame = av.VideoFrame.from_ndarray(np.repeat(image[..., None], 3, 2), format="rgb24")
            container.mux(stream.encode(frame))
        container.mux(stream.encode())


def check_equality(path: Path) -> None:
    """Check that the pipeline returns the features of its parts run one after the other."""
    extractor = make_extractor("motion")
    session = extractor.start()
    rows = [session.push(session.prepare(one)) for one in read(path, extractor.spec.frames)]
    np.testing.assert_array_equal(
        extract_features(path, extractor).features, np.concatenate([*rows, session.finish()])
    )


def read(path: Path, frames: FrameFormat) -> Iterator[Frame]:
    with read_frames(path, fps=FPS, frames=frames, threads=1) as reader:
        yield from reader


def parts(path: Path) -> dict[str, Work]:
    """The whole pipeline, and each part on inputs computed beforehand."""
    extractor = make_extractor("motion")
    decoded = list(read(path, extractor.spec.frames))
    session = extractor.start()
    prepared = [session.prepare(one) for one in decoded]
    return {
        "pipeline, video to features": lambda: extract_features(path, extractor, threads=1),
        "decoding at full size": lambda: list(count(read(path, FrameFormat(pixels="gray")))),
        "decoding to small grey pictures": lambda: list(count(read(path, extractor.spec.frames))),
        "flow and cells": lambda: prepare_all(decoded),
        "of that, flow": lambda: flow_of(decoded),
        "of that, cells": cells_of(decoded),
        "pooling": lambda: push_all(prepared),
    }


def count(frames: Iterator[Frame]) -> Iterator[int]:
    """Yield the index of each frame and keep no frame."""
    for one in frames:
        yield one.index


def prepare_all(frames: list[Frame]) -> None:
    session = make_extractor("motion").start()
    for one in frames:
        session.prepare(one)


def push_all(prepared: list[Prepared]) -> None:
    session = make_extractor("motion").start()
    for one in prepared:
        session.push(one)
    session.finish()


def flow_of(frames: list[Frame]) -> list[np.ndarray]:
    """Flow of every second frame, as the extractor computes it."""
    method = cv2.DISOpticalFlow_create(cv2.DISOPTICAL_FLOW_PRESET_MEDIUM)
    method.setFinestScale(FINEST_SCALE)
    images = [one.image for one in frames[::2]]
    pairs = itertools.pairwise(images)
    return [method.calc(before, after, None) * np.float32(0.5) for before, after in pairs]


def cells_of(frames: list[Frame]) -> Work:
    flows = flow_of(frames)
    images = [one.image for one in frames[::2]]
    height, width = images[0].shape
    make = CellMaker(cv2, width, height)

    def work() -> None:
        for k in range(1, len(flows)):
            after = images[k + 1].astype(np.float32)
            make(flows[k], flows[k - 1], images[k], after)

    return work


def cpu_seconds(work: Work, rounds: int) -> np.ndarray:
    """CPU seconds per call, one entry per round, after a warm-up call."""
    work()
    found = []
    for _ in range(rounds):
        begin = time.process_time()
        work()
        found.append(time.process_time() - begin)
    return np.array(found)


if __name__ == "__main__":
    main()
