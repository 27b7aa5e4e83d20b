"""From packets to decoded pictures, skipping damaged parts."""

from __future__ import annotations

import heapq
from collections import Counter, deque
from collections.abc import Iterable, Iterator
from typing import Any

from basnet_rt._errors import VideoError
from basnet_rt._system.addresses import shown_source
from basnet_rt.video.content import ENCRYPTED, why_unreadable
from basnet_rt.video.opening import check_size, pyav

MOST_DAMAGED = 0.25  # of the packets; with more damage the video is refused
MOST_READ_ERRORS = 16  # errors in a row after which the rest of a file is given up
_REORDER_DEPTH = 4  # if PyAV is too old to report it
_THREADS_PAY_FROM = 640 * 480  # pixels; for smaller pictures, threads cost more than they gain
# Before decoding has begun, the header may state too small a depth of reordering.
_LEAST_DEPTH = 2


class DecodedPictures:
    """Decoded pictures of one stream, in the order in which they are shown.

    Args:
        container, stream: of PyAV.
        threads: of the decoder; 0 lets libavcodec choose, None does so only for large pictures.
        source: for messages.
        tolerant: accept any share of damage, as from a camera that is joined between key pictures.

    Attributes:
        problems: name to count, as in docs/video.md.
        num_packets: packets of the stream that were read.
        broken_off: reading ended with an error that is no damage, such as a lost connection.
        first_stamp: least timestamp of the packets up to the first picture; None before them.
    """

    def __init__(
        self,
        container: Any,
        stream: Any,
        *,
        threads: int | None = None,
        source: object = "video",
        tolerant: bool = False,
    ) -> None:
        self._container, self._stream, self._source = container, stream, shown_source(source)
        self._errors, self._tolerant = pyav().error, tolerant
        self.problems: Counter[str] = Counter()
        self.num_packets = 0
        self.first_stamp: int | None = None
        self.broken_off = False
        self._size: tuple[int, int] | None = None
        context = stream.codec_context
        if threads is None:
            threads = 0 if context.width * context.height >= _THREADS_PAY_FROM else 1
        context.thread_type = "AUTO" if threads != 1 else "NONE"
        context.thread_count = threads

    def __iter__(self) -> Iterator[Any]:
        pictures = self._decoded()
        if numbered_as_stored(self._container, self._stream):
            depth = getattr(self._stream.codec_context, "reorder_depth", None) or _REORDER_DEPTH
            pictures = _timed_as_shown(pictures, depth)
        return pictures

    def _decoded(self) -> Iterator[Any]:
        for packet in self._packets():
            yield from self._decode(packet)
        yield from self._decode(None)
        self._check_damage()

    def _packets(self) -> Iterator[Any]:
        """The stream's packets; a failed read is tried again, because libavformat may recover."""
        failed = 0
        while True:
            try:
                for packet in self._container.demux(self._stream):
                    failed = 0
                    if packet.size:
                        self._check_encryption(packet)
                        self.num_packets += 1
                        self._note_first(packet.pts)
                        yield packet
                return
            except self._errors.EOFError:
                return
            except (self._errors.FFmpegError, OSError) as error:
                failed += 1
                if failed == 1:
                    self.problems["broken_reads"] += 1
                self.broken_off = self._is_final(error)
                if failed > MOST_READ_ERRORS or self.broken_off:
                    return

    def _note_first(self, stamp: int | None) -> None:
        if self._size is None and stamp is not None:
            self.first_stamp = stamp if self.first_stamp is None else min(stamp, self.first_stamp)

    def _is_final(self, error: Exception) -> bool:
        """Whether reading again is useless, because the connection is lost."""
        return not isinstance(error, self._errors.InvalidDataError)

    def _decode(self, packet: Any) -> Iterator[Any]:
        """Pictures that a packet completes; None for the last ones."""
        if packet is not None and packet.is_corrupt:
            self.problems["damaged_packets"] += 1
        try:
            pictures = self._stream.codec_context.decode(packet)
        except (self._errors.FFmpegError, ValueError):
            if packet is not None and not packet.is_corrupt:
                self.problems["damaged_packets"] += 1
            return
        for picture in pictures:
            self._look_at(picture)
            yield picture

    def _look_at(self, picture: Any) -> None:
        if picture.is_corrupt:
            self.problems["damaged_pictures"] += 1
        size = picture.width, picture.height
        if self._size not in (None, size):
            self.problems["size_changes"] += 1
        self._size = size
        check_size(*size, self._source)

    def _check_encryption(self, packet: Any) -> None:
        """Refuse encrypted packets of MP4; PyAV before 14 cannot report them."""
        if getattr(packet, "has_sidedata", lambda kind: False)("encryption_info"):
            raise VideoError(f"{self._source}: {ENCRYPTED}")

    def _check_damage(self) -> None:
        damaged = self.problems["damaged_packets"]
        if not self._tolerant and damaged > MOST_DAMAGED * max(1, self.num_packets):
            if (reason := why_unreadable(self._container.name)) is not None:
                raise VideoError(f"{self._source}: {reason}")
            raise VideoError(
                f"{self._source}: {damaged} of {self.num_packets} packets are damaged; "
                f"at most {MOST_DAMAGED:.0%} are borne"
            )


def numbered_as_stored(container: Any, stream: Any) -> bool:
    """Whether timestamps number stored pictures, as in AVI; B-frames have another order."""
    return container.format.name == "avi" and bool(stream.codec_context.has_b_frames)


def _timed_as_shown(pictures: Iterable[Any], depth: int) -> Iterator[Any]:
    """Give the timestamps, in rising order, to the pictures in the order they came.

    The decoder gives pictures in the order of showing; their timestamps are correct, but shuffled
    within `depth` pictures. A picture without a timestamp gets none.
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
