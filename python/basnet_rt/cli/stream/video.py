"""Videos and cameras as sources of a stream: pictures to snippets by the bundle's extractor."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

import numpy as np

from basnet_rt.cli.stream.sources import Rows, skip_rows
from basnet_rt.extractors.interface import Extractor
from basnet_rt.extractors.running.judging import holds_videos
from basnet_rt.extractors.running.one_thread import one_thread
from basnet_rt.extractors.running.pipeline import last_instant
from basnet_rt.extractors.running.video_files import name_of
from basnet_rt.stream.live_features import Missing, live_features
from basnet_rt.video import FrameReader, LiveSource, open_live, read_frames
from basnet_rt.video.live.opening import is_live

Items = Iterator[Rows | Missing]


def is_video(source: str) -> bool:
    """Whether it must be decoded: an address, a device, or a file that `localize` would decode."""
    return is_live(source) or (source != "-" and holds_videos(source))


class _Snippets:
    """Gives rows in pieces of the requested size."""

    duration: float | None = None
    _items: Items

    def __init__(self, source: str, extractor: Extractor) -> None:
        self.name = name_of(source)
        self._extractor = extractor
        self._rows = np.empty((0, extractor.spec.feature_dim), np.float32)
        self._missing: Missing | None = None

    def read(self, count: int) -> Rows | Missing:
        """`count` snippets; fewer before a gap and at the end; a gap; none after the end."""
        while len(self._rows) < count and self._missing is None:
            with one_thread():
                item = next(self._items, None)
            if item is None:
                break
            if isinstance(item, Missing):
                self._missing = item
            else:
                self._rows = np.concatenate([self._rows, item])
        if not len(self._rows) and self._missing is not None:
            missing, self._missing = self._missing, None
            return missing
        rows, self._rows = self._rows[:count], self._rows[count:]
        return rows


class VideoFileSource(_Snippets):
    """A video file, read as fast as the extractor or the reader goes.

    Attributes:
        duration: seconds, known after the last snippet; the same as offline.
    """

    live, starts_over, started = False, True, None

    def __init__(self, source: str, extractor: Extractor, stream_index: int | None = None) -> None:
        super().__init__(source, extractor)
        spec = extractor.spec
        self._reader: FrameReader = read_frames(
            source, fps=spec.fps, frames=spec.formats, stream_index=stream_index
        )
        self._items = self._read()

    @property
    def offset(self) -> float:
        return self._reader.offset

    @property
    def problems(self) -> dict[str, int]:
        return self._reader.problems

    @property
    def remarks(self) -> list[str]:
        return self._reader.remarks

    def skip(self, count: int) -> None:
        """Compute the features again, because a snippet may depend on any picture before it."""
        skip_rows(self, count)

    def close(self) -> None:
        self._reader.close()

    def _read(self) -> Items:
        spec, num_rows = self._extractor.spec, 0
        for item in live_features(self._reader, self._extractor):
            assert not isinstance(item, Missing)  # a file has no gaps
            num_rows += len(item)
            yield item
        self.duration = last_instant(self._reader.duration, num_rows, spec)


class CameraSource(_Snippets):
    """A camera or a server, which continues even if it is not read.

    Attributes:
        started: time of its first picture; None before it.
    """

    live, starts_over = True, False

    def __init__(
        self,
        source: str,
        extractor: Extractor,
        give_up: float,
        *,
        follow: bool = True,
        stream_index: int | None = None,
    ) -> None:
        super().__init__(source, extractor)
        spec = extractor.spec
        how = {"give_up": give_up, "follow": follow, "stream_index": stream_index, "whole": True}
        self._source: LiveSource = open_live(source, fps=spec.fps, frames=spec.formats, **how)
        self._items = self._read()

    @property
    def started(self) -> datetime | None:
        return self._source.started

    @property
    def offset(self) -> float:
        return self._source.offset

    @property
    def problems(self) -> dict[str, int]:
        dropped = {"dropped_frames": self._source.num_dropped}
        return {**self._source.problems, **(dropped if self._source.num_dropped else {})}

    @property
    def remarks(self) -> list[str]:
        return self._source.remarks

    def _read(self) -> Items:
        num_rows = 0
        for item in live_features(self._source, self._extractor):
            num_rows += 0 if isinstance(item, Missing) else len(item)
            yield item
        if self._source.duration is not None:
            self.duration = last_instant(self._source.duration, num_rows, self._extractor.spec)

    def go_on(self, started: datetime, snippet: int) -> None:
        """Continue a stream that began at `started`, with this snippet."""
        extractor = self._extractor
        self._source.go_on(started, snippet * extractor.spec.snippet_stride)
        self._items = live_features(self._source, extractor, first_snippet=snippet)

    def skip(self, count: int) -> None:
        """Do nothing: a camera cannot be read twice."""

    def close(self) -> None:
        self._source.close()
