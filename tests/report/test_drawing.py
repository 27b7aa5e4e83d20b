"""What the canvas shows, read back from its pixels: curves, thresholds, kinds, lost peaks."""

from __future__ import annotations

import base64
import io

import numpy as np
import pytest
import report_cases
from looking import score_at_least, settle
from PIL import Image

from basnet_rt.activation_files import ActivationFolder, Activations

LEFT, RIGHT = 132, 10  # gutter, and the margin at the other side
# Of the lane "Jump" in the page of one video, from the top of all lanes: see lanes.js.
TRUTH, ROW, SECOND_ROW, CURVE, CURVE_HEIGHT = 54, 69, 84, 102, 46
FOREGROUND, FOREGROUND_HEIGHT = 6, 34


def picture(page, canvas: str = "lanes-canvas") -> np.ndarray:
    """(height, width, 3) uint8 of a canvas."""
    url = page.evaluate("name => document.getElementById(name).toDataURL()", canvas)
    with Image.open(io.BytesIO(base64.b64decode(url.partition(",")[2]))) as image:
        return np.asarray(image.convert("RGBA"))[..., :3]


def colour(page, name: str) -> np.ndarray:
    text = page.evaluate(
        "n => getComputedStyle(document.documentElement).getPropertyValue('--' + n)", name
    )
    return np.array([int(text.strip()[i : i + 2], 16) for i in (1, 3, 5)])


def column(image: np.ndarray, seconds: float, duration: float) -> int:
    return round(LEFT + seconds / duration * (image.shape[1] - LEFT - RIGHT))


def near(image: np.ndarray, wanted: np.ndarray, within: int = 60) -> np.ndarray:
    """Which pixels have about that colour."""
    return np.abs(image.astype(int) - wanted).sum(axis=-1) < within


def curve_top(page, image: np.ndarray, seconds: float, duration: float, box, name="curve") -> float:
    """The highest value that the curve has around a second, from 0 to 1."""
    top, height = box
    at = column(image, seconds, duration)
    found = near(image[top - 1 : top + height + 1, at - 2 : at + 3], colour(page, name), 110)
    return 1 - np.flatnonzero(found.any(axis=1))[0] / height


def test_curves_follow_the_activations(open_page, single):
    page = open_page(single)
    image = picture(page)
    for box, name in (
        ((CURVE, CURVE_HEIGHT), "curve"),
        ((FOREGROUND, FOREGROUND_HEIGHT), "foreground"),
    ):
        high, low = (curve_top(page, image, at, 100.0, box, name) for at in (15.0, 60.0))
        assert high > 0.55, name
        assert low < 0.4, name


def test_the_lowest_threshold_is_drawn_where_it_is(open_page, single):
    """0.1 of the way up, dashed over the whole width."""
    page = open_page(single)
    image = picture(page)
    y = round(CURVE + CURVE_HEIGHT * 0.9)
    row = near(image[y - 1 : y + 2, LEFT + 5 : -RIGHT - 5], colour(page, "threshold"), 90)
    assert 0.3 < row.any(axis=0).mean() < 0.8


@pytest.mark.parametrize(
    ("seconds", "row", "kind"),
    [(19.5, ROW, "correct"), (20.3, SECOND_ROW, "double"), (74.5, ROW, "background")],
)
def test_detections_have_the_colour_of_their_kind(open_page, single, seconds, row, kind):
    """Read at the full edge below the bar."""
    page = open_page(single)
    image = picture(page)
    assert near(image[row + 12, column(image, seconds, 100.0)], colour(page, kind))


def test_what_the_slider_hides_is_not_drawn_and_what_is_missed_is_hollow(open_page, single):
    page = open_page(single)
    image = picture(page)
    taken, missed = (column(image, at, 100.0) for at in (11.0, 87.0))
    assert near(image[TRUTH + 6, taken], colour(page, "marked"))
    assert near(image[TRUTH, missed], colour(page, "missed"))
    assert not near(image[TRUTH + 6, missed], colour(page, "marked"))
    found = ROW + 12, column(image, 74.5, 100.0)
    assert near(image[found], colour(page, "background"))
    score_at_least(page, 0.4)
    settle(page)
    assert not near(picture(page)[found], colour(page, "background"))


def test_no_peak_is_lost_where_a_pixel_stands_for_many_snippets(open_page, tmp_path):
    """One snippet of 17,000 is high; the whole video is in view."""
    content = report_cases.results({"v": [("Jump", 0.5, 0.0, 10.0)]}, ["Jump"])
    rows = np.zeros((17_000, 1), np.float32)
    rows[9_997] = 1.0
    folder = tmp_path / "activations"
    ActivationFolder(folder).write("v", Activations(rows, rows[:, 0] + 0.1, 0.64, ("Jump",)))
    paths = {"results": report_cases.write(tmp_path, "r.json", content), "activations": folder}
    page = open_page(report_cases.build(paths, tmp_path / "page.html"))
    image = picture(page)
    box = (54 + 15 + 3, CURVE_HEIGHT)  # no marked row, one row of detections
    duration = 17_000 * 0.64
    assert curve_top(page, image, 9_997.5 * 0.64, duration, box) > 0.95
    assert curve_top(page, image, 8_000 * 0.64, duration, box) < 0.1


def test_a_segment_that_ends_late_leaves_a_ruler(open_page, folder):
    """A time of 1e12 s made so many ticks that no array could hold them."""
    content = report_cases.results({"one": [("Jump", 0.9, 10.0, 1e12)]}, model="made.pt")
    path = report_cases.write(folder, "late.json", content)
    page = open_page(report_cases.build({"results": path}, folder / "late.html"))
    image = picture(page, "ruler")[-3]  # the row of ticks
    ticks = np.flatnonzero(near(image, colour(page, "line-strong")))
    assert 2 <= len(ticks) <= 40
