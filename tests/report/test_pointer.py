"""Clicks seek, drags pan, wheels zoom; slider and chips filter everywhere."""

from __future__ import annotations

import pytest
from looking import (
    NO_SCORE,
    kind_counts,
    lanes,
    rows,
    ruler,
    score_at_least,
    seconds,
    settle,
    timeline_point,
    wait_until,
)


@pytest.fixture
def page(open_page, single):
    return open_page(single)


def test_a_click_seeks(page):
    for share in (0.25, 0.75):
        page.mouse.click(*timeline_point(page, share))
        assert seconds(page) == pytest.approx(100 * share, abs=0.2)


def test_a_click_on_a_segment_selects_it(page):
    """Foreground lane 46 px, then the class's marked row, then its detections."""
    page.mouse.click(*timeline_point(page, 0.72, lane=46 + 8 + 15 + 5))
    settle(page)
    assert page.locator(".grid-row.current").count() == 1
    assert "0.300" in page.locator(".grid-row.current").text_content()


def test_a_click_on_a_row_seeks(page):
    page.locator("#segment-grid .grid-row").nth(3).click()
    assert seconds(page) == 40.0


def test_a_drag_pans_and_does_not_seek(page):
    page.keyboard.press("+")
    settle(page)
    before = ruler(page)
    page.mouse.move(*timeline_point(page, 0.6))
    page.mouse.down()
    page.mouse.move(*timeline_point(page, 0.3), steps=5)
    page.mouse.up()
    settle(page)
    assert ruler(page) != before
    assert seconds(page) == 0.0


def test_ctrl_and_wheel_zoom_around_the_pointer(page):
    """The second under the pointer stays under it."""
    x, y = timeline_point(page, 0.5)
    page.mouse.move(x, y)
    page.keyboard.down("Control")
    page.mouse.wheel(0, -600)
    page.keyboard.up("Control")
    settle(page)
    page.mouse.click(x, y)
    assert seconds(page) == pytest.approx(50, abs=0.2)
    page.mouse.click(*timeline_point(page, 1.0))
    assert 50 < seconds(page) < 90


def test_the_minimap_moves_the_view(page):
    for _ in range(4):
        page.keyboard.press("+")
    settle(page)
    box = page.locator("#minimap").bounding_box()
    page.mouse.click(box["x"] + 0.8 * box["width"], box["y"] + 5)
    settle(page)
    page.mouse.click(*timeline_point(page, 0.5))
    assert seconds(page) == pytest.approx(80, abs=1)


def test_the_pointer_is_described(page):
    page.mouse.move(*timeline_point(page, 0.15, lane=46 + 8 + 5))
    text = page.text_content("#inspector")
    assert "0:1" in text
    assert "Jump activation 0." in text
    assert "foreground 0." in text
    assert "0:10.0 to 0:20.0" in text


def test_the_slider_filters_everywhere(page):
    """List, counts, class table and timeline; a segment is missed once what takes it is gone."""
    want = {"correct": 1, "double": 1, "wrong_label": 1, "poor_boundary": 1, "background": 1}
    assert kind_counts(page) == {**want, "missed": 2}
    before = lanes(page)
    score_at_least(page, 0.65)
    settle(page)
    assert page.text_content("#counts") == "3 of 5"
    assert len(rows(page)) == 5
    fewer = {**want, "poor_boundary": 0, "background": 0}
    assert kind_counts(page) == {**fewer, "missed": 2}
    assert lanes(page) != before
    total = page.locator("#class-table tr.total td").all_text_contents()
    assert total[:2] == ["3", "3"]
    score_at_least(page, 0.9)
    settle(page)
    assert kind_counts(page) == {**dict.fromkeys(want, 0), "correct": 1, "missed": 2}
    page.locator("#level").select_option(label="0.90")
    said = "document.getElementById('live').textContent"
    wait_until(page, f"{said}.includes('1 of 5 detections shown')")


def test_the_threshold_of_tiou_changes_the_kinds(page):
    page.locator("#level").select_option(label="0.40")
    settle(page)
    assert kind_counts(page)["poor_boundary"] == 0
    assert kind_counts(page)["missed"] == 1


def test_a_chip_hides_a_kind(page):
    page.locator("#kind-background").click()
    settle(page)
    assert page.get_attribute("#kind-background", "aria-pressed") == "false"
    assert all("background" not in row[-1] for row in rows(page))
    page.locator("#kind-missed").click()
    settle(page)
    assert len(rows(page)) == 4


def test_headings_sort(page):
    page.get_by_role("button", name="Score").click()
    settle(page)
    assert [row[4] for row in rows(page)][:3] == ["0.900", "0.800", "0.700"]
    assert page.locator("[role=columnheader][aria-sort=descending]").text_content() == "Score"
    page.get_by_role("button", name="Score").click()
    settle(page)
    assert rows(page)[0][4] == NO_SCORE


def test_touch_pans_pinches_and_taps(open_page, single):
    page = open_page(single, width=390, height=844, has_touch=True, is_mobile=True)
    page.touchscreen.tap(*timeline_point(page, 0.5))
    assert seconds(page) == pytest.approx(50, abs=0.5)


def test_a_long_list_has_few_rows_and_reaches_its_end(open_page, long):
    page = open_page(long)
    assert int(page.get_attribute("#segment-grid .grid", "aria-rowcount")) > 5000
    page.locator("#segment-grid .grid").focus()
    page.keyboard.press("End")
    settle(page)
    assert page.locator("#segment-grid .grid-row").count() < 60
    last = rows(page)[-1]
    assert last[0].startswith("2:5")
    assert seconds(page) > 10700
