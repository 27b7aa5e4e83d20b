"""Videos made after public bug reports come out right (the shared data says what is right).

Their pictures carry a number in ten bars, lowest bit at the left; order is read back from them.
"""

from __future__ import annotations

import os
from itertools import pairwise
from pathlib import Path

import av
import numpy as np
import pytest
from coded_video import coded, write_coded

from basnet_rt import VideoError
from basnet_rt._system.addresses import is_address, local_path
from basnet_rt.video import probe, read_frames
from basnet_rt.video.content import ENCRYPTED, video_kind, why_unreadable

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


def test_a_still_picture_before_the_video_hides_nothing(faults: Path):
    numbers, reader = read(faults / "thumb_first.mov")
    assert numbers == list(range(500, 550))
    assert "holds 2 video streams: 0 (mjpeg" in reader.remarks[0]
    assert "1 is read" in reader.remarks[0]


@pytest.mark.parametrize(
    ("thumbnails", "pictures", "read"),
    [(2, 50, 1), (3, 100, 1), (4, 100, 1), (9, 100, 1), (10, 100, 0), (50, 50, 0), (1, 1, 0)],
)
def test_a_few_pictures_marked_default_hide_no_video(
    tmp_path: Path, thumbnails: int, pictures: int, read: int
):
    """From a tenth on, the stream marked default is read; an MP4 marks its first one."""
    path = tmp_path / "a.mp4"
    with av.open(str(path), "w") as output:
        for codec, form in (("mjpeg", "yuvj420p"), ("libx264", "yuv420p")):
            stream = output.add_stream(codec, rate=25)
            stream.width, stream.height, stream.pix_fmt = 64, 48, form
        for stream, count in zip(output.streams, (thumbnails, pictures), strict=True):
            for index in range(count):
                output.mux(stream.encode(av.VideoFrame.from_ndarray(coded(index), "rgb24")))
            output.mux(stream.encode(None))
    with read_frames(path, fps=25) as reader:
        assert len(list(reader)) == (thumbnails, pictures)[read]
    assert f"; {read} is read" in reader.remarks[0]


def test_of_two_videos_the_first_is_read_and_the_second_by_its_number(faults: Path):
    first, reader = read(faults / "dual.mp4")
    assert "0 is read, --stream-index" in reader.remarks[0]
    second, _ = read(faults / "dual.mp4", stream_index=1)
    assert len(first) == len(second) == 50
    assert first != second
    with pytest.raises(VideoError, match="stream 7 is not a video stream; those are: 0, 1"):
        read(faults / "dual.mp4", stream_index=7)


def test_animated_pictures_are_videos_and_still_ones_are_not(faults: Path):
    brands = {"still": b"avif\0\0\0\0avifmif1", "major": b"avis\0\0\0\0avismsf1"}
    brands["among"] = b"avif\0\0\0\0avifavismsf1"
    kinds = {
        name: video_kind((8 + len(one)).to_bytes(4, "big") + b"ftyp" + one + b"\0\0\0\x10meta")
        for name, one in brands.items()
    }
    assert kinds == {"still": None, "major": "animated AVIF", "among": "animated AVIF"}
    animated = (faults / "anim.webp").read_bytes()
    assert video_kind(animated) == "animated WebP"
    assert video_kind(animated[:20] + b"\0" + animated[21:]) is None


@pytest.mark.parametrize(
    ("name", "reason"),
    [("anim.webp", "is an animated WebP"), ("cenc.mp4", "is encrypted")],
)
def test_what_cannot_be_read_is_refused_by_its_reason(faults: Path, name: str, reason: str):
    with pytest.raises(VideoError, match=f"{name}: {reason}"):
        read(faults / name)


def test_hdr_is_remarked(faults: Path):
    with read_frames(faults / "hdr_ts.mp4", fps=25) as reader:
        assert len(list(reader)) == 25
    assert reader.remarks == [
        "is HDR (PQ) and is read without tone mapping: colours look paler than in SDR"
    ]


def test_a_still_picture_in_matroska_hides_nothing(tmp_path: Path):
    """Matroska's header has no counts; the packets tell which stream moves."""
    path = tmp_path / "a.mkv"
    with av.open(str(path), "w") as output:
        for codec, form in (("mjpeg", "yuvj420p"), ("libx264", "yuv420p")):
            stream = output.add_stream(codec, rate=25)
            stream.width, stream.height, stream.pix_fmt = 64, 48, form
        for index in range(20):
            picture = av.VideoFrame.from_ndarray(coded(index), "rgb24")
            for stream in list(output.streams)[index > 0 :]:
                output.mux(stream.encode(picture))
        for stream in output.streams:
            output.mux(stream.encode(None))
    with read_frames(path, fps=25) as reader:
        assert len(list(reader)) == 20
    assert "1 is read" in reader.remarks[0]


def test_a_scrambled_transport_stream_is_called_encrypted(tmp_path: Path):
    """The two bits of each packet's header that say so are set, and its content is noise."""
    path = write_coded(tmp_path / "a.ts", 30)
    data = bytearray(path.read_bytes())
    noise = np.random.default_rng(0)
    for at in range(188 * 3, len(data), 188):
        data[at + 3] |= 0x80
        data[at + 12 : at + 188] = noise.bytes(176)
    path.write_bytes(data)
    with pytest.raises(VideoError, match="is encrypted"):
        read(path)


def _transport(part: int, scrambled: bool) -> bytes:
    """A packet of a transport stream."""
    return b"\x47" + part.to_bytes(2, "big") + bytes([0x90 if scrambled else 0x10]) + bytes(184)


def _pack(scrambled: bool) -> bytes:
    """A pack of a programme stream with a packet of pictures."""
    flags = b"\xb0" if scrambled else b"\x80"
    return b"\0\0\1\xba\x44" + bytes(9) + b"\0\0\1\xe0\0\x08" + flags + bytes(9)


def _protected(kind: bytes) -> bytes:
    """An MP4 with its header at the end, after more than is searched of a front."""
    return b"\0\0\0\x14ftypisom" + bytes(3 << 20) + b"moov" + kind + bytes(80) + b"sinf"


@pytest.mark.parametrize(
    ("content", "encrypted"),
    [
        (_transport(0x1FFF, False) * 40 + _transport(0x100, True) * 5, True),
        (_transport(0x1FFF, False) * 40 + _transport(0x100, False) * 5, False),
        (_pack(True) * 3, True),
        (_pack(False) * 3, False),
        (_protected(b"drmi"), True),
        (_protected(b"encv"), True),
        (_protected(b"avc1"), False),
        (b'#EXTM3U\n#EXT-X-KEY:METHOD=AES-128,URI="k"\n#EXTINF:2,\na.ts\n', True),
        (b"#EXTM3U\n#EXT-X-KEY:METHOD=NONE\n#EXTINF:2,\na.ts\n", False),
    ],
)
def test_what_is_encrypted(tmp_path: Path, content: bytes, encrypted: bool):
    """Stuffing is never scrambled; FairPlay, CSS and HLS have marks of their own."""
    (tmp_path / "a").write_bytes(content)
    said = why_unreadable(str(tmp_path / "a"))
    assert said == (ENCRYPTED if encrypted else None)


def test_pictures_without_a_decoder_are_called_encrypted(tmp_path: Path):
    data = write_coded(tmp_path / "a.mp4", 10).read_bytes()
    at = data.index(b"avc1", data.index(b"stsd"))
    protected = data[:at] + b"drmi" + data[at + 4 :].replace(b"btrt", b"sinf", 1)
    (tmp_path / "a.mp4").write_bytes(protected)
    with pytest.raises(VideoError, match="is encrypted"):
        read(tmp_path / "a.mp4")


def test_an_encrypted_playlist_and_other_content_are_named(tmp_path: Path):
    listed = b'#EXTM3U\n#EXT-X-TARGETDURATION:3\n#EXT-X-KEY:METHOD=AES-128,URI="no"\n'
    (tmp_path / "a.m3u8").write_bytes(listed + b"#EXTINF:2,\na.ts\n#EXT-X-ENDLIST\n")
    (tmp_path / "b.mp4").write_bytes(b"\x1f\x8b\x08" + bytes(range(256)) * 8)
    with pytest.raises(VideoError, match="is encrypted"):
        read(tmp_path / "a.m3u8")
    with pytest.raises(VideoError, match="is no video: its content is gzip"):
        read(tmp_path / "b.mp4")


@pytest.mark.parametrize("ask", [read, probe])
def test_a_pipe_is_refused_at_once(tmp_path: Path, ask):
    """Opening it would wait for a writer that never comes."""
    os.mkfifo(tmp_path / "a.mp4")
    with pytest.raises(VideoError, match="is a pipe"):
        ask(tmp_path / "a.mp4")


def test_a_file_address_with_escapes(tmp_path: Path):
    path = write_coded(tmp_path / "a b.mp4", 5)
    with read_frames(path.as_uri(), fps=25) as reader:
        assert len(list(reader)) == 5
    assert "%20" in path.as_uri()


@pytest.mark.parametrize(
    ("address", "path"),
    [
        ("file:/a%20b.mp4", "/a b.mp4"),
        ("FILE://localhost/a.mp4", "/a.mp4"),
        ("file://a.mp4", "a.mp4"),
        ("file:///l%E9.mp4", os.fsdecode(b"/l\xe9.mp4")),
        ("files:/a.mp4", "files:/a.mp4"),
        ("file:a.mp4", "file:a.mp4"),
    ],
)
def test_every_form_of_a_file_s_address_is_a_file(address: str, path: str):
    assert not is_address(address)
    assert local_path(address) == path
