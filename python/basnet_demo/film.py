"""Writes pictures into a video file."""

from __future__ import annotations

from collections.abc import Iterable
from fractions import Fraction
from pathlib import Path
from typing import Any

from basnet_demo.drawing import Picture
from basnet_rt._system.extras import from_extra
from basnet_rt._system.whole_file import whole

# These options give the same bytes every time. One thread; and no macroblock tree, because its sums
# differ from run to run in PyAV's x264 (found by encoding the same pictures 25 times).
_H264 = {"preset": "veryfast", "crf": "25", "threads": "1", "x264-params": "mbtree=0"}
_MPEG4 = {"qscale": "5", "threads": "1"}


def write_film(path: Path, pictures: Iterable[Picture], *, fps: int) -> None:
    """Write an .mp4 in H.264 if this PyAV has it, else in MPEG-4 part 2.

    Args:
        path: the file; it appears only when it is complete.
        pictures: (H, W, 3) uint8, red first; all of one size, H and W even.

    Raises:
        Error: PyAV is not installed, or the file cannot be written.
    """
    av = from_extra("av", "video", "writing a video")
    exact = {"fflags": "+bitexact"}  # no versions of libraries in the file
    with whole(path) as part, av.open(str(part), "w", format="mp4", options=exact) as container:
        stream: Any = None
        for picture in pictures:
            if stream is None:
                stream = _stream(av, container, fps, picture)
            frame = av.VideoFrame.from_ndarray(picture, format="rgb24")
            container.mux(stream.encode(frame))
        if stream is not None:
            container.mux(stream.encode())


def _stream(av: Any, container: Any, fps: int, picture: Picture) -> Any:
    fast = "libx264" in av.codecs_available
    options = _H264 if fast else _MPEG4
    stream = container.add_stream("libx264" if fast else "mpeg4", rate=fps, options=options)
    stream.height, stream.width = picture.shape[:2]
    stream.pix_fmt = "yuv420p"
    stream.codec_context.time_base = Fraction(1, fps)
    return stream
