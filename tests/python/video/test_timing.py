"""Events at known frames come out where arithmetic on the frames' times puts them.

The arithmetic here shares nothing with the code under test: exact times of frames, a search for
the frame at each instant, means over snippets, and the crossing of one half between centres.
"""

from __future__ import annotations

import bisect
from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from brightness import SNIPPET_FRAMES, Brightness, write_bundle
from coded_video import write_video

from basnet_rt import Localizer, StreamingLocalizer, load
from basnet_rt.extractors.running.pipeline import extract_features
from basnet_rt.stream.live_features import live_features
from basnet_rt.video import read_frames

EVENTS = ((50, 101), (143, 160), (233, 234 + 40))  # frames [first, end) that are bright
NUM_FRAMES = 300
NTSC_FILM, NTSC = Fraction(24_000, 1001), Fraction(30_000, 1001)


def constant(fps: Fraction | int) -> list[Fraction]:
    return [k / Fraction(fps) for k in range(NUM_FRAMES)]


def variable() -> list[Fraction]:
    """Intervals of 10 to 100 ms, as a telephone's in changing light."""
    steps = np.random.default_rng(7).integers(10, 100, NUM_FRAMES)
    return [Fraction(int(ms), 1000) for ms in np.concatenate(([0], np.cumsum(steps)[:-1]))]


@dataclass(frozen=True)
class Case:
    """A rendered video: the times of its frames, the rate it is read at, its container."""

    times: list[Fraction]
    grid: Fraction
    container: str = "mp4"

    @property
    def end(self) -> Fraction:
        """The last frame is as long as the one before it."""
        return 2 * self.times[-1] - self.times[-2]


CASES = {
    "23.976 at 25": Case(constant(NTSC_FILM), Fraction(25)),
    "23.976 at its own": Case(constant(NTSC_FILM), NTSC_FILM),
    "23.976 in milliseconds": Case(constant(NTSC_FILM), NTSC_FILM, "mkv"),
    "25 at 25": Case(constant(25), Fraction(25)),
    "25 at 10": Case(constant(25), Fraction(10)),
    "29.97 at 25": Case(constant(NTSC), Fraction(25)),
    "29.97 at its own": Case(constant(NTSC), NTSC),
    "29.97 in milliseconds": Case(constant(NTSC), NTSC, "mkv"),
    "50 at 25": Case(constant(50), Fraction(25)),
    "50 at its own": Case(constant(50), Fraction(50), "ts"),
    "variable at 25": Case(variable(), Fraction(25)),
    "variable in milliseconds": Case(variable(), Fraction(25), "mkv"),
}


def bright(frame: int) -> bool:
    return any(first <= frame < end for first, end in EVENTS)


def expected_segments(case: Case) -> list[tuple[float, float]]:
    """Where the piecewise-linear mean brightness crosses one half."""
    instants = []
    while Fraction(len(instants)) / case.grid < case.end:
        time = len(instants) / case.grid
        instants.append(bright(bisect.bisect_right(case.times, time) - 1))
    means = [
        sum(instants[k : k + SNIPPET_FRAMES]) / SNIPPET_FRAMES
        for k in range(0, len(instants) - SNIPPET_FRAMES + 1, SNIPPET_FRAMES)
    ]
    seconds = float(SNIPPET_FRAMES / case.grid)
    crossings = [
        (k + 0.5 + (0.5 - a) / (b - a)) * seconds
        for k, (a, b) in enumerate(pairwise(means))
        if (a < 0.5) != (b < 0.5)
    ]
    return list(zip(crossings[::2], crossings[1::2], strict=True))


def render(case: Case, folder: Path) -> Path:
    levels = np.where([bright(frame) for frame in range(NUM_FRAMES)], 255, 0).astype(np.uint8)
    pictures = [np.full((32, 32, 3), level, np.uint8) for level in levels]
    return write_video(folder / f"a.{case.container}", pictures, times=case.times)


def sorted_segments(detections: list) -> np.ndarray:
    return np.array(sorted((one.start, one.end) for one in detections))


@pytest.mark.parametrize("name", sorted(CASES))
def test_segments_lie_where_the_frames_do(name: str, tmp_path: Path):
    case = CASES[name]
    video, extractor = render(case, tmp_path), Brightness(float(case.grid))
    model = load(write_bundle(tmp_path / "model.pt", extractor.spec))

    extracted = extract_features(video, extractor)
    offline = Localizer(model)(extracted.features, duration=extracted.duration)
    stream, finals = StreamingLocalizer(model), []
    with read_frames(video, fps=extractor.spec.fps, frames=extractor.spec.frames) as reader:
        for rows in live_features(reader, extractor):
            finals += stream.push(rows)
    finals += stream.finish(duration=extracted.duration)

    want = np.array(expected_segments(case))
    frame = float(1 / case.grid)
    assert len(want) == len(EVENTS)
    np.testing.assert_allclose(sorted_segments(offline), want, rtol=0, atol=frame)
    np.testing.assert_array_equal(sorted_segments(finals), sorted_segments(offline))
    check_against_events(sorted_segments(offline), case)
    assert extracted.duration == pytest.approx(float(case.end), abs=frame)


def check_against_events(segments: np.ndarray, case: Case) -> None:
    """A snippet's mean blurs an edge by a fraction of itself: two frames of the grid at most."""
    truth = [[float(case.times[first]), float(case.times[end])] for first, end in EVENTS]
    np.testing.assert_allclose(segments, truth, rtol=0, atol=2 * float(1 / case.grid))


def test_every_instant_shows_its_frame(tmp_path: Path):
    """Five minutes at 29.97: an error that adds up would show another frame at the end."""
    times = [k / NTSC for k in range(9_000)]
    levels = [np.full((16, 16, 3), 255 * (k % 2), np.uint8) for k in range(2)]
    pictures = (levels[k % 2] for k in range(len(times)))
    video = write_video(tmp_path / "a.mkv", pictures, times=times, preset="ultrafast")
    with read_frames(video, fps=float(NTSC)) as reader:
        shown = [frame.image.mean() > 127 for frame in reader]
    assert shown == [bool(k % 2) for k in range(len(times))]
