"""The optimisation: network, optimizer and moving average, one iteration at a time."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from basnet_rt import Error, InvalidValue

from .averaging import MovingAverage
from .checkpoint import Checkpoint
from .config import Config
from .dataset import Batch
from .distillation import ACTION
from .distributed import Processes
from .levers import mixed_rows
from .loss import Loss, MixedOutput, basnet_loss
from .runs import build_network
from .sampling import generator, with_noise
from .schedule import learning_rate, topk_divisor

AUTOCAST = {"float32": None, "bfloat16": torch.bfloat16, "float16": torch.float16}


class Optimisation:
    """The state that an iteration changes. Its randomness comes from (seed, iteration, rank)."""

    def __init__(self, config: Config, group: Processes) -> None:
        optim = config.optim
        if optim.batch_size % group.world:
            raise InvalidValue(
                f"optim.batch_size {optim.batch_size} must be a multiple of {group.world} processes"
            )
        self.config, self.group = config, group
        torch.manual_seed(config.run.seed)
        self.network = build_network(config).to(group.device)
        self.parallel = group.wrap(self.network)
        self.optimizer = torch.optim.Adam(
            self.network.parameters(), optim.lr, optim.betas, weight_decay=optim.weight_decay
        )
        half = optim.precision == "float16"
        self.scaler = torch.amp.GradScaler(group.device.type, enabled=half)
        self.average = MovingAverage(self.network, optim.ema_decay)
        self.step = 0

    def iterate(self, batch: Batch) -> Loss:
        """One optimizer step.

        Raises:
            Error: the scores are not finite any more.
        """
        config = self.config
        rng = generator(config.run.seed, 2, self.step, self.group.rank)
        torch.manual_seed(int(rng.integers(2**63)))
        rate = learning_rate(config.optim, self.step)
        for entry in self.optimizer.param_groups:
            entry["lr"] = rate
        self.parallel.train()
        loss = self._loss(batch)
        self.optimizer.zero_grad(set_to_none=True)
        self.scaler.scale(loss.total).backward()  # type: ignore[no-untyped-call]
        if config.optim.clip_norm is not None:
            self.scaler.unscale_(self.optimizer)
            nn.utils.clip_grad_norm_(self.network.parameters(), config.optim.clip_norm)
        self.scaler.step(self.optimizer)
        self.scaler.update()
        self.average.update(self.network, self.step)
        self.step += 1
        return loss

    def _loss(self, batch: Batch) -> Loss:
        config, dtype = self.config, AUTOCAST[self.config.optim.precision]
        features = with_noise(batch.features, batch.mask, config.sampling.noise)
        divisor = topk_divisor(config.optim, config.network.topk_divisor, self.step)
        most = lengths(batch)
        with torch.autocast(self.group.device.type, dtype, enabled=dtype is not None):
            output = self.parallel(features, batch.mask, divisor, most)
            mixed = self._mixed(features, batch.mask, divisor, most)
        if not bool(torch.isfinite(output.score_base.sum() + output.score.sum())):
            raise Error(
                f"the network diverged at iteration {self.step}: its scores are not finite; "
                "lower optim.lr, set optim.clip_norm, or train in float32"
            )
        net = config.network
        return basnet_loss(
            output,
            batch.labels,
            config.loss,
            variant=net.variant,
            score_function=net.score_function,
            targets=batch.targets,
            mask=batch.mask,
            mixed=mixed,
        )

    def _mixed(
        self, features: Tensor, mask: Tensor | None, divisor: int, most: Tensor | None
    ) -> MixedOutput | None:
        """The output for mixed neighbours, if the loss has that term."""
        if not self.config.loss.mixing:
            return None
        share = torch.rand(features.shape[:2], device=features.device)
        rows = mixed_rows(features, mask, share)
        return MixedOutput(self.parallel(rows, mask, divisor, most), share)

    def checkpoint(self, **extra: Any) -> Checkpoint:
        """Everything needed to continue the run from here, and `extra`."""
        return Checkpoint(
            self.step,
            self.config.digest(),
            dict(self.network.state_dict()),
            self.average.values,
            _flat(self.optimizer.state_dict()["state"]),
            {"scaler": self.scaler.state_dict(), **extra},
        )

    def restore(self, checkpoint: Checkpoint) -> None:
        """Restore the state of `checkpoint`."""
        self.network.load_state_dict(checkpoint.weights)
        self.optimizer.load_state_dict(
            {**self.optimizer.state_dict(), "state": _nested(checkpoint.optimizer)}
        )
        self.average.load(checkpoint.average)
        self.scaler.load_state_dict(checkpoint.extra["scaler"])
        self.step = checkpoint.step


def lengths(batch: Batch) -> Tensor | None:
    """(B, C+1) numbers of snippets with `ACTION` of their class's largest target.

    T for a class without a target, and for background. None without pseudo-segments.
    """
    targets = batch.targets.get("pseudo_segments")
    if targets is None:
        return None
    known = targets.nan_to_num()
    peak = known.amax(dim=1, keepdim=True)
    found = ((known >= ACTION * peak) & (peak > 0)).sum(dim=1)
    found = found.masked_fill(found == 0, targets.shape[1])
    return F.pad(found, (0, 1), value=targets.shape[1])


def _flat(state: Mapping[int, Mapping[str, Any]]) -> dict[str, Tensor]:
    return {
        f"{place}/{name}": torch.as_tensor(value)
        for place, entry in state.items()
        for name, value in entry.items()
    }


def _nested(state: Mapping[str, Tensor]) -> dict[int, dict[str, Tensor]]:
    found: dict[int, dict[str, Tensor]] = {}
    for key, value in state.items():
        place, _, name = key.partition("/")
        found.setdefault(int(place), {})[name] = value
    return found
