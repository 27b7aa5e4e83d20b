"""`basnet-rt localize`: many videos, or their features, to one results file."""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated, Any

import typer

from basnet_rt._errors import Error
from basnet_rt._system.json_file import read_json
from basnet_rt._system.whole_file import refuse_input
from basnet_rt.activation_files import ActivationFolder
from basnet_rt.cli.burning import BurnIn, burn_all
from basnet_rt.cli.common import (
    Bar,
    Everything,
    Json,
    answer,
    failures,
    note,
    note_failure,
    on_one_line,
    parse_settings,
)
from basnet_rt.cli.corpus import CorpusCommand, Ray, RayWorkers, expand, workers_of
from basnet_rt.cli.ending import ended_like_ctrl_c
from basnet_rt.cli.extract import Jobs, StreamIndex, Weights, note_passed_over
from basnet_rt.cli.localize_cluster import (
    RunOptions,
    forget_records,
    listed_inputs,
    run_on_cluster,
)
from basnet_rt.cli.localize_places import ENDINGS, check_places, named_results
from basnet_rt.cli.localize_times import (
    Times,
    read_times,
    time_warnings,
)
from basnet_rt.cli.video_reading import VideoOptions, make_reader, media_of, shown
from basnet_rt.extractors.running.judging import holds_videos
from basnet_rt.formats.result_files import write_results
from basnet_rt.localize.from_video import VideoReader
from basnet_rt.localize.inputs import Failure, Input, find_inputs
from basnet_rt.localize.journal import Journal
from basnet_rt.localize.localizer import Localizer
from basnet_rt.localize.many import Outcome, localize_videos, provenance_of, run_key
from basnet_rt.model.loading import ENGINES, load
from basnet_rt.model.model import Model
from basnet_rt.results import Detection, Detections

Videos = Annotated[
    list[str],
    typer.Argument(
        help="Videos, features of videos, folders of them, .txt lists of videos, .jsonl and "
        ".parquet manifests."
    ),
]
ModelFile = Annotated[Path, typer.Option("--model", "-m", help="A bundle.")]
Output = Annotated[
    Path | None,
    typer.Option(
        "--output",
        "-o",
        help=f"Results: {', '.join(ENDINGS)}. Without it the events are printed: one segment for "
        "each happening, none nested.",
    ),
]
Csv = Annotated[Path | None, typer.Option(help="Also write the results as CSV to this file.")]
ConfigFile = Annotated[
    Path | None, typer.Option(help="JSON file of post-processing settings to change.")
]
Settings = Annotated[
    list[str] | None, typer.Option("--set", help="One setting as key=value; repeatable.")
]
Durations = Annotated[
    Path | None,
    typer.Option(
        help="Durations to use instead of those of videos and sidecars: annotations, or a table of "
        "video,duration."
    ),
]
FrameRates = Annotated[
    Path | None,
    typer.Option(
        help="JSON from video to frames per second (fps_dict.json), for features made at the rate "
        "of each recording instead of the bundle's."
    ),
]
SaveActivations = Annotated[
    Path | None, typer.Option(help="Folder for each video's activations, as .npz.")
]
FeatureCacheFolder = Annotated[
    Path | None, typer.Option(help="Folder that keeps the features of videos for later runs.")
]
Device = Annotated[str, typer.Option(help="Where networks run.")]
Dtype = Annotated[
    str | None, typer.Option(help="Weights: float32, bfloat16 or int8; default: as stored.")
]
Engine = Annotated[str, typer.Option(help="Engine that runs the network: auto, native or torch.")]
Records = Annotated[
    str | None,
    typer.Option(
        help="With --ray: folder or address that keeps a record of each video. Without it, records "
        "are kept beside the results until these are written."
    ),
]
Resume = Annotated[bool, typer.Option(help="Continue an interrupted run with the same settings.")]


def localize(
    videos: Videos,
    model: ModelFile,
    output: Output = None,
    csv: Csv = None,
    config: ConfigFile = None,
    settings: Settings = None,
    durations: Durations = None,
    frame_rates: FrameRates = None,
    save_activations: SaveActivations = None,
    burn_in: BurnIn = None,
    weights: Weights = None,
    feature_cache: FeatureCacheFolder = None,
    jobs: Jobs = None,
    stream_index: StreamIndex = None,
    device: Device = "cpu",
    dtype: Dtype = None,
    engine: Engine = "auto",
    resume: Resume = True,
    ray: Ray = None,
    ray_workers: RayWorkers = None,
    records: Records = None,
    everything: Everything = False,
    as_json: Json = False,
) -> None:
    """Find actions in videos, from their pixels or from features.

    The extractor that the bundle records makes the features of videos; they are kept only if
    --feature-cache names a folder. Files of results hold every detection; mAP is computed from
    these. Events are printed, or with --all every detection. Videos that fail are named at the
    end, with the reason, and the exit code is 1. To continue an interrupted run, give the same
    command again.
    """
    results = _check_usage(output, csv, engine)
    _check_cluster(ray, output, records, {"--burn-in": burn_in, "--frame-rates": frame_rates})
    started = time.monotonic()
    with failures(), ended_like_ctrl_c(), ExitStack() as stack:
        refuse_input(results, (*videos, model, *(weights or ()), config, durations, frame_rates))
        loading: dict[str, Any] = {"device": device, "dtype": dtype, "engine": engine}
        localizer = _localizer(load(model, **loading), config, parse_settings(settings))
        inputs, unread, lengths = _inputs(videos, localizer.model, stream_index, ray is not None)
        check_places(results, save_activations, burn_in, inputs, unread)
        times = read_times(durations, frame_rates, inputs, lengths)
        files = (model, weights, feature_cache, save_activations, resume, jobs)
        options = RunOptions(ray, workers_of(ray_workers, device), records, loading, *files)
        beside = output or _nowhere(stack)
        outcome, finish = _outcome(options, localizer, inputs, unread, times, beside)
        _write(outcome, localizer, media_of(inputs, beside), results)
        finish()
        burn_all(burn_in, inputs, outcome, everything)
    summary = _summary(outcome, localizer, output, csv, time.monotonic() - started)
    _say(outcome, summary, output is None, everything, as_json)
    _end(videos, outcome, time_warnings(inputs, outcome, times, localizer))


def _say(
    outcome: Outcome, summary: dict[str, Any], listed: bool, everything: bool, as_json: bool
) -> None:
    """Print one line if there is a file of results, else the segments themselves."""
    if listed and everything:
        _print_segments(outcome.detections, "segments", summary, as_json)
    elif listed:
        events = {video: found.events() for video, found in outcome.detections.items()}
        _print_segments(events, "events", summary, as_json)
    else:
        answer(summary, [_line(summary)], as_json)


def _end(given: list[str], outcome: Outcome, warnings: list[str]) -> None:
    """Print warnings and failures; exit with code 1 if anything failed."""
    note_passed_over([one for one in given if holds_videos(one)])
    for one in filter(None, warnings):
        note(one)
    for failure in outcome.failures:
        note_failure(failure.name, failure.reason)
    if outcome.failures:
        raise typer.Exit(1)


def _check_usage(output: Path | None, csv: Path | None, engine: str) -> list[Path]:
    """The files of results, if names and engine can be used."""
    if engine not in ENGINES:
        raise typer.BadParameter(f"--engine {engine}: expected one of {', '.join(ENGINES)}")
    return named_results(output, csv)


def _check_cluster(
    ray: str | None, output: Path | None, records: str | None, local: dict[str, Path | None]
) -> None:
    """`local`: options by name that do not work on a cluster."""
    for name in [one for one, given in local.items() if ray is not None and given is not None]:
        raise typer.BadParameter(f"{name} does not go with --ray: give it few videos, here")
    if ray is None and records is not None:
        raise typer.BadParameter("--records goes with --ray")
    if ray is not None and output is None:
        raise typer.BadParameter("--ray needs -o: the results of a corpus go to a file")


def _nowhere(stack: ExitStack) -> Path:
    """For a run that keeps nothing: a name in a temporary folder, removed at the end."""
    return Path(stack.enter_context(TemporaryDirectory())) / "results.json"


def _print_segments(
    segments: dict[str, Detections], key: str, summary: dict[str, Any], as_json: bool
) -> None:
    """Print a line for each: events by time, detections by score; confidence if there is one."""
    lines = [_line(summary)] if not segments else []
    for video, found in segments.items():
        lines += [_segment(video, one) for one in found] or [f"{on_one_line(video)}  nothing found"]
    listed = {video: found.to_records() for video, found in segments.items()}
    answer({**summary, key: listed}, lines, as_json)


def _segment(video: str, one: Detection) -> str:
    name = str(one.label) if one.name is None else one.name
    sure = f"score {one.score:.3f}" if one.confidence is None else f"{100 * one.confidence:.0f} %"
    return f"{on_one_line(video)}  {one.start:9.2f} - {one.end:9.2f} s  {on_one_line(name)}  {sure}"


def _localizer(model: Model, config: Path | None, changes: dict[str, Any]) -> Localizer:
    """Settings that do not fit are wrong usage."""
    try:
        fields = {} if config is None else read_json(config)
        if not isinstance(fields, dict):
            raise typer.BadParameter(f"--config {config}: expected an object of settings")
        return Localizer(model, model.configure(**{**fields, **changes}))
    except Error as error:
        raise typer.BadParameter(str(error)) from error


def _inputs(
    given: list[str], model: Model, stream: int | None, on_cluster: bool
) -> tuple[list[Any], list[Failure], dict[str, float | None]]:
    """The inputs, those that cannot be opened, and seconds by name if a manifest has them."""
    paths, rows = expand(given)
    try:
        inputs, failures = find_inputs(paths, model.metadata.modality, stream)
        listed, lost = listed_inputs(rows, model.metadata.modality, stream, on_cluster)
    except Error as error:
        raise typer.BadParameter(str(error)) from error
    everything: list[Any] = [*inputs, *listed]
    names = [one.name for one in everything]
    if len(set(names)) < len(names):
        twice = next(name for name in names if names.count(name) > 1)
        raise typer.BadParameter(f"video {twice!r} is given twice")
    return everything, [*failures, *lost], {row.name: row.duration for row in rows}


def _outcome(
    options: RunOptions,
    localizer: Localizer,
    inputs: list[Any],
    unread: list[Failure],
    times: Times,
    output: Path,
) -> tuple[Outcome, Callable[[], None]]:
    """The outcome, from here or a cluster, and a function to call once it is written."""
    if options.address is not None:
        outcome = run_on_cluster(options, localizer, inputs, times.seconds, times.lengths, output)
        outcome.failures[:0] = unread
        return outcome, partial(forget_records, options, outcome, output)
    how = (options.model, options.weights, options.cache, options.jobs, options.loading["device"])
    reader = make_reader(inputs, VideoOptions(*how))
    kept = options.activations
    key = run_key(localizer, options.model, times.seconds, kept and kept.resolve(), times.rates)
    classes, mode = localizer.model.classes, localizer.config.mode
    journal = Journal(output, key, mode, classes, resume=options.resume)
    folder = None if kept is None else ActivationFolder(kept)
    outcome = _run(localizer, inputs, times, journal, folder, reader)
    outcome.failures[:0] = unread
    return outcome, journal.remove


def _write(
    outcome: Outcome, localizer: Localizer, media: dict[str, Any], paths: list[Path]
) -> None:
    """Write the files of results; nothing if everything failed."""
    if outcome.failures and not outcome.detections:
        return
    origin = {**provenance_of(localizer.model, localizer.config), **media}
    origin |= {"media_offsets": outcome.offsets} if outcome.offsets else {}
    for path in paths:
        write_results(path, outcome.detections, origin)


def _run(
    localizer: Localizer,
    videos: list[Input],
    times: Times,
    journal: Journal,
    activations: ActivationFolder | None,
    reader: VideoReader | None,
) -> Outcome:
    if journal.discarded:
        note(f"{journal.path} is of another model or other settings: starting over")
    try:
        with ExitStack() as stack:
            stack.callback(journal.close)
            if reader is None:
                bar = Bar("localize")
                stack.callback(bar.close)
                how: dict[str, Any] = {"advance": bar.advance}
            else:
                how = {"read_pixels": stack.enter_context(shown(reader, videos)).read}
            kept: dict[str, Any] = {"durations": times.seconds, "rates": times.rates}
            kept["activations"] = activations
            return localize_videos(localizer, videos, journal, **kept, **how)
    except KeyboardInterrupt:
        note(f"interrupted; {journal.path} has what is done: the same command goes on from there")
        raise typer.Exit(1) from None


def _summary(
    outcome: Outcome, localizer: Localizer, output: Path | None, csv: Path | None, seconds: float
) -> dict[str, Any]:
    written = bool(outcome.detections) or not outcome.failures
    return {
        "output": str(output) if written and output is not None else None,
        "csv": str(csv) if written and csv is not None else None,
        "mode": localizer.config.mode,
        "simulated": localizer.model.simulated,
        "videos": len(outcome.detections),
        "detections": sum(map(len, outcome.detections.values())),
        "resumed": outcome.num_resumed,
        "failed": [{"name": one.name, "reason": one.reason} for one in outcome.failures],
        "seconds": round(seconds, 3),
    }


def _line(summary: dict[str, Any]) -> str:
    mode = summary["mode"] + (", simulated" if summary["simulated"] else "")
    line = f"{summary['videos']} videos, {summary['detections']} detections ({mode})"
    if summary["resumed"]:
        line += f", {summary['resumed']} videos from an earlier run"
    return f"{line}, {summary['seconds']:.1f} s -> {summary['output'] or 'nothing written'}"


COMMAND = CorpusCommand
