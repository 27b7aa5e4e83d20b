"""Tables as people write them: each row is one line, so that a stray quote swallows no other."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from pathlib import Path

from basnet_rt._errors import InvalidValue


def csv_rows(path: Path, text: str, delimiter: str = ",") -> Iterator[tuple[int, list[str]]]:
    """The number and the cells of each line; cells are without spaces around them.

    Raises:
        InvalidValue: a quote is not closed in its line, or text follows a closed one; names both.
    """
    for number, line in enumerate(text.splitlines(), start=1):
        reader = csv.reader([line], delimiter=delimiter, skipinitialspace=True, strict=True)
        try:
            cells = next(reader, [])
        except csv.Error as error:
            raise InvalidValue(f"{path}, line {number}: {_fault(line, error)}") from error
        yield number, [cell.strip() for cell in cells]


def _fault(line: str, error: csv.Error) -> str:
    if line.count('"') % 2:
        return (
            'a quote (") is not closed; remove it, or close it in the same line: no cell may have '
            "a line break"
        )
    advice = '; a quote (") within a cell in quotes is written twice ("")' if '"' in line else ""
    return f"{error}{advice}"
