"""The tables of `basnet-rt evaluate`: aligned text, numbers in percent."""

from __future__ import annotations

from collections.abc import Sequence

from basnet_rt.evaluation.durations import NAMES, Breakdown
from basnet_rt.evaluation.error_kinds import KINDS
from basnet_rt.evaluation.error_profile import ErrorProfile
from basnet_rt.evaluation.recall import RecallCurve
from basnet_rt.evaluation.report import Report

LABEL_WIDTH = 24


def map_table(report: Report, subset: str, simulated: bool, per_class: bool) -> list[str]:
    """mAP per tIoU, the averages that papers report, the mean of all; AP of classes if asked."""
    head = (
        f"{subset}: {report.num_videos} videos, {report.num_truths} segments of "
        f"{len(report.labels)} classes, {report.num_detections} detections"
    )
    levels = [f"{level:.2f}" for level in report.tiou_thresholds]
    averages = report.averages
    rows = [[*report.map.tolist(), *averages.values(), report.average_map]]
    names = ["mAP (%)"]
    if per_class:
        # A class has AP per threshold and their mean; the other averages exist for mAP only.
        blank = [None] * len(averages)
        rows += [[*ap, *blank, sum(ap) / len(ap)] for ap in report.ap.tolist()]
        names += report.labels
    body = [
        _line(name, [_percent(value) for value in row], list(averages))
        for name, row in zip(names, rows, strict=True)
    ]
    title = _line("tIoU", [*levels, *averages, "mean"], list(averages))
    return [head + (" (simulated)" if simulated else ""), title, *body]


def error_lines(profile: ErrorProfile) -> list[str]:
    """Counts and impact of every kind, then the share of each among the best predictions."""
    head = (
        f"errors at tIoU {profile.tiou_threshold:g}; {profile.counts['missed']} of "
        f"{profile.num_truths} segments missed"
    )
    titles = [kind.replace("_", " ") for kind in KINDS]
    costs = [
        f"+{100 * profile.impact[kind]:.2f}" if kind in profile.impact else "" for kind in KINDS
    ]
    lines = ["", head, _wide("", titles)]
    lines += [_wide("detections", [str(profile.counts[kind]) for kind in KINDS])]
    lines += [_wide("mAP without them (%)", costs)]
    for place, band in enumerate(profile.bands.tolist()):
        if sum(band):
            shares = [f"{100 * count / sum(band):.1f}" for count in band]
            lines.append(_wide(f"rank {place} G to {place + 1} G (%)", shares))
    return lines


def recall_lines(curve: RecallCurve) -> list[str]:
    """Average recall at N, for detections of any label and of the segment's label."""
    rows = (
        ("detections a video", [f"{value:.1f}" for value in curve.average_number]),
        ("any label (%)", [_percent(value) for value in curve.any_label.mean(axis=1)]),
        ("own label (%)", [_percent(value) for value in curve.own_label.mean(axis=1)]),
    )
    head = f"average recall over {len(curve.tiou_thresholds)} tIoU thresholds, N best of a video"
    lines = ["", head, _line("N", [str(count) for count in curve.counts.tolist()])]
    return lines + [_line(name, cells) for name, cells in rows]


def duration_lines(found: Breakdown) -> list[str]:
    """Recall by size."""
    head = f"recall by {found.quantity} of the segment (%)"
    levels = [f"{level:.2f}" for level in found.tiou_thresholds]
    lines = ["", head, _line("tIoU", [*levels, "mean", "count"])]
    for row, (name, text) in enumerate(zip(NAMES, found.ranges, strict=True)):
        values = [*found.recall[row].tolist(), float(found.recall[row].mean())]
        count = int(found.num_truths[row])
        cells = [_percent(value if count else None) for value in values]
        lines.append(_line(f"{name:<2} {text}", [*cells, str(count)]))
    return lines


def _percent(value: float | None) -> str:
    return "-" if value is None else f"{100 * value:.2f}"


def _line(name: str, cells: Sequence[str], wide: Sequence[str] = ()) -> str:
    """A label and right-aligned cells; the cells under the titles `wide` are wider."""
    first = len(cells) - 1 - len(wide)
    widths = [9 if first <= i < len(cells) - 1 else 7 for i in range(len(cells))]
    padded = [f"{cell:>{width}}" for cell, width in zip(cells, widths, strict=True)]
    return f"{name[:LABEL_WIDTH]:<{LABEL_WIDTH}}{''.join(padded)}"


def _wide(name: str, cells: Sequence[str]) -> str:
    return f"{name:<{LABEL_WIDTH}}{''.join(f'{cell:>14}' for cell in cells)}".rstrip()
