"""The ways in which one trained cctv_fights network is turned into detections."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Mapping
from typing import Any, Literal

import numpy as np

from basnet_rt import Localizer, PostprocessConfig, postprocess
from basnet_rt.features import FeatureSource
from basnet_rt.model import Model
from basnet_rt.results import Detections

# The settings of segments in both modes; the rest of `published` cannot be set.
SHARED_FIELDS = ("cas_thresholds", "outer_ratio", "score_weight", "nms", "nms_iou")
DUMMY = "a class that is never predicted"


@dataclasses.dataclass(frozen=True)
class Reading:
    """Activation of the bundle, mode and settings; `own` is the bundle's post-processing.

    settings: "released" (THUMOS'14), or "recipe" as far as the mode can take it.
    """

    name: str
    activation: Literal["raw", "own"]
    mode: Literal["published", "continuous"]
    settings: Literal["released", "recipe"]
    gate: Literal["video", "none"] = "video"

    def config(self, own: PostprocessConfig) -> PostprocessConfig:
        fields = own.to_dict()
        kept = {"score_function": own.score_function, "topk_divisor": own.topk_divisor}
        if self.settings == "recipe" and self.mode == "continuous":
            return own.replace(gate=self.gate)
        if self.settings == "recipe":
            kept |= {name: fields[name] for name in SHARED_FIELDS}
        else:
            released = PostprocessConfig.published().to_dict()
            kept |= {name: released[name] for name in SHARED_FIELDS}
        return PostprocessConfig.from_dict({"mode": self.mode, **kept})


RELEASED = Reading("`published`, raw CAS, released settings", "raw", "published", "released")
MAIN = Reading("`continuous`, the recipe", "own", "continuous", "recipe")
READINGS = (
    RELEASED,
    Reading("`published`, sigmoid, the recipe's thresholds", "own", "published", "recipe"),
    Reading("`continuous`, raw CAS, released settings", "raw", "continuous", "released"),
    MAIN,
    Reading("`continuous`, the recipe, gate `none`", "own", "continuous", "recipe", "none"),
)


def localize(
    reading: Reading, models: Mapping[str, Model], videos: FeatureSource
) -> dict[str, Detections]:
    """Detections of every video by name; `models` by activation, "raw" and "own"."""
    model = models[reading.activation]
    config = reading.config(models["own"].config)
    one = _with_dummy if reading.mode == "published" else _whole
    return dict(one(model, config, videos))


def localize_literally(
    reading: Reading, models: Mapping[str, Model], videos: FeatureSource
) -> dict[str, Detections]:
    """The same without the dummy class: mode `published` drops a class 0 that is alone."""
    config = reading.config(models["own"].config)
    return dict(_whole(models[reading.activation], config, videos))


def _whole(
    model: Model, config: PostprocessConfig, videos: FeatureSource
) -> Iterator[tuple[str, Detections]]:
    localizer = Localizer(model, config)
    for name in videos.names:
        yield name, localizer(videos.read(name))


def _with_dummy(
    model: Model, config: PostprocessConfig, videos: FeatureSource
) -> Iterator[tuple[str, Detections]]:
    """`published` with a class of zeros and score 0 before the model's, so that those emit."""
    seconds = model.metadata.snippet_seconds
    classes = (DUMMY, *model.classes)
    for name in videos.names:
        output: Any = model.forward(videos.read(name))
        cas = np.pad(output.activations, ((0, 0), (1, 0)))
        scores = np.pad(output.video_scores, (1, 0))
        found = postprocess(cas, scores, config, snippet_seconds=seconds)
        yield name, dataclasses.replace(found, classes=classes)
