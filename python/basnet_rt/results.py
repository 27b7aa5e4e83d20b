"""Results of the core, as small checked containers."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from basnet_rt._errors import InvalidType
from basnet_rt.activation_files import Activations
from basnet_rt.annotations import Segment, VideoAnnotation
from basnet_rt.show.html import table_html
from basnet_rt.show.timeline_plot import Found, plot_timeline

MOST_ROWS = 10  # of a table in a notebook
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
        scores: (N,) float64; NMS orders by them.
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
    """Detections by falling score; ties by (start, end, label).

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

    def plot(
        self,
        axes: Any = None,
        *,
        ground_truth: VideoAnnotation | Iterable[Segment] | None = None,
        activations: Activations | None = None,
        thresholds: Sequence[float] = (),
        min_score: float | None = None,
    ) -> Any:
        """Draw a time axis with one lane a class: the darker, the higher the score.

        Args:
            axes: of matplotlib, to draw into; None makes a figure.
            ground_truth: of this video, drawn above the detections.
            activations: from `Localizer.with_activations`, drawn below.
            thresholds: drawn on the activations, in their units.
            min_score: leave out detections below.

        Returns:
            The matplotlib Axes. Nothing is shown or saved.

        Raises:
            Error: matplotlib is not installed (extra `plot`).
            TypeError, ValueError: an argument has the wrong kind; a threshold is not finite.
        """
        if activations is not None and not isinstance(activations, Activations):
            raise InvalidType(
                f"activations is a {type(activations).__name__}; it must be Activations, as from "
                "Localizer.with_activations"
            )
        found = [Found(_name_of(one), one.start, one.end, one.score) for one in self]
        return plot_timeline(
            found,
            axes,
            ground_truth=ground_truth,
            activations=activations,
            thresholds=thresholds,
            min_score=min_score,
        )

    def _repr_html_(self) -> str:
        rows = []
        for place, one in zip(range(MOST_ROWS), self, strict=False):
            times = (f"{one.start:.2f}", f"{one.end:.2f}", f"{one.end - one.start:.2f}")
            rows.append([str(place + 1), _name_of(one), f"{one.score:.3f}", *times])
        left = len(self) - len(rows)
        caption = f"{len(self)} detections, mode {self.mode}"
        caption += f", the best {len(rows)} of them" if left else ""
        heads = ("", "label", "score", "start (s)", "end (s)", "length (s)")
        return table_html(caption, heads, rows, left=(1,))

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


def _name_of(one: Detection) -> str:
    return str(one.label) if one.name is None else one.name
