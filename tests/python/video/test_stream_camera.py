"""`basnet-rt stream` on live sources: gaps, the calendar, resuming, the end."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from datetime import datetime, timedelta, timezone
from pathlib import Path

import numpy as np
import pytest
from live_servers import Act, serving
from video_stream_cases import EVENTS, Said

from basnet_rt.cli.stream import video as stream_video
from patience import HANG, wait_for

Run = Callable[..., Said]
FPS = 25


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Connects again at once; a test has no half seconds to spare."""
    open_live = stream_video.open_live

    def quickly(*arguments: object, **settings: object) -> object:
        return open_live(*arguments, first_wait=0.05, read_seconds=1.0, queued=1000, **settings)

    monkeypatch.setattr(stream_video, "open_live", quickly)


def test_a_break_is_a_gap_and_segments_keep_their_times(stream: Run, video: Path):
    """The same six seconds twice, all at once each; the camera is away for half a second."""
    content = video.read_bytes()
    acts = Act(content), Act(content, after=0.5)
    with serving(*acts) as server:
        said = stream(server.address, "--give-up", 0.2)
    assert said.exit_code == 1
    assert "no picture for" in said.stderr
    (gap,) = said.of("gap")
    assert gap["reason"] == "reconnected"
    assert gap["start"] == pytest.approx(148 / FPS)  # 37 whole snippets
    assert (gap["end"] * FPS) % 4 == pytest.approx(0, abs=1e-6)
    found = np.array(sorted(one["segment"] for one in said.of("final")))
    first = np.array(EVENTS) / FPS
    # The second part begins at an instant within the snippets that the gap took.
    offset = found[2, 0] - found[0, 0]
    assert gap["end"] - 4 / FPS <= offset <= gap["end"]
    np.testing.assert_allclose(found, np.concatenate([first, first + offset]), atol=2 / FPS)
    (end,) = said.of("end")
    assert end["snippets"] >= 2 * 37 - 1
    assert end["problems"]["reconnections"] == 1


def test_second_0_by_the_calendar_is_said(stream: Run, video: Path):
    before = datetime.now(timezone.utc)
    with serving(Act(video.read_bytes(), length=True)) as server:
        said = stream(server.address)
    assert said.exit_code == 0
    (connected,) = said.of("connected")
    assert before <= datetime.fromisoformat(connected["started"]) <= datetime.now(timezone.utc)
    assert said.events.index(connected) == 1  # after "start", before all that happens
    assert not said.of("gap")


def test_a_resumed_camera_keeps_second_0(stream: Run, video: Path, tmp_path: Path):
    """Stopped when the camera was gone; an hour later (as the state is told) it goes on."""
    output, state = tmp_path / "events.jsonl", tmp_path / "state.json"
    keeping = ("--output", output, "--save-state", state, "--give-up", 0)
    with serving(Act(video.read_bytes())) as server:
        assert stream(server.address, *keeping).exit_code == 1
    saved = json.loads(state.read_text())
    assert saved["snippet"] == 37
    started = datetime.fromisoformat(saved["started"]) - timedelta(hours=1)
    state.write_text(json.dumps({**saved, "started": started.isoformat()}))
    with serving(Act(video.read_bytes(), length=True)) as server:
        assert stream(server.address, *keeping, "--resume").exit_code == 0
    events = [json.loads(line) for line in output.read_text().splitlines()]
    (gap,) = (one for one in events if one["event"] == "gap")
    assert gap["start"] == pytest.approx(148 / FPS)
    assert 3600 <= gap["end"] <= 3610
    late = [one["segment"] for one in events if one["event"] == "final"][len(EVENTS) :]
    lengths = [(end - first) / FPS for first, end in EVENTS]
    assert [end - start for start, end in late] == pytest.approx(lengths, abs=2 / FPS)
    assert all(gap["end"] <= start <= gap["end"] + 6 for start, _ in late)
    assert [one["event"] for one in events].count("connected") == 1


def test_an_absent_camera_fails_at_once(stream: Run):
    said = stream("/dev/video77")
    assert said.exit_code == 1
    assert "error: /dev/video77: no such device" in said.stderr


def test_the_number_of_a_video_stream_is_honoured(stream: Run, video: Path):
    with serving(Act(video.read_bytes(), length=True)) as server:
        said = stream(server.address, "--stream-index", 9)
    assert said.exit_code == 1
    assert "stream 9 is not a video stream; those are: 0" in said.stderr


# The bundle's network is code of the tests' own, which `load` would refuse.
PROGRAM = """
import sys
from basnet_rt import _core
from basnet_rt.extractors import registry
_core.check_bundle_code = lambda path: None
registry._CLASSES = {**registry._CLASSES, "brightness": ("brightness", "Brightness")}
from basnet_rt.cli import main
sys.argv = ["basnet-rt", *sys.argv[1:]]
main()
"""


def test_sigterm_ends_a_camera_cleanly(video: Path, bundle: Path, tmp_path: Path):
    """While it waits for a camera that has fallen silent: finals and end are written, code 0."""
    output = tmp_path / "events.jsonl"
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parent), "OMP_NUM_THREADS": "1"}
    with serving(Act(video.read_bytes(), silence=60)) as server:
        words = ["stream", server.address, "--model", bundle, "--output", output]
        process = subprocess.Popen([sys.executable, "-c", PROGRAM, *words], env=environment)
        with contextlib.ExitStack() as stack:
            stack.callback(process.kill)
            wait_for(lambda: process.poll() or _finals(output) >= len(EVENTS) - 1, "a final")
            assert process.poll() is None
            process.send_signal(signal.SIGTERM)
            assert process.wait(HANG) == 0
            assert server.sat_out == []
    events = [json.loads(line)["event"] for line in output.read_text().splitlines()]
    assert events[-1] == "end"


def _finals(output: Path) -> int:
    return output.read_text().count('"final"') if output.exists() else 0
