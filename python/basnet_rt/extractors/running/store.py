"""Where features are kept between runs, as those who make them see it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from basnet_rt.extractors.running.pipeline import Extracted
from basnet_rt.extractors.running.video_files import VideoFile


@dataclass(frozen=True)
class Stored:
    """What is kept of a video.

    Attributes:
        finished: there is nothing left to do.
        found: the features, where whoever asks wants to have them.
        remark: what is the matter with something that is there and does not serve.
    """

    finished: bool = False
    found: Extracted | None = None
    remark: str | None = None


class FeatureStore(Protocol):
    """Sent to other processes, so plain data."""

    def look(self, video: VideoFile, sha256: str | None) -> Stored:
        """What there is; `sha256` is of the video's content, None of an address."""
        ...

    def keep(self, video: VideoFile, sha256: str | None, found: Extracted) -> None:
        """Put new features there."""
        ...
