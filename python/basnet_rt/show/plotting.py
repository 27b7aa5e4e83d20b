"""Common parts of the plots: matplotlib if it is installed, and colours."""

from __future__ import annotations

from typing import Any

from basnet_rt._system.extras import from_extra

# Okabe and Ito's palette: told apart by colour-blind readers, on light and dark backgrounds.
BLUE, ORANGE, GREEN, VERMILION, PURPLE, GREY = (
    "#0072B2",
    "#E69F00",
    "#009E73",
    "#D55E00",
    "#CC79A7",
    "#8C8C8C",
)


def pyplot() -> Any:
    """`matplotlib.pyplot`.

    Raises:
        Error: it is not installed; the message names the extra.
    """
    return from_extra("matplotlib.pyplot", "plot", "plotting")


def quiet_frame(axes: Any, grid: str) -> None:
    """Axes without the box, with faint grid lines along one axis behind the drawing."""
    axes.spines[["top", "right"]].set_visible(False)
    axes.grid(axis=grid, color=GREY, alpha=0.3, linewidth=0.6)
    axes.set_axisbelow(True)
