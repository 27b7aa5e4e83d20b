"""The range per class that `fixed` normalisation maps to [0, 1], measured on training videos."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Literal

import numpy as np
import numpy.typing as npt
import torch

from basnet_rt import InvalidValue
from basnet_rt._system.whole_file import write_whole
from basnet_rt.model.bundle import Calibration

from .config import Config, SamplingConfig
from .dataset import TaggedVideos, VideoDataset
from .network import BaSNet
from .progress import progress_bar
from .scripted import InferenceNetwork

Method = Literal["extremes", "unit"]
Activations = Callable[[torch.Tensor], torch.Tensor]

CALIBRATION_FILE = "calibration.json"


@dataclass(frozen=True)
class Calibrated:
    """A calibration for one kind of activation, and how it was made."""

    activation: str
    method: Method
    videos: int
    calibration: Calibration

    def save(self, folder: Path) -> None:
        write_whole(folder / CALIBRATION_FILE, [json.dumps(asdict(self), indent=1)])


def load_calibrated(folder: Path) -> Calibrated | None:
    """The calibration that `Calibrated.save` wrote in a run's folder, or None."""
    path = folder / CALIBRATION_FILE
    if not path.is_file():
        return None
    try:
        fields = json.loads(path.read_text(encoding="utf-8"))
        range_ = fields.pop("calibration")
        return Calibrated(
            calibration=Calibration(tuple(range_["lo"]), tuple(range_["hi"])), **fields
        )
    except (ValueError, KeyError, TypeError) as error:
        raise InvalidValue(f"{path}: not a calibration of this program: {error}") from error


def fitting_calibration(folder: Path, activation: str) -> Calibration | None:
    """The calibration in a run's folder, or None; it is an error if it is of another activation."""
    found = load_calibrated(folder)
    if found is None:
        return None
    if found.activation != activation:
        raise InvalidValue(
            f"{folder / CALIBRATION_FILE} is of {found.activation!r} activations, not "
            f"{activation!r}; calibrate again"
        )
    return found.calibration


def calibrate(
    activations: Activations,
    videos: TaggedVideos,
    *,
    activation: str,
    method: Method = "extremes",
    num_segments: int | None = None,
    shown: bool = True,
) -> Calibrated:
    """Measure the range of every class.

    "unit" is 0 to 1 without measuring, for activations that are probabilities. "extremes" is the
    range of min-max normalisation for a typical video of the class: the medians, over the videos
    tagged with it, of max(0, smallest) and of max(0, largest) activation in time, as in mode
    `published`. A class without tagged videos is measured on all videos. If actions fill the tagged
    videos, as they do in trimmed clips, none of these shows a background: the smallest activation
    is then above what other videos reach, and theirs takes its place. A class that never rises
    above 0 gets the medians of its smallest and largest activations.

    Args:
        activations: (1, T, F) features to (1, T, C), in evaluation mode.
        activation: kind of the activations; "raw", "softmax" or "fused".
        num_segments: T to resample videos to, as the model's metadata says; None: native rate.
    """
    classes = len(videos.classes)
    if method == "unit":
        if activation == "raw":
            raise InvalidValue("calibration 'unit' is for probabilities; 'raw' CAS have no bounds")
        unit = Calibration((0.0,) * classes, (1.0,) * classes)
        return Calibrated(activation, method, 0, unit)
    extremes = video_extremes(activations, videos, num_segments, shown)
    return Calibrated(activation, method, len(videos), typical_range(extremes, videos.labels))


def calibrate_network(network: BaSNet, config: Config, videos: TaggedVideos) -> Calibrated:
    """Calibrate a trained network with the settings of its export, without output."""
    kind = config.export.activation
    module = InferenceNetwork(network.eval(), kind, torch.float32).eval()
    return calibrate(
        lambda features: module(features)[0],
        videos,
        activation=kind,
        method=config.export.calibration,
        num_segments=config.sampling.num_segments,
        shown=False,
    )


@torch.no_grad()
def video_extremes(
    activations: Activations, videos: TaggedVideos, num_segments: int | None, shown: bool
) -> npt.NDArray[np.float64]:
    """(N, 2, C): smallest and largest activation in time, per video and class."""
    dataset = VideoDataset(videos, SamplingConfig(num_segments=num_segments))
    found = []
    with progress_bar("calibrating", len(dataset), shown=shown) as bar:
        for place in range(len(dataset)):
            values = activations(dataset[place].features.unsqueeze(0))[0]
            found.append(torch.stack((values.amin(dim=0), values.amax(dim=0))).double().numpy())
            bar.advance()
    return np.stack(found)


def typical_range(
    extremes: npt.NDArray[np.float64], labels: npt.NDArray[np.float32]
) -> Calibration:
    """The "extremes" method on measured (N, 2, C) extremes and (N, C) tags; hi > lo always."""
    lo, hi = [], []
    for index in range(labels.shape[1]):
        tagged = labels[:, index] > 0
        rows = extremes[tagged if tagged.any() else slice(None), :, index]
        low, high = np.median(np.maximum(rows, 0), axis=0)
        if tagged.any() and not tagged.all():
            least, most = np.median(np.maximum(extremes[~tagged, :, index], 0), axis=0)
            low = least if low > most else low
        if not high > low:
            low, high = np.median(rows, axis=0)
        lo.append(float(low))
        hi.append(float(high if high > low else low + 1))
    return Calibration(tuple(lo), tuple(hi))
