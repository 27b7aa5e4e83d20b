"""The network against numbers of the released PyTorch I3D."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from basnet_rt.extractors.i3d.network import CHANNELS, I3d, same_padding
from basnet_rt.extractors.i3d.running import RunningI3d
from reference.i3d import flow_shapes, golden_input

STREAMS = ("rgb", "flow")


@pytest.fixture(scope="module")
def golden(shared):
    with np.load(shared / "golden/i3d.npz") as arrays:
        return dict(arrays)


def filled(states, stream: str) -> I3d:
    network = I3d(CHANNELS[stream])
    network.load_state_dict(states[stream], strict=True)
    return network.eval()


def close(got: np.ndarray, wanted: np.ndarray, relative: float = 1e-4) -> None:
    """Relative, with the largest value's rounding allowed where a value is almost 0."""
    np.testing.assert_allclose(
        got, wanted, rtol=relative, atol=relative / 10 * np.abs(wanted).max()
    )


@pytest.mark.parametrize("stream", STREAMS)
def test_names_and_shapes_are_the_released_ones(stream, rgb_shapes):
    """Catches a renamed, missing, additional or reordered entry."""
    wanted = rgb_shapes if stream == "rgb" else flow_shapes(rgb_shapes)
    found = {name: tuple(one.shape) for name, one in I3d(CHANNELS[stream]).state_dict().items()}
    assert list(found.items()) == list(wanted.items())


@pytest.mark.parametrize("stream", STREAMS)
def test_features_and_logits_of_24_frames_are_golden(stream, states, golden):
    """Catches any error of padding, of an epsilon, or of the order of branches and poolings."""
    network = filled(states, stream)
    with torch.inference_mode():
        cells = network.cells(torch.from_numpy(golden_input(CHANNELS[stream], 24)))
        logits = network.classify(cells)
    close(cells[0].numpy(), golden[f"{stream}_T24/features"])
    close(logits.numpy(), golden[f"{stream}_T24/logits"])


@pytest.mark.parametrize("stream", STREAMS)
def test_features_of_16_frames_are_golden_as_they_are_made(stream, states, golden):
    """Catches an error of folding, of the layout, or of the order of the input's axes."""
    running = RunningI3d(filled(states, stream), torch.device("cpu"), "float32")
    values = golden_input(CHANNELS[stream], 16).transpose(0, 2, 3, 4, 1)
    close(running(np.ascontiguousarray(values))[0], golden[f"{stream}_T16/features"][:, 0])


def test_more_cells_than_one_are_averaged(states, golden):
    """Catches a feature that looks at a part of a longer snippet alone."""
    running = RunningI3d(filled(states, "rgb"), torch.device("cpu"), "bfloat16")
    values = golden_input(3, 24).transpose(0, 2, 3, 4, 1)
    wanted = golden["rgb_T24/features"].mean(axis=1)
    difference = running(np.ascontiguousarray(values))[0] - wanted
    assert 0 < np.abs(difference).max() < 0.05 * np.abs(wanted).max()  # bfloat16 has 8 bits


@pytest.mark.parametrize(
    ("size", "kernel", "stride", "wanted"),
    [
        (224, 7, 2, (2, 3)),
        (16, 7, 2, (2, 3)),
        (9, 7, 2, (3, 3)),
        (112, 3, 2, (0, 1)),
        (7, 3, 2, (1, 1)),
        (14, 2, 2, (0, 0)),
        (5, 2, 2, (0, 1)),
        (8, 3, 1, (1, 1)),
        (8, 1, 2, (0, 0)),
    ],
)
def test_same_padding_gives_every_stride_an_output(size, kernel, stride, wanted):
    """Catches padding shared out evenly, or of the wrong sum where a size is odd."""
    before, after = same_padding(size, kernel, stride)
    assert (before, after) == wanted
    assert (size + before + after - kernel) // stride + 1 == -(-size // stride)
