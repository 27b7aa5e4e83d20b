"""Videos with tags, as input of a network in training and validation."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple, Protocol

import numpy as np
import torch
from torch import Tensor
from torch.utils.data import Dataset, Sampler

from basnet_rt import InvalidValue
from basnet_rt.features import FloatArray, Rows

from . import sampling
from .config import SamplingConfig
from .reading import TaggedVideos, open_videos

__all__ = [
    "Batch",
    "PositionSampler",
    "Sample",
    "SnippetTargets",
    "TaggedVideos",
    "TrainingStream",
    "VideoDataset",
    "collate",
    "open_videos",
]

GIB = 2**30


class Sample(NamedTuple):
    """One video: features (T, F) float32, labels (C,) float32, and targets of its snippets.

    targets: (T, C) float32 by the name of their term in the loss; NaN where one is unknown.
    """

    features: Tensor
    labels: Tensor
    targets: Mapping[str, Tensor] = {}


class Batch(NamedTuple):
    """Videos padded with zeros at the end to the longest of them.

    features (B, T, F) float32; labels (B, C) float32; mask (B, T) bool, true on a video's own
    snippets, or None if no video is padded; targets (B, T, C) float32 by name, NaN where one is
    unknown, of the names that any video has.
    """

    features: Tensor
    labels: Tensor
    mask: Tensor | None
    targets: Mapping[str, Tensor] = {}

    def to(self, device: torch.device) -> Batch:
        mask = None if self.mask is None else self.mask.to(device)
        targets = {name: one.to(device) for name, one in self.targets.items()}
        return Batch(self.features.to(device), self.labels.to(device), mask, targets)


class SnippetTargets(Protocol):
    """Targets of snippets, by video."""

    def of(self, name: str, snippets: int) -> FloatArray | None:
        """(T, C) float32, NaN where nothing is known; None if nothing is."""


class VideoDataset(Dataset[Sample]):
    """Whole videos by index: uniformly resampled, or at native rate."""

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

    Position p is video `order(p // N)[p % N]`, N videos, in a new order every epoch. Random draws
    depend only on (seed, epoch, video), so they are the same in any process, and after a resume.
    """

    def __init__(
        self,
        videos: TaggedVideos,
        settings: SamplingConfig,
        seed: int,
        cache_gib: float = 0.0,
        targets: Mapping[str, SnippetTargets] | None = None,
    ) -> None:
        super().__init__(videos, settings, cache_gib)
        self.seed, self.targets = seed, dict(targets or {})
        self._order: tuple[int, list[int]] = (-1, [])

    def __getitem__(self, position: int) -> Sample:
        epoch, index = divmod(position, len(self))
        place = self.order(epoch)[index]
        rng = sampling.generator(self.seed, 1, epoch, place)
        length = self._length(place)
        rows = self._rows(length, rng)
        found = {
            term: torch.from_numpy(known if rows is None else known[rows])
            for term, targets in self.targets.items()
            if (known := targets.of(self.videos.names[place], length)) is not None
        }
        if len(found) == 2:  # a person knows better than a teacher
            taught = next(term for term in found if term != "corrected")
            found[taught] = found[taught].where(found["corrected"].isnan(), torch.nan)
        return self._sample(place, rows)._replace(targets=found)

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

    Rank r of W takes every W-th of them, so all ranks together see the same as a single process.
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
    terms = sorted({term for sample in samples for term in sample.targets})
    targets = {term: _stacked(samples, term) for term in terms}
    return Batch(features, labels, None if bool(mask.all()) else mask, targets)


def _stacked(samples: Sequence[Sample], term: str) -> Tensor:
    """(B, T, C) targets of a term, NaN beyond a video's end and where they are unknown."""
    parts = [
        one.targets[term]
        if term in one.targets
        else torch.full((len(one.features), len(one.labels)), torch.nan)
        for one in samples
    ]
    return torch.nn.utils.rnn.pad_sequence(parts, batch_first=True, padding_value=torch.nan)
