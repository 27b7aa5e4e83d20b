"""`basnet-rt demo`: from nothing to actions found in unseen videos."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from basnet_demo.settings import DemoSettings
from basnet_demo.steps import Watcher, run_demo
from basnet_rt.cli.common import Bar, Json, answer, failures, note

Force = Annotated[
    bool, typer.Option("--force/--keep", help="Replace an earlier demo, or continue it.")
]


def demo(
    folder: Annotated[Path, typer.Argument(help="Folder for all files.")] = Path("demo"),
    seed: Annotated[int, typer.Option(min=0, help="Seed of videos and training.")] = 0,
    quick: Annotated[
        bool, typer.Option("--quick", help="Few short videos: shows the steps, with poor results.")
    ] = False,
    force: Force = False,
    as_json: Json = False,
) -> None:
    """Draw videos, learn from their tags when five actions happen, find them in others.

    Nothing is downloaded. The program draws the videos: figures that wave, bow, kick, squat and
    jump, and walk and fidget in between, in cluttered places. Each step after the first is a
    command that you can use for your own videos. To continue an interrupted demo, give the same
    command again.
    """
    bar = Bar("render")
    with failures():
        try:
            watcher = Watcher(tell=note, advance=bar.advance)
            settings = DemoSettings(seed=seed, quick=quick)
            summary = run_demo(folder, settings, watcher, force=force)
        except KeyboardInterrupt:
            note("interrupted; the same command goes on from here")
            raise typer.Exit(1) from None
        finally:
            bar.close()
    answer(summary, _lines(summary), as_json)


def _lines(summary: dict[str, Any]) -> list[str]:
    """Steps and their seconds, AP of each class, mAP beside chance, and where to look."""
    seconds = summary["seconds"]
    lines = ["", _row("step", "seconds"), *(_row(name, f"{s:.1f}") for name, s in seconds.items())]
    lines += [_row("together", f"{summary['total_seconds']:.1f}"), ""]
    counts = f"{summary['videos']} unseen videos, {summary['segments']} actions"
    lines += [f"{counts}; average precision over tIoU 0.1 to 0.7, in percent", ""]
    for label, ap in summary["ap"].items():
        lines.append(_row(label, _percent(sum(ap) / len(ap))))
    chance = summary["chance"]
    lines += [
        _row("mean of the classes (mAP)", _percent(summary["average_map"])),
        "",
        "the same measure, without looking:",
        _row("random class, place", _percent(chance["random"])),
        _row("true class, random place", _percent(chance["random_place"])),
        _row("true class, whole video", _percent(chance["whole_video"])),
        "",
    ]
    if summary["quick"]:
        lines += ["--quick: too few videos to learn from; this shows the way alone", ""]
    return [*lines, f"report: {summary['report']}"]


def _row(name: str, value: str) -> str:
    return f"  {name:<28}{value:>8}"


def _percent(share: float) -> str:
    return f"{100 * share:.1f}"
