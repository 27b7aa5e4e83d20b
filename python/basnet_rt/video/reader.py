"""A file or an address as pictures on a grid of equal steps in time."""

from __future__ import annotations

import os
from collections.abc import Generator, Iterator
from fractions import Fraction
from types import TracebackType
from typing import Any

from basnet_rt._errors import InvalidValue, VideoError
from basnet_rt._system.addresses import is_address, shown_source
from basnet_rt._system.arguments import as_count, as_number
from basnet_rt.video.choosing import choice_remarks, video_stream
from basnet_rt.video.clock import AHEAD, FAR, FAR_BYTES, LONGEST_GAP, MOST_TOLD, Clock
from basnet_rt.video.content import why_unreadable
from basnet_rt.video.convert import Converters
from basnet_rt.video.deinterlace import deinterlaced
from basnet_rt.video.frames import Formats, Frame, FrameFormat, Image, checked_formats
from basnet_rt.video.grid import Grid, checked_rate, exact_rate
from basnet_rt.video.info import (
    DEFAULT_RATE,
    HIGHEST_RATE,
    LOWEST_RATE,
    VideoInfo,
    describe,
    frame_rate,
    range_remarks,
    start_of,
)
from basnet_rt.video.opening import open_container
from basnet_rt.video.packets import DecodedPictures, numbered_as_stored

MAX_GAP = 10.0
_GUESSED = {"mpegts", "mpeg"}  # no header has their length; it is guessed from what can be read
PAUSE = 2.0  # seconds; a longer pause is told, if pauses are rare
RARE = 8  # pictures for each of them; with fewer, pauses are the video's usual distances
EARLY = Fraction(1, 2)  # seconds by which a file may end earlier than its header says
MOST_BACKWARD = 0.25  # of the pictures
FAR_OFF, ENOUGH = 2, 8  # ratio of two rates that gives a remark; fewest pictures for a rate


def read_frames(
    source: str | os.PathLike[str],
    *,
    fps: float,
    frames: Formats | None = None,
    max_gap: float = MAX_GAP,
    threads: int | None = None,
    timeout: tuple[float, float] | None = None,
    stream_index: int | None = None,
) -> FrameReader:
    """Open a video to read its pictures on a grid.

    Instant k is k / fps seconds after the first picture, and gets the picture shown at that time: a
    slower video repeats pictures, a faster one leaves some out.

    Args:
        source: a file, or an address such as `http://...`.
        fps: instants per second; > 0. 23.976 and 24000/1001 are different numbers.
        frames: the scaling of pictures; None: RGB in their own size. Several formats: see
            `Frame.others`.
        max_gap: a longer time without a picture, in seconds, is counted in `problems`; the last
            picture is repeated.
        threads: of the decoder; None: several for large pictures; 0: one per processor.
        timeout: seconds to wait for opening and for reading, if the source is an address.
        stream_index: of the video stream among all streams of the file, as libav* counts them;
            None: the moving one that is marked default, else the one with most pictures.

    Raises:
        VideoError: it cannot be opened, or has no video. While reading: no picture can be decoded,
            or too much of it is damaged.
        ValueError: `fps` or `max_gap` is out of range.
    """
    rate, max_gap = checked_rate(fps), as_number(max_gap, "max_gap")
    if not max_gap > 0:
        raise InvalidValue(f"max_gap: expected seconds above 0, got {max_gap}")
    index = None if stream_index is None else as_count(stream_index, "stream_index")
    form = FrameFormat() if frames is None else checked_formats(frames)
    return FrameReader(source, rate, form, max_gap, threads, timeout, index)


class FrameReader:
    """Iterates over `Frame` once; a context manager. Made by `read_frames`.

    Attributes:
        info: the header.
        problems: counts of faults that were repaired or left out, by name, see docs/video.md;
            complete after the last frame.
        duration: seconds of the video's pictures: end of the last one minus the first timestamp;
            until the last frame is read, the value known so far.
        num_frames: frames given so far.
        start, offset: of time 0, see their docstrings; valid after the first frame.
        remarks: sentences for people; complete after the last frame.
    """

    def __init__(
        self,
        source: str | os.PathLike[str],
        fps: float,
        frames: Formats,
        max_gap: float,
        threads: int | None,
        timeout: tuple[float, float] | None,
        stream_index: int | None = None,
        container: Any = None,
    ) -> None:
        self._source, self._fps, self._max_gap = shown_source(source), fps, max_gap
        self._given, self._threads, self._unedited = source, threads, False
        self._container = container or open_container(source, timeout=timeout)
        try:
            self._stream = video_stream(self._container, source, stream_index)
            self._pictures = DecodedPictures(
                self._container, self._stream, threads=threads, source=source
            )
        except BaseException:
            self._container.close()
            raise
        self.info: VideoInfo = describe(self._container, self._stream, None)
        self._remarks = choice_remarks(self._container, self._stream)
        self._container_start = start_of(self._container)
        self._converters = Converters(frames)
        self._step = 1 / (frame_rate(self._stream) or DEFAULT_RATE)
        time_base = Fraction(self._stream.time_base)
        # With B-frames the header's length is that of the stored order, which is not useful here.
        sure = Fraction(0) if self._reordered else self._promised()
        self._clock = Clock(time_base, self._step, self._pictures.problems, sure, self._far())
        self._grid = Grid(exact_rate(fps), time_base, self._step)
        self._frames: Generator[Frame, None, None] = self._read()
        self.duration, self.num_frames, self._num_shown = 0.0, 0, 0
        self._pauses: list[str] = []  # remarks on the first ones
        self._num_pauses, self._paused = 0, Fraction(0)  # and their seconds
        self._filled = Fraction(0)  # seconds of gaps longer than `max_gap`

    @property
    def start(self) -> float:
        """Time 0 on the file's own clock, seconds; before the first frame, that of the header."""
        return self.info.start if self._clock.first is None else float(self._clock.first)

    @property
    def offset(self) -> float:
        """Seconds from the container's start to time 0: add it to seek in a player."""
        begin = self._container_start
        return 0.0 if begin is None or self._clock.first is None else max(0.0, self.start - begin)

    @property
    def remarks(self) -> list[str]:
        """Remarks about the reading of the video, one sentence each."""
        return [*self._remarks, *self._clock.remarks]

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
        """Close the file; frames stay valid."""
        self._frames.close()
        self._container.close()

    def _read(self) -> Generator[Frame, None, None]:
        """Give frames one picture late: a picture is shown until the time of the next one."""
        last, begun, before = None, Fraction(0), Fraction(0)
        for picture, time in self._clock.timed(deinterlaced(self._pictures)):
            if last is None:
                self._remarks += range_remarks(picture, self._stream)
            else:
                before = self._checked_gap(begun, time)
                self.duration = float(time)
                yield from self._show(last, begun, self._grid.until(time))
            last, begun = picture, time
            self._num_shown += 1
        if last is None and self._without_edits():
            yield from self._read()
            return
        if last is None:
            reason = why_unreadable(self._container.name)
            raise VideoError(f"{self._source}: {reason or 'holds no picture that can be decoded'}")
        said = self._said_length(last)
        # With B-frames a file has the distances of stored pictures, not of shown ones.
        length = min(said, before) if before and self._reordered else said
        self.duration = float(begun + length)
        yield from self._show(last, begun, self._grid.until_end(begun + length))
        self._check_end(self._lost_beginning() + begun + said)
        self._check_times()
        self._remark_pauses()
        self._remark_rate(begun)

    def _without_edits(self) -> bool:
        """Open an MP4 again if its edit list shows no pictures; False: it has no such list.

        Muxers write such lists if the first picture's timestamp is far too late.
        """
        if "mp4" not in self._container.format.name or is_address(self._given) or self._unedited:
            return False
        self._unedited = True
        index = self._stream.index
        self._container.close()
        self._container = open_container(self._given, options={"ignore_editlist": "1"})
        problems, threads = self._pictures.problems, self._threads
        self._stream = video_stream(self._container, self._given, index)
        self._pictures = DecodedPictures(
            self._container, self._stream, threads=threads, source=self._given
        )
        self._pictures.problems = problems
        self._remarks.append("its edit list shows no picture, and is passed over")
        return True

    def _far(self) -> int:
        """Most pictures to hold for judging a timestamp; fewer if they are large."""
        context = self._stream.codec_context
        size: int = 2 * max(1, context.width * context.height)  # bytes of most pixel formats
        return max(AHEAD, min(FAR, FAR_BYTES // size))

    def _stated_rate(self) -> Fraction | None:
        rate: Fraction | None = self._stream.average_rate or self._stream.guessed_rate
        return rate

    def _remark_rate(self, end: Fraction) -> None:
        """Remark a rate in the header that is far from the timestamps, which end at `end`."""
        stated = self._stated_rate()
        if not stated or stated > HIGHEST_RATE:
            return
        if self._num_shown < ENOUGH:
            if stated < LOWEST_RATE:
                self._remarks.append(
                    f"the header says {_rate(stated)}, which is implausible and ignored; its last "
                    f"picture is shown for {float(self._step):g} s"
                )
            return
        pauses, paused = self._num_pauses, self._paused
        if not self._pauses_stand_out() or pauses == self._num_shown - 1:
            pauses, paused = 0, Fraction(0)  # they are its usual distances
        measured = Fraction(self._num_shown - 1 - pauses) / (end - paused)
        # A header's rate may be the average over all pauses.
        rates = measured, Fraction(self._num_shown - 1) / end
        if all(max(rate / stated, stated / rate) > FAR_OFF for rate in rates):
            self._remarks.append(
                f"the header says {_rate(stated)}, the timestamps {_rate(measured)}; times go by "
                "the timestamps"
            )

    def _show(self, picture: Any, begun: Fraction, instants: range) -> Iterator[Frame]:
        images: tuple[Image, ...] = ()
        for index in instants:
            repeated = bool(images)
            images = images or self._converters.images(picture, self._stream.sample_aspect_ratio)
            time = index / self._fps
            yield Frame(index, time, float(begun), images[0], repeated, images[1:])

    def _said_length(self, picture: Any) -> Fraction:
        """The time that the last picture is shown, according to the file."""
        ticks = getattr(picture, "duration", 0) or 0
        length = Fraction(ticks) * Fraction(self._stream.time_base)
        usual = min(self._step, self._clock.usual())
        return length if usual / 4 < length <= 1 / LOWEST_RATE else usual

    def _promised(self) -> Fraction:
        """Duration of these pictures in the header, in seconds; 0 if unknown."""
        return Fraction(self._stream.duration or 0) * Fraction(self._stream.time_base)

    def _lost_beginning(self) -> Fraction:
        """Seconds from the stream's stated start to the first picture that decodes.

        Some containers state a start before the stream begins. The file begins inside a group of
        pictures only if its packets begin earlier than its pictures.
        """
        stated, first = self._stream.start_time, self._clock.first
        if stated is None or first is None or numbered_as_stored(self._container, self._stream):
            return Fraction(0)
        time_base = Fraction(self._stream.time_base)
        stored = max(stated, self._pictures.first_stamp or stated)
        lost: Fraction = first - stored * time_base
        damaged = self._pictures.problems["damaged_packets"]
        if lost > (EARLY if damaged else self._step / 2):
            self._pictures.problems["cut_beginning"] += 1
            self._remarks.append(
                f"begins inside a group of pictures: the first {float(lost):.3f} s cannot be "
                "decoded, and time 0 is the picture after them"
            )
        before: Fraction = first - stated * time_base
        return max(Fraction(0), before)

    def _check_end(self, end: Fraction) -> None:
        """Count and remark an end that comes before the header's, or with the connection's."""
        early = self._promised() > end + EARLY and not self._misled()
        stated = None if self._container.format.name in _GUESSED else self.info.duration
        incomplete = stated is None or stated > end + EARLY
        broken_off = self._pictures.broken_off and incomplete
        if early or broken_off:
            self._pictures.problems["ends_early"] += 1
        rate = self._stated_rate()
        believed = not rate or rate >= LOWEST_RATE
        if broken_off or (early and believed):
            self._remarks.append(
                f"ends early: nothing after second {self.duration:.3f} can be read"
            )

    def _misled(self) -> bool:
        """Whether the stated length was estimated from a wrong timestamp."""
        problems = self._pictures.problems
        estimated = "mp4" not in self._container.format.name
        return bool(estimated and (problems["wild_timestamps"] + problems["clock_restarts"]))

    @property
    def _reordered(self) -> bool:
        return bool(self._stream.codec_context.has_b_frames)

    def _checked_gap(self, begun: Fraction, time: Fraction) -> Fraction:
        """Seconds from one picture to the next."""
        gap = time - begun
        if gap > LONGEST_GAP:
            raise VideoError(
                f"{self._source}: no picture for {float(gap):.0f} s from second {float(begun):.3f} "
                f"on; at most {float(LONGEST_GAP):.0f} s are filled"
            )
        if gap > self._max_gap:
            self._filled += gap
            self._check_lapse(time)
            self._pictures.problems["long_gaps"] += 1
        if gap > min(self._max_gap, PAUSE):
            self._num_pauses += 1
            self._paused += gap
            if self._num_pauses <= MOST_TOLD:
                self._pauses.append(
                    f"no picture for {float(gap):.3f} s from second {float(begun):.3f} on; the "
                    "last one repeats"
                )
        return gap

    def _pauses_stand_out(self) -> bool:
        """Whether one is long, or they are so few that they are no usual distance."""
        rare = RARE * self._num_pauses <= max(RARE, self._num_shown)
        return rare or bool(self._pictures.problems["long_gaps"])

    def _remark_pauses(self) -> None:
        if self._pauses_stand_out():
            self._remarks += self._pauses
            if self._num_pauses > MOST_TOLD:
                self._remarks.append(f"pauses of more than {PAUSE:g} s: {self._num_pauses}")

    def _check_lapse(self, time: Fraction) -> None:
        """Refuse pictures so far apart that a few of them would be repeated for hours."""
        if self._filled > LONGEST_GAP and time > self._max_gap * self._num_shown:
            raise VideoError(
                f"{self._source}: only {self._num_shown} pictures in the first {float(time):.0f} "
                "s; a time lapse is not filled with repeats for more than "
                f"{float(LONGEST_GAP):.0f} s. Give its pictures the times of a video, as by "
                "ffmpeg -r"
            )

    def _check_times(self) -> None:
        problems = self._pictures.problems
        backward = problems["backward_timestamps"] + problems["wild_timestamps"]
        seen = self._num_shown + problems["backward_timestamps"]
        if backward > MOST_BACKWARD * seen:
            raise VideoError(
                f"{self._source}: {backward} of {seen} pictures have timestamps that do not rise; "
                f"at most {MOST_BACKWARD:.0%} are borne"
            )


def _rate(rate: Fraction) -> str:
    if rate < 1:
        return f"one picture in {float(1 / rate):.4g} s"
    return f"{float(rate):.4g} pictures a second"
