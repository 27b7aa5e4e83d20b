"""What the core returns, as small checked containers."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

UNKNOWN_MODE = "unknown"  # of results that other programs made

Int64Array = npt.NDArray[np.int64]
Float32Array = npt.NDArray[np.float32]
Float64Array = npt.NDArray[np.float64]


class Detection(NamedTuple):
    """One detection, as iterating over `Detections` gives it."""

    label: int
    score: float
    start: float
    end: float
    name: str | None


@dataclass(frozen=True, eq=False)
class Proposals:
    """Scored intervals before NMS, ordered by (threshold index, label, start).

    Attributes:
        threshold_index: (N,) int64, into `cas_thresholds`.
        labels: (N,) int64.
        scores: (N,) float64; what NMS orders by.
        segments: (N, 2) float64 seconds, half-open.
    """

    threshold_index: Int64Array
    labels: Int64Array
    scores: Float64Array
    segments: Float64Array

    def __len__(self) -> int:
        return len(self.labels)


@dataclass(frozen=True, eq=False)
class Detections:
    """What was found, by falling score; ties by (start, end, label).

    Attributes:
        labels: (N,) int64 class indices.
        scores: (N,) float32.
        segments: (N, 2) float64 seconds, half-open.
        mode: the mode that made them.
        classes: names by label, where a model is known.
        decided: (N,) int64, from a stream: index of the snippet that made each final. Those of one
            `push` are in the order in which they became final.
        backend: "cpu" or "cuda": where the post-processing that made them ran.
    """

    labels: Int64Array
    scores: Float32Array
    segments: Float64Array
    mode: str = "continuous"
    classes: tuple[str, ...] | None = None
    decided: Int64Array | None = None
    backend: str = "cpu"

    @property
    def names(self) -> list[str] | None:
        """Class name of each detection; None where no model is known."""
        if self.classes is None:
            return None
        return [self.classes[label] for label in self.labels]

    def __len__(self) -> int:
        return len(self.labels)

    def __iter__(self) -> Iterator[Detection]:
        names: Sequence[str | None] = self.names or [None] * len(self)
        rows = zip(self.labels, self.scores, self.segments, names, strict=True)
        for label, score, (start, end), name in rows:
            yield Detection(int(label), float(score), float(start), float(end), name)

    def plot(self, axes: Any = None, **options: Any) -> Any:
        """A time axis with one lane a class; options of `analysis.timeline_plot.plot_timeline`.

        Returns:
            The matplotlib Axes. Nothing is shown or saved.
        """
        from basnet_rt.show.timeline_plot import plot_timeline

        return plot_timeline(self, axes, **options)

    def _repr_html_(self) -> str:
        from basnet_rt.show.html import detections_html

        return detections_html(self)

    def to_records(self) -> list[dict[str, Any]]:
        """The ActivityNet form: label (name where known), score, segment in seconds."""
        return [
            {
                "label": one.name if one.name is not None else one.label,
                "score": one.score,
                "segment": [one.start, one.end],
            }
            for one in self
        ]
