"""For eyes, hands and ears of all kinds: axe-core finds nothing, nothing is cut off when zoomed."""

from __future__ import annotations

from importlib import resources

import pytest
from looking import settle, timeline_point, wait_until

from patience import wait_for

AXE_RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]


def violations(page) -> list[str]:
    """What axe-core objects to, in words; contrast is among its rules."""
    source = resources.files("axe_playwright_python") / "axe.min.js"
    page.evaluate(source.read_text(encoding="utf-8"))
    found = page.evaluate("r => axe.run({runOnly: {type: 'tag', values: r}})", AXE_RULES)
    assert len(found["passes"]) > 15
    return [
        f"{one['id']}: {one['help']}: {node['html'][:120]} {node['failureSummary'][:200]}"
        for one in found["violations"]
        for node in one["nodes"]
    ]


@pytest.mark.parametrize(("theme", "width"), [("light", 1280), ("dark", 1280), ("dark", 390)])
@pytest.mark.parametrize("hash_", ["", "#video=one"], ids=["overview", "video"])
def test_axe_finds_nothing(open_page, small, theme, width, hash_):
    page = open_page(small, hash_, width=width, color_scheme=theme)
    assert page.evaluate("document.documentElement.dataset.theme") == theme
    if hash_:
        page.keyboard.press("n")
        page.locator("summary").click()
        settle(page)
    assert violations(page) == []


def test_axe_finds_nothing_in_the_help(open_page, single):
    page = open_page(single)
    page.keyboard.press("?")
    assert violations(page) == []


@pytest.mark.parametrize("width", [640, 320], ids=["200%", "400%"])
@pytest.mark.parametrize("name", ["small", "single", "hostile"])
def test_zoomed_in_nothing_scrolls_sideways(open_page, request, name, width):
    """1280 pixels at 200% and 400% are as wide as these."""
    path = request.getfixturevalue(name)
    page = open_page(path, width=width, height=width * 5 // 8, device_scale_factor=2)
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    outside = page.evaluate("""() => [...document.querySelectorAll("button, input, canvas, th, p")]
        .filter(e => e.checkVisibility() && !e.closest(".unseen, .chip-name"))
        .filter(e => e.getBoundingClientRect().right > innerWidth + 1).map(e => e.outerHTML)""")
    assert outside == []


def test_the_timeline_is_a_slider_that_says_where_it_is(open_page, single):
    page = open_page(single)
    for _ in range(4):
        page.keyboard.press("n")
    surface = page.get_by_role("slider", name="Position in the video")
    assert surface.get_attribute("aria-valuemax") == "100.0"
    assert surface.get_attribute("aria-valuenow") == "40.0"
    assert surface.get_attribute("aria-valuetext").startswith("0:40.0 of 1:40.0; Run, 0:40.0 to")


def test_a_step_to_a_segment_is_spoken(open_page, single):
    page = open_page(single)
    page.keyboard.press("n")
    said = "1 of 7: Jump, 0:10.0 to 0:20.0, score 0.90, correct"
    wait_for(lambda: page.get_by_role("status").text_content() == said, said)


def test_the_grid_tells_its_size_and_place(open_page, single):
    page = open_page(single)
    grid = page.get_by_role("grid", name="Segments")
    assert grid.get_attribute("aria-rowcount") == "8"
    first = grid.get_by_role("row").nth(1)
    assert first.get_attribute("aria-rowindex") == "2"
    assert first.get_by_role("gridcell").count() == 6


def test_the_theme_follows_the_system_until_it_is_chosen(open_page, single):
    page = open_page(single, color_scheme="dark")
    theme = "document.documentElement.dataset.theme"
    assert page.evaluate(theme) == "dark"
    page.emulate_media(color_scheme="light")
    wait_until(page, f"{theme} === 'light'")
    page.get_by_role("button", name="Theme: system").click()
    page.get_by_role("button", name="Theme: light").click()
    assert page.evaluate(theme) == "dark"
    page.reload()
    page.wait_for_selector("html[data-ready]", state="attached")
    assert page.evaluate(theme) == "dark"


def test_nothing_moves_by_itself(open_page, single):
    """prefers-reduced-motion has nothing to switch off."""
    page = open_page(single, reduced_motion="reduce")
    page.mouse.click(*timeline_point(page, 0.5))
    assert page.evaluate("document.getAnimations().length") == 0
