"""A live source as frames and gaps, connected again when necessary."""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from datetime import datetime, timedelta, timezone
from fractions import Fraction
from typing import Any

from basnet_rt._errors import VideoError
from basnet_rt._system.addresses import shown_source
from basnet_rt.video.choosing import choice_remarks, video_stream
from basnet_rt.video.clock import MOST_TOLD, left_out_remark
from basnet_rt.video.convert import Converters
from basnet_rt.video.deinterlace import deinterlaced
from basnet_rt.video.frames import Formats, Frame, Gap, Image
from basnet_rt.video.grid import Grid, exact_rate
from basnet_rt.video.info import range_remarks
from basnet_rt.video.live.arrival import Opening, spread_out
from basnet_rt.video.live.clock import LiveClock
from basnet_rt.video.live.opening import has_own_clock, never_ends, open_live_container
from basnet_rt.video.live.settings import LiveSettings
from basnet_rt.video.packets import DecodedPictures
from basnet_rt.video.reader import MAX_GAP, FrameReader


class LiveReader:
    """Iterates over frames and gaps, and connects again when the source breaks off.

    The first connection is made at once, so that a wrong address is an error immediately.

    Args:
        address: of a camera, a device or a server.
        fps: instants a second.
        frames: how pictures are scaled.
        settings: see `LiveSettings`.
        clock: seconds that never go back.

    Attributes:
        started: date and time at which the first picture arrived; None before.
        problems: name to count, of all connections.
        duration: seconds, of a file behind an address, once it is read; else None.
        offset: seconds of such a file before its first picture; else 0.
        endless: an end is an error, and the source cannot wait.
    """

    def __init__(
        self,
        address: str,
        fps: float,
        frames: Formats,
        settings: LiveSettings,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.started: datetime | None = None
        self.problems: Counter[str] = Counter()
        self._remarks: list[str] = []
        self.duration: float | None = None
        self.offset = 0.0
        self.settings = settings
        self._address, self._fps, self._now = address, fps, clock
        self._stop = threading.Event()
        self._converters, self._frames = Converters(frames), frames
        self._open()
        try:
            stream = self._video_stream()
        except BaseException:
            self._container.close()
            raise
        self.endless = never_ends(address, self._container)
        # Too little of a live stream is examined beforehand to know its rate.
        self._step = 1 / Fraction(stream.average_rate or exact_rate(fps))
        counted = self.endless and not has_own_clock(self._container)
        self._clock = LiveClock(
            Fraction(settings.max_gap),
            self._step,
            self.problems,
            by_arrival=counted,
            follow=settings.follow,
            paced=self.endless,
        )
        self._drift_told = False
        self._num_left_out = 0  # places where pictures were left out
        self._grid = Grid(exact_rate(fps), Fraction(stream.time_base), self._step)
        self._broken_since: float | None = None
        self._reason = "the connection ended"

    @property
    def remarks(self) -> list[str]:
        """Remarks about the reading of the source, one sentence each."""
        return [*self._remarks, *self._clock.remarks]

    def resume(self, started: datetime, index: int) -> None:
        """Continue a stream that began at `started`, with the instant `index`."""
        seconds = max(0.0, (datetime.now(timezone.utc) - started).total_seconds())
        self._clock.resume(seconds, self._now())
        self._grid.next = index
        self.started = started

    def stop(self) -> None:
        """End the iteration soon, after `read_seconds` at most; any thread may call this."""
        self._stop.set()

    def close(self) -> None:
        """Close the source; not while another thread iterates."""
        self._container.close()

    def __iter__(self) -> Iterator[Frame | Gap]:
        try:
            if self.settings.whole and not self.endless and self.started is None:
                yield from self._served_file()
                return
            chosen = self._video_stream()
            self._remark(choice_remarks(self._container, chosen))
            while not self._stop.is_set():
                yield from self._one_connection()
                if not self.endless or self._stop.is_set():
                    return
                self._connect_again()
        finally:
            self._container.close()

    def _served_file(self) -> Iterator[Frame]:
        """The frames of a complete file on a server, the same as of a file on disk."""
        whole = (self._address, self._fps, self._frames, MAX_GAP, None, None)
        reader = FrameReader(*whole, self.settings.stream_index, self._container)
        for frame in reader:
            if self._stop.is_set():
                return
            self.started = self.started or datetime.now(timezone.utc)
            yield frame
        self.problems.update(reader.problems)
        self._remarks += reader.remarks
        self.duration, self.offset = reader.duration, reader.offset

    def _open(self) -> None:
        begun = self._now()
        self._container = open_live_container(self._address, self.settings)
        self._opening = Opening(begun, self._now())

    def _video_stream(self) -> Any:
        return video_stream(self._container, self._address, self.settings.stream_index)

    def _one_connection(self) -> Iterator[Frame | Gap]:
        """Frames and gaps until the connection breaks. The last picture is shown for one step."""
        stream = self._video_stream()
        aspect, last, begun, left_out = stream.sample_aspect_ratio, None, Fraction(0), 0
        for picture, timestamp, arrival in self._pictures(stream):
            moment = self._clock.time_of(timestamp, arrival)
            self._remark_drift()
            if moment is None:
                left_out += 1
                continue
            self._remark_left_out(begun, left_out)
            left_out = 0
            if last is None:
                self._remark(range_remarks(picture, stream))
            else:
                end = begun + self._step if moment.jumped else moment.time
                yield from self._show(last, begun, end, aspect)
            begun = moment.time
            if moment.jumped:
                yield self._gap(begun, "reconnected" if last is None else "timestamps")
                begun = self._grid.next / self._grid.fps
                self._clock.move_to(begun)
            last = picture
        self._remark_left_out(begun, left_out)
        if last is not None:
            yield from self._show(last, begun, begun + self._step, aspect)

    def _remark(self, remarks: list[str]) -> None:
        """Keep remarks that an earlier connection has not made."""
        self._remarks += [one for one in remarks if one not in self._remarks]

    def _remark_left_out(self, after: Fraction, count: int) -> None:
        if not count:
            return
        self._num_left_out += 1
        if self._num_left_out <= MOST_TOLD:
            self._remarks.append(left_out_remark(after, count))
        elif self._num_left_out == MOST_TOLD + 1:
            self._remarks.append(
                "pictures were left out at more places; backward_timestamps has all"
            )

    def _remark_drift(self) -> None:
        clock = self._clock
        if clock.drift is None or self._drift_told:
            return
        self._drift_told = True
        what = "slow" if clock.drift > 0 else "fast"
        times = "follow the arrival from here on" if self.settings.follow else "are its own"
        self._remarks.append(
            f"at second {float(clock.last):.0f} the camera's clock was {what} by "
            f"{abs(clock.drift):.1f} s against the arrival of its pictures: a second of it takes "
            f"{clock.rate:.3f} s; times {times}"
        )

    def _pictures(self, stream: Any) -> Iterator[tuple[Any, Fraction | None, float]]:
        """Pictures with their timestamp and their arrival."""
        pictures = DecodedPictures(self._container, stream, source=self._address, tolerant=True)
        pictures.problems = self.problems
        time_base = Fraction(stream.time_base)
        arriving = self._arriving(deinterlaced(pictures))
        if self._clock.by_arrival:
            arriving = spread_out(arriving, self._opening)
        for picture, arrival in arriving:
            timestamp = None if picture.pts is None else picture.pts * time_base
            if self.started is None:
                before = timedelta(seconds=self._now() - arrival)
                self.started = datetime.now(timezone.utc) - before
            yield picture, timestamp, arrival

    def _arriving(self, pictures: Iterable[Any]) -> Iterator[tuple[Any, float]]:
        for picture in pictures:
            if self._stop.is_set():
                return
            self._broken_since = None
            yield picture, self._now()

    def _show(self, picture: Any, begun: Fraction, end: Fraction, aspect: Any) -> Iterator[Frame]:
        images: tuple[Image, ...] = ()
        for index in self._grid.until(end):
            repeated = bool(images)
            images = images or self._converters.images(picture, aspect)
            time = index / self._fps
            yield Frame(index, time, float(begun), images[0], repeated, images[1:])

    def _gap(self, time: Fraction, reason: str) -> Gap:
        missing = self._grid.skip_to(time)
        self.problems["gaps"] += 1
        return Gap(self._grid.next, missing, missing / self._fps, reason)

    def _connect_again(self) -> None:
        """Return with a new connection, or after `stop`.

        Raises:
            VideoError: there was no connection in time.
        """
        self._container.close()
        if self._broken_since is None:
            self._broken_since = self._now()
        wait = self.settings.first_wait
        while not self._stop.wait(wait):
            wait = min(2 * wait, self.settings.longest_wait)
            self._check_patience()
            try:
                self._open()
                self._video_stream()
            except VideoError as error:
                self._reason = str(error)
                self.problems["failed_connections"] += 1
            else:
                self.problems["reconnections"] += 1
                self._clock.reconnect()
                return

    def _check_patience(self) -> None:
        assert self._broken_since is not None
        without = self._now() - self._broken_since
        if without >= self.settings.give_up:
            raise VideoError(
                f"{shown_source(self._address)}: no picture for {without:.0f} s, given up: "
                f"{self._reason}"
            )
