"""Live sources on loopback: breaks, silence, slowness and wrong addresses."""

from __future__ import annotations

import itertools
import os
import subprocess
import sys
import time
from datetime import datetime, timedelta, timezone
from fractions import Fraction
from pathlib import Path

import av
import pytest
from coded_video import number_of, write_coded
from live_servers import Act, free_port, serving

from basnet_rt import InvalidValue, VideoError
from basnet_rt.video import Frame, Gap, open_live
from basnet_rt.video.live.clock import LiveClock
from patience import wait_for

FPS = 25
LONG = 60.0  # of silence: who waits for its end fails, however slow the machine is
QUICK = {"first_wait": 0.05, "longest_wait": 0.1, "open_seconds": LONG, "read_seconds": 2.0}


@pytest.fixture(scope="module")
def clip(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """A second of MPEG-TS: pictures 0 .. 24."""
    folder = tmp_path_factory.mktemp("live")
    return write_coded(folder / "a.ts", FPS, g="5", bf="0").read_bytes()


def collect(source: object) -> tuple[list[Frame | Gap], str | None]:
    """Everything until the end, and the error that ended it."""
    items: list[Frame | Gap] = []
    try:
        for item in source:
            items.append(item)
    except VideoError as error:
        return items, str(error)
    return items, None


def check_indices(items: list[Frame | Gap]) -> None:
    """Consecutive, but for what gaps say; frames lie on the grid."""
    following = 0
    for item in items:
        if isinstance(item, Gap):
            assert item.instants >= 1
            assert item.index == following + item.instants
            assert item.seconds == pytest.approx(item.instants / FPS)
        else:
            assert (item.index, item.time) == (following, following / FPS)
        following = item.index + isinstance(item, Frame)


def test_a_broken_connection_is_made_again_and_the_gap_declared(clip: bytes):
    """Gone for 0.6 s: the second part's time goes by when it arrived, not by its timestamps."""
    acts = Act(clip, seconds=1.0), Act(clip, seconds=1.0, after=1.6)
    before = datetime.now(timezone.utc)
    with serving(*acts) as server, open_live(server.address, fps=FPS, give_up=0.2, **QUICK) as live:
        items, error = collect(live)
    check_indices(items)
    gaps = [item for item in items if isinstance(item, Gap)]
    assert [gap.reason for gap in gaps] == ["reconnected"]
    assert 0.4 <= gaps[0].seconds <= (datetime.now(timezone.utc) - before).total_seconds()
    numbers = [number_of(item.image) for item in items if isinstance(item, Frame)]
    assert numbers == [*range(FPS), *range(FPS)]
    assert server.num_connections == 2
    assert error is not None
    assert "no picture for" in error
    assert live.problems["reconnections"] == 1
    assert live.started is not None
    assert before <= live.started <= datetime.now(timezone.utc)


def test_a_source_that_falls_silent_is_left_and_taken_up_again(clip: bytes):
    """The last picture before the silence may be lost: in MPEG-TS only the next one ends it."""
    acts = Act(clip, silence=LONG), Act(clip, length=True)
    with serving(*acts) as server, open_live(server.address, fps=FPS, give_up=0.2, **QUICK) as live:
        items, _ = collect(live)
        assert server.sat_out == []
    check_indices(items)
    assert sum(isinstance(item, Frame) for item in items) in (2 * FPS - 1, 2 * FPS)
    assert [item.reason for item in items if isinstance(item, Gap)] == ["reconnected"]


def test_timestamps_that_jump_are_a_gap(tmp_path: Path):
    """A camera whose clock is set an hour ahead: time here goes on by the arrival."""
    times = [Fraction(k, FPS) + (3600 if k >= 10 else 0) for k in range(20)]
    path = write_coded(tmp_path / "a.ts", 20, times=times, g="5", bf="0")
    with (
        serving(Act(path.read_bytes(), length=True)) as server,
        open_live(server.address, fps=FPS, **QUICK) as live,
    ):
        begin = time.monotonic()
        items, error = collect(live)
        taken = time.monotonic() - begin
    assert error is None
    check_indices(items)
    gaps = [item for item in items if isinstance(item, Gap)]
    assert [gap.reason for gap in gaps] == ["timestamps"]
    assert gaps[0].seconds < taken + 2.0  # not the hour
    assert [number_of(one.image) for one in items if isinstance(one, Frame)] == list(range(20))


def test_a_consumer_that_is_too_slow_loses_the_oldest_and_is_told(clip: bytes):
    with (
        serving(Act(clip, silence=0.3)) as server,
        open_live(server.address, fps=FPS, give_up=0.0, queued=8, **QUICK) as live,
    ):
        items = [next(live)]
        wait_for(lambda: live.num_dropped > 0)
        items += collect(live)[0]
    check_indices(items)
    gaps = [item for item in items if isinstance(item, Gap)]
    assert {gap.reason for gap in gaps} == {"dropped"}
    assert live.num_dropped == sum(gap.instants for gap in gaps)
    frames = [item.index for item in items if isinstance(item, Frame)]
    assert frames[-1] == FPS - 1  # the oldest went
    assert len(frames) == FPS - live.num_dropped


def test_a_file_behind_an_address_loses_nothing(clip: bytes):
    """The server says how long it is, so it can wait, and its end is an end."""
    with (
        serving(Act(clip, length=True)) as server,
        open_live(server.address, fps=FPS, queued=2, **QUICK) as live,
    ):
        items = []
        for item in live:
            items.append(item)
            time.sleep(0.005)
    assert [number_of(item.image) for item in items] == list(range(FPS))
    assert live.num_dropped == 0


def test_a_stream_goes_on_where_an_earlier_run_stopped(clip: bytes):
    """Begun an hour ago, 1000 instants had: the first item says what was missed."""
    with (
        serving(Act(clip, length=True)) as server,
        open_live(server.address, fps=FPS, **QUICK) as live,
    ):
        before = datetime.now(timezone.utc)
        live.go_on(before - timedelta(hours=1), 1000)
        gap, *frames = list(live)
        taken = (datetime.now(timezone.utc) - before).total_seconds()
    assert isinstance(gap, Gap)
    assert gap.index - gap.instants == 1000
    assert 3600 <= gap.index / FPS <= 3600 + taken + 1 / FPS
    assert [frame.index - gap.index for frame in frames] == list(range(FPS))


def test_closing_does_not_wait_for_a_dead_camera(clip: bytes):
    settings = {**QUICK, "read_seconds": 2 * LONG}
    with serving(Act(clip, silence=LONG)) as server:
        with open_live(server.address, fps=FPS, **settings) as live:
            next(live)
        assert server.sat_out == []


@pytest.mark.parametrize(
    ("address", "message"),
    [
        ("http://127.0.0.1:9/a.ts", "cannot be opened: Connection refused"),
        ("rtsp://127.0.0.1:9/a", "cannot be opened: Connection refused"),
        ("/dev/video77", "no such device"),
        ("strange://127.0.0.1/a", "cannot be opened: Protocol not found"),
    ],
)
def test_wrong_addresses_fail_at_once(address: str, message: str):
    with pytest.raises(VideoError, match=message) as refused:
        open_live(address, fps=FPS, **QUICK)
    assert address in str(refused.value)


def test_a_server_that_says_nothing_is_given_up(clip: bytes):
    with serving(Act(silence=LONG)) as server:
        with pytest.raises(VideoError, match="no answer in time"):
            open_live(server.address, fps=FPS, **{**QUICK, "open_seconds": 0.4})
        assert server.sat_out == []


@pytest.mark.parametrize(
    "settings", [{"read_seconds": 0}, {"queued": 1}, {"give_up": -1}, {"max_gap": float("nan")}]
)
def test_settings_out_of_range_are_refused(settings: dict[str, float]):
    with pytest.raises(InvalidValue, match=next(iter(settings))):
        open_live("http://127.0.0.1:9/", fps=FPS, **settings)


def test_a_file_is_not_live(tmp_path: Path):
    with pytest.raises(InvalidValue, match="is a file; read_frames reads those"):
        open_live(str(tmp_path / "a.mp4"), fps=FPS)


SENDER = """
import contextlib, sys, time
import av
from coded_video import coded

def send():
    with av.open(sys.argv[1], "w", format="rtsp", options={"rtsp_transport": "tcp"}) as output:
        stream = output.add_stream("libx264", rate=25, options={"g": "5", "bf": "0"})
        stream.width, stream.height, stream.pix_fmt = 64, 48, "yuv420p"
        for number in range(40):
            output.mux(stream.encode(av.VideoFrame.from_ndarray(coded(number), "rgb24")))
            time.sleep(0.02)
        output.mux(stream.encode(None))

for attempt in range(50):  # until somebody listens
    with contextlib.suppress(ConnectionRefusedError):
        send()
        break
    time.sleep(0.1)
"""


def test_rtsp():
    """The real protocol, with roles turned: the reader listens, and the sender announces."""
    address = f"rtsp://127.0.0.1:{free_port()}/live"
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parent)}
    sender = subprocess.Popen([sys.executable, "-c", SENDER, address], env=environment)
    try:
        options = {"rtsp_flags": "listen", "listen_timeout": "10"}
        with open_live(address, fps=FPS, give_up=0.0, options=options, **QUICK) as live:
            items, _ = collect(live)
    finally:
        sender.terminate()
        sender.wait()
    check_indices(items)
    numbers = [number_of(item.image) for item in items if isinstance(item, Frame)]
    assert len(numbers) >= 30
    assert numbers == list(range(numbers[0], numbers[0] + len(numbers)))


def test_a_camera_without_a_clock_goes_by_arrival(tmp_path: Path):
    """MJPEG over HTTP in three seconds; libavformat numbers its 40 pictures to 1.6 s."""
    jpeg = {"codec": "mjpeg", "pixel_format": "yuvj420p"}
    with av.open(str(write_coded(tmp_path / "a.mjpeg", 40, **jpeg))) as container:
        pictures = [bytes(one) for one in container.demux(video=0) if one.size]
    head = b"--frame\r\nContent-Type: image/jpeg\r\nContent-Length: %d\r\n\r\n%s\r\n"
    content = b"".join(head % (len(one), one) for one in pictures)
    with (
        serving(Act(content, seconds=3.0)) as server,
        open_live(server.address, fps=FPS, **{**QUICK, "give_up": 0.1, "max_gap": 60.0}) as live,
    ):
        items, _ = collect(live)
    frames = [one for one in items if isinstance(one, Frame)]
    assert frames[-1].time > 1.8
    assert live.problems.get("missing_timestamps", 0) == 0


def test_pictures_that_come_too_late_are_told(clip: bytes, monkeypatch: pytest.MonkeyPatch):
    """Each place once, with the number of pictures."""
    judged, number = LiveClock.time_of, itertools.count()
    monkeypatch.setattr(
        LiveClock, "time_of", lambda *given: None if next(number) in (10, 11) else judged(*given)
    )
    with serving(Act(clip)) as server, open_live(server.address, fps=FPS, give_up=0, **QUICK) as it:
        collect(it)
    told = "after second 0.360, pictures whose timestamps do not rise are left out: 2"
    assert it.remarks == [told]
