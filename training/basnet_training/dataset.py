"""Videos with tags, as a network sees them in training and in validation."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor
from torch.utils.data import Dataset, Sampler

from basnet_rt import InvalidValue
from basnet_rt.annotations import AnnotationSet, read_annotations, read_split
from basnet_rt.features import FeatureSource, FloatArray, Rows, open_features

from . import sampling
from .config import DataConfig, SamplingConfig
from .records import check_records

GIB = 2**30


class Sample(NamedTuple):
    """One video: features (T, F) float32 and labels (C,) float32."""

    features: Tensor
    labels: Tensor


class Batch(NamedTuple):
    """Videos padded with zeros at the end to the longest of them.

    features (B, T, F) float32; labels (B, C) float32; mask (B, T) bool, true on a video's own
    snippets, or None where no video is padded.
    """

    features: Tensor
    labels: Tensor
    mask: Tensor | None

    def to(self, device: torch.device) -> Batch:
        mask = None if self.mask is None else self.mask.to(device)
        return Batch(self.features.to(device), self.labels.to(device), mask)


@dataclass(frozen=True)
class TaggedVideos:
    """Feature files and their videos.

    labels: (N, C) float32, 1 where the video at that place of `names` contains the class.
    """

    source: FeatureSource
    names: tuple[str, ...]
    classes: tuple[str, ...]
    labels: npt.NDArray[np.float32]
    simulated: bool = False

    def __len__(self) -> int:
        return len(self.names)

    @property
    def some_without_action(self) -> bool:
        return bool((self.labels.sum(axis=1) == 0).any())

    def take(self, places: Sequence[int]) -> TaggedVideos:
        names = tuple(self.names[i] for i in places)
        return replace(self, names=names, labels=self.labels[list(places)])


def open_videos(config: DataConfig) -> TaggedVideos:
    """The videos that `config` names, with their tags.

    Raises:
        ValueError: nothing to train on, features absent, or a tag that is no class.
    """
    if config.features is None or config.annotations is None:
        raise InvalidValue("data.features and data.annotations must be given")
    annotations = read_annotations(config.annotations)
    if config.subset is not None:
        annotations = annotations.subset(config.subset)
    if config.split is not None:
        annotations = annotations.select(read_split(config.split))
    source = open_features(
        config.features, feature_dim=config.feature_dim, modality=config.modality
    )
    videos = tag(source, annotations, config.classes)
    check_records(config, source, videos.names)
    return videos


def tag(
    source: FeatureSource, annotations: AnnotationSet, classes: tuple[str, ...] | None = None
) -> TaggedVideos:
    """Match features with annotations; every annotated video must have features."""
    absent = sorted(set(annotations.videos) - set(source.names))
    if absent:
        raise InvalidValue(f"{len(absent)} annotated videos have no features, such as {absent[:3]}")
    classes = classes or annotations.classes
    place = {name: index for index, name in enumerate(classes)}
    labels = np.zeros((len(annotations.videos), len(classes)), dtype=np.float32)
    for row, video in enumerate(annotations.videos.values()):
        unknown = sorted(set(video.tags) - set(place))
        if unknown:
            raise InvalidValue(f"video {video.name!r}: {unknown[0]!r} is none of the classes")
        labels[row, [place[name] for name in video.tags]] = 1
    if not labels.any():
        raise InvalidValue("no video contains any action: there is nothing to learn")
    names = tuple(annotations.videos)
    return TaggedVideos(source, names, classes, labels, annotations.simulated)


class VideoDataset(Dataset[Sample]):
    """Videos by place, whole: uniformly resampled, or at native rate."""

    def __init__(
        self, videos: TaggedVideos, settings: SamplingConfig, cache_gib: float = 0.0
    ) -> None:
        self.videos, self.settings = videos, settings
        self._room = cache_gib * GIB
        self._cache: dict[str, FloatArray] = {}

    def __len__(self) -> int:
        return len(self.videos)

    def __getitem__(self, place: int) -> Sample:
        if place >= len(self):  # the sequence protocol ends a loop this way
            raise IndexError(place)
        rows: Rows = None
        if self.settings.num_segments is not None:
            rows = sampling.uniform(self._length(place), self.settings.num_segments)
        return self._sample(place, rows)

    def _length(self, place: int) -> int:
        name = self.videos.names[place]
        kept = self._cache.get(name)
        return self.videos.source.shape(name)[0] if kept is None else len(kept)

    def _sample(self, place: int, rows: Rows) -> Sample:
        name = self.videos.names[place]
        if name not in self._cache and self._room > 0:
            whole = self.videos.source.read(name)
            self._cache[name] = whole
            self._room -= whole.nbytes
        kept = self._cache.get(name)
        if kept is None:
            values = self.videos.source.read(name, rows)
        else:
            values = kept if rows is None else kept[rows]
        return Sample(torch.from_numpy(values), torch.from_numpy(self.videos.labels[place]))


class TrainingStream(VideoDataset):
    """An endless sequence of training samples, by position.

    Position p is video `order(p // N)[p % N]`, N videos, in a new order every epoch. What is drawn
    depends on (seed, epoch, video) alone: the same in any process, and after a resume.
    """

    def __init__(
        self, videos: TaggedVideos, settings: SamplingConfig, seed: int, cache_gib: float = 0.0
    ) -> None:
        super().__init__(videos, settings, cache_gib)
        self.seed = seed
        self._order: tuple[int, list[int]] = (-1, [])

    def __getitem__(self, position: int) -> Sample:
        epoch, index = divmod(position, len(self))
        place = self.order(epoch)[index]
        rng = sampling.generator(self.seed, 1, epoch, place)
        return self._sample(place, self._rows(self._length(place), rng))

    def order(self, epoch: int) -> list[int]:
        """A permutation of the videos' places."""
        if self._order[0] != epoch:
            drawn = sampling.generator(self.seed, 0, epoch).permutation(len(self))
            self._order = (epoch, drawn.tolist())
        return self._order[1]

    def _rows(self, length: int, rng: np.random.Generator) -> Rows:
        settings = self.settings
        if settings.num_segments is None:
            return (
                None
                if settings.crop_snippets is None
                else sampling.crop(length, settings.crop_snippets, rng)
            )
        if settings.train == "random":
            return sampling.random_perturbed(length, settings.num_segments, rng)
        return sampling.uniform(length, settings.num_segments)


class PositionSampler(Sampler[list[int]]):
    """Positions of each iteration's batch: iteration i takes [i * B, (i + 1) * B).

    Rank r of W takes every W-th of them, so that all ranks together see what one would alone.
    """

    def __init__(self, start: int, stop: int, batch_size: int, rank: int = 0, world: int = 1):
        if batch_size % world:
            raise InvalidValue(f"batch_size {batch_size} must be a multiple of {world} processes")
        self.start, self.stop, self.batch_size = start, stop, batch_size
        self.rank, self.world = rank, world

    def __len__(self) -> int:
        return self.stop - self.start

    def __iter__(self) -> Iterator[list[int]]:
        for iteration in range(self.start, self.stop):
            first = iteration * self.batch_size
            yield list(range(first + self.rank, first + self.batch_size, self.world))


def collate(samples: Sequence[Sample]) -> Batch:
    """Pad to the longest and stack."""
    lengths = torch.tensor([len(sample.features) for sample in samples])
    longest = int(lengths.max())
    features = torch.nn.utils.rnn.pad_sequence([s.features for s in samples], batch_first=True)
    labels = torch.stack([sample.labels for sample in samples])
    mask = torch.arange(longest) < lengths.unsqueeze(1)
    return Batch(features, labels, None if bool(mask.all()) else mask)
