"""The network, loss, gradients and Adam steps of the released code, from shared/golden.

Catches a renamed or reordered layer, another slope, top-k, softmax or reduction, and a loss whose
target or weight differs from the released one.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from basnet_training import BaSNet, LossConfig, basnet_loss
from basnet_training.scripted import InferenceNetwork

CASES = ["case0", "case1"]
NAMES = [
    "filter_module.conv_1.0.weight",
    "filter_module.conv_1.0.bias",
    "filter_module.conv_2.0.weight",
    "filter_module.conv_2.0.bias",
    "cas_module.conv_1.0.weight",
    "cas_module.conv_1.0.bias",
    "cas_module.conv_2.0.weight",
    "cas_module.conv_2.0.bias",
    "cas_module.conv_3.0.weight",
]


class Golden:
    """One case: its arrays, and the network it was made with."""

    def __init__(self, shared: Path, case: str) -> None:
        with np.load(shared / "golden" / "network.npz") as file:
            self.arrays = {
                key.removeprefix(f"{case}/"): file[key]
                for key in file.files
                if key.startswith(f"{case}/")
            }
        self.features = torch.from_numpy(self["features"])
        self.labels = torch.from_numpy(self["labels"])
        self.settings = LossConfig(alpha=float(self["alpha"]))
        self.network = BaSNet(self.features.shape[2], self.labels.shape[1], dropout=0.0)
        fill(self.network)

    def __getitem__(self, key: str) -> np.ndarray:
        return self.arrays[key]

    def loss(self):
        return basnet_loss(self.network(self.features), self.labels, self.settings)


def fill(network: BaSNet) -> None:
    """Parameters as shared/README.md prescribes them."""
    for index, parameter in enumerate(network.parameters()):
        wave = np.sin(np.arange(parameter.numel()) * 0.7310585 + 1.3 * index)
        rows = parameter.numel() / len(parameter)
        scale = 1.7 / np.sqrt(rows) if parameter.dim() > 1 else 0.05
        values = torch.from_numpy((wave * scale).astype(np.float32))
        parameter.data.copy_(values.view_as(parameter))


@pytest.fixture(params=CASES)
def golden(shared, request) -> Golden:
    return Golden(shared, request.param)


def close(got, want, rtol: float = 1e-4) -> None:
    got = got.detach().numpy() if isinstance(got, torch.Tensor) else got
    np.testing.assert_allclose(got, want, rtol=rtol, atol=rtol * np.abs(want).max())


def test_parameters_have_the_released_names_in_the_released_order():
    assert [name for name, _ in BaSNet(4, 2).named_parameters()] == NAMES


def test_forward(golden):
    with torch.no_grad():
        output = golden.network(golden.features)
    for name in ("score_base", "cas_base", "score_supp", "cas_supp"):
        close(getattr(output, name), golden[name])
    close(output.foreground, golden["foreground"][..., 0])


def test_loss(golden):
    loss = golden.loss()
    for name in ("base", "supp", "norm"):
        close(loss.parts[name], golden[f"loss_{name}"])
    close(loss.total, golden["loss_total"])


def test_gradients(golden):
    golden.loss().total.backward()
    for name, parameter in golden.network.named_parameters():
        # torch sums float32 squares in float32: over 12 million entries that is off by 6e-4.
        close(parameter.grad.double().norm(), golden[f"grad_norm/{name}"])


def test_three_adam_steps(golden):
    optimizer = torch.optim.Adam(golden.network.parameters(), lr=1e-4, weight_decay=5e-4)
    losses = []
    for _ in range(3):
        loss = golden.loss().total
        losses.append(float(loss.detach()))
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    close(np.array(losses), golden["adam_losses"][:3], rtol=1e-3)


@torch.no_grad()
def test_the_exported_form(golden):
    """Matrix products and tiles, at the released sizes."""
    module = InferenceNetwork(golden.network.eval(), "raw", torch.float32)
    _, scores, foreground, cas = module(golden.features)
    close(cas, golden["cas_supp"])
    close(scores, golden["score_supp"][:, :-1])
    close(foreground, golden["foreground"][..., 0])
