"""Frames between the thread that receives them and a consumer that may be too slow."""

from __future__ import annotations

import threading
from collections import deque

from basnet_rt.video.frames import Frame, Gap

_POLL_SECONDS = 0.2  # longest time until Ctrl-C is noticed if waiting cannot be interrupted


class FrameQueue:
    """A bounded queue; when it is full, a gap replaces its older half.

    Half is dropped at once, so that a slightly slow consumer gets few gaps, not one per frame.

    Args:
        size: frames and gaps that may wait, at least 2.
        patient: wait when it is full, for a source that can wait; nothing is dropped.

    Attributes:
        num_dropped: frames so far.
    """

    def __init__(self, size: int, *, patient: bool = False) -> None:
        self._size, self._patient = size, patient
        self._items: deque[Frame | Gap] = deque()
        self._changed = threading.Condition()
        self._closed = False
        self._error: BaseException | None = None
        self.num_dropped = 0

    def put(self, item: Frame | Gap) -> None:
        with self._changed:
            while self._patient and len(self._items) >= self._size and not self._closed:
                self._changed.wait(_POLL_SECONDS)
            if len(self._items) >= self._size:
                self._drop(self._size // 2, item)
            self._items.append(item)
            self._changed.notify()

    def get(self) -> Frame | Gap | None:
        """The next one; None after the last.

        Raises:
            the error given to `close`, after the last item.
        """
        with self._changed:
            while not self._items and not self._closed:
                self._changed.wait(_POLL_SECONDS)
            if self._items:
                self._changed.notify()
                return self._items.popleft()
            if self._error is not None:
                raise self._error
            return None

    def close(self, error: BaseException | None = None) -> None:
        """End the queue."""
        with self._changed:
            self._closed, self._error = True, error
            self._changed.notify_all()

    def _drop(self, count: int, coming: Frame | Gap) -> None:
        gone = [self._items.popleft() for _ in range(count)]
        frames = [one for one in gone if isinstance(one, Frame)]
        self.num_dropped += len(frames)
        following = self._items[0] if self._items else coming
        first, after = _first_instant(gone[0]), _first_instant(following)
        if after > first:
            seconds = (after - first) * _seconds_per_instant(gone)
            self._items.appendleft(Gap(after, after - first, seconds, "dropped"))


def _first_instant(item: Frame | Gap) -> int:
    """The first instant of an item; for a gap the first missing one."""
    return item.index if isinstance(item, Frame) else item.index - item.instants


def _seconds_per_instant(items: list[Frame | Gap]) -> float:
    for one in items:
        if isinstance(one, Gap):
            return one.seconds / one.instants
        if one.index:
            return one.time / one.index
    return 0.0
