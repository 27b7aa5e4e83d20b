"""The part of `localize` that reads videos."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from basnet_rt._system.addresses import shown_source
from basnet_rt.cli.common import note
from basnet_rt.cli.extract import default_jobs, oddities, recorded_recipe
from basnet_rt.cli.extraction_bar import ExtractionBar
from basnet_rt.extractors.registry import takes
from basnet_rt.extractors.running.cache import FeatureCache
from basnet_rt.extractors.running.job import Result
from basnet_rt.extractors.running.video_files import VideoFile
from basnet_rt.localize.from_video import VideoReader
from basnet_rt.localize.inputs import Input, Pixels


@dataclass(frozen=True)
class VideoOptions:
    """The options for making features of videos."""

    model: Path
    weights: list[Path] | None
    cache: Path | None
    jobs: int | None
    device: str


def make_reader(videos: Sequence[Input], options: VideoOptions) -> VideoReader | None:
    """A reader for the videos among the inputs; None if no input is a video.

    Raises:
        Error: the bundle records no extractor, or the extractor cannot be made.
    """
    if not _pixels(videos):
        return None
    recipe = recorded_recipe(options.model, options.weights)
    assert recipe.spec is not None
    if options.device != "cpu" and takes(recipe.spec, "device"):
        recipe = replace(recipe, settings={"device": options.device})
    extractor = recipe.make()
    cache = None if options.cache is None else FeatureCache(options.cache, extractor.spec)
    return VideoReader(recipe, extractor, cache, options.jobs or default_jobs())


@contextmanager
def shown(reader: VideoReader, videos: Sequence[Input]) -> Iterator[VideoReader]:
    """The reader with bars on standard error; remarks about videos are printed at the end."""
    problems: list[str] = []
    try:
        with ExtractionBar(_pixels(videos)) as bar:

            def done(result: Result) -> None:
                bar.done(result)
                problems.extend(oddities(result))

            yield replace(reader, watch=bar.watch, done=done)
    finally:
        for line in problems:
            note(line)


def media_of(videos: Sequence[Input], output: Path) -> dict[str, Any]:
    """The path of each video, for the results; files as paths relative to the results."""
    found = {
        one.name: shown_source(one.path) if one.video.is_address else _relative(one.path, output)
        for one in videos
        if isinstance(one, Pixels)
    }
    return {"media": found} if found else {}


def _relative(path: str, output: Path) -> str:
    try:
        return Path(os.path.relpath(path, output.parent)).as_posix()
    except ValueError:  # another drive
        return str(Path(path).resolve())


def _pixels(videos: Sequence[Input]) -> list[VideoFile]:
    return [one.video for one in videos if isinstance(one, Pixels)]
