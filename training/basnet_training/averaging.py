"""The weights that a run keeps: a moving average of them, and the best so far."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

import torch
from torch import Tensor, nn


class MovingAverage:
    """Exponential moving average of weights; does nothing if `decay` is None.

    The decay of iteration i is min(decay, (1 + i) / (10 + i)), so that the first, random weights
    soon lose their influence.
    """

    def __init__(self, network: nn.Module, decay: float | None) -> None:
        self.decay = decay
        self.values: dict[str, Tensor] = {}
        if decay is not None:
            self.values = {k: v.detach().clone() for k, v in network.state_dict().items()}

    @torch.no_grad()
    def update(self, network: nn.Module, iteration: int) -> None:
        if self.decay is None:
            return
        decay = min(self.decay, (1 + iteration) / (10 + iteration))
        for name, value in network.named_parameters():
            self.values[name].lerp_(value, 1 - decay)
        for name, buffer in network.named_buffers():  # not learned: a fitted projection
            self.values[name].copy_(buffer)

    @torch.no_grad()
    def load(self, values: dict[str, Tensor]) -> None:
        for name, value in values.items():
            self.values[name].copy_(value)

    @contextmanager
    def applied(self, network: nn.Module) -> Iterator[None]:
        """The network with averaged weights, inside the block."""
        if self.decay is None:
            yield
            return
        own = {k: v.detach().clone() for k, v in network.state_dict().items()}
        network.load_state_dict(self.values)
        try:
            yield
        finally:
            network.load_state_dict(own)


@dataclass
class Best:
    """Held-out measurements: the latest, and those of the lowest loss so far."""

    loss: float | None = None
    step: int = 0
    found: dict[str, float] = field(default_factory=dict)
    latest: dict[str, float] = field(default_factory=dict)

    def improves(self, found: dict[str, float], step: int) -> bool:
        """Store new measurements; returns whether they are the best so far."""
        self.latest = found
        if self.loss is not None and found["loss"] >= self.loss:
            return False
        self.loss, self.step, self.found = found["loss"], step, found
        return True
