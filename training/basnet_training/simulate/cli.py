"""`basnet-train simulate`: write a simulated data set."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from basnet_rt import Error, InvalidValue
from basnet_rt.cli.common import note

from .config import SimulationConfig
from .features import Simulation
from .presets import PRESETS, Preset, find_preset
from .timelines import Timeline, first_of_each_subset, read_timelines
from .writer import ANNOTATIONS, write_dataset

app = typer.Typer(add_completion=False)


def print_dials(wanted: bool) -> None:
    """Print every dial (setting of the simulator) with default, range and meaning, and exit."""
    if not wanted:
        return
    for field in dataclasses.fields(SimulationConfig):
        low, high = field.metadata["low"], field.metadata["high"]
        typer.echo(f"{field.name} = {field.default}  [{low}, {high}]\n    {field.metadata['text']}")
    raise typer.Exit


@app.command()
def simulate(
    output: Annotated[Path, typer.Option(help="Folder to write; an unfinished run is continued.")],
    timelines: Annotated[
        Path | None,
        typer.Option(help="Annotations in ActivityNet form; default: random timelines."),
    ] = None,
    durations: Annotated[Path | None, typer.Option(help="JSON: seconds of each video.")] = None,
    seed: Annotated[int, typer.Option(help="The same seed gives the same files.")] = 0,
    preset: Annotated[str, typer.Option(help=f"One of {', '.join(sorted(PRESETS))}.")] = "thumos14",
    feature_dim: Annotated[
        int | None, typer.Option(help="Channels of a feature; default: the preset's.")
    ] = None,
    videos: Annotated[int | None, typer.Option(min=1, help="At most this many per subset.")] = None,
    dial: Annotated[
        list[str] | None,
        typer.Option("--set", help="A dial (setting of the simulator) as name=value; repeatable."),
    ] = None,
    dtype: Annotated[str, typer.Option(help="float16 or float32.")] = "float16",
    json_output: Annotated[bool, typer.Option("--json", help="Print the summary as JSON.")] = False,
    list_dials: Annotated[
        bool, typer.Option(callback=print_dials, is_eager=True, help="List every dial and exit.")
    ] = False,
) -> None:
    """Write SIMULATED features and annotations, for real or random timelines."""
    try:
        chosen = find_preset(preset)
        channels = [] if feature_dim is None else [f"feature_dim={feature_dim}"]
        config = set_dials(chosen.dials, [*(dial or []), *channels])
    except InvalidValue as error:
        raise typer.BadParameter(str(error)) from error
    try:
        chosen_timelines = find_timelines(chosen, timelines, durations, seed, videos)
        simulation = Simulation(chosen_timelines, config, seed=seed)
        written = write_with_progress(simulation, output, dtype)
    except (Error, OSError) as error:
        note(f"error: {error}")
        raise typer.Exit(1) from error
    report(summarise(simulation, output, written), json_output)


def set_dials(dials: SimulationConfig, settings: list[str]) -> SimulationConfig:
    """Replace dials by `name=value` texts.

    Raises:
        InvalidValue: a name is no dial, or a value is not a number, true or false, or out of range.
    """
    values: dict[str, Any] = {}
    for setting in settings:
        name, _, text = setting.partition("=")
        if name not in dials.to_dict():
            raise InvalidValue(f"{setting!r}: expected name=value of a dial; see --list-dials")
        try:
            values[name] = json.loads(text)
        except ValueError as error:
            raise InvalidValue(f"{setting!r}: expected a number, true or false") from error
    return dataclasses.replace(dials, **values)


def find_timelines(
    preset: Preset, timelines: Path | None, durations: Path | None, seed: int, videos: int | None
) -> tuple[Timeline, ...]:
    """Real timelines if a file is given, else the preset's made ones."""
    if timelines is not None:
        found = read_timelines(timelines, durations)
    elif durations is not None:
        raise InvalidValue("durations without timelines: expected both, or neither")
    else:
        found = tuple(preset.timelines.timelines(seed))
    return found if videos is None else first_of_each_subset(found, videos)


def write_with_progress(simulation: Simulation, output: Path, dtype: str) -> int:
    """Write the data set, with a progress bar on a terminal. Returns the number of new videos."""
    columns = (
        TextColumn("simulating"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("videos"),
        TimeRemainingColumn(),
    )
    console = Console(stderr=True)
    with Progress(*columns, console=console, disable=not console.is_terminal) as bar:
        task = bar.add_task("", total=len(simulation))
        return write_dataset(
            simulation, output, dtype=dtype, progress=lambda snippets: bar.advance(task)
        )


def summarise(simulation: Simulation, output: Path, written: int) -> dict[str, Any]:
    """The numbers to print, as text or as JSON."""
    shapes = [video.shape for video in simulation]
    return {
        "simulated": True,
        "annotations": str(output / ANNOTATIONS),
        "features": str(output / "features"),
        "seed": simulation.seed,
        "classes": len(simulation.classes),
        "videos": len(simulation),
        "videos_written": written,
        "snippets": sum(length for length, _ in shapes),
        "feature_dim": simulation.config.feature_dim,
    }


def report(summary: dict[str, Any], as_json: bool) -> None:
    """Print the summary."""
    if as_json:
        typer.echo(json.dumps(summary))
        return
    typer.echo(
        "simulated: {videos} videos ({videos_written} written now), {snippets} snippets of"
        " {feature_dim} channels, {classes} classes, seed {seed}\n{annotations}\n{features}".format(
            **summary
        )
    )
