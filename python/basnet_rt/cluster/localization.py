"""Detections in many videos on a cluster: the results of `localize_videos`, from many workers."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from basnet_rt._system.file_digest import file_sha256
from basnet_rt.activation_files import ActivationFolder
from basnet_rt.cluster.extraction import extracted, this_node
from basnet_rt.cluster.order import estimate, longest_first
from basnet_rt.cluster.place import fetched
from basnet_rt.cluster.pool import SetAside, WorkerPool
from basnet_rt.cluster.records import RecordPlace
from basnet_rt.cluster.session import Workers, fitting
from basnet_rt.config import PostprocessConfig
from basnet_rt.extractors.running.cache import FeatureCache
from basnet_rt.extractors.running.job import Recipe
from basnet_rt.features.source import FeatureSource, open_features
from basnet_rt.localize.from_video import given_of
from basnet_rt.localize.inputs import Failure, Features, Given, Input, Pixels
from basnet_rt.localize.localizer import Localizer
from basnet_rt.localize.many import Outcome, failure_of, localized
from basnet_rt.model.loading import load
from basnet_rt.results import Detections


@dataclass(frozen=True)
class Plan:
    """Everything that a worker needs to start.

    Attributes:
        model: the bundle's file. A node without this file, or with a different one, uses `content`.
        sha256: of the bundle.
        content: a reference of `ray.put` to the bundle's bytes.
        loading: options of `load`.
        config: of the post-processing.
        recipe: of the extractor, if there are videos to decode.
        cache: folder that keeps their features.
        activations: folder that keeps activations.
        records: the place of the results.
        modality: the part of the features that the model uses, as for `open_features`.
    """

    model: Path
    sha256: str
    content: tuple[Any]
    loading: Mapping[str, Any]
    config: PostprocessConfig
    records: RecordPlace
    recipe: Recipe | None = None
    cache: Path | None = None
    activations: Path | None = None
    modality: str = "rgb+flow"


@dataclass(frozen=True)
class FeatureAddress:
    """One video whose features are an object (s3://..., gs://...), with or without a sidecar."""

    name: str
    path: str

    def fingerprint(self) -> str:
        """A digest of the address; its content is not compared."""
        return hashlib.sha256(self.path.encode()).hexdigest()


ClusterInput = Input | FeatureAddress


@dataclass(frozen=True)
class VideoTask:
    """One video: pixels, an address of features, or their path and the model's part of them."""

    name: str
    fingerprint: str
    source: Pixels | FeatureAddress | Path
    modality: str = "rgb+flow"
    duration: float | None = None


@dataclass
class Told:
    """A worker's result for one video; `seconds` of the video, None if unknown."""

    found: Detections | Failure
    offset: float = 0.0
    seconds: float | None = None


class LocalizationWorker:
    """Has a model and an extractor; localizes in a video and writes its record itself."""

    def __init__(self, plan: Plan) -> None:
        self._plan = plan
        self._localizer = Localizer(_model(plan), plan.config)
        self._extractor: Any = None if plan.recipe is None else plan.recipe.make()
        self._cache: FeatureCache | None = None
        if plan.cache is not None and self._extractor is not None:
            self._cache = FeatureCache(plan.cache, self._extractor.spec)
        self._folder = None if plan.activations is None else ActivationFolder(plan.activations)
        self._sources: dict[tuple[Path, str], FeatureSource] = {}

    def ready(self) -> str:
        """The node of this worker."""
        return this_node()

    def work(self, task: VideoTask) -> Told:
        """Localize in one video."""
        try:
            given = self._read(task)
        except Exception as error:  # noqa: BLE001 (told with the video, as without a cluster)
            return Told(failure_of(task.name, error))
        found = localized(self._localizer, task.name, given, task.duration, self._folder)
        if isinstance(found, Failure) or isinstance(given, Failure):
            return Told(found)
        try:
            self._plan.records.add(task.name, task.fingerprint, found, given.offset)
        except Exception as error:  # noqa: BLE001 (object stores have kinds of their own)
            return Told(failure_of(task.name, error))
        return Told(found, given.offset, given.duration)

    def _read(self, task: VideoTask) -> Given | Failure:
        source, metadata = task.source, self._localizer.model.metadata
        if isinstance(source, Pixels):
            return given_of(extracted(source.video, self._extractor, self._cache))
        if isinstance(source, FeatureAddress):
            with fetched(source.path, beside=".json") as copy:
                held = open_features(copy, modality=task.modality)
                return Features(held.names[0], Path(copy), held).read(metadata)
        at = (source, task.modality)
        if at not in self._sources:  # a folder is listed once
            self._sources[at] = open_features(source, modality=task.modality)
        return Features(task.name, source, self._sources[at]).read(metadata)


def localize(
    ray: Any,
    plan: Plan,
    videos: Sequence[ClusterInput],
    *,
    durations: Mapping[str, float | None] | None = None,
    lengths: Mapping[str, float | None] | None = None,
    workers: Workers | None = None,
    told: Callable[[str, Told], None] = lambda name, one: None,
    beat: Callable[[], None] = lambda: None,
) -> Outcome:
    """Localize in videos; the results are those of `localize_videos`, bit for bit.

    The record of each finished video is in `plan.records`. Videos with a record of the same run and
    the same content are not done again.

    Args:
        ray: from `connected`.
        durations: seconds by name, for `Localizer`.
        lengths: seconds by name, if known; long videos are done first.
        workers: None uses as many as fit.
        told: called with each video as it is done.
        beat: called every now and then.

    Raises:
        Error: no worker can be made, or the records cannot be read.
    """
    prints = {video.name: video.fingerprint() for video in videos}
    there = plan.records.finished(prints)
    done = {name: one for name, one in there.items() if one[0] == prints[name]}
    if plan.activations is not None:
        folder = ActivationFolder(plan.activations)
        done = {name: one for name, one in done.items() if name in folder}
    state = _State({name: (one[1], one[2]) for name, one in done.items()})
    todo = [video for video in videos if video.name not in done]
    known = [(lengths or {}).get(video.name) for video in todo]
    weights = estimate([str(video.path) for video in todo], known)
    tasks = [_task(video, prints, durations or {}, plan.modality) for video in todo]
    pool: WorkerPool[VideoTask] = WorkerPool(
        ray, LocalizationWorker, (plan,), fitting(ray, workers or Workers())
    )
    with closing(pool.work(longest_first(tasks, weights), beat)) as answers:
        for task, answer in answers:
            one = _heard(task, answer)
            state.add(task.name, one)
            told(task.name, one)
    return state.outcome([video.name for video in videos], len(done))


@dataclass
class _State:
    done: dict[str, tuple[Detections, float]]
    failed: dict[str, Failure] = field(default_factory=dict)

    def add(self, name: str, one: Told) -> None:
        if isinstance(one.found, Failure):
            self.failed[name] = one.found
        else:
            self.done[name] = (one.found, one.offset)

    def outcome(self, order: Sequence[str], num_resumed: int) -> Outcome:
        """The outcome in the order of the request."""
        return Outcome(
            {name: self.done[name][0] for name in order if name in self.done},
            [self.failed[name] for name in order if name in self.failed],
            num_resumed,
            {name: self.done[name][1] for name in order if self.done.get(name, (0, 0.0))[1]},
        )


def _heard(task: VideoTask, answer: Any) -> Told:
    if isinstance(answer, SetAside):
        return Told(Failure(task.name, f"set aside: {answer.reason}"))
    told: Told = answer
    return told


def _task(
    video: ClusterInput,
    prints: Mapping[str, str],
    durations: Mapping[str, float | None],
    part: str,
) -> VideoTask:
    source = video.path.resolve() if isinstance(video, Features) else video
    return VideoTask(video.name, prints[video.name], source, part, durations.get(video.name))


def _model(plan: Plan) -> Any:
    """The plan's bundle: from its file if this node has the same file, else from its bytes."""
    if plan.model.is_file() and file_sha256(plan.model).hexdigest() == plan.sha256:
        return load(plan.model, **plan.loading)
    import ray

    with TemporaryDirectory(prefix="basnet_rt-") as folder:
        copy = Path(folder, plan.model.name)
        copy.write_bytes(ray.get(plan.content[0]))
        return load(copy, **plan.loading)  # the mapping stays valid after the file is deleted
