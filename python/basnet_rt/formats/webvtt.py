"""WebVTT: subtitles that show every segment, or chapters to jump by. One file for each video.

Times are whole milliseconds (each end at most 0.5 ms off; a shorter segment gets one). The cue's
identifier carries the score exactly, in `1 score=0.8734`; subtitles also show it, rounded.

Chapters must be disjoint or nested (WebVTT, "cues using only nested cues"). Segments are taken by
falling score, and one that partly overlaps a taken one is left out: `kept_as_chapters`.

Source: https://www.w3.org/TR/webvtt1/
"""

from __future__ import annotations

import html
import re
from collections.abc import Iterator

from basnet_rt._errors import InvalidValue
from basnet_rt._system.shown import shown
from basnet_rt.formats.heading import heading_line, one_video, parse_heading_line
from basnet_rt.formats.marks import Mark, MarkedVideos, VideoMarks, checked_mark
from basnet_rt.formats.source import Source, one_line
from basnet_rt.formats.timecode import MILLISECONDS, frame_range

_TIME = r"(?:(\d{2,9}):)?([0-5]\d):([0-5]\d)\.(\d{3})"
_TIMING = re.compile(rf"\s*{_TIME}\s+-->\s+{_TIME}(?:\s.*)?", re.ASCII)
_IDENTIFIER = re.compile(r"(?:.*\s)?score=(\S+)")
_SHOWN_SCORE = re.compile(r"score [\d.e+-]+")
_TAG = re.compile(r"<[^>]*>")
_NO_CUE = ("NOTE", "STYLE", "REGION")


def write_subtitles(marked: MarkedVideos) -> Iterator[str]:
    """Every segment of the one video, by start; the score is shown below the label."""
    (name, video), *_ = marked.videos.items()
    yield _head("subtitles", marked, name, video)
    for i, mark in enumerate(_by_start(video.marks), start=1):
        shown = "" if mark.score is None else f"\nscore {mark.score:.2f}"
        yield _cue(i, mark, video.duration, shown)


def write_chapters(marked: MarkedVideos) -> Iterator[str]:
    """The segments of `kept_as_chapters`, by start; the label is the title."""
    (name, video), *_ = marked.videos.items()
    yield _head("chapters", marked, name, video)
    for i, mark in enumerate(_by_start(kept_as_chapters(video)), start=1):
        yield _cue(i, mark, video.duration, "")


def kept_as_chapters(video: VideoMarks) -> tuple[Mark, ...]:
    """By falling score, the marks that are disjoint from, inside or around every better one."""
    taken: list[tuple[Mark, int, int]] = []
    order = sorted(video.marks, key=lambda mark: -1.0 if mark.score is None else -mark.score)
    for mark in order:
        first, last = frame_range(mark.start, mark.end, MILLISECONDS, video.duration)
        if not any(_partly_overlap(first, last, a, b) for _, a, b in taken):
            taken.append((mark, first, last))
    return tuple(mark for mark, _, _ in taken)


def read(text: str, source: Source) -> MarkedVideos:
    """Read subtitles or chapters, ours or corrected. Tags are dropped; lines of a cue are joined.

    Raises:
        ValueError: the text is not WebVTT, a cue has no text, or a time is wrong; names the line.
    """
    lines = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    if not re.match(r"WEBVTT(?:[ \t]|$)", lines[0]):
        raise InvalidValue(f"{source.at(1)}: {shown(lines[0])}; a WebVTT file begins with WEBVTT")
    values, marks = {}, []
    for number, block in _blocks(lines):
        if block[0].split(maxsplit=1)[0] in _NO_CUE:
            note = block[0].partition(" ")[2]
            values.update(parse_heading_line(source.at(number), note) or {})
        elif number > 1:
            marks.append(_mark(source, number, block))
    return one_video(values, source.path.stem, tuple(marks))


def _head(kind: str, marked: MarkedVideos, name: str, video: VideoMarks) -> str:
    return f"WEBVTT - {kind}\n\nNOTE {heading_line(name, video, marked.provenance)}\n"


def _cue(i: int, mark: Mark, duration: float | None, shown: str) -> str:
    first, last = frame_range(mark.start, mark.end, MILLISECONDS, duration)
    score = "" if mark.score is None else f" score={mark.score!r}"
    label = html.escape(one_line(f"cue {i}", "label", mark.label), quote=False)
    return f"\n{i}{score}\n{_clock(first)} --> {_clock(last)}\n{label}{shown}\n"


def _clock(milliseconds: int) -> str:
    seconds, rest = divmod(milliseconds, 1000)
    return f"{seconds // 3600:02}:{seconds // 60 % 60:02}:{seconds % 60:02}.{rest:03}"


def _by_start(marks: tuple[Mark, ...]) -> list[Mark]:
    # Cues are ordered by start; of equal ones the longer first, which nested chapters require.
    return sorted(marks, key=lambda mark: (mark.start, -mark.end))


def _partly_overlap(first: int, last: int, a: int, b: int) -> bool:
    apart = last <= a or b <= first
    nested = (a <= first and last <= b) or (first <= a and b <= last)
    return not apart and not nested


def _blocks(lines: list[str]) -> Iterator[tuple[int, list[str]]]:
    """Stretches of lines that are not blank, with the number of their first line."""
    block: list[str] = []
    for number, line in enumerate([*lines, ""], start=1):
        if line.strip():
            block.append(line)
        elif block:
            yield number - len(block), block
            block = []


def _mark(source: Source, number: int, block: list[str]) -> Mark:
    timing = next((i for i, line in enumerate(block[:2]) if "-->" in line), None)
    if timing is None:
        raise InvalidValue(f"{source.at(number)}: {shown(block[0])}; expected a cue with a timing")
    where = source.at(number + timing)
    match = _TIMING.fullmatch(block[timing])
    if match is None:
        raise InvalidValue(
            f"{where}: {shown(block[timing])}; expected HH:MM:SS.mmm --> HH:MM:SS.mmm"
        )
    identifier = _IDENTIFIER.fullmatch(block[0]) if timing else None
    label = _label(block[timing + 1 :])
    score = None if identifier is None else identifier[1]
    return checked_mark(where, label, _seconds(match, 1), _seconds(match, 5), score)


def _label(payload: list[str]) -> str:
    if len(payload) > 1 and _SHOWN_SCORE.fullmatch(payload[-1].strip()):
        payload = payload[:-1]
    return html.unescape(_TAG.sub("", " ".join(line.strip() for line in payload))).strip()


def _seconds(match: re.Match[str], group: int) -> float:
    hours, minutes, seconds, rest = (int(match[group + i] or 0) for i in range(4))
    return (1000 * (3600 * hours + 60 * minutes + seconds) + rest) / 1000
