"""The speed of extractor `i3d`, compared with real time and with each of its parts.

    python -m bench.video.i3d [--page docs/extractors.md]

The weights come from a formula, because their values do not change the work. All parts run on one
thread. Times are CPU seconds, so other work on the machine does not distort them; each figure is a
median with its quartiles. Before any timing, the network as the extractor runs it must agree with
the network of the checkpoint. TV-L1 is timed only if OpenCV has it.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import av
import cv2
import numpy as np
import torch

from basnet_rt.extractors import Extractor, make_extractor
from basnet_rt.extractors.backbone.flow import FlowMaker
from basnet_rt.extractors.backbone.pictures import Pictures
from basnet_rt.extractors.i3d import CROP, RANGE
from basnet_rt.extractors.i3d.network import CHANNELS, I3d
from basnet_rt.extractors.i3d.running import RunningI3d
from basnet_rt.extractors.running.pipeline import extract_features
from basnet_rt.video import read_frames
from basnet_rt.video.frames import Frame, FrameFormat
from bench.tables import machine, markdown_table, publish
from bench.timing import quartiles
from tests.reference.i3d import golden_weights

FPS = 25.0
FRAMES = 16
VIDEO_FRAMES = 64
PICTURES = Pictures(crop=(CROP, CROP), range=RANGE)


def filled(channels: int) -> I3d:
    network = I3d(channels).eval()
    shapes = {name: tuple(one.shape) for name, one in network.state_dict().items()}
    arrays = golden_weights(shapes)
    network.load_state_dict({name: torch.from_numpy(a) for name, a in arrays.items()})
    return network


def write_video(path: Path) -> None:
    """Write a moving pattern: 320 x 240, H.264, 25 frames per second, as THUMOS'14's videos."""
    y, x = np.mgrid[0:240, 0:320]
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=25)
        stream.width, stream.height, stream.pix_fmt = 320, 240, "yuv420p"
        for k in range(VIDEO_FRAMES):
            waves = [np.sin((x - 2 * k) / a + np.cos((y - k) / b)) for a, b in ((9, 13), (11, 7))]
            image = np.stack([waves[0], waves[1], waves[0]], -1) * 120 + 127
            picture = av.VideoFrame.from_ndarray(image.astype(np.uint8), format="rgb24")
            container.mux(stream.encode(picture))
        container.mux(stream.encode(None))


def seconds(work: Callable[[], object], frames: int, rounds: int) -> np.ndarray:
    """CPU seconds per frame, one entry per round, after a warm-up round."""
    work()
    found = []
    for _ in range(rounds):
        begin = time.process_time()
        work()
        found.append((time.process_time() - begin) / frames)
    return np.array(found)


def check_agreement(values: np.ndarray) -> str:
    """Compare the network as the extractor runs it with the checkpoint's; exit if they differ.

    Returns a sentence with the largest differences.
    """
    x = torch.from_numpy(values).permute(0, 4, 1, 2, 3).contiguous()
    with torch.inference_mode():
        wanted = filled(3)(x).numpy()
    cpu, said = torch.device("cpu"), []
    for dtype, allowed in (("float32", 1e-5), ("bfloat16", 5e-2)):
        got = RunningI3d(filled(3), cpu, dtype)(values)
        difference = np.abs(got - wanted).max() / np.abs(wanted).max()
        if not difference <= allowed:
            raise SystemExit(f"{dtype} differs by {difference:.1e} of the largest feature")
        said.append(f"{dtype} {difference:.1e}")
    return (
        "Largest difference from the checkpoint's own float32 network, as a part of the largest "
        f"feature: {', '.join(said)}."
    )


def cropped(frames: list[Frame]) -> list[np.ndarray]:
    return [np.ascontiguousarray(PICTURES.cut(frame.image)) for frame in frames]


def parts(frames: list[Frame], values: np.ndarray) -> Iterator[tuple[str, np.ndarray]]:
    """Name and CPU seconds per frame of each part except decoding."""
    shown = frames[:FRAMES]
    work: list[tuple[str, Callable[[], object]]] = [
        ("crop, to float32 in [-1, 1]", lambda: PICTURES.values([cropped(shown)])),
    ]
    cpu, network = torch.device("cpu"), filled(3)
    x = torch.from_numpy(values).permute(0, 4, 1, 2, 3).contiguous()
    work.append(("network as in the checkpoint, float32", lambda: network(x)))
    for dtype in ("float32", "bfloat16"):
        running = RunningI3d(filled(3), cpu, dtype)
        work.append((f"network at work, {dtype}", partial(running, values)))
    flow = RunningI3d(filled(CHANNELS["flow"]), cpu, "float32")
    two = np.ascontiguousarray(values[..., :2])
    work.append(("flow network at work, float32", lambda: flow(two)))
    with torch.inference_mode():
        for name, one in work:
            yield name, seconds(one, FRAMES, rounds=7)
    yield "flow by DIS", flow_seconds("dis", frames[:FRAMES], rounds=7)
    if hasattr(cv2, "optflow"):
        yield "flow by TV-L1", flow_seconds("tvl1", frames[:3], rounds=3)


def flow_seconds(method: str, frames: list[Frame], rounds: int) -> np.ndarray:
    def work() -> None:
        maker = FlowMaker(method)
        for frame in frames:
            maker.next(frame)

    return seconds(work, len(frames) - 1, rounds)


def whole(video: Path, folder: Path) -> Iterator[tuple[str, np.ndarray]]:
    """Name and CPU seconds per frame of decoding alone, and of the extractor on the whole file."""
    files = {stream: folder / f"{stream}.pt" for stream in CHANNELS}
    for stream, file in files.items():
        torch.save(filled(CHANNELS[stream]).state_dict(), file)
    made: dict[str, Extractor] = {
        f"RGB, {dtype}": make_extractor("i3d", weights=files["rgb"], dtype=dtype)
        for dtype in ("float32", "bfloat16")
    }
    made["RGB and flow by DIS, bfloat16"] = make_extractor(
        "i3d", weights=list(files.values()), flow_method="dis", dtype="bfloat16"
    )
    spec = made["RGB, float32"].spec

    def decode() -> None:
        with read_frames(video, fps=spec.fps, frames=spec.frames) as reader:
            assert len(list(reader)) == VIDEO_FRAMES

    yield "decode 320x240 H.264, scale to 341x256", seconds(decode, VIDEO_FRAMES, rounds=7)
    for name, extractor in made.items():
        work = partial(extract_features, video, extractor)
        yield f"**all of `i3d`, {name}**", seconds(work, VIDEO_FRAMES, rounds=5)


def table(measured: dict[str, np.ndarray]) -> str:
    rows = []
    for name, times in measured.items():
        real_time = np.median(1 / times) / FPS
        rows.append(
            (
                name,
                quartiles(times, 1e3, 2),
                quartiles(1 / times, 1, 1),
                f"{real_time:.2g}x" if real_time < 10 else f"{real_time:.0f}x",
            )
        )
    header = ("part", "ms a frame", "frames/s per core", "real time (25 frames/s)")
    return markdown_table(header, rows)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--page", type=Path, help="page whose section i3d-speed to fill")
    options = parser.parse_args()
    torch.set_num_threads(1)
    cv2.setNumThreads(1)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        write_video(folder / "made.mp4")
        with read_frames(folder / "made.mp4", fps=FPS, frames=FrameFormat(short_side=256)) as read:
            frames = list(read)[: FRAMES + 1]
        values = PICTURES.values([cropped(frames[:FRAMES])])
        agreement = check_agreement(values)
        measured = {**dict(parts(frames, values)), **dict(whole(folder / "made.mp4", folder))}
    text = f"{table(measured)}\n\n{agreement}\n\nMachine: {machine()}."
    publish(options.page, "i3d-speed", text, write=options.page is not None)


if __name__ == "__main__":
    main()
