"""One iteration of training at the released sizes, beside the released way.

    python -m bench.speed.train [--videos 4] [--threads 1] [--rounds 5]

The rival is the released form: both branches by Conv1d on (B, F, T) in float32, the losses as
published, Adam. Ours is what `basnet-train fit` calls: both branches share the first layer's
products, and the second layer takes half of them. It is timed in float32 and in bfloat16
(`optim.precision`), which pays where the processor has instructions for it. Features, of 750
snippets and 2048 channels, are in memory already; 20 classes.

Before timing, without dropout: the losses agree to 1e-5 and every gradient to 1e-3 of its norm in
float32 (an activation next to 0 may change its sign by rounding); in bfloat16 the loss to 2 %.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from basnet_training.config import Config, load_config
from basnet_training.dataset import Batch
from basnet_training.distributed import Processes
from basnet_training.optimisation import Optimisation
from bench.tables import machine
from bench.timing import HEADER, compare, row

NUM_SNIPPETS, NUM_CLASSES = 750, 20
ALPHA = 1e-4


class ReleasedForm(nn.Module):
    """Both branches from the features on, channels before time."""

    def __init__(self, like: nn.Module) -> None:
        super().__init__()
        self.like = like  # holds the weights, under the released names

    def forward(self, features: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        x = features.permute(0, 2, 1)
        gate = self._filtered(x)
        return self._scores(x), self._scores(x * gate), gate

    def _filtered(self, x: Tensor) -> Tensor:
        module = self.like.filter_module
        return module.conv_2[0](F.leaky_relu(module.conv_1[0](x))).sigmoid()

    def _scores(self, x: Tensor) -> Tensor:
        module = self.like.cas_module
        hidden = F.leaky_relu(module.conv_1[0](x))
        hidden = module.drop_out(F.leaky_relu(module.conv_2[0](hidden)))
        cas = module.conv_3[0](hidden)
        best = cas.sort(dim=2, descending=True).values[:, :, : NUM_SNIPPETS // 8]
        return best.mean(dim=2).softmax(dim=1)


def released_loss(outputs: tuple[Tensor, Tensor, Tensor], labels: Tensor) -> Tensor:
    base, supp, gate = outputs
    with_background = torch.cat((labels, torch.ones_like(labels[:, :1])), dim=1)
    without = torch.cat((labels, torch.zeros_like(labels[:, :1])), dim=1)
    entropies = [
        F.binary_cross_entropy(scores, target / target.sum(dim=1, keepdim=True))
        for scores, target in ((base, with_background), (supp, without))
    ]
    return entropies[0] + entropies[1] + ALPHA * gate.abs().sum(dim=2).mean()


class Released:
    """The released loop's iteration."""

    def __init__(self, network: nn.Module, config: Config) -> None:
        self.network, self.form = network, ReleasedForm(network)
        optim = config.optim
        self.adam = torch.optim.Adam(
            network.parameters(), optim.lr, optim.betas, weight_decay=optim.weight_decay
        )

    def loss(self, batch: Batch) -> Tensor:
        return released_loss(self.form(batch.features), batch.labels)

    def iterate(self, batch: Batch) -> None:
        self.network.train()
        self.adam.zero_grad()
        self.loss(batch).backward()
        self.adam.step()


def made_batch(videos: int) -> Batch:
    rng = np.random.default_rng(0)
    features = rng.gamma(1.0, 0.3, (videos, NUM_SNIPPETS, 2048)).astype(np.float32)
    labels = np.zeros((videos, NUM_CLASSES), np.float32)
    labels[np.arange(videos), np.arange(videos) % NUM_CLASSES] = 1
    return Batch(torch.from_numpy(features), torch.from_numpy(labels), None)


def optimisation(precision: str) -> Optimisation:
    config = load_config("thumos14", {"optim.precision": precision, "run.device": "cpu"})
    return Optimisation(config, Processes(0, 1, torch.device("cpu")))


@contextmanager
def without_dropout(network: nn.Module) -> Iterator[None]:
    drop_outs = [one for one in network.modules() if isinstance(one, nn.Dropout)]
    shares = [one.p for one in drop_outs]
    for one in drop_outs:
        one.p = 0.0
    yield
    for one, share in zip(drop_outs, shares, strict=True):
        one.p = share


def gradients(network: nn.Module, loss: Callable[[], Tensor]) -> tuple[float, Mapping[str, Tensor]]:
    network.train()
    network.zero_grad()
    value = loss()
    value.backward()
    return float(value.detach()), {
        name: one.grad.clone() for name, one in network.named_parameters() if one.grad is not None
    }


def check_equal(precision: str, batch: Batch) -> None:
    """Loss and gradients of one set of weights, both ways.

    Raises:
        SystemExit: they differ.
    """
    ours = optimisation(precision)
    network = ours.network
    with without_dropout(network):
        want, expected = gradients(network, lambda: Released(network, ours.config).loss(batch))
        got, found = gradients(network, lambda: ours._loss(batch).total)
    loss_off = abs(got - want) / want
    off = max(float((found[name] - one).norm() / one.norm()) for name, one in expected.items())
    print(f"{precision}: loss differs by {loss_off:.1e}, gradients by {off:.1e} of their norm")
    if loss_off > (1e-5 if precision == "float32" else 0.02):
        raise SystemExit("the losses differ")
    if precision == "float32" and off > 1e-3:
        raise SystemExit("the gradients differ")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--videos", type=int, default=4, help="in a batch; the released one has 16")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--rounds", type=int, default=5)
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    batch = made_batch(options.videos)
    print(f"{machine()}; {options.videos} videos of {NUM_SNIPPETS} snippets\n")
    for precision in ("float32", "bfloat16"):
        check_equal(precision, batch)
    print("\n" + HEADER)
    for precision in ("float32", "bfloat16"):
        ours = optimisation(precision)
        rival = Released(optimisation("float32").network, ours.config)
        result = compare(
            lambda rival=rival: rival.iterate(batch),
            lambda ours=ours: ours.iterate(batch),
            rounds=options.rounds,
        )
        print(row(f"an iteration in {precision}", result, "s"), flush=True)


if __name__ == "__main__":
    main()
