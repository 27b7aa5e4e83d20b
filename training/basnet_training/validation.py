"""Held-out training videos: how they are chosen, and the measurements on them.

Only video-level tags are used. Segments in a file are not read, because settings chosen by them
would be supervised by frame labels.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import numpy.typing as npt
import torch

from basnet_rt import InvalidValue

from . import sampling
from .config import Config, ValidationConfig
from .dataset import TaggedVideos, VideoDataset, collate
from .loss import basnet_loss
from .network import NetworkOutput

Forward = Callable[[torch.Tensor, torch.Tensor | None], NetworkOutput]
Scores = npt.NDArray[np.floating]


def divide(videos: TaggedVideos, settings: ValidationConfig) -> tuple[TaggedVideos, TaggedVideos]:
    """(to train on, held out). Every fold gets its share of each combination of tags."""
    if settings.folds == 0:
        return videos, videos.take([])
    shuffled = sampling.generator(settings.seed).permutation(len(videos))
    by_tags = sorted(shuffled.tolist(), key=lambda place: videos.labels[place].tolist())
    held = set(by_tags[settings.fold :: settings.folds])
    kept = [place for place in range(len(videos)) if place not in held]
    if not kept or not held:
        raise InvalidValue(
            f"validation.folds {settings.folds}, fold {settings.fold}: of {len(videos)} videos "
            f"{len(held)} are held out and {len(kept)} are left to train on; choose fewer folds, "
            "or 0 for none"
        )
    return videos.take(kept), videos.take(sorted(held))


@torch.no_grad()
def measure(
    forward: Forward, videos: TaggedVideos, config: Config, device: torch.device
) -> dict[str, float]:
    """Losses and video-level scores on whole videos, one at a time.

    `forward` is a network in evaluation mode. Returns "loss" and its parts, "video_map", that of
    random scores ("video_map_by_chance") and, if there are videos with and without action,
    "video_auc" for separating them.
    """
    dataset = VideoDataset(videos, config.sampling)
    sums: dict[str, float] = {}
    scores = []
    for place in range(len(dataset)):
        batch = collate([dataset[place]]).to(device)
        output = forward(batch.features, batch.mask)
        loss = basnet_loss(
            output,
            batch.labels,
            config.loss,
            variant=config.network.variant,
            score_function=config.network.score_function,
            mask=batch.mask,
        )
        for name, value in {"loss": loss.total, **loss.parts}.items():
            sums[name] = sums.get(name, 0.0) + float(value) / len(dataset)
        scores.append(output.score[0, :-1].cpu().numpy())
    found = video_metrics(np.stack(scores), videos.labels)
    if "video_map" in found:
        counts = [int(one) for one in (videos.labels > 0).sum(axis=0) if one]
        by_chance = [average_precision_by_chance(len(videos), count) for count in counts]
        found["video_map_by_chance"] = float(np.mean(by_chance))
    return sums | found


def video_metrics(scores: Scores, labels: Scores) -> dict[str, float]:
    """The average precision of (N, C) scores for the tags of videos."""
    present = [c for c in range(labels.shape[1]) if labels[:, c].any()]
    found = {}
    if present:
        each = [average_precision(scores[:, c], labels[:, c] > 0) for c in present]
        found["video_map"] = float(np.mean(each))
    action: npt.NDArray[np.bool_] = labels.sum(axis=1) > 0
    if action.any() and not action.all():
        found["video_auc"] = area_under_roc(scores.max(axis=1), action)
    return found


def average_precision(scores: Scores, positive: npt.NDArray[np.bool_]) -> float:
    """Mean over the positives of the precision at their rank; ties keep their order."""
    hits = positive[np.argsort(-scores, kind="stable")]
    precision = np.cumsum(hits) / np.arange(1, len(hits) + 1)
    return float(precision[hits].mean())


def average_precision_by_chance(videos: int, positives: int) -> float:
    """The mean of `average_precision` over all orders of the videos.

    A positive at rank k has, in the mean, (positives - 1) / (videos - 1) of the k - 1 places before
    it. With many videos this is the share of positives; with few it is more.
    """
    if positives == videos:
        return 1.0
    harmonic = sum(1 / rank for rank in range(1, videos + 1))
    others = (positives - 1) / (videos - 1)
    return (harmonic + others * (videos - harmonic)) / videos


def area_under_roc(scores: Scores, positive: npt.NDArray[np.bool_]) -> float:
    """The probability that a positive scores above a negative; a tie counts half."""
    above = scores[positive][:, None] - scores[~positive][None, :]
    return float(((above > 0) + 0.5 * (above == 0)).mean())
