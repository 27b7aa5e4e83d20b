"""Videos that show the same scene: they belong on one side of every division.

A network that has seen a scene knows its videos by heart; held-out parts that share scenes with
what was learned tell too good a quality, and too much confidence.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from .videos import TaggedVideos

Floats = npt.NDArray[np.float64]

SAMPLE = 1500  # snippets that are compared with each other
ALIKE = 0.95  # cosine of centred features from which two snippets count as the same scene
_SHARED = 0.25  # of a video's snippets that must look like the other's, to go together


def shared_scenes(videos: TaggedVideos) -> Floats:
    """(N, N): the share of the row's snippets that look like one of the column's; diagonal 0.

    Looks at `SAMPLE` snippets, evenly taken: a share found among few is less than that of all.
    """
    rows, counts = _sampled(videos)
    centred = rows - rows.mean(axis=0)
    centred /= np.maximum(np.linalg.norm(centred, axis=1, keepdims=True), 1e-12)
    starts = np.concatenate(([0], np.cumsum(counts)[:-1]))
    alike = np.maximum.reduceat(centred @ centred.T >= ALIKE, starts, axis=1)
    shares: Floats = np.add.reduceat(alike.astype(np.float64), starts, axis=0) / counts[:, None]
    np.fill_diagonal(shares, 0)
    return shares


def scene_groups(shares: Floats, twins: Sequence[Sequence[int]], largest: int) -> list[list[int]]:
    """Places of the videos that go together, every video in one group; the closest pairs first.

    Args:
        shares: of `shared_scenes`.
        twins: videos of the same features, which always go together.
        largest: videos in a group, at most, so that there is something left to divide.
    """
    group = {place: [place] for place in range(len(shares))}
    for pair in twins:
        for other in pair[1:]:
            _join(group, pair[0], other)
    both = np.maximum(shares, shares.T)
    first, second = np.nonzero(np.triu(both) >= _SHARED)
    for at in np.argsort(-both[first, second], kind="stable").tolist():
        one, other = int(first[at]), int(second[at])
        together = len(group[one]) + len(group[other])
        if group[one] is not group[other] and together <= largest:
            _join(group, one, other)
    return list({id(members): members for members in group.values()}.values())


def balanced_parts(
    groups: Sequence[Sequence[int]], labels: npt.NDArray[np.float32], parts: int
) -> list[list[int]]:
    """Divide groups of videos into parts that have much the same number of each class.

    Greedy, the largest groups first: each goes where it adds least to the sum of squared shares of
    the classes, of the videos without action, and of all videos.
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


def _join(group: dict[int, list[int]], one: int, other: int) -> None:
    if group[one] is group[other]:
        return
    joined = group[one] + group[other]
    for place in joined:
        group[place] = joined


def _sampled(videos: TaggedVideos) -> tuple[npt.NDArray[np.float32], npt.NDArray[np.int64]]:
    """Snippets of each video, one after the other, and how many each has; at least one."""
    each = max(1, SAMPLE // len(videos))
    rows, counts = [], []
    for name in videos.names:
        length = videos.source.shape(name)[0]
        chosen = np.unique(np.linspace(0, length - 1, min(each, length)).astype(np.int64))
        rows.append(videos.source.read(name, chosen))
        counts.append(len(chosen))
    return np.concatenate(rows), np.array(counts)
