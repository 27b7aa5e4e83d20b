"""Odd timestamps: absent, shifted, uneven, backward, far apart."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import av
from coded_video import coded, write_coded, write_video
from odd_cases import FPS, Outcome, Refused, Shown, kind, one_by_one

Made = tuple[Path | str, Outcome]


def _at(folder: Path, times: list[Fraction], name: str = "a.mp4", **how: object) -> Path:
    """Picture k at times[k] seconds."""
    pictures = [coded(k) for k in range(len(times))]
    return write_video(folder / name, pictures, times=times, **how)


@kind("ordinary, with B-frames")
def ordinary(folder: Path) -> Made:
    return write_coded(folder / "a.mp4", 30, bf="2", g="10"), one_by_one(30)


@kind("B-frames in AVI, which numbers pictures as stored")
def avi(folder: Path) -> Made:
    return write_coded(folder / "a.avi", 30, bf="2", g="10"), one_by_one(30)


@kind("variable frame rate")
def variable(folder: Path) -> Made:
    """Lengths of 1, 2, 3 instants in turn; each picture is repeated as long as it is shown."""
    lengths = [1 + k % 3 for k in range(12)]
    starts = [sum(lengths[:k]) for k in range(12)]
    path = _at(folder, [Fraction(start, FPS) for start in starts])
    numbers = [k for k, length in enumerate(lengths) for _ in range(length)]
    # Nothing says how long the last picture lasts; the file's writer took the interval before it.
    return path, Shown(numbers=numbers[:-1], duration=23 / FPS, within=0.25 / FPS)


@kind("slower than the grid")
def slower(folder: Path) -> Made:
    path = write_coded(folder / "a.mp4", 5, fps=10)
    return path, Shown(numbers=[0, 0, 0, 1, 1, 2, 2, 2, 3, 3, 4, 4, 4], duration=0.5)


@kind("faster than the grid")
def faster(folder: Path) -> Made:
    path = write_coded(folder / "a.mp4", 50, fps=50)
    return path, Shown(numbers=list(range(0, 50, 2)), duration=1.0)


@kind("first timestamp not 0")
def late_start(folder: Path) -> Made:
    return _at(folder, [5 + Fraction(k, FPS) for k in range(10)], "a.ts"), one_by_one(10)


@kind("first timestamp below 0")
def negative_start(folder: Path) -> Made:
    return _blocks_at(folder, {k: k - 5 for k in range(15)}), one_by_one(15)


@kind("an edit list that leaves out the beginning")
def edit_list(folder: Path) -> Made:
    """Ten pictures, of which the file asks to show those from the fifth on."""
    path = write_coded(folder / "a.mp4", 10, bf="0", container_options={"use_editlist": "1"})
    data = bytearray(path.read_bytes())
    at = data.index(b"elst") + 4
    version, count = data[at], int.from_bytes(data[at + 4 : at + 8], "big")
    assert (version, count) == (0, 1)
    scale = _media_scale(data)
    data[at + 8 : at + 12] = (6 * 1000 // FPS).to_bytes(4, "big")  # of the movie's milliseconds
    data[at + 12 : at + 16] = (4 * scale // FPS).to_bytes(4, "big")
    path.write_bytes(data)
    return path, Shown(numbers=list(range(4, 10)), duration=6 / FPS)


def _media_scale(data: bytearray) -> int:
    """Ticks a second, from the media header."""
    at = data.index(b"mdhd") + 4
    assert data[at] == 0
    return int.from_bytes(data[at + 12 : at + 16], "big")


@kind("no timestamps: raw H.264")
def raw_h264(folder: Path) -> Made:
    path = write_coded(folder / "a.h264", 30, bf="2", g="10")
    return path, one_by_one(30, problems={"missing_timestamps": 30})


@kind("no timestamps: raw MJPEG")
def raw_mjpeg(folder: Path) -> Made:
    """libavformat numbers these pictures at 25 a second."""
    path = write_coded(folder / "a.mjpeg", 20, codec="mjpeg", pixel_format="yuvj420p")
    return path, one_by_one(20)


@kind("GIF")
def gif(folder: Path) -> Made:
    """Hundredths of a second are its only times."""
    return write_coded(folder / "a.gif", 20, codec="gif", pixel_format="rgb8"), one_by_one(20)


@kind("a timestamp that goes back a little")
def one_back(folder: Path) -> Made:
    """Picture 6 says it comes before picture 5: it is left out, and 5 stays."""
    path = _blocks_at(folder, {6: 4})
    numbers = [*range(6), 5, *range(7, 15)]
    return path, Shown(numbers=numbers, duration=0.6, problems={"backward_timestamps": 1})


@kind("one timestamp far ahead")
def wild_ahead(folder: Path) -> Made:
    """The next picture is back on the line, so this one is shown between its neighbours."""
    path = _blocks_at(folder, {6: 700})
    return path, one_by_one(15, problems={"wild_timestamps": 1})


@kind("three timestamps far ahead, one after the other")
def wild_burst(folder: Path) -> Made:
    path = _blocks_at(folder, {4: 700, 5: 701, 6: 702})
    return path, one_by_one(15, problems={"wild_timestamps": 3})


@kind("one timestamp far back")
def wild_back(folder: Path) -> Made:
    path = _blocks_at(folder, {**{k: k + 50 for k in range(15)}, 12: 4})
    return path, one_by_one(15, problems={"wild_timestamps": 1})


@kind("the last timestamp far back")
def wild_end(folder: Path) -> Made:
    path = _blocks_at(folder, {**{k: k + 50 for k in range(15)}, 14: 4})
    return path, one_by_one(15, problems={"wild_timestamps": 1})


@kind("the last timestamp far ahead")
def wild_last(folder: Path) -> Made:
    """Nothing behind it tells; a lone picture so long after a steady stream is no pause."""
    path = _blocks_at(folder, {14: 700})
    return path, one_by_one(15, problems={"wild_timestamps": 1})


@kind("a clock that jumps ahead and stays there")
def true_jump(folder: Path) -> Made:
    path = _blocks_at(folder, {k: k + 300 for k in range(6, 15)})
    numbers = [*range(5), *[5] * 301, *range(6, 15)]
    return path, Shown(numbers=numbers, duration=12.6, problems={"long_gaps": 1})


@kind("timestamps in pairs")
def pairs(folder: Path) -> Made:
    """Both of a pair are shown, the second halfway to the next."""
    path = _blocks_at(folder, {k: k - 1 for k in range(1, 15, 2)})
    return path, one_by_one(15, problems={"equal_timestamps": 7})


@kind("timestamps that do not rise at all")
def all_equal(folder: Path) -> Made:
    path = _blocks_at(folder, dict.fromkeys(range(15), 0))
    return path, Refused("14 of 15 pictures have timestamps that do not rise", shown=1)


@kind("a clock that begins anew")
def restart(folder: Path) -> Made:
    """Two recordings in one file; the second one follows the first without a gap.

    The container notices the seam, and says that a packet may be incomplete.
    """
    late = [60 + Fraction(k, FPS) for k in range(20)]
    first = write_video(folder / "1.ts", [coded(k) for k in range(20)], times=late)
    second = write_coded(folder / "2.ts", 20, first=20)
    path = folder / "a.ts"
    path.write_bytes(first.read_bytes() + second.read_bytes())
    return path, one_by_one(40, problems={"clock_restarts": 1, "damaged_packets": 1})


@kind("a gap of a few seconds")
def gap(folder: Path) -> Made:
    times = [Fraction(k, FPS) for k in (0, 1, 2, 78, 79)]
    return _at(folder, times), Shown(numbers=[0, 1, *[2] * 76, 3, 4], duration=3.2)


@kind("a gap of more than ten seconds")
def long_gap(folder: Path) -> Made:
    times = [Fraction(k, FPS) for k in (0, 1, 2, 303, 304)]
    numbers = [0, 1, *[2] * 301, 3, 4]
    return _at(folder, times), Shown(numbers=numbers, duration=12.2, problems={"long_gaps": 1})


@kind("a gap of more than an hour")
def endless_gap(folder: Path) -> Made:
    times = [Fraction(k, FPS) for k in (0, 1, 2)] + [Fraction(5000)]
    path = _at(folder, times)
    return path, Refused(r"no picture for 5000 s from second 0\.080 on", shown=2)


def _blocks_at(folder: Path, moved: dict[int, int]) -> Path:
    """Matroska of 15 pictures, some of which say that they come where another one does."""
    path = folder / "a.mkv"
    write_coded(path, 15, codec="mjpeg", pixel_format="yuvj420p")
    data = bytearray(path.read_bytes())
    with av.open(str(path)) as container:
        blocks = [packet.pos for packet in container.demux(video=0) if packet.size]
    for index, place in moved.items():
        at = blocks[index] + 1  # after the number of the track: 16 bits of time
        assert int.from_bytes(data[at : at + 2], "big") == index * 1000 // FPS
        data[at : at + 2] = (place * 1000 // FPS).to_bytes(2, "big", signed=True)
    path.write_bytes(data)
    return path
