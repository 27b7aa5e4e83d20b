"""Videos with tags, the input of training and measurements."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
import numpy.typing as npt

from basnet_rt import InvalidValue
from basnet_rt.annotations import AnnotationSet
from basnet_rt.features import FeatureSource

from .corrected import Correction


@dataclass(frozen=True)
class TaggedVideos:
    """Feature files and the tags of their videos.

    Attributes:
        names: of the features.
        labels: (N, C) float32, 1 if the video with that index in `names` contains the class.
        simulated: whether the annotations are simulated.
        subset: the subset of the annotations in use; None: all of them.
        durations: seconds by name, if the annotations have them.
        unused: features of videos without tags.
        remarks: sentences on how the data were read.
        corrections: segments that a person corrected, by name.
    """

    source: FeatureSource
    names: tuple[str, ...]
    classes: tuple[str, ...]
    labels: npt.NDArray[np.float32]
    simulated: bool = False
    subset: str | None = None
    durations: Mapping[str, float] = field(default_factory=dict)
    unused: tuple[str, ...] = ()
    remarks: tuple[str, ...] = ()
    corrections: Mapping[str, Correction] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self.names)

    @property
    def some_without_action(self) -> bool:
        return bool((self.labels.sum(axis=1) == 0).any())

    def take(self, places: Sequence[int]) -> TaggedVideos:
        names = tuple(self.names[i] for i in places)
        kept = {name: self.corrections[name] for name in names if name in self.corrections}
        return replace(self, names=names, labels=self.labels[list(places)], corrections=kept)

    def without(self, places: Sequence[int]) -> TaggedVideos:
        return self.take(sorted(set(range(len(self))) - set(places)))


def tag(
    source: FeatureSource, annotations: AnnotationSet, classes: tuple[str, ...] | None = None
) -> TaggedVideos:
    """Labels of annotated videos, all of which have features of their own name."""
    classes = classes or annotations.classes
    place = {name: index for index, name in enumerate(classes)}
    labels = np.zeros((len(annotations.videos), len(classes)), dtype=np.float32)
    for row, video in enumerate(annotations.videos.values()):
        unknown = sorted(set(video.tags) - set(place))
        if unknown:
            some = ", ".join(classes[:5]) + (", ..." if len(classes) > 5 else "")
            raise InvalidValue(
                f"video {video.name!r}: {unknown[0]!r} is none of the classes ({some}), which the "
                "settings name; correct the tag, or train with preset auto, or with --set "
                "data.classes=null, which take the classes from the tags"
            )
        labels[row, [place[name] for name in video.tags]] = 1
    if not labels.any():
        raise InvalidValue("no video contains any action: there is nothing to learn")
    durations = {
        name: video.duration
        for name, video in annotations.videos.items()
        if video.duration is not None
    }
    names = tuple(annotations.videos)
    return TaggedVideos(source, names, classes, labels, annotations.simulated, None, durations)


def count_classes(videos: TaggedVideos) -> dict[str, int]:
    """Number of videos that contain each class; the most frequent first."""
    counts = Counter(dict(zip(videos.classes, videos.labels.sum(axis=0).astype(int), strict=True)))
    return {name: int(number) for name, number in counts.most_common()}
