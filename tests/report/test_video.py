"""A real video: it plays, seeks with everything else, travels in the page; a broken one is told."""

from __future__ import annotations

import json
import shutil

import pytest
import report_cases
from looking import seconds, settle, timeline_point, wait_until
from report_cases import build

from basnet_rt import Error

NAME = "cctv_test_0006"  # 30.44 s, H.264


@pytest.fixture(scope="module")
def clip(shared):
    return shared / "data/cctv_fights/videos/test" / f"{NAME}.mp4"


@pytest.fixture(scope="module")
def paths(shared, folder):
    """Made detections in a real video with its real ground truth."""
    found = {NAME: [("Fight", 0.9, 4.2, 6.1), ("Fight", 0.4, 12.0, 13.0)]}
    return {
        "results": report_cases.write(folder, "cctv.json", report_cases.results(found, ["Fight"])),
        "truth": shared / "data/cctv_fights/annotations.json",
    }


def picture_time(page) -> float:
    return page.evaluate("document.getElementById('video').currentTime")


def wait_for_picture(page) -> None:
    wait_until(page, "document.getElementById('video').readyState >= 2")


@pytest.mark.parametrize("embed", [False, True], ids=["beside", "embedded"])
def test_a_video_plays_and_seeks(open_page, paths, clip, tmp_path, embed):
    shutil.copy(clip, tmp_path / "a clip #1.mp4")  # a name that a URL must quote
    media = [str(tmp_path / "a clip #1.mp4")]
    options = {"media": media, "embed_media": embed, "select": [NAME]}
    file = build(paths, tmp_path / "page.html", **options)
    if embed:
        (tmp_path / "a clip #1.mp4").unlink()
    page = open_page(file)
    wait_for_picture(page)
    page.mouse.click(*timeline_point(page, 0.5))
    wait_until(page, "Math.abs(document.getElementById('video').currentTime - 15.22) < 0.2")
    assert seconds(page) == pytest.approx(15.22, abs=0.1)
    page.keyboard.press("n")
    page.keyboard.press("p")
    wait_until(page, "document.getElementById('video').currentTime === 12")
    page.keyboard.press("Space")
    wait_until(page, "document.getElementById('video').currentTime > 12.3")
    page.keyboard.press("Space")
    settle(page)
    assert seconds(page) == pytest.approx(picture_time(page), abs=0.1)
    assert page.evaluate("document.getElementById('video').paused")


def test_a_page_refers_to_its_videos_from_its_own_place(paths, clip, tmp_path):
    """Catches absolute paths, which break when folder and page move together."""
    (tmp_path / "videos").mkdir()
    shutil.copy(clip, tmp_path / "videos")
    (tmp_path / "pages").mkdir()
    file = build(paths, tmp_path / "pages/page.html", media=[str(tmp_path / "videos")])
    text = file.read_text(encoding="utf-8")
    assert f'"url":"../videos/{NAME}.mp4"' in text
    assert str(tmp_path) not in text


def test_a_broken_video_leaves_the_clock(open_page, paths, tmp_path):
    broken = tmp_path / f"{NAME}.mp4"
    broken.write_bytes(b"no video at all")
    page = open_page(build(paths, tmp_path / "page.html", media=[str(broken)], select=[NAME]))
    page.wait_for_selector("#no-video:not([hidden])")
    assert f"{NAME}.mp4" in page.text_content("#no-video-reason")
    page.keyboard.press("Space")
    page.wait_for_timeout(300)
    page.keyboard.press("Space")
    assert seconds(page) > 0


def test_a_url_is_kept_and_allowed_by_the_policy(paths, tmp_path):
    url = f"https://media.example/clips/{NAME}.mp4?key=a&b=c"
    text = build(paths, tmp_path / "page.html", media=[url]).read_text(encoding="utf-8")
    assert "media-src &#39;self&#39; file: blob: https://media.example;" in text
    assert json.dumps(url)[1:-1].replace("&", "\\u0026") in text


@pytest.fixture
def recording(clip, tmp_path):
    """Results in a folder of their own that name a video there, one beside it, and an address."""

    def made(recorded: str) -> dict:
        inside = tmp_path / "results"
        inside.mkdir(exist_ok=True)
        for place in (inside, tmp_path):
            shutil.copy(clip, place)
        found = {NAME: [("Fight", 0.9, 4.2, 6.1)]}
        content = report_cases.results(found, ["Fight"], media={NAME: recorded})
        return {"results": report_cases.write(inside, "results.json", content)}

    return made


def test_recorded_videos_are_embedded_from_the_results_folder_alone(recording, clip, tmp_path):
    """Results of a stranger must not put a file of this machine into a page that is passed on."""
    page = tmp_path / "page.html"
    build(recording(f"{NAME}.mp4"), page, embed_media=True)
    assert page.stat().st_size > clip.stat().st_size
    page.unlink()
    outside = recording(f"../{NAME}.mp4")
    with pytest.raises(Error, match="outside of their folder; to put it into the page, name it"):
        build(outside, page, embed_media=True)
    assert not page.exists()
    build(outside, page, embed_media=True, media=[str(tmp_path / f"{NAME}.mp4")])
    assert page.stat().st_size > clip.stat().st_size


def test_recorded_addresses_and_files_of_other_kinds_stay_out_of_the_page(recording, tmp_path):
    (tmp_path / "secret.txt").write_text("secret")
    for recorded in (f"https://stranger.example/{NAME}.mp4", "../secret.txt", "../missing.mp4"):
        for embed in (False, True):
            build(recording(recorded), tmp_path / "page.html", embed_media=embed)
            text = (tmp_path / "page.html").read_text(encoding="utf-8")
            assert "media-src &#39;self&#39; file: blob:;" in text
            assert f'"url":"{recorded}"' not in text


@pytest.mark.parametrize(
    ("media", "message"),
    [
        (["nothing.mp4", "other.mp4"], "nothing.mp4: belongs to no video"),
        ([f"{NAME}.mp4"], "no such file"),
    ],
)
def test_a_video_that_cannot_be_is_refused(paths, tmp_path, media, message):
    with pytest.raises(Error, match=message):
        build(paths, tmp_path / "page.html", media=media)
    assert list(tmp_path.iterdir()) == []
