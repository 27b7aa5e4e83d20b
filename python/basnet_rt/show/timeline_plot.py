"""Detections on a time axis, one lane a class."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple, Protocol

import numpy as np
import numpy.typing as npt

from basnet_rt._errors import InvalidType, InvalidValue
from basnet_rt.annotations import Segment, VideoAnnotation
from basnet_rt.show.plotting import BLUE, GREY, ORANGE, VERMILION, pyplot, quiet_frame

MOST_ROWS = 5  # rows of overlapping detections per class
MOST_CLASSES = 12
FAINTEST = 0.35
SEEN = 0.8  # points; keeps a detection shorter than a pixel visible
# Bottom and top of each part of a lane, from 0 to 1.
TRUTH, FOUND, CURVE = (0.80, 0.94), (0.06, 0.74), (0.06, 0.32)
FOUND_ABOVE_CURVE = (0.38, 0.74)

Span = tuple[float, float]


class Found(NamedTuple):
    """A detection: name of its class, seconds, and score."""

    name: str
    start: float
    end: float
    score: float


class Curves(Protocol):
    """A column for each class."""

    @property
    def activations(self) -> npt.NDArray[np.float32]:
        """(T, C)."""
        ...

    @property
    def snippet_seconds(self) -> float: ...

    @property
    def classes(self) -> Sequence[str]: ...


def plot_timeline(
    found: Sequence[Found],
    axes: Any = None,
    *,
    ground_truth: VideoAnnotation | Iterable[Segment] | None = None,
    activations: Curves | None = None,
    thresholds: Sequence[float] = (),
    min_score: float | None = None,
) -> Any:
    """Draw detections over time; a higher score is darker.

    Overlapping detections of a class are drawn above each other, best first, in up to 5 rows; the
    last row gets all the rest. At most 12 classes are drawn: those of the ground truth, then those
    of the best detections. The title says how many are left out.

    Args:
        found: by falling score.
        axes: Axes of matplotlib to draw into; None makes a figure.
        ground_truth: of this video, drawn above the detections.
        activations: of this video, drawn below; a class's curve is scaled to [0, 1] unless it is
            within that range.
        thresholds: drawn on the curves, in the activations' units.
        min_score: leave out detections with a lower score.

    Returns:
        The matplotlib Axes. Nothing is shown or saved.

    Raises:
        Error: matplotlib is not installed (extra `plot`).
        TypeError, ValueError: an argument has the wrong kind; a threshold is not finite.
    """
    if not np.isfinite(np.asarray(thresholds, np.float64)).all():
        raise InvalidValue(f"thresholds is {list(thresholds)}; each must be finite")
    marked = _segments(ground_truth)
    scores = _range([one.score for one in found])
    by_class = _spans(found, min_score)
    names = list(dict.fromkeys([*(one.label for one in marked), *by_class]))
    shown = names[:MOST_CLASSES]
    if axes is None:
        height = 0.9 + len(shown) * (0.95 if activations is not None else 0.6)
        _, axes = pyplot().subplots(figsize=(9, max(1.6, height)), layout="constrained")
    for lane, name in enumerate(shown):
        _draw_truth(axes, lane, [one for one in marked if one.label == name])
        part = FOUND if activations is None else FOUND_ABOVE_CURVE
        _draw_found(axes, lane, by_class.get(name, []), part, scores)
        if activations is not None and name in activations.classes:
            _draw_curve(axes, lane, activations, name, thresholds)
    _finish(axes, shown, len(names) - len(shown), len(found), bool(marked))
    return axes


def _segments(ground_truth: Any) -> list[Segment]:
    rows = ground_truth.segments if isinstance(ground_truth, VideoAnnotation) else ground_truth
    marked = list(rows or [])
    for one in marked:
        if not isinstance(one, Segment):
            raise InvalidType(f"ground_truth holds {one!r}; it must hold annotations.Segment")
    return marked


def _spans(found: Sequence[Found], min_score: float | None) -> dict[str, list[tuple[Span, float]]]:
    """By class, best class first: (start, end) and score, best first."""
    spans: dict[str, list[tuple[Span, float]]] = {}
    for one in found:
        if min_score is None or one.score >= min_score:
            spans.setdefault(one.name, []).append(((one.start, one.end), one.score))
    return spans


def _range(scores: Sequence[float]) -> Span:
    """Lowest and highest, for the shades."""
    if not scores:
        return 0.0, 1.0
    low, high = min(scores), max(scores)
    return (low, high) if high > low else (low - 1.0, high)


def _draw_truth(axes: Any, lane: int, marked: list[Segment]) -> None:
    bottom, top = TRUTH
    for one in marked:
        axes.broken_barh(
            [(one.start, one.end - one.start)], (lane + 1 - top, top - bottom), color=ORANGE
        )


def _draw_found(
    axes: Any, lane: int, spans: list[tuple[Span, float]], part: Span, scores: Span
) -> None:
    rows = _packed([span for span, _ in spans])
    height = (part[1] - part[0]) / max(2, max(rows, default=0) + 1)
    for row, ((start, end), score) in zip(rows, spans, strict=True):
        strength = (score - scores[0]) / (scores[1] - scores[0])
        y = lane + 1 - part[1] + row * height  # the axis points down: the best row is on top
        axes.broken_barh(
            [(start, end - start)],
            (y, 0.85 * height),
            color=BLUE,
            alpha=FAINTEST + (1 - FAINTEST) * strength,
            linewidth=SEEN,
        )


def _packed(spans: list[Span]) -> list[int]:
    """A row for each span in turn: the first row where it touches no other, else the last row."""
    rows: list[list[Span]] = [[] for _ in range(MOST_ROWS)]
    chosen = []
    for start, end in spans:
        free = (
            row for row, taken in enumerate(rows) if all(end <= a or b <= start for a, b in taken)
        )
        row = next(free, MOST_ROWS - 1)
        rows[row].append((start, end))
        chosen.append(row)
    return chosen


def _draw_curve(
    axes: Any, lane: int, activations: Curves, name: str, thresholds: Sequence[float]
) -> None:
    values = activations.activations[:, activations.classes.index(name)].astype(np.float64)
    low, high = min(0.0, float(values.min())), max(1.0, float(values.max()))
    bottom, top = CURVE

    def height(value: Any) -> Any:
        return lane + 1 - bottom - (value - low) / (high - low) * (top - bottom)

    times = (np.arange(len(values)) + 0.5) * activations.snippet_seconds
    axes.fill_between(times, height(low), height(values), color=GREY, alpha=0.3, linewidth=0)
    axes.plot(times, height(values), color=GREY, linewidth=1.0)
    for threshold in thresholds:
        axes.plot(
            times[[0, -1]], [height(threshold)] * 2, color=VERMILION, linewidth=0.6, alpha=0.6
        )


def _finish(axes: Any, shown: list[str], hidden: int, found: int, truth: bool) -> None:
    axes.set_ylim(max(1, len(shown)), 0)
    axes.set_yticks([lane + 0.5 for lane in range(len(shown))], shown)
    axes.tick_params(axis="y", length=0)
    axes.set_xlabel("time (s)")
    axes.set_xlim(left=0)
    quiet_frame(axes, "x")
    for lane in range(1, len(shown)):
        axes.axhline(lane, color=GREY, linewidth=0.4, alpha=0.5)
    title = f"{found} detections" + (f", {hidden} classes not drawn" if hidden else "")
    axes.set_title(title, loc="left", fontsize="medium")
    _legend(axes, truth)


def _legend(axes: Any, truth: bool) -> None:
    if not truth:
        return
    patch = pyplot().matplotlib.patches.Patch
    handles = [patch(color=ORANGE, label="marked"), patch(color=BLUE, label="found")]
    axes.legend(
        handles=handles, loc="lower right", bbox_to_anchor=(1, 1), ncols=2, frameon=False,
        fontsize="small",
    )  # fmt: skip
