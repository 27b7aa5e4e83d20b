"""Pictures of the documentation, as small files."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

DOTS_PER_INCH = 160  # sharp on a screen of two dots a pixel, at a page's width
COLOURS = 64  # plots have few: a palette takes a third of the bytes


def save_png(figure: Any, path: Path) -> None:
    """Write a matplotlib figure with a palette; the same figure gives the same bytes."""
    from PIL import Image

    drawn = io.BytesIO()
    figure.savefig(drawn, format="png", dpi=DOTS_PER_INCH, metadata={"Software": None})
    picture = Image.open(drawn).convert("RGB")
    path.parent.mkdir(parents=True, exist_ok=True)
    picture.quantize(COLOURS, dither=Image.Dither.NONE).save(path, optimize=True)
