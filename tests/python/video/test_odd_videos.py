"""Every kind of broken or odd video comes out exactly as docs/video.md says."""

from __future__ import annotations

import re
from pathlib import Path

import broken_files
import numpy as np
import odd_pictures
import odd_times
import pytest
from coded_video import number_of
from odd_cases import FPS, KINDS, Refused

from basnet_rt.video import Frame, VideoError, read_frames

DOCS = Path(__file__).resolve().parents[3] / "docs" / "video.md"
MODULES = (odd_pictures, odd_times, broken_files)  # importing them fills KINDS


def documented_kinds() -> list[str]:
    """First column of the table of outcomes."""
    text = DOCS.read_text(encoding="utf-8")
    table = text.split("<!-- odd:begin -->")[1].split("<!-- odd:end -->")[0]
    rows = [line.split("|")[1].strip() for line in table.strip().splitlines()]
    return rows[2:]


def test_the_page_names_what_is_tested():
    assert sorted(documented_kinds()) == sorted(KINDS)
    assert len(KINDS) >= 20


@pytest.mark.parametrize("name", sorted(KINDS))
def test_outcome(name: str, tmp_path: Path):
    video, outcome = KINDS[name](tmp_path)
    frames: list[Frame] = []
    if isinstance(outcome, Refused):
        with pytest.raises(VideoError, match=outcome.message) as refused:
            collect(video, frames)
        assert len(frames) == outcome.shown
        assert str(video) in str(refused.value)  # the message names the file
        return
    duration, problems = collect(video, frames)
    if outcome.numbers is None:
        assert len(frames) == outcome.count
    else:
        assert [number_of(frame.image) for frame in frames] == outcome.numbers
    assert duration == pytest.approx(outcome.duration, abs=outcome.within)
    assert problems == outcome.problems
    check_frames(frames, outcome.size)


def collect(video: Path | str, frames: list[Frame]) -> tuple[float, dict[str, int]]:
    with read_frames(video, fps=FPS) as reader:
        frames.extend(reader)
        assert reader.num_frames == len(frames)
        return reader.duration, reader.problems


def check_frames(frames: list[Frame], size: tuple[int, int]) -> None:
    """What every frame promises, whatever the video."""
    width, height = size
    for index, frame in enumerate(frames):
        assert (frame.index, frame.time) == (index, index / FPS)
        assert frame.image.shape == (height, width, 3)
        assert frame.image.dtype == np.uint8
        assert frame.image.flags.c_contiguous
        assert frame.shown <= frame.time + 0.25 / FPS
        assert not frame.repeated or frame.image is frames[index - 1].image


def test_a_refusal_is_one_line():
    with pytest.raises(VideoError) as refused, read_frames("nowhere.mp4", fps=FPS):
        pass
    assert re.fullmatch(r"nowhere\.mp4: no such file", str(refused.value))
