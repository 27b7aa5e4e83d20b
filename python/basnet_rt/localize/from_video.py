"""From a video to detections, with features made by the extractor that the bundle records."""

from __future__ import annotations

import logging
from collections.abc import Callable, Generator, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from basnet_rt._errors import BundleError, InvalidType
from basnet_rt._system.addresses import shown_source
from basnet_rt.extractors.interface import Extractor, check_extractor
from basnet_rt.extractors.registry import Weights, extractor_from_spec
from basnet_rt.extractors.running.cache import FeatureCache
from basnet_rt.extractors.running.job import Recipe, Result, Watch, cached_features, ignore_progress
from basnet_rt.extractors.running.many import extract_many
from basnet_rt.extractors.running.pipeline import Report
from basnet_rt.features.records import check_same_extractor
from basnet_rt.localize.inputs import Failure, Given, Pixels
from basnet_rt.localize.localizer import Localizer
from basnet_rt.model.model import Model
from basnet_rt.results import Detections

_log = logging.getLogger("basnet_rt.video")


def localize_video(
    source: str | Path,
    localizer: Localizer,
    *,
    extractor: Extractor | None = None,
    weights: Weights | None = None,
    cache: str | Path | None = None,
    progress: Report | None = None,
    stream_index: int | None = None,
) -> Detections:
    """Find actions in a video, from its pixels.

    The result is the same, bit for bit, as `basnet-rt extract` and then `Localizer` with the
    video's duration. The logger `basnet_rt.video` warns about faults of the video.

    Args:
        source: file or address; see `basnet_rt.video.read_frames`.
        localizer: of a bundle that records its extractor.
        extractor: the recorded extractor, to share it among videos; None makes one.
        weights: the extractor's file, if it has weights.
        cache: folder that keeps features, by content of the file and record of the extractor.
        progress: called now and then with the progress of the extraction.
        stream_index: as for `read_frames`.

    Raises:
        BundleError: the bundle records no extractor and none is given; or the extractor or its
            weights are not the recorded ones; or weights are absent.
        VideoError: the video cannot be read.
        ValueError, KeyboardInterrupt: as `extract_features` and `Localizer`.
    """
    if not isinstance(localizer, Localizer):
        raise InvalidType(f"localizer is a {type(localizer).__name__}; it must be a Localizer")
    made = fitting_extractor(localizer.model, extractor, weights)
    kept = None if cache is None else FeatureCache(cache, made.spec)
    found = cached_features(source, made, kept, progress, stream_index)
    for remark in found.remarks:
        _log.warning("%s: %s", shown_source(source), remark)
    return localizer(found.features, duration=found.duration)


def fitting_extractor(
    model: Model, extractor: Extractor | None = None, weights: Weights | None = None
) -> Extractor:
    """The extractor of a model's features: the given one, checked, or one made from the record.

    Raises:
        BundleError, ValueError: as `localize_video`.
    """
    spec = model.metadata.extractor_spec
    if extractor is None:
        if spec is None:
            raise BundleError(unrecorded(model.name))
        return extractor_from_spec(spec, weights)
    check_extractor(extractor)
    if spec is not None:
        check_same_extractor("extractor", spec, extractor.spec)
    model.metadata.check_feature_dim(extractor.spec.feature_dim, "extractor")
    return extractor


def unrecorded(model: str) -> str:
    """The message about a bundle that cannot take videos."""
    return (
        f"{model}: records no extractor: it was not trained on features of `basnet-rt extract`; "
        "give it features, not videos"
    )


@dataclass
class VideoReader:
    """Makes the features of many videos for `localize_videos`.

    Attributes:
        recipe, extractor, cache, jobs, watch: as for `extract_many`.
        done: called with the result of each video.
    """

    recipe: Recipe
    extractor: Extractor
    cache: FeatureCache | None = None
    jobs: int = 1
    watch: Watch = ignore_progress
    done: Callable[[Result], None] = lambda result: None

    def read(
        self, videos: Sequence[Pixels]
    ) -> Generator[tuple[Pixels, Given | Failure], None, None]:
        """Features of each video, as soon as they are made."""
        by_name = {one.name: one for one in videos}
        files = [one.video for one in videos]
        results = extract_many(
            files,
            self.recipe,
            self.cache,
            jobs=self.jobs,
            extractor=self.extractor,
            watch=self.watch,
        )
        with closing(results):
            for result in results:
                self.done(result)
                yield by_name[result.video.name], given_of(result)


def given_of(result: Result) -> Given | Failure:
    """The features that `extract_many` made of a video, as an input."""
    if result.found is None:
        return Failure(result.video.name, result.error or "no features")
    return Given(result.found.features, result.found.duration, result.found.offset)
