r"""Several evaluations as one LaTeX table."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from basnet_rt._errors import InvalidValue
from basnet_rt.evaluation.report import Report
from basnet_rt.show.latex import precision_table


def latex_table(reports: Mapping[str, Report], *, digits: int = 1) -> str:
    r"""One row per report: mAP in percent at each tIoU, then the averages that papers report.

    Needs `\usepackage{booktabs}`. If none of the usual averages can be computed, the mean over all
    thresholds is shown instead.

    Raises:
        ValueError: there is no report, or they were made at different thresholds.
    """
    if not reports:
        raise InvalidValue("latex_table needs at least one report")
    first = next(iter(reports.values()))
    for name, report in reports.items():
        if not np.array_equal(report.tiou_thresholds, first.tiou_thresholds):
            raise InvalidValue(f"report {name!r} was made at other tIoU thresholds")
    rows = {
        name: [*report.map.tolist(), *report.shown_averages.values()]
        for name, report in reports.items()
    }
    return precision_table(
        first.tiou_thresholds.tolist(), list(first.shown_averages), rows, digits=digits
    )
