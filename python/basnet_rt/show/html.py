"""Small tables for notebooks: they take the page's own colours, so that dark and light fit."""

from __future__ import annotations

import html
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from basnet_rt.evaluation.report import Report
    from basnet_rt.results import Detections

MOST_ROWS = 10
_TABLE = "border-collapse:collapse;font-variant-numeric:tabular-nums"
_CELL = "padding:2px 10px;border-bottom:1px solid rgba(128,128,128,.35);text-align:"


def detections_html(found: Detections, most: int = MOST_ROWS) -> str:
    """The best detections, and how many there are."""
    rows = []
    for place, one in zip(range(most), found, strict=False):
        name = str(one.label) if one.name is None else one.name
        times = (f"{one.start:.2f}", f"{one.end:.2f}", f"{one.end - one.start:.2f}")
        rows.append([str(place + 1), name, f"{one.score:.3f}", *times])
    left = len(found) - len(rows)
    caption = f"{len(found)} detections, mode {found.mode}"
    caption += f", the best {len(rows)} of them" if left else ""
    heads = ("", "label", "score", "start (s)", "end (s)", "length (s)")
    return table_html(caption, heads, rows, left=(1,))


def report_html(report: Report) -> str:
    """mAP per threshold and the averages, in percent."""
    averages = report.averages
    heads = ["tIoU", *(f"{level:g}" for level in report.tiou_thresholds), *averages, "mean"]
    values = [*report.map.tolist(), *averages.values(), report.average_map]
    caption = (
        f"{report.num_detections} detections against {report.num_truths} segments of "
        f"{len(report.labels)} classes in {report.num_videos} videos"
    )
    return table_html(caption, heads, [["mAP (%)", *(f"{100 * one:.1f}" for one in values)]])


def table_html(
    caption: str, heads: Sequence[str], rows: Iterable[Sequence[str]], left: Sequence[int] = (0,)
) -> str:
    """One table; every text is escaped, columns in `left` are set flush left."""

    def line(tag: str, cells: Sequence[str]) -> str:
        sides = ["left" if at in left else "right" for at in range(len(cells))]
        inner = "".join(
            f'<{tag} style="{_CELL}{side}">{html.escape(cell)}</{tag}>'
            for side, cell in zip(sides, cells, strict=True)
        )
        return f"<tr>{inner}</tr>"

    body = "".join(line("td", row) for row in rows)
    title = f'<caption style="text-align:left;padding:2px 10px">{html.escape(caption)}</caption>'
    return (
        f'<table style="{_TABLE}">{title}<thead>{line("th", heads)}</thead>'
        f"<tbody>{body}</tbody></table>"
    )
