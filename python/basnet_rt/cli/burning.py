"""The part of `localize` that draws labels into copies of videos."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer

from basnet_rt.burning import burn_in
from basnet_rt.cli.common import Bar
from basnet_rt.localize.inputs import Failure, Input, Pixels
from basnet_rt.localize.many import Outcome, failure_of

BurnIn = Annotated[
    Path | None,
    typer.Option(
        help="Folder for a copy of each video, as .mp4, with the names of its events drawn in."
    ),
]


def burn_all(folder: Path | None, inputs: Sequence[Input], outcome: Outcome, all_of: bool) -> None:
    """Write a copy of each localized video; a copy that fails is reported like other failures."""
    if folder is None:
        return
    videos = [one for one in inputs if isinstance(one, Pixels) and one.name in outcome.detections]
    if not videos and outcome.detections:
        raise typer.BadParameter("--burn-in draws into videos, and features have no pictures")
    bar = Bar("burn in")
    try:
        for left, one in zip(range(len(videos), 0, -1), videos, strict=True):
            bar.advance(left)
            failure = _burn(folder, one, outcome, all_of)
            outcome.failures += [] if failure is None else [failure]
    finally:
        bar.close()


def _burn(folder: Path, one: Pixels, outcome: Outcome, all_of: bool) -> Failure | None:
    found = outcome.detections[one.name]
    shown = found if all_of else found.events()
    try:
        burn_in(one.path, folder / f"{one.name}.mp4", shown, stream_index=one.video.stream)
    except Exception as error:  # noqa: BLE001 (PyAV raises its own)
        return failure_of(one.name, error)
    return None
