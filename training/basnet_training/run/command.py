"""`basnet-train run`: one command from videos and tags to a model, results and a report."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated, Any

import typer

from basnet_rt import Error
from basnet_rt.cli.common import Json, note
from basnet_rt.cli.corpus import Ray
from basnet_training.options import Settings
from basnet_training.overrides import parse_overrides

Source = Annotated[
    Path,
    typer.Argument(
        help="Videos, features of videos (.npy, .npz, .h5, rgb/ and flow/), or a folder of either.",
        metavar="INPUT",
    ),
]
Tags = Annotated[
    Path,
    typer.Argument(help="Table of tags (a line such as a.mp4,label), or ActivityNet .json."),
]
Output = Annotated[Path, typer.Option("--output", "-o", help="Folder for all files.")]
Localize = Annotated[
    list[str] | None,
    typer.Option("--localize", help="Videos or features to find actions in; repeatable."),
]
Corrected = Annotated[
    Path | None,
    typer.Option(
        help="Segments that a person corrected (.json, exported from the report), for training."
    ),
]
Config = Annotated[str, typer.Option(help="A preset's name, or a YAML file of settings.")]
Missing = Annotated[
    str, typer.Option(help="error or skip, for tagged videos that are absent or cannot be used.")
]
Extractor = Annotated[str | None, typer.Option(help="Extractor for the features of videos.")]
Jobs = Annotated[int | None, typer.Option(min=1, help="Videos to decode at a time.")]
Seed = Annotated[int | None, typer.Option(help="Same seed, same result.")]


def run(
    source: Source,
    tags: Tags,
    output: Output,
    localize: Localize = None,
    corrected: Corrected = None,
    config: Config = "auto",
    missing: Missing = "error",
    extractor: Extractor = None,
    jobs: Jobs = None,
    ray: Ray = None,
    seed: Seed = None,
    settings: Settings = None,
    as_json: Json = False,
) -> None:
    """Train on tagged videos, and make a model, results and a page that shows them.

    The features of videos are made; settings are chosen by the size of the data; parts of the
    videos are held out in turn to measure the quality. OUTPUT gets model.pt, results.json and
    report.html. A second call continues where the first one stopped, and repeats the steps that
    depend on changed files or settings.

    Correct videos in the report, export them, and give the file as --corrected, to train on the
    corrected segments too. `basnet-rt review OUTPUT/results.json` lists the videos to correct
    first.
    """
    if missing not in ("error", "skip"):
        raise typer.BadParameter(f"--missing {missing}: expected error or skip")
    overrides = _overrides(settings or [])
    if seed is not None:
        overrides["run.seed"] = seed
    try:
        summary = _run(
            source=source,
            tags=tags,
            output=output,
            localize=localize or [],
            corrected=corrected,
            config=config,
            overrides=overrides,
            missing=missing,
            extractor=extractor,
            jobs=jobs,
            ray=ray,
        )
    except (Error, OSError) as error:
        note(f"error: {error}")
        raise typer.Exit(1) from error
    except KeyboardInterrupt:
        note("interrupted; the same command goes on from here")
        raise typer.Exit(1) from None
    for line in [json.dumps(summary)] if as_json else _lines(summary):
        typer.echo(line)
    if summary["failed"]:
        raise typer.Exit(1)


def _overrides(settings: list[str]) -> dict[str, Any]:
    try:
        return parse_overrides(settings)
    except Error as error:
        raise typer.BadParameter(str(error)) from error


def _run(**wanted: Any) -> dict[str, Any]:
    from .steps import Request, run, write_summary

    request = Request(**wanted)
    summary = run(request, note)
    write_summary(request.output, summary)
    return summary


def _lines(summary: dict[str, Any]) -> list[str]:
    quality = summary["quality"]
    if quality is None:
        said = "quality unknown: no video could be held out"
    elif quality["mean_ap"] is None:
        said = "quality unknown: every class is in one video only, or in every one"
    else:
        said = (
            f"tags of held-out videos: average precision {100 * quality['mean_ap']:.1f} "
            f"(by chance {100 * quality['chance']:.1f})"
        )
    lines = [said, f"model:   {summary['model']}"]
    lines += [f"results: {summary['results']} ({summary['detections']} detections)"]
    lines += [f"report:  {summary['report']}"]
    lines += [f"correct: basnet-rt review {summary['results']} says which videos to correct first"]
    lines += [f"failed: {name}: {reason}" for name, reason in summary["failed"].items()]
    return lines
