"""Mean average precision of predicted segments."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

import numpy as np

from basnet_rt._errors import InvalidValue
from basnet_rt.annotations import AnnotationSet
from basnet_rt.evaluation.averages import field_averages
from basnet_rt.evaluation.durations import Breakdown, by_coverage, by_duration
from basnet_rt.evaluation.error_kinds import DEFAULT_TIOU, KINDS
from basnet_rt.evaluation.error_profile import ErrorProfile, error_profile
from basnet_rt.evaluation.inputs import (
    EvaluationInput,
    ends_after_video,
    ends_before_middle,
    levels_of,
)
from basnet_rt.evaluation.protocols import protocol_named
from basnet_rt.evaluation.reading import Convention, evaluation_input
from basnet_rt.evaluation.recall import RecallCurve, recall_curve
from basnet_rt.results import Detections, Float64Array
from basnet_rt.show.html import table_html
from basnet_rt.show.latex import precision_table
from basnet_rt.show.report_plot import (
    ErrorBands,
    Precisions,
    plot_classes,
    plot_errors,
    plot_map,
    three_axes,
)

GroundTruth = str | Path | Mapping[str, Any] | AnnotationSet
Predictions = str | Path | Mapping[str, Any] | Mapping[str, Detections]

DEFAULT_TIOU_THRESHOLDS = tuple(k / 10 for k in range(1, 10))


@dataclass(frozen=True, eq=False)
class Report:
    """The agreement of predictions with marked segments; precisions are in [0, 1].

    Attributes:
        tiou_thresholds: (K,) as asked for.
        map: (K,) mean AP over `labels`.
        average_map: mean of `map`.
        ap: (L, K) average precision per label and threshold.
        labels: the L labels that the ground truth of the subset has, sorted.
        num_videos, num_truths: in the subset.
        num_detections: evaluated detections.
        num_outside: videos with predictions that are not in the subset.
        num_absent: videos of the subset that the predictions do not name.
        inputs: the compared tables; `errors`, `recall` and the breakdowns need them.
    """

    tiou_thresholds: Float64Array
    map: Float64Array
    average_map: float
    ap: Float64Array
    labels: list[str]
    num_videos: int
    num_truths: int
    num_detections: int
    num_outside: int
    num_absent: int = 0
    inputs: EvaluationInput | None = field(default=None, repr=False)

    @property
    def averages(self) -> dict[str, float]:
        """Means of `map` over the ranges that papers report, if the thresholds allow it."""
        return field_averages(self.tiou_thresholds, self.map)

    @property
    def shown_averages(self) -> dict[str, float]:
        """The last columns of a table: `averages`, or else the mean over all thresholds."""
        return self.averages or {"mean": self.average_map}

    def errors(self, **options: Any) -> ErrorProfile:
        """Counts of each kind of error; options of `evaluation.error_profile.error_profile`."""
        return error_profile(self._inputs(), **options)

    def recall(self, **options: Any) -> RecallCurve:
        """Recall over the number of detections a video; options of `evaluation.recall`."""
        return recall_curve(self._inputs(), self.tiou_thresholds, **options)

    def by_duration(self, **options: Any) -> Breakdown:
        """Recall of short and long segments; options of `evaluation.durations.by_duration`."""
        return by_duration(self._inputs(), self.tiou_thresholds, **options)

    def by_coverage(self, **options: Any) -> Breakdown:
        """The same by the share of the video that a segment fills; needs known durations."""
        return by_coverage(self._inputs(), self.tiou_thresholds, **options)

    @property
    def has_durations(self) -> bool:
        """Whether every video with segments has a duration, as `by_coverage` needs."""
        truth = self._inputs().truth
        return bool((truth.durations[truth.video_ids] > 0).all())

    @property
    def ends_after_video(self) -> tuple[int, float]:
        """Videos whose detections end after their annotated duration, and the largest ratio."""
        return ends_after_video(self._inputs())

    @property
    def ends_before_middle(self) -> tuple[int, float]:
        """Videos if the detections of all end in their first half, else 0; and the usual ratio."""
        return ends_before_middle(self._inputs())

    def plot(self, axes: Any = None, *, tiou_threshold: float = DEFAULT_TIOU) -> Any:
        """Draw mAP per tIoU, AP per class and the kinds of errors.

        Args:
            axes: three Axes of matplotlib to draw into; None makes a figure.
            tiou_threshold: of the kinds of errors.

        Returns:
            The three Axes, (3,) object array. Nothing is shown or saved.

        Raises:
            Error: matplotlib is not installed (extra `plot`).
            ValueError: not three axes, or the threshold is out of range.
        """
        panels = three_axes(len(self.labels), axes)
        shown = Precisions(self.tiou_thresholds, self.map, self.average_map, self.labels, self.ap)
        plot_map(shown, panels[0])
        plot_classes(shown, panels[1])
        found = self.errors(tiou_threshold=tiou_threshold)
        missed = found.counts["missed"] / found.num_truths
        plot_errors(ErrorBands(found.tiou_threshold, KINDS, found.bands, missed), panels[2])
        return panels

    def _repr_html_(self) -> str:
        averages = self.averages
        heads = ["tIoU", *(f"{level:g}" for level in self.tiou_thresholds), *averages, "mean"]
        values = [*self.map.tolist(), *averages.values(), self.average_map]
        caption = (
            f"{self.num_detections} detections against {self.num_truths} segments of "
            f"{len(self.labels)} classes in {self.num_videos} videos"
        )
        return table_html(caption, heads, [["mAP (%)", *(f"{100 * one:.1f}" for one in values)]])

    def to_latex(self, name: str = "ours") -> str:
        """A booktabs table of one row; `analysis.latex.latex_table` puts several into one."""
        averages = self.shown_averages
        row = [*self.map.tolist(), *averages.values()]
        return precision_table(self.tiou_thresholds.tolist(), list(averages), {name: row})

    def to_dict(self) -> dict[str, Any]:
        """Plain values, fit for JSON."""
        return {
            "tiou_thresholds": self.tiou_thresholds.tolist(),
            "map": self.map.tolist(),
            "average_map": self.average_map,
            "averages": self.averages,
            "ap": dict(zip(self.labels, self.ap.tolist(), strict=True)),
            "num_videos": self.num_videos,
            "num_truths": self.num_truths,
            "num_detections": self.num_detections,
            "num_outside": self.num_outside,
            "num_absent": self.num_absent,
        }

    def _inputs(self) -> EvaluationInput:
        if self.inputs is None:
            raise InvalidValue("this Report has no `inputs`; make it by `evaluate`")
        return self.inputs


def evaluate(
    ground_truth: GroundTruth,
    predictions: Predictions,
    *,
    subset: str | None,
    tiou_thresholds: float | Iterable[float] = DEFAULT_TIOU_THRESHOLDS,
    protocol: str | None = None,
    ignore_labels: Sequence[str] = (),
    videos: Sequence[str] | str | Path | None = None,
    unknown_labels: Literal["error", "ignore"] = "error",
    other_videos: Literal["false_positive", "ignore", "error"] = "false_positive",
    num_threads: int = 0,
) -> Report:
    """Score predicted segments against marked ones, as the ActivityNet challenge does.

    Per class, predictions are visited by falling score (equal ones in the order given). Each is
    matched with the free segment of its video that has the highest tIoU, if that reaches the
    threshold. AP is the area under the precision envelope; mAP is its mean over the classes in the
    subset's ground truth.

    Args:
        ground_truth: a path or a dictionary in ActivityNet form, or an `AnnotationSet`.
        predictions: a results file (`.json` in ActivityNet form, or our `.csv`), its content, or a
            dictionary from video to `Detections` with class names.
        subset: such as "test"; None takes every video of the ground truth.
        tiou_thresholds: each in (0, 1]. Default: the protocol's; without a protocol 0.1, 0.2 ..
            0.9, as for THUMOS'14. ActivityNet is reported at 0.5, 0.55 .. 0.95.
        protocol: the convention for videos and times: "thumos14" (210 videos), "thumos14-212",
            "thumos14-snippets" (212 videos, marked times rounded to snippets) or "activitynet".
            docs/evaluate.md says who uses which. None changes nothing.
        ignore_labels: classes left out of both sides, such as THUMOS'14's "Ambiguous".
        videos: count only these videos of the subset: names, or a file with one a line.
        unknown_labels: treatment of predictions whose label is not in the subset's ground truth.
            "error" by default, because a misspelt label would only look like a low mAP.
        other_videos: treatment of predictions in videos outside the subset. They count as false
            positives by default, as in the released evaluator, because a ground-truth file may not
            list videos without any action. `Report.num_outside` counts these videos.
        num_threads: 0 for one per core. No effect on the result.

    Returns:
        AP per class and threshold, and the means.

    Raises:
        ValueError: a file is absent or not JSON, the subset is absent or has no segments, or an
            entry is wrong (NaN, an end before its start, no number); names video and entry. Or no
            video with predictions is in the subset; names one video of each side.
        TypeError: an argument has the wrong kind.

    Source: ANETdetection of the ActivityNet challenge, as released with BaS-Net.
    """
    chosen = protocol_named(protocol)
    if chosen is not None and tiou_thresholds is DEFAULT_TIOU_THRESHOLDS:
        tiou_thresholds = chosen.tiou_thresholds
    levels = levels_of(tiou_thresholds)
    convention = Convention(protocol, ignore_labels, videos)
    given = evaluation_input(
        ground_truth, predictions, subset, unknown_labels, other_videos, convention
    )
    return score(given, levels, num_threads)


def score(given: EvaluationInput, levels: Sequence[float], num_threads: int = 0) -> Report:
    """`evaluate` of tables that were read and checked before."""
    truth, table = given.truth, given.table
    ap, mean_ap, average = truth.score(table, list(levels), num_threads)
    counts = (len(truth.videos), len(truth), len(table), len(given.outside), len(given.absent))
    return Report(np.asarray(levels), mean_ap, average, ap, list(truth.labels), *counts, given)
