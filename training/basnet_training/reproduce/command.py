"""`basnet-train reproduce`: train on a released package, and compare with the paper's table."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated, Any

import typer

from basnet_rt import Error
from basnet_rt.cli.common import Json, note
from basnet_training.overrides import parse_overrides

from .papers import PAPERS

Name = Annotated[str, typer.Argument(help=f"One of {', '.join(PAPERS)}.", metavar="DATASET")]
Features = Annotated[
    Path,
    typer.Argument(help="The released package: gt.json and features/{train,test}/{rgb,flow}."),
]
Output = Annotated[Path, typer.Option("--output", "-o", help="Folder for all files.")]
Seed = Annotated[int | None, typer.Option(help="Same seed, same result.")]
Settings = Annotated[
    list[str] | None,
    typer.Option("--set", help="A setting of training as section.key=value; repeatable."),
]


def reproduce(
    dataset: Name,
    features: Features,
    output: Output,
    seed: Seed = None,
    settings: Settings = None,
    as_json: Json = False,
) -> None:
    """Train BaS-Net with its published settings on a released package of features, and evaluate.

    One network is post-processed in three ways: as in the released code, with its formulas but more
    thresholds and soft-NMS, and in mode continuous. OUTPUT gets the run, model.pt, results of each
    way and reproduce.json. A second call continues where the first one stopped.
    """
    if dataset not in PAPERS:
        raise typer.BadParameter(f"{dataset}: expected one of {', '.join(PAPERS)}")
    try:
        overrides: dict[str, Any] = parse_overrides(settings or [])
        if seed is not None:
            overrides["run.seed"] = seed
        from .steps import reproduce as work
        from .steps import table

        found = work(PAPERS[dataset], features, output, overrides, note)
    except (Error, OSError) as error:
        note(f"error: {error}")
        raise typer.Exit(1) from error
    for line in [json.dumps(found)] if as_json else table(PAPERS[dataset], found):
        typer.echo(line)
