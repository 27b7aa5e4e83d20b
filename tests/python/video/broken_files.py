"""Broken files: cut off, overwritten, empty, absent, something else."""

from __future__ import annotations

from pathlib import Path

import av
import numpy as np
from coded_video import write_coded
from odd_cases import FPS, Outcome, Refused, Shown, kind, one_by_one

Made = tuple[Path | str, Outcome]
EVERY_PICTURE_ALONE = {"g": "1", "bf": "0"}


def packets_of(path: Path) -> list[tuple[int, int]]:
    """(position, bytes) of each packet."""
    with av.open(str(path)) as container:
        return [(one.pos, one.size) for one in container.demux(video=0) if one.size]


def _overwritten(path: Path, numbers: list[int], byte: int = 0xFF) -> Path:
    data, packets = bytearray(path.read_bytes()), packets_of(path)
    for number in numbers:
        position, size = packets[number]
        data[position : position + size] = bytes([byte]) * size
    path.write_bytes(data)
    return path


@kind("cut off, header in front")
def cut(folder: Path) -> Made:
    """What is whole is used: the packet that is cut is not."""
    path = write_coded(
        folder / "a.mp4", 50, container_options={"movflags": "faststart"}, **EVERY_PICTURE_ALONE
    )
    position, size = packets_of(path)[20]
    path.write_bytes(path.read_bytes()[: position + size // 2])
    problems = {"damaged_packets": 1, "ends_early": 1}
    return path, one_by_one(20, problems=problems)


@kind("cut off, header at the end")
def cut_headless(folder: Path) -> Made:
    """The header is gone, and with it all that says where pictures lie."""
    path = write_coded(folder / "a.mp4", 50, **EVERY_PICTURE_ALONE)
    position, _ = packets_of(path)[20]
    path.write_bytes(path.read_bytes()[:position])
    return path, Refused("not a video that can be read: Invalid data found")


@kind("cut off Matroska")
def cut_matroska(folder: Path) -> Made:
    path = write_coded(folder / "a.mkv", 50, **EVERY_PICTURE_ALONE)
    position, _ = packets_of(path)[20]
    path.write_bytes(path.read_bytes()[:position])
    return path, one_by_one(20)


@kind("a few packets overwritten")
def few_damaged(folder: Path) -> Made:
    """The picture before is shown instead."""
    path = write_coded(folder / "a.mp4", 50, **EVERY_PICTURE_ALONE)
    numbers = [*range(10), 9, *range(11, 30), 29, 29, *range(32, 50)]
    problems = {"damaged_packets": 3}
    shown = Shown(numbers=numbers, duration=2.0, problems=problems)
    return _overwritten(path, [10, 30, 31]), shown


@kind("the first packets overwritten")
def first_damaged(folder: Path) -> Made:
    """Time begins with the first picture there is."""
    path = write_coded(folder / "a.mp4", 50, **EVERY_PICTURE_ALONE)
    shown = Shown(numbers=list(range(3, 50)), duration=47 / FPS, problems={"damaged_packets": 3})
    return _overwritten(path, [0, 1, 2]), shown


@kind("a key picture overwritten")
def key_damaged(folder: Path) -> Made:
    """What depends on it is shown as the decoder patches it, and counted."""
    path = write_coded(folder / "a.mp4", 50, g="10", bf="0")
    shown = Shown(numbers=None, count=50, duration=2.0, problems={"damaged_packets": 1})
    return _overwritten(path, [20]), shown


@kind("most packets overwritten")
def most_damaged(folder: Path) -> Made:
    path = write_coded(folder / "a.mp4", 50, **EVERY_PICTURE_ALONE)
    refused = Refused("30 of 50 packets are damaged; at most 25% are borne", shown=49)
    return _overwritten(path, list(range(10, 40))), refused


@kind("every packet overwritten")
def all_damaged(folder: Path) -> Made:
    path = write_coded(folder / "a.mp4", 50, **EVERY_PICTURE_ALONE)
    return _overwritten(path, list(range(50))), Refused("50 of 50 packets are damaged")


@kind("a header without pictures")
def no_pictures(folder: Path) -> Made:
    path, flags = folder / "a.mp4", {"movflags": "empty_moov"}
    with av.open(str(path), "w", container_options=flags) as output:
        stream = output.add_stream("libx264", rate=25)
        stream.width, stream.height, stream.pix_fmt = 64, 48, "yuv420p"
        output.start_encoding()
    return path, Refused("holds no picture that can be decoded")


@kind("subtitles")
def subtitles(folder: Path) -> Made:
    path = folder / "a.srt"
    path.write_text("1\n00:00:01,000 --> 00:00:02,000\nhello\n", encoding="utf-8")
    return path, Refused("holds no video stream, only subtitle")


@kind("text")
def text(folder: Path) -> Made:
    """libavformat would draw the letters of a .txt and call that a video."""
    path = folder / "a.txt"
    path.write_text("no video\n" * 500, encoding="utf-8")
    return path, Refused("not a video, but text")


@kind("random bytes")
def noise(folder: Path) -> Made:
    path = folder / "a.mp4"
    path.write_bytes(np.random.default_rng(0).bytes(20_000))
    return path, Refused("not a video that can be read: Invalid data found")


@kind("an empty file")
def empty(folder: Path) -> Made:
    path = folder / "a.mp4"
    path.touch()
    return path, Refused("is empty")


@kind("a folder")
def directory(folder: Path) -> Made:
    return folder, Refused("is a folder; expected a video file")


@kind("no such file")
def absent(folder: Path) -> Made:
    return folder / "a.mp4", Refused("no such file")


@kind("an address where nobody answers")
def nobody(folder: Path) -> Made:
    """Port 9 of this machine, where nothing listens."""
    return "http://127.0.0.1:9/a.mp4", Refused("cannot be opened: Connection refused")


@kind("a name that looks like an address's")
def strange_name(folder: Path) -> Made:
    """A colon in the name of a file names no protocol."""
    return write_coded(folder / "rtsp:a%03d.mp4", 5), one_by_one(5)
