"""Odd pictures: how they are stored, turned, scaled, coded."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import av
import numpy as np
from coded_video import HEIGHT, WIDTH, coded, lay, write_coded, write_video
from odd_cases import Outcome, Refused, Shown, kind, one_by_one

Made = tuple[Path | str, Outcome]


def _laid(folder: Path, quarters: int, matrix: tuple[int, int, int, int]) -> Path:
    """Stored turned by quarters clockwise; the matrix asks to turn them back."""
    stored = [np.ascontiguousarray(np.rot90(coded(k), -quarters)) for k in range(5)]
    return lay(write_video(folder / "a.mp4", stored), *matrix)


@kind("rotated by 90 degrees")
def rotated_90(folder: Path) -> Made:
    return _laid(folder, 1, (0, -1, 1, 0)), one_by_one(5)


@kind("rotated by 180 degrees")
def rotated_180(folder: Path) -> Made:
    return _laid(folder, 2, (-1, 0, 0, -1)), one_by_one(5)


@kind("rotated by 270 degrees")
def rotated_270(folder: Path) -> Made:
    return _laid(folder, 3, (0, 1, -1, 0)), one_by_one(5)


@kind("mirrored by its display matrix")
def mirrored(folder: Path) -> Made:
    stored = [np.ascontiguousarray(coded(k)[:, ::-1]) for k in range(5)]
    return lay(write_video(folder / "a.mp4", stored), -1, 0, 0, 1), one_by_one(5)


@kind("pixels that are not square")
def wide_pixels(folder: Path) -> Made:
    def widen(stream: object) -> None:
        stream.sample_aspect_ratio = Fraction(16, 11)

    return write_coded(folder / "a.mp4", 5, prepare=widen), one_by_one(5, size=(93, HEIGHT))


@kind("odd width and height")
def odd_size(folder: Path) -> Made:
    path = write_coded(folder / "a.mp4", 5, size=(63, 47), pixel_format="yuv444p")
    return path, one_by_one(5, size=(63, 47))


@kind("10 bits a channel")
def ten_bits(folder: Path) -> Made:
    return write_coded(folder / "a.mkv", 5, codec="ffv1", pixel_format="yuv420p10le"), one_by_one(5)


@kind("gray")
def gray(folder: Path) -> Made:
    return write_coded(folder / "a.mkv", 5, codec="ffv1", pixel_format="gray"), one_by_one(5)


@kind("with transparency")
def transparent(folder: Path) -> Made:
    """Alpha is ignored: transparent pixels keep the colour they have."""
    pictures = [np.dstack([coded(k), np.full((HEIGHT, WIDTH), 7, np.uint8)]) for k in range(5)]
    path = write_video(folder / "a.mkv", pictures, codec="ffv1", pixel_format="bgra")
    return path, one_by_one(5)


@kind("interlaced")
def interlaced(folder: Path) -> Made:
    """Odd lines show one moment, even lines the next; the first one's picture comes out whole."""
    moments = [coded(1 << k % 8) for k in range(20)]
    pictures = moments[::2]
    for picture, later in zip(pictures, moments[1::2], strict=True):
        picture[::2] = later[::2]
    path = folder / "a.mp4"
    write_video(path, pictures, qp="0", **{"x264-params": "bff=1"})
    return path, Shown(numbers=[1, 4, 16, 64, 1, 4, 16, 64, 1, 4], duration=0.4)


@kind("another size from the middle on")
def resized(folder: Path) -> Made:
    """Two raw H.264 streams, one after the other; all pictures come in the first one's size."""
    first = write_coded(folder / "1.h264", 10, bf="0", container="h264")
    second = write_coded(folder / "2.h264", 10, first=10, size=(96, 80), container="h264")
    path = folder / "a.h264"
    path.write_bytes(first.read_bytes() + second.read_bytes())
    return path, one_by_one(20, problems={"missing_timestamps": 20, "size_changes": 1})


@kind("a single picture")
def single(folder: Path) -> Made:
    return write_coded(folder / "a.mp4", 1), one_by_one(1)


@kind("a still image file")
def still(folder: Path) -> Made:
    path = write_coded(
        folder / "a.png",
        1,
        codec="png",
        pixel_format="rgb24",
        container="image2",
        container_options={"update": "1"},
    )
    return path, one_by_one(1)


@kind("pictures too large")
def too_large(folder: Path) -> Made:
    """A PNG whose header is the only large thing about it."""
    import struct
    import zlib

    def chunk(name: bytes, data: bytes) -> bytes:
        return (
            struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))
        )

    header = struct.pack(">IIBBBBB", 20_000, 16, 1, 0, 0, 0, 0)
    path = folder / "a.png"
    path.write_bytes(
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", header)
        + chunk(b"IDAT", zlib.compress(bytes(16 * 2_501)))
        + chunk(b"IEND", b"")
    )
    return path, Refused("pictures of 20000 x 16; at most 16384 a side are read")


@kind("a cover picture beside sound")
def cover(folder: Path) -> Made:
    """An MP3 with an ID3 picture: the picture is a video stream to libavformat."""
    image = write_coded(
        folder / "c.jpg",
        1,
        codec="mjpeg",
        pixel_format="yuvj420p",
        container="image2",
        container_options={"update": "1"},
    ).read_bytes()
    frame = b"\x00image/jpeg\x00\x03\x00" + image
    body = b"APIC" + len(frame).to_bytes(4, "big") + b"\x00\x00" + frame
    sizes = bytes((len(body) >> shift) & 0x7F for shift in (21, 14, 7, 0))
    path = folder / "a.mp3"
    sound = write_sound(folder / "s.mp3", "libmp3lame").read_bytes()
    path.write_bytes(b"ID3\x03\x00\x00" + sizes + body + sound)
    return path, Refused("holds no video stream, only audio and cover pictures")


@kind("sound alone")
def sound_alone(folder: Path) -> Made:
    return write_sound(folder / "a.m4a", "aac"), Refused("holds no video stream, only audio")


def write_sound(path: Path, codec: str) -> Path:
    """A second of silence."""
    with av.open(str(path), "w") as output:
        stream = output.add_stream(codec, rate=44_100)
        silence = av.AudioFrame.from_ndarray(np.zeros((2, 44_100), np.float32), "fltp", "stereo")
        silence.sample_rate = 44_100
        output.mux(stream.encode(silence))
        output.mux(stream.encode(None))
    return path
