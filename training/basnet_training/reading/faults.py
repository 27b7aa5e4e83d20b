"""Finds faults in the shapes of features: every file at once, before the first iteration."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

from basnet_rt import InvalidValue
from basnet_rt.features.flat import is_flat, said_flat

from .videos import TaggedVideos

Shapes = dict[str, tuple[int, int]]

_LISTED = 10  # kinds of reasons in a message
_NAMED = 3  # further videos of a kind
# Usual numbers of channels; a time axis of exactly such a length is suspicious.
_USUAL_CHANNELS = frozenset([400, 455, 512, 768, 1024, 1280, 1536, 2048, 2304, 2560, 4096])


def check_shapes(
    videos: TaggedVideos,
    feature_dim: int | None,
    advice: Callable[[int], str],
    *,
    skip: bool = False,
) -> TaggedVideos:
    """Check the shape of every video's features, without reading values.

    Args:
        feature_dim: channels in the settings; None: those of most videos.
        advice: gives advice on settings for a number of channels.
        skip: leave out broken files instead of raising an error.

    Raises:
        ValueError: files cannot be opened or have other channels; names every kind of reason.
            Transposed files are recognised.
    """
    shapes, broken = read_shapes(videos)
    said = transposed(list(shapes.values()))
    if said and len(shapes) > 1:
        raise InvalidValue(f"{next(iter(shapes))} and all others: {said}")
    channels = Counter(shape[1] for shape in shapes.values())
    usual = channels.most_common(1)[0][0] if channels else 0
    if feature_dim is not None and shapes and usual != feature_dim:
        name = next(name for name, shape in shapes.items() if shape[1] == usual)
        raise InvalidValue(
            f"data.feature_dim: expected {feature_dim} channels, got {usual} ({name} and "
            f"{channels[usual] - 1} others). {advice(usual)}"
        )
    for name, (_, number) in shapes.items():
        if number != usual:
            broken[name] = f"{number} channels, where {channels[usual]} others have {usual}"
    return without_broken(videos, broken, skip=skip)


def without_broken(videos: TaggedVideos, broken: Mapping[str, str], *, skip: bool) -> TaggedVideos:
    """The videos without the broken ones, with a remark on these.

    Args:
        broken: the reason for each video that cannot be used.
        skip: leave them out instead of raising an error.

    Raises:
        ValueError: some are broken and `skip` is false, or all are; every kind of reason is named.
    """
    if not broken:
        return videos
    said = _listing(broken)
    if not skip or len(broken) == len(videos):
        otherwise = "" if len(broken) == len(videos) else ", or train without them: --missing skip"
        raise InvalidValue(
            f"{len(broken)} of {len(videos)} videos cannot be used: {said}. Mend them{otherwise}"
        )
    kept = [place for place, name in enumerate(videos.names) if name not in broken]
    note = f"{len(broken)} videos are left out: {said}"
    return replace(videos.take(kept), remarks=(*videos.remarks, note))


def read_shapes(videos: TaggedVideos) -> tuple[Shapes, dict[str, str]]:
    """(T, F) by name, and the reason for each video that cannot be opened."""
    shapes: Shapes = {}
    broken: dict[str, str] = {}
    for name in videos.names:
        try:
            shapes[name] = videos.source.shape(name)
        except Exception as error:  # noqa: BLE001 (readers of foreign files fail in every way)
            broken[name] = str(error) or type(error).__name__
    return shapes, broken


def transposed(shapes: Sequence[tuple[int, int]]) -> str:
    """The message for files that are certainly (F, T); empty for all others.

    If all lengths are the same and the channels differ, the files are transposed.
    """
    lengths, channels = {one[0] for one in shapes}, {one[1] for one in shapes}
    if len(lengths) != 1 or len(channels) < 2:
        return ""
    (length,) = lengths
    return (
        f"{length} rows each, and {min(channels)} to {max(channels)} channels: these look "
        "transposed, (channels, snippets); turn each: np.save(file, np.load(file).T)"
    )


def suspicious_lengths(shapes: Sequence[tuple[int, int]]) -> str:
    """The remark about equal lengths that may be channels; empty if there is none."""
    lengths = {one[0] for one in shapes}
    if len(shapes) < 3 or len(lengths) != 1:
        return ""
    (length,) = lengths
    if length in _USUAL_CHANNELS and length > shapes[0][1]:
        return (
            f"every video has {length} rows and {shapes[0][1]} channels: if {length} is the number "
            "of channels, the files are transposed: np.save(file, np.load(file).T)"
        )
    return (
        f"every video has {length} snippets: were they resampled? Then one row stands for another "
        "time in each video, and times of results are right only with true durations"
    )


def flat_warning(videos: TaggedVideos) -> str:
    """The warning about videos whose rows are all equal; empty if there are none.

    Raises:
        ValueError: all videos are such, or features cannot be read.
    """
    flat = [name for name in videos.names if is_flat(videos.source, name)]
    if not flat:
        return ""
    said = said_flat(flat, len(videos))
    if len(flat) == len(videos):
        raise InvalidValue(f"{said}: there is nothing to learn from; make their features anew")
    return f"warning: {said}: make their features anew, or take these videos out of the tags"


def _listing(broken: Mapping[str, str]) -> str:
    """The reasons; those that differ only in names and numbers are one kind, told once."""
    kinds: dict[str, list[str]] = {}
    for name, reason in broken.items():
        nameless = re.sub(rf"(?<!\w){re.escape(name)}(?!\w)", "", reason, count=1)
        kinds.setdefault(re.sub(r"\d+", "0", nameless), []).append(name)
    said = [_kind(names, broken[names[0]]) for names in list(kinds.values())[:_LISTED]]
    more = f" and {len(kinds) - _LISTED} other reasons" if len(kinds) > _LISTED else ""
    return "; ".join(said) + more


def _kind(names: Sequence[str], reason: str) -> str:
    """The reason of the first video, and the names of some others with the like."""
    said = reason if names[0] in reason else f"{names[0]}: {reason}"
    others = names[1:]
    if not others:
        return said
    some = ", ".join(others[:_NAMED]) + (", ..." if len(others) > _NAMED else "")
    return f"{said} (also {len(others)} more: {some})"
