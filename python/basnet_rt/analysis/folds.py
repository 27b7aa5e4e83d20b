"""Divides videos into folds, so that settings are evaluated on held-out videos."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from basnet_rt._errors import InvalidValue
from basnet_rt._system.arguments import as_count
from basnet_rt._system.shown import shown
from basnet_rt.annotations import AnnotationSet


def divide(
    annotated: AnnotationSet,
    count: int,
    *,
    seed: int = 0,
    groups: Mapping[str, str] | None = None,
) -> list[list[str]]:
    """Divide videos into folds with similar numbers of marked segments, and then of videos.

    Args:
        count: of folds, at least 2.
        seed: of the order among videos with equal numbers of segments.
        groups: group of each video, such as its scene or camera; a group stays in one fold. A video
            without an entry is a group of its own.

    Raises:
        ValueError: `count` is below 2, or some fold has no marked segment.
    """
    if as_count(count, "folds") < 2:
        raise InvalidValue(f"folds is {count}; it must be at least 2")
    together = _together(annotated, groups or {})
    sizes = [_size(annotated, names) for names in together]
    held = sum(1 for segments, _ in sizes if segments)
    if held < count:
        raise InvalidValue(
            f"folds is {count}; only {held} videos or groups of videos have marked segments, and "
            "every fold needs one"
        )
    folds: list[list[str]] = [[] for _ in range(count)]
    loads = np.zeros((count, 2), np.int64)  # segments, videos
    order = np.random.default_rng(seed).permutation(len(together)).tolist()
    for at in sorted(order, key=lambda one: (-sizes[one][0], -sizes[one][1])):
        # Videos with segments balance the segments; the others then balance the videos.
        first = 0 if sizes[at][0] else 1
        fold = min(range(count), key=lambda one: (loads[one, first], loads[one, 1 - first], one))
        folds[fold] += together[at]
        loads[fold] += sizes[at]
    return folds


def _together(annotated: AnnotationSet, groups: Mapping[str, str]) -> list[list[str]]:
    """Videos of each group; a video without one is alone.

    Raises:
        ValueError: there are groups, and no video has one.
    """
    if groups and not any(name in groups for name in annotated.videos):
        theirs, ours = shown(list(groups)[-1]), shown(next(iter(annotated.videos), "none"))
        raise InvalidValue(
            f"groups: name none of the videos: they have {theirs}, the videos are {ours}; give "
            "both the same names"
        )
    members: dict[tuple[bool, str], list[str]] = {}
    for name in annotated.videos:
        members.setdefault((name in groups, groups.get(name, name)), []).append(name)
    return list(members.values())


def _size(annotated: AnnotationSet, names: Sequence[str]) -> tuple[int, int]:
    """Marked segments, and videos."""
    return sum(len(annotated.videos[name].segments) for name in names), len(names)
