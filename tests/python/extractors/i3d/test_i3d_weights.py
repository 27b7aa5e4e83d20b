"""Checkpoints: what loads, and what is refused with which words."""

from __future__ import annotations

import pytest
import torch

from basnet_rt import BundleError
from basnet_rt.extractors.i3d.weights import load_i3d

BIAS = "Mixed_4d.b2b.bn.bias"


@pytest.fixture
def saved(states, tmp_path):
    """Writes a changed RGB checkpoint: entries of None are left out."""

    def save(**changes):
        state = {**states["rgb"], **{k.replace("__", "."): v for k, v in changes.items()}}
        torch.save({k: v for k, v in state.items() if v is not None}, tmp_path / "changed.pt")
        return tmp_path / "changed.pt"

    return save


def test_a_checkpoint_without_counters_loads(states, tmp_path):
    """Catches a demand for what older versions of torch did not write."""
    state = {n: t for n, t in states["flow"].items() if not n.endswith("num_batches_tracked")}
    torch.save(state, tmp_path / "old.pt", _use_new_zipfile_serialization=False)
    stream, network = load_i3d(tmp_path / "old.pt")
    assert stream == "flow"
    assert not network.training
    for name, tensor in state.items():
        assert torch.equal(network.state_dict()[name], tensor)


def test_any_number_of_classes_loads(saved):
    """Catches a demand for Kinetics' 400 where a checkpoint was tuned on other classes."""
    path = saved(logits__conv3d__weight=torch.ones(157, 1024, 1, 1, 1),
                 logits__conv3d__bias=torch.ones(157))  # fmt: skip
    _, network = load_i3d(path)
    assert network.classify(torch.zeros(1, 1024, 2)).shape == (1, 157, 2)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({BIAS: None}, f"1 missing: {BIAS}"),
        ({"extra.weight": torch.ones(1)}, "1 foreign: extra.weight"),
        ({BIAS: torch.ones(65)}, r"bn.bias has shape \(65,\), expected \(64,\)"),
        ({BIAS: torch.full((64,), torch.nan)}, f"{BIAS} holds NaN or infinity"),
        ({"Conv3d_1a_7x7.conv3d.weight": None}, "weight is absent, expected"),
        (
            {"Conv3d_1a_7x7.conv3d.weight": torch.ones(64, 5, 7, 7, 7)},
            r"has shape \(64, 5, 7, 7, 7\), expected",
        ),
    ],
)
def test_every_wrong_entry_is_named(changes, message, saved):
    with pytest.raises(BundleError, match=message):
        load_i3d(saved(**changes))


def test_names_of_another_network_are_counted_not_all_listed(states, tmp_path):
    """Catches a message of 344 names where a checkpoint was saved with a prefix."""
    first = "Conv3d_1a_7x7.conv3d.weight"
    state = {n if n == first else f"module.{n}": t for n, t in states["rgb"].items()}
    torch.save(state, tmp_path / "prefixed.pt")
    with pytest.raises(BundleError, match=r"286 missing: .*, \.\.\.; 343 foreign: module\."):
        load_i3d(tmp_path / "prefixed.pt")


def test_what_is_no_checkpoint_is_refused(checkpoints, tmp_path):
    """Catches a truncated download, a flipped byte, a pickle with code, and a missing file."""
    whole = checkpoints["rgb"].read_bytes()
    flipped = bytearray(whole)
    flipped[len(whole) // 2] ^= 1
    contents = {
        "truncated.pt": (whole[: len(whole) // 2], "not a PyTorch checkpoint"),
        "flipped.pt": (bytes(flipped), "checksum of .* is wrong"),
        "text.pt": (b"not a checkpoint", "not a PyTorch checkpoint"),
        "empty.pt": (b"", "not a PyTorch checkpoint"),
    }
    for name, (content, message) in contents.items():
        (tmp_path / name).write_bytes(content)
        with pytest.raises(BundleError, match=message):
            load_i3d(tmp_path / name)
    torch.save({"state_dict": {}, "epoch": 3}, tmp_path / "wrapped.pt")
    with pytest.raises(BundleError, match="expected a state dictionary"):
        load_i3d(tmp_path / "wrapped.pt")
    with pytest.raises(BundleError, match="no such file"):
        load_i3d(tmp_path / "absent.pt")
