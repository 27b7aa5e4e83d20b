"""Divides training videos into balanced parts, and measures the scenes that parts share.

A network may memorise the scenes of training videos; held-out numbers are then better than for new
scenes. Holding out all videos of a scene together does not help if tagged and untagged videos share
scenes: on the only real set that was tried, the numbers rose.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from .videos import TaggedVideos

Floats = npt.NDArray[np.float64]

MOST_COMPARED = 1000  # videos
SAMPLE = 1500  # snippets to compare with each other
ALIKE = 0.95  # lowest cosine of centred features for two snippets of the same scene


def shared_scenes(videos: TaggedVideos) -> Floats:
    """(N, N): the share of the row's snippets that resemble a snippet of the column; diagonal 0.

    Compares `SAMPLE` evenly taken snippets; the share among all snippets would be higher.
    """
    rows, counts = _sampled(videos)
    centred = rows - rows.mean(axis=0)
    centred /= np.maximum(np.abs(centred).max(axis=1, keepdims=True), 1e-12)
    centred /= np.maximum(np.linalg.norm(centred, axis=1, keepdims=True), 1e-12)
    starts = np.concatenate(([0], np.cumsum(counts)[:-1]))
    alike = np.maximum.reduceat(centred @ centred.T >= ALIKE, starts, axis=1)
    shares: Floats = np.add.reduceat(alike.astype(np.float64), starts, axis=0) / counts[:, None]
    np.fill_diagonal(shares, 0)
    return shares


def balanced_parts(
    groups: Sequence[Sequence[int]], labels: npt.NDArray[np.float32], parts: int
) -> list[list[int]]:
    """Divide groups of videos into parts with similar numbers of each class.

    Greedy, the largest groups first: each goes to the part where it adds least to the sum of
    squared shares of the classes, of the videos without action, and of all videos.
    """
    without = labels.sum(axis=1, keepdims=True) == 0
    kinds = np.concatenate((labels > 0, without, np.ones_like(without)), axis=1).astype(np.float64)
    kinds /= np.maximum(kinds.sum(axis=0), 1)
    held = np.zeros((parts, kinds.shape[1]))
    members: list[list[int]] = [[] for _ in range(parts)]
    for one in sorted(groups, key=len, reverse=True):
        own = kinds[list(one)].sum(axis=0)
        cost = ((held + own) ** 2 - held**2).sum(axis=1)
        part = int(np.argmin(cost))
        held[part] += own
        members[part] += one
    return [sorted(one) for one in members]


def _sampled(videos: TaggedVideos) -> tuple[npt.NDArray[np.float32], npt.NDArray[np.int64]]:
    """Concatenated snippets of all videos, and the number for each video, at least one."""
    each = max(1, SAMPLE // len(videos))
    rows, counts = [], []
    for name in videos.names:
        length = videos.source.shape(name)[0]
        chosen = np.unique(np.linspace(0, length - 1, min(each, length)).astype(np.int64))
        rows.append(videos.source.read(name, chosen))
        counts.append(len(chosen))
    return np.concatenate(rows), np.array(counts)
