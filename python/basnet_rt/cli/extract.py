"""`basnet-rt extract`: videos to a folder of features."""

from __future__ import annotations

import os
import time
from collections.abc import Mapping
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any

import typer

from basnet_rt._errors import BundleError, Error, InvalidValue
from basnet_rt._system.addresses import is_address, shown_source
from basnet_rt.cli.common import Json, answer, failures, note, note_failure, parse_settings
from basnet_rt.cli.corpus import (
    CorpusCommand,
    ProgressLine,
    Ray,
    RayWorkers,
    expand,
    workers_of,
)
from basnet_rt.cli.ending import ended_like_ctrl_c
from basnet_rt.cli.extraction_bar import ExtractionBar
from basnet_rt.cluster.extraction import Store, feature_store
from basnet_rt.cluster.manifest import video_files
from basnet_rt.cluster.session import Workers
from basnet_rt.extractors.interface import Extractor
from basnet_rt.extractors.registry import default_name, names
from basnet_rt.extractors.running.folder import FeatureFolder
from basnet_rt.extractors.running.job import Recipe, Result
from basnet_rt.extractors.running.judging import passed_over
from basnet_rt.extractors.running.many import extract_many
from basnet_rt.extractors.running.video_files import (
    VideoFile,
    check_names_differ,
    find_video_files,
)
from basnet_rt.localize.from_video import unrecorded
from basnet_rt.model.bundle import read_metadata

Videos = Annotated[
    list[str],
    typer.Argument(
        help="Video files, folders of them, .txt lists of them, addresses, .jsonl and .parquet "
        "manifests."
    ),
]
Folder = Annotated[
    str,
    typer.Option("--output", "-o", help="Folder for the features; with --ray also an address."),
]
Name = Annotated[
    str | None,
    typer.Option(
        help=f"{', '.join(names())}; several joined by +, such as motion+i3d. "
        f"Default: {default_name()}."
    ),
]
Contract = Annotated[
    Path | None, typer.Option(help="YAML that describes the input of a torchscript or onnx model.")
]
Weights = Annotated[
    list[Path] | None, typer.Option(help="File with the extractor's weights; repeatable.")
]
Settings = Annotated[
    list[str] | None,
    typer.Option("--set", help="A setting of the extractor as key=value; repeatable."),
]
ModelFile = Annotated[
    Path | None,
    typer.Option("--model", "-m", help="Use the extractor that this bundle records."),
]
Jobs = Annotated[
    int | None,
    typer.Option(min=1, help="Videos at a time, each in its own process. Default: cores / 2."),
]
StreamIndex = Annotated[
    int | None,
    typer.Option(
        min=0,
        help="Video stream to read, in files with several; the message about them numbers them.",
    ),
]


def extract(
    videos: Videos,
    output: Folder,
    extractor: Name = None,
    contract: Contract = None,
    weights: Weights = None,
    settings: Settings = None,
    model: ModelFile = None,
    jobs: Jobs = None,
    stream_index: StreamIndex = None,
    ray: Ray = None,
    ray_workers: RayWorkers = None,
    as_json: Json = False,
) -> None:
    """Make features of videos: <name>.npy and <name>.json for each, and extractor.json.

    Features that the same extractor already made from the same content are kept. To continue an
    interrupted run, give the same command again. If a video fails, the others are still done; the
    failure and its reason are shown at the end, and the exit code is 1.
    """
    started = time.monotonic()
    recipe, made = prepare_extractor(model, extractor, contract, weights, settings)
    with failures(), ended_like_ctrl_c():
        found, lost, durations = _find(videos, stream_index)
        folder = _begun(output, made, found, ray is not None)
        totals = Totals([{"name": name, "reason": str(error)} for name, error in lost])
        if ray is None:
            assert isinstance(folder, FeatureFolder)
            _run(found, recipe, folder, jobs or default_jobs(), made, totals)
        else:
            workers = workers_of(ray_workers)
            _run_on_cluster(ray, workers, found, durations, recipe, folder, totals)
    summary = totals.summary(output, made, time.monotonic() - started)
    answer(summary, [totals.line(summary)], as_json)
    note_passed_over(videos)
    for line in totals.notes:
        note(line)
    for one in summary["failed"]:
        note_failure(one["name"], one["reason"])
    if summary["failed"]:
        raise typer.Exit(1)


def prepare_extractor(
    model: Path | None,
    name: str | None,
    contract: Path | None,
    weights: list[Path] | None,
    settings: list[str] | None,
) -> tuple[Recipe, Extractor]:
    """The extractor that the options ask for; options that do not fit are wrong usage."""
    changes = parse_settings(settings)
    if model is not None and (name is not None or contract is not None):
        raise typer.BadParameter("--model names the extractor: no --extractor or --contract")
    if model is not None:
        recipe = recorded_recipe(model, weights, changes)
    else:
        if contract is not None:
            changes["contract"] = str(contract)
        if weights:
            files = [str(one) for one in weights]
            changes["weights"] = files[0] if len(files) == 1 else files
        recipe = Recipe(name or default_name(), changes)
    with failures():
        try:
            return recipe, recipe.make()
        except (InvalidValue, TypeError) as error:
            raise typer.BadParameter(str(error)) from error


def recorded_recipe(
    model: Path, weights: list[Path] | None, settings: dict[str, Any] | None = None
) -> Recipe:
    """The recipe of the extractor that a bundle records."""
    with failures():
        spec = read_metadata(model).extractor_spec
        if spec is None:
            raise BundleError(unrecorded(str(model)))
        return Recipe(settings=settings or {}, spec=spec, weights=weights or [])


def default_jobs() -> int:
    """Half the usable cores: decoding and preparing one video keeps two cores busy."""
    usable = os.sched_getaffinity(0) if hasattr(os, "sched_getaffinity") else None
    cores = (os.cpu_count() or 1) if usable is None else len(usable)
    return max(1, cores // 2)


def _find(
    videos: list[str], stream: int | None
) -> tuple[list[VideoFile], list[tuple[str, Error]], dict[str, float | None]]:
    """The videos, the refused inputs, and durations by name if a manifest has them."""
    paths, rows = expand(videos)
    try:
        found, lost = find_video_files(paths, stream)
        check_names_differ([*found, *video_files(rows, stream)])
    except Error as error:
        raise typer.BadParameter(str(error)) from error
    durations = {row.name: row.duration for row in rows}
    return [*found, *video_files(rows, stream)], lost, durations


def _begun(output: str, extractor: Extractor, videos: list[VideoFile], cluster: bool) -> Store:
    if is_address(output) and not cluster:
        raise typer.BadParameter(
            f"--output {shown_source(output)}: an address is written to with --ray alone"
        )
    folder = feature_store(output, extractor.spec)
    remade = folder.begin(videos)
    if remade:
        note(f"{output}: {remade} of these are of another extractor; they are made again")
    for line in folder.notes:
        note(line)
    return folder


def note_passed_over(given: list[str]) -> None:
    """Name the files in folders that are not videos, judged by ending and content."""
    for one in map(Path, given):
        found = [str(path) for path in passed_over(one)] if one.is_dir() else []
        if found:
            more = f" and {len(found) - 3} more" if len(found) > 3 else ""
            note(f"{one}: passed over, not known as videos: {', '.join(found[:3])}{more}")


def oddities(result: Result) -> list[str]:
    """The faults in a video that decoding repaired or left out, as lines for people."""
    if result.found is None:
        return []
    name, problems = result.video.name, result.found.problems
    counted = ", ".join(f"{kind} {count}" for kind, count in problems.items())
    lines = [f"{name}: odd, but used: {counted}"] if counted else []
    return lines + [f"{name}: {remark}" for remark in result.found.remarks]


@dataclass
class Totals:
    """The totals of a run."""

    failed: list[dict[str, str]]
    done: int = 0
    before: int = 0
    frames: int = 0
    snippets: int = 0
    problems: dict[str, dict[str, int]] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)

    def add(self, result: Result) -> None:
        name = result.video.name
        if result.remark is not None and result.error is None:
            self.notes.append(f"{name}: features there were {result.remark}: made again")
        if result.error is not None:
            self.failed.append({"name": name, "reason": result.error})
            return
        self.done += 1
        self.before += result.finished_before
        if result.found is not None:
            self.frames += result.found.num_frames
            self.snippets += len(result.found.features)
            if result.found.problems:
                self.problems[name] = dict(result.found.problems)
            self.notes += oddities(result)

    def summary(self, output: str, extractor: Extractor, seconds: float) -> dict[str, Any]:
        return {
            "output": shown_source(output),
            "extractor": extractor.spec.to_dict(),
            "videos": self.done,
            "finished_before": self.before,
            "frames": self.frames,
            "snippets": self.snippets,
            "frames_per_second": round(self.frames / max(seconds, 1e-9), 1),
            "problems": self.problems,
            "failed": self.failed,
            "seconds": round(seconds, 3),
        }

    def line(self, summary: dict[str, Any]) -> str:
        before = f", {self.before} of them from an earlier run" if self.before else ""
        return (
            f"{self.done} videos{before}; {self.frames} frames, "
            f"{summary['frames_per_second']:.0f} frames/s, {summary['seconds']:.1f} s "
            f"-> {summary['output']}"
        )


def _run(
    videos: list[VideoFile],
    recipe: Recipe,
    folder: FeatureFolder,
    jobs: int,
    extractor: Extractor,
    totals: Totals,
) -> None:
    try:
        with ExtractionBar(videos) as bar:
            options: dict[str, Any] = {"jobs": jobs, "extractor": extractor, "watch": bar.watch}
            with closing(extract_many(videos, recipe, folder, **options)) as results:
                for result in results:
                    totals.add(result)
                    bar.done(result)
    except KeyboardInterrupt:
        note(f"interrupted; {totals.done} videos are done: the same command goes on from there")
        raise typer.Exit(1) from None


def _run_on_cluster(
    address: str,
    workers: Workers,
    videos: list[VideoFile],
    durations: Mapping[str, float | None],
    recipe: Recipe,
    store: Store,
    totals: Totals,
) -> None:
    from basnet_rt.cluster import connected
    from basnet_rt.cluster import extract as extract_on_cluster
    from basnet_rt.cluster.order import estimate

    known = [durations.get(one.name) for one in videos]
    weights = estimate([one.source for one in videos], known)
    shown = ProgressLine(dict(zip((one.name for one in videos), weights, strict=True)))
    try:
        with connected(address) as ray:
            options: dict[str, Any] = {"durations": known, "workers": workers, "beat": shown.beat}
            with closing(extract_on_cluster(ray, videos, recipe, store, **options)) as results:
                for result in results:
                    totals.add(result)
                    shown.add_result(result)
    except KeyboardInterrupt:
        note(f"interrupted; {totals.done} videos are done: the same command goes on from there")
        raise typer.Exit(1) from None
    finally:
        shown.end()


COMMAND = CorpusCommand
