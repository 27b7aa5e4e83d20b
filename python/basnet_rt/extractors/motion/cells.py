"""Motion in each cell of a pair of pictures: energies and histograms of orientation.

Every value is a mean over the pixels of a cell of 8 x 8. Flow is in pixels per frame.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float32]

CELL = 8  # pixels of a side
BINS = 8  # orientations
# Scalar channels, in this order.
ENERGIES = (
    "speed",
    "gradient_u",
    "gradient_v",
    "divergence",
    "curl",
    "shear",
    "acceleration",
    "difference",
    "texture",
    "moving_texture",
)
VECTORS = ("u", "v", "speed_squared")  # not energies, but means of the same kind
# Histograms of orientation: of flow; of the gradients of u and v; of the picture, all and moving.
HISTOGRAMS = ("hof", "mbh_u", "mbh_v", "hog", "moving_hog")
MOST_SPEED = 2.0  # pixels per frame from which texture counts in full as moving


@dataclass(frozen=True, slots=True)
class Cells:
    """One pair of pictures, N cells in rows from the top left; float32.

    Attributes:
        energies: (N, 10), see ENERGIES. "acceleration" is against the pair before.
        vectors: (N, 3), see VECTORS.
        histograms: (5, N, 8), see HISTOGRAMS; they sum over the bins to the mean magnitude.
    """

    energies: Floats
    vectors: Floats
    histograms: Floats


class CellMaker:
    """Makes `Cells` of flow and pictures of one size, which is a multiple of 8 both ways.

    Args:
        vision: the module cv2.
    """

    def __init__(self, vision: Any, width: int, height: int) -> None:
        self._vision = vision
        self.columns, self.rows = width // CELL, height // CELL
        cell = np.arange(height)[:, None] // CELL * self.columns + np.arange(width) // CELL
        self._first_bin = cell.astype(np.intp).ravel() * BINS

    def __call__(
        self, flow: Floats, flow_before: Floats, before: npt.NDArray[np.uint8], after: Floats
    ) -> Cells:
        """Cells of flow (H, W, 2), the pair before's flow, and the pair's grey pictures (H, W)."""
        u, v = np.ascontiguousarray(flow[..., 0]), np.ascontiguousarray(flow[..., 1])
        speed = self._length(u, v)
        ux, uy = self._gradient(u)
        vx, vy = self._gradient(v)
        gx, gy = self._gradient(after)
        gradient_u, gradient_v = self._length(ux, uy), self._length(vx, vy)
        texture = self._length(gx, gy)
        moving = texture * np.minimum(speed, np.float32(MOST_SPEED))
        step = flow - flow_before
        energies = (
            speed,
            gradient_u,
            gradient_v,
            np.abs(ux + vy),
            np.abs(vx - uy),
            self._length(ux - vy, uy + vx),
            self._length(step[..., 0], step[..., 1]),
            np.abs(after - before),
            texture,
            moving,
        )
        orientation = self._turns(gx, gy) * 2  # a line has no direction: half a turn is whole
        histograms = (
            self._histogram(speed, self._turns(u, v)),
            self._histogram(gradient_u, self._turns(ux, uy)),
            self._histogram(gradient_v, self._turns(vx, vy)),
            self._histogram(texture, orientation),
            self._histogram(moving, orientation),
        )
        return Cells(
            self._means(energies),
            self._means((u, v, speed * speed)),
            np.stack(histograms).astype(np.float32),
        )

    def small(self, picture: npt.NDArray[np.uint8]) -> Floats:
        """(rows, columns) means of a grey picture's cells."""
        return self._means((picture.astype(np.float32),)).reshape(self.rows, self.columns)

    def _means(self, maps: tuple[Floats, ...]) -> Floats:
        size = (self.columns, self.rows)
        area = self._vision.INTER_AREA
        return np.stack(
            [self._vision.resize(one, size, interpolation=area).ravel() for one in maps], axis=1
        )

    def _gradient(self, values: Floats) -> tuple[Floats, Floats]:
        """Central differences per pixel; the edge is repeated."""
        sobel, edge = self._vision.Sobel, self._vision.BORDER_REPLICATE
        kind = self._vision.CV_32F
        return (
            sobel(values, kind, 1, 0, ksize=1, scale=0.5, borderType=edge),
            sobel(values, kind, 0, 1, ksize=1, scale=0.5, borderType=edge),
        )

    def _length(self, x: Floats, y: Floats) -> Floats:
        length: Floats = np.sqrt(x * x + y * y)
        return length

    def _turns(self, x: Floats, y: Floats) -> Floats:
        """Direction in bins, 0 to 8: 0 points right, 2 down."""
        turns: Floats = self._vision.phase(x, y) * np.float32(BINS / (2 * np.pi))
        return turns

    def _histogram(self, weight: Floats, position: Floats) -> npt.NDArray[np.float64]:
        """(N, 8): each pixel's weight goes to the two nearest bins, the nearer one gets more."""
        position, weight = position.ravel(), weight.ravel()
        lower = position.astype(np.intp)
        upper_share = weight * (position - lower)
        lower_share = weight - upper_share
        count = self.rows * self.columns * BINS
        total = np.bincount(self._first_bin + (lower & 7), lower_share, count)
        total += np.bincount(self._first_bin + (lower + 1 & 7), upper_share, count)
        return total.reshape(-1, BINS) / CELL**2
