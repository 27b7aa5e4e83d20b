"""Processes that extract features, one video at a time; if one dies, only its video fails."""

from __future__ import annotations

import contextlib
import multiprocessing
import signal
from collections import deque
from collections.abc import Generator, Sequence
from multiprocessing.connection import Connection, wait
from typing import Any

from basnet_rt._system.processes import children_ignore_interrupts
from basnet_rt.extractors.running.job import Recipe, Result, Watch, attempt, reason_of
from basnet_rt.extractors.running.pipeline import Progress
from basnet_rt.extractors.running.store import FeatureStore
from basnet_rt.extractors.running.video_files import VideoFile

Message = Progress | Result


def work_in_processes(
    videos: Sequence[VideoFile], recipe: Recipe, store: FeatureStore | None, jobs: int, watch: Watch
) -> Generator[Result, None, None]:
    """Results as they come; if the caller stops early, all processes are ended."""
    waiting = deque(videos)
    workers = [_Worker(recipe, store) for _ in range(jobs)]
    try:
        for worker in workers:
            worker.begin(waiting.popleft())
        while busy := {worker.pipe: worker for worker in workers if worker.video is not None}:
            for pipe in wait(list(busy)):
                worker = busy[pipe]  # type: ignore[index]  # wait returns what it was given
                message = worker.receive()
                if isinstance(message, Progress):
                    assert worker.video is not None
                    watch(worker.video, message)
                    continue
                worker.begin(waiting.popleft() if waiting else None)
                yield message
    finally:
        for worker in workers:
            worker.end()


class _Worker:
    """One process and its video; a new process replaces one that died."""

    def __init__(self, recipe: Recipe, store: FeatureStore | None) -> None:
        self._recipe, self._store = recipe, store
        self.video: VideoFile | None = None
        self._start()

    def begin(self, video: VideoFile | None) -> None:
        self.video = video
        if video is None:
            return
        if not self._process.is_alive():
            self.end()
            self._start()
        with contextlib.suppress(OSError):  # the process has died; `receive` will notice
            self.pipe.send(video)

    def receive(self) -> Message:
        """The worker's message about its video; if the worker died, a failure of the video."""
        assert self.video is not None
        try:
            message: Message = self.pipe.recv()
            return message
        except (EOFError, OSError):
            self._process.join()
            return Result(self.video, error=f"its process {_ending(self._process.exitcode)}")

    def end(self) -> None:
        self.pipe.close()
        self._process.terminate()  # it writes nothing, so nothing can be left half-written
        self._process.join()

    def _start(self) -> None:
        # Threads of this process and fork do not mix.
        context = multiprocessing.get_context("spawn")
        self.pipe, theirs = context.Pipe()
        arguments = (theirs, self._recipe, self._store)
        self._process: Any = context.Process(target=_serve, args=arguments, daemon=True)
        with children_ignore_interrupts():
            self._process.start()
        theirs.close()


def _serve(pipe: Connection, recipe: Recipe, store: FeatureStore | None) -> None:
    """The main loop of a process: receives videos, sends progress and results."""
    extractor, failure = None, None
    try:
        extractor = recipe.make()
    except Exception as error:  # noqa: BLE001 (told with every video)
        failure = reason_of(error)
    try:
        while True:
            video = pipe.recv()
            if extractor is None:
                pipe.send(Result(video, error=failure))
            else:
                pipe.send(attempt(video, extractor, store, lambda _, at: pipe.send(at)))
    except (EOFError, OSError):
        return  # the parent has ended


def _ending(code: int | None) -> str:
    if code is not None and code < 0:
        return f"was ended by {signal.Signals(-code).name}"
    return f"ended with code {code}"
