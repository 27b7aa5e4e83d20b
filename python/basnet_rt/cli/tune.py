"""`basnet-rt tune`: post-processing settings chosen on annotated videos."""

from __future__ import annotations

import dataclasses
import datetime
from pathlib import Path
from typing import Annotated, Any

import typer

from basnet_rt._errors import Error, InvalidValue
from basnet_rt._system.csv_lines import csv_rows
from basnet_rt._system.shown import shown
from basnet_rt._system.text_file import read_text
from basnet_rt._system.whole_file import refuse_input
from basnet_rt.analysis.tuning import DEFAULT_FOLDS, DEFAULT_TRIALS, Chooser, Tuning
from basnet_rt.analysis.tuning import tune as choose
from basnet_rt.annotations import AnnotationSet, read_annotations
from basnet_rt.cli.common import Bar, Json, answer, failures, note, parse_settings
from basnet_rt.cli.corpus import CorpusCommand, Ray, RayWorkers
from basnet_rt.cli.scoring import parse_thresholds
from basnet_rt.model.copies import write_bundle_copy
from basnet_rt.model.loading import load
from basnet_rt.model.model import Model

Subset = Annotated[
    str | None, typer.Option("--subset", "-s", help="Subset of the annotations; default: all.")
]
Output = Annotated[Path | None, typer.Option("--output", "-o", help="Copy of the bundle to write.")]


def tune(
    bundle: Annotated[Path, typer.Argument(help="From `basnet-train export`.")],
    features: Annotated[Path, typer.Option("--features", "-f", help="Features of the videos.")],
    annotations: Annotated[
        Path, typer.Option("--annotations", "-a", help="Annotations of the videos, with segments.")
    ],
    subset: Subset = None,
    output: Output = None,
    tiou: Annotated[
        str, typer.Option(help="tIoU thresholds; their average mAP is maximised.")
    ] = "0.1:0.1:0.7",
    settings: Annotated[
        list[str] | None,
        typer.Option("--set", help="A setting to fix, not to tune, as key=value; repeatable."),
    ] = None,
    trials: Annotated[int, typer.Option(min=1, help="Settings to try.")] = DEFAULT_TRIALS,
    folds: Annotated[int, typer.Option(min=2, help="Cross-validation folds.")] = DEFAULT_FOLDS,
    groups: Annotated[
        Path | None,
        typer.Option(help=".csv of video and group, such as its scene; groups stay together."),
    ] = None,
    seed: Annotated[int, typer.Option(min=0, help="The same seed gives the same choice.")] = 0,
    device: Annotated[str, typer.Option(help="Where the network runs.")] = "cpu",
    ray: Ray = None,
    ray_workers: RayWorkers = None,
    as_json: Json = False,
) -> None:
    """Choose a bundle's post-processing settings on videos with marked segments.

    The network runs once. Cross-validation measures the gain on held-out videos, with a bootstrap
    interval; --output gets the settings chosen on all videos. Gate and normalisation stay as they
    are, unless --set changes them.
    """
    levels = parse_thresholds(tiou)
    held = parse_settings(settings)
    with failures():
        refuse_input((output,), (bundle, features, annotations, groups, *_beside(features, output)))
        model = load(bundle, device=device)
        _check_settings(model, held)
        options = {"settings": held, "tiou_thresholds": levels, "trials": trials, "seed": seed}
        grouped = _read_groups(groups)
        options |= {"folds": folds, "groups": grouped, "chooser": _chooser(ray, ray_workers)}
        found = _choose(model, features, _annotated(annotations, subset, grouped), options)
        if output is not None:
            _write(model, found, output)
    if found.held_out.difference <= 0:
        note("note: no gain on videos that were not used for choosing; the start is as good")
    values = {"bundle": str(bundle), "output": None if output is None else str(output)}
    values["simulated"] = model.simulated  # type: ignore[assignment]
    answer({**values, **found.to_dict()}, _lines(model, found, output), as_json)


def _beside(features: Path, output: Path | None) -> list[Path]:
    """The files of features that have the name of the output."""
    folders = (features, features / "rgb", features / "flow")
    return [] if output is None else [folder / output.name for folder in folders]


def _chooser(ray: str | None, workers: int | None) -> Chooser | None:
    if ray is None:
        return None
    from basnet_rt.cluster import Workers, choosing_on

    return choosing_on(ray, Workers(workers, cpus=1))


def _choose(
    model: Model, features: Path, annotated: AnnotationSet, options: dict[str, Any]
) -> Tuning:
    bars = Bar("network"), Bar("tune")
    try:
        return choose(
            model,
            features,
            annotated,
            advance_network=bars[0].advance,
            advance=bars[1].advance,
            **options,
        )
    finally:
        for bar in bars:
            bar.close()


def _check_settings(model: Model, held: dict[str, Any]) -> None:
    """Settings that do not fit are wrong usage."""
    try:
        model.configure(**held)
    except Error as error:
        raise typer.BadParameter(str(error)) from error


def _read_groups(path: Path | None) -> dict[str, str] | None:
    if path is None:
        return None
    groups: dict[str, str] = {}
    for number, row in csv_rows(path, read_text(path)):
        if row and len(row) != 2:
            raise InvalidValue(f"{path}, line {number}: expected two columns, video and group")
        if row and groups.setdefault(*row) != row[1]:
            raise InvalidValue(
                f"{path}, line {number}: video {shown(row[0])} is in the groups "
                f"{shown(groups[row[0]])} and {shown(row[1])}; keep one of them"
            )
    if not groups:
        raise InvalidValue(
            f"{path}: names no video; give lines of video and group, or leave --groups out"
        )
    return groups


def _annotated(path: Path, subset: str | None, groups: dict[str, str] | None) -> AnnotationSet:
    """The annotations of the subset; a note counts the videos without a group."""
    annotated = read_annotations(path)
    annotated = annotated if subset is None else annotated.subset(subset)
    absent = [] if groups is None else [name for name in annotated.videos if name not in groups]
    if absent:
        note(
            f"note: --groups does not name {len(absent)} of {len(annotated.videos)} videos, such "
            f"as {shown(absent[0])}: each counts as a group of its own"
        )
    return annotated


def _write(model: Model, found: Tuning, output: Path) -> None:
    """Write the copy; its provenance records how the settings were chosen."""
    gain = found.held_out
    tuned = {
        "from": model.name,
        "changes": found.changes,
        "videos": found.videos,
        "segments": found.segments,
        "trials": found.trials,
        "seed": found.seed,
        "tiou_thresholds": found.tiou_thresholds,
        "held_out_gain": None if gain.difference != gain.difference else gain.difference,
        "date": datetime.datetime.now(datetime.timezone.utc).isoformat(timespec="seconds"),
    }
    metadata = dataclasses.replace(
        model.metadata,
        postprocess=found.config.to_dict(),
        provenance={**model.metadata.provenance, "tuned": tuned},
    )
    write_bundle_copy(model, metadata, output)


def _lines(model: Model, found: Tuning, output: Path | None) -> list[str]:
    gain = found.held_out
    levels = f"{found.tiou_thresholds[0]:g} .. {found.tiou_thresholds[-1]:g}"
    videos = f"{found.videos} videos, {found.segments} segments"
    between = f"95 % [{100 * gain.low:+.2f}, {100 * gain.high:+.2f}]"
    width = max(map(len, found.changes), default=0)
    head = f"{videos}{', simulated' if model.simulated else ''}; average mAP at tIoU {levels}"
    trials = f"{found.trials} trials, seed {found.seed}"
    held = f"held out, {len(found.folds)} folds: {100 * gain.a:.2f} -> {100 * gain.b:.2f}"
    own = f"{100 * found.base:.2f} -> {100 * found.chosen:.2f}, too good to be expected elsewhere"
    return [
        f"{head}; {trials}",
        f"{held} ({100 * gain.difference:+.2f}, {between})",
        f"on the choosing set itself: {own}",
        *(f"  {name:<{width}}  {value}" for name, value in found.changes.items()),
        "nothing written: no --output" if output is None else f"-> {output}",
    ]


COMMAND = CorpusCommand
