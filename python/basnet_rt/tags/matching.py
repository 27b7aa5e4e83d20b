"""Matches names in a file of tags with names of features, which may be spelled differently."""

from __future__ import annotations

import unicodedata
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath

from basnet_rt._errors import InvalidValue
from basnet_rt.extractors.running.judging import VIDEO_SUFFIXES
from basnet_rt.features.files import SUFFIXES as FEATURE_SUFFIXES

ENDINGS = frozenset([*VIDEO_SUFFIXES, *FEATURE_SUFFIXES])
_TRIED = 50  # names that are searched for a common prefix or ending
_SHARE = 0.5  # share of the unmatched names that it must match

Key = Callable[[str], str]


@dataclass(frozen=True)
class Match:
    """The features of each tagged video.

    Attributes:
        found: from name in the tags to name of the features; no two have the same features.
        untagged: features of videos without tags, sorted.
        absent: tagged videos without features, in the file's order.
        remarks: sentences on how names were matched that were not equal.
    """

    found: Mapping[str, str]
    untagged: tuple[str, ...]
    absent: tuple[str, ...]
    remarks: tuple[str, ...] = ()


def match_names(tagged: Sequence[str], features: Iterable[str], what: str = "features") -> Match:
    """Match names: unchanged, without folder and ending, ignoring case, without a common affix.

    Args:
        what: the word for the second names in messages.

    Raises:
        ValueError: two tagged names match the same features; names all three.
    """
    left = dict.fromkeys(features)
    found: dict[str, str] = {}
    remarks: list[str] = []
    rest = list(tagged)
    for key, without in ((str, ""), (stem, "folder and ending"), (folded, "case")):
        done = _by_key(rest, left, found, key, what)
        rest = [name for name in rest if name not in found]
        if without and done:
            remarks.append(f"without {without}: {done} names match")
    affixes = _common_affixes([stem(name) for name in rest], [stem(name) for name in left])
    if affixes is not None:
        before, after, of_features = affixes
        done = _by_affix(rest, left, found, affixes)
        whose = f"the {what}'" if of_features else "the tags'"
        if done:
            remarks.append(f"but for {before + '...' + after!r} in {whose} names: {done} match")
    absent = tuple(name for name in tagged if name not in found)
    return Match(found, tuple(sorted(left)), absent, tuple(remarks))


def stem(name: str) -> str:
    """The last part of a path, without an ending of videos or features."""
    last = PurePosixPath(unicodedata.normalize("NFC", name).replace("\\", "/"))
    return last.stem if last.suffix.lower() in ENDINGS else last.name


def folded(name: str) -> str:
    """A name's stem, case-folded."""
    return stem(name).casefold()


def one_of(names: Iterable[str]) -> Callable[[str], bool]:
    """A function: whether a cell names one of these videos, ignoring folder, ending and case."""
    known = {folded(name) for name in names}
    return lambda cell: bool(cell) and folded(cell) in known


def _by_key(
    names: Sequence[str], left: dict[str, None], found: dict[str, str], key: Key, what: str
) -> int:
    """Match the remaining names by `key`; returns how many. Ambiguous features stay unmatched."""
    table: dict[str, list[str]] = {}
    for one in left:
        table.setdefault(key(one), []).append(one)
    done: dict[str, str] = {}
    for name in names:
        fitting = table.get(key(name), [])
        if len(fitting) == 1:
            if fitting[0] in done:
                raise InvalidValue(
                    f"tags: {done[fitting[0]]!r} and {name!r} both mean the {what} "
                    f"{fitting[0]!r}; give each video one name"
                )
            done[fitting[0]] = name
    for feature, name in done.items():
        found[name] = feature
        del left[feature]
    return len(done)


Affixes = tuple[str, str, bool]  # before, after, whether they are in the features' names


def _common_affixes(tags: Sequence[str], features: Sequence[str]) -> Affixes | None:
    """The prefix and ending that most names of one side have in addition to the other side's."""
    if not tags or not features:
        return None
    wanted = _SHARE * min(len(tags), len(features), _TRIED)
    for inner, outer, of_features in ((tags, features, True), (features, tags, False)):
        counts: Counter[tuple[str, str]] = Counter()
        for name in [one for one in inner if one][:_TRIED]:
            for other in outer:
                place = other.find(name)
                before, after = other[:place], other[place + len(name) :]
                if (
                    place >= 0
                    and _ends_a_word(before, name[0])
                    and _ends_a_word(after[::-1], name[-1])
                ):
                    counts[before, after] += 1
        if counts:
            (best, count), *others = counts.most_common(2)
            if count > wanted:
                if others and others[0][1] == count:
                    _refuse_equal(best, others[0][0], count)
                return *best, of_features
    return None


def _refuse_equal(one: tuple[str, str], other: tuple[str, str], count: int) -> None:
    first, second = ("...".join(affixes) for affixes in (one, other))
    raise InvalidValue(
        f"tags: {count} names match as {first!r} and as many as {second!r}, so a tag may mean "
        "either; give each video its whole name"
    )


def _ends_a_word(affix: str, neighbour: str) -> bool:
    """Whether an affix ends at a word boundary: "v_" before "a", but not "x" before "y"."""
    if not affix or not affix[-1].isalnum() or not neighbour.isalnum():
        return True
    return affix[-1].isalpha() and neighbour.isdigit()  # video1, but not dance2


def _by_affix(
    names: Sequence[str], left: dict[str, None], found: dict[str, str], affixes: Affixes
) -> int:
    before, after, of_features = affixes

    def inner(name: str) -> str:
        text = stem(name)
        fits = text.startswith(before) and text.endswith(after)
        return text[len(before) : len(text) - len(after)] if fits else text

    table = {inner(one) if of_features else stem(one): one for one in left}
    done = 0
    for name in names:
        feature = table.get(stem(name) if of_features else inner(name))
        if feature is not None and feature in left:
            found[name] = feature
            del left[feature]
            done += 1
    return done
