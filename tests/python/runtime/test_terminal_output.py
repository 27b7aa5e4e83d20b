"""Commands never print what steers a terminal. Would catch an escape in a class or file name."""

from __future__ import annotations

import pytest

from basnet_rt.cli.common import answer, note, on_one_line, printable


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("plain, Umlaut ü, 走る", "plain, Umlaut ü, 走る"),
        ("\x1b[2Jgone", "\\x1b[2Jgone"),
        ("a\rb\x07", "a\\rb\\x07"),
        ("left\u202eright", "left\\u202eright"),
        ("\x9b31m", "\\x9b31m"),
        ("two\nlines\tand a tab", "two\nlines\tand a tab"),
    ],
)
def test_control_characters_are_written_out(text, shown, capsys):
    assert printable(text) == shown
    note(text)
    answer({}, [text], as_json=False)
    printed = capsys.readouterr()
    assert printed.err == printed.out == shown + "\n"


def test_a_name_begins_no_line_of_its_own():
    assert on_one_line("n\nall is fine\t\x1b") == "n\\nall is fine\\t\\x1b"
