"""The runtime's detections with a network in videos that it was not trained on."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np
import numpy.typing as npt

from basnet_rt import Error, Localizer, load
from basnet_rt.model.bundle import Calibration
from basnet_rt.results import Detections

from .confidence import FittedConfidence, FittedCurve, best_scores, fit_curves, suggest_thresholds
from .export import describe, export_bundle
from .reading import TaggedVideos
from .runs import TrainedModel

Floats = npt.NDArray[np.float64]

GATES: tuple[Literal["video", "none"], ...] = ("video", "none")  # of `localize`, and of streams


@dataclass(frozen=True)
class HeldOut:
    """N videos, C classes.

    Attributes:
        names: (N,) videos.
        scores: (N, C) video scores.
        best: by gate, (N, C) score of the best detection; NaN if there is none.
        detections: by video, with the bundle's own post-processing.
    """

    names: tuple[str, ...]
    scores: Floats
    best: Mapping[str, Floats]
    detections: Mapping[str, Detections]


def look_at(
    model: TrainedModel, calibration: Calibration | None, videos: TaggedVideos, bundle: Path
) -> HeldOut:
    """Write a network's bundle at `bundle`, and localize in videos with it.

    A gate that the post-processing does not allow has no entry in `best`.
    """
    export_bundle(model.network, describe(model.config, calibration=calibration), bundle)
    loaded = load(bundle)
    own = loaded.config.gate
    localizers: dict[str, Localizer] = {own: Localizer(loaded)}
    for gate in GATES:
        try:
            localizers.setdefault(gate, Localizer(loaded, loaded.configure(gate=gate)))
        except Error:  # mode "published" allows only its own gate
            continue
    scores, detections = [], {}
    best: dict[str, list[Floats]] = {kind: [] for kind in localizers}
    for name in videos.names:
        features = videos.source.read(name)
        scores.append(np.asarray(loaded.forward(features)[1], np.float64))
        for kind, localizer in localizers.items():
            found = localizer(features, duration=seconds_of(videos, name))
            if kind == own:
                detections[name] = found
            marks = {name: (found.labels.tolist(), found.scores.tolist())}
            best[kind].append(best_scores(marks, [name], len(videos.classes))[0])
    stacked = {kind: np.stack(rows) for kind, rows in best.items()}
    return HeldOut(videos.names, np.stack(scores), stacked, detections)


def seconds_of(videos: TaggedVideos, name: str) -> float | None:
    """A video's duration from its sidecar, else from the annotations; None if unknown."""
    sidecar = videos.source.sidecar(name)
    return videos.durations.get(name) if sidecar is None else sidecar.duration


def silent_classes(fitted: FittedConfidence, classes: Sequence[str]) -> list[str]:
    """The classes of whose detections confidence tells nothing; none of them is an event."""
    curves = next(iter(fitted.curves.values()))
    return [name for name, curve in zip(classes, curves, strict=True) if curve.silent]


def fit_confidence(held: HeldOut, videos: TaggedVideos, folds: int) -> FittedConfidence:
    """Fit confidence from tags and the best detections in held-out videos."""
    place = {name: index for index, name in enumerate(videos.names)}
    present = videos.labels[[place[name] for name in held.names]] > 0
    curves: dict[str, tuple[FittedCurve, ...]] = {
        gate: fit_curves(best, present) for gate, best in held.best.items()
    }
    own = next(iter(held.best))
    thresholds = suggest_thresholds(curves[own], held.best[own], present)
    return FittedConfidence(curves, thresholds, len(held.names), folds)
