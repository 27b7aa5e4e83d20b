"""Snippets out of a run of pictures."""

from __future__ import annotations

from collections import deque
from itertools import islice

from basnet_rt.extractors.backbone.flow import Picture
from basnet_rt.extractors.backbone.pictures import Snippet


class Windows:
    """Snippet i is of the pictures [i * stride, i * stride + frames), every `every`-th of them.

    Memory holds one snippet's pictures, whatever the video's length.
    """

    def __init__(self, frames: int, stride: int, every: int = 1) -> None:
        self._frames, self._stride, self._every = frames, stride, every
        self._kept: deque[Picture] = deque()  # from picture _start on
        self._start = 0  # of the snippet that comes next
        self._seen = 0
        self.made = 0

    def add(self, picture: Picture) -> Snippet | None:
        """The snippet that this picture completes."""
        if self._seen >= self._start:  # a stride beyond `frames` leaves pictures out
            self._kept.append(picture)
        self._seen += 1
        if self._seen < self._start + self._frames:
            return None
        snippet = list(islice(self._kept, 0, None, self._every))
        for _ in range(min(self._stride, len(self._kept))):
            self._kept.popleft()
        self._start += self._stride
        self.made += 1
        return snippet
