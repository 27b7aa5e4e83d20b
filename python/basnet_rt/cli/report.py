"""`basnet-rt report`: a page to look at results with."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from basnet_rt._system.whole_file import refuse_input
from basnet_rt.cli.common import Everything, Json, answer, failures
from basnet_rt.cli.evaluate import parse_thresholds
from basnet_rt.report import Corpus, gather, write_page
from basnet_rt.report.page import DEFAULT_LEVEL

Page = Annotated[Path, typer.Option("--output", "-o", help="The page, .html.")]
Videos = Annotated[
    list[str] | None, typer.Option(help="Video file, folder of them, or URL; repeatable.")
]
EmbedVideo = Annotated[
    bool, typer.Option("--embed-video", help="Put the video files into the page.")
]
GroundTruth = Annotated[Path | None, typer.Option(help="Annotations in ActivityNet form.")]
Subset = Annotated[str | None, typer.Option("--subset", "-s", help="Subset of the annotations.")]
ActivationsOption = Annotated[
    Path | None, typer.Option(help="Folder of `localize --save-activations`.")
]
Select = Annotated[list[str] | None, typer.Option(help="Show this video only; repeatable.")]
Tiou = Annotated[str, typer.Option(help="Thresholds: first:step:last, or a list with commas.")]
Level = Annotated[
    float, typer.Option(help="tIoU at which a detection counts as correct when the page opens.")
]
Title = Annotated[str | None, typer.Option(help="Title; default: the results' file name.")]


def report(
    results: Annotated[Path, typer.Argument(help="Results: ActivityNet .json, or our .csv.")],
    output: Page,
    video: Videos = None,
    embed_video: EmbedVideo = False,
    ground_truth: GroundTruth = None,
    subset: Subset = None,
    activations: ActivationsOption = None,
    select: Select = None,
    tiou: Tiou = "0.1:0.1:0.9",
    level: Level = DEFAULT_LEVEL,
    title: Title = None,
    everything: Everything = False,
    as_json: Json = False,
) -> None:
    """Make one HTML file that shows results: videos, timelines, activations, errors.

    It opens in a browser without a network. The page refers to videos by their path relative to the
    page, unless --embed-video puts them in.
    """
    if output.suffix not in (".html", ".htm"):
        raise typer.BadParameter(f"--output {output}: expected a name ending in .html")
    thresholds = parse_thresholds(tiou)
    with failures():
        refuse_input([output], (results, ground_truth, *(video or ())))
        corpus = gather(
            results,
            ground_truth=ground_truth,
            subset=subset,
            activations=activations,
            media=video or [],
            embed_media=embed_video,
            select=select or [],
            tiou_thresholds=thresholds,
        )
        write_page(corpus, output, title=title or results.stem, level=level, everything=everything)
    summary = _summary(corpus, output)
    answer(summary, [_line(summary)], as_json)


def _summary(corpus: Corpus, output: Path) -> dict[str, Any]:
    return {
        "output": str(output),
        "bytes": output.stat().st_size,
        "videos": len(corpus.videos),
        "detections": len(corpus.table),
        "with_media": sum(one.media is not None for one in corpus.videos),
        "with_activations": sum(one.activations is not None for one in corpus.videos),
    }


def _line(summary: dict[str, Any]) -> str:
    counts = f"{summary['videos']} videos, {summary['detections']} detections"
    return f"{counts}, {summary['bytes'] / 1e6:.1f} MB -> {summary['output']}"
