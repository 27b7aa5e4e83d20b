"""From a corpus to one HTML file."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterable, Iterator
from importlib import resources
from pathlib import Path
from typing import Any

from basnet_rt._errors import Error
from basnet_rt._system.extras import from_extra
from basnet_rt._system.whole_file import write_whole
from basnet_rt.report.corpus import Corpus
from basnet_rt.report.media import origins
from basnet_rt.report.packing import json_in_html
from basnet_rt.report.payload import embedded_media, make_payload

DEFAULT_LEVEL = 0.5

# In this order: a file uses only names of earlier files, except in code that runs after all files.
STYLES = ("tokens", "base", "layout", "controls", "timeline", "tables", "review")
SCRIPTS = (
    "dom",
    "data",
    "state",
    "kinds",
    "pyramid",
    "player",
    "filters",
    "lanes",
    "curves",
    "segments_drawing",
    "timeline",
    "timeline_input",
    "minimap",
    "grid",
    "segment_list",
    "class_table",
    "review",
    "review_actions",
    "review_panel",
    "overview",
    "keyboard",
    "main",
)


def render_page(
    corpus: Corpus,
    path: str | Path,
    *,
    title: str,
    level: float = DEFAULT_LEVEL,
    everything: bool = False,
) -> str:
    """The page as text.

    Args:
        path: the place of the page; videos that are not embedded have paths relative to it.
        title: shown at the top.
        level: the tIoU threshold of the evaluation when the page opens; the nearest existing one.
        everything: open with all detections, not only with events.

    Raises:
        Error: jinja2 is absent.
        ValueError: an activation file is damaged.
    """
    return "".join(_pieces(corpus, Path(path), title, level, everything))


def write_page(
    corpus: Corpus,
    path: str | Path,
    *,
    title: str,
    level: float = DEFAULT_LEVEL,
    everything: bool = False,
) -> None:
    """Write the page of `render_page`, completely or not at all."""
    write_whole(path, _pieces(corpus, Path(path), title, level, everything))


def _pieces(
    corpus: Corpus, path: Path, title: str, level: float, everything: bool
) -> Iterable[str]:
    payload = make_payload(corpus, title, path, level, everything)
    style, script = _joined("styles", STYLES, "css"), _script()
    blocks: Iterator[tuple[str, str]] = _blocks(corpus, payload.corpus, payload.activations)
    template = _environment().get_template("page.html")
    pieces: Iterable[str] = template.generate(
        title=title,
        heading=json_in_html(payload.heading),
        judged=corpus.judgement is not None,
        several=len(corpus.videos) > 1,
        style=style,
        script=script,
        policy=_policy(style, script, corpus),
        blocks=blocks,
    )
    return pieces


def _blocks(corpus: Corpus, arrays: str, activations: dict[int, str]) -> Iterator[tuple[str, str]]:
    """Ids and contents of elements; one embedded video in memory at a time."""
    yield "data-corpus", arrays
    for i, text in activations.items():
        yield f"data-activations-{i}", text
    for i, file in embedded_media(corpus):
        try:
            yield f"data-media-{i}", base64.b64encode(file.read_bytes()).decode()
        except OSError as error:
            raise Error(f"{file}: cannot be read: {error.strerror or error}") from error


def _environment() -> Any:
    jinja2 = from_extra("jinja2", "report", "a report")
    loader = jinja2.PackageLoader("basnet_rt.report", "templates")
    return jinja2.Environment(
        loader=loader,
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )


def _script() -> str:
    return f'(() => {{\n"use strict";\n{_joined("scripts", SCRIPTS, "js")}}})();\n'


def _joined(folder: str, names: Iterable[str], ending: str) -> str:
    root = resources.files("basnet_rt.report") / folder
    return "".join((root / f"{name}.{ending}").read_text(encoding="utf-8") for name in names)


def _policy(style: str, script: str, corpus: Corpus) -> str:
    """The security policy: only the page's own style and script run, and only videos are loaded."""
    media = origins(video.media for video in corpus.videos if video.media is not None)
    rules = {
        "default-src": "'none'",
        "style-src": _digest(style),
        "script-src": _digest(script),
        "img-src": "data:",
        "media-src": " ".join(["'self'", "file:", "blob:", *media]),
        "base-uri": "'none'",
        "form-action": "'none'",
    }
    return "; ".join(f"{name} {value}" for name, value in rules.items())


def _digest(text: str) -> str:
    found = base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
    return f"'sha256-{found}'"
