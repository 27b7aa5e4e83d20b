"""Speed of the report: loading, zooming, panning and filtering in a headless Chromium.

    python -m bench.speed.report [--markdown docs/report.md] [--frames 240]

The page: three hours with 5,000 detections, 1,250 marked segments and the activations of 8 classes.
Load is from the start of navigation until the first drawing is done. A step (zoom, pan, score) is
made in every frame. p50 and p95 are of the page's own work for it: changing the state, and drawing
what it asks for before the next frame. "Frame" is the time between frames, which a display of 60 Hz
never makes shorter than 16.7 ms; without a GPU, Chromium paints with the processor.

Before timing: the page shows as many detections as were written into it.

Where the shared data is, pages of many videos follow: how long they take to make and to load, and
how large they are. THUMOS'14: the golden detections. ActivityNet-1.3: its validation videos, with
100 made-up detections in each.
"""

from __future__ import annotations

import argparse
import os
import shutil
import tempfile
import time
from pathlib import Path

import numpy as np
from playwright.sync_api import Page, sync_playwright

from bench.speed.report_corpora import activitynet, thumos
from bench.tables import DATA, machine, publish
from tests.report.report_cases import build, long_corpus

SEGMENTS = 5000
LOADS = 7
SIZE = {"width": 1280, "height": 800}

# One step a frame; what is timed is the dispatch and the frame's own callbacks, which draw.
MEASURE = """async ([kind, frames]) => {
  const surface = document.getElementById("surface");
  const box = surface.getBoundingClientRect();
  const slider = document.getElementById("score");
  const at = {bubbles: true, cancelable: true, clientX: box.left + box.width / 2,
              clientY: box.top + 40};
  const steps = {
    zoom: i => surface.dispatchEvent(new WheelEvent("wheel",
      {...at, ctrlKey: true, deltaY: (i % 120) < 60 ? -60 : 60})),
    pan: i => surface.dispatchEvent(new WheelEvent("wheel",
      {...at, deltaX: (i % 120) < 60 ? 40 : -40})),
    score: i => { slider.value = Number(slider.max) * Math.abs((i % 80) - 40) / 50;
                  slider.dispatchEvent(new Event("input")); },
  };
  const [script, frame] = [[], []];
  let last = await new Promise(requestAnimationFrame);
  for (let i = 0; i < frames; i++) {
    const before = performance.now();
    steps[kind](i);
    const asked = performance.now() - before;
    // Registered after the page's own callbacks of this frame, so it runs once they are done.
    const [began, done] = await new Promise(resolve =>
      requestAnimationFrame(now => resolve([now, performance.now()])));
    script.push(asked + done - Math.max(began, before + asked));
    frame.push(began - last);
    last = began;
  }
  return {script, frame};
}"""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--frames", type=int, default=240)
    parser.add_argument("--markdown", type=Path)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as driver:
        began = time.perf_counter()
        page_file = build(long_corpus(Path(folder), segments=SEGMENTS), Path(folder) / "long.html")
        made = time.perf_counter() - began
        path = shutil.which("chromium") or shutil.which("google-chrome")
        browser = driver.chromium.launch(executable_path=path, args=["--no-sandbox"])
        text = measure(browser, page_file, made, options.frames)
        if DATA.exists():
            text += "\n\n" + large_pages(browser, Path(folder))
        browser.close()
    publish(options.markdown, "report_timing", text, write=options.markdown is not None)


def measure(browser, page_file: Path, made: float, frames: int) -> str:
    """The table, and the line above it."""
    page = browser.new_page(viewport=SIZE)
    loads = [load(page, page_file) for _ in range(LOADS + 1)][1:]
    check(page)
    rows = [
        f"| load | {np.median(loads):.0f} | {np.quantile(loads, 0.95):.0f} | | |",
        *(row(page, kind, frames) for kind in ("zoom", "pan", "score")),
    ]
    head = (
        f"{machine()}, Chromium {browser.version}, headless, no GPU, {SIZE['width']} x "
        f"{SIZE['height']}. Three hours, {SEGMENTS} detections, 8 classes: a page of "
        f"{page_file.stat().st_size / 1e6:.2f} MB, made in {made:.1f} s with its made-up data. "
        f"{LOADS} loads, {frames} frames each. Load average before: {os.getloadavg()[0]:.1f}."
    )
    columns = (
        "| milliseconds | p50 | p95 | frame p50 | frame p95 |\n| --- | --: | --: | --: | --: |"
    )
    return "\n".join([head, "", columns, *rows])


def large_pages(browser, folder: Path) -> str:
    """A row for each."""
    lines = ["| page | videos | detections | made in | size | load, median of 3 |"]
    lines.append("| --- | --: | --: | --: | --: | --: |")
    for name, make in (("THUMOS'14", thumos), ("ActivityNet-1.3", activitynet)):
        corpus, seconds = make(folder / "page.html")
        page = browser.new_page(viewport=SIZE)
        loads = [load(page, folder / "page.html") for _ in range(3)]
        page.close()
        size = (folder / "page.html").stat().st_size / 1e6
        counts = f"{len(corpus.videos):,} | {len(corpus.table):,}"
        lines.append(
            f"| {name} | {counts} | {seconds:.1f} s | {size:.1f} MB | {np.median(loads):.0f} ms |"
        )
    return "\n".join(lines)


def load(page: Page, page_file: Path) -> float:
    """Milliseconds from the start of navigation until the first drawing is done."""
    page.goto(page_file.as_uri())
    page.wait_for_selector("html[data-ready]", state="attached")
    while not page.evaluate("performance.getEntriesByName('drawn').length"):
        page.wait_for_timeout(5)
    return page.evaluate("performance.getEntriesByName('drawn')[0].startTime")


def check(page: Page) -> None:
    want = f"{SEGMENTS:,} of {SEGMENTS:,}"
    if page.text_content("#counts") != want:
        raise SystemExit(f"the page shows {page.text_content('#counts')}; expected {want}")


def row(page: Page, kind: str, frames: int) -> str:
    page.evaluate(MEASURE, [kind, 30])
    found = page.evaluate(MEASURE, [kind, frames])
    cells = [
        f"{np.quantile(found[part], share):.1f}"
        for part in ("script", "frame")
        for share in (0.5, 0.95)
    ]
    return f"| {kind}, one step a frame | " + " | ".join(cells) + " |"


if __name__ == "__main__":
    main()
