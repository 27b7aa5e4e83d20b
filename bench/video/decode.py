"""The speed of decoding, compared with real time and with a plain loop over PyAV.

    python -m bench.video.decode [--docs]

The inputs are videos of cctv_fights (320 x 240, 25 pictures a second) and two rendered videos of
1920 x 1080. Times are CPU seconds of all threads together: figures are then per core, and other
work on the machine does not distort them. The variants take turns, and the table shows medians
with quartiles. Before any timing, each of our pictures must equal that of the plain loop.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path

import av
import numpy as np

from basnet_rt.video import FrameFormat, probe, read_frames
from bench.tables import DATA, DOCS, machine, markdown_table, publish
from bench.timing import quartiles

PAGE = DOCS / "video.md"
FPS, NUM_RENDERED, NUM_VIDEOS = 25, 75, 3
GRAY, CROP = FrameFormat(pixels="gray", short_side=120), FrameFormat(short_side=224)
Ways = dict[str, Callable[[], int]]


def main() -> None:
    options = parse()
    rows = []
    with tempfile.TemporaryDirectory() as folder:
        for name, paths in sources(Path(folder)).items():
            check_equality(paths[0])
            for way, found in measure(ways(paths), options.rounds).items():
                life = found / float(probe(paths[0]).fps)
                rows.append(
                    [f"{name}: {way}", quartiles(found, digits=0), quartiles(life, digits=0)]
                )
    header = ["", "pictures of the video per second and core", "times real time"]
    heading = f"Medians [quartiles] of {options.rounds}. {machine()}, PyAV {av.__version__}."
    text = f"{heading}\n\n{markdown_table(header, rows)}"
    publish(PAGE, "decode", text, write=options.docs)


def parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--docs", action="store_true", help="write the table into docs/video.md")
    parser.add_argument("--rounds", type=int, default=5)
    return parser.parse_args()


def sources(folder: Path) -> dict[str, list[Path]]:
    real = sorted((DATA / "cctv_fights" / "videos" / "test").glob("*.mp4"))
    return {
        "cctv_fights, 320 x 240": real[:NUM_VIDEOS],
        "1920 x 1080, 25 a second": [render(folder / "25.mp4", 25)],
        "1920 x 1080, 50 a second": [render(folder / "50.mp4", 50)],
    }


def render(path: Path, fps: int) -> Path:
    """Write a drifting textured picture with a camera's noise, in H.264 as cameras write it."""
    rng = np.random.default_rng(0)
    coarse = rng.integers(0, 255, (68, 150, 3), np.uint8)
    wide = np.repeat(np.repeat(coarse, 16, axis=0), 16, axis=1)[:1080].astype(np.int16)
    noise = [rng.integers(-6, 6, (1080, 1920, 1), np.int16) for _ in range(4)]
    with av.open(str(path), "w") as output:
        stream = output.add_stream("libx264", rate=fps, options={"preset": "veryfast"})
        stream.width, stream.height, stream.pix_fmt = 1920, 1080, "yuv420p"
        for k in range(NUM_RENDERED):
            picture = wide[:, 3 * k : 3 * k + 1920] + noise[k % 4]
            frame = av.VideoFrame.from_ndarray(picture.clip(0, 255).astype(np.uint8), "rgb24")
            frame.pts, frame.time_base = k, Fraction(1, fps)
            output.mux(stream.encode(frame))
        output.mux(stream.encode(None))
    return path


def ways(paths: list[Path]) -> Ways:
    """The variants: each decodes all videos on one thread and returns their number of pictures."""
    return {
        "PyAV, decoded only": lambda: sum(plain(path, None) for path in paths),
        "PyAV, to RGB": lambda: sum(plain(path, FrameFormat()) for path in paths),
        "ours, to RGB": lambda: sum(ours(path, FrameFormat()) for path in paths),
        "PyAV, to RGB, short side 224": lambda: sum(plain(path, CROP) for path in paths),
        "ours, to RGB, short side 224": lambda: sum(ours(path, CROP) for path in paths),
        "PyAV, to gray, short side 120": lambda: sum(plain(path, GRAY) for path in paths),
        "ours, to gray, short side 120": lambda: sum(ours(path, GRAY) for path in paths),
    }


def plain(path: Path, frames: FrameFormat | None) -> int:
    """The loop of PyAV's documentation: decode each picture; convert it to an array if asked."""
    count = 0
    with av.open(str(path)) as container:
        container.streams.video[0].codec_context.thread_count = 1
        for picture in container.decode(video=0):
            count += 1
            if frames is not None:
                width, height = frames.size_of(picture.width, picture.height)
                kind = "rgb24" if frames.pixels == "rgb" else "gray"
                picture.to_ndarray(width=width, height=height, format=kind)
    return count


def ours(path: Path, frames: FrameFormat) -> int:
    with read_frames(path, fps=FPS, frames=frames, threads=1) as reader:
        shown = sum(1 for _ in reader)
        return round(shown * float(reader.info.fps) / FPS)


def check_equality(path: Path) -> None:
    """Compare all pictures of a video at its own rate; raise an error if one differs."""
    rate = float(probe(path).fps)
    with read_frames(path, fps=rate) as reader, av.open(str(path)) as container:
        for frame, picture in zip(reader, container.decode(video=0), strict=True):
            np.testing.assert_array_equal(frame.image, picture.to_ndarray(format="rgb24"))


def measure(tried: Ways, rounds: int) -> dict[str, np.ndarray]:
    """Pictures per CPU second of each variant, one entry per round."""
    found: dict[str, list[float]] = {way: [] for way in tried}
    for _ in range(rounds):
        for way, work in tried.items():
            begin = time.process_time()
            count = work()
            found[way].append(count / (time.process_time() - begin))
    return {way: np.array(rates) for way, rates in found.items()}


if __name__ == "__main__":
    main()
