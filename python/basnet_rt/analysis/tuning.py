"""Chooses post-processing settings on annotated videos, and measures the gain on others."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from basnet_rt._errors import InvalidValue
from basnet_rt._system.extras import from_extra
from basnet_rt.analysis.comparison import Difference, difference_of
from basnet_rt.analysis.folds import divide
from basnet_rt.analysis.resampling import population, resample
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
    """One fold that was not used for choosing; average mAP in [0, 1].

    Attributes:
        videos: in the fold.
        base, chosen: with the settings to start from, and with those chosen on the other folds.
        settings: the fields chosen there that differ from the start.
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
        changes: its fields that differ from the settings to start from.
        base, chosen: average mAP of both on the very videos that the choice was made on: too good
            for what was chosen.
        held_out: mean over the folds of average mAP, of the start (a) and of settings chosen on
            the other folds (b), with a bootstrap interval over videos. This is the gain to expect.
        folds: the folds.
        videos, segments: that the choice was made on.
        tiou_thresholds, trials, seed: as asked for.
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
) -> Tuning:
    """Choose post-processing settings by average mAP on annotated videos.

    The network runs once over every video. Those settings are chosen whose gain over the start,
    less its standard error over samples of the videos, is highest; where none is above 0 the start
    stays. The highest mAP itself would be that of settings which fit a few segments by chance.

    How much the choice is worth on other videos is measured by cross-validation: for each fold of
    videos, settings are chosen on the other folds and judged on this one.

    Args:
        model: from `load`.
        features, annotations: of the same videos; paths are opened. Segments must be marked: tags
            alone do not tell good settings from bad ones.
        subset: of the annotations; None takes every video.
        settings: fields of `PostprocessConfig` to set and to leave alone; the bundle's own are the
            start for the others. Gate and normalisation are never searched.
        tiou_thresholds: mAP is averaged over these.
        trials: settings tried per choice, at least 1; the start is always a candidate.
        folds, groups: as `analysis.folds.divide`.
        seed: the same seed chooses the same.
        resamples, confidence: of the bootstrap interval.
        advance_network, advance: called with the number of videos, and of trials, left.

    Raises:
        ValueError: videos without features, no segments, too many folds, or a setting out of range.
        BundleError: the features are of another extractor than the bundle records.
        Error: Optuna is not installed (extra `tune`).

    Source: Akiba et al., "Optuna", KDD 2019, its TPE sampler; the standard error after the rule of
    Breiman et al., "Classification and Regression Trees", 1984.
    """
    if trials < 1:
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
    search = _Search(data, space, trials, seed, _countdown(advance, trials * (folds + 1)))
    return _tuning(search, parts, resamples, (1 - confidence) / 2)


@dataclass(frozen=True)
class _Search:
    """Everything that one choice needs beside its videos."""

    data: TuningData
    space: SearchSpace
    trials: int
    seed: int
    advance: Callable[[], None]

    def choose(self, truth: TruthTable) -> tuple[PostprocessConfig, float]:
        """Settings for some videos, the start among them, and their average mAP there."""
        optuna = from_extra("optuna", "tune", "tune")
        optuna.logging.set_verbosity(optuna.logging.WARNING)
        study = optuna.create_study(
            direction="maximize", sampler=optuna.samplers.TPESampler(seed=self.seed)
        )
        study.enqueue_trial(self.space.start())
        start = self._sampled(self.space.base, truth)
        best, best_score = (self.space.base, float(start[0])), 0.0
        for _ in range(self.trials):
            trial = study.ask()
            config = self.space.suggest(trial)
            values = self._sampled(config, truth)
            score = _cautious_gain(values - start)
            study.tell(trial, score)
            if score > best_score:
                best, best_score = (config, float(values[0])), score
            self.advance()
        return best

    def _sampled(self, config: PostprocessConfig, truth: TruthTable) -> Any:
        return self.data.sampled(config, truth, SAMPLES, self.seed)

    def changes(self, config: PostprocessConfig) -> dict[str, Any]:
        """The fields that differ from the start."""
        start, fields = self.space.base.to_dict(), config.to_dict()
        return {name: value for name, value in fields.items() if value != start[name]}


def _cautious_gain(gains: Any) -> float:
    """From the gain on all videos, first, and on samples of them: less one standard error."""
    return float(gains[0] - np.std(gains[1:]))


def _tuning(search: _Search, parts: list[list[str]], resamples: int, tail: float) -> Tuning:
    names = list(search.data.annotated.videos)
    everything = search.data.truth(names)
    config, value = search.choose(everything)
    outcomes, pairs, samples = [], [], []
    for number, part in enumerate(parts):
        others = set(part)
        chosen, _ = search.choose(search.data.truth([n for n in names if n not in others]))
        pair, sampled = _judge(search, chosen, part, resamples, number)
        before, after = pair.tolist()
        outcomes.append(FoldOutcome(len(part), before, after, search.changes(chosen)))
        pairs.append(pair)
        samples.append(sampled)
    held_out = difference_of(HELD_OUT, np.mean(pairs, axis=0), np.mean(samples, axis=0), tail)
    return Tuning(
        config,
        search.changes(config),
        search.data.average_map(search.space.base, everything),
        value,
        held_out,
        outcomes,
        len(names),
        len(everything),
        search.data.levels,
        search.trials,
        search.seed,
    )


def _judge(
    search: _Search, chosen: PostprocessConfig, part: list[str], resamples: int, number: int
) -> tuple[Any, Any]:
    """(2,) average mAP of start and choice on a fold, and (R, 2) on samples of its videos."""
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
