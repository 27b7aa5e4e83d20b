"""Every key that the help names does what it says."""

from __future__ import annotations

import pytest
from looking import NO_SCORE, kind_counts, rows, ruler, seconds, settle


@pytest.fixture
def page(open_page, single):
    return open_page(single)


def press(page, *keys: str) -> None:
    for key in keys:
        page.keyboard.press(key)
    settle(page)


def selected(page) -> list[str]:
    """Cells of the current row: start, end, length, class, score, kind."""
    return page.locator("#segment-grid .grid-row.current").evaluate(
        "row => [...row.children].map(cell => cell.textContent)"
    )


def test_space_and_k_play_and_pause(page):
    for key in ("Space", "k"):
        before = seconds(page)
        press(page, key)
        assert page.text_content("#play") == "Pause"
        page.wait_for_timeout(250)
        press(page, key)
        assert page.text_content("#play") == "Play"
        at = seconds(page)
        assert at > before + 0.1
        page.wait_for_timeout(250)
        assert seconds(page) == at


def test_arrows_move_by_one_second_and_with_shift_by_ten(page):
    press(page, "Shift+ArrowRight", "Shift+ArrowRight", "ArrowRight", "ArrowRight", "ArrowLeft")
    assert seconds(page) == 21.0
    press(page, "Shift+ArrowLeft")
    assert seconds(page) == 11.0
    press(page, "Shift+ArrowLeft", "Shift+ArrowLeft")
    assert seconds(page) == 0.0


def test_comma_and_point_move_by_a_snippet(page):
    press(page, ".", ".", ".", ",")
    assert seconds(page) == 1.3  # two snippets of 0.64 s


def test_home_and_end(page):
    press(page, "End")
    assert seconds(page) == 100.0
    press(page, "Home")
    assert seconds(page) == 0.0


def test_n_and_p_visit_the_shown_segments_in_time(page):
    starts = []
    for _ in range(7):
        press(page, "n")
        starts.append(seconds(page))
    assert starts == [10.0, 10.0, 10.5, 40.0, 40.0, 70.0, 85.0]
    press(page, "n")
    assert seconds(page) == 85.0  # no later one
    press(page, "p")
    assert seconds(page) == 70.0
    assert selected(page)[3:5] == ["Jump", "0.300"]


def test_n_starts_from_the_playhead_where_that_was_moved(page):
    press(page, "n", "Shift+ArrowRight", "Shift+ArrowRight", "n")
    assert seconds(page) == 40.0
    press(page, "ArrowLeft", "p")
    assert seconds(page) == 10.5


def test_m_goes_to_missed_segments(page):
    press(page, "m")
    assert seconds(page) == 40.0  # its best detection covers 4 of its 10 seconds
    press(page, "m")
    assert seconds(page) == 85.0
    assert selected(page)[4:] == [NO_SCORE, "!missed"]


def test_plus_minus_and_0_zoom(page):
    whole = ruler(page)
    press(page, "+", "+")
    closer = ruler(page)
    assert closer != whole
    press(page, "-")
    assert ruler(page) not in (whole, closer)
    press(page, "0")
    assert ruler(page) == whole


def test_z_zooms_to_the_segment(page):
    press(page, "n", "n", "n", "n")
    before = ruler(page)
    press(page, "z")
    assert ruler(page) != before


def test_brackets_move_the_score(page):
    assert len(rows(page)) == 7
    press(page, "]", "]", "]", "]", "]", "]")
    assert page.text_content("#score-value") != "0.300"
    assert kind_counts(page)["background"] == 0
    press(page, *["["] * 8)
    assert page.text_content("#score-value") == "0.300"
    assert len(rows(page)) == 7


def test_t_changes_the_theme(page):
    themes = []
    for _ in range(3):
        press(page, "t")
        themes.append(page.evaluate("document.documentElement.dataset.theme"))
    assert themes == ["light", "dark", "light"]  # light, dark, and the system's


def test_the_question_mark_opens_the_help_which_lists_every_key(page):
    """The keys of this file's tests, in the order of the help; a new one needs a test."""
    press(page, "?")
    assert page.locator("#help").is_visible()
    shown = page.locator("#help-keys th").evaluate_all(
        "rows => rows.map(r => [...r.querySelectorAll('kbd')].map(k => k.textContent).join(' '))"
    )
    tested = ["Space k", "← →", ", .", "Home End", "n", "p", "m", "+", "\u2212", "0", "z"]
    reviewing = ["a", "x", "i", "o", "l", "s", "r", "u", "e"]  # test_review.py
    tested[7:7] = reviewing
    assert shown == [*tested, "[", "]", "t", "?"]
    press(page, "n")
    assert seconds(page) == 0.0  # keys rest while the help is open
    press(page, "Escape")
    assert page.locator("#help").is_hidden()


def test_letters_can_be_switched_off_but_for_the_timeline(page):
    """WCAG 2.1.4: speech input must not trigger single keys by accident."""
    press(page, "?")
    page.locator("#letters").uncheck()
    press(page, "Escape")
    page.locator("#play").focus()
    press(page, "n")
    assert seconds(page) == 0.0
    page.locator("#surface").focus()
    press(page, "n")
    assert seconds(page) == 10.0


def test_the_list_is_driven_by_arrows(page):
    page.locator("#segment-grid .grid").focus()
    press(page, "End")
    assert seconds(page) == 85.0
    press(page, "ArrowUp")
    assert seconds(page) == 70.0
    press(page, "Home", "Enter")
    assert seconds(page) == 10.0
    active = page.get_attribute("#segment-grid .grid", "aria-activedescendant")
    assert page.locator(f"#{active}").get_attribute("aria-selected") == "true"


def test_everything_is_reached_by_tab_in_order(page):
    """And the focus is seen on each."""
    seen = []
    for _ in range(40):
        page.keyboard.press("Tab")
        place = page.evaluate("document.activeElement.id || document.activeElement.className")
        if place in seen or place == "":
            break
        seen.append(place)
        width = page.evaluate("parseFloat(getComputedStyle(document.activeElement).outlineWidth)")
        assert width >= 1, place
    wanted = ["theme", "score", "level", "kind-correct", "play", "grid", "zoom-out", "surface"]
    assert [place for place in seen if place in wanted] == wanted
