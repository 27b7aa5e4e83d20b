r"""Tables for papers: LaTeX with booktabs."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np

from basnet_rt._errors import InvalidValue

if TYPE_CHECKING:
    from basnet_rt.evaluation.report import Report

_SPECIAL = {
    "\\": r"\textbackslash{}",
    "~": r"\textasciitilde{}",
    "^": r"\textasciicircum{}",
    **{character: "\\" + character for character in "&%$#_{}"},
}


def latex_table(reports: Mapping[str, Report], *, digits: int = 1) -> str:
    r"""One row per report: mAP in percent at each tIoU, then the averages the field uses.

    Needs `\usepackage{booktabs}`. Where none of the usual averages can be had, the mean over all
    thresholds stands in their place.

    Raises:
        ValueError: there is no report, or they were made at different thresholds.
    """
    if not reports:
        raise InvalidValue("latex_table needs at least one report")
    first = next(iter(reports.values()))
    for name, report in reports.items():
        if not np.array_equal(report.tiou_thresholds, first.tiou_thresholds):
            raise InvalidValue(f"report {name!r} was made at other tIoU thresholds")
    levels = [f"{level:.4g}" for level in first.tiou_thresholds]
    averages = list(first.averages) or ["mean"]
    head = " & ".join(["", *levels, *averages])
    spans = f"& \\multicolumn{{{len(levels)}}}{{c}}{{mAP@tIoU (\\%)}}"
    spans += f" & \\multicolumn{{{len(averages)}}}{{c}}{{average}}"
    last = 1 + len(levels)
    rules = f"\\cmidrule(lr){{2-{last}}} \\cmidrule(lr){{{last + 1}-{last + len(averages)}}}"
    lines = [
        f"\\begin{{tabular}}{{l{'r' * len(levels)}{'r' * len(averages)}}}",
        "\\toprule",
        f"{spans} \\\\",
        rules,
        f"{head} \\\\",
        "\\midrule",
        *(_row(name, report, digits) for name, report in reports.items()),
        "\\bottomrule",
        "\\end{tabular}",
    ]
    return "\n".join(lines) + "\n"


def latex_text(text: str) -> str:
    """`text` with the characters that LaTeX gives a meaning written out."""
    return "".join(_SPECIAL.get(character, character) for character in text)


def _row(name: str, report: Report, digits: int) -> str:
    averages = list(report.averages.values()) or [report.average_map]
    cells = [f"{100 * value:.{digits}f}" for value in [*report.map.tolist(), *averages]]
    return " & ".join([latex_text(name), *cells]) + " \\\\"
