"""Memory while two hours of video pass through decoding, features and a stream: it stays flat.

    python -m bench.video.memory [--docs] [--minutes 120]

The video is one minute of moving texture, encoded once and repeated with continuing timestamps. The
extractor is `motion` on small pictures, which keeps the run short: its speed is not the subject
here. The network is small and untrained, and each push has one snippet. Exits with 1 if the
resident memory of the process varies by more than `LIMIT_MB` after the first ten minutes of video.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import torch

import basnet_rt
from basnet_rt.extractors import Extractor, make_extractor
from basnet_rt.extractors.running.one_thread import one_thread
from basnet_rt.model.bundle import BundleMetadata
from basnet_rt.stream.live_features import live_features
from basnet_rt.video import read_frames
from basnet_training import BaSNet
from basnet_training.export import export_bundle
from bench.tables import DOCS, machine, markdown_table, publish

PAGE = DOCS / "video.md"
FPS, WIDTH, HEIGHT = 25, 160, 120
WARM_MINUTES, LIMIT_MB = 10, 4.0
SMALL = {"width": 80, "height": 64, "step": 4}
HEADER = [
    *("through", "minutes of video", "frames", "finals", "frames a CPU second"),
    *("MB after 10 minutes", "MB at the end", "max - min after 10 minutes, MB"),
    "slope, MB an hour",
]


def main() -> None:
    options = parse()
    torch.set_num_threads(1)
    with tempfile.TemporaryDirectory() as folder, one_thread():
        video = repeat(one_minute(Path(folder) / "minute.mp4"), options.minutes)
        runs = [("decoding alone", decoding(video))]
        extractor = make_extractor("motion", **SMALL)
        stream = made_stream(extractor, Path(folder))
        runs.append(("decoding, motion, stream", streaming(video, extractor, stream)))
        measured = [Run(name, minutes) for name, minutes in runs]
    heading = f"{WIDTH} x {HEIGHT}, {FPS} a second; `motion` with {SMALL}. {machine()}."
    text = f"{heading}\n\n{markdown_table(HEADER, [run.row() for run in measured])}"
    publish(PAGE, "memory", text, write=options.docs)
    if growing := [run.name for run in measured if run.swing > LIMIT_MB]:
        raise SystemExit(f"memory is not flat: {growing}")


def parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--docs", action="store_true", help="write the table into docs/video.md")
    parser.add_argument("--minutes", type=int, default=120)
    return parser.parse_args()


class Run:
    """One pass over the video; `minutes` yields (frames, final detections) so far, each minute."""

    def __init__(self, name: str, minutes: Iterator[tuple[int, int]]) -> None:
        self.name, self.resident = name, []
        begin = time.process_time()
        for self.frames, self.finals in minutes:
            self.resident.append(resident_mb())
        self.seconds = time.process_time() - begin

    @property
    def settled(self) -> np.ndarray:
        return np.array(self.resident[WARM_MINUTES:])

    @property
    def swing(self) -> float:
        return float(np.ptp(self.settled))

    def row(self) -> list[str]:
        slope = 60 * np.polyfit(np.arange(len(self.settled)), self.settled, 1)[0]
        settled = self.settled
        return [
            *(self.name, f"{self.frames / FPS / 60:.0f}", str(self.frames), str(self.finals)),
            *(f"{self.frames / self.seconds:.0f}", f"{settled[0]:.1f}", f"{settled[-1]:.1f}"),
            *(f"{self.swing:.2f}", f"{slope:.2f}"),
        ]


def resident_mb() -> float:
    """Resident memory of this process now, in MB."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * 4096 / 1e6


def decoding(video: Path) -> Iterator[tuple[int, int]]:
    with read_frames(video, fps=FPS) as reader:
        for count, _ in enumerate(reader, start=1):
            if count % (60 * FPS) == 0:
                yield count, 0


def streaming(
    video: Path, extractor: Extractor, stream: basnet_rt.StreamingLocalizer
) -> Iterator[tuple[int, int]]:
    spec, minute = extractor.spec, 0
    with read_frames(video, fps=spec.fps, frames=spec.frames) as reader:
        for rows in live_features(reader, extractor):
            for row in np.split(rows, len(rows)):
                stream.push(row)
            if reader.num_frames // (60 * FPS) > minute:
                minute = reader.num_frames // (60 * FPS)
                yield reader.num_frames, stream.statistics.finals_out


def made_stream(extractor: Extractor, folder: Path) -> basnet_rt.StreamingLocalizer:
    """A stream with an untrained network; its probabilities and the thresholds are near 1/6."""
    torch.manual_seed(0)
    dim = extractor.spec.feature_dim
    network = BaSNet(dim, 5, hidden_filter=32, hidden_cas=64).eval()
    metadata = BundleMetadata(
        classes=tuple("abcde"), feature_dim=dim, activation="softmax", extractor=None
    )
    export_bundle(network, metadata, folder / "model.pt")
    config = basnet_rt.PostprocessConfig.continuous(
        nms="hard",
        normalisation="fixed",
        gate="none",
        max_duration=20.0,
        cas_thresholds=[0.16, 0.17, 0.18],
    )
    return basnet_rt.StreamingLocalizer(basnet_rt.load(folder / "model.pt"), config)


def one_minute(path: Path) -> Path:
    """Write one minute of a texture that drifts at a varying speed."""
    rng = np.random.default_rng(0)
    texture = rng.integers(0, 255, (HEIGHT // 4, 512, 3), np.uint8).repeat(4, 0).repeat(4, 1)
    with av.open(str(path), "w") as output:
        options = {"preset": "veryfast", "bf": "0", "g": "50"}
        stream = output.add_stream("libx264", rate=FPS, options=options)
        stream.width, stream.height, stream.pix_fmt = WIDTH, HEIGHT, "yuv420p"
        for k in range(60 * FPS):
            at = int(600 + 500 * np.sin(k / 40) * np.sin(k / 300))
            picture = np.ascontiguousarray(texture[:, at : at + WIDTH])
            output.mux(stream.encode(av.VideoFrame.from_ndarray(picture, "rgb24")))
        output.mux(stream.encode(None))
    return path


def repeat(minute: Path, times: int) -> Path:
    """Repeat the packets of a minute with continuing timestamps, without encoding again."""
    path = minute.with_name("long.mp4")
    with av.open(str(path), "w") as output:
        stream = None
        for number in range(times):
            with av.open(str(minute)) as source:
                if stream is None:
                    stream = output.add_stream_from_template(source.streams.video[0])
                for packet in source.demux(video=0):
                    if packet.size:
                        shift = round(number * 60 / Fraction(packet.time_base))
                        packet.pts, packet.dts = packet.pts + shift, packet.dts + shift
                        packet.stream = stream
                        output.mux(packet)
    return path


if __name__ == "__main__":
    main()
