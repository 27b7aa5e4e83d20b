r"""Tables for papers: LaTeX with booktabs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

_SPECIAL = {
    "\\": r"\textbackslash{}",
    "~": r"\textasciitilde{}",
    "^": r"\textasciicircum{}",
    **{character: "\\" + character for character in "&%$#_{}"},
}


def precision_table(
    tiou_thresholds: Sequence[float],
    averages: Sequence[str],
    rows: Mapping[str, Sequence[float]],
    *,
    digits: int = 1,
) -> str:
    r"""Rows of mean average precisions, written in percent.

    Needs `\usepackage{booktabs}`.

    Args:
        tiou_thresholds: K, of the first columns.
        averages: heads of the last columns.
        rows: by name, K values and then one for each average; in [0, 1].
        digits: after the decimal point.
    """
    levels = [f"{level:.4g}" for level in tiou_thresholds]
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
        *(_row(name, values, digits) for name, values in rows.items()),
        "\\bottomrule",
        "\\end{tabular}",
    ]
    return "\n".join(lines) + "\n"


def latex_text(text: str) -> str:
    """`text` with the characters that LaTeX gives a meaning written out."""
    return "".join(_SPECIAL.get(character, character) for character in text)


def _row(name: str, values: Sequence[float], digits: int) -> str:
    cells = [f"{100 * value:.{digits}f}" for value in values]
    return " & ".join([latex_text(name), *cells]) + " \\\\"
