"""What `probe` and `read_frames` promise of ordinary videos."""

from __future__ import annotations

import threading
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from coded_video import HEIGHT, WIDTH, lay, number_of, write_coded

from basnet_rt import InvalidType, InvalidValue, VideoError
from basnet_rt.video import FrameFormat, probe, read_frames
from basnet_rt.video.convert import Converter


@pytest.fixture(scope="module")
def video(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """50 numbered pictures, 25 a second."""
    return write_coded(tmp_path_factory.mktemp("video") / "a.mp4", 50, bf="2", g="12")


def test_probe_says_what_the_header_says(video: Path):
    info = probe(video)
    assert (info.width, info.height, info.rotation) == (WIDTH, HEIGHT, 0)
    assert (info.fps, info.duration, info.start) == (Fraction(25), 2.0, 0.0)
    assert (info.codec, info.pixel_format) == ("h264", "yuv420p")
    assert "mp4" in info.container


def test_probe_gives_the_size_as_shown(tmp_path: Path):
    turned = lay(write_coded(tmp_path / "a.mp4", 2), 0, -1, 1, 0)
    assert (probe(turned).width, probe(turned).height, probe(turned).rotation) == (48, 64, 90)


@pytest.mark.parametrize("missing", ["a.mp4", "a.mkv"])
def test_probe_refuses_what_reading_refuses(tmp_path: Path, missing: str):
    with pytest.raises(VideoError, match="no such file"):
        probe(tmp_path / missing)


@pytest.mark.parametrize(
    ("frames", "shape"),
    [
        (FrameFormat(), (48, 64, 3)),
        (FrameFormat(pixels="gray"), (48, 64)),
        (FrameFormat(width=224, height=224), (224, 224, 3)),
        (FrameFormat(width=100, height=10, pixels="gray"), (10, 100)),
        (FrameFormat(short_side=24), (24, 32, 3)),
        (FrameFormat(short_side=96, pixels="gray"), (96, 128)),
    ],
)
def test_pictures_come_as_asked_for(video: Path, frames: FrameFormat, shape: tuple[int, ...]):
    with read_frames(video, fps=25, frames=frames) as reader:
        images = [frame.image for frame in reader]
    assert {image.shape for image in images} == {shape}
    assert all(image.flags.c_contiguous for image in images)
    if min(shape[:2]) >= 24:
        assert [number_of(image) for image in images] == list(range(50))


@pytest.mark.parametrize("pixels", ["rgb", "gray"])
def test_black_is_0_and_white_255(video: Path, pixels: str):
    """Broadcast video has black at 16: a picture handed on unexpanded would be pale."""
    with read_frames(video, fps=25, frames=FrameFormat(pixels=pixels)) as reader:
        image = [frame.image for frame in reader][1]
    assert int(image[20:30, 10:60].min()) <= 2
    assert int(image[20:30, 1:6].max()) >= 253


@pytest.mark.parametrize("threads", [0, 1, 2])
def test_threads_of_the_decoder_change_nothing(video: Path, threads: int):
    with read_frames(video, fps=25) as alone, read_frames(video, fps=25, threads=threads) as both:
        for one, other in zip(alone, both, strict=True):
            np.testing.assert_array_equal(one.image, other.image)


def test_pictures_beside_the_grid_are_not_converted(video: Path, monkeypatch: pytest.MonkeyPatch):
    converted = []
    image_of = Converter.image

    def counted(self: Converter, picture: object, aspect: object) -> np.ndarray:
        converted.append(picture.pts)
        return image_of(self, picture, aspect)

    monkeypatch.setattr(Converter, "image", counted)
    with read_frames(video, fps=5) as reader:
        assert [number_of(frame.image) for frame in reader] == list(range(0, 50, 5))
    assert len(converted) == 10


def test_frames_outlive_their_reader(video: Path):
    with read_frames(video, fps=25) as reader:
        first = next(reader)
        kept = first.image.copy()
        for _ in range(20):
            next(reader)
    np.testing.assert_array_equal(first.image, kept)
    with pytest.raises(StopIteration):
        next(reader)


def test_a_reader_runs_in_another_thread(video: Path):
    counts: list[int] = []
    with read_frames(video, fps=25) as reader:
        thread = threading.Thread(target=lambda: counts.append(sum(1 for _ in reader)))
        thread.start()
        thread.join()
    assert counts == [50]


@pytest.mark.parametrize("fps", [0, -25, float("nan"), float("inf"), 2000])
def test_rates_out_of_range_are_refused(video: Path, fps: float):
    with pytest.raises(InvalidValue, match="fps: expected above 0"):
        read_frames(video, fps=fps)


def test_a_gap_is_reported_from_the_length_asked_for(tmp_path: Path):
    times = [Fraction(k, 25) for k in (0, 1, 51, 52)]
    video = write_coded(tmp_path / "a.mp4", 4, times=times)
    for max_gap, problems in ((2.5, {}), (1.5, {"long_gaps": 1})):
        with read_frames(video, fps=25, max_gap=max_gap) as reader:
            assert sum(1 for _ in reader) == 53
            assert reader.problems == problems


def test_nothing_is_printed(video: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]):
    """libav* would write its warnings about damage to standard error."""
    data = bytearray(video.read_bytes())
    data[200:400] = bytes(200)
    broken = tmp_path / "a.mp4"
    broken.write_bytes(data)
    with read_frames(broken, fps=25) as reader:
        list(reader)
    assert capfd.readouterr() == ("", "")


def test_the_numbers_of_numpy_are_numbers(video: Path):
    """And a text is none: stream "0" was told to be no stream beside 0."""
    with read_frames(video, fps=np.float32(25), stream_index=np.int64(0)) as reader:
        assert len(list(reader)) == 50
    with read_frames(video, fps=Fraction(25)) as reader:
        assert len(list(reader)) == 50
    for name, value in (("stream_index", "0"), ("fps", "25"), ("fps", True), ("max_gap", "1")):
        with pytest.raises(InvalidType, match=f"{name} is {value!r}; it must be"):
            read_frames(video, **{"fps": 25, name: value})
