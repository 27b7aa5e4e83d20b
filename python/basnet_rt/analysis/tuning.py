"""Chooses post-processing settings on annotated videos, and measures the gain on held-out ones."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from basnet_rt._errors import InvalidType, InvalidValue
from basnet_rt._system.arguments import as_count
from basnet_rt._system.extras import from_extra
from basnet_rt._system.shown import shown
from basnet_rt.analysis.comparison import Difference, difference_of
from basnet_rt.analysis.folds import divide
from basnet_rt.analysis.resampling import check_sampling, population, resample
from basnet_rt.analysis.search_space import SearchSpace
from basnet_rt.analysis.tuning_data import TuningData, run_network
from basnet_rt.annotations import AnnotationSet, read_annotations
from basnet_rt.config import PostprocessConfig
from basnet_rt.evaluation.inputs import levels_of
from basnet_rt.features.records import check_same_extractor
from basnet_rt.features.source import FeatureSource, open_features
from basnet_rt.model.model import Model
from basnet_rt.tables.truth import TruthTable

Advance = Callable[[int], None]

DEFAULT_TIOU_THRESHOLDS = tuple(k / 10 for k in range(1, 8))
DEFAULT_TRIALS = 200
DEFAULT_FOLDS = 5
SAMPLES = 30  # of the videos, for the standard error of a gain
HELD_OUT = "held-out average"


@dataclass(frozen=True)
class FoldOutcome:
    """The result on one held-out fold; average mAP in [0, 1].

    Attributes:
        videos: in the fold.
        base, chosen: with the initial settings, and with those chosen on the other folds.
        settings: the fields chosen on the other folds that differ from the initial settings.
    """

    videos: int
    base: float
    chosen: float
    settings: dict[str, Any]


@dataclass(frozen=True)
class Tuning:
    """The settings that `tune` chose, and the gain on held-out videos.

    Attributes:
        config: chosen on all videos.
        changes: its fields that differ from the initial settings.
        base, chosen: average mAP of both on the tuning videos; that of the chosen settings is
            therefore too high.
        held_out: mean over the folds of average mAP, with the initial settings (a) and with those
            chosen on the other folds (b), with a bootstrap interval over videos. This is the
            gain to expect.
        folds: the folds.
        videos, segments: numbers used for tuning.
        tiou_thresholds, trials, seed: as requested.
    """

    config: PostprocessConfig
    changes: dict[str, Any]
    base: float
    chosen: float
    held_out: Difference
    folds: list[FoldOutcome]
    videos: int
    segments: int
    tiou_thresholds: list[float]
    trials: int
    seed: int

    def to_dict(self) -> dict[str, Any]:
        """Plain values, fit for JSON."""
        return {**dataclasses.asdict(self), "config": self.config.to_dict()}


def tune(
    model: Model,
    features: FeatureSource | str | Path,
    annotations: AnnotationSet | str | Path,
    *,
    subset: str | None = None,
    settings: Mapping[str, Any] | None = None,
    tiou_thresholds: float | Iterable[float] = DEFAULT_TIOU_THRESHOLDS,
    trials: int = DEFAULT_TRIALS,
    folds: int = DEFAULT_FOLDS,
    groups: Mapping[str, str] | None = None,
    seed: int = 0,
    resamples: int = 1000,
    confidence: float = 0.95,
    advance_network: Advance | None = None,
    advance: Advance | None = None,
    chooser: Chooser | None = None,
) -> Tuning:
    """Choose post-processing settings by average mAP on annotated videos.

    The network runs once over every video. The chosen settings have the highest gain over the
    initial ones, minus its standard error over samples of the videos; if none is above 0, the
    initial settings stay. The settings with the highest mAP may fit a few segments by chance.

    Cross-validation measures the gain on other videos: for each fold of videos, settings are chosen
    on the other folds and evaluated on this one.

    Args:
        model: from `load`.
        features, annotations: of the same videos; paths are opened. Segments must be marked,
            because tags cannot show which settings are better.
        subset: of the annotations; None takes every video.
        settings: fields of `PostprocessConfig` to fix; the others start from the bundle's. Gate
            and normalisation are never searched.
        tiou_thresholds: mAP is averaged over these.
        trials: settings tried per choice, at least 1; the initial ones are always a candidate.
        folds, groups: as for `analysis.folds.divide`.
        seed: the same seed gives the same choice.
        resamples, confidence: of the bootstrap interval.
        advance_network, advance: called with the number of videos, and of trials, left.
        chooser: makes the choices, one for all videos and one for each fold; here by default.
            `basnet_rt.cluster.choosing_on` makes them on a Ray cluster; the result is the same.

    Raises:
        ValueError: videos without features, no segments, too many folds, or a setting out of range.
        BundleError: the features have another extractor than the bundle records.
        Error: Optuna is not installed (extra `tune`).

    Source: Akiba et al., "Optuna", KDD 2019, its TPE sampler; the standard error after the rule of
    Breiman et al., "Classification and Regression Trees", 1984.
    """
    if not isinstance(model, Model):
        raise InvalidType(f"model is {shown(model)}; it must be a model, from basnet_rt.load")
    check_sampling(resamples, confidence, seed)
    if as_count(trials, "trials") < 1:
        raise InvalidValue(f"trials is {trials}; it must be at least 1")
    from_extra("optuna", "tune", "tune")
    annotated = annotations
    if not isinstance(annotated, AnnotationSet):
        annotated = read_annotations(annotated)
    if subset is not None:
        annotated = annotated.subset(subset)
    if not isinstance(features, FeatureSource):
        features = open_features(features, modality=model.metadata.modality)
    if features.extractor is not None and model.metadata.extractor is not None:
        check_same_extractor("features", model.metadata.extractor, features.extractor)
    base = model.configure(**(settings or {}))
    space = SearchSpace(base, frozenset(settings or {}), model.metadata.snippet_seconds)
    levels = levels_of(tiou_thresholds)
    data = run_network(model, base, features, annotated, levels, advance_network)
    parts = divide(annotated, folds, seed=seed, groups=groups)
    search = Search(data, space, trials, seed)
    names = list(data.annotated.videos)
    others = [[name for name in names if name not in part] for part in map(set, parts)]
    step = _countdown(advance, trials * (folds + 1))
    choices = (chooser or choose_here)(search, [names, *others], step)
    return _tuning(search, parts, choices, resamples, (1 - confidence) / 2)


@dataclass(frozen=True)
class Choice:
    """The best settings for some videos, and their average mAP on them, in [0, 1]."""

    config: PostprocessConfig
    value: float


@dataclass(frozen=True)
class Search:
    """Everything that one choice needs except the videos."""

    data: TuningData
    space: SearchSpace
    trials: int
    seed: int

    def choose(self, names: Sequence[str], step: Callable[[], None] = lambda: None) -> Choice:
        """The best settings for these videos; `step` is called after each trial."""
        truth = self.data.truth(names)
        optuna = from_extra("optuna", "tune", "tune")
        optuna.logging.set_verbosity(optuna.logging.WARNING)
        study = optuna.create_study(
            direction="maximize", sampler=optuna.samplers.TPESampler(seed=self.seed)
        )
        study.enqueue_trial(self.space.start())
        start = self._sampled(self.space.base, truth)
        best, best_score = Choice(self.space.base, float(start[0])), 0.0
        for _ in range(self.trials):
            trial = study.ask()
            config = self.space.suggest(trial)
            values = self._sampled(config, truth)
            score = _cautious_gain(values - start)
            study.tell(trial, score)
            if score > best_score:
                best, best_score = Choice(config, float(values[0])), score
            step()
        return best

    def _sampled(self, config: PostprocessConfig, truth: TruthTable) -> Any:
        return self.data.sampled(config, truth, SAMPLES, self.seed)

    def changes(self, config: PostprocessConfig) -> dict[str, Any]:
        """The fields that differ from the initial settings."""
        start, fields = self.space.base.to_dict(), config.to_dict()
        return {name: value for name, value in fields.items() if value != start[name]}


Chooser = Callable[[Search, Sequence[Sequence[str]], Callable[[], None]], list[Choice]]


def choose_here(
    search: Search, sets: Sequence[Sequence[str]], step: Callable[[], None]
) -> list[Choice]:
    """A choice for each set of videos; `step` is called after each trial."""
    return [search.choose(names, step) for names in sets]


def _cautious_gain(gains: Any) -> float:
    """The gain on all videos (the first value) minus its standard error over samples."""
    return float(gains[0] - np.std(gains[1:]))


def _tuning(
    search: Search,
    parts: list[list[str]],
    choices: Sequence[Choice],
    resamples: int,
    tail: float,
) -> Tuning:
    """`choices`: on all videos, then for each part on the others."""
    names = list(search.data.annotated.videos)
    everything = search.data.truth(names)
    best, *by_part = choices
    outcomes, pairs, samples = [], [], []
    for number, (part, chosen) in enumerate(zip(parts, by_part, strict=True)):
        pair, sampled = _judge(search, chosen.config, part, resamples, number)
        before, after = pair.tolist()
        outcomes.append(FoldOutcome(len(part), before, after, search.changes(chosen.config)))
        pairs.append(pair)
        samples.append(sampled)
    held_out = difference_of(HELD_OUT, np.mean(pairs, axis=0), np.mean(samples, axis=0), tail)
    return Tuning(
        best.config,
        search.changes(best.config),
        search.data.average_map(search.space.base, everything),
        best.value,
        held_out,
        outcomes,
        len(names),
        len(everything),
        search.data.levels,
        search.trials,
        search.seed,
    )


def _judge(
    search: Search, chosen: PostprocessConfig, part: list[str], resamples: int, number: int
) -> tuple[Any, Any]:
    """(2,) average mAP of initial and chosen settings on a fold, and (R, 2) on samples of it."""
    truth = search.data.truth(part)
    sets = [search.data.localize(one, truth) for one in (search.space.base, chosen)]
    videos = population(sets, search.data.levels)
    ap = videos.average_precision(np.ones(len(part), np.int64))
    drawn = list(resample(videos, resamples, [search.seed, number]))
    sampled = np.array([np.nanmean(one, axis=(1, 2)) for one in drawn]).reshape(-1, 2)
    return np.nanmean(ap, axis=(1, 2)), sampled


def _countdown(advance: Advance | None, total: int) -> Callable[[], None]:
    left = iter(range(total - 1, -1, -1))
    return (lambda: None) if advance is None else (lambda: advance(next(left)))
