"""A table of tags with any delimiter, any heading and any order of columns."""

from __future__ import annotations

import itertools
import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path

from basnet_rt._errors import InvalidValue
from basnet_rt._system import text_file
from basnet_rt._system.csv_lines import csv_rows
from basnet_rt._system.shown import shown
from basnet_rt.annotations import TAG_HEADINGS, VIDEO_HEADINGS, plain

Row = list[str]

WESTERN = "cp1252"
# Other letters than those of Western Europe: there, hardly three accented ones follow each other.
_FOREIGN = re.compile(r"[^\x00-\x7f\s]{3,}")
_TITLES = 10  # lines that may be above a heading
_SAVE = "save it as UTF-8 (in a spreadsheet: CSV UTF-8)"

DELIMITERS = ("\t", ",", ";", "|")
SUFFIXES = (".csv", ".tsv", ".txt")
# More headings, as those of `annotations`.
SUBSET_HEADINGS = frozenset({"subset", "split", "partition", "set"})
START_HEADINGS = frozenset({"start", "begin", "tstart", "starttime", "from", "onset"})
NOTE_HEADINGS = frozenset({"note", "notes", "comment", "comments", "remark", "remarks"})
# Of seconds, of a whole video.
DURATION_HEADINGS = frozenset(
    ["duration", "durations", "durationsec", "durationseconds", "videoduration", "seconds"]
)


@dataclass(frozen=True)
class TextTable:
    """Rows of cells, and the heading, which is empty if the file has none.

    numbers: line of the file of each row.
    cut_cells: whether a cell may have several tags, such as `Run;Jump`.
    remarks: sentences on how the file was read.
    """

    path: Path
    delimiter: str
    heading: Row
    rows: list[Row]
    numbers: list[int]
    cut_cells: bool = True
    remarks: tuple[str, ...] = ()

    def column(self, names: Iterable[str]) -> int | None:
        """The first column whose heading is one of `names`."""
        wanted = set(names)
        for place, cell in enumerate(self.heading):
            if plain(cell) in wanted:
                return place
        return None


def read_table(path: str | Path) -> TextTable:
    """Read a table.

    Raises:
        ValueError: the file is absent, cannot be decoded, has no row, or a quote is not closed.
    """
    path = Path(path)
    text, remarks = _text(path)
    filled = [line for line in text.splitlines() if line.strip()]
    delimiter = _delimiter(filled[:200]) if filled else ","
    rows, numbers = [], []
    for number, row in csv_rows(path, text, delimiter):
        if any(row):
            # One form of each letter: Macs write "é" as two characters in names of files.
            rows.append([unicodedata.normalize("NFC", cell) for cell in row])
            numbers.append(number)
    if not rows:
        raise InvalidValue(
            f"{path}: no row; expected a line such as video.mp4,label for each video"
        )
    at = _heading_at(rows)
    heading, body = ([], 0) if at is None else (rows[at], at + 1)
    table = TextTable(path, delimiter, heading, rows[body:], numbers[body:], remarks=remarks)
    return table if at is None else told_titles(table, rows[:at])


def is_title(row: Row) -> bool:
    """Whether a row may stand above a heading: a single cell, or a comment after `#`."""
    return sum(map(bool, row)) <= 1 or row[0].startswith("#")


def told_titles(table: TextTable, titles: list[Row]) -> TextTable:
    """The table with a remark on the rows above its heading, if there are any."""
    if not titles:
        return table
    said = shown(" ".join(filter(None, titles[0])))
    remark = f"not read, as they are above the heading: {len(titles)} lines, such as {said}"
    return replace(table, remarks=(*table.remarks, remark))


def _text(path: Path) -> tuple[str, tuple[str, ...]]:
    """A file of text in UTF-8, UTF-16 (with its mark) or, failing both, Windows-1252.

    Returns:
        The text, and a remark if it was read as Windows-1252.

    Raises:
        ValueError: the file cannot be read, or is not text of these encodings.
    """
    try:
        text, encoding = text_file.read_with_encoding(path, encodings=("utf-8-sig", WESTERN))
    except InvalidValue as error:
        if isinstance(error.__cause__, UnicodeDecodeError):
            raise InvalidValue(f"{path}: is no UTF-8; {_SAVE}") from error
        raise
    if "\x00" in text:
        raise InvalidValue(f"{path}: not text; expected a table with a row for each video")
    odd = re.search(r"[^\n\r\t,;|]*[^\x00-\x7f][^\n\r\t,;|]*", text)
    if encoding != WESTERN or odd is None:
        return text, ()
    foreign = _FOREIGN.search(text)
    if foreign is not None:
        raise InvalidValue(
            f"{path}: is no UTF-8; as Windows-1252 it would read {shown(foreign[0])}; {_SAVE}"
        )
    remark = f"warning: {path.name} is no UTF-8 and was read as Windows-1252"
    return text, (f"{remark}: {shown(odd[0].strip())}; where that is wrong, {_SAVE}",)


def _delimiter(lines: list[str]) -> str:
    """The delimiter beside a known heading; else the first one that most lines have."""
    for line, delimiter in itertools.product(lines[:_TITLES], DELIMITERS):
        cells = {plain(cell) for cell in line.split(delimiter)}
        if len(cells) > 1 and cells & VIDEO_HEADINGS and cells & (TAG_HEADINGS | SUBSET_HEADINGS):
            return delimiter
    counts = {one: sum(one in line for line in lines) for one in DELIMITERS}
    # A comma or a tab in most lines is the delimiter, even with others present: "a,Run;Jump".
    most = [one for one in DELIMITERS if one in lines[0] and 2 * counts[one] > len(lines)]
    found: str = most[0] if most else max(DELIMITERS, key=lambda one: counts[one])
    return found if counts[found] else ","


def _heading_at(rows: list[Row]) -> int | None:
    """The place of the heading: the first row, or one below titles."""
    for at, row in enumerate(rows[: _TITLES + 1]):
        if _is_heading(row) and (at == 0 or len(row) > 1):
            return at
        if not is_title(row):
            return None
    return None


def _is_heading(row: Row) -> bool:
    known = {plain(cell) for cell in row}
    words = VIDEO_HEADINGS | TAG_HEADINGS | SUBSET_HEADINGS | DURATION_HEADINGS
    return bool(known & VIDEO_HEADINGS) and (
        len(row) == 1 or bool(known & (words - VIDEO_HEADINGS))
    )


def cell_of(row: Row, place: int) -> str:
    """A cell, empty beyond the row's end."""
    return row[place] if place < len(row) else ""
