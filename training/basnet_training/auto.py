"""Settings that fit the data: preset `auto`.

The rules use only sizes and tags, never a name, a segment or a held-out video. The numbers were
chosen on parts of the training videos of two sets: 64 videos of 18 to 64 snippets with 2560
channels and one class, and 108 of 98 to 302 snippets with 228 channels and 17 classes; and on the
demo's videos of seeds 0 to 2: 48 of 25 to 40 snippets with 455 channels and 5 classes.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from basnet_rt import InvalidValue

from .config import Config, OptimConfig, against_teachers
from .reading import TaggedVideos
from .timing import Timing, settle_timing

# Rules.
FEW, MANY = 500, 2000  # videos; below and above, networks are smaller and larger
AXES = 64  # principal axes kept for features of few videos
# Root mean square of the values that a network learns as they are.
TAME = (0.03, 5.0)
SAMPLED = 64  # videos that are read to tell the scale
# 1 / share of a video's time for one of its classes: least with several, with one; and most.
TOPK_DIVISOR = (4, 8, 16)
SHARES_PER_TAG = 4
PASSES, PASSES_OF_MANY_CLASSES = 40, 150  # over the training videos
AVERAGED = 4  # 1 / share of the iterations covered by the average of weights
SOME_CLASSES, MANY_CLASSES = 3, 5
WEIGHT_DECAY = (5e-4, 1e-2)  # with few classes, as published, and with many
ITERATIONS = (160, 5000)  # least and most
LONGEST = 2048  # snippets to train on at once
BATCH = 16
TEACHERS = 3  # of the network for few videos
MAX_FOLDS = 4

SETTINGS_FILE = "settings.yaml"

POSTPROCESS: dict[str, Any] = {
    "mode": "continuous",
    "normalisation": "fixed",
    "class_threshold": 0.0,
    # The lowest for long actions, whose activations are weak in places.
    "cas_thresholds": [0.001, 0.002, 0.005, 0.01, 0.02, 0.03, *(k / 20 for k in range(1, 20))],
    "outer_ratio": 0.25,
    "score_weight": 0.5,
    "nms": "gaussian",
}


@dataclass(frozen=True)
class DataSize:
    """The sizes that the rules use.

    Attributes:
        snippets: median number in a video; longest: the largest.
        tags: mean number of classes in a video, over videos with any.
        scale: root mean square of the values of some snippets.
    """

    videos: int
    classes: int
    channels: int
    snippets: float
    longest: int
    tags: float
    scale: float = 1.0


def size_of(videos: TaggedVideos) -> DataSize:
    """Read the shapes of all videos, and count tags."""
    lengths = [videos.source.shape(name)[0] for name in videos.names]
    per_video = videos.labels.sum(axis=1)
    return DataSize(
        videos=len(videos),
        classes=len(videos.classes),
        channels=videos.source.shape(videos.names[0])[1],
        snippets=float(np.median(lengths)),
        longest=max(lengths),
        tags=float(per_video[per_video > 0].mean(dtype=np.float64)),
        scale=_scale_of(videos),
    )


def _scale_of(videos: TaggedVideos) -> float:
    """Root mean square of the values of one snippet in the middle of some videos."""
    names = videos.names[:: max(1, len(videos) // SAMPLED)]
    middle = [np.array([videos.source.shape(name)[0] // 2]) for name in names]
    rows = [videos.source.read(name, at) for name, at in zip(names, middle, strict=True)]
    return float(np.sqrt(np.mean(np.square(np.concatenate(rows), dtype=np.float64))))


def settle(config: Config, videos: TaggedVideos) -> Config:
    """The settings, with every field that was not set filled in by its rule.

    A configuration without `auto` is returned unchanged.
    """
    if not config.auto:
        return config
    size = size_of(videos)
    changed: dict[str, Any] = {"auto": False}
    for section, rules in rules_for(size).items():
        current = getattr(config, section)
        free = {key: value for key, value in rules.items() if key not in current.model_fields_set}
        changed[section] = current.model_copy(update=free)
    refused = against_teachers(changed["network"], changed["sampling"])
    changed["optim"] = _taught(changed["optim"], config.optim, refused)
    if config.postprocess.get("mode", POSTPROCESS["mode"]) == POSTPROCESS["mode"]:
        changed["postprocess"] = {**POSTPROCESS, **reading_for(size), **config.postprocess}
    timing = settle_timing(videos, config.data)
    changed["data"] = config.data.model_copy(update=_timing_fields(timing))
    return config.model_copy(update=changed)


def _taught(optim: OptimConfig, given: OptimConfig, refused: str) -> OptimConfig:
    """With as many teachers as were asked for, or without any if other settings refuse them.

    Args:
        optim: by the rules; `given`: as the user set it.
    """
    if "teachers" not in given.model_fields_set:
        if given.pseudo_labels == "segments":
            if refused:
                raise InvalidValue(refused)
            return optim.model_copy(update={"teachers": TEACHERS})
        if refused:
            return optim.alone()
    return optim if optim.teachers else optim.alone()


def rules_for(size: DataSize) -> dict[str, dict[str, Any]]:
    """Section, setting, value."""
    batch = min(BATCH, size.videos)
    few_videos = size.videos < FEW
    return {
        "network": {
            "score_function": "sigmoid",  # rests near 0 on background; several tags go together
            "hidden_filter": _by_videos(size, 64, 128, 512),
            "hidden_cas": _by_videos(size, 64 if size.classes < SOME_CLASSES else 128, 256, 1024),
            "projection_dim": projection_dim(size),
            "topk_divisor": topk_divisor(size),
        },
        "sampling": {
            "num_segments": None,
            "crop_snippets": LONGEST if size.longest > LONGEST else None,
        },
        "optim": {
            "iterations": iterations(size, batch),
            "batch_size": batch,
            "ema_decay": ema_decay(size, batch),
            "lr": 1e-3 if size.videos < MANY else 1e-4,
            "weight_decay": WEIGHT_DECAY[few_videos and size.classes > MANY_CLASSES],
            "teachers": TEACHERS if few_videos else 0,
            "pseudo_labels": "segments" if few_videos else "activations",
        },
        # Activations of a briefly trained network may stay below 1: use the range that they reach.
        "export": {"activation": "sigmoid", "calibration": "extremes"},
    }


def projection_dim(size: DataSize) -> int | None:
    """The number of main axes to keep, of standardised channels; F keeps the channels themselves.

    With many channels, a network memorises few videos. Features of values that are large or small
    are not learned without standardising them: values of 0.001 gave mAP 0.3 in place of 82.7.
    """
    if size.videos < FEW:
        return AXES if size.channels > 4 * AXES else size.channels
    return None if TAME[0] <= size.scale <= TAME[1] else size.channels


def topk_divisor(size: DataSize) -> int:
    """The divisor for the number of classes in a video: with more classes, each takes less time.

    More than 16 learns too slowly: on videos with four classes, a divisor of 24 had half the
    precision of 16 after as many iterations. With one class, less than 8 memorises scenes: 4 was
    the best on videos with scenes of the training videos, and the worst on others. With two
    classes, and with five, 4 was better on made features and videos without common scenes.
    """
    several, one, most = TOPK_DIVISOR
    least = several if size.classes > 1 else one
    return min(max(int(SHARES_PER_TAG * size.tags), least), most)


def iterations(size: DataSize, batch: int) -> int:
    passes = PASSES if size.classes <= MANY_CLASSES else PASSES_OF_MANY_CLASSES
    least, most = ITERATIONS
    return int(min(max(round(passes * size.videos / batch), least), most))


def ema_decay(size: DataSize, batch: int) -> float:
    """The decay of the average of weights, which was better with few classes and with many."""
    return 1 - AVERAGED / iterations(size, batch)


def reading_for(size: DataSize) -> dict[str, Any]:
    """Settings of post-processing that depend on the number of classes.

    The score of a video is a mean over a share of it, so it rises with the length of all actions of
    the class. With several classes, detections were better without it on the held-out parts of
    three data sets, and with a stronger suppression of overlaps on two.
    """
    if size.classes < SOME_CLASSES:
        return {"gate": "video", "soft_sigma": 0.5}
    return {"gate": "none", "soft_sigma": 0.3}


def folds_for(config: Config, videos: TaggedVideos) -> int:
    """Parts to hold out in turn: `validation.folds` if it is set, else by the number of videos.

    0 if there are too few.
    """
    if "folds" in config.validation.model_fields_set:
        return config.validation.folds
    if len(videos) < 3:
        return 0
    return min(MAX_FOLDS, len(videos)) if len(videos) < MANY else 2


def _by_videos(size: DataSize, few: int, some: int, many: int) -> int:
    return few if size.videos < FEW else some if size.videos < MANY else many


def _timing_fields(timing: Timing) -> dict[str, Any]:
    if not timing.settled:
        return {}
    return {
        "fps": timing.fps,
        "snippet_stride": timing.stride,
        "snippet_frames": timing.stride,
    }


def settings_line(config: Config) -> str:
    """The most important settings, for people."""
    network, optim = config.network, config.optim
    projection = "all channels"
    if network.projection_dim is not None:
        projection = f"{network.projection_dim} main axes of {config.data.feature_dim} channels"
    crop = config.sampling.crop_snippets
    return (
        f"{network.score_function} scores, {projection}, hidden sizes {network.hidden_filter} and "
        f"{network.hidden_cas}, best 1/{network.topk_divisor} of a video, {optim.iterations} "
        f"iterations of {optim.batch_size} videos, rate {optim.lr:g}"
        + (f", {optim.teachers} teachers" if optim.teachers else "")
        + (f", stretches of {crop} snippets" if crop else "")
    )
