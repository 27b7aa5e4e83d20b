"""Segments that a person corrected: the reviewed videos, and what is known of each."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from basnet_rt import InvalidValue
from basnet_rt._system.json_file import read_json
from basnet_rt.annotations import (
    AnnotationSet,
    Segment,
    VideoAnnotation,
    parse_activitynet,
)
from basnet_rt.formats.activitynet import REJECTED, UNFINISHED
from basnet_rt.tags.matching import folded, match_names

_NAMED = 3


@dataclass(frozen=True)
class Correction:
    """The corrections of one video.

    Attributes:
        segments: accepted, moved or added by a person, in seconds.
        rejected: segments that, according to a person, are not of their class.
        whole: whether the person watched the whole video. If so, time outside of `segments` is
            known to have no action; if not, only the listed segments are known.
        duration: in seconds; None if the file has none.
    """

    segments: tuple[Segment, ...]
    rejected: tuple[Segment, ...] = ()
    whole: bool = True
    duration: float | None = None

    @property
    def tags(self) -> set[str]:
        return {one.label for one in self.segments}


def read_corrected(path: str | Path) -> dict[str, Correction]:
    """Read ground truth in ActivityNet form, with reviewed videos marked ("reviewed": true).

    The report's export and `basnet-rt convert --to ground-truth` write it. Videos without the mark
    are left out, because a model may have made their segments. The report also lists partly
    reviewed videos, under "unfinished".

    Raises:
        ValueError: the file is absent, of another form, or has no reviewed video; says what to do.
    """
    path = Path(path)
    if path.suffix.lower() != ".json":
        raise InvalidValue(
            f"{path}: expected corrected segments as .json; `basnet-rt convert {path} "
            "corrected.json --to ground-truth --reviewed` makes them of another form"
        )
    content = read_json(path)
    if isinstance(content, dict) and "results" in content and "database" not in content:
        raise InvalidValue(
            f"{path}: these are a model's results, which nobody corrected; open the report, "
            "correct videos, and export them"
        )
    found = {
        name: Correction(video.segments, duration=video.duration)
        for name, video in parse_activitynet(content, str(path)).videos.items()
        if video.reviewed
    }
    found |= _unfinished(content.get(UNFINISHED, {}), f"{path}, {UNFINISHED}")
    if not found:
        raise InvalidValue(
            f'{path}: no video is marked as reviewed ("reviewed": true); mark videos in the report '
            "before exporting, or add --reviewed to `basnet-rt convert --to ground-truth` where a "
            "person looked at every video of the file"
        )
    return found


def _unfinished(entries: Any, where: str) -> dict[str, Correction]:
    accepted = _parsed(entries, "annotations", where)
    rejected = _parsed(entries, REJECTED, where)
    return {
        name: Correction(video.segments, rejected[name].segments, False, video.duration)
        for name, video in accepted.items()
        if video.segments or rejected[name].segments
    }


def _parsed(entries: Any, key: str, where: str) -> dict[str, VideoAnnotation]:
    if not isinstance(entries, dict) or not all(isinstance(e, dict) for e in entries.values()):
        raise InvalidValue(f"{where}: expected an object of videos")
    database = {
        name: {"duration": entry.get("duration"), "annotations": entry.get(key, [])}
        for name, entry in entries.items()
    }
    return parse_activitynet({"database": database}, where).videos


@dataclass(frozen=True)
class Corrected:
    """Annotations with corrected tags, the corrections by the features' names, and remarks."""

    annotations: AnnotationSet
    corrections: dict[str, Correction]
    remarks: tuple[str, ...]


def with_corrections(
    present: AnnotationSet,
    corrections: Mapping[str, Correction],
    features: Iterable[str],
    elsewhere: Sequence[str],
    *,
    skip: bool,
) -> Corrected:
    """Apply corrections to the tags.

    A reviewed video gets the tags of its segments. A partly reviewed one keeps its tags, and also
    gets those of its accepted segments. A reviewed video without tags joins the training.

    Args:
        present: tags under the features' names.
        features: names of all features.
        elsewhere: videos of another subset; they are left out.
        skip: whether to leave out corrected videos without features; otherwise they are an error.
    """
    other = {folded(name) for name in elsewhere}
    meant = {name: one for name, one in corrections.items() if folded(name) not in other}
    match = match_names(list(meant), features)
    if match.absent and not skip:
        some = ", ".join(match.absent[:_NAMED])
        raise InvalidValue(
            f"{len(match.absent)} of {len(meant)} corrected videos have no features: {some}. Make "
            "them (`basnet-rt extract`), or train without these videos: --missing skip"
        )
    named = {match.found[name]: one for name, one in meant.items() if name in match.found}
    used = {n: one for n, one in named.items() if one.whole or n in present.videos}
    videos = dict(present.videos)
    for name, one in used.items():
        videos[name] = _tagged(name, one, videos.get(name))
    remarks = _remarks(corrections, used, present, len(corrections) - len(meant))
    return Corrected(AnnotationSet(videos, present.simulated), used, remarks)


def _tagged(name: str, one: Correction, before: VideoAnnotation | None) -> VideoAnnotation:
    known = set() if one.whole or before is None else set(before.tags)
    tags = tuple(sorted(one.tags | known))
    if before is None:
        return VideoAnnotation(name, tags, duration=one.duration)
    return replace(before, tags=tags)


def _remarks(
    corrections: Mapping[str, Correction],
    used: Mapping[str, Correction],
    present: AnnotationSet,
    elsewhere: int,
) -> tuple[str, ...]:
    whole = sum(one.whole for one in used.values())
    lines = [f"{len(used)} videos have corrected segments, {whole} of them in full"]
    changed = [
        name
        for name, one in used.items()
        if name in present.videos and one.whole and set(present.videos[name].tags) != one.tags
    ]
    if changed:
        some = ", ".join(changed[:_NAMED])
        lines.append(f"{len(changed)} videos take their tags from their segments ({some})")
    if elsewhere:
        lines.append(f"{elsewhere} corrected videos are of another subset: left out")
    rest = len(corrections) - elsewhere - len(used)
    if rest:
        lines.append(f"{rest} corrected videos are left out: no features, or no tags of them")
    return tuple(lines)
