"""The page of all videos: numbers, links to each, and the way back."""

from __future__ import annotations

import pytest
from looking import kind_counts, score_at_least, seconds, settle, wait_until


@pytest.fixture
def page(open_page, small):
    return open_page(small)


def video_rows(page) -> list[list[str]]:
    return page.evaluate("""() => [...document.querySelectorAll("#video-grid .grid-row")]
        .sort((a, b) => a.ariaRowIndex - b.ariaRowIndex)
        .map(row => [...row.children].map(cell => cell.textContent))""")


def summary(page) -> dict[str, str]:
    return page.evaluate("""() => Object.fromEntries(
        [...document.querySelectorAll("#summary > div")]
        .map(one => [one.firstChild.textContent, one.lastChild.textContent]))""")


def test_numbers_of_all_and_of_each(page):
    """name, strip, length, found, marked, correct, wrong, missed, reviewed"""
    assert video_rows(page) == [
        ["one", "", "1:40", "5", "3", "1", "4", "2", ""],
        ["two", "", "0:10", "1", "2", "1", "0", "1", ""],
    ]
    numbers = summary(page)
    assert (numbers["Videos"], numbers["Found"], numbers["Marked"]) == ("2", "6", "5")
    assert numbers["Correct at 0.50"] == "2"
    assert 0 < float(numbers["mAP@0.50"]) < 100
    assert page.locator("#class-table tbody th").all_text_contents() == [
        "All classes", "Jump", "Run",
    ]  # fmt: skip


def test_slider_and_threshold_count_here_too(page):
    score_at_least(page, 0.65)
    settle(page)
    assert [row[3] for row in video_rows(page)] == ["3", "0"]
    assert summary(page)["Missed at 0.50"] == "4"
    page.locator("#level").select_option(label="0.40")
    settle(page)
    assert "Missed at 0.40" in summary(page)
    assert kind_counts(page)["missed"] == 4


def test_a_row_opens_a_video_and_back_returns(page):
    page.locator("#video-grid .grid-row").nth(1).click()
    page.wait_for_selector("#view:not([hidden])")
    settle(page)
    assert page.text_content("#video-name") == "two"
    assert page.url.endswith("#video=two")
    assert page.locator("#video-after").is_disabled()
    page.go_back()
    page.wait_for_selector("#overview:not([hidden])")


def test_the_keyboard_opens_a_video(page):
    page.locator("#video-grid .grid").focus()
    for key in ("ArrowDown", "ArrowDown", "Enter"):
        page.keyboard.press(key)
    page.wait_for_selector("#view:not([hidden])")
    assert page.text_content("#video-name") == "two"


def test_picker_and_neighbours(page):
    page.locator("#video-picker").select_option(label="two")
    page.wait_for_selector("#view:not([hidden])")
    page.locator("#video-before").click()
    wait_until(page, "document.getElementById('video-name').textContent === 'one'")
    page.keyboard.press("n")
    assert seconds(page) == 10.0
    page.locator("#to-overview").click()
    page.wait_for_selector("#overview:not([hidden])")


def test_an_address_opens_its_video(open_page, small):
    page = open_page(small, "#video=two")
    assert page.text_content("#video-name") == "two"


def test_videos_sort_by_number(page):
    page.locator("#video-grid [data-key=missed] button").click()
    settle(page)
    assert [row[0] for row in video_rows(page)] == ["one", "two"]
    page.locator("#video-grid [data-key=missed] button").click()
    settle(page)
    assert [row[0] for row in video_rows(page)] == ["two", "one"]
