"""`basnet-train sweep`: several settings and seeds, each measured on held-out videos."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from basnet_rt import Error
from basnet_rt._system.whole_file import write_whole
from basnet_rt.cli.common import note
from basnet_rt.cli.corpus import Ray, RayWorkers, workers_of
from basnet_training.config import AUTO, parse_overrides

if TYPE_CHECKING:
    from .summary import Done
    from .trials import Trial

SEEDS = 3
FOLDS = 3

Output = Annotated[Path, typer.Option("--output", "-o", help="Folder of all runs.")]
Source = Annotated[
    str,
    typer.Argument(
        help="Preset or YAML file; auto takes settings from the data.", metavar="CONFIG"
    ),
]
Features = Annotated[Path | None, typer.Option(help="Folder or file of features.")]
Annotations = Annotated[Path | None, typer.Option(help="ActivityNet .json, or .csv of tags.")]
Each = Annotated[
    list[str] | None,
    typer.Option(
        "--each",
        metavar="KEY=VALUE,VALUE",
        help="Values to try for a setting; with several settings, every combination.",
    ),
]
Settings = Annotated[
    list[str] | None,
    typer.Option("--set", help="A setting of all runs as section.key=value; repeatable."),
]
Seeds = Annotated[int, typer.Option(min=1, help="Seeds per variant, from 0 on.")]
Folds = Annotated[int, typer.Option(min=2, help="Parts of the videos; each is held out once.")]
Json = Annotated[bool, typer.Option("--json", help="Print the result as JSON.")]


def sweep(
    output: Output,
    config: Source = AUTO,
    features: Features = None,
    annotations: Annotations = None,
    each: Each = None,
    settings: Settings = None,
    seeds: Seeds = SEEDS,
    folds: Folds = FOLDS,
    ray: Ray = None,
    ray_workers: RayWorkers = None,
    as_json: Json = False,
) -> None:
    """Train with every combination of settings and every seed, and compare on held-out videos.

    Only tags are used. The first variant is the one that the others are compared with, seed by
    seed: give today's value first. An interrupted sweep continues; more seeds or values are added
    to it. OUTPUT gets sweep.json and the folder of each run.
    """
    from . import trials
    from .summary import chance, summary, table

    fixed = _usage(parse_overrides, settings or [])
    changes = _usage(trials.variants, each or [])
    given = {"data.features": features, "data.annotations": annotations}
    fixed |= {key: value for key, value in given.items() if value is not None}
    with _failures():
        tasks = trials.trials(config, fixed, changes, seeds, folds, output)
        done = _train(tasks, ray, ray_workers)
        found, by_chance = summary(done), chance(done)
        failed = {one.name: result.error for one, result in done if result.error is not None}
        answer = {
            "variants": [one.to_dict() for one in found],
            "by_chance": by_chance,
            "failed": failed,
        }
        write_whole(output / "sweep.json", [json.dumps(answer, indent=1) + "\n"])
    lines = [json.dumps(answer)] if as_json else table(found, by_chance)
    for line in lines:
        typer.echo(line)
    for name, reason in failed.items():
        typer.echo(f"failed: {name}: {reason}", err=True)
    if failed:
        raise typer.Exit(1)


def _train(tasks: list[Trial], ray: str | None, workers: int | None) -> Done:
    """The result of every trial, in their order."""
    from .trials import device_of, train_here, train_on_cluster

    if ray is None:
        return list(train_here(tasks, note))
    wanted = workers_of(workers, device_of(tasks[0].config))
    found = train_on_cluster(tasks, ray, wanted, note)
    done = {trial.folder: (trial, measured) for trial, measured in found}
    return [done[one.folder] for one in tasks]


def _usage(parse: Any, texts: list[str]) -> Any:
    """Parse options; an error in them is wrong usage."""
    try:
        return parse(texts)
    except Error as error:
        raise typer.BadParameter(str(error)) from error


@contextmanager
def _failures() -> Iterator[None]:
    """Turn expected errors into one line and exit code 1."""
    try:
        yield
    except (Error, OSError) as error:
        typer.echo(f"error: {error}", err=True)
        raise typer.Exit(1) from error
    except KeyboardInterrupt:
        typer.echo("interrupted; the same command goes on from here", err=True)
        raise typer.Exit(1) from None
