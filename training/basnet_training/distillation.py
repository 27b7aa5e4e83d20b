"""An ensemble distilled into one network: the mean activations of teachers become targets.

Source: Hinton, Vinyals and Dean, "Distilling the knowledge in a neural network" (2015). Teachers
have the settings of the network that learns from them, and seeds of their own. With few tagged
videos much depends on the seed: less so for the mean of several networks. A network that learns
this mean needs no more time to localize or to stream than another.

A short class takes less time than the best snippets whose mean is a video's score, so that tags
alone widen it. Its targets are pseudo-segments, as in "Two-stream consensus network" (Zhai et al.,
ECCV 2020) and later papers: only what the mean clearly says is action or background. In a run with
short classes, a score is learned from no more snippets than the teachers clearly say are action.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt
import torch

from .config import Config, ValidationConfig
from .network import BaSNet
from .reading import TaggedVideos
from .sampling import generator

FOLDER = "teachers"  # in the folder of the run that learns from them

# Shares of a class's peak in a video. From the first on, a snippet is action; up to the second,
# background.
ACTION, BACKGROUND = 0.9, 0.6
PEAK = 3  # snippets whose mean is the peak
# A class is short if fewer snippets than this share of the best ones reach that share of its peak.
SHORT, REACHED = 0.8, 0.2
ENOUGH = 0.25  # share of the classes; fewer short ones are taken for chance

FloatArray = npt.NDArray[np.float32]
BoolArray = npt.NDArray[np.bool_]


def teacher_folders(folder: Path, config: Config) -> list[Path]:
    """The folders of a run's teachers."""
    return [folder / FOLDER / str(number) for number in range(config.optim.teachers)]


def teacher_config(config: Config, number: int) -> Config:
    """The settings of one teacher: those of the run, with another seed and no teachers."""
    seed = int(generator(config.run.seed, 3, number).integers(2**31))
    run = {"seed": seed, "tensorboard": False, "keep_checkpoints": 1}
    return config.model_copy(
        update={
            "optim": config.optim.alone(),
            "validation": ValidationConfig(),
            "run": config.run.model_copy(update=run),
        }
    )


class DistilledTargets:
    """Mean activations of teachers in every training video.

    An activation is the sigmoid of the CAS; that of a class without a tag is 0. All videos are kept
    in memory: 4 bytes for each snippet and class.

    Args:
        networks: the teachers, in evaluation mode on `device`.
        segments: the targets of short classes are `pseudo_segments` of the activations.
        crop: snippets of a video that are learned from at once; None: all.

    Attributes:
        short: (C,) bool, the classes that have pseudo-segments.
    """

    def __init__(
        self,
        networks: Sequence[BaSNet],
        videos: TaggedVideos,
        device: torch.device,
        *,
        segments: bool = False,
        crop: int | None = None,
    ) -> None:
        self._made = {
            name: _mean_activations(networks, videos, place, device)
            for place, name in enumerate(videos.names)
        }
        self.short = np.zeros(len(videos.classes), np.bool_)
        if segments:
            each = list(self._made.values())
            self.short = short_classes(each, networks[0].topk_divisor, crop)
        if self.short.any():
            for made in self._made.values():
                made[:, self.short] = pseudo_segments(made[:, self.short])

    def of(self, name: str, snippets: int) -> FloatArray | None:
        """(T, C) float32 in [0, 1] of a video; NaN where pseudo-segments leave it open."""
        return self._made[name]


def pseudo_segments(activations: FloatArray) -> FloatArray:
    """Targets of the snippets that are clearly action or background.

    Args:
        activations: (T, C) in [0, 1]; 0 for classes without a tag.

    Returns:
        (T, C) float32: 1 from `ACTION` of the class's peak on, 0 up to `BACKGROUND` of it and for
        classes without a tag, NaN between.
    """
    peak = _peaks(activations)
    found = np.full_like(activations, np.nan)
    found[activations <= BACKGROUND * peak] = 0
    found[(activations >= ACTION * peak) & (peak > 0)] = 1
    return found


def short_classes(
    activations: Sequence[FloatArray], divisor: int, crop: int | None = None
) -> BoolArray:
    """Classes whose actions take less time than the best snippets of a video's score.

    Their time is the number of snippets that reach `REACHED` of the class's peak in a video; the
    best snippets are max(1, T // divisor), with `crop` for T in longer videos. A class is short if
    the median of the ratios over its videos is below `SHORT`. If fewer than `ENOUGH` of the classes
    are, none is.

    Args:
        activations: (T, C) in [0, 1] of each video; 0 for classes without a tag.

    Returns:
        (C,) bool.
    """
    at_once = [len(one) if crop is None else min(len(one), crop) for one in activations]
    best = [max(1, snippets // divisor) for snippets in at_once]
    ratios = np.stack([_ratios(one, k) for one, k in zip(activations, best, strict=True)])
    middle = [np.median(each[each > 0]) if each.any() else np.inf for each in ratios.T]
    short: BoolArray = np.array(middle) < SHORT
    return short if short.mean() >= ENOUGH else np.zeros_like(short)


def _ratios(activations: FloatArray, best: int) -> npt.NDArray[np.float64]:
    """(C,) time of each class, over that of the best snippets; 0 without the class."""
    peak = _peaks(activations)
    active = (activations >= REACHED * peak) & (peak > 0)
    ratios: npt.NDArray[np.float64] = active.sum(axis=0) / best
    return ratios


def _peaks(activations: FloatArray) -> FloatArray:
    """(C,) mean of the largest activations of each class."""
    peaks: FloatArray = np.sort(activations, axis=0)[-PEAK:].mean(axis=0)
    return peaks


@torch.no_grad()
def _mean_activations(
    networks: Sequence[BaSNet], videos: TaggedVideos, place: int, device: torch.device
) -> FloatArray:
    rows = torch.from_numpy(videos.source.read(videos.names[place])).to(device).unsqueeze(0)
    each = [network(rows).cas[0, :, :-1].sigmoid() for network in networks]
    mean: FloatArray = torch.stack(each).mean(dim=0).cpu().numpy()
    mean[:, videos.labels[place] == 0] = 0
    return mean
