"""Progress of extraction: bars on a terminal, one line for each video elsewhere."""

from __future__ import annotations

import time
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any

from basnet_rt.cli import common
from basnet_rt.extractors.running import pipeline
from basnet_rt.extractors.running.job import Result
from basnet_rt.extractors.running.video_files import VideoFile

if TYPE_CHECKING:
    from rich.progress import Progress, TaskID


class ExtractionBar:
    """One bar for all videos and one for each video in progress, on standard error.

    Progress is counted in bytes of the files, because their frames are not known in advance.
    """

    def __init__(self, videos: Sequence[VideoFile]) -> None:
        self._console = common.terminal()
        self._shown = self._console.is_terminal
        self._sizes = {video.name: _size(video) for video in videos}
        self._left, self._done_bytes = sum(self._sizes.values()), 0
        self._at: dict[str, pipeline.Progress] = {}
        self._tasks: dict[str, TaskID] = {}
        self._num_videos, self._num_done, self._frames = len(videos), 0, 0
        self._started = time.monotonic()
        self._progress: Progress | None = None
        self._total: TaskID | None = None

    def __enter__(self) -> ExtractionBar:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._progress is not None:
            self._progress.stop()

    def watch(self, video: VideoFile, at: pipeline.Progress) -> None:
        """Take the progress of a video."""
        self._at[video.name] = at
        if self._shown and time.monotonic() - self._started > common.SLOW_SECONDS:
            self._draw(video.name, at)

    def done(self, result: Result) -> None:
        """A video is finished, or has failed."""
        name, size = result.video.name, self._sizes[result.video.name]
        at = self._at.pop(name, None)
        self._num_done += 1
        self._frames += 0 if at is None else at.frames
        if at is None:
            self._left -= size  # its features existed: it says nothing about speed
        else:
            self._done_bytes += size
        if self._progress is not None and name in self._tasks:
            self._progress.remove_task(self._tasks.pop(name))
        if not self._shown and result.found is not None and at is not None:
            common.note(f"{name}: {at.frames} frames, {at.frames_per_second:.0f} frames/s")

    def _start(self) -> Progress:
        from rich.progress import BarColumn, Progress, TextColumn

        progress = Progress(
            TextColumn("{task.description}"),
            BarColumn(),
            TextColumn("{task.fields[speed]}"),
            TextColumn("{task.fields[left]}"),
            console=self._console,
        )
        self._total = progress.add_task("", total=1.0, speed="", left="")
        progress.start()
        return progress

    def _draw(self, name: str, at: pipeline.Progress) -> None:
        if self._progress is None:
            self._progress = self._start()
        if name not in self._tasks:
            self._tasks[name] = self._progress.add_task(name, total=1.0, speed="", left="")
        self._progress.update(self._tasks[name], completed=_share(at), **_words(at))
        assert self._total is not None
        self._progress.update(
            self._total,
            description=f"{self._num_done}/{self._num_videos} videos",
            completed=self._share(),
            **_words(self._together()),
        )

    def _share(self) -> float:
        begun = sum(self._sizes[name] * _share(at) for name, at in self._at.items())
        return (self._done_bytes + begun) / max(1, self._left)

    def _together(self) -> pipeline.Progress:
        """The progress of all videos together."""
        frames = self._frames + sum(at.frames for at in self._at.values())
        share = self._share()
        expected = round(frames / share) if share > 0 else None
        return pipeline.Progress(frames, expected, time.monotonic() - self._started)


def _size(video: VideoFile) -> int:
    """Bytes of the file; an address or an absent file counts as one."""
    try:
        return 1 if video.is_address else max(1, Path(video.source).stat().st_size)
    except (OSError, ValueError):
        return 1


def _share(at: pipeline.Progress) -> float:
    return 0.0 if not at.expected else min(1.0, at.frames / at.expected)


def _words(at: pipeline.Progress) -> dict[str, Any]:
    left = at.seconds_left
    clock = "" if left is None else f"left {int(left) // 60}:{int(left) % 60:02d}"
    return {"speed": f"{at.frames_per_second:.0f} frames/s", "left": clock}
