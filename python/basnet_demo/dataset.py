"""The demo's videos as a data set: films, ground truth, and the tags for training."""

from __future__ import annotations

import json
import multiprocessing
import multiprocessing.connection
import signal
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from multiprocessing.synchronize import Event
from pathlib import Path
from typing import Any

from basnet_demo.drawing import Picture
from basnet_demo.film import write_film
from basnet_demo.scene import pictures
from basnet_demo.script import FPS, FilmScript
from basnet_rt._errors import Error
from basnet_rt._system.processes import children_ignore_interrupts
from basnet_rt._system.whole_file import write_whole

ANNOTATIONS, TAGS = "annotations.json", "tags.csv"


def film_path(folder: Path, script: FilmScript) -> Path:
    """The file of a film, such as videos/train/train_00.mp4."""
    return folder / "videos" / script.subset / f"{script.name}.mp4"


def write_annotations(folder: Path, scripts: Sequence[FilmScript]) -> None:
    """Write the ground truth of both subsets in ActivityNet form."""
    database = {script.name: _entry(script) for script in scripts}
    content = {"version": "basnet-rt demo, made up", "database": database}
    write_whole(folder / ANNOTATIONS, [json.dumps(content, indent=1, allow_nan=False) + "\n"])


def write_tags(folder: Path, scripts: Sequence[FilmScript]) -> None:
    """Write the tags of the training videos; tags do not say when or how often an action occurs."""
    rows = [f"{one.name},{';'.join(one.tags)}" for one in scripts if one.subset == "train"]
    write_whole(folder / TAGS, ["\n".join(["video,tags", *rows]) + "\n"])


def _entry(script: FilmScript) -> dict[str, Any]:
    segments = [
        {"label": one.label, "segment": [round(one.start, 3), round(one.end, 3)]}
        for one in script.segments
    ]
    return {"subset": script.subset, "duration": script.duration, "annotations": segments}


def write_films(
    folder: Path, scripts: Sequence[FilmScript], *, processes: int, advance: Callable[[int], None]
) -> None:
    """Draw and encode every video that does not exist yet.

    Args:
        processes: number of processes; with 1, this process draws.
        advance: called with the number of videos left, before the first video and after each.

    Raises:
        Error: a file cannot be written, or a process was ended from outside.
    """
    waiting = [one for one in scripts if not film_path(folder, one).exists()]
    advance(len(waiting))
    if processes == 1:
        for left, script in zip(range(len(waiting) - 1, -1, -1), waiting, strict=True):
            _write_one(script, film_path(folder, script))
            advance(left)
    elif waiting:
        _write_in_parallel(folder, waiting, processes, advance)


def _write_one(script: FilmScript, path: Path, stop: Event | None = None) -> None:
    write_film(path, _until(stop, pictures(script)), fps=FPS)


def _until(stop: Event | None, found: Iterator[Picture]) -> Iterator[Picture]:
    for picture in found:
        if stop is not None and stop.is_set():
            raise Error("stopped")
        yield picture


_stop: Event | None = None  # in a process that draws: the event that tells it to stop
_drawing = threading.Lock()  # held while a film is half-written


def _write_in_parallel(
    folder: Path, scripts: Sequence[FilmScript], processes: int, advance: Callable[[int], None]
) -> None:
    # Spawned, not forked: a fork does not copy the threads that libraries have started.
    context = multiprocessing.get_context("spawn")
    stop = context.Event()
    with ProcessPoolExecutor(processes, context, _begin, (stop,)) as pool:
        try:
            with children_ignore_interrupts():
                jobs = [pool.submit(_draw, one, film_path(folder, one)) for one in scripts]
            for left, job in zip(range(len(jobs) - 1, -1, -1), as_completed(jobs), strict=True):
                job.result()
                advance(left)
        except BaseException:
            stop.set()
            pool.shutdown(cancel_futures=True)
            raise


def _begin(stop: Event) -> None:
    """Set up a process that draws films."""
    global _stop
    import cv2

    cv2.setNumThreads(1)
    _stop = stop
    threading.Thread(target=_follow, args=(stop,), daemon=True).start()


def _follow(stop: Event) -> None:
    """End this process soon after its parent has ended; otherwise it would wait forever."""
    first = multiprocessing.parent_process()
    assert first is not None
    multiprocessing.connection.wait([first.sentinel])
    stop.set()
    with _drawing:  # the half-written film is removed by now
        signal.raise_signal(signal.SIGTERM)


def _draw(script: FilmScript, path: Path) -> None:
    with _drawing:
        _write_one(script, path, _stop)
