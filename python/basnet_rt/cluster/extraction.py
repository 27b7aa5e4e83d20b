"""Features of many videos on a cluster: the results of `extract_many`, from many workers."""

from __future__ import annotations

from collections.abc import Callable, Generator, Sequence
from contextlib import closing
from dataclasses import replace
from typing import Any

from basnet_rt.cluster.feature_place import FeaturePlace, is_finished_address
from basnet_rt.cluster.order import estimate, longest_first
from basnet_rt.cluster.place import Place, fetched
from basnet_rt.cluster.pool import SetAside, WorkerPool
from basnet_rt.cluster.session import Workers, fitting
from basnet_rt.extractors.running.folder import FeatureFolder
from basnet_rt.extractors.running.job import (
    Recipe,
    Result,
    attempt,
    ignore_progress,
    kept,
    reason_of,
)
from basnet_rt.extractors.running.store import FeatureStore
from basnet_rt.extractors.running.video_files import VideoFile

Store = FeatureFolder | FeaturePlace


def feature_store(address: str, spec: Any) -> Store:
    """The place for features: a folder that every node can access, or an address for fsspec."""
    return FeatureFolder(address, spec) if Place(address).is_folder else FeaturePlace(address, spec)


class ExtractionWorker:
    """Has an extractor; makes the features of a video and writes them itself."""

    def __init__(self, recipe: Recipe, store: Store) -> None:
        self._recipe, self._store = recipe, store
        self._place = store.place if isinstance(store, FeaturePlace) else Place(store.path)
        self._extractor: Any = None

    def ready(self) -> str:
        """The node of this worker."""
        return this_node()

    def work(self, video: VideoFile) -> Result:
        """The result of one video, without the values of its features, which are in the store."""
        try:
            if self._extractor is None:
                self._extractor = self._recipe.make()
            if is_finished_address(self._place, video, self._store.spec):
                return Result(video, finished_before=True)
        except Exception as error:  # noqa: BLE001 (told with the video, as without a cluster)
            return Result(video, error=reason_of(error))
        return _without_values(extracted(video, self._extractor, self._store))


def extracted(video: VideoFile, extractor: Any, store: FeatureStore | None) -> Result:
    """One video's features, from a file or a fetched address, and kept in `store`."""
    try:
        with fetched(video.source) as source:
            local = video if str(source) == video.source else replace(video, source=str(source))
            found = replace(attempt(local, extractor, store, ignore_progress), video=video)
    except Exception as error:  # noqa: BLE001 (object stores have kinds of their own)
        return Result(video, error=reason_of(error))
    return kept(found, store)


def extract(
    ray: Any,
    videos: Sequence[VideoFile],
    recipe: Recipe,
    store: Store,
    *,
    durations: Sequence[float | None] | None = None,
    workers: Workers | None = None,
    beat: Callable[[], None] = lambda: None,
) -> Generator[Result, None, None]:
    """Make features of videos; gives each result as it is done. A failure does not stop others.

    The files equal those of `extract_many` byte for byte, even if workers die. Videos with existing
    features are not done again.

    Args:
        ray: from `connected`.
        recipe: of the extractor; every worker makes its own, so its files must be on every node.
        store: from `feature_store`, after `begin`.
        durations: of the videos in seconds, if known; long ones are done first.
        workers: None uses as many as fit.
        beat: called every now and then.

    Raises:
        Error: no worker can be made.
    """
    wanted = fitting(ray, workers or Workers())
    weights = estimate([v.source for v in videos], durations or [None] * len(videos))
    pool: WorkerPool[VideoFile] = WorkerPool(ray, ExtractionWorker, (recipe, store), wanted)
    with closing(pool.work(longest_first(videos, weights), beat)) as answers:
        for video, answer in answers:
            failed = isinstance(answer, SetAside)
            yield Result(video, error=f"set aside: {answer.reason}") if failed else answer


def this_node() -> str:
    """Ray's name of the node of the calling worker."""
    import ray

    node: str = ray.get_runtime_context().get_node_id()
    return node


def _without_values(result: Result) -> Result:
    """The result without the values of features; a summary needs only the number of rows."""
    if result.found is None:
        return result
    rows = result.found.features[:, :0].copy()
    return replace(result, found=replace(result.found, features=rows))
