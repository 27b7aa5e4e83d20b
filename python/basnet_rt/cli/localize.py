"""`basnet-rt localize`: many videos, or their features, to one results file."""

from __future__ import annotations

import time
from contextlib import ExitStack
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated, Any, cast

import typer

from basnet_rt._errors import Error
from basnet_rt._system.json_file import read_json
from basnet_rt.activation_files import ActivationFolder
from basnet_rt.annotations import read_annotations
from basnet_rt.cli.common import Bar, Json, answer, failures, note, parse_settings, printable
from basnet_rt.cli.extract import Jobs, StreamIndex, Weights, note_passed_over
from basnet_rt.cli.video_reading import VideoOptions, make_reader, media_of, shown
from basnet_rt.extractors.running.video_files import holds_videos
from basnet_rt.formats.result_files import write_results
from basnet_rt.localize.from_video import VideoReader
from basnet_rt.localize.inputs import Failure, Input, find_inputs
from basnet_rt.localize.journal import Journal
from basnet_rt.localize.localizer import Localizer
from basnet_rt.localize.many import Outcome, localize_videos, provenance_of, run_key
from basnet_rt.model.loading import ENGINES, load
from basnet_rt.model.model import Model
from basnet_rt.results import Detection

ENDINGS = (".json", ".csv", ".jsonl", ".rttm")

Videos = Annotated[
    list[str], typer.Argument(help="Videos, features of videos, folders or .txt lists of them.")
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
Csv = Annotated[Path | None, typer.Option(help="The same results as CSV beside.")]
ConfigFile = Annotated[
    Path | None, typer.Option(help="JSON file of post-processing settings to change.")
]
Settings = Annotated[
    list[str] | None, typer.Option("--set", help="One setting as key=value; repeatable.")
]
Durations = Annotated[
    Path | None,
    typer.Option(help="Annotations to take durations from, not from videos and sidecars."),
]
SaveActivations = Annotated[
    Path | None, typer.Option(help="Folder for each video's activations, as .npz.")
]
FeatureCacheFolder = Annotated[
    Path | None, typer.Option(help="Keep the features of videos here, by content.")
]
Device = Annotated[str, typer.Option(help="Where networks run.")]
Dtype = Annotated[
    str | None, typer.Option(help="Of the weights: float32, bfloat16 or int8; default: stored.")
]
Engine = Annotated[str, typer.Option(help="Who computes the network: auto, native or torch.")]
Resume = Annotated[
    bool, typer.Option(help="Go on where an interrupted run of the same settings stopped.")
]


def localize(
    videos: Videos,
    model: ModelFile,
    output: Output = None,
    csv: Csv = None,
    config: ConfigFile = None,
    settings: Settings = None,
    durations: Durations = None,
    save_activations: SaveActivations = None,
    weights: Weights = None,
    feature_cache: FeatureCacheFolder = None,
    jobs: Jobs = None,
    stream_index: StreamIndex = None,
    device: Device = "cpu",
    dtype: Dtype = None,
    engine: Engine = "auto",
    resume: Resume = True,
    as_json: Json = False,
) -> None:
    """Find actions in videos, from their pixels or from features.

    Features of videos are made by the extractor that the bundle records, and not kept unless
    --feature-cache names a folder. A video that fails is named at the end, with its reason; the
    others are done, and the exit code is 1. An interrupted run goes on when the same command is
    given again.
    """
    _check_usage(output, csv, engine)
    changes = parse_settings(settings)
    started = time.monotonic()
    with failures(), ExitStack() as stack:
        loaded = load(model, device=device, dtype=dtype, engine=cast(Any, engine))
        localizer = _localizer(loaded, config, changes)
        seconds = _durations(durations)
        inputs, unread = _inputs(videos, loaded, stream_index)
        reader = make_reader(inputs, VideoOptions(model, weights, feature_cache, jobs, device))
        folder = None if save_activations is None else ActivationFolder(save_activations)
        key = run_key(localizer, model, seconds, folder)
        beside = output or _nowhere(stack)
        journal = Journal(beside, key, localizer.config.mode, loaded.classes, resume=resume)
        outcome = _run(localizer, inputs, seconds, journal, folder, reader)
        outcome.failures[:0] = unread
        if outcome.detections or not outcome.failures:  # nothing is written where all failed
            origin = {**provenance_of(loaded, localizer.config), **media_of(inputs, beside)}
            origin |= {"media_offsets": outcome.offsets} if outcome.offsets else {}
            for path in filter(None, (output, csv)):
                write_results(path, outcome.detections, origin)
        journal.remove()
    summary = _summary(outcome, localizer, output, csv, time.monotonic() - started)
    _say(outcome, summary, output is None, as_json)
    note_passed_over([one for one in videos if holds_videos(one)])
    _end(outcome)


def _say(outcome: Outcome, summary: dict[str, Any], events_wanted: bool, as_json: bool) -> None:
    """One line where there is a file of results; the events themselves where there is none."""
    if events_wanted:
        _print_events(outcome, summary, as_json)
    else:
        answer(summary, [_line(summary)], as_json)


def _end(outcome: Outcome) -> None:
    """Name what failed; the exit code says that something did."""
    for one in outcome.failures:
        note(f"failed: {one.name}: {one.reason}")
    if outcome.failures:
        raise typer.Exit(1)


def _check_usage(output: Path | None, csv: Path | None, engine: str) -> None:
    if engine not in ENGINES:
        raise typer.BadParameter(f"--engine {engine}: expected one of {', '.join(ENGINES)}")
    if output is not None and output.suffix not in ENDINGS:
        raise typer.BadParameter(
            f"--output {output}: expected a name ending in {', '.join(ENDINGS)}; the other formats "
            "have a file for each video or count frames: basnet-rt convert"
        )
    if csv is not None and csv.suffix != ".csv":
        raise typer.BadParameter(f"--csv {csv}: expected a name ending in .csv")


def _nowhere(stack: ExitStack) -> Path:
    """For a run that keeps nothing: a name in a folder that goes with it."""
    return Path(stack.enter_context(TemporaryDirectory())) / "results.json"


def _print_events(outcome: Outcome, summary: dict[str, Any], as_json: bool) -> None:
    """A line for each event, by video and time; confidence where the model has it."""
    events = {video: found.events() for video, found in outcome.detections.items()}
    lines = [_line(summary)] if not events else []
    for video, found in events.items():
        lines += [_event(video, one) for one in found] or [f"{printable(video)}  nothing found"]
    listed = {video: found.to_records() for video, found in events.items()}
    answer({**summary, "events": listed}, lines, as_json)


def _event(video: str, one: Detection) -> str:
    name = str(one.label) if one.name is None else one.name
    sure = f"score {one.score:.3f}" if one.confidence is None else f"{100 * one.confidence:.0f} %"
    return f"{printable(video)}  {one.start:9.2f} - {one.end:9.2f} s  {printable(name)}  {sure}"


def _localizer(model: Model, config: Path | None, changes: dict[str, Any]) -> Localizer:
    """Settings that do not fit are wrong usage."""
    try:
        fields = {} if config is None else read_json(config)
        if not isinstance(fields, dict):
            raise typer.BadParameter(f"--config {config}: expected an object of settings")
        return Localizer(model, model.configure(**{**fields, **changes}))
    except Error as error:
        raise typer.BadParameter(str(error)) from error


def _durations(path: Path | None) -> dict[str, float | None]:
    if path is None:
        return {}
    return {name: video.duration for name, video in read_annotations(path).videos.items()}


def _inputs(
    paths: list[str], model: Model, stream: int | None
) -> tuple[list[Input], list[Failure]]:
    try:
        return find_inputs(paths, model.metadata.modality, stream)
    except Error as error:
        raise typer.BadParameter(str(error)) from error


def _run(
    localizer: Localizer,
    videos: list[Input],
    durations: dict[str, float | None],
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
            kept: dict[str, Any] = {"durations": durations, "activations": activations}
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
