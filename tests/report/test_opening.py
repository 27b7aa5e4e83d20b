"""The page opens from a file, alone: no network, no console message, nothing escapes its text."""

from __future__ import annotations

import re

import pytest
from looking import kind_counts, rows, score_at_least, settle
from report_cases import HOSTILE_LABELS, HOSTILE_VIDEO


@pytest.mark.parametrize("name", ["small", "single", "unjudged", "long", "hostile"])
def test_opens_without_a_complaint_and_asks_for_nothing(open_page, request, name):
    """`open_page` checks console and requests; the file alone may have been asked for."""
    path = request.getfixturevalue(name)
    page = open_page(path)
    assert page.title().endswith("A report")
    asked = page.evaluate("performance.getEntriesByType('resource').map(e => e.name)")
    assert asked == []


def test_the_policy_lets_nothing_else_run_or_load(single):
    """Catches a script or style that was changed after its digest was taken."""
    text = single.read_text(encoding="utf-8")
    policy = re.search(r'Content-Security-Policy" content="([^"]+)"', text)[1]
    assert "default-src &#39;none&#39;" in policy
    assert "unsafe-inline" not in policy
    assert len(re.findall(r"sha256-", policy)) == 2
    assert re.findall(r"<(?:link|img|iframe)[^>]*", text) == ['<link rel="icon" href="data:,"']


def test_a_script_that_is_added_does_not_run(single, browser, tmp_path):
    """The policy is no decoration."""
    spoilt = tmp_path / "spoilt.html"
    text = single.read_text(encoding="utf-8")
    spoilt.write_text(text.replace("<body>", "<body><script>window.broken = 1</script>"))
    page = browser.new_page()
    page.goto(spoilt.as_uri())
    page.wait_for_selector("html[data-ready]", state="attached")
    assert page.evaluate("window.broken") is None
    page.close()


def test_hostile_names_are_text(open_page, hostile):
    """Markup, quotes, other directions and emoji come out as they went in, and nothing runs."""
    page = open_page(hostile)
    assert page.evaluate("window.broken") is None
    assert page.evaluate("document.getElementById('video-name').textContent") == HOSTILE_VIDEO
    column = [cell for row in rows(page) for cell in row if cell in HOSTILE_LABELS]
    assert sorted(column) == sorted(HOSTILE_LABELS)
    lanes = page.evaluate("[...document.querySelectorAll('.lane-label')].map(e => e.textContent)")
    assert sorted(lanes) == sorted([*HOSTILE_LABELS, "Foreground"])
    assert page.locator("main img, main script").count() == 0


def test_a_hostile_video_is_opened_by_its_address(open_page, hostile, folder):
    page = open_page(hostile)
    page.evaluate("location.hash = '#video=nobody'")
    settle(page)
    assert page.locator("#overview").is_visible()
    page.evaluate("n => { location.hash = '#video=' + encodeURIComponent(n) }", HOSTILE_VIDEO)
    page.wait_for_selector("#view:not([hidden])")
    assert page.text_content("#video-name") == HOSTILE_VIDEO


def test_without_ground_truth_nothing_is_judged(open_page, unjudged):
    page = open_page(unjudged)
    assert page.locator("#kinds").is_hidden()
    assert page.locator("#level, .definitions").count() == 0
    assert kind_counts(page) == {}
    assert [row[3:] for row in rows(page)][:2] == [["Jump", "0.900"], ["Run", "0.700"]]
    score_at_least(page, 0.65)
    settle(page)
    assert len(rows(page)) == 3
