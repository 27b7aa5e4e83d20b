"""The size of a demo, and the settings that its network is trained with."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

from basnet_demo.script import FilmScript, write_scripts


@dataclass(frozen=True, kw_only=True)
class Size:
    """Videos of each subset, their shortest and longest length in seconds, and the training."""

    train: int
    test: int
    seconds: tuple[float, float]
    iterations: int


FULL = Size(train=48, test=20, seconds=(16.0, 26.0), iterations=300)
# For a look at the way, and for tests: it learns next to nothing.
QUICK = Size(train=5, test=3, seconds=(8.0, 9.0), iterations=10)


@dataclass(frozen=True, kw_only=True)
class DemoSettings:
    """The settings that decide a demo's videos and results."""

    seed: int = 0
    quick: bool = False

    @property
    def size(self) -> Size:
        return QUICK if self.quick else FULL

    def to_dict(self) -> dict[str, Any]:
        return asdict(self)

    def scripts(self) -> list[FilmScript]:
        """Of both subsets, train first."""
        size = self.size
        return [
            *write_scripts("train", size.train, self.seed, size.seconds),
            *write_scripts("test", size.test, self.seed, size.seconds),
        ]

    def training_yaml(self) -> str:
        """Settings for `basnet-train fit`."""
        return _TRAINING.format(iterations=self.size.iterations)


_TRAINING = """\
# Made by `basnet-rt demo`. Training sees features and the tags of whole videos: tags.csv.
name: demo
data:
  feature_extractor: motion
network:
  hidden_filter: 64
  hidden_cas: 128
  projection_dim: 64 # so few videos cannot hold all channels
sampling:
  num_segments: null # whole videos, at their own rate
optim:
  iterations: {iterations}
  batch_size: 10
  lr: 1.0e-3
export:
  activation: fused
  calibration: unit
postprocess:
  normalisation: fixed
  class_threshold: 0.02
  cas_thresholds: [0.15, 0.2, 0.25, 0.3, 0.35, 0.4, 0.45, 0.5, 0.55, 0.6, 0.7, 0.8]
  nms_iou: 0.45
run:
  tensorboard: false
"""
