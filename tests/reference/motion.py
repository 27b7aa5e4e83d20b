"""Extractor `motion` from flow on, in float64 and pixel by pixel: docs/extractors.md in code."""

from __future__ import annotations

import itertools
import math

import numpy as np

CELL, BINS = 8, 8
ENERGIES = 10
ACCELERATION = 6
STRONGEST = (1, 3, 8, 20, 50, 120, 300)
SCALES = (0.05, 0.02, 0.02, 0.02, 0.02, 0.02, 0.05, 0.5, 2.0, 0.2)
SPREADS = {0: 8.0, 6: 8.0, 1: 8.0, 7: 60.0}  # energy: upper end


def gradient(values):
    """Central differences, the edge repeated; (d/dx, d/dy)."""
    padded = np.pad(np.asarray(values, dtype=np.float64), 1, mode="edge")
    return (padded[1:-1, 2:] - padded[1:-1, :-2]) / 2, (padded[2:, 1:-1] - padded[:-2, 1:-1]) / 2


def cell_means(values):
    """(H, W) to (N,)."""
    high, wide = np.asarray(values).shape
    return np.array(
        [
            np.mean(np.float64(values[y : y + CELL, x : x + CELL]))
            for y in range(0, high, CELL)
            for x in range(0, wide, CELL)
        ]
    )


def cell_histograms(x, y, weight, *, lines=False):
    """(N, 8): every pixel's weight shared between the two nearest of eight directions."""
    high, wide = x.shape
    found = np.zeros((high // CELL, wide // CELL, BINS))
    for i in range(high):
        for j in range(wide):
            whole = math.pi if lines else 2 * math.pi
            position = math.atan2(y[i, j], x[i, j]) % whole / whole * BINS
            for b in range(BINS):
                apart = abs(position - b)
                apart = min(apart, BINS - apart)
                found[i // CELL, j // CELL, b] += weight[i, j] * max(0.0, 1 - apart)
    return found.reshape(-1, BINS) / CELL**2


def cells(flow, flow_before, before, after):
    """energies (N, 10), vectors (N, 3), histograms (5, N, 8) of one pair."""
    u, v = np.moveaxis(np.asarray(flow, dtype=np.float64), 2, 0)
    before, after = np.float64(before), np.float64(after)
    (ux, uy), (vx, vy), (gx, gy) = gradient(u), gradient(v), gradient(after)
    step = np.float64(flow) - np.float64(flow_before)
    speed, texture = np.hypot(u, v), np.hypot(gx, gy)
    moving = texture * np.minimum(speed, 2)
    maps = (
        speed,
        np.hypot(ux, uy),
        np.hypot(vx, vy),
        abs(ux + vy),
        abs(vx - uy),
        np.hypot(ux - vy, uy + vx),
        np.hypot(step[..., 0], step[..., 1]),
        abs(after - before),
        texture,
        moving,
    )
    histograms = (
        cell_histograms(u, v, speed),
        cell_histograms(ux, uy, maps[1]),
        cell_histograms(vx, vy, maps[2]),
        cell_histograms(gx, gy, texture, lines=True),
        cell_histograms(gx, gy, moving, lines=True),
    )
    energies = np.stack([cell_means(one) for one in maps], axis=1)
    vectors = np.stack([cell_means(one) for one in (u, v, speed * speed)], axis=1)
    return energies, vectors, np.stack(histograms)


def cuts(changes):
    """Which pairs are none, from (difference, correlation) of each."""
    median = float(np.median([difference for difference, _ in changes]))
    return [
        difference >= 16 and (difference > 8 * median or likeness < 0.5)
        for difference, likeness in changes
    ]


def mean_of(values, counted):
    """Mean over the pairs that count, zeros where none does."""
    kept = [value for value, one in zip(values, counted, strict=True) if one]
    return np.mean(kept, axis=0) if kept else np.zeros(np.shape(values[0]))


def pool(pairs, changes, rows, layout):
    """The feature vector of one snippet, from what `cells` gave for each of its pairs."""
    counted = [not cut for cut in cuts(changes)]
    both = [False] + [a and b for a, b in itertools.pairwise(counted)]
    series = np.stack([energies for energies, _, _ in pairs])  # P, N, 10
    means, deviations, peaks = [], [], []
    for k in range(ENERGIES):
        use = both if k == ACCELERATION else counted
        means.append(mean_of(series[:, :, k], use))
        deviations.append(np.sqrt(mean_of((series[:, :, k] - means[-1]) ** 2, use)))
        kept = [one for one, used in zip(series[:, :, k], use, strict=True) if used]
        peaks.append(np.max(kept, axis=0) if kept else np.zeros(series.shape[1]))
    u, v, squared = mean_of([vectors for _, vectors, _ in pairs], counted).T
    histograms = mean_of([one for _, _, one in pairs], counted)
    parts = []
    for statistic in (means, deviations, peaks):
        for values, scale in zip(statistic, SCALES, strict=True):
            parts += [math.log1p(one / scale) for one in strongest(values)]
    extra = np.maximum(means[0] - np.hypot(u, v), 0)
    for values in (np.sqrt(squared), np.hypot(u, v), extra):
        parts += [math.log1p(one / 0.05) for one in strongest(values)]
    for k, most in SPREADS.items():
        parts += spread(means[k], most)
    parts += disorder(means[0], histograms, rows)
    if layout:
        parts += divided(histograms, rows, layout)
    return np.array(parts)


def strongest(values):
    falling = sorted(values, reverse=True)
    return [np.mean(falling[: max(1, len(falling) * k // 300)]) for k in STRONGEST]


def spread(values, most):
    found = np.zeros(10)
    for value in values:
        position = (math.log(value + 1e-3) - math.log(0.01)) / (math.log(most) - math.log(0.01))
        position = min(max(position, 0), 1) * 9
        for b in range(10):
            found[b] += max(0, 1 - abs(position - b))
    return list(np.sqrt(found / len(values)))


def blocks(grid, side):
    """Means of blocks of side x side cells (all cells, where there are fewer)."""
    high, wide = grid.shape[:2]
    step = max(1, side // 2)
    tall, broad = min(side, high), min(side, wide)
    return [
        grid[y : y + tall, x : x + broad].mean(axis=(0, 1))
        for y in range(0, high - tall + 1, step)
        for x in range(0, wide - broad + 1, step)
    ]


def disorder(speed, histograms, rows):
    parts = []
    for side in (1, 3, 7):
        busy = blocks(speed.reshape(rows, -1), side)
        order = sorted(range(len(busy)), key=lambda i: -busy[i])
        for kind in range(3):
            found = blocks(histograms[kind].reshape(rows, -1, BINS), side)
            for count in (10, 50):
                falling = [sorted(found[i], reverse=True) for i in order[:count]]
                parts += list(rooted(np.mean(falling, axis=0)))
    return parts


def divided(histograms, rows, layout):
    parts = []
    for one in histograms:
        grid = one.reshape(rows, -1, BINS)
        for side in sorted({1, layout}):
            means = [
                part.mean(axis=(0, 1))
                for row in np.array_split(grid, side, axis=0)
                for part in np.array_split(row, side, axis=1)
            ]
            parts += list(rooted(np.concatenate(means)))
    return parts


def rooted(histogram):
    return np.sqrt(histogram / (np.sum(histogram) + 0.02))
