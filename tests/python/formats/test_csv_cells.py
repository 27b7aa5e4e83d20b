"""Cells of a CSV: a spreadsheet runs none of them, and every text comes back.

Would catch: a class name such as `=HYPERLINK(...)` that a spreadsheet runs, an apostrophe that is
added and never taken away, a line end inside a name that ends the row.
"""

from __future__ import annotations

import csv

import pytest
from hypothesis import given
from hypothesis import strategies as st

from basnet_rt.formats.csv_table import inert, plain
from basnet_rt.formats.files import read_marks, write_marks
from basnet_rt.formats.marks import Mark, MarkedVideos, VideoMarks

RUNS = [
    '=HYPERLINK("x")',
    "+1",
    "-2",
    "@SUM(A1)",
    "\t=1",
    "\r=1",
    "\n=1",
    "'=1",
    "''-x",
    " =1",
    "\0=1",
    "\uff1d1",
]


OTHERS = ["plain", "'quoted'", "a\rb", "a\r\nb", "a\nb", 'a"b', "\x07"]


@pytest.mark.parametrize("text", [*RUNS, *OTHERS])
def test_a_name_comes_back_and_no_cell_starts_like_a_formula(tmp_path, text):
    marked = MarkedVideos({text: VideoMarks((Mark(text, 1.0, 2.0, 0.5), Mark("b", 3.0, 4.0, 0.4)))})
    write_marks(tmp_path / "out.csv", marked)
    with (tmp_path / "out.csv").open(newline="", encoding="utf-8") as file:
        for row in list(csv.reader(file))[1:]:
            assert not any(
                cell.lstrip(" \0")[:1] in tuple("=\uff1d+-@\t\r\n") for cell in row if cell
            )
    assert read_marks(tmp_path / "out.csv").videos == marked.videos


@given(st.text())
def test_every_text_comes_back(text):
    assert plain(inert(text)) == text
