"""The data of a sweep: what was read, what cannot be compared, and that it stays the same."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

from basnet_rt import InvalidValue
from basnet_rt._system.json_file import read_json
from basnet_rt._system.whole_file import write_whole
from basnet_training.config import Config
from basnet_training.dataset import TaggedVideos, open_videos
from basnet_training.reading.contents import read_contents
from basnet_training.reading.survey import survey
from basnet_training.run.outputs import feature_stamp
from basnet_training.runs import resolve
from basnet_training.timing import settle_timing
from basnet_training.validation import divide

RECORD, DIGESTS = "features.json", "digests.json"


def open_data(config: Config, folder: Path) -> tuple[TaggedVideos, list[str]]:
    """The videos of all trials, and lines that say what was read.

    The digest of their features is kept in `folder`.

    Raises:
        ValueError: the data are wrong, or `folder` has a sweep over other features.
    """
    if config.data.features is None or config.data.annotations is None:
        raise InvalidValue("no data: give --features and --annotations")
    videos = open_videos(config.data)
    resolve(config, videos)
    stamp = feature_stamp(config.data.features)
    contents = read_contents(videos, stamp, folder / DIGESTS)
    if contents.broken:
        raise InvalidValue("; ".join(contents.broken.values()))
    timing = settle_timing(videos, config.data)
    _check_same(folder, contents.digests)
    return videos, survey(videos, timing.seconds, [timing.remark], contents)


def _check_same(folder: Path, digests: Mapping[str, str]) -> None:
    """Videos may be added or missing, which each run checks; none may have changed."""
    path = folder / RECORD
    before = read_json(path) if path.is_file() else {}
    changed = sorted(name for name, one in digests.items() if before.get(name, one) != one)
    if changed:
        raise InvalidValue(
            f"{folder} has a sweep over other features: those of {changed[0]} differ; give "
            "another --output"
        )
    write_whole(path, [json.dumps({**before, **digests}, indent=1) + "\n"])


def fold_remarks(config: Config, videos: TaggedVideos, folds: int) -> list[str]:
    """Sentences on tags whose held-out average precision tells little or nothing.

    Raises:
        ValueError: a fold would be empty.
    """
    totals = (videos.labels > 0).sum(axis=0)
    lines = [
        f"every video has the tag {name}: its average precision is always 100"
        for name, total in zip(videos.classes, totals, strict=True)
        if total == len(videos)
    ]
    for fold in range(folds):
        place = config.validation.model_copy(update={"folds": folds, "fold": fold})
        kept, _ = divide(videos, place)
        present = (kept.labels > 0).sum(axis=0)
        lines += [
            f"fold {fold} leaves no video with the tag {name} to learn from"
            for name, there in zip(videos.classes, present, strict=True)
            if not there
        ]
    return lines
