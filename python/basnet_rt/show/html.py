"""Small tables for notebooks, in the colours of the page, light or dark."""

from __future__ import annotations

import html
from collections.abc import Iterable, Sequence

_TABLE = "border-collapse:collapse;font-variant-numeric:tabular-nums"
_CELL = "padding:2px 10px;border-bottom:1px solid rgba(128,128,128,.35);text-align:"


def table_html(
    caption: str, heads: Sequence[str], rows: Iterable[Sequence[str]], left: Sequence[int] = (0,)
) -> str:
    """One table; every text is escaped, and columns in `left` are left-aligned."""

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
