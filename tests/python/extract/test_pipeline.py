"""One video through three threads: the numbers of a plain loop, whatever happens on the way."""

from __future__ import annotations

import os
import signal
import sys
import threading
import time

import cv2
import numpy as np
import pytest
import torch
from means import Means
from small_films import SPEC

from basnet_rt import InvalidValue, VideoError
from basnet_rt.extractors.running import pipeline
from basnet_rt.extractors.running.channel import Channel, Stopped
from basnet_rt.extractors.running.one_thread import one_thread
from basnet_rt.extractors.running.pipeline import extract_features
from basnet_rt.video import read_frames
from patience import HANG

pytestmark = pytest.mark.usefixtures("no_thread_left")


def plain_loop(video):
    session, rows = Means().start(), []
    with read_frames(video, fps=SPEC.fps, frames=SPEC.frames) as reader:
        rows += [session.push(session.prepare(frame)) for frame in reader]
    return np.concatenate([*rows, session.finish()])


@pytest.mark.parametrize("queued", [1, 2, 16])
@pytest.mark.parametrize("name", ["a", "b", "d"])
def test_the_numbers_are_those_of_a_plain_loop(made, name, queued):
    """Catches a frame lost, doubled or out of turn between two threads; `a` is one short row."""
    found = extract_features(made.videos / f"{name}.mp4", Means(), queued=queued)
    np.testing.assert_array_equal(found.features, plain_loop(made.videos / f"{name}.mp4"))
    assert found.features.dtype == np.float32
    assert found.num_frames == {"a": 3, "b": 90, "d": 200}[name]
    assert found.spec == SPEC


def test_the_duration_is_the_video_s_and_reaches_the_last_centre(made):
    """A stream cannot end before the centre of its last snippet, so a whole video does not."""
    long, short = (extract_features(made.videos / f"{n}.mp4", Means()) for n in "ba")
    assert long.duration == pytest.approx(90 / 25, abs=1e-9)
    assert short.duration == 0.5 * SPEC.snippet_seconds > 3 / 25
    assert short.duration == pipeline.last_instant(0.1, 1, SPEC)


@pytest.mark.parametrize("error", [RuntimeError("broken"), KeyboardInterrupt(), MemoryError()])
@pytest.mark.parametrize("call", ["prepare", "push", "finish"])
def test_an_error_reaches_the_caller(made, call, error):
    """From any thread, itself; the other threads end (see `no_thread_left`)."""
    with pytest.raises(type(error)) as caught:
        extract_features(made.videos / "d.mp4", Means(call, error), queued=2)
    assert caught.value is error


def test_an_error_of_decoding_reaches_the_caller(made, tmp_path):
    with pytest.raises(VideoError, match="no such file"):
        extract_features(tmp_path / "absent.mp4", Means())
    (tmp_path / "noise.mp4").write_bytes(os.urandom(5000))
    with pytest.raises(VideoError):
        extract_features(tmp_path / "noise.mp4", Means())


class Waiting(Means):
    """Pushes nothing until it is interrupted, with both queues full."""

    slept = False

    def push_until_interrupted(self, call, index):
        if call == "push" and index == 3:
            os.kill(os.getpid(), signal.SIGINT)
            time.sleep(HANG)
            self.slept = True


@pytest.mark.usefixtures("ctrl_c")
def test_ctrl_c_while_all_threads_wait(made):
    """The signal, not an exception made by hand: it strikes the thread that waits for it."""
    extractor = Waiting()
    extractor.watch = extractor.push_until_interrupted
    with pytest.raises(KeyboardInterrupt):
        extract_features(made.videos / "d.mp4", extractor, queued=1)
    assert not extractor.slept


@pytest.mark.usefixtures("ctrl_c")
def test_ctrl_c_while_the_caller_waits_for_a_frame(made):
    """Waiting for a queue must be interruptible, and must not leave it locked."""

    def slow(call, index):
        if call == "prepare" and index == 20:
            os.kill(os.getpid(), signal.SIGINT)
            time.sleep(0.3)

    with pytest.raises(KeyboardInterrupt):
        extract_features(made.videos / "d.mp4", Means(watch=slow))


def test_queues_are_bounded(made):
    """A slow network must not let a long video pile up in memory."""
    ahead, prepared = [], [0]

    def watch(call, index):
        if call == "prepare":
            prepared[0] = index
        elif call == "push":
            time.sleep(0.002)
            ahead.append(prepared[0] - index)

    extract_features(made.videos / "d.mp4", Means(watch=watch), queued=4)
    assert 1 <= max(ahead) <= 6


@pytest.mark.parametrize(
    ("rows", "part"),
    [
        (lambda rows: rows.astype(np.float64), "float64"),
        (lambda rows: rows[:, :2], r"shape \(1, 2\)"),
        (lambda rows: rows[0], r"shape \(4,\)"),
        (lambda rows: rows * np.float32(np.nan), "nan at snippet 0, channel 0"),
        (lambda rows: np.repeat(rows, 2, axis=0), "22 rows of 90 frames"),
    ],
)
def test_an_extractor_that_breaks_its_promise_is_named(made, rows, part):
    with pytest.raises(InvalidValue, match=f"means.*{part}"):
        extract_features(made.videos / "b.mp4", Means(rows=rows))


def test_one_core_in_each_thread_and_back(made):
    """DIS flow depends on OpenCV's threads; the caller's own settings must come back."""
    seen, before = set(), (cv2.getNumThreads(), torch.get_num_threads())
    try:
        cv2.setNumThreads(3)
        torch.set_num_threads(2)
        extract_features(
            made.videos / "b.mp4",
            Means(watch=lambda *_: seen.add((cv2.getNumThreads(), torch.get_num_threads()))),
        )
        assert seen == {(1, 1)}
        assert (cv2.getNumThreads(), torch.get_num_threads()) == (3, 2)
    finally:
        cv2.setNumThreads(before[0])
        torch.set_num_threads(before[1])


def test_one_extraction_that_ends_leaves_another_alone():
    """OpenCV has one setting for all threads: the last to leave puts it back."""
    before = cv2.getNumThreads()
    try:
        cv2.setNumThreads(3)
        first, second = one_thread(), one_thread()
        first.__enter__()
        second.__enter__()
        first.__exit__(None, None, None)
        assert cv2.getNumThreads() == 1
        second.__exit__(None, None, None)
        assert cv2.getNumThreads() == 3
    finally:
        cv2.setNumThreads(before)


def test_progress(made, monkeypatch):
    """Rising, against what the file promises, with a speed and the time left; the end is said."""
    monkeypatch.setattr(pipeline, "REPORT_SECONDS", 0.0)
    seen, threads = [], set()

    def progress(at):
        seen.append(at)
        threads.add(threading.current_thread())

    extract_features(made.videos / "b.mp4", Means(), progress=progress)
    assert [at.frames for at in seen] == [*range(1, 91), 90]
    assert {at.expected for at in seen} == {90}
    assert seen[10].frames_per_second > 0
    assert seen[10].seconds_left > 0 == seen[-1].seconds_left
    assert threads == {threading.current_thread()}


def test_a_channel_stops_its_writer():
    """A writer that waits for a slot is told; so is one that comes later."""
    channel, said = Channel(1), []

    def write():
        try:
            channel.put(1)
            channel.put(2)
        except Stopped:
            said.append("stopped")

    thread = threading.Thread(target=write)
    thread.start()
    time.sleep(0.05)
    channel.stop()
    thread.join(5)
    assert said == ["stopped"]
    with pytest.raises(Stopped):
        channel.put(3)


def test_modules_that_are_not_there_stay_away():
    """`one_thread` must not import what the extractor does not need."""
    import subprocess

    code = (
        "import sys; from basnet_rt.extractors.running.one_thread import one_thread\n"
        "with one_thread(): pass\n"
        "print({'cv2', 'torch'} & set(sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "set()"
