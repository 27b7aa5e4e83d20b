"""Timecodes name the right frame; the oracle is OpenTimelineIO's opentime, written in C++."""

from __future__ import annotations

import os
from fractions import Fraction

import pytest
from opentimelineio import opentime

from basnet_rt import InvalidValue
from basnet_rt.formats.timecode import (
    FrameRate,
    frame_at,
    frame_range,
    frames_per_day,
    from_timecode,
    seconds_at,
    to_timecode,
)

RATES = ["23.976", "24", "25", "29.97", "29.97df", "30", "50", "59.94df", "60"]
WRAPS = {"29.97": 2_589_408}  # where opentime begins again: after a day of the clock, not of labels
THOROUGH = os.environ.get("BASNET_RT_HYPOTHESIS") == "thorough"


def frames_of_a_day(rate: FrameRate) -> list[int]:
    """Every 101st frame of the day and three to each side of each minute; in `thorough` all."""
    last = frames_per_day(rate)
    if THOROUGH:
        return list(range(last))
    minutes = [frame_at(60 * minute * 1.001, rate) for minute in range(1440)]
    edges = [frame + d for frame in minutes for d in range(-3, 4)]
    labels = [60 * minute * rate.nominal + d for minute in range(1440) for d in range(-3, 4)]
    chosen = {*range(0, last, 101), *edges, *labels, 0, last - 1}
    return sorted(frame for frame in chosen if 0 <= frame < last)


@pytest.mark.parametrize("text", RATES)
def test_a_whole_day_agrees_with_opentime(text):
    """Catches a wrong rule of drop-frame: an error of one label shows in every later minute."""
    rate = FrameRate.parse(text)
    rational = float(rate.exact)
    frames = [one for one in frames_of_a_day(rate) if one < WRAPS.get(text, 10**9)]
    assert len(frames) > 20_000
    for frame in frames:
        time = opentime.RationalTime(frame, rational)
        want = opentime.to_timecode(time, rational, rate.drop_frame)
        assert to_timecode(frame, rate) == want
        assert from_timecode(want, rate) == frame


@pytest.mark.parametrize("text", ["29.97df", "59.94df"])
def test_drop_frame_counts_like_a_clock_that_skips(text):
    """An oracle without formulas: ten minutes of labels, counted one by one."""
    rate = FrameRate.parse(text)
    skipped = 2 if rate.nominal == 30 else 4
    labels = [
        f"00:{minute:02}:{second:02};{frame:02}"
        for minute in range(12)
        for second in range(60)
        for frame in range(rate.nominal)
        if minute % 10 == 0 or second > 0 or frame >= skipped
    ]
    assert [to_timecode(i, rate) for i in range(len(labels))] == labels
    assert [from_timecode(label, rate) for label in labels] == list(range(len(labels)))
    for minute in (1, 2, 5, 9, 11, 15, 59):
        with pytest.raises(InvalidValue, match="does not exist"):
            from_timecode(f"00:{minute:02}:00;{skipped - 1:02}", rate)


LAST = {"29.97df": 2_589_408, "29.97": 2_592_000, "25": 2_160_000, "59.94df": 5_178_816}


@pytest.mark.parametrize(("text", "frames"), LAST.items())
def test_a_day_ends(text, frames):
    rate = FrameRate.parse(text)
    assert frames_per_day(rate) == frames
    last = to_timecode(frames - 1, rate)
    assert last == f"23:59:59{';' if rate.drop_frame else ':'}{rate.nominal - 1}"
    for outside in (frames, -1):
        with pytest.raises(InvalidValue, match="covers one day"):
            to_timecode(outside, rate)


@pytest.mark.parametrize("text", [*RATES, "12.5", "1000"])
def test_frames_and_seconds_are_inverse(text):
    """Catches float arithmetic: three hours at 29.97 in floats lose a frame here and there."""
    rate = FrameRate.parse(text)
    for frame in [0, 1, 2, 1001, 107_892, 323_676, 10**9 + 7]:
        assert frame_at(seconds_at(frame, rate), rate) == frame


def test_the_nearest_frame_is_taken_and_the_later_of_two():
    rate = FrameRate.parse(25)
    assert [frame_at(t, rate) for t in (0.0, 0.0199, 0.02, 0.0201, 0.06)] == [0, 0, 1, 1, 1]
    assert frame_at(0.5, FrameRate(Fraction(1))) == 1
    assert frame_at(0.06, rate) == 1  # 0.06 in float64 lies below one and a half frames


@pytest.mark.parametrize(
    ("start", "end", "duration", "want"),
    [
        (0.0, 1.0, None, (0, 25)),
        (1.0, 1.0, None, (25, 26)),  # no length: one frame
        (1.001, 1.002, None, (25, 26)),
        (0.98, 1.0, 1.0, (24, 25)),  # the later half of the last frame: inside the video
        (0.999, 1.0, 1.0, (24, 25)),
        (0.0, 0.01, 0.01, (0, 1)),  # a video shorter than a frame
    ],
)
def test_a_segment_has_a_frame_and_stays_in_its_video(start, end, duration, want):
    assert frame_range(start, end, FrameRate.parse(25), duration) == want


@pytest.mark.parametrize(
    ("value", "exact"),
    [(25, Fraction(25)), ("29.97", Fraction(30000, 1001)), (23.98, Fraction(24000, 1001)),
     ("24000/1001", Fraction(24000, 1001)), (59.94, Fraction(60000, 1001)), ("24", Fraction(24)),
     (12.5, Fraction(25, 2)), (30000 / 1001, Fraction(30000, 1001)), (30.0, Fraction(30))],
)  # fmt: skip
def test_rates_are_read_exactly(value, exact):
    rate = FrameRate.parse(value)
    assert (rate.exact, rate.drop_frame) == (exact, False)
    assert FrameRate.parse(str(rate)) == rate


@pytest.mark.parametrize(
    ("value", "message"),
    [("", "''"), ("fast", "'fast'"), ("0", "must be in"), ("-25", "'-25'"), ("1/0", "'1/0'"),
     ("1e999999999", "1e999999999"), ("25df", "drop-frame at 25"), ("23.976df", "only 29.97"),
     ("nan", "nan"), (None, "None"), (True, "True"), ("1001", "must be in")],
)  # fmt: skip
def test_other_rates_are_refused(value, message):
    """An exponent must not be computed: that number has a billion digits."""
    with pytest.raises(InvalidValue, match=message):
        FrameRate.parse(value)


@pytest.mark.parametrize(
    ("text", "rate", "message"),
    [
        ("00:00:00:25", "25", "at most 23:59:59 and frame 24"),
        ("00:00:60:00", "25", "at most"),
        ("24:00:00:00", "25", "at most"),
        ("0:00:00:00", "25", "expected HH:MM:SS:FF"),
        ("00:00:00;00", "25", "is drop-frame; the rate 25 is not"),
        ("00:00:00;00", "29.97", "is drop-frame"),
        ("00:01:00;00", "29.97df", "does not exist"),
        ("00:01:00:01", "29.97df", "does not exist"),
        ("00:01:00;03", "59.94df", "does not exist"),
        ("\u0660\u0660:00:00:00", "25", "expected HH"),
        ("00:00:00:00\n", "25", "expected HH"),
        ("00:00:00:05", "12.5", "no timecode is defined"),
    ],
)
def test_labels_that_name_no_frame_are_refused(text, rate, message):
    with pytest.raises(InvalidValue, match=message):
        from_timecode(text, FrameRate.parse(rate))
