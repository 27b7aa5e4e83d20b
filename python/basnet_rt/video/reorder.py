"""Times for files that number their pictures as they are stored, not as they are shown."""

from __future__ import annotations

import heapq
from collections import deque
from collections.abc import Iterable, Iterator
from typing import Any

_LEAST_DEPTH = 2  # what the header says of the depth is only known to be no less once decoding ran


def numbered_as_stored(container: Any, stream: Any) -> bool:
    """AVI has one number per stored picture; with B-frames that is not the order of showing."""
    return container.format.name == "avi" and bool(stream.codec_context.has_b_frames)


def timed_as_shown(pictures: Iterable[Any], depth: int) -> Iterator[Any]:
    """Give the timestamps, in rising order, to the pictures in the order they came.

    The decoder hands out pictures as they are shown; the numbers are the right ones, shuffled
    within `depth` pictures. One without a number keeps none.
    """
    held: deque[Any] = deque()
    times: list[int] = []
    for picture in pictures:
        held.append(picture)
        if picture.pts is not None:
            heapq.heappush(times, picture.pts)
        if len(held) > max(depth, _LEAST_DEPTH):
            yield _timed(held.popleft(), times)
    while held:
        yield _timed(held.popleft(), times)


def _timed(picture: Any, times: list[int]) -> Any:
    if picture.pts is not None:
        picture.pts = heapq.heappop(times)
    return picture
