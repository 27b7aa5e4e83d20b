"""`basnet-train sweep`: several settings and seeds, each measured on held-out videos."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from basnet_rt import Error
from basnet_rt._system.whole_file import write_whole
from basnet_rt.cli.common import Json, answer, failures, note
from basnet_rt.cli.corpus import Ray, RayWorkers, workers_of
from basnet_training.config import AUTO
from basnet_training.options import Annotations, Features, Missing, Settings
from basnet_training.options import Config as ConfigArgument
from basnet_training.overrides import parse_overrides

if TYPE_CHECKING:
    from basnet_training.config import Config

    from .summary import Done
    from .trials import Trial

SEEDS = 3
FOLDS = 3

Output = Annotated[Path, typer.Option("--output", "-o", help="Folder of all runs.")]
Each = Annotated[
    list[str] | None,
    typer.Option(
        "--each",
        metavar="KEY=VALUE,VALUE",
        help="Values to try for a setting; with several settings, every combination.",
    ),
]
Seeds = Annotated[int, typer.Option(min=1, help="Seeds per variant, from 0 on.")]
Folds = Annotated[int, typer.Option(min=2, help="Parts of the videos; each is held out once.")]


def sweep(
    output: Output,
    config: ConfigArgument = AUTO,
    features: Features = None,
    annotations: Annotations = None,
    each: Each = None,
    settings: Settings = None,
    missing: Missing = None,
    seeds: Seeds = SEEDS,
    folds: Folds = FOLDS,
    ray: Ray = None,
    ray_workers: RayWorkers = None,
    as_json: Json = False,
) -> None:
    """Train with every combination of settings and every seed, and compare on held-out videos.

    Held-out videos are judged by their tags alone. The first variant is the one that the others are
    compared with, seed by seed. An interrupted sweep continues; repeat the whole command with more
    seeds or values to add them. Seed and validation of CONFIG are replaced. OUTPUT gets sweep.json
    and the folder of each run.
    """
    given = {"data.features": features, "data.annotations": annotations, "data.missing": missing}
    try:
        tasks = _trials(config, settings or [], each or [], given, (seeds, folds), output.resolve())
    except Error as error:
        raise typer.BadParameter(str(error)) from error
    with failures():
        try:
            _say_what_was_read(tasks[0].config, output, folds)
            done = _train(tasks, ray, ray_workers)
        except KeyboardInterrupt:
            note("interrupted; the same command goes on from here")
            raise typer.Exit(1) from None
        failed = _tell(done, output, as_json)
    if failed:
        raise typer.Exit(1)


def _trials(
    config: str,
    settings: list[str],
    each: list[str],
    given: dict[str, Any],
    size: tuple[int, int],
    output: Path,
) -> list[Trial]:
    from .trials import check_fixed, trials, variants

    fixed, changes = parse_overrides(settings), variants(each)
    check_fixed(fixed, changes)
    fixed |= {key: value for key, value in given.items() if value is not None}
    return trials(config, fixed, changes, *size, output)


def _say_what_was_read(config: Config, output: Path, folds: int) -> None:
    from .data import fold_remarks, open_data

    if output.exists() and not output.is_dir():
        raise Error(f"--output {output}: is a file; a sweep needs a folder of its own")
    output.mkdir(parents=True, exist_ok=True)
    videos, lines = open_data(config, output)
    for line in [*lines, *fold_remarks(config, videos, folds)]:
        note(line)


def _train(tasks: list[Trial], ray: str | None, workers: int | None) -> Done:
    """The result of every trial, in their order."""
    from basnet_training.distributed import choose_device

    from .trials import train_here, train_on_cluster

    if ray is None:
        return list(train_here(tasks, note))
    device = tasks[0].config.run.device
    wanted = workers_of(workers, choose_device(device).type if device == "auto" else device)
    found = train_on_cluster(tasks, ray, wanted, note)
    done = {trial.folder: (trial, measured) for trial, measured in found}
    return [done[one.folder] for one in tasks]


def _tell(done: Done, output: Path, as_json: bool) -> dict[str, str]:
    """Print and store what was found; the trainings that failed, with their reasons."""
    from .summary import chance, summary, table

    found, by_chance = summary(done), chance(done)
    failed = {one.name: result.error for one, result in done if result.error is not None}
    values = {
        "variants": [one.to_dict() for one in found],
        "by_chance": by_chance,
        "failed": failed,
    }
    answer(values, table(found, by_chance), as_json)
    for reason in dict.fromkeys(failed.values()):
        names = [name for name, one in failed.items() if one == reason]
        more = "" if len(names) == 1 else f" and {len(names) - 1} more"
        note(f"failed: {names[0]}{more}: {reason}")
    if len(failed) < len(done):
        write_whole(output / "sweep.json", [json.dumps(values, indent=1) + "\n"])
    return failed
