"""JSON Lines: an object for each segment, with the keys of the CSV's columns.

Numbers can be read back exactly. A video without segments has no line and is lost, as are durations
and settings.
"""

from __future__ import annotations

import json
from collections.abc import Iterator

from basnet_rt._errors import InvalidValue
from basnet_rt._system.json_file import parse_json
from basnet_rt._system.shown import shown
from basnet_rt.formats.csv_table import Table, source_of
from basnet_rt.formats.marks import MarkedVideos
from basnet_rt.formats.source import Source


def write(marked: MarkedVideos) -> Iterator[str]:
    """One line at a time; `score`, `mode` and `source` only where they are known."""
    origin = {"mode": marked.provenance.get("mode"), "source": source_of(marked.provenance)}
    for name, video in marked.videos.items():
        for mark in video.marks:
            values = {"video": name, **mark._asdict(), **origin}
            known = {key: value for key, value in values.items() if value not in (None, "")}
            yield json.dumps(known, allow_nan=False) + "\n"


def read(text: str, source: Source) -> MarkedVideos:
    """Blank lines are skipped; other keys are ignored.

    Raises:
        ValueError: a line is no JSON object or lacks a value; names the line.
    """
    table = Table()
    for number, line in enumerate(text.split("\n"), start=1):
        if not line.strip():
            continue
        row = parse_json(line, source.at(number))
        if not isinstance(row, dict):
            raise InvalidValue(f"{source.at(number)}: {shown(row)}; it must be an object")
        table.add(source.at(number), row)
    return table.marked()
