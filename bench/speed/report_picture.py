"""The picture in README.md and docs/report.md: the page that a demo ends in, at one of its videos.

    python -m bench.speed.report_picture demo/report.html [--video-name test_01] [-o PNG]

Needs Chromium, which plays the demo's films.
"""

from __future__ import annotations

import argparse
import shutil
from pathlib import Path

from playwright.sync_api import sync_playwright

from bench import tables

SIZE = {"width": 1280, "height": 856}
PICTURE = tables.IMAGES / "report.png"


def take(page_file: Path, video: str, picture: Path) -> None:
    with sync_playwright() as driver:
        path = shutil.which("chromium") or shutil.which("google-chrome")
        browser = driver.chromium.launch(executable_path=path, args=["--no-sandbox"])
        page = browser.new_page(viewport=SIZE, color_scheme="light")
        page.goto(f"{page_file.resolve().as_uri()}#video={video}")
        page.wait_for_selector("html[data-ready]", state="attached")
        page.keyboard.press("n")
        page.wait_for_timeout(1000)
        picture.parent.mkdir(parents=True, exist_ok=True)
        page.screenshot(path=picture)
        browser.close()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("page", type=Path)
    parser.add_argument("--video-name", default="test_01")
    parser.add_argument("-o", "--output", type=Path, default=PICTURE)
    options = parser.parse_args()
    take(options.page, options.video_name, options.output)
    print(f"{options.output}: {options.output.stat().st_size / 1e3:.0f} kB")


if __name__ == "__main__":
    main()
