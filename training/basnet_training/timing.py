"""Seconds from one snippet to the next: what settings, records and durations say of it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from .config import DataConfig
from .reading import TaggedVideos

SLACK = 2.0  # snippets that a video's duration may be off
_USUAL_FPS = (25.0, 30.0, 24.0, 50.0, 60.0, 15.0, 10.0)
_CLOSE = 4e-3  # of the seconds, between what is measured and a usual rate
_SHARE = 0.9  # of the videos that a rate must fit


@dataclass(frozen=True)
class Timing:
    """Frames per second and frames from snippet to snippet.

    Attributes:
        settled: found from durations, in place of the defaults.
        remark: a sentence for the reader of a survey; empty where nothing is odd.
    """

    fps: float
    stride: int
    settled: bool = False
    remark: str = ""

    @property
    def seconds(self) -> float:
        return self.stride / self.fps


def settle_timing(videos: TaggedVideos, data: DataConfig) -> Timing:
    """The settings' timing, or that of the durations where nothing was set and they contradict it.

    A record beside the features decides, whatever durations say.
    """
    spec = videos.source.extractor
    if spec is not None:
        return _checked(videos, Timing(spec.fps, spec.snippet_stride))
    timing = Timing(data.fps, data.snippet_stride)
    given = {"fps", "snippet_stride"} & data.model_fields_set
    lengths, durations = _known(videos)
    if given or not len(lengths):
        if given or data.extractor is not None:
            return _checked(videos, timing)
        return Timing(timing.fps, timing.stride, remark=_assumed(timing))
    if _fits(lengths, durations, timing.seconds):
        return timing
    found = _usual(float(durations.sum() / (lengths + 0.5).sum()))
    if not _fits(lengths, durations, found.seconds):
        return _checked(videos, timing)
    remark = (
        f"a snippet every {found.seconds:.4g} s, as the durations say "
        f"({found.stride} frames at {found.fps:.6g} a second); --set data.fps and "
        "data.snippet_stride say otherwise"
    )
    return Timing(found.fps, found.stride, True, remark)


def _checked(videos: TaggedVideos, timing: Timing) -> Timing:
    """With a warning where durations contradict the timing by more than two snippets."""
    lengths, durations = _known(videos)
    if not len(lengths) or _fits(lengths, durations, timing.seconds):
        return timing
    ratio = float(np.median(durations / (lengths * timing.seconds)))
    off = np.abs(durations - lengths * timing.seconds) > SLACK * timing.seconds
    remark = (
        f"warning: {int(off.sum())} of {len(lengths)} durations contradict the features by more "
        f"than {SLACK:g} snippets: {ratio:.3g} times what {timing.seconds:.4g} s a snippet come "
        "to; look at data.fps and data.snippet_stride"
    )
    return Timing(timing.fps, timing.stride, remark=remark)


def _known(videos: TaggedVideos) -> tuple[np.ndarray, np.ndarray]:
    """Lengths in snippets and durations in seconds, of the videos that have both."""
    pairs = [
        (videos.source.shape(name)[0], videos.durations[name])
        for name in videos.names
        if videos.durations.get(name, 0) > 0
    ]
    table = np.array(pairs, dtype=np.float64).reshape(-1, 2)
    return table[:, 0], table[:, 1]


def _fits(lengths: np.ndarray, durations: np.ndarray, seconds: float) -> bool:
    off = np.abs(durations - lengths * seconds) <= SLACK * seconds
    return bool(off.mean() >= _SHARE)


def _usual(seconds: float) -> Timing:
    """A usual frame rate and a whole number of frames, where one is close; else 16 frames."""
    for fps in _USUAL_FPS:
        stride = round(seconds * fps)
        if stride >= 1 and abs(stride / fps - seconds) <= _CLOSE * seconds:
            return Timing(fps, stride, True)
    return Timing(16 / seconds, 16, True)


def _assumed(timing: Timing) -> str:
    return (
        f"nothing says how often features were taken: a snippet every {timing.seconds:.4g} s is "
        f"assumed ({timing.stride} frames at {timing.fps:g} a second). Where that is wrong, times "
        "of results are: --set data.fps=... --set data.snippet_stride=..."
    )
