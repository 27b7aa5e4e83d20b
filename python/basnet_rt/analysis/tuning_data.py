"""Videos whose network has run, ready for post-processing and evaluation."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from basnet_rt._errors import InvalidValue
from basnet_rt.analysis.resampling import population, resample
from basnet_rt.annotations import AnnotationSet
from basnet_rt.config import PostprocessConfig
from basnet_rt.evaluation.inputs import EvaluationInput
from basnet_rt.evaluation.reading import evaluation_input
from basnet_rt.features.source import FeatureSource
from basnet_rt.localize.localizer import Localizer
from basnet_rt.model.model import Model
from basnet_rt.postprocessing.offline import postprocess_batch
from basnet_rt.tables.truth import TruthTable, truth_table

Advance = Callable[[int], None]

NO_SEGMENTS = (
    "none of these videos has a marked segment: tune needs some, from tags alone it cannot see "
    "which settings are better. Mark the actions of a few videos, or keep the recipe's settings "
    'and calibrate (`basnet-train calibrate`, normalisation "fixed")'
)


@dataclass(frozen=True, eq=False)
class TuningData:
    """Activations of annotated videos.

    Attributes:
        annotated: the videos, with segments.
        classes: of the model.
        videos: by name, the arguments of `postprocess` that do not depend on tuned settings.
        levels: (K,) tIoU thresholds.
    """

    annotated: AnnotationSet
    classes: tuple[str, ...]
    videos: Mapping[str, Mapping[str, Any]]
    levels: list[float]

    def truth(self, names: Sequence[str]) -> TruthTable:
        """The marked segments of some videos."""
        return truth_table(self.annotated.select(names), None)

    def localize(self, config: PostprocessConfig, truth: TruthTable) -> EvaluationInput:
        """Detections in the videos of `truth`, ready for evaluation.

        Detections with labels that these videos do not have are left out, because they do not
        count in mAP.
        """
        names = list(truth.videos)
        found = postprocess_batch(
            **{
                key: [self.videos[name][key] for name in names]
                for key in ("cas", "video_scores", "snippet_seconds")
            },
            raw_cas=[self.videos[name]["raw_cas"] for name in names]
            if config.gate == "horizon"
            else None,
            config=config,
            num_threads=1,
        )
        named = {
            name: dataclasses.replace(one, classes=self.classes)
            for name, one in zip(names, found, strict=True)
        }
        return evaluation_input(truth, named, None, unknown_labels="ignore")

    def average_map(self, config: PostprocessConfig, truth: TruthTable) -> float:
        """Mean over the tIoU thresholds, in [0, 1]."""
        return truth.score(self.localize(config, truth).table, self.levels, 1)[2]

    def sampled(self, config: PostprocessConfig, truth: TruthTable, count: int, seed: int) -> Any:
        """(1 + count,) `average_map` of all videos, and of samples drawn with replacement.

        The same seed draws the same samples, whatever the settings.
        """
        videos = population([self.localize(config, truth)], self.levels)
        everything = videos.average_precision(np.ones(len(videos.videos), np.int64))
        drawn = resample(videos, count, seed)
        return np.array([np.nanmean(ap) for ap in (everything, *drawn)])


def run_network(
    model: Model,
    base: PostprocessConfig,
    features: FeatureSource,
    annotated: AnnotationSet,
    levels: list[float],
    advance: Advance | None = None,
) -> TuningData:
    """Run the network once over every annotated video.

    Raises:
        ValueError: a video has no features, no video has a segment, or none of the segments is
            of a class of the model.
        BundleError: the features are not the model's.
    """
    _check_annotations(model, features, annotated)
    # Gate "none" does not use video scores; the activations are the same for gate "video".
    localizer = Localizer(model, base if base.gate != "none" else base.replace(gate="video"))
    videos = {}
    for done, name in enumerate(annotated.videos):
        videos[name] = localizer.postprocess_arguments(features.read(name))
        if advance is not None:
            advance(len(annotated.videos) - done - 1)
    return TuningData(annotated, model.classes, videos, levels)


def _check_annotations(model: Model, features: FeatureSource, annotated: AnnotationSet) -> None:
    absent = [name for name in annotated.videos if name not in features.names]
    if absent:
        raise InvalidValue(f"{len(absent)} annotated videos have no features, such as {absent[:3]}")
    labels = {one.label for video in annotated.videos.values() for one in video.segments}
    if not labels:
        raise InvalidValue(NO_SEGMENTS)
    if not labels & set(model.classes):
        raise InvalidValue(
            f"no segment is of a class of the model: marked are {sorted(labels)[:5]}, and the "
            f"model has {list(model.classes[:5])}"
        )
