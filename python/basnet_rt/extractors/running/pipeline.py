"""From a video to its features: decoding, preparing and the network at the same time."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

import numpy as np

from basnet_rt._errors import InvalidValue
from basnet_rt._system.addresses import shown_source
from basnet_rt.extractors.interface import Extractor, Features, Session, check_extractor
from basnet_rt.extractors.running.channel import Channel, Stopped
from basnet_rt.extractors.running.one_thread import one_thread
from basnet_rt.features.extractor_spec import ExtractorSpec
from basnet_rt.video.frames import Frame

In = TypeVar("In")
Out = TypeVar("Out")

REPORT_SECONDS = 0.1
QUEUED = 16  # frames between two threads: enough to even out the cost of a key frame


@dataclass(frozen=True)
class Progress:
    """Progress through a video.

    Attributes:
        frames: finished frames of the grid.
        expected: frames in the whole video, from its header; None if unknown.
        seconds: since the start.
    """

    frames: int
    expected: int | None
    seconds: float

    @property
    def frames_per_second(self) -> float:
        return self.frames / self.seconds if self.seconds > 0 else 0.0

    @property
    def seconds_left(self) -> float | None:
        if self.expected is None or not self.frames:
            return None
        return max(0, self.expected - self.frames) * self.seconds / self.frames


@dataclass(frozen=True, eq=False)
class Extracted:
    """The features of one video.

    Attributes:
        features: (T, F) float32, C-contiguous, finite.
        duration: of the video in seconds, at least T - 1/2 snippets (a stream cannot end before the
            centre of its last snippet).
        num_frames: of the grid.
        spec: of the extractor.
        problems: counts of faults that decoding repaired or left out, by kind.
        seconds: time of the extraction.
        offset: seconds from the start of the file to second 0, the first picture; for players.
        remarks: sentences for people on how the video was read.
    """

    features: Features
    duration: float
    num_frames: int
    spec: ExtractorSpec
    problems: Mapping[str, int] = field(default_factory=dict)
    seconds: float = 0.0
    offset: float = 0.0
    remarks: Sequence[str] = ()


Report = Callable[[Progress], None]


def extract_features(
    source: str | Path,
    extractor: Extractor,
    *,
    progress: Report | None = None,
    queued: int = QUEUED,
    **reading: Any,
) -> Extracted:
    """Features of a whole video.

    Three threads work at the same time: one decodes, one prepares frame by frame, and the caller's
    thread runs the network. Each thread computes on one core. The features do not depend on timing
    or on the number of cores.

    Args:
        source: file or address; see `basnet_rt.video.read_frames`.
        extractor: from `make_extractor`, or your own.
        progress: called in the caller's thread now and then, and at the end.
        queued: most frames waiting between two threads.
        reading: further settings of `read_frames`.

    Raises:
        VideoError: the video cannot be read, or has no picture.
        ValueError: the extractor's rows do not fit its spec in shape or number, or have NaN.
        KeyboardInterrupt, and whatever the extractor raises: no thread is left behind.
    """
    from basnet_rt.video import read_frames

    check_extractor(extractor)
    begin, spec = time.monotonic(), extractor.spec
    with read_frames(source, fps=spec.fps, frames=spec.formats, **reading) as reader:
        length = reader.info.duration
        expected = None if length is None else round(length * spec.fps)
        report = _paced(progress, expected, begin)
        with one_thread():
            features = run_session(reader, extractor.start(), spec, report=report, queued=queued)
        num_frames = reader.num_frames
        _check(features, spec, num_frames, source)
        if progress is not None:
            progress(Progress(num_frames, num_frames, time.monotonic() - begin))
        return Extracted(
            features,
            last_instant(reader.duration, len(features), spec),
            num_frames,
            spec,
            dict(reader.problems),
            time.monotonic() - begin,
            reader.offset,
            tuple(reader.remarks),
        )


def last_instant(duration: float, num_snippets: int, spec: ExtractorSpec) -> float:
    """The duration to localize with, seconds: the video's, or the centre of its last snippet."""
    return max(duration, (num_snippets - 0.5) * spec.snippet_seconds)


def run_session(
    frames: Iterable[Frame],
    session: Session,
    spec: ExtractorSpec,
    *,
    report: Callable[[int], None] = lambda frames: None,
    queued: int = QUEUED,
) -> Features:
    """All rows (T, F) of a session for the frames; `report` gets the number of finished frames."""
    rows = [np.empty((0, spec.feature_dim), np.float32)]
    with _stage(frames, queued) as decoded, _stage(decoded, queued, session.prepare) as prepared:
        for count, one in enumerate(prepared, start=1):
            rows.append(session.push(one))
            report(count)
        rows.append(session.finish())
    return _joined(rows, spec)


@contextmanager
def _stage(
    items: Iterable[In], size: int, work: Callable[[In], Any] | None = None
) -> Iterator[Channel[Any]]:
    """A thread that does `work` on items as they come, and puts results into the channel.

    The reader gets the thread's error. The thread always ends with the block.
    """
    channel: Channel[Any] = Channel(size)
    thread = threading.Thread(target=_feed, args=(items, channel, work), daemon=True)
    try:
        thread.start()
        yield channel
    finally:
        channel.stop()
        if isinstance(items, Channel):  # the stage before must not wait for this one either
            items.stop()
        if thread.ident is not None:
            thread.join()


def _feed(items: Iterable[In], channel: Channel[Any], work: Callable[[In], Any] | None) -> None:
    try:
        for item in items:
            channel.put(item if work is None else work(item))
    except Stopped:
        channel.close()  # the thread behind may be waiting for an item
    except BaseException as error:  # noqa: BLE001 (raised again in the thread that reads)
        channel.close(error)
    else:
        channel.close()


def _paced(progress: Report | None, expected: int | None, begin: float) -> Callable[[int], None]:
    """A report of frames done that calls `progress` ten times a second at most."""
    last = begin

    def report(frames: int) -> None:
        nonlocal last
        now = time.monotonic()
        if progress is not None and now - last >= REPORT_SECONDS:
            last = now
            progress(Progress(frames, expected, now - begin))

    return report


def _joined(rows: list[Features], spec: ExtractorSpec) -> Features:
    for one in rows:
        if one.dtype != np.float32 or one.ndim != 2 or one.shape[1] != spec.feature_dim:
            raise InvalidValue(
                f"extractor {spec.name}: made {one.dtype} of shape {one.shape}; its spec promises "
                f"float32 (n, {spec.feature_dim})"
            )
    return np.concatenate(rows)


def _check(features: Features, spec: ExtractorSpec, num_frames: int, source: object) -> None:
    wanted, name = spec.num_snippets(num_frames), shown_source(source)
    if len(features) != wanted:
        raise InvalidValue(
            f"{name}: extractor {spec.name} made {len(features)} rows of {num_frames} frames; "
            f"its spec promises {wanted}"
        )
    bad = np.argwhere(~np.isfinite(features))
    if len(bad):
        snippet, channel = bad[0].tolist()
        raise InvalidValue(
            f"{name}: extractor {spec.name} made {features[snippet, channel]} at snippet "
            f"{snippet}, channel {channel}"
        )
