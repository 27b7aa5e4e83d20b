"""Features of the tagged videos; features from an earlier call are kept."""

from __future__ import annotations

import os
from collections.abc import Sequence
from contextlib import ExitStack, closing
from dataclasses import dataclass, field
from pathlib import Path

from basnet_rt import Error, InvalidValue
from basnet_rt.cli.common import note
from basnet_rt.cli.extraction_bar import ExtractionBar
from basnet_rt.cluster import connected, extract
from basnet_rt.extractors.registry import default_name
from basnet_rt.extractors.running.folder import FeatureFolder
from basnet_rt.extractors.running.job import Recipe
from basnet_rt.extractors.running.judging import holds_videos
from basnet_rt.extractors.running.many import extract_many
from basnet_rt.extractors.running.video_files import VideoFile, find_video_files
from basnet_rt.tags.matching import match_names
from basnet_training.reading.opening import absent_message


@dataclass
class Made:
    """The outcome for the videos: `failed` has the reason by name."""

    folder: Path
    done: int = 0
    before: int = 0
    unused: int = 0
    failed: dict[str, str] = field(default_factory=dict)


def are_videos(path: Path) -> bool:
    """Whether an input must be decoded: a video, a list of videos, or a folder of videos."""
    return bool(holds_videos(path))


def extract_tagged(
    source: Path,
    tagged: Sequence[str],
    folder: Path,
    *,
    extractor: str | None,
    jobs: int | None,
    ray: str | None = None,
    missing: str,
    listing: Path,
) -> Made:
    """Make the features of the videos in `source` that `tagged` names.

    Args:
        ray: address of a cluster, as for `connected`; None: on this machine, `jobs` at a time.
        missing: "error" or "skip", for absent tagged videos.
        listing: folder for the list of names that do not match.

    Raises:
        ValueError: videos are missing, no video is tagged, or the extractor is unknown.
        Error: every video failed; names the first reason.
    """
    videos, lost = find_video_files([source])
    match = match_names(tagged, [video.name for video in videos])
    if match.absent and (missing == "error" or not match.found):
        raise InvalidValue(absent_message(match, listing, what="videos"))
    wanted = set(match.found.values())
    chosen = [video for video in videos if video.name in wanted]
    made = Made(folder, unused=len(videos) - len(chosen))
    made.failed = {name: str(error) for name, error in lost}
    _work(chosen, Recipe(extractor or default_name(), {}), made, jobs or _jobs(), ray)
    if made.failed and not made.done:
        name, reason = next(iter(made.failed.items()))
        raise Error(f"no video could be read; {name}: {reason}")
    return made


def _work(
    videos: Sequence[VideoFile], recipe: Recipe, made: Made, jobs: int, ray: str | None
) -> None:
    extractor = recipe.make()
    shelf = FeatureFolder(made.folder, extractor.spec)
    shelf.begin(list(videos))
    for line in shelf.notes:
        note(line)
    with ExitStack() as stack:
        bar = stack.enter_context(ExtractionBar(videos))
        if ray is None:
            results = extract_many(
                videos, recipe, shelf, jobs=jobs, extractor=extractor, watch=bar.watch
            )
        else:
            results = extract(stack.enter_context(connected(ray)), videos, recipe, shelf)
        with closing(results):
            for result in results:
                bar.done(result)
                if result.error is not None:
                    made.failed[result.video.name] = result.error
                    continue
                made.done += 1
                made.before += result.finished_before


def _jobs() -> int:
    """Half the usable cores, as in `basnet-rt extract`."""
    usable = os.sched_getaffinity(0) if hasattr(os, "sched_getaffinity") else None
    cores = (os.cpu_count() or 1) if usable is None else len(usable)
    return max(1, cores // 2)
