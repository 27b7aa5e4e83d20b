"""The clock of live sources, on times that are written down."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from fractions import Fraction
from itertools import pairwise
from pathlib import Path

import av
import pytest
from coded_video import write_coded

from basnet_rt.video.live.clock import LiveClock
from basnet_rt.video.live.opening import has_own_clock

STEP = Fraction(1, 25)


@pytest.fixture
def problems() -> Counter[str]:
    return Counter()


@pytest.fixture
def clock(problems: Counter[str]) -> LiveClock:
    """Twenty pictures of a source whose clock began at 1000 s; they arrived 0.1 s late."""
    made = LiveClock(Fraction(2), STEP, problems)
    for k in range(20):
        moment = made.time_of(1000 + k * STEP, 50.1 + k / 25)
        assert moment == (k * STEP, False)
    return made


def test_late_arrival_does_not_move_times(clock: LiveClock):
    assert clock.time_of(1000 + 20 * STEP, 53.0) == (20 * STEP, False)


def test_a_short_pause_of_the_source_is_no_jump(clock: LiveClock):
    assert clock.time_of(1002 + 19 * STEP, 53.0) == (2 + 19 * STEP, False)


@pytest.mark.parametrize("timestamp", [4600, 3, 0])
def test_a_jump_after_a_wait_goes_by_the_arrival(clock: LiveClock, timestamp: int):
    moment = clock.time_of(Fraction(timestamp), 53.1)
    assert moment is not None
    assert moment.jumped
    assert float(moment.time) == pytest.approx(3.0)
    following = clock.time_of(timestamp + STEP, 99.0)
    assert following == (moment.time + STEP, False)


@pytest.mark.parametrize("off", [3600, -900, Fraction(18, 10), Fraction(-18, 10), -4])
@pytest.mark.parametrize("wild", [[20], [20, 23], [20, 21, 25]])
def test_wild_timestamps_that_came_in_time_move_nothing(
    clock: LiveClock, problems: Counter[str], wild: list[int], off: Fraction
):
    """The next picture on the line tells; nothing is a gap. None goes on from another."""
    for k in range(20, 30):
        stamp = 1000 + k * STEP + (off * (1 + k % 3) if k in wild else 0)
        assert clock.time_of(stamp, 50.1 + k / 25) == (k * STEP, False)
    assert problems == {"wild_timestamps": len(wild)}
    what = "late" if off > 0 else "early"
    first = f"second 0.800 is stamped {abs(float(off * (1 + 20 % 3))):.3f} s too {what}"
    assert first in clock.remarks[0]
    assert len(clock.remarks) == len(wild)


@pytest.mark.parametrize("begin", [4600, 3])
def test_two_pictures_that_say_the_same_new_time_are_a_jump(clock: LiveClock, begin: int):
    first, second = (clock.time_of(begin + k * STEP, 50.1 + (20 + k) / 25) for k in range(2))
    assert first == (20 * STEP, False)
    assert second is not None
    assert second.jumped
    assert float(second.time) == pytest.approx(21 / 25)
    assert clock.time_of(begin + 2 * STEP, 51.0) == (second.time + STEP, False)


def test_pictures_lost_on_the_way_move_the_rest(clock: LiveClock, problems: Counter[str]):
    """What comes after them in one go has later timestamps, and these go on from each other."""
    times = [clock.time_of(1000 + k * STEP, 51.0) for k in range(60, 64)]
    assert times == [(20 * STEP, False), *((k * STEP, False) for k in range(61, 64))]
    assert problems == {}


def test_a_new_connection_goes_by_the_arrival(clock: LiveClock):
    """Its timestamps begin at 0; it arrives 10 s after the first picture."""
    clock.reconnect()
    moment = clock.time_of(Fraction(0), 60.1)
    assert moment is not None
    assert moment.jumped
    assert float(moment.time) == pytest.approx(10.0)


def test_time_never_goes_back(clock: LiveClock):
    """A burst after a reconnection arrives earlier than its pictures were due."""
    clock.reconnect()
    moment = clock.time_of(Fraction(0), 50.2)
    assert moment == (20 * STEP, True)


def test_a_late_picture_is_left_out(clock: LiveClock, problems: Counter[str]):
    assert clock.time_of(1000 + 18 * STEP, 51.0) is None
    assert problems == {"backward_timestamps": 1}
    assert clock.time_of(1000 + 20 * STEP, 51.1) == (20 * STEP, False)


def test_pictures_without_timestamps_follow_each_other(clock: LiveClock, problems: Counter[str]):
    assert clock.time_of(None, 53.0) == (20 * STEP, False)
    assert clock.time_of(None, 54.0) == (21 * STEP, False)
    assert problems == {"missing_timestamps": 2}


def test_timestamps_may_begin_late(problems: Counter[str]):
    """RTSP gives none to the first picture; the second one's number may be anything."""
    clock = LiveClock(Fraction(2), STEP, problems)
    assert clock.time_of(None, 5.0) == (0, False)
    assert clock.time_of(Fraction(-1, 200), 5.0) == (STEP, False)
    assert clock.time_of(Fraction(-1, 200) + STEP, 5.0) == (2 * STEP, False)


def test_going_on_counts_from_the_first_run(problems: Counter[str]):
    clock = LiveClock(Fraction(2), STEP, problems)
    clock.resume(3600.0, arrival=7.0)
    moment = clock.time_of(Fraction(12), 9.0)
    assert moment is not None
    assert moment.jumped
    assert float(moment.time) == pytest.approx(3602.0)


def test_a_day_at_29_97_does_not_drift(problems: Counter[str]):
    """Times are differences of timestamps, whatever was added up on the way."""
    clock = LiveClock(Fraction(2), STEP, problems)
    for k in range(0, 2_589_420, 58):
        moment = clock.time_of(Fraction(k * 1001, 30_000), 0.0)
    assert moment == (Fraction(k * 1001, 30_000), False)


def test_a_source_without_a_clock_goes_by_the_arrival(problems: Counter[str]):
    """libavformat numbers MJPEG over HTTP 25 a second: 19 s at 5 a second were 4 s."""
    clock = LiveClock(Fraction(2), STEP, problems, by_arrival=True)
    for k in range(96):
        moment = clock.time_of(k * STEP, 7.0 + k / 5)
        assert moment is not None
        assert float(moment.time) == pytest.approx(k / 5, abs=1e-9)
        assert not moment.jumped
    burst = [clock.time_of(None, 26.1) for _ in range(3)]
    assert float(burst[2].time - burst[0].time) == pytest.approx(0.002)
    stall = clock.time_of(None, 36.0)
    assert stall.jumped
    assert float(stall.time) == pytest.approx(29.0)
    assert problems == {}


def played(
    clock: LiveClock, rate: float, seconds: float, *, late: Callable[[float], float]
) -> list[tuple[float, float]]:
    """Due arrival and time of pictures that take `rate` times as long as their timestamps say."""
    shown = []
    for k in range(round(25 * seconds / rate)):
        due = rate * k / 25
        moment = clock.time_of(1000 + k * STEP, 3.0 + due + late(due))
        assert moment is not None
        assert not moment.jumped
        shown.append((due, float(moment.time)))
    return shown


def jitter(due: float) -> float:
    """Of a network, which delays and never hastens: a little often, every 16 s a stall."""
    return 0.3 * (round(25 * due) % 7 == 3) + max(0.0, 2.5 - due % 16) * (due > 16)


@pytest.mark.parametrize("rate", [1.05, 0.95, 1.02, 2.0, 5.0, 0.8])
def test_a_clock_that_runs_wrong_is_said_and_followed(problems: Counter[str], rate: float):
    clock = LiveClock(Fraction(2), STEP, problems)
    shown = played(clock, rate, 120, late=jitter)
    assert problems == {"clock_drift": 1}
    assert clock.drift is not None
    assert (clock.drift > 0) == (rate > 1)
    assert clock.rate == pytest.approx(rate, rel=0.03)
    assert all(a < b for (_, a), (_, b) in pairwise(shown))
    assert max(abs(time - due) for due, time in shown if due > 60) < 0.1


@pytest.mark.parametrize("rate", [1 / 1.5, 1 / 1.6, 1 / 2, 1 / 4])
def test_a_clock_that_runs_very_fast_is_no_backlog(problems: Counter[str], rate: float):
    """Half a minute at a steady rate makes it certain."""
    clock = LiveClock(Fraction(2), STEP, problems)
    shown = played(clock, rate, 300, late=lambda due: 0.0)
    assert problems == {"clock_drift": 1}
    assert clock.rate == pytest.approx(rate, rel=0.03)
    assert max(abs(time - due) for due, time in shown if due > 200) < 0.3


@pytest.mark.parametrize("step", [1, Fraction(3, 2)])
def test_a_clock_that_steps_ahead_a_little_is_put_right(problems: Counter[str], step: Fraction):
    """Pictures that come before they can were not lost on the way: a gap each minute."""
    clock = LiveClock(Fraction(2), STEP, problems)
    jumps = []
    for k in range(25 * 200):
        moment = clock.time_of(k * STEP + step * (k // 1500), 7.0 + k / 25)
        assert moment is not None
        assert abs(float(moment.time) - k / 25) < 0.05
        jumps += [k] * moment.jumped
    assert jumps == [1501, 3001, 4501]
    assert problems == {}


@pytest.mark.parametrize("fps", [1, 2, 25])
@pytest.mark.parametrize("off", [Fraction(3, 10), 1])
def test_one_late_timestamp_moves_no_later_picture(problems: Counter[str], fps: int, off: Fraction):
    clock = LiveClock(Fraction(2), STEP, problems)
    for k in range(100 * fps):
        stamp = Fraction(k, fps) + off * (k == 50 * fps)
        moment = clock.time_of(stamp, 7.0 + k / fps)
        assert moment is None or k == 50 * fps or moment.time == Fraction(k, fps)
    assert "clock_drift" not in problems
    assert problems["backward_timestamps"] <= 2


@pytest.mark.parametrize("rate", [1.05, 0.95])
def test_a_clock_may_be_kept_as_it_is(problems: Counter[str], rate: float):
    clock = LiveClock(Fraction(2), STEP, problems, follow=False)
    for k, (_, time) in enumerate(played(clock, rate, 60, late=jitter)):
        assert time == float(k * STEP)
    assert problems == {"clock_drift": 1}


def test_a_right_clock_is_left_alone(problems: Counter[str]):
    """Its times are its timestamps, whatever the network does."""
    clock = LiveClock(Fraction(2), STEP, problems)
    for k, (_, time) in enumerate(played(clock, 1.0, 200, late=jitter)):
        assert time == float(k * STEP)
    assert problems == {}


@pytest.mark.parametrize("at", [0, 1500])
def test_pictures_that_were_held_back_are_no_fast_clock(problems: Counter[str], at: int):
    """Twenty seconds of pictures that come within one; then they come in time."""
    clock, arrival = LiveClock(Fraction(2), STEP, problems), 3.0
    for k in range(3000):
        assert clock.time_of(k * STEP, arrival) == (k * STEP, False)
        arrival += 0.002 if at <= k < at + 500 else 0.04
    assert problems == {}


def test_a_source_that_waits_for_its_reader_has_no_pace(problems: Counter[str]):
    clock = LiveClock(Fraction(2), STEP, problems, paced=False)
    for k, (_, time) in enumerate(played(clock, 3.0, 100, late=jitter)):
        assert time == float(k * STEP)
    assert problems == {}


@pytest.mark.parametrize(("ending", "own"), [("h264", False), ("mjpeg", False), ("ts", True)])
def test_whose_numbers_timestamps_are(tmp_path: Path, ending: str, own: bool):
    jpeg = {"codec": "mjpeg", "pixel_format": "yuvj420p"} if ending == "mjpeg" else {}
    with av.open(str(write_coded(tmp_path / f"a.{ending}", 5, **jpeg))) as container:
        assert has_own_clock(container) == own
