"""Deinterlaces interlaced pictures; all others are not changed."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator
from typing import Any

from basnet_rt.video.opening import pyav


def deinterlaced(pictures: Iterable[Any]) -> Iterator[Any]:
    """Combine the two fields of each picture marked as interlaced (filter bwdif).

    Each input picture gives one output picture with the same time: the grid is that of pictures,
    not of fields. Pictures before the first interlaced one are not filtered.
    """
    weaver: _Weaver | None = None
    for picture in pictures:
        if weaver is not None and not weaver.fits(picture):
            yield from weaver.finish()
            weaver = None
        if weaver is None and picture.interlaced_frame:
            weaver = _Weaver(picture)
        if weaver is None:
            yield picture
        else:
            yield from weaver.push(picture)
    if weaver is not None:
        yield from weaver.finish()


class _Weaver:
    """A filter graph for pictures of one size and format; its output is one picture late."""

    def __init__(self, first: Any) -> None:
        av = pyav()
        self._av, self._kind = av, _kind(first)
        self._times: deque[tuple[int | None, int]] = deque()
        self._count = 0
        graph = av.filter.Graph()
        # Own times, because the filter needs times and those of the file may be missing.
        source = graph.add_buffer(
            width=first.width, height=first.height, format=first.format, time_base=first.time_base
        )
        filtered = graph.add("bwdif", "mode=send_frame:deint=interlaced")
        source.link_to(filtered)
        filtered.link_to(graph.add("buffersink"))
        graph.configure()
        self._graph = graph

    def fits(self, picture: Any) -> bool:
        return _kind(picture) == self._kind

    def push(self, picture: Any) -> Iterator[Any]:
        self._times.append((picture.pts, getattr(picture, "duration", 0) or 0))
        picture.pts = self._count
        self._count += 1
        self._graph.vpush(picture)
        yield from self._ready()

    def finish(self) -> Iterator[Any]:
        self._graph.vpush(None)
        yield from self._ready()

    def _ready(self) -> Iterator[Any]:
        while self._times:
            try:
                picture = self._graph.vpull()
            except (self._av.error.BlockingIOError, self._av.error.EOFError):
                return
            picture.pts, length = self._times.popleft()
            if hasattr(picture, "duration"):
                picture.duration = length
            yield picture


def _kind(picture: Any) -> tuple[int, int, str]:
    return picture.width, picture.height, picture.format.name
