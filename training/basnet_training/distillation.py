"""An ensemble distilled into one network: the mean activations of teachers become targets.

Source: Hinton, Vinyals and Dean, "Distilling the knowledge in a neural network" (2015). Teachers
have the settings of the network that learns from them, and seeds of their own. With few tagged
videos much depends on the seed: less so for the mean of several networks. A network that learns
this mean needs no more time to localize or to stream than another.

Pseudo-segments go one step further, as in "Two-stream consensus network" (Zhai et al., ECCV 2020)
and later papers: of the mean, only what is clearly inside or outside an action is a target. Where
teachers disagree, their mean is neither, and the network decides by the tags and its neighbours.
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

FloatArray = npt.NDArray[np.float32]


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
        segments: the targets are `pseudo_segments` of the activations.
    """

    def __init__(
        self,
        networks: Sequence[BaSNet],
        videos: TaggedVideos,
        device: torch.device,
        *,
        segments: bool = False,
    ) -> None:
        self._made = {
            name: _mean_activations(networks, videos, place, device)
            for place, name in enumerate(videos.names)
        }
        if segments:
            self._made = {name: pseudo_segments(one) for name, one in self._made.items()}

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
    peak = np.sort(activations, axis=0)[-PEAK:].mean(axis=0)
    found = np.full_like(activations, np.nan)
    found[activations <= BACKGROUND * peak] = 0
    found[(activations >= ACTION * peak) & (peak > 0)] = 1
    return found


@torch.no_grad()
def _mean_activations(
    networks: Sequence[BaSNet], videos: TaggedVideos, place: int, device: torch.device
) -> FloatArray:
    rows = torch.from_numpy(videos.source.read(videos.names[place])).to(device).unsqueeze(0)
    each = [network(rows).cas[0, :, :-1].sigmoid() for network in networks]
    mean: FloatArray = torch.stack(each).mean(dim=0).cpu().numpy()
    mean[:, videos.labels[place] == 0] = 0
    return mean
