"""Which pictures of a source are read, and what is said of them: files on servers, cameras."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import av
import pytest
from coded_video import coded, number_of, write_coded
from live_servers import Act, serving

from basnet_rt import VideoError
from basnet_rt.video import open_live, read_frames

FPS = 25
CAMERA = {"give_up": 0.0, "first_wait": 0.05, "read_seconds": 2.0}
MANY = "video streams: 0 (mpeg2video, 64 x 48), 1 (h264, 64 x 48)"


def two_streams(path: Path, codec: str = "mpeg2video", size: tuple[int, int] = (64, 48)) -> bytes:
    """A picture of a first stream, number 7, and ten of a second one, from 0 on."""
    with av.open(str(path), "w") as output:
        streams = [output.add_stream(name, rate=FPS) for name in (codec, "libx264")]
        for stream, (width, height) in zip(streams, (size, (64, 48)), strict=True):
            stream.width, stream.height = width, height
            stream.pix_fmt = "yuvj420p" if stream.codec_context.name == "mjpeg" else "yuv420p"
        packets = []
        for stream, numbers in zip(streams, ([7], range(10)), strict=True):
            for at, number in enumerate(numbers):
                picture = coded(number, stream.width, stream.height)
                frame = av.VideoFrame.from_ndarray(picture, "rgb24")
                frame.pts, frame.time_base = at, Fraction(1, FPS)
                packets += stream.encode(frame)
            packets += stream.encode(None)
        for packet in sorted(packets, key=lambda one: one.dts * one.time_base):
            output.mux(packet)
    return path.read_bytes()


def test_a_still_picture_hides_no_video_on_a_server(tmp_path: Path):
    """The file is opened twice, as one on disk, and gives the same."""
    path = tmp_path / "a.ts"
    content = two_streams(path)
    with read_frames(path, fps=FPS) as reader:
        wanted = [number_of(frame.image) for frame in reader]
        remarks = reader.remarks
    whole = Act(content, length=True)
    with serving(whole, whole) as server, read_frames(server.address, fps=FPS) as reader:
        assert [number_of(frame.image) for frame in reader] == wanted == list(range(10))
        assert reader.remarks == remarks
    assert f"{MANY}; 1 is read" in remarks[0]


@pytest.mark.parametrize(("codec", "size"), [("mjpeg", (128, 96)), ("libx264", (32, 24))])
def test_a_camera_gives_its_largest_moving_pictures_and_the_choice_is_said(
    tmp_path: Path, codec: str, size: tuple[int, int]
):
    content = two_streams(tmp_path / "a.mkv", codec, size)
    with serving(Act(content)) as server, open_live(server.address, fps=FPS, **CAMERA) as live:
        assert next(live).image.shape == (48, 64, 3)
        (remark,) = live.remarks
    assert "holds 2 video streams" in remark
    assert "1 is read" in remark


@pytest.mark.parametrize("length", [True, False])
def test_a_source_gives_the_stream_of_the_number(tmp_path: Path, length: bool):
    act = Act(two_streams(tmp_path / "a.ts"), length=length)
    how = {"stream_index": 0, "whole": True, **CAMERA}
    with serving(act) as server, open_live(server.address, fps=FPS, **how) as live:
        assert number_of(next(live).image) == 7
    how["stream_index"] = 9
    with serving(act) as server, pytest.raises(VideoError, match="stream 9 is not a video stream"):
        open_live(server.address, fps=FPS, **how)


def test_hdr_of_a_camera_is_remarked(tmp_path: Path):
    def curve(stream: av.VideoStream) -> None:
        stream.codec_context.color_trc = 16

    path = write_coded(tmp_path / "a.ts", 5, prepare=curve, g="5", bf="0")
    with (
        serving(Act(path.read_bytes())) as server,
        open_live(server.address, fps=FPS, **CAMERA) as live,
    ):
        next(live)
        assert "is HDR (PQ)" in live.remarks[0]


@pytest.mark.parametrize("ending", ["mkv", "ts"])
def test_a_connection_that_breaks_within_a_file_is_an_early_end(tmp_path: Path, ending: str):
    """The server promised more bytes than it sent."""
    path = write_coded(tmp_path / f"a.{ending}", 100, g="5", bf="0")
    act = Act(path.read_bytes(), length=True, sent=0.5)
    with serving(act) as server, read_frames(server.address, fps=FPS) as reader:
        frames = list(reader)
    assert 25 < len(frames) < 75
    assert reader.problems["ends_early"] == reader.problems["broken_reads"] == 1
    assert reader.remarks == [f"ends early: nothing after second {reader.duration:.3f} can be read"]


def test_a_file_that_is_cut_off_says_where(tmp_path: Path):
    front = {"movflags": "faststart"}
    path = write_coded(tmp_path / "a.mp4", 100, container_options=front, g="5", bf="0")
    path.write_bytes(path.read_bytes()[: path.stat().st_size * 6 // 10])
    with read_frames(path, fps=FPS) as reader:
        list(reader)
    assert f"ends early: nothing after second {reader.duration:.3f} can be read" in reader.remarks
