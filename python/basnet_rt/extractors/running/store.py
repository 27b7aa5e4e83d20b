"""The interface of a place that keeps features between runs: a folder or a cache."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from basnet_rt.extractors.running.pipeline import Extracted
from basnet_rt.extractors.running.video_files import VideoFile


@dataclass(frozen=True)
class Stored:
    """The features that are kept of a video.

    Attributes:
        finished: whether the features exist already.
        found: the features, from a cache; a folder leaves them on disk.
        remark: why an existing file cannot be used.
    """

    finished: bool = False
    found: Extracted | None = None
    remark: str | None = None


class FeatureStore(Protocol):
    """Keeps features; it is sent to other processes, so it has plain data."""

    def look(self, video: VideoFile, sha256: str | None) -> Stored:
        """Look the video up; `sha256` is of its content, None for an address."""
        ...

    def keep(self, video: VideoFile, sha256: str | None, found: Extracted) -> None:
        """Put new features there."""
        ...
