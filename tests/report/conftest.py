"""A headless Chromium, and pages that must neither complain nor ask the network for anything."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import report_cases
from looking import settle
from report_cases import build

from patience import HANG
from python.conftest import IN_CI, shared  # noqa: F401  (a fixture)

BROWSERS = ("chromium", "chromium-browser", "google-chrome")


def absent(message: str) -> None:
    """Skips; in CI, where the browser was promised, fails."""
    if IN_CI:
        pytest.fail(message)
    pytest.skip(message)


@pytest.fixture(scope="session")
def browser() -> Iterator[Any]:
    """The system's Chromium, driven by Playwright."""
    path = next(filter(None, map(shutil.which, BROWSERS)), None)
    if path is None:
        absent("no chromium: apt-get install chromium")
    try:
        from playwright.sync_api import sync_playwright
    except ModuleNotFoundError:
        absent("no playwright: pip install 'basnet-rt[dev]'")
    arguments = ["--no-sandbox"] if os.geteuid() == 0 else []  # Chromium refuses root otherwise
    with sync_playwright() as driver:
        running = driver.chromium.launch(executable_path=path, args=arguments)
        yield running
        running.close()


class Watched:
    """A page, and everything that it said and asked for."""

    def __init__(self, page: Any) -> None:
        self.page = page
        self.complaints: list[str] = []
        self.requests: list[str] = []
        page.on("console", lambda one: self.complaints.append(f"{one.type}: {one.text}"))
        page.on("pageerror", lambda error: self.complaints.append(str(error)))
        page.on("request", lambda one: self.requests.append(one.url))

    def foreign_requests(self) -> list[str]:
        return [url for url in self.requests if not url.startswith(("file:", "blob:", "data:"))]


@pytest.fixture
def open_page(browser: Any) -> Iterator[Any]:
    """open_page(path, hash="", **context) -> the page, once it is ready; checked at the end."""
    opened: list[tuple[Watched, Any]] = []

    def open_(path: Path, hash_: str = "", *, width=1280, height=800, **context) -> Any:
        size = {"width": width, "height": height}
        window = browser.new_context(viewport=size, **context)
        page = window.new_page()
        page.set_default_timeout(1000 * HANG)
        opened.append((Watched(page), window))
        page.goto(path.as_uri() + hash_)
        page.wait_for_selector("html[data-ready]", state="attached")
        settle(page)
        return page

    yield open_
    for watched, window in opened:
        window.close()
        assert watched.complaints == []
        assert watched.foreign_requests() == []


@pytest.fixture(scope="session")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("report")


@pytest.fixture(scope="session")
def small(folder: Path) -> Path:
    """A page of two videos with every kind of detection."""
    return build(report_cases.small_corpus(folder), folder / "small.html")


@pytest.fixture(scope="session")
def single(folder: Path) -> Path:
    """The page of the first of them alone."""
    paths = report_cases.small_corpus(folder)
    return build(paths, folder / "single.html", select=["one"])


@pytest.fixture(scope="session")
def unjudged(folder: Path) -> Path:
    """Without ground truth and activations."""
    paths = report_cases.small_corpus(folder)
    return build({"results": paths["results"]}, folder / "unjudged.html", select=["one"])


@pytest.fixture(scope="session")
def long(folder: Path) -> Path:
    """Three hours, 5,000 detections."""
    return build(report_cases.long_corpus(folder), folder / "long.html")


@pytest.fixture(scope="session")
def hostile(folder: Path) -> Path:
    return build(report_cases.hostile_corpus(folder), folder / "hostile.html")
