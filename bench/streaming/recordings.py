"""Real activations with marked segments, as streams: the input of the latency measurements.

A data set is several groups of recordings; a figure per group gives a mean and its noise. For
`cctv_fights` a group is a trained network, for `merl_stream` a section, for `fifty_salads` five
videos.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Iterator
from pathlib import Path

import numpy as np

import basnet_rt
from basnet_rt import PostprocessConfig
from basnet_rt.annotations import VideoAnnotation, read_annotations
from basnet_rt.features import open_features
from basnet_training.calibrate import typical_range
from bench.accuracy.cctv_networks import bundle
from bench.streaming.latency_measures import Segments
from bench.tables import DATA, RUNS

SNIPPET_SECONDS = 16 / 25  # of cctv_fights; the rate of the published scores is not known
LOOK_AHEAD = 2  # snippets, of the network
PARTS = 10  # groups of merl_stream and of fifty_salads
SCORES_CONFIG = PostprocessConfig.continuous(
    nms="hard",
    normalisation="fixed",
    gate="none",
    class_threshold=0.0,
    cas_thresholds=[k / 20 for k in range(2, 19)],  # 0.1 to 0.9, as in preset `cctv_fights`
    nms_iou=0.45,
)


@dataclasses.dataclass(frozen=True)
class Recording:
    """One stream and its true segments.

    activations (T, C) and cas (T, C+1) float32 for `StreamPostprocessor.push`;
    look_ahead: snippets that must follow one before its activation is certain.
    """

    name: str
    activations: np.ndarray
    cas: np.ndarray
    truth: Segments
    look_ahead: int = 0

    @property
    def duration(self) -> float:
        """Seconds."""
        return len(self.activations) * SNIPPET_SECONDS


@dataclasses.dataclass(frozen=True)
class DataSet:
    """Groups of recordings, and the post-processing that settings are varied from.

    config: normalisation "fixed", gate "none", no limits.
    """

    name: str
    classes: tuple[str, ...]
    config: PostprocessConfig
    groups: tuple[tuple[Recording, ...], ...]
    group_name: str

    @property
    def recordings(self) -> list[Recording]:
        return [one for group in self.groups for one in group]

    def half(self, odd: bool) -> DataSet:
        """Every other group: the even ones to choose on, the odd ones to report."""
        return dataclasses.replace(self, groups=self.groups[int(odd) :: 2])


def merl_stream() -> DataSet:
    """The one real stream in ten sections of 946 snippets, each a stream of its own."""
    with np.load(DATA / "action_scores" / "merl_stream.npz") as file:
        scores, labels = file["scores"], file["labels"]
    parts = zip(np.split(scores, PARTS), np.split(labels, PARTS), strict=True)
    groups = [(from_scores(f"section {i}", *one),) for i, one in enumerate(parts)]
    return DataSet("merl_stream", _numbered(5), SCORES_CONFIG, tuple(groups), "section")


def fifty_salads() -> DataSet:
    """Fifty videos in groups of five; softmax of the margins, class 0 as background.

    The range of "fixed" is calibrated as `basnet-train calibrate` does, on the even groups' tags.
    """
    videos = []
    with np.load(DATA / "action_scores" / "fifty_salads_mid_svm.npz") as file:
        for key in sorted(name for name in file.files if name.endswith("/scores")):
            margins = np.roll(file[key], -1, axis=1).astype(np.float64)  # background last
            labels = (file[key.replace("scores", "labels")] - 1) % margins.shape[1]
            weights = np.exp(margins - margins.max(axis=1, keepdims=True))
            scores = weights / weights.sum(axis=1, keepdims=True)
            videos.append(from_scores(key.split("/")[0], scores, labels))
    groups = tuple(tuple(videos[i::PARTS]) for i in range(PARTS))
    data = DataSet("fifty_salads", _numbered(17), SCORES_CONFIG, groups, "five videos")
    return dataclasses.replace(data, config=calibrated(data.half(odd=False)))


def calibrated(data: DataSet) -> PostprocessConfig:
    """Its post-processing with a range per class, from which classes are where: tags alone."""
    videos = data.recordings
    activations = [one.activations.astype(np.float64) for one in videos]
    extremes = np.stack([np.stack([one.min(axis=0), one.max(axis=0)]) for one in activations])
    tags = np.zeros((len(videos), len(data.classes)), np.float32)
    for row, one in zip(tags, videos, strict=True):
        row[one.truth.labels] = 1
    found = typical_range(extremes, tags)
    return data.config.replace(fixed_lo=found.lo, fixed_hi=found.hi)


def from_scores(name: str, scores: np.ndarray, labels: np.ndarray) -> Recording:
    """A recording of (T, C+1) softmax scores and (T,) frame labels, C for background."""
    rows = np.ascontiguousarray(scores, np.float32)
    background = rows.shape[1] - 1
    activations = np.ascontiguousarray(rows[:, :background])
    return Recording(name, activations, np.log(rows), runs_of(labels, background))


def runs_of(labels: np.ndarray, background: int) -> Segments:
    """Maximal runs of one label, in seconds."""
    edges = np.flatnonzero(np.diff(labels)) + 1
    starts, ends = np.r_[0, edges], np.r_[edges, len(labels)]
    action = labels[starts] != background
    segments = np.stack([starts, ends], axis=1)[action] * SNIPPET_SECONDS
    return Segments(labels[starts][action].astype(np.int64), segments)


def cctv_fights(seeds: int, runs: Path = RUNS / "cctv_fights") -> DataSet:
    """Test videos under networks of bench/accuracy/cctv_fights.py, trained if not in `runs`."""
    models = [trained_model(seed, runs) for seed in range(seeds)]
    marked = read_annotations(DATA / "cctv_fights" / "annotations.json").subset("test").videos
    groups = tuple(tuple(network_recordings(model, marked)) for model in models)
    config = models[0].config.replace(gate="none")
    return DataSet("cctv_fights", models[0].classes, config, groups, "network")


def trained_model(seed: int, runs: Path) -> basnet_rt.Model:
    """The full model by the ablation's recipe, found in `runs` or trained and put there."""
    return bundle(runs, "full", seed)


def network_recordings(
    model: basnet_rt.Model, marked: dict[str, VideoAnnotation]
) -> Iterator[Recording]:
    """Activations of the whole videos; a stream's agree with them to 1e-5."""
    videos = open_features(DATA / "cctv_fights" / "features" / "test")
    for name in videos.names:
        output = model.forward_with_cas(videos.read(name))
        rows = [(one.start, one.end) for one in marked[name].segments]
        yield Recording(name, output.activations, output.cas, one_class(rows), LOOK_AHEAD)


def one_class(segments: Iterable[tuple[float, float]]) -> Segments:
    """Segments in seconds, all of class 0."""
    rows = np.array(list(segments), np.float64).reshape(-1, 2)
    return Segments(np.zeros(len(rows), np.int64), rows)


def _numbered(count: int) -> tuple[str, ...]:
    return tuple(f"class {i}" for i in range(count))
