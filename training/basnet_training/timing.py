"""Finds the seconds from one snippet to the next, from settings, records and durations."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

import numpy as np

from basnet_rt import Error
from basnet_rt.features.lengths import agree, contradiction
from basnet_rt.features.rates import RATES, find_rates, rate_contradiction, read_rates

from .config import DataConfig
from .reading import TaggedVideos

_USUAL_FPS = (25.0, 30.0, 24.0, 50.0, 60.0, 15.0, 10.0)
_PLAUSIBLE = (1e-3, 60.0)  # seconds from snippet to snippet
_COMMON = (0.02, 5.0)  # the same; of nearly all features
_CLOSE = 1e-3  # share of a video's length by which a usual rate may fit worse than the best one
_SHARE = 0.9  # of the videos that a rate must fit


@dataclass(frozen=True)
class Timing:
    """Frames per second and frames from snippet to snippet.

    Attributes:
        settled: whether it was found from durations instead of the defaults.
        remark: a sentence for the survey; empty if nothing is unusual.
        rates: frames per second of videos whose features have another rate than `fps`.
    """

    fps: float
    stride: int
    settled: bool = False
    remark: str = ""
    rates: Mapping[str, float] = field(default_factory=dict)

    def seconds_of(self, name: str) -> float:
        """Seconds from one snippet to the next in one video."""
        return self.stride / self.rates.get(name, self.fps)

    @property
    def seconds(self) -> float:
        return self.stride / self.fps


def settle_timing(videos: TaggedVideos, data: DataConfig) -> Timing:
    """The timing of the settings, or of the durations if nothing was set and they contradict it.

    A record beside the features takes precedence over durations. The frame rates in a package's
    `fps_dict.json` are used if durations show that the features have them.
    """
    timing = _settled(videos, data)
    path = None if data.features is None else find_rates(data.features)
    if path is None or videos.source.extractor is not None:
        return timing
    try:
        rates = read_rates(path)
    except Error as error:
        return replace(timing, remark=_joined(timing.remark, f"warning: {error}"))
    return _by_rates(videos, timing, {name: rates[name] for name in videos.names if name in rates})


def _by_rates(videos: TaggedVideos, timing: Timing, rates: Mapping[str, float]) -> Timing:
    """The timing with the rates of recordings, if durations fit them; a warning if unknown."""
    own = replace(timing, rates=rates)
    lengths, durations = _known(videos)
    names = _timed(videos)
    seconds = np.array([own.seconds_of(name) for name in names])
    told = {name: videos.source.shape(name)[0] for name in videos.names}
    advice = (
        "where the features are of each recording's own rate, times are wrong by that ratio: "
        "localize them with --frame-rates"
    )
    warning = rate_contradiction(told, rates, timing.fps, RATES, advice)
    if not warning or (len(names) and agree(lengths, durations, timing.seconds)):
        return timing
    if not len(names) or not agree(lengths, durations, seconds):
        return replace(timing, remark=_joined(timing.remark, warning))
    remark = (
        f"features are of each recording's own frame rate, as {RATES} and the durations say; the "
        f"bundle records {timing.fps:g}: localize such features with --frame-rates"
    )
    return replace(own, remark=remark)


def _joined(*remarks: str) -> str:
    return "; ".join(one for one in remarks if one)


def _settled(videos: TaggedVideos, data: DataConfig) -> Timing:
    """The timing without a package's frame rates."""
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
    if agree(lengths, durations, timing.seconds):
        return timing
    least, most = _PLAUSIBLE
    if not least <= float(durations.sum() / lengths.sum()) <= most:
        return _checked(videos, timing)
    found = _usual(lengths, durations)
    if not agree(lengths, durations, found.seconds):
        return _checked(videos, timing)
    remark = (
        f"a snippet every {found.seconds:.4g} s, as the durations say "
        f"({found.stride} frames at {found.fps:.6g} a second); --set data.fps and "
        "data.snippet_stride say otherwise"
    )
    return Timing(found.fps, found.stride, True, _doubted(found.seconds, remark))


def _doubted(seconds: float, remark: str) -> str:
    """The remark; a warning with the likely cause if hardly any features have such a rate."""
    least, most = _COMMON
    if least <= seconds <= most:
        return remark
    unit = "in frames" if seconds > most else "in minutes"
    return f"warning: {remark}. That is unusual: are the durations {unit} instead of seconds?"


def _checked(videos: TaggedVideos, timing: Timing) -> Timing:
    """The timing, with a warning if durations contradict it by more than two snippets."""
    lengths, durations = _known(videos)
    advice = "look at data.fps and data.snippet_stride, and whether durations are in seconds"
    remark = contradiction(lengths, durations, timing.seconds, advice, _timed(videos))
    return Timing(timing.fps, timing.stride, remark=remark) if remark else timing


def _timed(videos: TaggedVideos) -> list[str]:
    """The videos with a duration."""
    return [name for name in videos.names if videos.durations.get(name, 0) > 0]


def _known(videos: TaggedVideos) -> tuple[np.ndarray, np.ndarray]:
    """Lengths in snippets and durations in seconds of videos with both."""
    pairs = [(videos.source.shape(name)[0], videos.durations[name]) for name in _timed(videos)]
    table = np.array(pairs, dtype=np.float64).reshape(-1, 2)
    return table[:, 0], table[:, 1]


def _usual(lengths: np.ndarray, durations: np.ndarray) -> Timing:
    """A usual frame rate and a whole number of frames, if they fit well; else 16 frames."""
    ratio = float(durations.sum() / (lengths + 0.5).sum())
    usual = [
        Timing(fps, stride, True)
        for fps in _USUAL_FPS
        for stride in range(max(1, int(0.98 * ratio * fps)), int(1.02 * ratio * fps) + 2)
    ]
    usual = [one for one in usual if -1 <= _rest(lengths, durations, one.seconds)[0] <= 1.5]
    spreads = [_rest(lengths, durations, one.seconds)[1] for one in usual]
    least = min([*spreads, _rest(lengths, durations, ratio)[1]])
    fitting = [
        one
        for one, spread in zip(usual, spreads, strict=True)
        if spread <= 1.1 * least + _CLOSE * float(lengths.mean())
    ]
    middle = [abs(_rest(lengths, durations, one.seconds)[0] - 0.5) <= 0.75 for one in fitting]
    best = [one for one, near in zip(fitting, middle, strict=True) if near] or fitting
    return best[0] if best else Timing(16 / ratio, 16, True)


def _rest(lengths: np.ndarray, durations: np.ndarray, seconds: float) -> tuple[float, float]:
    """The difference of durations and features in snippets: the median and the spread around it.

    An extractor with windows leaves out less than one snippet, a different part in each video.
    """
    rest = durations / seconds - lengths
    middle = float(np.median(rest))
    return middle, float(np.quantile(np.abs(rest - middle), _SHARE))


def _assumed(timing: Timing) -> str:
    return (
        f"nothing says how often features were taken: a snippet every {timing.seconds:.4g} s is "
        f"assumed ({timing.stride} frames at {timing.fps:g} a second). Where that is wrong, times "
        "of results are: give the tags a column duration, in seconds, or --set data.fps=... --set "
        "data.snippet_stride=..."
    )
