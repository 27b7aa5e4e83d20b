"""Videos made after public bug reports come out right (`faults/README.md` of the shared data).

Their pictures carry a number in ten bars, lowest bit at the left; order is read back from them.
"""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from basnet_rt.video import probe, read_frames

BITS = 10


@pytest.fixture(scope="module")
def faults(shared: Path) -> Path:
    return shared / "faults" / "video"


def number_of(image: np.ndarray) -> int:
    """In its bars; this reading shares nothing with the code under test."""
    row = image[image.shape[0] // 2].astype(float).mean(axis=-1)
    width = len(row) / BITS
    bars = [row[int((k + 0.3) * width) : int((k + 0.7) * width)].mean() for k in range(BITS)]
    return sum(1 << k for k, bar in enumerate(bars) if bar > 127)


def read(path: Path, **more):
    """(numbers at each instant of 25 a second, the reader)."""
    with read_frames(path, fps=25, **more) as reader:
        return [number_of(frame.image) for frame in reader], reader


@pytest.mark.parametrize(
    ("name", "count", "at"),
    [
        ("pts_back_1.8s.mkv", 100, "second 2.000 is stamped 1.800 s too early"),
        ("pts_forward_30s.mp4", 100, "second 2.000 is stamped 28.000 s too late"),
        ("gl.ts", 150, "second 3.000 is stamped 10.000 s too late"),
    ],
)
def test_one_wild_timestamp_moves_nothing_else(faults: Path, name: str, count: int, at: str):
    """Once, one picture's time moved all that follow: 4 s became 32 s."""
    numbers, reader = read(faults / name)
    assert numbers == list(range(numbers[0], numbers[0] + count))
    assert reader.duration == pytest.approx(count / 25)
    assert reader.problems == {"wild_timestamps": 1}
    assert len(reader.remarks) == 1
    assert at in reader.remarks[0]


def test_pictures_stamped_in_pairs(faults: Path):
    numbers, reader = read(faults / "pts_pairs.mkv")
    assert len(numbers) == 100
    assert all(b > a for a, b in pairwise(numbers))
    assert reader.duration == pytest.approx(4.0)
    assert reader.problems == {"equal_timestamps": 50}
    assert "share timestamps" in reader.remarks[0]


def test_pictures_that_begin_after_the_sound(faults: Path):
    """A player counts from the container's start: second 0 is its second 5."""
    numbers, reader = read(faults / "video_late5s.mp4")
    assert len(numbers) == 100
    assert reader.duration == pytest.approx(4.0)
    assert (reader.offset, reader.start) == (5.0, 5.0)
    assert (probe(faults / "video_late5s.mp4").offset, reader.problems) == (5.0, {})


def test_a_recording_that_begins_inside_a_group(faults: Path):
    _, reader = read(faults / "gop3_cut.ts")
    assert reader.problems == {"cut_beginning": 1}  # and not `ends_early`: the end is whole
    assert "the first 0.800 s cannot be decoded" in reader.remarks[0]
    assert probe(faults / "gop3_cut.ts").start == reader.start == pytest.approx(2.76)


def test_a_header_of_one_picture_a_day(faults: Path):
    """Once 2,500,000 frames of one picture."""
    numbers, reader = read(faults / "avi_slow.avi")
    assert len(numbers) <= 25 * 600
    assert reader.duration <= 600
