"""Features of a live stream of pictures, snippet by snippet, with its gaps."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import NamedTuple

from basnet_rt.extractors.interface import Extractor, Features, Session
from basnet_rt.video.frames import Frame, Gap


class Missing(NamedTuple):
    """Snippets without features, for `StreamingLocalizer.gap`.

    Attributes:
        first: index of the first one.
        snippets: number of snippets, at least 1.
        reason: as in `Gap`.
    """

    first: int
    snippets: int
    reason: str


def live_features(
    items: Iterable[Frame | Gap], extractor: Extractor, *, first_snippet: int = 0
) -> Iterator[Features | Missing]:
    """Rows (n, F) as they become ready, n >= 1, and the missing snippets between them.

    Snippet i always begins with frame i * stride of the grid, before and after a gap. A snippet
    that overlaps a gap is missing completely. Each stretch between gaps has its own session.

    Args:
        items: of `read_frames` or `open_live`.
        first_snippet: number of snippets that an earlier run had; the items then begin with a gap.
    """
    stretch = _Stretch(extractor, first_snippet)
    for item in items:
        yield from stretch.end(item.reason) if isinstance(item, Gap) else stretch.push(item)
    yield from stretch.end("ended")


class _Stretch:
    """Frames without a gap, and the snippet at which the next stretch may begin."""

    def __init__(self, extractor: Extractor, done: int) -> None:
        self._extractor, self._done = extractor, done
        self._session: Session | None = None
        self._reason: str | None = None  # of the last gap
        self._begin: int | None = None  # first snippet of the next session

    def push(self, frame: Frame) -> Iterator[Features | Missing]:
        if self._session is None:
            stride = self._extractor.spec.snippet_stride
            if self._begin is None:
                after_gap = self._reason is not None
                self._begin = max(-(-frame.index // stride), self._done + after_gap)
            if frame.index < self._begin * stride:
                return
            if self._begin > self._done:
                yield Missing(self._done, self._begin - self._done, self._reason or "started late")
                self._done = self._begin
            self._session = self._extractor.start()
        yield from self._count(self._session.push(self._session.prepare(frame)))

    def end(self, reason: str) -> Iterator[Features]:
        """End the stretch at a gap or at the end of the stream."""
        session, self._session = self._session, None
        self._reason, self._begin = reason, None
        if session is not None:
            yield from self._count(session.finish())

    def _count(self, rows: Features) -> Iterator[Features]:
        self._done += len(rows)
        if len(rows):
            yield rows
