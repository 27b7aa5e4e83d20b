"""An ensemble distilled into one network: the mean activations of teachers become targets.

Source: Hinton, Vinyals and Dean, "Distilling the knowledge in a neural network" (2015). Teachers
have the settings of the network that learns from them, and seeds of their own. With few tagged
videos much depends on the seed: less so for the mean of several networks. A network that learns
this mean needs no more time to localize or to stream than another.
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
            "optim": config.optim.model_copy(update={"teachers": 0}),
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
    """

    def __init__(
        self, networks: Sequence[BaSNet], videos: TaggedVideos, device: torch.device
    ) -> None:
        self._made = {
            name: _mean_activations(networks, videos, place, device)
            for place, name in enumerate(videos.names)
        }

    def of(self, name: str, snippets: int) -> FloatArray | None:
        """(T, C) float32 in [0, 1] of a video."""
        return self._made[name]


@torch.no_grad()
def _mean_activations(
    networks: Sequence[BaSNet], videos: TaggedVideos, place: int, device: torch.device
) -> FloatArray:
    rows = torch.from_numpy(videos.source.read(videos.names[place])).to(device).unsqueeze(0)
    each = [network(rows).cas[0, :, :-1].sigmoid() for network in networks]
    mean: FloatArray = torch.stack(each).mean(dim=0).cpu().numpy()
    mean[:, videos.labels[place] == 0] = 0
    return mean
