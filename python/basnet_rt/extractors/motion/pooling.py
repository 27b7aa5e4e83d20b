"""From the cells of a snippet's pairs to one feature vector, in four parts.

`strength` is the amount of motion, `spread` its distribution, `disorder` the number of directions
where motion is strongest, and `layout` its places and directions. The first three do not change if
cells are exchanged or the picture is turned upside down or mirrored.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from basnet_rt.extractors.motion.cells import BINS, ENERGIES, HISTOGRAMS, VECTORS, Cells

Floats = npt.NDArray[np.float32]
Doubles = npt.NDArray[np.float64]

# Number of the strongest cells that are averaged, of 300 cells; else in proportion.
STRONGEST = (1, 3, 8, 20, 50, 120, 300)
# The logarithm of an energy is straight below this and curved above: about the noise of each.
SCALES = np.array([0.05, 0.02, 0.02, 0.02, 0.02, 0.02, 0.05, 0.5, 2.0, 0.2])
SPREADS = ("speed", "acceleration", "gradient_u", "difference")
SPREAD_BINS, LEAST, MOST = 10, 0.01, {"difference": 60.0}
BLOCKS, BUSIEST = (1, 3, 7), (10, 50)  # cells of a block's side; blocks that are taken
DISORDERED = ("hof", "mbh_u", "mbh_v")
NOISE = 0.02  # added to a histogram's sum, so that pure noise does not become a full histogram


@dataclass(frozen=True)
class Snippet:
    """Cells of the P pairs of one snippet; float64.

    Attributes:
        energies (P, N, 10), vectors (P, N, 3), histograms (P, 5, N, 8): see cells.py.
        weights: (P, 10) 1 if a pair counts for an energy, else 0; a pair with a cut does not count,
            nor does the acceleration of the pair after it.
        rows: of the grid; N is a multiple.
    """

    energies: Doubles
    vectors: Doubles
    histograms: Doubles
    weights: Doubles
    rows: int

    @classmethod
    def of(cls, pairs: list[Cells], cuts: npt.NDArray[np.bool_], rows: int) -> Snippet:
        counted = ~cuts
        weights = np.repeat(counted[:, None], len(ENERGIES), axis=1).astype(np.float64)
        # The pair before the snippet's first does not belong to the snippet.
        weights[:, ENERGIES.index("acceleration")] *= np.append(False, counted[:-1])
        return cls(
            np.stack([one.energies for one in pairs]).astype(np.float64),
            np.stack([one.vectors for one in pairs]).astype(np.float64),
            np.stack([one.histograms for one in pairs]).astype(np.float64),
            weights,
            rows,
        )

    def mean_energies(self) -> Doubles:
        return self._mean(self.energies, self.weights[:, None])

    def mean_vectors(self) -> Doubles:
        return self._mean(self.vectors, self.weights[:, :1, None])

    def mean_histograms(self) -> Doubles:
        return self._mean(self.histograms, self.weights[:, :1, None, None])

    def deviations(self) -> Doubles:
        """(N, 10) standard deviations over time."""
        apart = self.energies - self.mean_energies()
        return np.sqrt(self._mean(apart * apart, self.weights[:, None]))

    def peaks(self) -> Doubles:
        """(N, 10) largest over time; 0 where no pair counts."""
        peaks: Doubles = (self.energies * self.weights[:, None]).max(axis=0)
        return peaks

    def _mean(self, values: Doubles, weights: Doubles) -> Doubles:
        mean: Doubles = (values * weights).sum(axis=0) / np.maximum(weights.sum(axis=0), 1)
        return mean


def strength(snippet: Snippet) -> Doubles:
    """Means of the strongest cells of every energy's mean, deviation and peak over time.

    Also of the root mean square speed, of the length of the mean flow, and of the mean speed minus
    that length: 0 if all motion has one direction, the whole mean speed if it goes to and fro.
    """
    u, v, squared = snippet.mean_vectors().T
    steady = np.sqrt(u * u + v * v)
    mean = snippet.mean_energies()
    moves = np.stack([np.sqrt(squared), steady, np.maximum(mean[:, 0] - steady, 0)], axis=1)
    parts = [
        np.log1p(_of_strongest(values) / scales).T.ravel()
        for values, scales in (
            (mean, SCALES),
            (snippet.deviations(), SCALES),
            (snippet.peaks(), SCALES),
            (moves, SCALES[0]),
        )
    ]
    return np.concatenate(parts)


def spread(snippet: Snippet) -> Doubles:
    """Root of the share of cells in ten bins of the logarithm of four energies' means."""
    mean, parts = snippet.mean_energies(), []
    for name in SPREADS:
        least, most = np.log(LEAST), np.log(MOST.get(name, 8.0))
        position = (np.log(mean[:, ENERGIES.index(name)] + 1e-3) - least) / (most - least)
        position = np.clip(position, 0, 1) * (SPREAD_BINS - 1)
        near = np.maximum(1 - np.abs(position[:, None] - np.arange(SPREAD_BINS)), 0)
        parts.append(np.sqrt(near.mean(axis=0)))
    return np.concatenate(parts)


def disorder(snippet: Snippet) -> Doubles:
    """Histograms of orientation of the busiest blocks, the fullest bin first.

    A sorted histogram does not show the directions of motion, but still their number.
    """
    speed = _grid(snippet.mean_energies()[:, :1], snippet.rows)
    histograms = snippet.mean_histograms()
    parts = []
    for side in BLOCKS:
        order = np.argsort(-_blocks(speed, side).ravel(), kind="stable")
        for name in DISORDERED:
            cells = _grid(histograms[HISTOGRAMS.index(name)], snippet.rows)
            sorted_bins = -np.sort(-_blocks(cells, side).reshape(-1, BINS), axis=1)
            parts += [_root(sorted_bins[order[:count]].mean(axis=0)) for count in BUSIEST]
    return np.concatenate(parts)


def layout(snippet: Snippet, side: int) -> Doubles:
    """Histograms of orientation of the whole picture, then, from 2 on, of `side` x `side` parts.

    Histograms of one kind and division are scaled together to a sum of 1, and roots are taken: a
    part with little motion has small values.
    """
    parts = []
    for histograms in snippet.mean_histograms():
        cells = _grid(histograms, snippet.rows)
        for count in sorted({1, side}):
            rows = np.array_split(cells, count, axis=0)
            fields = [one for row in rows for one in np.array_split(row, count, axis=1)]
            parts.append(_root(np.stack([one.mean(axis=(0, 1)) for one in fields]).ravel()))
    return np.concatenate(parts)


def pool(snippet: Snippet, layout_side: int) -> Floats:
    """The feature vector (F,)."""
    parts = [strength(snippet), spread(snippet), disorder(snippet)]
    if layout_side:
        parts.append(layout(snippet, layout_side))
    return np.concatenate(parts).astype(np.float32)


def size(layout_side: int) -> int:
    """F."""
    strengths = (3 * len(ENERGIES) + len(VECTORS)) * len(STRONGEST)
    disorders = len(BLOCKS) * len(DISORDERED) * len(BUSIEST) * BINS
    layouts = len(HISTOGRAMS) * BINS * sum(count**2 for count in {1, layout_side} if layout_side)
    return strengths + len(SPREADS) * SPREAD_BINS + disorders + layouts


def _of_strongest(values: Doubles) -> Doubles:
    """(N, K) to (7, K): means of the largest of each column."""
    falling = -np.sort(-values, axis=0)
    counts = [max(1, len(values) * count // STRONGEST[-1]) for count in STRONGEST]
    return np.stack([falling[:count].mean(axis=0) for count in counts])


def _grid(values: Doubles, rows: int) -> Doubles:
    return values.reshape(rows, -1, values.shape[-1])


def _blocks(cells: Doubles, side: int) -> Doubles:
    """Means of overlapping blocks of side x side cells, half a side apart; a small grid is one."""
    step = max(1, side // 2)
    high, wide = (min(side, length) for length in cells.shape[:2])
    windows = np.lib.stride_tricks.sliding_window_view(cells, (high, wide), axis=(0, 1))
    means: Doubles = windows[::step, ::step].mean(axis=(-2, -1))
    return means


def _root(histogram: Doubles) -> Doubles:
    """Hellinger's kernel by a dot product: the roots of the shares."""
    rooted: Doubles = np.sqrt(histogram / (histogram.sum() + NOISE))
    return rooted
