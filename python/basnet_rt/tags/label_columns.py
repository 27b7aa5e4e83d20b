"""The columns of a table that have tags: cells of words, or one column of marks for each class."""

from __future__ import annotations

import ast
import re
from collections.abc import Sequence
from dataclasses import dataclass

from basnet_rt._errors import InvalidValue
from basnet_rt.annotations import TAG_HEADINGS, plain
from basnet_rt.tags.table import (
    DURATION_HEADINGS,
    NOTE_HEADINGS,
    SUBSET_HEADINGS,
    Row,
    TextTable,
    cell_of,
)

_YES, _NO = frozenset(["1", "1.0", "true", "yes", "x"]), frozenset(["0", "0.0", "false", "no", ""])

Remarks = list[str]


@dataclass(frozen=True)
class LabelColumns:
    """The places of a row's tags: cells, or headings of columns marked with 1."""

    places: Sequence[int]
    names: Sequence[str] | None  # of the columns, if cells are only marks
    separators: str

    def read(self, row: Row) -> list[str]:
        cells = [cell_of(row, place) for place in self.places]
        if self.names is not None:
            pairs = zip(self.names, cells, strict=True)
            return [name for name, cell in pairs if cell.lower() in _YES]
        return [word for cell in cells for word in self._words(cell)] or [""]

    def _words(self, cell: str) -> list[str]:
        listed = _listed(cell)
        return (
            [word.strip() for word in re.split(self.separators, cell)] if listed is None else listed
        )


def label_columns(table: TextTable, video: int, remarks: Remarks) -> LabelColumns:
    """The columns of tags: by marks in cells, by heading, else every other column of words.

    Words beyond the heading are tags too if its last column is one.

    Raises:
        ValueError: there is no such column; the message has the heading.
    """
    separators = "[" + "".join(re.escape(one) for one in ";|," if one != table.delimiter) + "]"
    if not table.cut_cells:
        separators = r"(?!)"
    width = max((len(row) for row in [table.heading, *table.rows]), default=0)
    aside = {video, table.column(SUBSET_HEADINGS), table.column(DURATION_HEADINGS)}
    notes = {i for i, cell in enumerate(table.heading) if plain(cell) in NOTE_HEADINGS} - {video}
    places = [i for i in range(width) if i not in {*aside, *notes}]
    marks = [i for i in places if _are_marks([cell_of(row, i) for row in table.rows])]
    named = [i for i, cell in enumerate(table.heading) if _names_tags(cell) and i != video]
    all_marks = bool(table.heading) and len(marks) == len(places) > 0
    if named and not (all_marks and _are_classes([table.heading[i] for i in named], len(places))):
        others = [cell for i, cell in enumerate(table.heading) if i not in {*named, *aside}]
        return LabelColumns(_with_words_beyond(table, named, others, remarks), None, separators)
    remarks += [f"column {table.heading[i]!r} is not read: it has no tags" for i in sorted(notes)]
    if all_marks:
        return LabelColumns(marks, [cell_of(table.heading, i) for i in marks], separators)
    words = [i for i in places if not _are_numbers([cell_of(row, i) for row in table.rows])]
    if not words and len(places) == 1:  # classes may be called 0, 1, 2
        words = [i for i in places if any(cell_of(row, i).isdigit() for row in table.rows)]
    if not words:
        columns = (
            f"its heading is {table.heading}" if table.heading else f"it has {width} column(s)"
        )
        raise InvalidValue(
            f"{table.path}: no column of tags: {columns}; expected a row such as video.mp4,label "
            "under a heading such as video,tags"
        )
    return LabelColumns(words, None, separators)


def _with_words_beyond(
    table: TextTable, named: list[int], others: Sequence[str], remarks: Remarks
) -> list[int]:
    """The columns under headings of tags, and those of words beyond the heading."""
    width = max(len(row) for row in [table.heading, *table.rows])
    beyond = list(range(len(table.heading), width))
    words = [i for i in beyond if not _are_numbers([cell_of(row, i) for row in table.rows])]
    more = words if named[-1] == len(table.heading) - 1 else []
    lines = [n for row, n in zip(table.rows, table.numbers, strict=True) if _beyond(row, table)]
    if lines and len(more) < len(beyond):
        remarks.append(f"line {lines[0]} has more cells than the heading; they are not read")
    unread = [cell for cell in others if cell and not plain(cell).startswith("duration")]
    if unread:
        columns = ", ".join(map(repr, unread))
        remarks.append(f"not read, as tags have a column of their own: {columns}")
    return [*named, *more]


def _are_classes(headings: Sequence[str], columns: int) -> bool:
    """Whether columns of marks with such headings are classes, as Event 1, Event 2 and Run are.

    One column that is called label has the tags, whatever stands beside it.
    """
    return columns > 1 and sum(plain(one) in TAG_HEADINGS for one in headings) != 1


def _beyond(row: Row, table: TextTable) -> bool:
    """Whether a row has a filled cell beyond the heading."""
    return any(row[len(table.heading) :])


def _names_tags(heading: str) -> bool:
    """ "tag", "Label 2" and the like."""
    return plain(heading).rstrip("0123456789") in TAG_HEADINGS


def mark_remarks(words: set[str]) -> Remarks:
    """A warning if the tags of a table are only marks, such as 0 and 1."""
    if len(words) < 2 or not {word.lower() for word in words} <= _YES | _NO:
        return []
    named = " and ".join(sorted(words))
    said = (
        f"warning: the only tags are {named}, which are trained as classes of these names; if one "
        "means that nothing happens, leave its cells empty, and write the class in the others"
    )
    return [said]


def _are_marks(cells: Sequence[str]) -> bool:
    words = {cell.lower() for cell in cells}
    return words <= (_YES | _NO) and bool(words & _YES)


def _are_numbers(cells: Sequence[str]) -> bool:
    """Whether all cells are numbers, such as times, which are not tags; true if all are empty."""
    return all(re.fullmatch(r"[-+0-9.:eE]*", cell) for cell in cells)


def _listed(cell: str) -> list[str] | None:
    """The words of a list as Python and JSON write it, such as ['A', 'B']; None: another text."""
    if not re.fullmatch(r"\[.*\]|\{.*\}|\(.*\)", cell, re.DOTALL):
        return None
    try:
        found = ast.literal_eval(cell)
    except (ValueError, SyntaxError, MemoryError, RecursionError):
        return None
    if not isinstance(found, list | tuple | set) or not all(isinstance(one, str) for one in found):
        return None
    return [one.strip() for one in sorted(found)]
