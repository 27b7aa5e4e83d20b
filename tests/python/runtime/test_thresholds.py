"""`--tiou` of every command that scores: wrong values name the option, and what was meant."""

from __future__ import annotations

import pytest
import typer

from basnet_rt.cli.scoring import parse_thresholds


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("0.9:-0.1:0.1", "did you mean 0.1:0.1:0.9?"),
        ("50", "50 is not in (0, 1]; did you mean 0.5?"),
        ("0.5,70", "70 is not in (0, 1]; did you mean 0.7?"),
        ("10:10:70", "70 is not in (0, 1]; did you mean 0.1:0.1:0.7?"),
        ("0:0.1:0.5", "0 is not in (0, 1]"),
        ("0.1:0.1:1.2", "1.2 is not in (0, 1]"),
        ("nan", "nan is not in (0, 1]"),
    ],
)
def test_thresholds_out_of_range_name_what_was_meant(text, meant):
    with pytest.raises(typer.BadParameter) as error:
        parse_thresholds(text)
    said = str(error.value)
    assert said.startswith(f"--tiou {text}: ")
    assert said.endswith(meant)
