"""A copy of a video with the names of the detected actions drawn into its pictures."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import ExitStack
from fractions import Fraction
from itertools import chain
from pathlib import Path
from typing import Any

import numpy as np

from basnet_rt._errors import InvalidType, InvalidValue, VideoError
from basnet_rt._system.addresses import is_address, shown_source
from basnet_rt._system.extras import from_extra
from basnet_rt._system.whole_file import whole
from basnet_rt.results import Detection, Detections
from basnet_rt.video.frames import Image
from basnet_rt.video.info import DEFAULT_RATE
from basnet_rt.video.opening import open_container, pyav
from basnet_rt.video.reader import FrameReader, read_frames

AUDIO = ("aac", "mp3", "ac3", "eac3", "opus", "alac", "flac")  # what an MP4 may hold
MOST_LINES = 6  # events shown at one time; the number of further ones is shown
QUALITY = {"preset": "veryfast", "crf": "20"}  # of x264: near the original for the eye
BAR = (66, 133, 244)  # red, green, blue of the bar at the bottom: how far an event is


def burn_in(
    source: str | Path,
    target: str | Path,
    found: Detections,
    *,
    stream_index: int | None = None,
    progress: Callable[[float], None] | None = None,
) -> None:
    """Write a copy of a video, as MP4, with the names of the current events in each picture.

    Pictures come at equal steps of the video's mean rate, turned upright, with the same times as
    detections. The first sound track is copied unchanged if an MP4 can hold it. Characters beyond
    ASCII are drawn as "?".

    Args:
        source: file or address; as `basnet_rt.video.read_frames`.
        target: ends in .mp4; replaced once the copy is whole.
        found: detections of this video; usually `Detections.events()`. Each is shown from its
            start to its end, with its confidence (or its score, if it has none); best first.
        stream_index: as for `read_frames`.
        progress: called for each picture with the seconds of video written so far.

    Raises:
        VideoError: the video cannot be read, or its pictures are less than 2 pixels high or wide.
        ValueError: `target` does not end in .mp4, or is the source.
        Error: the file cannot be written, or PyAV or OpenCV is not installed.
    """
    if not isinstance(found, Detections):
        raise InvalidType(f"found is a {type(found).__name__}; it must be Detections")
    if Path(target).suffix != ".mp4":
        raise InvalidValue(f"target is {str(target)!r}; its name must end in .mp4")
    if not is_address(source) and Path(source).resolve() == Path(target).resolve():
        raise InvalidValue(f"target is the source, {str(target)!r}; name another file")
    pen = Pen(found)
    with ExitStack() as stack:
        rate = _rate(source, stream_index)
        reader = stack.enter_context(read_frames(source, fps=rate, stream_index=stream_index))
        first = next(reader)  # before anything is written: it may not decode
        part = stack.enter_context(whole(target))
        copy = stack.enter_context(Copy(part, source, reader, first.image, rate))
        for frame in chain([first], reader):
            copy.write(pen.drawn(frame.image, frame.time), frame.time)
            if progress is not None:
                progress(frame.time)


def _rate(source: str | Path, stream_index: int | None) -> Any:
    """The mean rate in the file's header, as an exact fraction for read_frames."""
    with read_frames(source, fps=1, stream_index=stream_index) as reader:
        return reader.info.fps or DEFAULT_RATE


class Pen:
    """Draws the events of one moment into a picture."""

    def __init__(self, found: Detections) -> None:
        self._cv2 = from_extra("cv2", "video", "drawing labels into a video")
        order = np.argsort(-found.scores, kind="stable")
        self._found = list(found[order]) if len(found) else []

    def drawn(self, image: Image, time: float) -> Image:
        """A copy of (H, W, 3) uint8 with even sides: a line for each event, a bar for the best."""
        height, width = (side - side % 2 for side in image.shape[:2])
        image = image[:height, :width].copy()
        now = [one for one in self._found if one.start <= time < one.end]
        lines = [_text(one) for one in now[:MOST_LINES]]
        if len(now) > MOST_LINES:
            lines.append(f"and {len(now) - MOST_LINES} more")
        size = max(height / 480, 0.4)
        for row, line in enumerate(lines):
            self._line(image, line, row, size)
        if now:
            done = (time - now[0].start) / (now[0].end - now[0].start)
            image[-max(2, height // 60) :, : max(1, int(width * done))] = BAR
        return image

    def _line(self, image: Image, text: str, row: int, size: float) -> None:
        """White on a darkened box, from the top left corner down."""
        face, thick = self._cv2.FONT_HERSHEY_SIMPLEX, max(1, round(size * 1.5))
        (width, height), below = self._cv2.getTextSize(text, face, size * 0.7, thick)
        tall = height + below + round(8 * size)
        top, left = row * tall, round(6 * size)
        box = image[top : top + tall, : width + 2 * left]
        box //= 3
        base = (left, top + height + round(4 * size))
        self._cv2.putText(
            image, text, base, face, size * 0.7, (255, 255, 255), thick, self._cv2.LINE_AA
        )


def _text(one: Detection) -> str:
    name = str(one.label) if one.name is None else one.name
    sure = f"{one.score:.3f}" if one.confidence is None else f"{100 * one.confidence:.0f} %"
    return "".join(c if " " <= c <= "~" else "?" for c in f"{name}  {sure}")


class Copy:
    """The file to write: pictures at a constant rate, and the sound of the source."""

    def __init__(
        self, part: Path, source: str | Path, reader: FrameReader, first: Image, rate: Fraction
    ) -> None:
        height, width = (side - side % 2 for side in first.shape[:2])
        if not height or not width:
            raise VideoError(
                f"{shown_source(source)}: pictures of {first.shape[1]} x {first.shape[0]}; a copy "
                "needs 2 pixels a side"
            )
        self._av = pyav()
        self._stack = ExitStack()
        self._out = self._stack.enter_context(self._av.open(str(part), "w", format="mp4"))
        h264 = "libx264" in self._av.codecs_available
        self._video = self._out.add_stream("libx264" if h264 else "mpeg4", rate=rate)
        self._video.width, self._video.height, self._video.pix_fmt = width, height, "yuv420p"
        self._video.options = dict(QUALITY) if h264 else {"qscale": "3"}
        self._sound = self._sound_of(source, reader.start)
        self._next = next(self._sound, None)

    def __enter__(self) -> Copy:
        return self

    def __exit__(self, kind: Any, error: Any, trace: Any) -> None:
        try:
            if kind is None:
                self._out.mux(self._video.encode())
                self._add_sound(float("inf"))
        finally:
            self._sound.close()
            self._stack.close()

    def write(self, image: Image, time: float) -> None:
        """Write the next picture, and the sound before it."""
        self._add_sound(time)
        frame = self._av.VideoFrame.from_ndarray(image, format="rgb24")
        self._out.mux(self._video.encode(frame))

    def _add_sound(self, until: float) -> None:
        while self._next is not None and self._next.pts * self._next.time_base <= until:
            self._out.mux(self._next)
            self._next = next(self._sound, None)

    def _sound_of(self, source: str | Path, start: float) -> Any:
        """Packets of the first sound track, if any, with the times of the pictures."""
        with open_container(source) as container:
            tracks: Sequence[Any] = container.streams.audio
            if not tracks or tracks[0].codec_context.name not in AUDIO:
                return
            stream = self._out.add_stream_from_template(tracks[0])
            for packet in container.demux(tracks[0]):
                if packet.pts is None or packet.dts is None:
                    continue
                shift = round(start / packet.time_base)
                packet.pts, packet.dts = packet.pts - shift, packet.dts - shift
                if packet.dts >= 0:
                    packet.stream = stream
                    yield packet
