"""What a page shows, as a test reads it."""

from __future__ import annotations

import time
from typing import Any

from patience import HANG

NO_SCORE = "\u2013"  # in the score column of a missed segment


def settle(page: Any) -> None:
    """Until what is drawn once per frame has been drawn; tables may wait for 80 ms before that."""
    page.evaluate("""() => new Promise(done => setTimeout(
        () => requestAnimationFrame(() => requestAnimationFrame(done)), 85))""")


def seconds(page: Any) -> float:
    """Where the playhead is, to a tenth."""
    return float(page.get_attribute("#surface", "aria-valuenow"))


def rows(page: Any) -> list[list[str]]:
    """Cells of the segment list's rows that exist, from the top."""
    return page.evaluate("""() => [...document.querySelectorAll("#segment-grid .grid-row")]
        .sort((a, b) => a.ariaRowIndex - b.ariaRowIndex)
        .map(row => [...row.children].map(cell => cell.textContent))""")


def kind_counts(page: Any) -> dict[str, int]:
    """By kind, as on the chips."""
    return page.evaluate("""() => Object.fromEntries([...document.querySelectorAll(".chip")]
        .map(c => [c.id.slice(5), Number(c.querySelector("b").textContent.replace(",", ""))]))""")


def ruler(page: Any) -> bytes:
    """The picture of the ruler: another one where the view has moved."""
    return page.locator("#ruler").screenshot()


def lanes(page: Any) -> bytes:
    return page.locator("#lanes").screenshot()


def timeline_point(page: Any, share: float, lane: float | None = None) -> tuple[float, float]:
    """Page coordinates of a share of the view; on the ruler, or `lane` pixels below it."""
    box = page.locator("#surface").bounding_box()
    left = 132 if box["width"] >= 700 else 10
    x = box["x"] + left + share * (box["width"] - left - 10)
    return x, box["y"] + (12 if lane is None else 24 + lane)


def score_at_least(page: Any, value: float) -> None:
    page.locator("#score").fill(str(value))


def wait_until(page: Any, expression: str, at_most: float = HANG) -> None:
    """Playwright's own wait evaluates text in the page, which the page's policy forbids."""
    end = time.monotonic() + at_most
    while not page.evaluate(expression):
        assert time.monotonic() < end, f"never became true: {expression}"
        page.wait_for_timeout(30)
