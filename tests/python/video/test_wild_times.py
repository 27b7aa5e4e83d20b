"""Wrong timestamps, one or many in a row, move no other picture; pauses and true jumps stay."""

from __future__ import annotations

import random
from collections import Counter
from fractions import Fraction
from pathlib import Path
from typing import NamedTuple

import av
import pytest
from coded_video import coded, number_of, write_coded, write_video

from basnet_rt import VideoError
from basnet_rt.video import read_frames
from basnet_rt.video.clock import Clock

FAR_OFF = [-100_000, -300, -30, -5, Fraction(-9, 5), Fraction(9, 5), 5, 30, 300, 100_000]  # seconds


class Picture(NamedTuple):
    """As much of a decoded picture as the clock looks at."""

    number: int
    pts: int | None


def times_of(stamps: list[int], time_base: Fraction, fps: int):
    """(time by picture, the problems that were counted, remarks)."""
    problems: Counter[str] = Counter()
    clock = Clock(time_base, Fraction(1, fps), problems)
    pictures = [Picture(number, stamp) for number, stamp in enumerate(stamps)]
    timed = {one.number: time for one, time in clock.timed(pictures)}
    assert list(timed.values()) == sorted(set(timed.values()))
    return timed, {name: count for name, count in problems.items() if count}, clock.remarks


def moved(moves: dict[int, Fraction | int], fps: int, time_base: Fraction, count: int = 100):
    """Stamps of `count` pictures of a steady stream, some of them off by seconds."""
    return [
        round((7 + Fraction(number, fps) + moves.get(number, 0)) / time_base)
        for number in range(count)
    ]


@pytest.mark.parametrize("fps", [5, 25, 60])
@pytest.mark.parametrize("length", [1, 2, 5, 12, 25])
@pytest.mark.parametrize("off", FAR_OFF)
def test_a_burst_of_wild_timestamps(fps: int, length: int, off: Fraction):
    """All pictures stay where they were, and each wrong one is counted."""
    if abs(off) < Fraction(2 * length, fps):
        return  # so short a way off, the burst overlaps what is right
    time_base = Fraction(1, 90_000)
    for first in (1, 40, 97 - length):
        moves = dict.fromkeys(range(first, first + length), off)
        timed, problems, remarks = times_of(moved(moves, fps, time_base), time_base, fps)
        assert problems == {"wild_timestamps": length}
        assert len(timed) == 100
        assert max(abs(time - Fraction(number, fps)) for number, time in timed.items()) < time_base
        assert len(remarks) == 1


SINGLES = {
    "far": {30: Fraction(-3, 2), 70: 40},
    "near": {30: 2, 70: 8},
    "both ways": {30: 9, 70: -9},
    "three": {30: 2, 60: 2, 90: 2},
    "a pair and one": {20: 3, 21: 3, 70: 20},
    "three good ones between": {20: 3, 24: 3},
    "one good one between": {20: 3, 22: 3},
    "back": {50: Fraction(-9, 5), 60: Fraction(-6, 5), 61: Fraction(-13, 10)},
    "the first and another": {0: 5, 50: Fraction(-3, 2)},
    "another and the last": {30: 2, 99: 30},
    "every third of thirty": dict.fromkeys(range(30, 60, 3), 5),
}


@pytest.mark.parametrize("name", sorted(SINGLES))
@pytest.mark.parametrize("ticks", [1000, 90_000])
def test_several_single_wild_timestamps(name: str, ticks: int):
    """The correct pictures between them are not counted, and keep their places."""
    moves, tick = SINGLES[name], Fraction(1, ticks)
    timed, problems, _ = times_of(moved(moves, 25, tick), tick, 25)
    assert problems == {"wild_timestamps": len(moves)}
    assert len(timed) == 100
    assert max(abs(time - Fraction(number, 25)) for number, time in timed.items()) <= tick


def test_one_timestamp_a_little_back_and_one_far_ahead():
    """Only the first of them is left out, as it would be alone."""
    tick = Fraction(1, 1000)
    timed, problems, _ = times_of(moved({30: -1, 70: 40}, 25, tick), tick, 25)
    assert problems == {"backward_timestamps": 1, "wild_timestamps": 1}
    assert sorted(timed) == [number for number in range(100) if number != 30]
    assert timed[99] == Fraction(99, 25)


@pytest.mark.parametrize("seed", range(5))
def test_timestamps_at_random_for_a_while(seed: int):
    """Eight pictures stamped anywhere within five minutes: the others keep their places."""
    source, tick = random.Random(seed), Fraction(1, 1000)
    moves = {number: Fraction(source.randint(-300_000, 300_000), 1000) for number in range(30, 38)}
    timed, _, _ = times_of(moved(moves, 25, tick), tick, 25)
    for number in [*range(30), *range(38, 100)]:
        assert abs(timed[number] - Fraction(number, 25)) <= tick


@pytest.mark.parametrize("off", [one for one in FAR_OFF if one > 0])
def test_the_first_picture_far_ahead(off: Fraction):
    tick = Fraction(1, 1000)
    timed, problems, _ = times_of(moved({0: off}, 25, tick), tick, 25)
    assert problems == {"wild_timestamps": 1}
    assert timed[0] == 0
    assert abs(timed[99] - Fraction(99, 25)) <= tick


@pytest.mark.parametrize("pause", [2, 9, 40, 600])
def test_a_pause_is_a_pause(pause: int):
    """Whatever its length and place; before the last picture alone, ten seconds at most."""
    tick = Fraction(1, 1000)
    for first in (1, 20, 90, 98):
        moves = dict.fromkeys(range(first, 100), Fraction(pause))
        timed, problems, _ = times_of(moved(moves, 25, tick), tick, 25)
        assert problems == {}
        assert timed[first] - timed[first - 1] == pause + Fraction(1, 25)


@pytest.mark.parametrize("back", [3, 100, 4000])
def test_a_clock_that_begins_anew_is_joined_on(back: int):
    tick = Fraction(1, 1000)
    moves = dict.fromkeys(range(60, 100), Fraction(-back))
    timed, problems, remarks = times_of(moved(moves, 25, tick), tick, 25)
    assert problems == {"clock_restarts": 1}
    assert timed[99] == Fraction(99, 25)
    assert "the file's clock goes back by" in remarks[0]


@pytest.mark.parametrize("together", [2, 5, 25])
def test_a_clock_of_coarse_ticks(together: int):
    """As of a camera that stamps whole seconds: evenly spread, to the last group."""
    stamps = [number // together for number in range(4 * together)]
    tick = Fraction(together, 25)
    timed, problems, remarks = times_of(stamps, tick, 25)
    assert {number: time * 25 for number, time in timed.items()} == {
        number: number for number in range(4 * together)
    }
    assert problems == {"equal_timestamps": 4 * (together - 1)}
    assert "share timestamps" in remarks[0]


@pytest.mark.parametrize("together", [2, 3])
@pytest.mark.parametrize("begin", [0, 48])
def test_timestamps_nearly_equal(together: int, begin: int):
    """One millisecond apart in groups from `begin` on: spread and counted like equal ones."""
    tick = Fraction(1, 1000)
    starts = [number - (number - begin) % together for number in range(begin, 96)]
    stamps = [40 * number for number in range(begin)]
    stamps += [40 * start + (start != begin + k) for k, start in enumerate(starts)]
    timed, problems, remarks = times_of(stamps, tick, 25)
    assert [time * 25 for time in timed.values()] == list(range(96))
    assert problems == {"equal_timestamps": (96 - begin) * (together - 1) // together}
    assert len(remarks) == 1


def test_a_millisecond_between_all_pictures_is_their_interval():
    """Whatever the header says."""
    timed, problems, _ = times_of(list(range(100)), Fraction(1, 1000), 25)
    assert [time * 1000 for time in timed.values()] == list(range(100))
    assert problems == {}


def test_a_file_of_nearly_equal_pairs_shows_every_picture(tmp_path: Path):
    times = [Fraction(80 * (number // 2) + number % 2, 1000) for number in range(100)]
    path = write_video(tmp_path / "a.mkv", [coded(k) for k in range(100)], times=times, bf="0")
    with read_frames(path, fps=25) as reader:
        assert [number_of(frame.image) for frame in reader] == list(range(100))
    assert reader.problems == {"equal_timestamps": 50}
    assert "share timestamps" in reader.remarks[0]


def remuxed(source: Path, target: Path, moves: dict[int, int]) -> Path:
    """The same packets with some timestamps off by seconds; decoding order stays."""
    with av.open(str(source)) as given, av.open(str(target), "w") as output:
        stream = given.streams.video[0]
        copy = output.add_stream_from_template(stream)
        packets = (packet for packet in given.demux(stream) if packet.dts is not None)
        for number, packet in enumerate(packets):
            packet.pts += round(moves.get(number, 0) / packet.time_base)
            packet.stream = copy
            output.mux(packet)
    return target


@pytest.mark.parametrize("container", ["mp4", "mkv"])
@pytest.mark.parametrize("wrong", [[0], [50], list(range(40, 50)), [99]])
def test_files_with_pictures_thirty_seconds_late(tmp_path: Path, container: str, wrong: list[int]):
    """An MP4 whose first picture is late has an edit list that shows nothing else."""
    plain = write_coded(tmp_path / "plain.mp4", 100, bf="0")
    path = remuxed(plain, tmp_path / f"a.{container}", dict.fromkeys(wrong, 30))
    with read_frames(path, fps=25) as reader:
        assert [number_of(frame.image) for frame in reader] == list(range(100))
    assert reader.duration == pytest.approx(4.0)
    assert reader.problems["wild_timestamps"] == len(wrong)


@pytest.mark.parametrize("container", ["mov", "mkv"])
@pytest.mark.parametrize("moves", [{20: 3, 21: 3, 70: 20}, {20: 3, 24: 3}, {30: 2, 60: 2, 90: 2}])
def test_files_with_several_wild_timestamps(tmp_path: Path, container: str, moves: dict[int, int]):
    plain = write_coded(tmp_path / "plain.mp4", 100, bf="0")
    path = remuxed(plain, tmp_path / f"a.{container}", moves)
    with read_frames(path, fps=25) as reader:
        assert [number_of(frame.image) for frame in reader] == list(range(100))
    assert reader.duration == pytest.approx(4.0)
    assert reader.problems == {"wild_timestamps": len(moves)}


@pytest.mark.parametrize(("fps", "container"), [(2000, "mkv"), (2000, "mp4"), (5000, "mkv")])
def test_thousands_of_pictures_a_second(tmp_path: Path, fps: int, container: str):
    """Milliseconds cannot tell them apart."""
    times = [Fraction(number, fps) for number in range(200)]
    path = write_video(
        tmp_path / f"a.{container}", [coded(k) for k in range(200)], times=times, fps=fps, bf="0"
    )
    with read_frames(path, fps=500) as reader:
        shown = [number_of(frame.image) for frame in reader]
    assert shown == pytest.approx([k * fps / 500 for k in range(len(shown))], abs=fps / 500)
    assert reader.duration == pytest.approx(200 / fps, abs=0.041)


def test_a_rate_far_from_the_timestamps_is_remarked(tmp_path: Path):
    times = [Fraction(2 * number) for number in range(10)]
    path = write_video(tmp_path / "a.mkv", [coded(k) for k in range(10)], times=times, bf="0")
    with read_frames(path, fps=1) as reader:
        assert len(list(reader)) == 19
    assert "says 25 pictures a second, the timestamps one picture in 2 s" in reader.remarks[0]


def test_a_time_lapse_fills_no_hours(tmp_path: Path):
    """A picture every five minutes: refused within the first of them, by its reason."""
    times = [Fraction(300 * number) for number in range(60)]
    path = write_video(tmp_path / "a.mkv", [coded(k) for k in range(60)], times=times, bf="0")
    with (
        pytest.raises(VideoError, match="a time lapse is not filled with repeats"),
        read_frames(path, fps=1) as reader,
    ):
        assert len(list(reader)) < 4000


PAUSED = {"screen": [67] * 7 + [1200], "slides": [200, 500, 1000, 2000, 200, 200, 2000, 1000, 500]}


@pytest.mark.parametrize("name", sorted(PAUSED))
@pytest.mark.parametrize("off", [-30_000, -8_000, 8_000, 30_000])
def test_one_wild_timestamp_among_pauses(name: str, off: int):
    """The one picture is wrong, not the sixty that meet the line of its neighbours by chance."""
    steps = PAUSED[name]
    right = [sum((steps * 20)[:k]) for k in range(100)]
    for wrong in range(60, 96, 7):
        stamps = [stamp + off * (k == wrong) for k, stamp in enumerate(right)]
        timed, problems, _ = times_of(stamps, Fraction(1, 1000), 15)
        assert problems == {"wild_timestamps": 1}
        assert all(timed[k] * 1000 == right[k] for k in range(100) if k != wrong)


def test_every_picture_eleven_seconds_apart(tmp_path: Path):
    """A lapse short enough to be filled is read, and its rate is told."""
    times = [Fraction(11 * number) for number in range(8)]
    path = write_video(tmp_path / "a.mkv", [coded(k) for k in range(8)], times=times, bf="0")
    with read_frames(path, fps=1) as reader:
        assert len(list(reader)) == 78
    assert reader.problems == {"long_gaps": 7}
    assert "the timestamps one picture in 11 s" in reader.remarks[-1]


@pytest.mark.parametrize(
    ("moves", "said"),
    [
        ({k: Fraction(92 - k, 25) for k in range(93, 100)}, "after second 3.680, {}: 7"),
        ({50: Fraction(-3, 10)}, "after second 1.960, {}: 1"),
    ],
)
def test_pictures_that_are_left_out_are_told(moves: dict[int, Fraction], said: str):
    tick = Fraction(1, 1000)
    timed, problems, remarks = times_of(moved(moves, 25, tick), tick, 25)
    assert problems == {"backward_timestamps": 100 - len(timed)}
    assert remarks == [said.format("pictures whose timestamps do not rise are left out")]


def test_the_late_one_of_two_is_wrong():
    """0.3 s late at five a second: it overtakes one, which stays."""
    tick = Fraction(1, 1000)
    timed, problems, _ = times_of(moved({50: Fraction(3, 10)}, 5, tick), tick, 5)
    assert problems == {"wild_timestamps": 1}
    assert [time * 5 for time in timed.values()] == list(range(100))


@pytest.mark.parametrize("first", [1, 50])
@pytest.mark.parametrize("container", ["mkv", "mp4"])
def test_a_pause_of_a_few_seconds_is_told(tmp_path: Path, first: int, container: str):
    """An MP4's header has the average rate, which is no remark of its own."""
    times = [Fraction(k, 25) + (Fraction(19, 2) if k >= first else 0) for k in range(100)]
    pictures = [coded(k) for k in range(100)]
    path = write_video(tmp_path / f"a.{container}", pictures, times=times, bf="0")
    with read_frames(path, fps=25) as reader:
        for _ in reader:
            pass
    assert reader.problems == {}
    assert reader.remarks == [
        f"no picture for 9.540 s from second {(first - 1) / 25:.3f} on; the last one repeats"
    ]
