"""Features of many videos: one after the other, or several at a time in separate processes."""

from __future__ import annotations

from collections.abc import Generator, Sequence
from contextlib import closing

from basnet_rt.extractors.interface import Extractor
from basnet_rt.extractors.running.job import Recipe, Result, Watch, attempt, ignore_progress, kept
from basnet_rt.extractors.running.store import FeatureStore
from basnet_rt.extractors.running.video_files import VideoFile
from basnet_rt.extractors.running.workers import work_in_processes


def extract_many(
    videos: Sequence[VideoFile],
    recipe: Recipe,
    store: FeatureStore | None = None,
    *,
    jobs: int = 1,
    extractor: Extractor | None = None,
    watch: Watch = ignore_progress,
) -> Generator[Result, None, None]:
    """Extract features; gives the result of each video as it is done. A failure stops no other.

    Args:
        recipe: of the extractor; every process makes its own.
        store: has finished features; only this process writes new ones, so a killed process leaves
            nothing behind.
        jobs: videos at a time; above 1, each has its own process, and a video that crashes its
            process does not affect others.
        extractor: of this recipe, if it is made already; for one job.
        watch: called with the progress of each.
    """
    if jobs > 1 and len(videos) > 1:
        results = work_in_processes(videos, recipe, store, min(jobs, len(videos)), watch)
    else:
        made = recipe.make() if extractor is None else extractor
        results = (attempt(video, made, store, watch) for video in videos)
    with closing(results):
        for result in results:
            yield kept(result, store)
