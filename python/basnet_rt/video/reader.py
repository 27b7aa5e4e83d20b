"""A file or an address as pictures on a grid of equal steps in time."""

from __future__ import annotations

import os
from collections.abc import Generator, Iterator
from fractions import Fraction
from types import TracebackType
from typing import Any

from basnet_rt._errors import InvalidValue, VideoError
from basnet_rt.video.clock import Clock
from basnet_rt.video.convert import Converter
from basnet_rt.video.deinterlace import deinterlaced
from basnet_rt.video.frames import Frame, FrameFormat, Image
from basnet_rt.video.grid import Grid, exact_rate
from basnet_rt.video.info import DEFAULT_RATE, VideoInfo, describe, frame_rate
from basnet_rt.video.opening import open_container, video_stream
from basnet_rt.video.packets import DecodedPictures

MAX_GAP = 10.0
LONGEST_GAP = 3600.0  # seconds; above it a timestamp is taken to be wrong
EARLY = Fraction(1, 2)  # seconds that a file may end before its header says
MOST_BACKWARD = 0.25  # of the pictures


def read_frames(
    source: str | os.PathLike[str],
    *,
    fps: float,
    frames: FrameFormat | None = None,
    max_gap: float = MAX_GAP,
    threads: int | None = None,
    timeout: tuple[float, float] | None = None,
) -> FrameReader:
    """Open a video to read its pictures on a grid.

    Instant k lies k / fps seconds after the first picture and gets the picture that is shown then:
    a slower video repeats pictures, a faster one leaves some out.

    Args:
        source: a file, or an address such as `http://...`.
        fps: instants per second; > 0. 23.976 and 24000/1001 are different numbers.
        frames: how pictures are scaled; None: RGB, as large as they are.
        max_gap: seconds without a picture that are reported in `problems`; they repeat the last.
        threads: of the decoder; None: several where pictures are large. 0: as many as there are
            processors.
        timeout: seconds to wait for opening and for reading, where the source is an address.

    Raises:
        VideoError: it cannot be opened, or holds no video. While reading: no picture can be
            decoded, or too much of it is damaged.
        ValueError: `fps` or `max_gap` is out of range.
    """
    if not 0 < fps <= 1000:
        raise InvalidValue(f"fps: expected above 0 and at most 1000, got {fps}")
    if not max_gap > 0:
        raise InvalidValue(f"max_gap: expected seconds above 0, got {max_gap}")
    return FrameReader(source, fps, frames or FrameFormat(), max_gap, threads, timeout)


class FrameReader:
    """Iterates over `Frame` once; a context manager. Made by `read_frames`.

    Attributes:
        info: of the header.
        problems: name to count of what was repaired or left out, as in docs/video.md; whole after
            the last frame.
        duration: seconds, of the video's own pictures: end of the last one minus the first
            timestamp; what is known so far, until the last frame was read.
        num_frames: frames handed out.
    """

    def __init__(
        self,
        source: str | os.PathLike[str],
        fps: float,
        frames: FrameFormat,
        max_gap: float,
        threads: int | None,
        timeout: tuple[float, float] | None,
    ) -> None:
        self._source, self._fps, self._max_gap = source, fps, max_gap
        self._container = open_container(source, timeout=timeout)
        try:
            self._stream = video_stream(self._container, source)
            self._pictures = DecodedPictures(
                self._container, self._stream, threads=threads, source=source
            )
        except BaseException:
            self._container.close()
            raise
        self.info: VideoInfo = describe(self._container, self._stream, None)
        self._converter = Converter(frames)
        self._step = 1 / (frame_rate(self._stream) or DEFAULT_RATE)
        time_base = Fraction(self._stream.time_base)
        self._clock = Clock(time_base, self._step, self._pictures.problems)
        self._grid = Grid(exact_rate(fps), time_base, self._step)
        self._frames: Generator[Frame, None, None] = self._read()
        self.duration, self.num_frames, self._num_shown = 0.0, 0, 0

    @property
    def problems(self) -> dict[str, int]:
        return {name: count for name, count in sorted(self._pictures.problems.items()) if count}

    def __enter__(self) -> FrameReader:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def __iter__(self) -> Iterator[Frame]:
        return self

    def __next__(self) -> Frame:
        frame = next(self._frames)
        self.num_frames += 1
        return frame

    def close(self) -> None:
        """Let go of the file; frames that were handed out stay valid."""
        self._frames.close()
        self._container.close()

    def _read(self) -> Generator[Frame, None, None]:
        """One picture behind the decoder: only the next one's time says how long it is shown."""
        last, begun, before = None, Fraction(0), Fraction(0)
        for picture in deinterlaced(self._pictures):
            time = self._clock.time_of(picture.pts)
            if time is None:
                continue
            if last is not None:
                before = self._checked_gap(begun, time)
                self.duration = float(time)
                yield from self._show(last, begun, self._grid.until(time))
            last, begun = picture, time
            self._num_shown += 1
        if last is None:
            raise VideoError(f"{self._source}: holds no picture that can be decoded")
        said = self._said_length(last)
        # With B-frames a file says how long pictures are stored apart, not how long they are shown.
        length = min(said, before) if before and self._reordered else said
        self.duration = float(begun + length)
        yield from self._show(last, begun, self._grid.until_end(begun + length))
        if self._promised() > begun + said + EARLY:
            self._pictures.problems["ends_early"] += 1
        self._check_times()

    def _show(self, picture: Any, begun: Fraction, instants: range) -> Iterator[Frame]:
        image: Image | None = None
        for index in instants:
            repeated = image is not None
            if image is None:
                image = self._convert(picture)
            yield Frame(index, index / self._fps, float(begun), image, repeated)

    def _convert(self, picture: Any) -> Image:
        return self._converter.image(picture, self._stream.sample_aspect_ratio)

    def _said_length(self, picture: Any) -> Fraction:
        """How long the last picture is shown, as far as the file says."""
        ticks = getattr(picture, "duration", 0) or 0
        length = Fraction(ticks) * Fraction(self._stream.time_base)
        return length if self._step / 4 < length <= LONGEST_GAP else self._step

    def _promised(self) -> Fraction:
        """Seconds that the header gives to these pictures; 0 where it says nothing of them."""
        return Fraction(self._stream.duration or 0) * Fraction(self._stream.time_base)

    @property
    def _reordered(self) -> bool:
        return bool(self._stream.codec_context.has_b_frames)

    def _checked_gap(self, begun: Fraction, time: Fraction) -> Fraction:
        """Seconds from one picture to the next."""
        gap = time - begun
        if gap > LONGEST_GAP:
            raise VideoError(
                f"{self._source}: no picture for {float(gap):.0f} s from second {float(begun):.3f} "
                f"on; at most {LONGEST_GAP:.0f} s are filled"
            )
        if gap > self._max_gap:
            self._pictures.problems["long_gaps"] += 1
        return gap

    def _check_times(self) -> None:
        backward = self._pictures.problems["backward_timestamps"]
        seen = self._num_shown + backward
        if backward > MOST_BACKWARD * seen:
            raise VideoError(
                f"{self._source}: {backward} of {seen} pictures have timestamps that do not rise; "
                f"at most {MOST_BACKWARD:.0%} are borne"
            )
