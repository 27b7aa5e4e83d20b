"""Cameras and other sources that do not wait for their reader."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from datetime import datetime
from types import TracebackType
from typing import Any

from basnet_rt._errors import InvalidValue
from basnet_rt.video.frames import Formats, Frame, FrameFormat, Gap, checked_formats
from basnet_rt.video.grid import checked_rate
from basnet_rt.video.live.opening import is_live
from basnet_rt.video.live.queue import FrameQueue
from basnet_rt.video.live.reader import LiveReader
from basnet_rt.video.live.settings import LiveSettings

_CLOSING_SECONDS = 1.0  # longest wait for a thread that may wait for a dead camera


def open_live(
    address: str, *, fps: float, frames: Formats | None = None, **settings: Any
) -> LiveSource:
    """Connect to a live source.

    Args:
        address: `rtsp://...`, `http://...`, another address that libavformat knows, or a device
            such as `/dev/video0`.
        fps: instants a second; > 0.
        frames: the scaling of pictures; None: RGB in their own size.
        settings: of `LiveSettings`.

    Raises:
        VideoError: there is no such source, no answer in time, or no video.
        ValueError: the address is that of a file, or a setting is out of range.
    """
    if not is_live(address):
        raise InvalidValue(f"address: {address} is a file; read_frames reads those")
    form = FrameFormat() if frames is None else checked_formats(frames)
    return LiveSource(LiveReader(address, checked_rate(fps), form, LiveSettings(**settings)))


class LiveSource:
    """Iterates over `Frame` and `Gap`; a context manager. Made by `open_live`.

    Its own thread receives, decodes and scales. If a source cannot wait, frames that the consumer
    does not take in time are dropped, the oldest first, with a `Gap` instead. So frames are never
    more than `queued` frames old. Instants always count from the first picture.
    """

    def __init__(self, reader: LiveReader) -> None:
        self._reader = reader
        self._queue = FrameQueue(reader.settings.queued, patient=not reader.endless)
        self._thread = threading.Thread(target=self._receive, daemon=True)

    @property
    def started(self) -> datetime | None:
        """The first picture's arrival, in UTC; instant k is k / fps seconds later."""
        return self._reader.started

    @property
    def num_dropped(self) -> int:
        """Frames that were dropped because the reader was late."""
        return self._queue.num_dropped

    @property
    def problems(self) -> dict[str, int]:
        """Name to count, as in docs/video.md."""
        return {name: count for name, count in sorted(self._reader.problems.items()) if count}

    @property
    def duration(self) -> float | None:
        """Seconds of a file at an address, after its last frame; None for other sources."""
        return self._reader.duration

    @property
    def offset(self) -> float:
        """Seconds of a file at an address before its first picture, after its last frame."""
        return self._reader.offset

    @property
    def remarks(self) -> list[str]:
        """Sentences on how the source was read."""
        return list(self._reader.remarks)

    def go_on(self, started: datetime, index: int) -> None:
        """Continue a stream that began at `started`, with the instant `index`; call it before the
        first item, which is then the gap since.
        """
        self._reader.resume(started, index)

    def __iter__(self) -> Iterator[Frame | Gap]:
        return self

    def __next__(self) -> Frame | Gap:
        """Wait for the next frame or gap.

        Raises:
            VideoError: there was no picture for `give_up` seconds.
        """
        if self._thread.ident is None:
            self._thread.start()
        item = self._queue.get()
        if item is None:
            raise StopIteration
        return item

    def __enter__(self) -> LiveSource:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close the source; frames stay valid."""
        self._reader.stop()
        if self._thread.ident is None:
            self._reader.close()
        else:
            self._thread.join(_CLOSING_SECONDS)
        self._queue.close()

    def _receive(self) -> None:
        try:
            for item in self._reader:
                self._queue.put(item)
        except BaseException as error:  # noqa: BLE001 (raised again where the items are read)
            self._queue.close(error)
        else:
            self._queue.close()
