"""Several videos at a time: the same files; a video that kills its process fails alone."""

from __future__ import annotations

import json
import multiprocessing
import os
import signal
import subprocess
import sys

import av
import pytest
from means import CrashingRecipe, MeansRecipe
from small_films import make_video

from basnet_rt.extractors.running.many import extract_many
from basnet_rt.extractors.running.video_files import find_video_files
from patience import HANG, wait_for


def found(folder):
    return find_video_files([folder])[0]


def test_the_number_of_jobs_changes_no_byte(run_cli, made, tmp_path):
    """Features, and sidecars but for nothing; `--jobs` is about time alone."""
    contents = []
    for jobs in (1, 2):
        output = tmp_path / str(jobs)
        done = run_cli("extract", made.videos, "-o", output, *made.extractor, "--jobs", jobs)
        assert done.exit_code == 0, done.stderr
        contents.append({path.name: path.read_bytes() for path in output.iterdir()})
    assert len(contents[0]) == 9
    assert contents[0] == contents[1]


def test_a_process_that_dies_takes_its_video_alone(made):
    """As a fault in a decoder would; the videos after it are still done."""
    videos = [*found(made.videos)]
    make_video(made.videos.parent / "crash" / "x.mp4", 50)
    videos.insert(1, found(made.videos.parent / "crash")[0])
    results = {r.video.name: r for r in extract_many(videos, CrashingRecipe(), jobs=2)}
    assert {n: r.error for n, r in results.items() if r.error} == {
        "x": "its process ended with code 11"
    }
    assert {n for n, r in results.items() if r.found is not None} == set("abcd")
    assert multiprocessing.active_children() == []


def test_progress_comes_from_every_process_and_none_is_left(made):
    """Closing the generator early is what Ctrl-C does."""
    seen = set()
    results = extract_many(
        found(made.videos), MeansRecipe(), jobs=2, watch=lambda video, at: seen.add(video.name)
    )
    names = [next(results).video.name for _ in range(2)]
    results.close()
    assert seen >= set(names)
    assert multiprocessing.active_children() == []


@pytest.mark.usefixtures("ctrl_c")
def test_ctrl_c_in_a_terminal(made, tmp_path):
    """The signal goes to every process of the group; one line, exit code 1, nothing half-written.

    A line a finished video on standard error, where that is no terminal, says when.
    """
    for name in "xy":
        make_long_video(tmp_path / "videos" / f"{name}.mp4")
    make_video(tmp_path / "videos" / "w.mp4", 10)
    output = tmp_path / "features"
    command = ["extract", tmp_path / "videos", "-o", output, *made.extractor, "--jobs", 2]
    process = subprocess.Popen(
        [sys.executable, "-m", "basnet_rt", *map(str, command)],
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    assert process.stderr.readline().startswith("w: 10 frames, ")
    os.killpg(process.pid, signal.SIGINT)
    _, rest = process.communicate(timeout=HANG)
    assert process.returncode == 1
    assert rest == "interrupted; 1 videos are done: the same command goes on from there\n"
    assert sorted(p.name for p in output.iterdir()) == ["extractor.json", "w.json", "w.npy"]
    wait_for(lambda: ended(process.pid), "the end of the last process")


def make_long_video(path, times=100):
    """The packets of a short one again and again: nobody gets to its end before Ctrl-C comes."""
    make_video(path.with_name("short.mp4"), 500)
    with av.open(str(path), "w") as long, av.open(str(path.with_name("short.mp4"))) as short:
        stream = long.add_stream_from_template(short.streams.video[0])
        packets = [one for one in short.demux(video=0) if one.size]
        length = sum(one.duration for one in packets)
        for one in packets * times:
            one.stream = stream
            long.mux(one)
            one.stream = short.streams.video[0]
            one.pts, one.dts = one.pts + length, one.dts + length
    path.with_name("short.mp4").unlink()


def ended(group):
    """Whether every process of the group is gone."""
    try:
        os.killpg(group, 0)
    except ProcessLookupError:
        return True
    return False


def test_a_line_a_video_without_a_terminal_and_bars_on_one(run_cli, made, tmp_path, monkeypatch):
    """A log file is no place for bars; on a terminal: videos done, speed, time left."""
    from rich.console import Console

    from basnet_rt.cli import common
    from basnet_rt.extractors.running import pipeline

    monkeypatch.setattr(common, "SLOW_SECONDS", -1.0)
    monkeypatch.setattr(pipeline, "REPORT_SECONDS", 0.0)
    command = ("extract", made.videos, *made.extractor, "--jobs", 1, "--json")
    plain = run_cli(*command, "-o", tmp_path / "1")
    assert [line.split(" frames, ")[0] for line in plain.stderr.splitlines()] == [
        "a: 3", "b: 90", "c: 61", "d: 200"
    ]  # fmt: skip
    terminal = {"force_terminal": True, "width": 100}
    monkeypatch.setattr(common, "terminal", lambda: Console(stderr=True, **terminal))
    shown = run_cli(*command, "-o", tmp_path / "2")
    for part in ("/4 videos", "frames/s", "left 0:"):
        assert part in shown.stderr
    assert "d: 200 frames" not in shown.stderr
    assert json.loads(shown.stdout)["videos"] == 4  # and nothing but that
