"""Inputs of localization: features on disk, and videos whose features are made on the way."""

from __future__ import annotations

import hashlib
import os
import stat
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import compress
from pathlib import Path

from basnet_rt._errors import InvalidValue
from basnet_rt._system.addresses import local_path, shown_source
from basnet_rt.extractors.running.judging import holds_videos
from basnet_rt.extractors.running.video_files import (
    Listing,
    VideoFile,
    check_name,
    list_videos,
)
from basnet_rt.features.files import SUFFIXES
from basnet_rt.features.records import check_same_extractor
from basnet_rt.features.source import MODALITIES, FeatureSource, FloatArray, open_features
from basnet_rt.model.bundle import BundleMetadata


@dataclass(frozen=True)
class Failure:
    """A video or a path that failed, and the reason."""

    name: str
    reason: str


@dataclass(frozen=True, eq=False)
class Given:
    """One video's features (T, F) float32; `duration` in seconds, None if it is not known.

    `offset`: seconds from the start of its file to its first picture, second 0 of the features.
    """

    features: FloatArray
    duration: float | None
    offset: float = 0.0


@dataclass(frozen=True)
class Features:
    """One video with features in `source`; `path` is the argument that named it."""

    name: str
    path: Path
    source: FeatureSource

    def fingerprint(self) -> str:
        """Path, size and time of its files, to notice other features of the same name."""
        path = self.path.resolve()
        suffixes = (*SUFFIXES, ".json")
        folders = (path.parent, path, path / "rgb", path / "flow")
        files = [path, *(f / f"{self.name}{suffix}" for f in folders for suffix in suffixes)]
        return _stamps(dict.fromkeys(files))

    def read(self, metadata: BundleMetadata) -> Given:
        """
        Raises:
            BundleError: the features have another extractor than the bundle records.
            ValueError, TypeError: as `FeatureSource.read` and `FeatureSource.sidecar`.
        """
        sidecar = self.source.sidecar(self.name)
        made_by = self.source.extractor if sidecar is None else sidecar.extractor
        if made_by is not None and metadata.extractor is not None:
            check_same_extractor(str(self.path), metadata.extractor, made_by)
        duration = None if sidecar is None else sidecar.duration
        offset = 0.0 if sidecar is None else sidecar.offset
        return Given(self.source.read(self.name), duration, offset)


@dataclass(frozen=True)
class Pixels:
    """One video that is to be decoded."""

    video: VideoFile

    @property
    def name(self) -> str:
        return self.video.name

    @property
    def path(self) -> str:
        return self.video.source

    def fingerprint(self) -> str:
        """Path, size and time of the file; for an address a digest of its text."""
        stream = "" if self.video.stream is None else f";stream {self.video.stream}"
        if self.video.is_address:
            return hashlib.sha256(self.video.source.encode()).hexdigest() + stream
        return _stamps([Path(self.video.source).resolve()]) + stream


Input = Features | Pixels
# Makes the features of videos, in any order: `VideoReader.read` of from_video.py.
PixelReader = Callable[[Sequence[Pixels]], Iterator[tuple[Pixels, Given | Failure]]]


def find_inputs(
    paths: Sequence[str | Path], modality: str = "rgb+flow", stream: int | None = None
) -> tuple[list[Input], list[Failure]]:
    """Every video in files and folders of features (see `open_features`) and of pixels, in order.

    A path that cannot be opened is a failure; the others are still found.

    Raises:
        ValueError: two paths hold a video of the same name, so their results would be mixed.
    """
    inputs: dict[str, Input] = {}
    failures: list[Failure] = []
    part = modality if modality in MODALITIES else "rgb+flow"
    given = [local_path(one) for one in paths]
    decoded = [holds_videos(one) for one in given]
    listings = iter(list_videos(list(compress(given, decoded)), stream))
    for path, is_video in zip(given, decoded, strict=True):
        found, failed = _pixels(next(listings)) if is_video else _features(Path(path), part)
        failures += failed
        for one in found:
            if one.name in inputs:
                raise InvalidValue(
                    f"video {one.name!r} is both in {shown_source(inputs[one.name].path)} and in "
                    f"{shown_source(one.path)}"
                )
            inputs[one.name] = one
    return list(inputs.values()), failures


def _features(path: Path, modality: str) -> tuple[list[Input], list[Failure]]:
    try:
        source = open_features(path, modality=modality)
    except Exception as error:  # noqa: BLE001 (readers of files fail in every way)
        return [], [Failure(str(path), str(error))]
    found: list[Input] = []
    failures = []
    for name in source.names:
        try:
            check_name(name, f"{path}: {name}")
            found.append(Features(name, path, source))
        except InvalidValue as error:
            failures.append(Failure(name, str(error)))
    return found, failures


def _pixels(listing: Listing) -> tuple[list[Input], list[Failure]]:
    failures = [Failure(name, str(error)) for name, error in listing.errors]
    return [Pixels(video) for video in listing.videos], failures


def _stamps(files: Iterable[Path]) -> str:
    found = [(file, status) for file in files if (status := _status(file)) is not None]
    return ";".join(f"{file}:{one.st_size}:{one.st_mtime_ns}" for file, one in found)


def _status(path: Path) -> os.stat_result | None:
    """The status of a file; None if there is none, such as for a name too long for one."""
    try:
        status = path.stat()
    except (OSError, ValueError):
        return None
    return status if stat.S_ISREG(status.st_mode) else None
