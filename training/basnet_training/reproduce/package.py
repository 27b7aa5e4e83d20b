"""Released packages of features, by their layout:

    gt.json
    split_train.txt, split_test.txt      optional: a video a line; otherwise by subset of gt.json
    fps_dict.json                        optional: frames per second of each recording
    features/{train,test}/{rgb,flow}/    a (T, 1024) .npy a video; or (T, 2048) without rgb and flow

Packages for THUMOS'14 and ActivityNet alike; the layout is that of BaS-Net and later papers.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from basnet_rt import InvalidValue
from basnet_rt.annotations import AnnotationSet, read_activitynet, read_split
from basnet_rt.features import FeatureSource, open_features
from basnet_rt.features.rates import RATES, read_rates

ANNOTATIONS = "gt.json"
SPLITS = {"train": "split_train.txt", "test": "split_test.txt"}
# Subsets of gt.json, used without splits; the first existing one.
SUBSETS = {"train": ("train", "training"), "test": ("test", "validation")}
FRAMES = 16  # of a snippet
FEATURE_FPS = 25.0  # of the released features, whatever the recording's own rate is
_DEPTH = 3  # folders that may be around the package


@dataclass(frozen=True)
class Package:
    """The parts of a package.

    Attributes:
        folder: the folder with `gt.json`.
        features, split: by "train" and "test"; no split if the file is absent.
        rates: frames per second by video, from `fps_dict.json`; may be empty.
    """

    folder: Path
    features: Mapping[str, Path]
    split: Mapping[str, Path]
    rates: Mapping[str, float]

    @property
    def annotations(self) -> Path:
        return self.folder / ANNOTATIONS

    def test_videos(self) -> tuple[FeatureSource, tuple[str, ...], AnnotationSet]:
        """Features, and names and annotations of the test videos.

        Raises:
            ValueError: there are none, or one has no features.
        """
        source = open_features(self.features["test"])
        truth = read_activitynet(self.annotations)
        if "test" in self.split:
            names: Sequence[str] = read_split(self.split["test"])
        else:
            names = tuple(truth.subset(_subset(truth, "test", self.annotations)).videos)
        absent = [name for name in names if name not in source.names]
        if absent:
            raise InvalidValue(
                f"{self.features['test']}: no features of {len(absent)} of {len(names)} test "
                f"videos, such as {absent[0]}; complete the package, or leave the videos out of "
                f"{SPLITS['test']}"
            )
        return source, tuple(names), truth

    def training(self) -> dict[str, object]:
        """The fields of `DataConfig` for training on it."""
        found: dict[str, object] = {
            "features": self.features["train"],
            "annotations": self.annotations,
        }
        if "train" in self.split:
            return {**found, "split": self.split["train"], "subset": None}
        truth = read_activitynet(self.annotations)
        return {**found, "subset": _subset(truth, "train", self.annotations)}


def find_package(folder: Path) -> Package:
    """The package in `folder`, a few folders below it, or around it.

    Raises:
        ValueError: there is none, or several; the message has the expected layout.
    """
    places = [place for place in _around(folder) if _is_package(place)]
    if len(places) != 1:
        found = ", ".join(str(place) for place in sorted(places)) or "none is there"
        raise InvalidValue(
            f"{folder}: expected one folder with {ANNOTATIONS} and features/train, features/test "
            f"(each with rgb/ and flow/, or .npy files); {found}"
        )
    place = places[0]
    return Package(
        place,
        {part: place / "features" / part for part in SPLITS},
        {part: place / name for part, name in SPLITS.items() if (place / name).is_file()},
        read_rates(place / RATES) if (place / RATES).is_file() else {},
    )


def seconds_of_snippets(package: Package, source: FeatureSource, truth: AnnotationSet) -> Rates:
    """The rate of the features: the one at which more marked segments end within their videos."""
    plain = _ends_outside(source, truth, {})
    own = _ends_outside(source, truth, package.rates)
    if package.rates and own < plain:
        return Rates(package.rates, plain, own)
    return Rates({}, plain, own if package.rates else None)


@dataclass(frozen=True)
class Rates:
    """Frames per second of features: `of` a video, else 25.

    plain, own: number of marked videos whose last segment ends after the features, at 25 fps and at
    the rates of `fps_dict.json` (None: there is no such file).
    """

    of: Mapping[str, float]
    plain: int
    own: int | None

    def describe(self) -> str:
        if self.own is None:
            return f"{FEATURE_FPS:g} frames a second; there is no {RATES}"
        chosen = f"those of {RATES}" if self.of else f"{FEATURE_FPS:g} frames a second"
        return (
            f"{chosen}: marked segments end after the features in {self.plain} videos at "
            f"{FEATURE_FPS:g} frames a second, in {self.own} by {RATES}"
        )


def _ends_outside(source: FeatureSource, truth: AnnotationSet, rates: Mapping[str, float]) -> int:
    outside = 0
    for name in set(source.names) & truth.videos.keys():
        ends = [one.end for one in truth.videos[name].segments]
        step = FRAMES / rates.get(name, FEATURE_FPS)
        outside += bool(ends) and max(ends) > (source.shape(name)[0] + 1) * step
    return outside


def _around(folder: Path) -> list[Path]:
    """The folder itself and its subfolders; or, inside a package, the folder of the package."""
    if not folder.is_dir():
        raise InvalidValue(f"{folder}: no such folder")
    if not _is_package(folder):
        holders = [one for one in folder.resolve().parents[:2] if _is_package(one)]
        if holders:
            return holders[:1]
    found = []
    for place, below, _ in os.walk(folder):
        here = Path(place)
        found.append(here)
        if len(here.relative_to(folder).parts) >= _DEPTH or _is_package(here):
            below.clear()
    return found


def _is_package(place: Path) -> bool:
    features = place / "features"
    return (place / ANNOTATIONS).is_file() and all((features / part).is_dir() for part in SPLITS)


def _subset(truth: AnnotationSet, part: str, path: Path) -> str:
    there = {video.subset for video in truth.videos.values()}
    for name in SUBSETS[part]:
        if name in there:
            return name
    known = ", ".join(sorted(str(name) for name in there))
    raise InvalidValue(
        f"{path}: there is no {SPLITS[part]}, and no subset {' or '.join(SUBSETS[part])} ({known})"
    )
