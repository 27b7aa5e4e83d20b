"""A bounded channel that passes items to the next thread; either side can end it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from queue import SimpleQueue
from typing import Generic, TypeVar

Item = TypeVar("Item")


class Stopped(Exception):  # noqa: N818
    """The reader needs no more items; the writer should end without an error."""


@dataclass(frozen=True)
class _End:
    """The last item in a channel; the reader raises its error, if there is one."""

    error: BaseException | None


class Channel(Generic[Item]):
    """A queue of at most `size` items from one writing thread to one reading thread.

    Between calls, its items and free slots add up to `size`. An interrupt cannot leave the queues
    for both locked: after Ctrl-C within any call, `stop` still works.
    """

    def __init__(self, size: int) -> None:
        self._items: SimpleQueue[Item | _End] = SimpleQueue()
        self._slots: SimpleQueue[None] = SimpleQueue()
        self._stopped = False
        for _ in range(size):
            self._slots.put(None)

    def put(self, item: Item) -> None:
        """Wait for a free slot and fill it.

        Raises:
            Stopped: the reader has called `stop`, perhaps during the wait.
        """
        self._slots.get()
        if self._stopped:
            self._slots.put(None)  # for a writer that tries again
            raise Stopped
        self._items.put(item)

    def close(self, error: BaseException | None = None) -> None:
        """End the channel (writer): after the last item, the reader stops, or raises `error`."""
        self._items.put(_End(error))

    def stop(self) -> None:
        """End the channel (reader): a waiting or later `put` raises `Stopped`."""
        self._stopped = True
        self._slots.put(None)

    def __iter__(self) -> Iterator[Item]:
        while True:
            item = self._items.get()
            if isinstance(item, _End):
                if item.error is not None:
                    raise item.error
                return
            self._slots.put(None)
            yield item
