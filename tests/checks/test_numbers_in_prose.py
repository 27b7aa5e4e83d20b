"""Each accuracy in README and at the head of docs/results.md stands in a table of a bench."""

from __future__ import annotations

import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
SECTION = re.compile(r"<!-- (\w+):begin -->(.*?)<!-- \1:end -->", re.DOTALL)
SPREAD = re.compile(r"\d+\.\d \(\d+\.\d to \d+\.\d\)")


def written() -> str:
    """All sections that scripts have written into pages."""
    pages = [*sorted((ROOT / "docs").glob("*.md")), ROOT / "README.md"]
    return "\n".join(text for page in pages for _, text in SECTION.findall(page.read_text()))


def stated() -> dict[str, list[str]]:
    """By place, the medians with their ranges."""
    head = (ROOT / "docs/results.md").read_text().split("\n## ", 2)[1]
    readme = (ROOT / "README.md").read_text()
    accuracy = readme.split("Accuracy, from video-level tags alone")[1].split("\n## ")[0]
    return {"results": SPREAD.findall(head), "readme": SPREAD.findall(accuracy)}


def strange(numbers: list[str]) -> list[str]:
    """Those that no bench wrote."""
    tables = written()
    return [one for one in numbers if one not in tables]


def test_each_number_stands_in_a_table_of_a_bench():
    for place, numbers in stated().items():
        assert len(numbers) >= 5, place
        assert strange(numbers) == []


def test_another_number_is_noticed():
    (right, *_) = stated()["results"]
    wrong = right.replace(right[0], "9" if right[0] != "9" else "8", 1)
    assert strange([right, wrong]) == [wrong]
