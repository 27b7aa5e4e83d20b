"""Results of the core, as small checked containers."""

from __future__ import annotations

import bisect
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any, NamedTuple, overload

import numpy as np
import numpy.typing as npt

from basnet_rt._errors import InvalidType, InvalidValue
from basnet_rt._system.arguments import as_number
from basnet_rt._system.extras import from_extra
from basnet_rt._system.shown import shown
from basnet_rt.activation_files import Activations
from basnet_rt.annotations import Segment, VideoAnnotation
from basnet_rt.show.html import table_html
from basnet_rt.show.timeline_plot import Found, plot_timeline

MOST_ROWS = 10  # of a table in a notebook
UNKNOWN_MODE = "unknown"  # for results of other programs
SAME_LENGTH = 1e-9  # relative; a segment of exactly one snippet may be shorter by rounding

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
    confidence: float | None = None


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


@dataclass(frozen=True, eq=False, repr=False)
class Detections:
    """Detections by falling score; ties by (start, end, label).

    An integer index gives one `Detection`; a slice, a mask or an array of indices gives the chosen
    `Detections`.

    Attributes:
        labels: (N,) int64 class indices.
        scores: (N,) float32; they rank detections and have no unit.
        segments: (N, 2) float64 seconds, half-open.
        mode: the mode that made them.
        classes: names by label, if a model is known.
        decided: (N,) int64, from a stream: index of the snippet that made each final. Detections
            of one `push` are in the order in which they became final.
        backend: "cpu" or "cuda": where post-processing ran.
        confidence: (N,) float64 in [0, 1]; None unless the model is calibrated.
        suggested: (C,) float64, the lowest confidence at which a calibrated model suggests to show
            a class; None for other models.
        snippet_seconds: the distance between two snippets, if known.
    """

    labels: Int64Array
    scores: Float32Array
    segments: Float64Array
    mode: str = "continuous"
    classes: tuple[str, ...] | None = None
    decided: Int64Array | None = None
    backend: str = "cpu"
    confidence: Float64Array | None = None
    suggested: Float64Array | None = None
    snippet_seconds: float | None = None

    @property
    def names(self) -> list[str] | None:
        """Class name of each detection; None if no model is known."""
        if self.classes is None:
            return None
        return [self.classes[label] for label in self.labels]

    def __len__(self) -> int:
        return len(self.labels)

    def __iter__(self) -> Iterator[Detection]:
        names: Sequence[str | None] = self.names or [None] * len(self)
        sure = [None] * len(self) if self.confidence is None else self.confidence.tolist()
        rows = zip(self.labels, self.scores, self.segments, names, sure, strict=True)
        for label, score, (start, end), name, confidence in rows:
            yield Detection(int(label), float(score), float(start), float(end), name, confidence)

    @overload
    def __getitem__(self, chosen: int) -> Detection: ...
    @overload
    def __getitem__(self, chosen: slice | Sequence[int] | npt.NDArray[Any]) -> Detections: ...
    def __getitem__(self, chosen: Any) -> Detection | Detections:
        if isinstance(chosen, (int, np.integer)):
            return next(iter(self._rows(np.arange(len(self))[[int(chosen)]])))
        return self._rows(np.arange(len(self))[chosen])

    def __repr__(self) -> str:
        if not len(self):
            return f"Detections(none, mode={self.mode!r})"
        best = self[int(np.argmax(self.scores))]
        name = best.label if best.name is None else best.name
        where = f"best {name} {best.score:.3f} at [{best.start:.2f}, {best.end:.2f})"
        classes = len(np.unique(self.labels))
        return f"Detections({len(self)} of {classes} classes, mode={self.mode!r}, {where})"

    def events(self, min_confidence: float | None = None) -> Detections:
        """The segments to show to a person: one for each happening.

        The best detections of a class are taken first; a detection that overlaps a better event of
        its class is left out. So events of a class never overlap. No event is shorter than a
        snippet.

        Args:
            min_confidence: in [0, 1]; detections below it are left out. None takes the values that
                a calibrated model suggests for each class; other models keep all detections.

        Returns:
            The events, ordered by (start, end, label).

        Raises:
            ValueError: `min_confidence` is out of range, or there is no confidence to compare.
        """
        return self._rows(self.event_rows(min_confidence))

    def event_rows(self, min_confidence: float | None = None) -> Int64Array:
        """(M,) int64: the indices of `events`, in their order."""
        keep = self._sure_enough(min_confidence)
        if self.snippet_seconds is not None:
            lengths = self.segments[:, 1] - self.segments[:, 0]
            keep &= lengths >= self.snippet_seconds * (1 - SAME_LENGTH)
        rows = np.flatnonzero(keep)
        rows = rows[np.argsort(-self.scores[rows], kind="stable")]
        rows = _without_overlaps(rows, self.labels, self.segments)
        order = np.lexsort((self.labels[rows], self.segments[rows, 1], self.segments[rows, 0]))
        return rows[order]

    def plot(
        self,
        axes: Any = None,
        *,
        ground_truth: VideoAnnotation | Iterable[Segment] | None = None,
        activations: Activations | None = None,
        thresholds: Sequence[float] = (),
        min_score: float | None = None,
    ) -> Any:
        """Draw a time axis with one lane per class; a higher score is darker.

        Args:
            axes: Axes of matplotlib to draw into; None makes a figure.
            ground_truth: marked segments of this video, drawn above the detections.
            activations: from `Localizer.with_activations`, drawn below.
            thresholds: drawn on the activations, in their units.
            min_score: leave out detections with a lower score.

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
        """The ActivityNet form: label (its name if known), score, segment in seconds.

        If there is a confidence, each record has it too.
        """
        records = []
        for one in self:
            label = one.label if one.name is None else one.name
            sure = {} if one.confidence is None else {"confidence": one.confidence}
            records.append(
                {"label": label, "score": one.score, **sure, "segment": [one.start, one.end]}
            )
        return records

    def to_pandas(self) -> Any:
        """A pandas DataFrame: label, name, start, end (seconds), score and confidence.

        Name and confidence are absent if they are not known.

        Raises:
            Error: pandas is not installed; the message says how to get it.
        """
        return from_extra("pandas", "tables", "to_pandas").DataFrame(self._columns())

    def to_arrow(self) -> Any:
        """A pyarrow Table with the columns of `to_pandas`, for Parquet files, Polars or DuckDB.

        Raises:
            Error: pyarrow is not installed; the message says how to get it.
        """
        return from_extra("pyarrow", "arrow", "to_arrow").table(self._columns())

    def _columns(self) -> dict[str, Any]:
        columns: dict[str, Any] = {"label": self.labels}
        if self.classes is not None:
            columns["name"] = self.names
        columns |= {"start": self.segments[:, 0], "end": self.segments[:, 1]}
        columns["score"] = self.scores
        if self.confidence is not None:
            columns["confidence"] = self.confidence
        return columns

    def _sure_enough(self, min_confidence: float | None) -> npt.NDArray[np.bool_]:
        if min_confidence is None:
            if self.confidence is None or self.suggested is None:
                return np.ones(len(self), np.bool_)
            return self.confidence >= self.suggested[self.labels]
        min_confidence = as_number(min_confidence, "min_confidence")
        if not 0 <= min_confidence <= 1:
            raise InvalidValue(f"min_confidence is {min_confidence!r}; it must be in [0, 1]")
        if self.confidence is None:
            raise InvalidValue(
                f"min_confidence is {min_confidence!r}, but these detections have no confidence; "
                "calibrate the model by `basnet-train calibrate`, or leave min_confidence out"
            )
        return self.confidence >= min_confidence

    def _rows(self, rows: Int64Array) -> Detections:
        columns = ("labels", "scores", "segments", "decided", "confidence")
        chosen: dict[str, Any] = {
            name: None if getattr(self, name) is None else getattr(self, name)[rows]
            for name in columns
        }
        return replace(self, **chosen)


def check_detections(found: Any, where: str) -> None:
    """Check detections that were not made here, before they are written or evaluated.

    Args:
        where: names them in messages, such as "video 'a'".

    Raises:
        TypeError: they are no `Detections`.
        ValueError: arrays of another shape, a label that is no class, a number that is not finite,
            or a segment that ends before it begins; names the detection.
    """
    if not isinstance(found, Detections):
        raise InvalidType(f"{where}: is {shown(found)}; it must be Detections")
    columns: dict[str, Any] = {
        "label": np.asarray(found.labels),
        "score": np.asarray(found.scores),
        "segment": np.asarray(found.segments),
    }
    labels, scores, segments = columns.values()
    count = len(found)
    if (labels.shape, scores.shape, segments.shape) != ((count,), (count,), (count, 2)):
        shapes = ", ".join(str(one.shape) for one in columns.values())
        raise InvalidValue(
            f"{where}: labels, scores and segments have the shapes {shapes}; they must be (N,), "
            "(N,) and (N, 2)"
        )
    classes = np.inf if found.classes is None else len(found.classes)
    checks = (
        ("label", (labels >= 0) & (labels < classes) & (labels % 1 == 0), "is no class"),
        ("score", np.isfinite(scores), "is not finite"),
        ("segment", np.isfinite(segments).all(axis=1), "is not finite"),
        ("segment", segments[:, 1] >= segments[:, 0], "ends before it begins"),
    )
    for name, good, what in checks:
        if not good.all():
            row = int(np.argmin(good))
            value = columns[name][row].tolist()
            raise InvalidValue(f"{where}, detection {row}: the {name} {value} {what}")


def _without_overlaps(rows: Int64Array, labels: Int64Array, segments: Float64Array) -> Int64Array:
    """The rows, given best first, that overlap no earlier row of their class."""
    taken: dict[int, list[tuple[float, float]]] = {}
    kept = []
    for row in rows.tolist():
        start, end = segments[row].tolist()
        events = taken.setdefault(int(labels[row]), [])
        place = bisect.bisect_left(events, (start, end))
        before = place > 0 and events[place - 1][1] > start
        after = place < len(events) and events[place][0] < end
        if not before and not after:
            events.insert(place, (start, end))
            kept.append(row)
    return np.array(kept, np.int64)


def _name_of(one: Detection) -> str:
    return str(one.label) if one.name is None else one.name
