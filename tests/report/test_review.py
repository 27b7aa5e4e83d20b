"""The page as a place to work: accept, reject, move, relabel, add, by mouse and by keyboard."""

from __future__ import annotations

import json

import pytest
import report_cases
from looking import rows, settle, timeline_point
from report_cases import build

from basnet_rt.annotations import read_annotations
from basnet_training.reading.corrected import read_corrected


@pytest.fixture
def page(open_page, single):
    return open_page(single)


def press(page, *keys: str) -> None:
    for key in keys:
        page.keyboard.press(key)
    settle(page)


def exported(page, tmp_path) -> dict:
    """The content of the file that the button saves."""
    with page.expect_download() as found:
        page.locator("#export").click()
    path = tmp_path / found.value.suggested_filename
    found.value.save_as(path)
    return json.loads(path.read_text(encoding="utf-8"))


def segments(entry: dict) -> list[tuple]:
    return [(one["label"], *one["segment"]) for one in entry["annotations"]]


def kinds(page) -> list[str]:
    return [row[-1] for row in rows(page)]


def test_by_keyboard_accept_reject_move_and_export(page, tmp_path):
    """Jump 10-20 is accepted, its double and the wrong Run are rejected, Run 40-44 is stretched."""
    press(page, "n")
    assert rows(page)[0][3] == "Jump"
    press(page, "a", "x", "x")
    page.locator("#surface").focus()
    page.mouse.click(*timeline_point(page, 0.5))
    assert "yours" in kinds(page)[0] + kinds(page)[1]
    page.locator("#segment-grid .grid-row", has_text="poor boundary").click()
    press(page, "End", "ArrowLeft")
    page.locator("#segment-grid .grid-row", has_text="poor boundary").click()
    page.mouse.click(*timeline_point(page, 0.5))
    press(page, "o")
    content = exported(page, tmp_path)
    assert content["database"] == {}
    (part,) = content["unfinished"].values()
    assert segments(part) == [("Jump", 10.0, 20.0), ("Run", 40.0, pytest.approx(50.0, abs=0.2))]
    assert {tuple(one["segment"]) for one in part["rejected"]} == {(10.0, 19.0), (10.5, 20.5)}
    press(page, "r")
    done = exported(page, tmp_path)["database"]["one"]
    assert done["reviewed"] is True
    assert done["duration"] == 100.0
    assert segments(done) == segments(part)


def test_what_is_exported_is_read_by_training_and_by_the_evaluator(page, tmp_path):
    press(page, "n", "a", "r")
    path = tmp_path / "corrected.json"
    path.write_text(json.dumps(exported(page, tmp_path)), encoding="utf-8")
    (video,) = read_annotations(path).videos.values()
    assert video.reviewed
    assert [(one.label, one.start, one.end) for one in video.segments] == [("Jump", 10.0, 20.0)]
    assert read_corrected(path)["one"].segments == video.segments


def test_predictions_that_nobody_touched_are_no_truth(page, tmp_path):
    """A video that was only looked at is not exported; a reviewed one has what was accepted."""
    press(page, "n", "n")
    assert page.locator("#export").is_disabled()
    press(page, "r")
    assert exported(page, tmp_path)["database"]["one"]["annotations"] == []


def test_by_mouse_an_edge_is_dragged(page, tmp_path):
    """Jump 70-75, selected by a click, ends at 80 after a drag of its edge."""
    lane = 46 + 8 + 15 + 5
    page.mouse.click(*timeline_point(page, 0.72, lane=lane))
    page.mouse.move(*timeline_point(page, 0.75, lane=lane))
    assert page.evaluate("document.getElementById('surface').style.cursor") == "ew-resize"
    page.mouse.down()
    page.mouse.move(*timeline_point(page, 0.80, lane=lane), steps=6)
    page.mouse.up()
    settle(page)
    (part,) = exported(page, tmp_path)["unfinished"].values()
    assert segments(part) == [("Jump", 70.0, pytest.approx(80.0, abs=0.3))]


def test_by_mouse_buttons_and_a_new_segment(page, tmp_path):
    page.mouse.click(*timeline_point(page, 0.72, lane=46 + 8 + 15 + 5))
    page.locator("#reject").click()
    settle(page)
    page.keyboard.down("Shift")
    page.mouse.move(*timeline_point(page, 0.60, lane=60))
    page.mouse.down()
    page.mouse.move(*timeline_point(page, 0.66, lane=60), steps=6)
    page.mouse.up()
    page.keyboard.up("Shift")
    settle(page)
    page.locator("#relabel").fill("Somersault")
    page.locator("#relabel").press("Enter")
    settle(page)
    (part,) = exported(page, tmp_path)["unfinished"].values()
    assert segments(part) == [
        ("Somersault", pytest.approx(60, abs=0.3), pytest.approx(66, abs=0.3))
    ]
    assert part["rejected"] == [{"label": "Jump", "segment": [70.0, 75.0]}]
    assert "Somersault" in page.locator(".lane-label").all_text_contents()


def test_relabel_by_keyboard_keeps_the_times(page, tmp_path):
    press(page, "n", "l")
    page.keyboard.type("Run")
    press(page, "Enter")
    (part,) = exported(page, tmp_path)["unfinished"].values()
    assert segments(part) == [("Run", 10.0, 20.0)]


def test_start_here_and_a_new_segment_at_the_playhead(page, tmp_path):
    press(page, "Home", "Shift+ArrowRight", "Shift+ArrowRight", "Shift+ArrowRight", "s")
    press(page, "ArrowLeft", "i")
    (part,) = exported(page, tmp_path)["unfinished"].values()
    assert segments(part) == [("Jump", 29.0, 32.0)]


def test_undo_takes_back_one_thing_at_a_time(page):
    press(page, "n", "a", "x")
    assert page.text_content("#review-counts") == "1 segment, 1 rejected"
    press(page, "u")
    assert page.text_content("#review-counts") == "1 segment"
    press(page, "u")
    assert page.text_content("#review-counts") == "Nothing corrected yet."
    assert page.locator("#undo").is_disabled()


def test_corrections_outlive_the_page(page):
    press(page, "n", "a", "r")
    page.reload()
    page.wait_for_selector("html[data-ready]", state="attached")
    settle(page)
    assert page.locator("#reviewed").is_checked()
    assert "yours" in kinds(page)[0] + kinds(page)[1]


def test_a_browser_without_storage_says_that_it_keeps_nothing(open_page, single):
    page = open_page(single)
    page.evaluate("""() => { Storage.prototype.setItem = () => { throw new Error("full"); }; }""")
    press(page, "n", "a")
    assert "export before you close it" in page.text_content("#review-note")


def test_an_exported_file_goes_on_in_another_page(open_page, small, tmp_path):
    """And the overview says which videos are reviewed."""
    page = open_page(small)
    path = tmp_path / "c.json"
    path.write_text(
        json.dumps(
            {
                "database": {"two": {"reviewed": True, "annotations": []}},
                "unfinished": {
                    "one": {"annotations": [{"label": "Run", "segment": [1, 2]}], "rejected": []}
                },
            }
        )
    )
    page.locator("#import").set_input_files(path)
    settle(page)
    column = page.locator("#video-grid .grid-row > div:last-child").all_text_contents()
    assert [one.strip("✓… ") for one in column] == ["begun", "reviewed"]
    assert page.text_content("#export-count") == " (2)"
    (tmp_path / "bad.json").write_text("{")
    page.locator("#import").set_input_files(tmp_path / "bad.json")
    settle(page)
    assert "no file of corrections" in page.text_content("#review-note")


def calibrated(folder):
    """Two classes with suggested thresholds; a correct event below a false one of its time."""
    found = {
        "v": [
            ("Jump", 0.9, 0.0, 30.0),  # background of a high score over the correct one
            ("Run", 0.7, 40.0, 50.0),  # correct, suggested
            ("Run", 0.3, 70.0, 80.0),  # below the suggestion
            ("Run", 0.2, 41.0, 44.0),  # nested: no event
        ]
    }
    content = report_cases.results(found)
    for record in content["results"]["v"]:
        record["confidence"] = record["score"]
    content["basnet_rt"]["suggested_confidence"] = {"Jump": 0.5, "Run": 0.5}
    marked = {"v": [("Run", 40.0, 50.0), ("Run", 70.0, 80.0)]}
    truth = report_cases.annotations(marked, {"v": 100.0})
    return {
        "results": report_cases.write(folder, "sure.json", content),
        "truth": report_cases.write(folder, "sure_truth.json", truth),
    }


def test_it_opens_with_the_events_at_the_suggested_confidence(open_page, tmp_path):
    """Precision and recall are of what is shown: one of two correct, one of two found."""
    page = open_page(build(calibrated(tmp_path), tmp_path / "p.html", everything=False))
    assert page.text_content("#counts") == "2 of 3"
    assert page.text_content("#score-value") == "suggested"
    assert page.text_content("#quality").split() == [
        "Precision", "50.0", "Recall", "50.0", "F1", "50.0"
    ]  # fmt: skip
    page.locator("#score").fill("0.25")
    settle(page)
    assert page.text_content("#counts") == "3 of 3"
    assert "Recall 100.0" in page.text_content("#quality")
    page.locator("#view-all").click()
    settle(page)
    assert page.text_content("#counts") == "4 of 4"
    page.locator("#view-events").click()
    settle(page)
    assert page.text_content("#score-value") == "suggested"


def test_a_correct_detection_is_on_top_of_false_ones(open_page, tmp_path):
    """Five false ones of higher scores overlap it; a click at its place selects it."""
    found = {"v": [("Run", 0.9 - 0.01 * i, 20.0 + i, 90.0) for i in range(6)]}
    found["v"].append(("Run", 0.1, 40.0, 50.0))
    truth = report_cases.annotations({"v": [("Run", 40.0, 50.0)]}, {"v": 100.0})
    paths = {
        "results": report_cases.write(tmp_path, "r.json", report_cases.results(found, ["Run"])),
        "truth": report_cases.write(tmp_path, "t.json", truth),
    }
    page = open_page(build(paths, tmp_path / "p.html"))
    page.mouse.click(*timeline_point(page, 0.45, lane=8 + 15 + 5))
    settle(page)
    assert "correct" in page.locator("#segment-grid .grid-row.current").text_content()


def test_one_class_alone(page):
    page.locator("#class-table .only", has_text="Run").click()
    settle(page)
    assert {row[3] for row in rows(page)} == {"Run"}
    assert page.locator(".lane-label").all_text_contents() == ["Foreground", "Run"]
    page.locator("#only-class").select_option(label="All classes")
    settle(page)
    assert {row[3] for row in rows(page)} == {"Run", "Jump"}


def test_empty_lists_say_why(open_page, tmp_path):
    content = report_cases.results({"v": [("Run", 0.4, 1.0, 2.0)], "none": []}, ["Jump", "Run"])
    paths = {"results": report_cases.write(tmp_path, "r.json", content)}
    file = build(paths, tmp_path / "p.html")
    page = open_page(file, "#video=none")
    assert "Nothing was found in this video" in page.text_content(".segments .grid-empty")
    page.evaluate("location.hash = '#video=v'")
    page.wait_for_selector("html[data-ready=v]", state="attached")
    page.locator("#only-class").select_option(label="Jump")
    settle(page)
    assert "Nothing of Jump was found" in page.text_content(".segments .grid-empty")
    page.locator("#to-overview").click()
    page.wait_for_selector("#overview:not([hidden])")
    page.locator("#video-search").fill("zebra")
    settle(page)
    assert "No video has “zebra”" in page.text_content("#video-grid .grid-empty")


def test_a_guessed_length_is_marked(open_page, tmp_path):
    """Nothing says how long the video is; the last segment ends at 0:12."""
    content = report_cases.results({"v": [("Run", 0.4, 1.0, 12.0)], "w": []}, ["Run"])
    paths = {"results": report_cases.write(tmp_path, "r.json", content)}
    page = open_page(build(paths, tmp_path / "p.html"))
    assert "≥ 0:12" in page.locator("#video-grid .grid-row").first.text_content()
    page.locator("#video-grid .grid-row").first.click()
    page.wait_for_selector("#view:not([hidden])")
    assert page.text_content("#clock-end") == "≥ 0:12.0"


def many(folder, videos=500, classes=200):
    names = [f"Class {i:03d} with a name" for i in range(classes)]
    found, marked, lengths = {}, {}, {}
    for v in range(videos):
        name = names[v % classes]
        found[f"video_{v:03d}"] = [(name, 0.2 + 0.001 * v, 5.0, 15.0)]
        marked[f"video_{v:03d}"] = [(name, 5.0, 15.0 if v % 3 else 40.0)]
        lengths[f"video_{v:03d}"] = 60.0
    return {
        "results": report_cases.write(folder, "many.json", report_cases.results(found, names)),
        "truth": report_cases.write(
            folder, "many_truth.json", report_cases.annotations(marked, lengths)
        ),
    }


@pytest.mark.parametrize("width", [320, 1280])
def test_500_videos_and_200_classes_are_searched_and_sorted(open_page, tmp_path, width):
    page = open_page(build(many(tmp_path), tmp_path / "p.html"), width=width)
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    page.locator("#video-search").fill("_123")
    settle(page)
    assert page.locator("#video-grid .grid-row").count() == 1
    page.locator("#class-search").fill("class 01")
    settle(page)
    names = page.locator("#class-table tbody th").all_text_contents()[1:]
    assert len(names) == 10
    page.locator("#class-table [data-key=correct] button").click()
    settle(page)
    cells = page.locator("#class-table tbody tr:not(.total) td:nth-child(7)")  # correct
    counts = [int(text) for text in cells.all_text_contents()]
    assert counts == sorted(counts, reverse=True)
