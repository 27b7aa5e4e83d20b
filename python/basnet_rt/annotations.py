"""Annotations of videos: tags, and marked segments if there are any."""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from basnet_rt._errors import InvalidValue
from basnet_rt._system.arguments import as_path
from basnet_rt._system.csv_lines import csv_rows
from basnet_rt._system.json_file import read_json
from basnet_rt._system.shown import cut, shown, shown_all
from basnet_rt._system.special_files import is_pipe
from basnet_rt._system.text_file import read_text

# Known headings of tables, in lower case without spaces and underscores.
VIDEO_HEADINGS = frozenset(
    [
        *("video", "videos", "videoname", "videoid", "videofile", "vid", "name", "names"),
        *("file", "files", "filename", "filepath", "path", "id", "clip", "clipname"),
        *("recording", "sequence", "sample", "youtubeid"),
    ]
)
TAG_HEADINGS = frozenset(
    [
        *("tag", "tags", "label", "labels", "class", "classes", "classname", "category"),
        *("categories", "action", "actions", "activity", "activities", "event", "events"),
        *("annotation", "annotations", "target"),
    ]
)


@dataclass(frozen=True)
class Segment:
    """One marked action: [start, end) in seconds."""

    label: str
    start: float
    end: float


@dataclass(frozen=True)
class VideoAnnotation:
    """One video.

    Attributes:
        tags: names of the actions in the video, each once, sorted; empty: no action.
        segments: the marked actions; empty if only tags are known.
        subset: such as "train"; None if the file has none.
        duration: in seconds; None if the file has none.
        reviewed: whether a person watched the whole video and corrected its segments. Then time
            without a segment is known to have no action. Equality ignores this field.
    """

    name: str
    tags: tuple[str, ...]
    segments: tuple[Segment, ...] = ()
    subset: str | None = None
    duration: float | None = None
    reviewed: bool = field(default=False, compare=False)


@dataclass(frozen=True)
class AnnotationSet:
    """Videos by name, in the order of the file; `simulated` if the file says it is simulated."""

    videos: dict[str, VideoAnnotation]
    simulated: bool = False

    def subset(self, name: str) -> AnnotationSet:
        """The videos of one subset; an unknown subset is an error that lists the known ones."""
        chosen = {k: v for k, v in self.videos.items() if v.subset == name}
        if not chosen:
            known = sorted({v.subset for v in self.videos.values() if v.subset is not None})
            found = f"the file has {cut(', '.join(known))}"
            if not known:
                found = "the file names no subsets: leave the subset out, and all videos count"
            raise InvalidValue(f"subset {shown(name)}: no video; {found}")
        return AnnotationSet(chosen, self.simulated)

    def select(self, names: Sequence[str]) -> AnnotationSet:
        """The named videos, in that order; one that is not annotated is an error."""
        absent = [name for name in names if name not in self.videos]
        if absent:
            raise InvalidValue(
                f"{len(absent)} videos are not annotated, such as {shown_all(absent)}"
            )
        return AnnotationSet({name: self.videos[name] for name in names}, self.simulated)

    def without_labels(self, labels: Sequence[str]) -> AnnotationSet:
        """The same videos without the tags and segments of these labels."""
        if not labels:
            return self
        videos = {
            name: replace(
                video,
                tags=tuple(tag for tag in video.tags if tag not in labels),
                segments=tuple(one for one in video.segments if one.label not in labels),
            )
            for name, video in self.videos.items()
        }
        return AnnotationSet(videos, self.simulated)

    @property
    def classes(self) -> tuple[str, ...]:
        """Every tag in use, sorted."""
        return tuple(sorted({tag for video in self.videos.values() for tag in video.tags}))


def read_annotations(path: str | Path) -> AnnotationSet:
    """Read a `.json` in ActivityNet form, or a two-column `.csv` of video and tags."""
    path = as_path(path, "path")
    readers = {".json": read_activitynet, ".csv": read_tags}
    suffix = path.suffix.lower()
    if suffix not in readers and is_pipe(path):
        raise InvalidValue(
            f"{path}: is a pipe, whose name does not say whether it brings .json or .csv; write it "
            "to a file of such a name and give that"
        )
    if suffix not in readers:
        raise InvalidValue(f"{path}: expected annotations as .json or .csv")
    return readers[suffix](path)


def read_activitynet(path: str | Path) -> AnnotationSet:
    """Read ActivityNet's form: {"database": {video: {"subset", "duration", "annotations"}}}.

    An annotation is {"label", "segment": [start, end]}. Segment values may be strings
    (THUMOS'14); `duration`, `subset` and `segment` may be absent.

    Raises:
        ValueError: the file is absent, not JSON, or has another form; names video and field.
    """
    return parse_activitynet(read_json(path), str(path))


def parse_activitynet(content: Any, where: str = "annotations") -> AnnotationSet:
    """Annotations that were read already; the form and the errors of `read_activitynet`."""
    database = content.get("database") if isinstance(content, dict) else None
    if not isinstance(database, dict):
        raise InvalidValue(f'{where}: expected an object with "database"')
    videos = {name: _video(where, name, entry) for name, entry in database.items()}
    return AnnotationSet(videos, content.get("simulated") is True)


def read_tags(path: str | Path) -> AnnotationSet:
    """Read two columns: video, and its tags separated by `;` or `|`; no tag: no action.

    A first row such as `video,tags` is a heading. Blank rows are skipped.
    """
    path = Path(path)
    videos: dict[str, VideoAnnotation] = {}
    for number, cells in csv_rows(path, read_text(path)):
        if not any(cells) or (number == 1 and _is_heading(cells)):
            continue
        if len(cells) > 2 or not cells[0]:
            raise InvalidValue(f"{path}, line {number}: expected two columns, video and tags")
        if cells[0] in videos:
            raise InvalidValue(f"{path}, line {number}: video {shown(cells[0])} appears twice")
        tags = re.split(r"[;|]", cells[1]) if len(cells) == 2 else []
        videos[cells[0]] = VideoAnnotation(cells[0], _unique(tag.strip() for tag in tags))
    return AnnotationSet(videos)


def plain(heading: str) -> str:
    """A heading in lower case without punctuation."""
    return re.sub(r"[^a-z0-9]", "", heading.lower())


def _is_heading(cells: Sequence[str]) -> bool:
    words = [plain(cell) for cell in cells]
    return len(words) == 2 and words[0] in VIDEO_HEADINGS and words[1] in TAG_HEADINGS


def read_split(path: str | Path) -> tuple[str, ...]:
    """Read a list of video names, one a line; blank lines and `#` comments are skipped."""
    path = Path(path)
    lines = [line.split("#", 1)[0].strip() for line in read_text(path).splitlines()]
    names = [line for line in lines if line]
    twice = [name for name, count in Counter(names).items() if count > 1]
    if twice or not names:
        raise InvalidValue(
            f"{path}: " + (f"named twice: {shown_all(twice)}" if twice else "no video")
        )
    return tuple(names)


def _video(source: str, name: str, entry: Any) -> VideoAnnotation:
    where = f"{source}: video {shown(name)}"
    if not isinstance(entry, dict) or not isinstance(entry.get("annotations", []), list):
        raise InvalidValue(f'{where}: expected an object with "annotations"')
    items = entry.get("annotations", [])
    labels = [_label(where, item) for item in items]
    segments = [_segment(where, item) for item in items if "segment" in item]
    return VideoAnnotation(
        name,
        _unique(labels),
        tuple(segments),
        _subset(where, entry.get("subset")),
        _duration(where, entry.get("duration")),
        _flag(where, "reviewed", entry.get("reviewed", False)),
    )


def _flag(where: str, name: str, value: Any) -> bool:
    if not isinstance(value, bool):
        raise InvalidValue(f"{where}: {name} is {shown(value)}; it must be true or false")
    return value


def _subset(where: str, value: Any) -> str | None:
    if value is not None and not isinstance(value, str):
        raise InvalidValue(f'{where}: subset is {shown(value)}; it must be a text such as "test"')
    return value


def _duration(where: str, value: Any) -> float | None:
    """Seconds, 0 or more."""
    if value is None:
        return None
    seconds = _seconds(f"{where}: duration", value)
    if seconds < 0:
        raise InvalidValue(
            f"{where}: duration is {shown(value)}; it must be 0 or more, or absent if it is not "
            "known"
        )
    return seconds


def _label(where: str, item: Any) -> str:
    if not isinstance(item, dict) or not isinstance(item.get("label"), str) or not item["label"]:
        raise InvalidValue(f'{where}: every annotation needs a "label", got {shown(item)}')
    return str(item["label"])


def _segment(where: str, item: dict[str, Any]) -> Segment:
    value = item["segment"]
    if not isinstance(value, (list, tuple)) or len(value) != 2:
        raise InvalidValue(f"{where}: expected a segment [start, end], got {shown(value)}")
    start, end = (_seconds(f"{where}: segment", number) for number in value)
    if end < start:
        raise InvalidValue(f"{where}: segment ends before it starts: [{start}, {end}]")
    return Segment(item["label"], start, end)


def _seconds(where: str, value: Any) -> float:
    try:
        number = math.nan if isinstance(value, bool) else float(value)
    except (TypeError, ValueError, OverflowError):
        number = math.nan
    if not math.isfinite(number):
        raise InvalidValue(f"{where}: expected finite seconds, got {shown(value)}")
    return number


def _unique(names: Iterable[str]) -> tuple[str, ...]:
    return tuple(sorted({name for name in names if name}))
