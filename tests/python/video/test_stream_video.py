"""`basnet-rt stream` on video files: equal to offline, paced, resumed, refused."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from live_servers import Act, serving
from video_stream_cases import EVENTS, Said

from basnet_rt.cli.stream import sources as stream_sources
from basnet_rt.cli.stream.video import VideoFileSource

Run = Callable[..., Said]


def segments(events: list[dict[str, Any]]) -> list[list[float]]:
    return sorted(event["segment"] for event in events if event["event"] == "final")


def test_finals_are_what_localize_finds(stream: Run, video: Path, bundle: Path):
    from basnet_rt import Localizer, load
    from basnet_rt.localize.from_video import localize_video

    offline = localize_video(video, Localizer(load(bundle)))
    want = sorted([one.start, one.end] for one in offline)
    assert len(want) == len(EVENTS)
    for chunk in (1, 7, 1000):
        said = stream(video, "--chunk", chunk)
        assert said.exit_code == 0
        assert segments(said.events) == want  # bit for bit
        assert said.of("end")[0]["video"] == "lit"


def test_several_videos_are_streams_of_their_own(stream: Run, video: Path):
    said = stream(video, video)
    first, second = (segments(part) for part in _parts(said.events))
    assert first == second
    assert [end["video"] for end in said.of("end")] == ["lit", "lit"]


def _parts(events: list[dict[str, Any]]) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    cut = next(k for k, one in enumerate(events) if one["event"] == "end")
    return events[:cut], events[cut + 1 :]


def test_realtime_gives_snippets_when_they_end(
    stream: Run, video: Path, monkeypatch: pytest.MonkeyPatch
):
    """On a clock that sleeping alone moves: six seconds of video take six seconds of it."""

    class Clock:
        now, naps = 100.0, 0

        def monotonic(self) -> float:
            return self.now

        def sleep(self, seconds: float) -> None:
            self.now += seconds
            self.naps += seconds > 0

    clock = Clock()
    monkeypatch.setattr(stream_sources, "time", clock)
    said = stream(video, "--realtime")
    assert segments(said.events) == segments(stream(video).events)
    assert clock.now == pytest.approx(100 + 148 / 25)  # 37 whole snippets of four frames
    assert clock.naps == 37


@pytest.mark.parametrize("stop_after", [1, 17, 36])
def test_a_run_that_was_stopped_goes_on_at_the_next_snippet(
    stream: Run, video: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, stop_after: int
):
    whole = stream(video)
    output, state = tmp_path / "events.jsonl", tmp_path / "state.json"
    keeping = ("--output", output, "--save-state", state)
    with monkeypatch.context() as patched:
        patched.setattr(VideoFileSource, "read", _interrupted(VideoFileSource.read, stop_after))
        stopped = stream(video, *keeping)
    assert stopped.exit_code == 0
    assert "--resume goes on from here" in stopped.stderr
    assert json.loads(state.read_text())["snippet"] == stop_after
    assert stream(video, *keeping, "--resume").exit_code == 0
    events = [json.loads(line) for line in output.read_text().splitlines()]
    assert segments(events) == segments(whole.events)
    numbered = [one["sequence"] for one in events if one["event"] == "final"]
    assert numbered == list(range(len(EVENTS)))


def _interrupted(read: Callable[..., Any], after: int) -> Callable[..., Any]:
    counts = {"reads": 0}

    def stopping(self: VideoFileSource, count: int) -> Any:
        if counts["reads"] == after:
            raise KeyboardInterrupt
        counts["reads"] += 1
        return read(self, count)

    return stopping


def test_a_broken_file_fails_by_name(stream: Run, tmp_path: Path):
    broken = tmp_path / "a.mp4"
    broken.write_bytes(np.random.default_rng(0).bytes(10_000))
    said = stream(broken)
    assert said.exit_code == 1
    assert f"error: {broken}: not a video that can be read" in said.stderr
    assert not said.of("end")


def test_a_bundle_without_an_extractor_wants_features(stream: Run, video: Path, tmp_path: Path):
    import brightness

    model = brightness.write_bundle(
        tmp_path / "model.pt", brightness.Brightness().spec, recorded=False
    )
    said = stream(video, model=model)
    assert said.exit_code == 1
    assert "records no extractor" in said.stderr


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["rtsp://127.0.0.1:9/a", "--realtime"], "gives its pictures in time anyway"),
        (["a.mp4", "--follow"], "give one file of features"),
        (["nowhere.mp4"], "no such file"),
    ],
)
def test_wrong_usage(stream: Run, arguments: list[str], message: str):
    said = stream(*arguments)
    assert said.exit_code == 2
    assert message in " ".join(said.stderr.replace("│", " ").split())


def test_a_file_behind_an_address_gives_what_the_file_gives(stream: Run, video: Path):
    """To the end of its last picture."""
    with serving(Act(video.read_bytes(), length=True)) as server:
        said = stream(server.address)
    assert said.exit_code == 0
    assert segments(said.events) == segments(stream(video).events)
    assert said.of("end")[0]["snippets"] == stream(video).of("end")[0]["snippets"]


def test_the_end_of_a_stream_has_where_the_pictures_begin(stream: Run, video: Path, shared: Path):
    late = stream(shared / "faults" / "video" / "video_late5s.mp4").of("end")[0]
    assert late["offset"] == 5.0
    assert "offset" not in stream(video).of("end")[0]
