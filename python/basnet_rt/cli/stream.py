"""`basnet-rt stream`: features that arrive to events, as early as they are certain."""

from __future__ import annotations

import contextlib
import math
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import typer

from basnet_rt._errors import Error
from basnet_rt.bundle import BundleMetadata
from basnet_rt.cli.common import failures, note, parse_settings
from basnet_rt.cli.stream_session import Interrupts, Session
from basnet_rt.cli.stream_sources import Paced, Source, open_source
from basnet_rt.cli.stream_state import Progress, load_progress, open_events
from basnet_rt.cli.stream_view import LiveView
from basnet_rt.config import PostprocessConfig
from basnet_rt.loading import load
from basnet_rt.model import Model
from basnet_rt.onsets import Alarm
from basnet_rt.streaming import StreamingLocalizer

ModelFile = Annotated[Path, typer.Option("--model", "-m", help="A bundle.")]
Features = Annotated[
    list[Path] | None,
    typer.Argument(help="Files, one stream each, in turn; - or none: standard input."),
]
FeatureDim = Annotated[
    int | None, typer.Option(help="Channels of raw float32 rows; must be the bundle's.")
]
Follow = Annotated[bool, typer.Option("--follow", help="Wait for a file to grow.")]
Idle = Annotated[float, typer.Option(help="--follow: end after so many seconds without growth.")]
Realtime = Annotated[bool, typer.Option("--realtime", help="Give snippets when they would end.")]
Chunk = Annotated[int, typer.Option(min=1, help="Snippets per push.")]
Settings = Annotated[
    list[str] | None, typer.Option("--set", help="One setting as key=value; repeatable.")
]
AlarmLevel = Annotated[
    float | None, typer.Option("--alarm", help="Report onsets: activations at or above this.")
]
Hold = Annotated[float, typer.Option(help="Seconds that an onset must last.")]
Pending = Annotated[bool, typer.Option("--pending", help="Also say what is open, as it changes.")]
Output = Annotated[Path | None, typer.Option("--output", "-o", help="Events to this file instead.")]
Live = Annotated[bool, typer.Option("--live", help="Show a live view.")]
SaveState = Annotated[Path | None, typer.Option(help="Keep a file to go on from.")]
SaveEvery = Annotated[int, typer.Option(min=1, help="Snippets between saved states.")]
Resume = Annotated[bool, typer.Option("--resume", help="Go on from the saved state, if any.")]
Replay = Annotated[bool, typer.Option("--replay", help="--resume: standard input starts over.")]
OnInterrupt = Annotated[
    str | None, typer.Option(help="Ctrl-C: finish, or save (the default with --save-state).")
]
Device = Annotated[str, typer.Option(help="Where the network runs.")]
Dtype = Annotated[str | None, typer.Option(help="float32 or bfloat16.")]


@dataclass(frozen=True)
class Run:
    """What was asked for."""

    paths: list[Path]
    follow_seconds: float
    realtime: bool
    pending: bool
    output: Path | None
    live: bool
    state: Path | None
    save_every: int
    resume: bool
    replay: bool
    finish: bool


def stream(
    model: ModelFile,
    features: Features = None,
    feature_dim: FeatureDim = None,
    follow: Follow = False,
    idle: Idle = math.inf,
    realtime: Realtime = False,
    chunk: Chunk = 1,
    settings: Settings = None,
    alarm: AlarmLevel = None,
    hold: Hold = 0.0,
    pending: Pending = False,
    output: Output = None,
    live: Live = False,
    save_state: SaveState = None,
    save_every: SaveEvery = 64,
    resume: Resume = False,
    replay: Replay = False,
    on_interrupt: OnInterrupt = None,
    device: Device = "cpu",
    dtype: Dtype = None,
) -> None:
    """Find actions in a stream of features; events are JSON lines.

    Events: start, resumed, onset, final, pending, end. Onsets and finals carry a sequence number.
    A run that was killed and goes on with --resume repeats, with the same numbers, what it had
    said since its state was saved; a file of events (--output) has each once.
    """
    paths = features or [Path("-")]
    _check_usage(paths, follow, save_state, resume, on_interrupt)
    finish = (on_interrupt or ("save" if save_state else "finish")) == "finish"
    ends = (output, live, save_state, save_every, resume, replay, finish)
    run = Run(paths, idle if follow else 0.0, realtime, pending, *ends)
    with failures():
        loaded = load(model, device=device, dtype=dtype)
        if feature_dim not in (None, loaded.feature_dim):
            raise typer.BadParameter(
                f"--feature-dim {feature_dim}: {model} is for {loaded.feature_dim} channels"
            )
        watch = None if alarm is None else Alarm(alarm, hold)
        _start(run, _localizer(loaded, parse_settings(settings), watch), chunk)


def _check_usage(
    paths: list[Path], follow: bool, state: Path | None, resume: bool, on_interrupt: str | None
) -> None:
    if on_interrupt not in (None, "finish", "save"):
        raise typer.BadParameter(f"--on-interrupt {on_interrupt}: expected finish or save")
    if state is None and (resume or on_interrupt == "save"):
        raise typer.BadParameter("--resume and --on-interrupt save need --save-state FILE")
    if follow and (len(paths) > 1 or str(paths[0]) == "-"):
        raise typer.BadParameter("--follow: give one file")
    for path in paths:
        if str(path) != "-" and not path.is_file():
            raise typer.BadParameter(f"{path}: no such file")


def _localizer(model: Model, changes: dict[str, Any], alarm: Alarm | None) -> StreamingLocalizer:
    """Settings that do not fit are wrong usage."""
    try:
        localizer = StreamingLocalizer(model, model.configure(**changes), alarm=alarm)
    except Error as error:
        raise typer.BadParameter(str(error)) from error
    for warning in _warnings(localizer.config):
        note(f"note: {warning}")
    return localizer


def _warnings(config: PostprocessConfig) -> Iterator[str]:
    """Settings that are allowed and leave a stream silent, or growing, until its end."""
    whole = [name for name in ("normalisation", "gate") if getattr(config, name) == "video"]
    if whole:
        yield f"{' and '.join(whole)} 'video': nothing is final before the end of the stream"
        return
    if config.max_duration is not None:
        return
    if config.normalisation == "fixed" and config.cas_thresholds[0] <= 0 >= min(config.fixed_lo):
        yield (
            "cas_thresholds begin at 0, which probabilities never fall to: nothing is final before "
            "the end; raise the lowest threshold, or set max_duration"
        )
    else:
        yield "max_duration is not set: everything since the start is kept in memory"


def _start(run: Run, localizer: StreamingLocalizer, chunk: int) -> None:
    progress, resumed = Progress(chunk=chunk), False
    if run.resume and run.state is not None and run.state.exists():
        progress, saved = load_progress(run.state, localizer.model.name, chunk)
        localizer.load(saved)
        resumed = True
    if progress.done:
        note(f"{run.state}: that run has ended; nothing to do")
        return
    with contextlib.ExitStack() as stack:
        written = progress.written if resumed else None
        events = stack.enter_context(open_events(run.output, written, to_stdout=not run.live))
        view = stack.enter_context(LiveView(localizer)) if run.live else None
        session = Session(localizer, events, view, progress, run.pending)
        if run.state is not None:
            session.keep(run.state, run.save_every)
        session.begin(resumed)
        _run(run, session)


def _run(run: Run, session: Session) -> None:
    interrupts, metadata = Interrupts(), session.localizer.model.metadata
    with interrupts.caught():
        for path in run.paths[session.progress.source :]:
            with contextlib.closing(_open(run, path, metadata)) as source:
                stopped = not _read_all(run, session, interrupts, source)
                if stopped and not run.finish:
                    session.save()
                    note("interrupted; the same command with --resume goes on from here")
                    return
                session.finish(source.name, last=stopped or path is run.paths[-1])
                if stopped:
                    return


def _read_all(run: Run, session: Session, interrupts: Interrupts, source: Source) -> bool:
    """Whether the input's end was reached; else somebody interrupted."""
    seen = session.progress.snippet
    try:
        # A pipe that goes on needs no skipping; a file, or a replay, starts over.
        if seen and (run.replay or source.starts_over):
            interrupts.wait(lambda: source.skip(seen))
        while len(rows := interrupts.wait(lambda: source.read(session.progress.chunk))):
            session.push(source.name, rows)
    except KeyboardInterrupt:
        return False
    return True


def _open(run: Run, path: Path, metadata: BundleMetadata) -> Source:
    source = open_source(path, metadata.feature_dim, metadata.modality, run.follow_seconds)
    return Paced(source, metadata.snippet_seconds) if run.realtime else source
