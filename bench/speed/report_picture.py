"""The picture in docs/report.md: real detections in a real video of cctv_fights.

    python -m bench.speed.report_picture --model BUNDLE [--video-name cctv_test_0002] [-o PNG]

BUNDLE is one trained with the preset cctv_fights. The page is made without the video file, since
no frame of the data set is to be copied.
"""

from __future__ import annotations

import argparse
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from playwright.sync_api import sync_playwright

from bench import tables

DATA = tables.DATA / "cctv_fights"
SIZE = {"width": 1280, "height": 856}
PICTURE = tables.IMAGES / "report.png"


def make_page(folder: Path, model: Path) -> Path:
    """Localize the test videos and make their report, by the program that users call."""
    program = [sys.executable, "-m", "basnet_rt"]
    results, seen, page = folder / "results.json", folder / "activations", folder / "page.html"
    localize = ["localize", DATA / "features/test", "-m", model, "-o", results]
    localize += ["--durations", DATA / "annotations.json"]
    annotations = ["--ground-truth", DATA / "annotations.json"]
    report = ["report", results, *annotations, "--activations", seen, "-o", page]
    for arguments in ([*localize, "--save-activations", seen], [*report, "--title", "cctv_fights"]):
        subprocess.run([*program, *map(str, arguments)], check=True)
    return page


def take(page_file: Path, video: str, picture: Path) -> None:
    with sync_playwright() as driver:
        path = shutil.which("chromium") or shutil.which("google-chrome")
        browser = driver.chromium.launch(executable_path=path, args=["--no-sandbox"])
        page = browser.new_page(viewport=SIZE, color_scheme="light")
        page.goto(f"{page_file.as_uri()}#video={video}")
        page.wait_for_selector("html[data-ready]", state="attached")
        page.keyboard.press("n")
        page.keyboard.press("n")
        page.wait_for_timeout(300)
        picture.parent.mkdir(parents=True, exist_ok=True)
        page.screenshot(path=picture)
        browser.close()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--model", type=Path, required=True)
    parser.add_argument("--video-name", default="cctv_test_0002")
    parser.add_argument("-o", "--output", type=Path, default=PICTURE)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        take(make_page(Path(folder), options.model), options.video_name, options.output)
    print(f"{options.output}: {options.output.stat().st_size / 1e3:.0f} kB")


if __name__ == "__main__":
    main()
