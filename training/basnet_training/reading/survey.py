"""A survey of the data in lines for people, before training starts."""

from __future__ import annotations

import difflib
import re
from collections.abc import Sequence

import numpy as np

from .contents import Contents
from .faults import flat_warning, read_shapes, suspicious_lengths
from .videos import TaggedVideos, count_classes

_CLASSES_SHOWN = 30
_NAMED = 3
_FEW = 4  # fewest videos of a class for a held-out measurement
_COMPARED = 200  # class names; the time grows with the square of their number
_NEAR = 0.85  # similarity of two class names that may mean the same


def survey(
    videos: TaggedVideos,
    seconds: float,
    remarks: Sequence[str] = (),
    contents: Contents | None = None,
) -> list[str]:
    """Lines about the training videos.

    Args:
        seconds: from one snippet to the next.
        remarks: more sentences, such as those on timing.
        contents: digests of the features, if they were read.

    Raises:
        ValueError: all rows of every video are equal, or features cannot be read.
    """
    shapes, _ = read_shapes(videos)
    lengths = np.array([shape[0] for shape in shapes.values()])
    without = int((videos.labels.sum(axis=1) == 0).sum())
    total = float(lengths.sum() * seconds)
    least, most = int(lengths.min()), int(lengths.max())
    parts = (
        f"{counted(len(videos), 'video')}, {without} of them without action",
        counted(len(videos.classes), "class", "classes"),
        f"{int(lengths.sum())} snippets of {next(iter(shapes.values()))[1]} channels",
        f"{_clock(total)} in all",
        f"{least} to {most} snippets a video ({least * seconds:.1f} to {most * seconds:.1f} s)",
    )
    lines = ["; ".join(parts), "videos of each class: " + _class_counts(videos)]
    lines += _odd(videos, list(shapes.values()))
    if contents is not None:
        lines += _contents(contents)
    return [*lines, *videos.remarks, *(one for one in (*remarks, flat_warning(videos)) if one)]


def near_equal(classes: Sequence[str]) -> list[tuple[str, str]]:
    """Class names that differ in case, spaces or a letter or two, and may be one class.

    More than `_COMPARED` names are not compared.
    """
    pairs: list[tuple[str, str]] = []
    if len(classes) > _COMPARED:
        return pairs
    for index, one in enumerate(classes):
        for other in classes[index + 1 :]:
            a, b = _bare(one), _bare(other)
            alike = a == b or (
                min(len(a), len(b)) >= 5
                and difflib.SequenceMatcher(None, a, b).ratio() >= _NEAR
                and not _differ_in_number(a, b)
            )
            if alike:
                pairs.append((one, other))
    return pairs


def _bare(name: str) -> str:
    return "".join(letter for letter in name.casefold() if letter.isalnum())


def _differ_in_number(one: str, other: str) -> bool:
    """Whether two names differ only in a number, such as Swipe1 and Swipe2: two classes."""
    return [c for c in one if c.isdigit()] != [c for c in other if c.isdigit()]


def _class_counts(videos: TaggedVideos) -> str:
    counts = list(count_classes(videos).items())
    shown = ", ".join(f"{name} {number}" for name, number in counts[:_CLASSES_SHOWN])
    left = len(counts) - _CLASSES_SHOWN
    return shown + (f" and {left} more, the least {counts[-1][1]}" if left > 0 else "")


def _odd(videos: TaggedVideos, shapes: Sequence[tuple[int, int]]) -> list[str]:
    lines = _odd_names(videos.classes)
    odd = suspicious_lengths(shapes)
    lines += [f"warning: {odd}"] if odd else []
    counts = count_classes(videos)
    few = [name for name, number in counts.items() if number < _FEW]
    if few:
        lines.append(
            f"warning: in fewer than {_FEW} videos: {_some(few)}; "
            "training cannot tell what is common to so few"
        )
    everywhere = [name for name, number in counts.items() if number == len(videos)]
    if everywhere:
        lines.append(
            f"warning: {_some(everywhere)} is in every video: videos without it would show what "
            "it is not"
        )
    if not videos.some_without_action and len(videos.classes) == 1:
        lines.append("warning: no video is without action: there is nothing to compare with")
    if videos.unused:
        lines.append(
            f"not used, for they have no tag: {counted(len(videos.unused), 'video')} with features "
            f"({_some(videos.unused)})"
        )
    return lines


def _odd_names(classes: Sequence[str]) -> list[str]:
    """Warnings about names that may be one class, or several in one."""
    lines = []
    pairs = near_equal(classes)
    if pairs:
        shown = ", ".join(f"{one!r} and {other!r}" for one, other in pairs[:_NAMED])
        more = f" and {len(pairs) - _NAMED} more" if len(pairs) > _NAMED else ""
        lines.append(f"warning: nearly the same class names: {shown}{more}: one class each?")
    joined = [name for name in classes if len(parts := _parts(name)) > 1 and parts <= {*classes}]
    if joined:
        lines.append(
            f"warning: class {joined[0]!r} has the names of other classes: should its videos have "
            f"each of these tags? ({len(joined)} such in all)"
        )
    return lines


def _parts(name: str) -> set[str]:
    """The words of a name between signs that separate tags in some tables."""
    return {word.strip() for word in re.split("[;,|/+&]", name)}


def _contents(contents: Contents) -> list[str]:
    twins = contents.twins
    if not twins:
        return []
    groups = "; ".join(" = ".join(group[:_NAMED]) for group in twins[:_NAMED])
    count = sum(len(group) for group in twins)
    said = f"warning: {count} videos have the same features as another: {groups}"
    return [f"{said}; they stay on one side of every division"]


def _some(names: Sequence[str]) -> str:
    more = ", ..." if len(names) > _NAMED else ""
    return ", ".join(names[:_NAMED]) + more


def counted(number: int, one: str, many: str | None = None) -> str:
    """Such as "1 video" and "2 videos"."""
    return f"{number} {one if number == 1 else many or one + 's'}"


def _clock(seconds: float) -> str:
    whole = round(seconds)
    hours, minutes = whole // 3600, whole % 3600 // 60
    return f"{hours} h {minutes} min" if hours else f"{minutes} min {whole % 60} s"
