"""How it goes, said without a terminal: a line now and then with loss, rate and time left."""

from __future__ import annotations

import pytest

from basnet_training import progress
from basnet_training.progress import Lines, Pace, progress_bar


@pytest.fixture
def clock():
    class Clock:
        now = 100.0

        def __call__(self):
            return self.now

    return Clock()


def test_lines_come_every_few_seconds_with_rate_and_time_left(clock):
    lines = []
    bar = Lines("train", Pace(40, before=10, clock=clock), lines.append)
    for _ in range(30):
        clock.now += 1.0
        bar.advance("loss 0.5")
    assert lines[0] == "train: 12 of 40, loss 0.5, 1/s, 0:28 left"
    assert lines[-1] == "train: 40 of 40, loss 0.5, 1/s"
    assert 7 <= len(lines) <= 9


def test_a_quick_piece_of_work_says_its_end_alone(clock):
    lines = []
    bar = Lines("calibrate", Pace(5, clock=clock), lines.append)
    for _ in range(5):
        clock.now += 0.01
        bar.advance()
    assert lines == ["calibrate: 5 of 5, 100/s"]


def test_training_without_a_terminal_is_not_silent(capsys, monkeypatch):
    monkeypatch.setattr(progress, "EVERY", 0.0)
    with progress_bar("train", 3) as bar:
        for _ in range(3):
            bar.advance("loss 1.0")
    text = capsys.readouterr().err
    assert "train: 3 of 3, loss 1.0" in text
    with progress_bar("train", 3, shown=False) as bar:
        bar.advance()
    assert capsys.readouterr().err == ""
