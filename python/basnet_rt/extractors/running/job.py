"""The work of `extract_many` on one video: making its extractor, and the result."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from basnet_rt._errors import Error
from basnet_rt._system.addresses import without_secrets
from basnet_rt.extractors.interface import Extractor
from basnet_rt.extractors.registry import extractor_from_spec, make_extractor
from basnet_rt.extractors.running.cache import FeatureCache
from basnet_rt.extractors.running.pipeline import Extracted, Progress, Report, extract_features
from basnet_rt.extractors.running.store import FeatureStore
from basnet_rt.extractors.running.video_files import VideoFile
from basnet_rt.features.extractor_spec import ExtractorSpec

Watch = Callable[[VideoFile, Progress], None]


def ignore_progress(video: VideoFile, progress: Progress) -> None:
    """Do nothing: the default of `watch`."""


@dataclass(frozen=True)
class Recipe:
    """Makes an extractor, here or in another process: by name, or from a record.

    Attributes:
        name: for `make_extractor`; None if `spec` is given.
        settings: of the extractor; with a record, only those that cannot change features.
        spec, weights: for `extractor_from_spec`.
    """

    name: str | None = None
    settings: Mapping[str, Any] = field(default_factory=dict)
    spec: ExtractorSpec | None = None
    weights: Sequence[Path] = ()

    def make(self) -> Extractor:
        """
        Raises:
            Error: as `make_extractor` and `extractor_from_spec`.
        """
        if self.spec is not None:
            return extractor_from_spec(self.spec, list(self.weights) or None, **self.settings)
        assert self.name is not None
        return make_extractor(self.name, **self.settings)


@dataclass(frozen=True)
class Result:
    """The result for one video.

    Attributes:
        sha256: of its content; None for an address, and if nothing is kept.
        found: its features; None if it failed, or they exist in a folder.
        finished_before: whether an earlier run made them.
        remark: why existing features had to be made again.
        error: the reason of a failure.
    """

    video: VideoFile
    sha256: str | None = None
    found: Extracted | None = None
    finished_before: bool = False
    remark: str | None = None
    error: str | None = None


def attempt(
    video: VideoFile, extractor: Extractor, store: FeatureStore | None, watch: Watch
) -> Result:
    """Look for a video's features, or make them; nothing is written."""
    result = Result(video)
    try:
        if store is not None:
            sha256 = video.sha256()
            stored = store.look(video, sha256)
            result = replace(result, sha256=sha256, remark=stored.remark)
            if stored.finished:
                return replace(result, found=stored.found, finished_before=True)
        source = video.source if video.is_address else Path(video.source)
        found = extract_features(
            source, extractor, progress=lambda at: watch(video, at), stream_index=video.stream
        )
        return replace(result, found=found)
    except Exception as error:  # noqa: BLE001 (decoders and networks have kinds of their own)
        return replace(result, error=reason_of(error))


def cached_features(
    source: str | Path,
    extractor: Extractor,
    cache: FeatureCache | None,
    progress: Report | None,
    stream: int | None = None,
) -> Extracted:
    """One video's features, from the cache or made and put into it.

    Raises:
        As `extract_features`; OSError: the file cannot be read.
    """
    video = VideoFile(str(source), str(source), stream)
    sha256 = None if cache is None else video.sha256()
    found = None if cache is None else cache.look(video, sha256).found
    if found is None:
        found = extract_features(source, extractor, progress=progress, stream_index=stream)
        if cache is not None:
            cache.keep(video, sha256, found)
    return found


def reason_of(error: Exception) -> str:
    """An error as text for people; errors of other packages with their kind."""
    text = without_secrets(str(error).strip())
    if isinstance(error, OSError) and error.strerror:
        name = without_secrets(str(error.filename))
        return f"{name}: {error.strerror}" if error.filename else error.strerror
    return text if isinstance(error, Error) and text else f"{type(error).__name__}: {text}"


def kept(result: Result, store: FeatureStore | None) -> Result:
    if store is None or result.found is None or result.finished_before:
        return result
    try:
        store.keep(result.video, result.sha256, result.found)
    except (Error, OSError) as error:
        return replace(result, found=None, error=reason_of(error))
    return result
