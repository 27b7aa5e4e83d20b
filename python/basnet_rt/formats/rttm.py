"""RTTM-like text: `SPEAKER <video> 1 <start> <duration> <NA> <NA> <label> <score> <NA>` a line.

Times have six decimals (each end at most 1.5e-6 s off). Fields are separated by white space, so
white space and `%` in names are written as in a URL: `Long%20Jump`. A video without segments has no
line and is lost, as are mode, durations and whether features were simulated.

Source: the Rich Transcription Time Marked format of NIST's evaluations.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from urllib.parse import quote, unquote

from basnet_rt._errors import InvalidValue
from basnet_rt._system.shown import shown
from basnet_rt.formats.marks import Mark, MarkedVideos, VideoMarks, checked_mark, number
from basnet_rt.formats.source import Source

ABSENT = "<NA>"
FIELDS = 9  # type, file, channel, start, duration, orthography, subtype, name, confidence
# Line types of the format that do not mark a segment of a class.
_OTHERS = {"SPKR-INFO", "NOSCORE", "NO_RT_METADATA", "LEXEME", "NON-LEX", "NON-SPEECH", "FILLER",
           "EDIT", "SU", "IP", "CB", "A/P"}  # fmt: skip
_UNSAFE = re.compile(r"[\s%]")


def write(marked: MarkedVideos) -> Iterator[str]:
    """One line at a time."""
    for name, video in marked.videos.items():
        for mark in video.marks:
            score = ABSENT if mark.score is None else repr(mark.score)
            start, end = round(mark.start, 6), round(mark.end, 6)
            times = f"{start:.6f} {end - start:.6f}"
            yield (
                f"SPEAKER {_field(name)} 1 {times} {ABSENT} {ABSENT} {_field(mark.label)} "
                f"{score} {ABSENT}\n"
            )


def read(text: str, source: Source) -> MarkedVideos:
    """Comments (`;;`) and the other line types of RTTM are skipped.

    Raises:
        ValueError: a line has too few fields, a wrong number or an unknown type; names the line.
    """
    videos: dict[str, list[Mark]] = {}
    for i, line in enumerate(text.split("\n"), start=1):
        fields = line.split()
        if not fields or fields[0].startswith(";;") or fields[0] in _OTHERS:
            continue
        where = source.at(i)
        if fields[0] != "SPEAKER" or len(fields) < FIELDS:
            raise InvalidValue(f"{where}: {shown(line)}; expected SPEAKER and {FIELDS - 1} fields")
        video, label = unquote(fields[1]), unquote(fields[7])
        start = number(where, "start", fields[3])
        end = round(start + number(where, "duration", fields[4]), 9)
        score = None if fields[8] == ABSENT else fields[8]
        videos.setdefault(video, []).append(checked_mark(where, label, start, end, score))
    return MarkedVideos({name: VideoMarks(tuple(marks)) for name, marks in videos.items()})


def _field(text: str) -> str:
    return _UNSAFE.sub(lambda match: quote(match[0]), text)
