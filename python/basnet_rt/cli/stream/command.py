"""`basnet-rt stream`: features, videos and cameras to events, as early as they are certain."""

from __future__ import annotations

import contextlib
import math
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from basnet_rt._errors import Error, VideoError
from basnet_rt._system.addresses import local_path, shown_source
from basnet_rt._system.special_files import why_no_file
from basnet_rt._system.whole_file import refuse_input
from basnet_rt.cli.common import Everything, failures, note, parse_settings
from basnet_rt.cli.extract import StreamIndex, Weights
from basnet_rt.cli.stream.session import Interrupts, StreamSession
from basnet_rt.cli.stream.sources import Paced, RowSource, open_source
from basnet_rt.cli.stream.state import StreamProgress, load_progress, open_events, unusable
from basnet_rt.cli.stream.video import CameraSource, VideoFileSource, is_video
from basnet_rt.config import PostprocessConfig
from basnet_rt.extractors.interface import Extractor
from basnet_rt.model.loading import load
from basnet_rt.model.model import Model
from basnet_rt.postprocessing.onsets import Alarm
from basnet_rt.stream.live_features import Missing
from basnet_rt.stream.localizer import StreamingLocalizer
from basnet_rt.video.live.opening import is_live

if TYPE_CHECKING:
    from basnet_rt.cli.stream.view import LiveView

ModelFile = Annotated[Path, typer.Option("--model", "-m", help="A bundle.")]
Sources = Annotated[
    list[str] | None,
    typer.Argument(
        help="Videos, cameras (rtsp://..., /dev/video0) or files of features; each is one stream, "
        "one after the other. - or none: features on standard input."
    ),
]
FeatureDim = Annotated[
    int | None, typer.Option(help="Channels of raw float32 rows; must fit the bundle.")
]
Follow = Annotated[bool, typer.Option("--follow", help="Read on while a file grows.")]
Idle = Annotated[float, typer.Option(help="--follow: end after so many seconds without growth.")]
Realtime = Annotated[
    bool, typer.Option("--realtime", help="Play a file at its real speed, as a camera would.")
]
GiveUp = Annotated[
    float, typer.Option(min=0, help="Cameras: end after so many seconds without a picture.")
]
OwnClock = Annotated[
    bool,
    typer.Option(
        "--own-clock",
        help="Cameras: use the times of the camera's clock, even if it runs slow or fast.",
    ),
]
Chunk = Annotated[int, typer.Option(min=1, help="Snippets per push.")]
Settings = Annotated[
    list[str] | None, typer.Option("--set", help="One setting as key=value; repeatable.")
]
AlarmLevel = Annotated[
    float | None, typer.Option("--alarm", help="Report onsets: activations at or above this.")
]
Hold = Annotated[float, typer.Option(help="Seconds that an activation must stay above --alarm.")]
Pending = Annotated[
    bool, typer.Option("--pending", help="Also report detections that are not final yet.")
]
Output = Annotated[Path | None, typer.Option("--output", "-o", help="Write events to this file.")]
Live = Annotated[bool, typer.Option("--live", help="Show a live view.")]
SaveState = Annotated[Path | None, typer.Option(help="File for the saved state; see --resume.")]
SaveEvery = Annotated[int, typer.Option(min=1, help="Snippets between two saved states.")]
Resume = Annotated[bool, typer.Option("--resume", help="Continue from the saved state, if any.")]
Replay = Annotated[
    bool, typer.Option("--replay", help="--resume: standard input starts again from its beginning.")
]
OnInterrupt = Annotated[
    str | None, typer.Option(help="Ctrl-C: finish, or save (the default with --save-state).")
]
Device = Annotated[str, typer.Option(help="Where the network runs.")]
Dtype = Annotated[str | None, typer.Option(help="float32 or bfloat16.")]


@dataclass(frozen=True)
class Run:
    """The options of one run."""

    sources: list[str]
    follow_seconds: float
    realtime: bool
    give_up: float
    weights: list[Path] | None
    pending: bool
    output: Path | None
    live: bool
    state: Path | None
    save_every: int
    resume: bool
    replay: bool
    finish: bool
    everything: bool
    stream_index: int | None = None
    own_clock: bool = False


def stream(
    model: ModelFile,
    sources: Sources = None,
    feature_dim: FeatureDim = None,
    weights: Weights = None,
    stream_index: StreamIndex = None,
    follow: Follow = False,
    idle: Idle = math.inf,
    realtime: Realtime = False,
    give_up: GiveUp = 300.0,
    own_clock: OwnClock = False,
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
    everything: Everything = False,
    device: Device = "cpu",
    dtype: Dtype = None,
) -> None:
    """Find actions in a stream of pictures or features; events are JSON lines.

    Lines: start, connected, resumed, onset, final, pending, gap, end. Finals are events: one
    segment for each happening, with at least the confidence that the model suggests. With --all
    they are all detections. Onsets and finals carry a sequence number. If a killed run continues
    with --resume, it repeats the lines since the saved state with the same numbers; a file of
    events (--output) has each line once.
    """
    given = [local_path(one) for one in sources or ["-"]]
    _check_usage(given, follow, realtime)
    _check_state(save_state, resume, on_interrupt)
    _check_pair("--hold", hold > 0, "--alarm", alarm is not None)
    _check_pair("--replay", replay, "--resume", resume)
    _check_pair("--idle", idle < math.inf, "--follow", follow)
    finish = (on_interrupt or ("save" if save_state else "finish")) == "finish"
    reading, showing = (realtime, give_up, weights), (pending, output, live)
    saving, keeping = (save_state, save_every), (resume, replay, finish, everything)
    wait = idle if follow else 0.0
    run = Run(given, wait, *reading, *showing, *saving, *keeping, stream_index, own_clock)
    with failures():
        refuse_input((output, save_state), (*given, model, *(weights or ())))
        loaded = load(model, device=device, dtype=dtype)
        _check_feature_dim(feature_dim, loaded)
        watch = None if alarm is None else Alarm(alarm, hold)
        _start(run, _localizer(loaded, parse_settings(settings), watch), chunk)


def _check_usage(sources: list[str], follow: bool, realtime: bool) -> None:
    if follow and (len(sources) > 1 or sources[0] == "-" or is_video(sources[0])):
        raise typer.BadParameter("--follow: give one file of features")
    for source in sources:
        if realtime and is_live(source):
            raise typer.BadParameter(
                f"--realtime: {shown_source(source)} gives its pictures in time anyway"
            )
        if source != "-" and not is_live(source) and not Path(source).is_file():
            raise typer.BadParameter(_why_no_file(source))


def _why_no_file(source: str) -> str:
    path = Path(source)
    if (reason := why_no_file(path)) is not None:
        return f"{source}: {reason}; give features on standard input, and videos as files"
    if path.is_dir():
        return f"{source}: a folder; a stream is of one video: give its files, each is a stream"
    return f"{source}: no such file"


def _check_state(state: Path | None, resume: bool, on_interrupt: str | None) -> None:
    if on_interrupt not in (None, "finish", "save"):
        raise typer.BadParameter(f"--on-interrupt {on_interrupt}: expected finish or save")
    if state is None and (resume or on_interrupt == "save"):
        raise typer.BadParameter("--resume and --on-interrupt save need --save-state FILE")


def _check_pair(option: str, used: bool, other: str, there: bool) -> None:
    """Refuse an option without the one that it belongs to."""
    if used and not there:
        raise typer.BadParameter(f"{option} does nothing without {other}")


def _check_feature_dim(given: int | None, model: Model) -> None:
    if given not in (None, model.feature_dim):
        raise typer.BadParameter(
            f"--feature-dim {given}: {model.name} is for {model.feature_dim} channels"
        )


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
    """Warnings about settings with which a stream has no finals, or grows, until its end."""
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
    names = [Path(shown_source(one)).name for one in run.sources]
    progress, resumed = StreamProgress(chunk=chunk, inputs=names), False
    if run.resume and run.state is not None and run.state.exists():
        progress, saved = load_progress(run.state, localizer.model.name, chunk, names)
        try:
            localizer.load(saved)
        except Error as error:
            raise unusable(run.state, error, "cannot be continued") from error
        resumed = True
    if progress.done:
        note(f"{run.state}: that run has ended; nothing to do")
        return
    with contextlib.ExitStack() as stack:
        events = stack.enter_context(open_events(run.output, progress, to_stdout=not run.live))
        view = stack.enter_context(_view(localizer)) if run.live else None
        session = StreamSession(localizer, events, view, progress, run.pending, run.everything)
        if run.state is not None:
            session.keep(run.state, run.save_every)
        session.begin(resumed)
        _run(run, session)


def _run(run: Run, session: StreamSession) -> None:
    interrupts = Interrupts()
    extractor = _extractor(run, session.localizer.model)
    with interrupts.caught():
        for number, given in enumerate(run.sources):
            if number < session.progress.source:
                continue
            with contextlib.closing(_open(run, given, session, extractor)) as source:
                ended, error = _read_all(run, session, interrupts, source)
                if not ended and not run.finish:
                    session.save()
                    note(f"{error or 'interrupted'}; the same with --resume goes on from here")
                else:
                    last = not ended or number == len(run.sources) - 1
                    session.finish(source, last=last)
                if error is not None:
                    raise error
                if not ended:
                    return


def _read_all(
    run: Run, session: StreamSession, interrupts: Interrupts, source: RowSource
) -> tuple[bool, VideoError | None]:
    """Whether the input's end was reached; else it was interrupted, or the camera is gone."""
    seen = session.progress.snippet
    try:
        # A pipe continues where it was; a file or a replay starts again, so snippets are skipped.
        if seen and (run.replay or source.starts_over):
            interrupts.wait(lambda: source.skip(seen))
        while len(rows := interrupts.wait(lambda: source.read(session.progress.chunk))):
            session.began(source.name, source.started)
            if isinstance(rows, Missing):
                session.gap(source.name, rows)
            else:
                session.push(source.name, rows)
    except KeyboardInterrupt:
        return False, None
    except VideoError as error:
        if not source.live:
            raise
        return False, error
    return True, None


def _view(localizer: StreamingLocalizer) -> LiveView:
    from basnet_rt.cli.stream.view import LiveView  # rich takes a while to import

    return LiveView(localizer)


def _extractor(run: Run, model: Model) -> Extractor | None:
    """The bundle's extractor, if a source has pictures."""
    if not any(map(is_video, run.sources)):
        return None
    from basnet_rt.localize.from_video import fitting_extractor

    return fitting_extractor(model, weights=run.weights)


def _open(run: Run, given: str, session: StreamSession, extractor: Extractor | None) -> RowSource:
    metadata = session.localizer.model.metadata
    if extractor is None or not is_video(given):
        path = Path(given)
        source = open_source(path, metadata.feature_dim, metadata.modality, run.follow_seconds)
    elif is_live(given):
        return _camera(run, given, session, extractor)
    else:
        source = VideoFileSource(given, extractor, run.stream_index)
    return Paced(source, metadata.snippet_seconds) if run.realtime else source


def _camera(run: Run, given: str, session: StreamSession, extractor: Extractor) -> RowSource:
    how: dict[str, Any] = {"follow": not run.own_clock, "stream_index": run.stream_index}
    camera = CameraSource(given, extractor, run.give_up, **how)
    progress = session.progress
    if progress.started is not None:
        camera.go_on(datetime.fromisoformat(progress.started), progress.snippet)
    return camera
