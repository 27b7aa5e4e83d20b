"""CSV: a row for each segment, with the columns video, label, score, start, end, mode, source.

Results with a confidence have it in a last column.

Numbers can be read back exactly. A video without segments has no row and is lost, as are durations
and settings. Corrected tables only need video, label, start and end.
"""

from __future__ import annotations

import csv
import io
import math
import re
from collections.abc import Iterator, Mapping
from typing import Any

from basnet_rt._errors import InvalidValue
from basnet_rt._system.shown import shown_all
from basnet_rt.formats.marks import Mark, MarkedVideos, VideoMarks, checked_mark
from basnet_rt.formats.source import Source

COLUMNS = ("video", "label", "score", "start", "end", "mode", "source")
CONFIDENCE = "confidence"  # the last column, if there is any confidence
NEEDED = ("video", "label", "start", "end")
_TEXTS = ("video", "label", "mode", "source")
SIMULATED = "(simulated)"
# Beginnings that a spreadsheet takes for a formula, after any number of apostrophes; also
# full-width signs, and signs after characters that it ignores.
_RUNS = re.compile(r"'*([\t\r\n]|[\s\x00-\x1f\ufeff]*[=+\-@\uff1d\uff0b\uff0d\uff20])")


def write(marked: MarkedVideos) -> Iterator[str]:
    """The table, a video at a time."""
    mode, source = str(marked.provenance.get("mode", "")), source_of(marked.provenance)
    sure = any(mark.confidence is not None for one in marked.videos.values() for mark in one.marks)
    yield ",".join(COLUMNS + ((CONFIDENCE,) if sure else ())) + "\n"
    for name, video in marked.videos.items():
        text = io.StringIO()
        rows = csv.writer(text, lineterminator="\n")
        for mark in video.marks:
            score = "" if mark.score is None else mark.score
            texts = [inert(one) for one in (name, mark.label, mode, source)]
            last = ["" if mark.confidence is None else mark.confidence] if sure else []
            row = [*texts[:2], score, mark.start, mark.end, *texts[2:], *last]
            if any("\r" in one for one in texts):  # csv quotes only the line end that it writes
                csv.writer(text, lineterminator="\n", quoting=csv.QUOTE_ALL).writerow(row)
            else:
                rows.writerow(row)
        yield text.getvalue()


def inert(text: str) -> str:
    """The text of a cell in a form that no spreadsheet runs; `plain` is the inverse.

    Source: OWASP, "CSV injection": a leading apostrophe makes a cell text.
    """
    return "'" + text if _RUNS.match(text) else text


def plain(text: str) -> str:
    """The inverse of `inert`."""
    return text[1:] if text[:1] == "'" and _RUNS.match(text) else text


def read(text: str, source: Source) -> MarkedVideos:
    """Columns are found by name, in any order; others are ignored.

    Raises:
        ValueError: a column is absent, a row has too many cells or a wrong one; names the line.
    """
    rows = csv.DictReader(io.StringIO(text, newline=""))
    table = Table()
    try:
        lacking = [name for name in NEEDED if name not in (rows.fieldnames or ())]
        if lacking:
            raise InvalidValue(
                f"{source.path}: the column {lacking[0]!r} is absent; the first line has "
                f"{shown_all(rows.fieldnames or (), 8)}; it must name {', '.join(NEEDED)}, with "
                "commas between them"
            )
        for row in rows:
            if None in row:
                raise InvalidValue(f"{source.at(rows.line_num)}: more cells than columns")
            texts = {k: plain(v) for k, v in row.items() if isinstance(v, str) and k in _TEXTS}
            table.add(source.at(rows.line_num), {**row, **texts})
    except csv.Error as error:
        raise InvalidValue(f"{source.path}, after line {rows.line_num}: {error}") from error
    return table.marked()


def source_of(provenance: Mapping[str, Any]) -> str:
    """A cell with the model, and whether features were simulated."""
    model = str(provenance.get("model", ""))
    return f"{model} {SIMULATED}".strip() if provenance.get("simulated") else model


class Table:
    """Rows of many videos, and their origin."""

    def __init__(self) -> None:
        self._videos: dict[str, list[Mark]] = {}
        self._modes: set[str] = set()
        self._sources: set[str] = set()

    def add(self, where: str, row: Mapping[str, Any]) -> None:
        """One row by column name."""
        lacking = [name for name in NEEDED if row.get(name) in (None, "")]
        if lacking:
            raise InvalidValue(f"{where}: no {', '.join(lacking)}")
        video, score = str(row["video"]), row.get("score")
        sure = row.get(CONFIDENCE)
        values = (row["label"], row["start"], row["end"], None if score == "" else score)
        mark = checked_mark(
            where, *values, confidence=None if sure == "" else sure, least=-math.inf
        )
        self._videos.setdefault(video, []).append(mark)
        self._modes |= {str(row["mode"])} if row.get("mode") else set()
        self._sources |= {str(row["source"])} if row.get("source") else set()

    def marked(self) -> MarkedVideos:
        videos = {name: VideoMarks(tuple(marks)) for name, marks in self._videos.items()}
        if not self._modes and not self._sources:
            return MarkedVideos(videos)
        provenance = {
            "mode": ", ".join(sorted(self._modes)),
            "model": ", ".join(sorted(self._sources)),
            "simulated": any(one.endswith(SIMULATED) for one in self._sources),
        }
        return MarkedVideos(videos, provenance)
