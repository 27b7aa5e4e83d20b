"""Reads the classes of each video from a table of tags, or annotations in ActivityNet form."""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path

from basnet_rt._errors import InvalidValue
from basnet_rt._system.json_file import read_json
from basnet_rt.annotations import (
    VIDEO_HEADINGS,
    AnnotationSet,
    VideoAnnotation,
    parse_activitynet,
    plain,
    read_annotations,
)
from basnet_rt.tags import json_tags
from basnet_rt.tags.label_columns import Remarks, label_columns, mark_remarks
from basnet_rt.tags.table import (
    DURATION_HEADINGS,
    START_HEADINGS,
    SUBSET_HEADINGS,
    SUFFIXES,
    TextTable,
    cell_of,
    is_title,
    read_table,
    told_titles,
)

# Tags that mean: no action.
NO_ACTION = frozenset(
    [
        *("", "-", "none", "null", "nan", "na", "n/a", "nothing"),
        *("no action", "noaction", "no_action", "background", "bg"),
    ]
)
# Names of training subsets, in the order in which they are searched for.
_TRAINING = ("train", "training", "validation", "val", "development")

IsVideo = Callable[[str], bool]


@dataclass(frozen=True)
class Tagged:
    """Tags by video, as named in the file, with remarks for the user.

    remarks: sentences on choices made and parts left out.
    subset: the subset used; None: all videos.
    """

    annotations: AnnotationSet
    remarks: Remarks = field(default_factory=list)
    subset: str | None = None


def read_tagged(
    path: str | Path, *, subset: str | None = None, is_video: IsVideo = lambda name: False
) -> Tagged:
    """Read tags; segments in a file are not used for training.

    Args:
        path: a table `.csv`, `.tsv`, `.txt`, or `.json`: in ActivityNet form, tags by video, or a
            list of records such as {"video": "a", "tags": ["Run"]}.
        subset: of a JSON file, or of a table with such a column; None takes every video. A table
            without the column is used whole.
        is_video: whether a cell names a video with features; it finds the column of videos in a
            table without a known heading.

    Raises:
        ValueError: the file is absent, of another form, or has no video.
    """
    path = Path(path)
    if path.suffix.lower() == ".json":
        return _of_json(path, subset, is_video)
    if path.suffix.lower() in SUFFIXES:
        return _of_table(read_table(path), subset, is_video)
    raise InvalidValue(f"{path}: expected tags as a table ({', '.join(SUFFIXES)}) or as .json")


def _of_json(path: Path, subset: str | None, is_video: IsVideo) -> Tagged:
    content = read_json(path)
    content = json_tags.unwrapped(content) or content
    if not json_tags.is_activitynet(content):
        return _of_table(json_tags.table_of(content, path), subset, is_video)
    found = parse_activitynet(content, str(path))
    return Tagged(found if subset is None else found.subset(subset), subset=subset)


def read_durations(path: str | Path) -> dict[str, float]:
    """Read seconds by video from annotations in ActivityNet form, or a table with durations.

    Raises:
        ValueError: the file is absent, of another form, or says no duration; names the cause.
    """
    path = Path(path)
    remarks: Remarks = []
    if path.suffix.lower() in SUFFIXES:
        table = read_table(path)
        found = _durations(table, _video_column(table, lambda name: False), remarks)
    else:
        videos = read_annotations(path).videos.values()
        found = {one.name: one.duration for one in videos if one.duration is not None}
    if not found:
        why = "; ".join(remarks) or "no video has a duration"
        raise InvalidValue(
            f"{path}: {why}; expected annotations with durations in seconds, or a table under a "
            "heading such as video,duration"
        )
    return found


def training_subset(annotations: AnnotationSet) -> str | None:
    """The subset for training, by its name; None if the file has none."""
    named = {video.subset for video in annotations.videos.values() if video.subset is not None}
    for wanted in _TRAINING:
        for name in sorted(named):
            if name.lower() == wanted:
                return name
    return None


def _of_table(table: TextTable, subset: str | None, is_video: IsVideo) -> Tagged:
    table = _with_heading(_spaced(table, is_video), is_video)
    remarks: Remarks = list(table.remarks)
    video = _video_column(table, is_video)
    labels = label_columns(table, video, remarks)
    split = table.column(SUBSET_HEADINGS)
    tags: dict[str, list[str]] = {}
    subsets: dict[str, str] = {}
    silent: Counter[str] = Counter()
    denied: dict[str, str] = {}
    for row, number in zip(table.rows, table.numbers, strict=True):
        name = cell_of(row, video)
        if not name:
            raise InvalidValue(f"{table.path}, line {number}: no video in column {video + 1}")
        found = labels.read(row)
        without = [word for word in found if word and word.lower() in NO_ACTION]
        silent.update(without)
        denied.update({name: without[0]} if without else {})
        tags.setdefault(name, []).extend(word for word in found if word.lower() not in NO_ACTION)
        if split is not None:
            subsets[name] = cell_of(row, split)
    remarks += [f"tag {word!r} is read as: no action ({n} rows)" for word, n in silent.items()]
    remarks += mark_remarks({word for words in tags.values() for word in words})
    both = [name for name in denied if tags[name]]
    if both:
        remarks.append(
            f"warning: tagged with a class and as no action: {both[0]!r} ({tags[both[0]][0]!r} and "
            f"{denied[both[0]]!r}; {len(both)} in all): the class counts"
        )
    durations = _durations(table, video, remarks)
    videos = {
        name: VideoAnnotation(
            name, tuple(sorted(set(words))), (), subsets.get(name), durations.get(name)
        )
        for name, words in tags.items()
    }
    found_set = AnnotationSet(videos)
    has_subsets = subset is not None and any(subsets.values())
    return Tagged(
        found_set.subset(subset) if has_subsets and subset else found_set, remarks, subset
    )


def _durations(table: TextTable, video: int, remarks: Remarks) -> dict[str, float]:
    """Seconds by video, of a column that says them; a column of anything else is told and left."""
    places = [i for i, cell in enumerate(table.heading) if plain(cell).startswith("duration")]
    place = table.column(DURATION_HEADINGS)
    found: dict[str, float] = {}
    of_segments = table.column(START_HEADINGS) is not None
    if place is None or of_segments or len({*places, place}) > 1:
        why = (
            "the table has segments" if of_segments else "expected one column duration, in seconds"
        )
        remarks += [f"column {table.heading[i]!r} is not read: {why}" for i in places]
        return found
    for row, number in zip(table.rows, table.numbers, strict=True):
        name, cell = cell_of(row, video), cell_of(row, place)
        if table.delimiter != ",":  # a decimal comma, as many countries write it
            cell = cell.replace(",", ".")
        if not cell:
            continue
        seconds = float(cell) if re.fullmatch(r"[0-9]*\.?[0-9]+(e[-+]?[0-9]+)?", cell) else 0.0
        wrong = "" if 0 < seconds < math.inf else f"has {cell!r}, expected seconds above 0"
        if not wrong and found.setdefault(name, seconds) != seconds:
            wrong = f"says {cell} of {name!r}, and {found[name]:g} before"
        if wrong:
            remarks.append(f"column {table.heading[place]!r} is not read: line {number} {wrong}")
            return {}
    return found


def _spaced(table: TextTable, is_video: IsVideo) -> TextTable:
    """Split rows such as `clip_1 Run,Jump`, if the first word is a video more often than a cell."""
    words = [cell_of(row, 0).split(maxsplit=1) for row in table.rows]
    if sum(bool(one) and is_video(one[0]) for one in words) <= max(_videos(table, is_video)):
        return table
    rows = [[*pair, *row[1:]] for pair, row in zip(words, table.rows, strict=True)]
    return replace(table, rows=rows)


def _with_heading(table: TextTable, is_video: IsVideo) -> TextTable:
    """Treat the first row below titles as a heading if it names no video and the others do."""
    if table.heading or len(table.rows) < 2:
        return table
    titles = _titles(table, is_video)
    first, rest = table.rows[titles], table.rows[titles + 1 :]
    width = max(len(row) for row in table.rows)
    known = [sum(is_video(cell_of(row, place)) for row in rest) for place in range(width)]
    best = max(range(width), key=known.__getitem__)
    if 2 * known[best] <= len(rest) or is_video(cell_of(first, best)):
        return table
    headed = replace(table, heading=first, rows=rest, numbers=table.numbers[titles + 1 :])
    return told_titles(headed, table.rows[:titles])


def _titles(table: TextTable, is_video: IsVideo) -> int:
    """The number of titles above a heading, which is the last row before one with a video."""
    named = (at for at, row in enumerate(table.rows) if any(map(is_video, row)))
    above = table.rows[: next(named, 0)]
    titles = above[:-1]
    return len(titles) if all(map(is_title, titles)) and not all(map(is_title, above)) else 0


def _video_column(table: TextTable, is_video: IsVideo) -> int:
    """The column of videos: by content, then by heading, else the first."""
    known = _videos(table, is_video)
    if max(known) > 0:
        return max(range(len(known)), key=known.__getitem__)
    named = table.column(VIDEO_HEADINGS)
    return 0 if named is None else named


def _videos(table: TextTable, is_video: IsVideo) -> list[int]:
    """The number of cells in each column that name a video."""
    width = max((len(row) for row in table.rows), default=0)
    return [sum(is_video(cell_of(row, i)) for row in table.rows) for i in range(width)] or [0]
