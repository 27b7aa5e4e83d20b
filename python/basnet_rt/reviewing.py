"""The order in which a person should correct videos: the most doubtful first, with the reason."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from basnet_rt._errors import InvalidValue
from basnet_rt.results import Detection, Detections

NEAR = 0.2  # confidence around a threshold; an event this near to it is doubtful
REPEATED = 0.7  # factor on the need of a video, for each earlier video of its class in the list


@dataclass(frozen=True)
class Doubt:
    """One reason to look at a video.

    Attributes:
        kind: "near threshold", "uncertain", "tags" or "disagreement".
        strength: in [0, 1].
        label: the class that the doubt is about.
        text: the reason in words.
    """

    kind: str
    strength: float
    label: str
    text: str


@dataclass(frozen=True)
class ToReview:
    """One video; `need` in [0, 1] is the chance that one of its doubts is right."""

    video: str
    need: float
    doubts: tuple[Doubt, ...]

    @property
    def reason(self) -> Doubt:
        """The strongest doubt."""
        return self.doubts[0]

    def to_dict(self) -> dict[str, Any]:
        return asdict(self)


def review_order(
    results: Mapping[str, Detections],
    *,
    against: Sequence[Mapping[str, Detections]] = (),
    tags: Mapping[str, Collection[str]] | None = None,
    leave_out: Collection[str] = (),
) -> list[ToReview]:
    """The videos with any doubt, the most useful to correct first.

    A video counts less if its class is in the list already, so the first few have several classes.
    Equal ones keep the order of the results.

    Args:
        results: detections of calibrated models; without confidence, `against` must be given.
        against: results of other models for the same videos, such as those of held-out parts.
        tags: the known tags of each video; videos without an entry are not compared.
        leave_out: videos that are reviewed already.

    Raises:
        ValueError: there is neither confidence nor other results, so nothing can be doubtful.
    """
    known = [one for name, one in results.items() if name not in leave_out]
    if not against and any(one.confidence is None and len(one) for one in known):
        raise InvalidValue(
            "the results have no confidence, so nothing says which of them are doubtful; localize "
            "with a bundle of `basnet-train run` (or calibrate yours), or give results of another "
            "model of the same videos (--against)"
        )
    found = []
    for name, detections in results.items():
        if name in leave_out:
            continue
        doubts = _doubts(detections, [one[name] for one in against if name in one])
        if tags is not None and name in tags:
            doubts += _against_tags(detections, tags[name])
        doubts = [one for one in doubts if one.strength > 0]
        if doubts:
            doubts.sort(key=lambda one: -one.strength)
            calm = np.prod([1 - one.strength for one in doubts])
            found.append(ToReview(name, float(1 - calm), tuple(doubts)))
    return _spread(found)


def _spread(videos: list[ToReview]) -> list[ToReview]:
    """The videos by need; each further video of a class counts less."""
    chosen: list[ToReview] = []
    seen: Counter[str] = Counter()
    left = list(videos)
    while left:
        best = max(left, key=lambda one: one.need * REPEATED ** seen[one.reason.label])
        left.remove(best)
        seen[best.reason.label] += 1
        chosen.append(best)
    return chosen


def _doubts(detections: Detections, others: Sequence[Detections]) -> list[Doubt]:
    doubts = []
    if detections.confidence is not None and len(detections):
        doubts += _near_threshold(detections)
        doubts += _uncertain(detections)
    for other in others:
        doubts += _disagreement(detections, other)
    return doubts


def _near_threshold(detections: Detections) -> list[Doubt]:
    """Events whose confidence is near the threshold of being shown."""
    events = detections.events(0.0)
    assert events.confidence is not None
    least = np.full(len(events), 0.5)
    if events.suggested is not None:
        least = events.suggested[events.labels]
    near = np.clip(1 - np.abs(events.confidence - least) / NEAR, 0, 1)
    if not near.any():
        return []
    at = int(np.argmax(near))
    total = float(near.sum())
    count = int((near > 0).sum())
    return [
        Doubt(
            "near threshold",
            total / (1 + total),
            name_of(events[at]),
            f"{count} event{'s' if count > 1 else ''} near the threshold, such as "
            f"{described(events[at])} (shown from {least[at]:.2f})",
        )
    ]


def _uncertain(detections: Detections) -> list[Doubt]:
    """The class whose presence in the video is least certain."""
    best = list(_best(detections).values())
    doubts = [4 * sure * (1 - sure) for sure, _ in best]
    at = int(np.argmax(doubts))
    text = f"neither yes nor no: the best is {described(best[at][1])}"
    return [Doubt("uncertain", 0.5 * doubts[at], name_of(best[at][1]), text)]


def _best(detections: Detections) -> dict[str, tuple[float, Detection]]:
    """Confidence and detection by class."""
    best: dict[str, tuple[float, Detection]] = {}
    for one in detections:
        name, sure = name_of(one), one.confidence or 0.0
        if name not in best or sure > best[name][0]:
            best[name] = (sure, one)
    return best


def _against_tags(detections: Detections, tags: Collection[str]) -> list[Doubt]:
    """Tags that are hardly detected, and sure events that are not tagged."""
    if detections.confidence is None:
        return []
    best = _best(detections)
    doubts = []
    for tag in sorted(tags):
        sure = best[tag][0] if tag in best else 0.0
        text = f"tagged {tag}, and the highest confidence of it is {sure:.2f}"
        doubts.append(Doubt("tags", 0.8 * (1 - sure), tag, text))
    for name, (sure, one) in best.items():
        if name not in tags:
            text = f"{described(one)}, and not tagged"
            doubts.append(Doubt("tags", 0.8 * sure, name, text))
    doubts.sort(key=lambda one: -one.strength)
    return doubts[:1]


def _disagreement(detections: Detections, other: Detections) -> list[Doubt]:
    """Events of one model that the other places elsewhere, or does not have."""
    mine, theirs = detections.events(), other.events()
    overlaps = [(_best_overlap(one, theirs), one) for one in mine]
    overlaps += [(_best_overlap(one, mine), one) for one in theirs]
    if not overlaps:
        return []
    least, at = min(overlaps, key=lambda pair: pair[0])
    strength = 1 - sum(overlap for overlap, _ in overlaps) / len(overlaps)
    where = "is elsewhere" if least > 0 else "is nothing"
    text = f"models disagree: {described(at)} {where} for another (tIoU {least:.2f})"
    return [Doubt("disagreement", strength, name_of(at), text)]


def _best_overlap(one: Detection, others: Detections) -> float:
    """The highest tIoU with an event of its class."""
    overlaps = [0.0]
    for other in others:
        if name_of(other) == name_of(one):
            inside = min(one.end, other.end) - max(one.start, other.start)
            union = max(one.end, other.end) - min(one.start, other.start)
            overlaps.append(max(inside, 0.0) / union if union > 0 else 1.0)
    return max(overlaps)


def name_of(one: Detection) -> str:
    return str(one.label) if one.name is None else one.name


def described(one: Detection) -> str:
    """Such as "Run 0.48 at 12.0 to 15.5 s"."""
    sure = one.score if one.confidence is None else one.confidence
    return f"{name_of(one)} {sure:.2f} at {one.start:.1f} to {one.end:.1f} s"
