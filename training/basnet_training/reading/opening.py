"""The videos to train on: combines features and tags, and reports all errors at once."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from basnet_rt import InvalidValue
from basnet_rt._system.whole_file import write_whole
from basnet_rt.annotations import AnnotationSet, read_split
from basnet_rt.features import FeatureSource
from basnet_rt.tags.matching import Match, folded, match_names, one_of
from basnet_rt.tags.reading import Tagged, read_tagged, training_subset
from basnet_training.config import AUTO, DataConfig, preset_for_channels
from basnet_training.records import check_records

from .corrected import Corrected, read_corrected, with_corrections
from .faults import check_shapes
from .sources import open_training_features
from .videos import TaggedVideos, tag

UNMATCHED_FILE = "unmatched.txt"
_NAMED = 3  # names in a message


def open_videos(
    config: DataConfig, *, below: bool = False, folder: Path | None = None
) -> TaggedVideos:
    """The videos that `config` names, with their tags.

    Args:
        below: whether features may be in subfolders.
        folder: for `unmatched.txt`, a list of all names that do not match.

    Raises:
        ValueError: there is nothing to train on, features are absent or have wrong shapes (all are
            named at once), or a tag is not a class.
    """
    if config.features is None or config.annotations is None:
        raise InvalidValue("data.features and data.annotations must be given")
    source = open_training_features(config.features, modality=config.modality, below=below)
    tagged = _read_tags(config, source)
    names = list(tagged.annotations.videos)
    match = match_names(names, source.names)
    present = _present(match, tagged.annotations, config, folder)
    corrected = _corrected(config, present, tagged.subset, source)
    videos = tag(source, corrected.annotations, config.classes)
    videos = replace(
        videos,
        subset=tagged.subset,
        unused=tuple(name for name in match.untagged if name not in corrected.corrections),
        remarks=(
            *tagged.remarks,
            *match.remarks,
            *_left_out(match, config),
            *corrected.remarks,
        ),
        corrections=corrected.corrections,
    )
    skip = config.missing == "skip"
    videos = check_shapes(videos, config.feature_dim, preset_for_channels, skip=skip)
    check_records(config, source, videos.names)
    return videos


def _corrected(
    config: DataConfig, present: AnnotationSet, subset: str | None, source: FeatureSource
) -> Corrected:
    """The tags and segments with the corrections of `data.corrected`, if given."""
    if config.corrected is None:
        return Corrected(present, {}, ())
    elsewhere: list[str] = []
    if subset is not None and config.annotations is not None:
        every = read_tagged(config.annotations).annotations.videos.values()
        elsewhere = [one.name for one in every if one.subset not in (None, subset)]
    found = read_corrected(config.corrected)
    skip = config.missing == "skip"
    return with_corrections(present, found, source.names, elsewhere, skip=skip)


def tagged_names(tags: Path, corrected: Path | None = None) -> list[str]:
    """The names of training videos in a file of tags.

    With `corrected`, also reviewed videos that are not in the file of tags.

    Raises:
        ValueError: as `read_tagged`.
    """
    annotations = read_tagged(tags).annotations
    subset = training_subset(annotations)
    names = list((annotations if subset is None else annotations.subset(subset)).videos)
    if corrected is None:
        return names
    known = {folded(name) for name in annotations.videos}
    more = [name for name, one in read_corrected(corrected).items() if one.whole]
    return names + [name for name in more if folded(name) not in known]


def _read_tags(config: DataConfig, source: FeatureSource) -> Tagged:
    """The tags of the subset and the split that the settings ask for."""
    assert config.annotations is not None
    wanted = None if config.subset == AUTO and config.split is not None else config.subset
    found = read_tagged(
        config.annotations,
        subset=None if wanted == AUTO else wanted,
        is_video=one_of(source.names),
    )
    annotations, remarks = found.annotations, list(found.remarks)
    subset = training_subset(annotations) if wanted == AUTO else found.subset
    if wanted == AUTO and subset is not None:
        annotations = annotations.subset(subset)
        remarks.insert(0, f"subset {subset!r} of {config.annotations.name} is trained on")
    if config.split is not None:
        annotations = annotations.select(read_split(config.split))
    return Tagged(annotations, remarks, subset)


def _present(
    match: Match, annotations: AnnotationSet, config: DataConfig, folder: Path | None
) -> AnnotationSet:
    """The annotations of videos with features, under the features' names.

    Raises:
        ValueError: some videos have no features and `data.missing` is "error"; or none has.
    """
    if match.absent and (config.missing == "error" or not match.found):
        raise InvalidValue(absent_message(match, folder))
    if match.absent:
        _list_names(match, folder)
    videos = {
        match.found[name]: replace(video, name=match.found[name])
        for name, video in annotations.videos.items()
        if name in match.found
    }
    return AnnotationSet(videos, annotations.simulated)


def absent_message(match: Match, folder: Path | None, what: str = "features") -> str:
    """The message about absent tagged videos; all names are written to a file in `folder`."""
    listed = _list_names(match, folder)
    have = "are not there" if what == "videos" else f"have no {what}"
    total = len(match.absent) + len(match.found)
    some = ", ".join(match.absent[:_NAMED])
    spare = ", ".join(match.untagged[:_NAMED]) or "none"
    more = "..." if len(match.absent) > _NAMED else ""
    said = (
        f"{len(match.absent)} of {total} tagged videos {have}: {some}{more}; {what} "
        f"without a tag: {len(match.untagged)} ({spare}){listed}"
    )
    if not match.found:
        return f"{said}. No name of the tags is a name of the {what}: compare both"
    return f"{said}. To train on the {len(match.found)} others: --missing skip"


def _list_names(match: Match, folder: Path | None) -> str:
    """Write all names to a file; returns its place, for a message."""
    if folder is None:
        return ""
    path = folder / UNMATCHED_FILE
    lines = [f"# {len(match.absent)} tagged videos without features", *match.absent]
    lines += ["", f"# {len(match.untagged)} features without a tag", *match.untagged]
    write_whole(path, ["\n".join(lines), "\n"])
    return f"; all names are in {path}"


def _left_out(match: Match, config: DataConfig) -> list[str]:
    if not match.absent:
        return []
    some = ", ".join(match.absent[:_NAMED])
    return [f"{len(match.absent)} tagged videos without features are left out, such as {some}"]
