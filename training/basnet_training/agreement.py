"""The differences between an exported file and its network."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor

from basnet_rt import BundleError

from .network import BaSNet

# Largest allowed error of the CAS in an export, as a share of its largest value.
TOLERANCE = {"float32": 1e-4, "bfloat16": 5e-2, "int8": 1e-1}
# Sizes of the chunks that the streamed comparison feeds, in turn.
CHUNKS = (1, 2, 5, 64)


@dataclass(frozen=True)
class Agreement:
    """The differences between an exported file and its network.

    cas, stream: largest difference of the CAS from the network's, as a share of its largest
        absolute value; `forward` on the whole, and `step` and `flush` on chunks.
    score, foreground: largest absolute differences.
    """

    snippets: int
    cas: float
    stream: float
    score: float
    foreground: float

    def to_dict(self) -> dict[str, float]:
        return asdict(self)


@torch.no_grad()
def compare(network: BaSNet, module: Any, sample: Tensor | None = None) -> Agreement:
    """Run both on the same features, whole and in chunks."""
    features = sample_of(network, sample)
    expected = network(features)
    _, scores, foreground, cas = module(features)
    largest = float(expected.cas.abs().max()) or 1.0
    streamed = torch.cat(list(_stream(module, features)), dim=1)
    return Agreement(
        snippets=features.shape[1],
        cas=difference(cas, expected.cas) / largest,
        stream=difference(streamed, expected.cas) / largest,
        score=difference(scores, expected.score[:, :-1]),
        foreground=difference(foreground, expected.foreground),
    )


def _stream(module: Any, features: Tensor) -> Iterator[Tensor]:
    """The CAS, as chunks of several sizes yield it."""
    state, start, turn = module.initial_state(1), 0, 0
    while start < features.shape[1]:
        size = CHUNKS[turn % len(CHUNKS)]
        _, _, cas, state = module.step(features[:, start : start + size], state)
        yield cas
        start, turn = start + size, turn + 1
    yield module.flush(state)[2]


def difference(a: Tensor, b: Tensor) -> float:
    return float((a - b).abs().max())


def sample_of(network: BaSNet, sample: Tensor | None) -> Tensor:
    """(1, T, F) features to compare on; random ones if none are given."""
    if sample is None:
        drawn = np.random.default_rng(0).standard_normal((150, network.feature_dim))
        sample = torch.from_numpy(np.abs(drawn).astype(np.float32))
    return sample.unsqueeze(0)


def check_agreement(agreement: Agreement, dtype: str, path: object) -> None:
    """Refuse a file whose CAS differs from the network's by more than the dtype allows."""
    limit = TOLERANCE[dtype]
    if not (agreement.cas <= limit and agreement.stream <= limit):
        raise BundleError(
            f"{path}: the exported CAS differs from the network's by {agreement.cas:.1e} "
            f"(stream {agreement.stream:.1e}) of its largest value; allowed is {limit:.0e}"
        )
