"""The quality of a run, measured with the tags of held-out videos, and advice if it is poor."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from basnet_training.heldout import HeldOut
from basnet_training.reading import TaggedVideos
from basnet_training.validation import (
    area_under_roc,
    average_precision,
    average_precision_by_chance,
)

_LEAST = 2  # fewest videos of a class: one to hold out and one to learn from
_FEW = 10  # with fewer videos of a class, more videos would help most
_POOR = 1.5  # times chance
_DIVIDED = 0.15  # share of similar snippets from which held-out numbers are too good
_SHORT, _LONG = 8, 1500  # snippets per video; outside this range the stride is hardly suitable


@dataclass(frozen=True)
class ClassQuality:
    """The quality of one class, on held-out videos.

    Attributes:
        ap: average precision of the tag by video score, in [0, 1]; None if it is not defined.
        chance: the mean over all orders of the videos; with many videos, the class's share of them.
    """

    name: str
    videos: int
    ap: float | None
    chance: float


@dataclass(frozen=True)
class Quality:
    """The quality of all classes; `auc` is for videos with action against those without."""

    classes: tuple[ClassQuality, ...]
    mean_ap: float | None
    chance: float
    auc: float | None

    def to_dict(self) -> dict[str, Any]:
        return asdict(self)


def measure_quality(held: HeldOut, videos: TaggedVideos) -> Quality:
    """Average precision of each class's tag, over all held-out videos together."""
    place = {name: index for index, name in enumerate(videos.names)}
    labels = videos.labels[[place[name] for name in held.names]] > 0
    classes = []
    for index, name in enumerate(videos.classes):
        count = int(labels[:, index].sum())
        told = _LEAST <= count < len(labels)
        ap = average_precision(held.scores[:, index], labels[:, index]) if told else None
        chance = average_precision_by_chance(len(labels), count) if count else 0.0
        classes.append(ClassQuality(name, count, ap, chance))
    known = [one for one in classes if one.ap is not None]
    action = labels.sum(axis=1) > 0
    mixed = action.any() and not action.all()
    return Quality(
        tuple(classes),
        float(np.mean([one.ap for one in known])) if known else None,
        float(np.mean([one.chance for one in known])) if known else 0.0,
        area_under_roc(held.scores.max(axis=1), action) if mixed else None,
    )


def quality_lines(quality: Quality) -> list[str]:
    """A table for people, the best class first."""
    rows = sorted(quality.classes, key=lambda one: -1 if one.ap is None else -one.ap)
    rows = sorted(rows, key=lambda one: one.ap is None)
    width = max([len(one.name) for one in rows] + [len("mean of the classes")])
    lines = [f"  {'tags of held-out videos':<{width}}  videos  average precision  by chance"]
    for one in rows:
        numbers = f"{one.videos:>6}  {_percent(one.ap):>17}  {_percent(one.chance):>9}"
        lines.append(f"  {one.name:<{width}}  {numbers}")
    mean = f"  {'mean of the classes':<{width}}          {_percent(quality.mean_ap):>17}"
    lines.append(f"{mean}  {_percent(quality.chance):>9}")
    if quality.auc is not None:
        lines.append(f"  area under ROC, action or none: {quality.auc:.3f} (by chance: 0.5)")
    return lines


def advice(
    quality: Quality,
    videos: TaggedVideos,
    lengths: Sequence[int],
    seconds: float,
    divided: float,
    silent: Sequence[str] = (),
    axes: int | None = None,
) -> list[str]:
    """Advice, most likely first; empty if nothing looks wrong.

    divided: mean share of a video's snippets that resemble a snippet of another part.
    axes: main axes of the channels that the network sees.
    """
    lines = []
    if divided > _DIVIDED:
        lines.append(
            f"{100 * divided:.0f} % of a video's snippets look like one of another that it was "
            "judged with (one camera, or parts of one recording): the held-out numbers are better "
            "than those of new scenes will be"
        )
    poor = [one for one in quality.classes if one.ap is not None and one.ap < _bar(one.chance)]
    few = [one.name for one in poor if one.videos < _FEW]
    if few:
        lines.append(
            f"{_some(few)}: hardly above chance, and fewer than {_FEW} videos each: tag more "
            "videos of them"
        )
    enough = [one.name for one in poor if one.videos >= _FEW]
    if enough:
        lines.append(
            f"{_some(enough)}: hardly above chance with {_FEW} videos or more: look whether the "
            "tags are right, and whether these features can show it (another --extractor"
            f"{_more_axes(axes, videos)})"
        )
    if poor:
        lines += _stride(lengths, seconds)
    if poor and not videos.some_without_action:
        lines.append("no video is without action; some would show what does not count")
    if silent:
        lines.append(
            f"{_some(silent)}: scores tell nothing of the tag, so no detection is an event; --all "
            "shows them"
        )
    unknown = [one.name for one in quality.classes if one.ap is None]
    if unknown:
        lines.append(f"{_some(unknown)}: cannot be told: in one video only, or in every one")
    return lines


def _more_axes(axes: int | None, videos: TaggedVideos) -> str:
    """The setting that keeps more of reduced features."""
    channels = videos.source.shape(videos.names[0])[1]
    if axes is None or axes >= channels:
        return ""
    more = min(4 * axes, channels)
    return f", or more than {axes} main axes of {channels}: --set network.projection_dim={more}"


def _stride(lengths: Sequence[int], seconds: float) -> list[str]:
    median = float(np.median(lengths))
    if median < _SHORT:
        said = f"half of the videos have no more than {median:.0f} snippets ({seconds:.3g} s each)"
        return [f"{said}: a smaller stride shows short actions"]
    if median > _LONG:
        said = f"half of the videos have {median:.0f} snippets or more ({seconds:.3g} s each)"
        return [f"{said}: cut them into parts with tags of their own, or use a larger stride"]
    return []


def _bar(chance: float) -> float:
    """The average precision below which a class counts as hardly learned."""
    return min(_POOR * chance, (1 + chance) / 2)


def _percent(share: float | None) -> str:
    return "-" if share is None else f"{100 * share:.1f}"


def _some(names: Sequence[str]) -> str:
    return ", ".join(names[:5]) + (f" and {len(names) - 5} more" if len(names) > 5 else "")
