"""The choice among a file's video streams: the one with most pictures, or the requested one."""

from __future__ import annotations

import contextlib
from collections import Counter
from typing import Any

from basnet_rt._errors import VideoError
from basnet_rt._system.addresses import is_address, shown_source
from basnet_rt.video.content import why_unreadable
from basnet_rt.video.opening import check_size, open_container

# libav* reads any text with this suffix as pictures of characters.
_TEXT_CODECS = {"ansi", "bintext", "xbin", "idf"}
_STILL_CODECS = {"mjpeg", "png", "bmp", "gif", "webp", "tiff"}  # hold covers and slides
_PLAYLISTS = {"hls", "dash"}  # their length is not that of the pictures, which may never end
_LOOKED_AT = 2000  # packets to count if no header has the number of pictures
_MOVING_SHARE = 10  # a stream with more than so many times fewer pictures than another is stills


def video_stream(container: Any, source: object, index: int | None = None) -> Any:
    """The stream of pictures: the one with most of them, or a moving one that is marked default.

    Args:
        container: of PyAV.
        source: for messages.
        index: of the requested stream, as libav* counts all streams of the file.

    Raises:
        VideoError: there is no video stream, none with this index, no decoder for it, or its
            pictures are too large.
    """
    streams = moving_streams(container, source)
    if index is not None:
        return _checked(_indexed(container, index, source), source)
    if not streams:
        raise VideoError(
            f"{shown_source(source)}: holds no video stream, only {_content(container)}"
        )
    return _checked(streams[0], source)


def moving_streams(container: Any, source: object) -> list[Any]:
    """Video streams without covers, the best first; still pictures and thumbnails last.

    A stream is moving if it has at least a tenth of the pictures of the one with most of them. A
    live source has no such numbers: codec and rate tell still pictures, and the largest is first.
    """
    streams = _pictured(container)
    if len(streams) < 2:
        return streams
    counts = _picture_counts(container, streams, source)
    most = max(counts.values(), default=0)

    def rank(stream: Any) -> tuple[bool, bool, int, int]:
        count = counts.get(stream.index, 0)
        moving = count * _MOVING_SHARE >= most if most else not _seems_still(stream)
        return not moving, not _marked(stream, "default"), -count, -_pixels(stream)

    return sorted(streams, key=rank)


def choice_remarks(container: Any, chosen: Any) -> list[str]:
    """The remark for a file with several video streams."""
    streams = _pictured(container)
    if len(streams) < 2:
        return []
    each = ", ".join(f"{one.index} ({_described(one)})" for one in streams)
    number = len(streams)
    return [
        f"holds {number} video streams: {each}; {chosen.index} is read, --stream-index N another"
    ]


def _indexed(container: Any, index: int, source: object) -> Any:
    found = [one for one in container.streams.video if one.index == index]
    if not found:
        there = ", ".join(str(one.index) for one in container.streams.video) or "none"
        raise VideoError(
            f"{shown_source(source)}: stream {index} is not a video stream; those are: {there}"
        )
    return found[0]


def _checked(stream: Any, source: object) -> Any:
    context = stream.codec_context
    if context is None and (reason := why_unreadable(stream.container.name)) is not None:
        raise VideoError(f"{shown_source(source)}: {reason}")
    if context is None or context.name in _TEXT_CODECS:
        what = "text" if context is not None else "pictures that no decoder here can read"
        raise VideoError(f"{shown_source(source)}: not a video, but {what}")
    check_size(context.width, context.height, source)
    return stream


def _picture_counts(container: Any, streams: list[Any], source: object) -> dict[int, int]:
    """Number of pictures by stream index: from the header, else in the file's first packets.

    A file on a server is opened once more, like one on disk; a live source cannot be read twice.
    Numbers of the two kinds are never compared with each other.
    """
    stated = {one.index: one.frames or _tagged(one) for one in streams}
    once = is_address(source) and (container.size <= 0 or container.format.name in _PLAYLISTS)
    if all(stated.values()) or once:
        return stated
    counted: Counter[int] = Counter()
    with contextlib.suppress(Exception), open_container(source) as again:  # type: ignore[arg-type]
        wanted = [one for one in again.streams.video if one.index in stated]
        for number, packet in enumerate(again.demux(wanted)):
            counted[packet.stream_index] += bool(packet.size)
            if number >= _LOOKED_AT:
                break
    return {index: counted[index] for index in stated} if counted else stated


def _pictured(container: Any) -> list[Any]:
    return [one for one in container.streams.video if not _is_cover(one)]


def _seems_still(stream: Any) -> bool:
    """Whether codec or rate are those of pictures that are shown for long."""
    context, rate = stream.codec_context, stream.average_rate
    return context is None or context.name in _STILL_CODECS or (rate is not None and rate < 1)


def _pixels(stream: Any) -> int:
    context = stream.codec_context
    return 0 if context is None else int(context.width * context.height)


def _tagged(stream: Any) -> int:
    """The number of pictures in Matroska's statistics."""
    for key, value in stream.metadata.items():
        if key.startswith("NUMBER_OF_FRAMES") and value.isdigit():
            return int(value)
    return 0


def _described(stream: Any) -> str:
    context = stream.codec_context
    if context is None:
        return "no decoder here"
    pictures = f", {stream.frames} pictures" if stream.frames else ""
    size = f"{context.width} x {context.height}" if context.width else "size unknown"
    return f"{context.name}, {size}{pictures}"


def _is_cover(stream: Any) -> bool:
    return _marked(stream, "attached_pic") or _marked(stream, "timed_thumbnails")


def _marked(stream: Any, name: str) -> bool:
    disposition = stream.disposition
    return bool(disposition & type(disposition)[name])


def _content(container: Any) -> str:
    kinds = sorted({"cover pictures" if s.type == "video" else s.type for s in container.streams})
    return " and ".join(kinds) or "nothing"
