"""ONNX files behind a contract: the same model as TorchScript, and what does not fit."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
import pytest
import torch
import yaml
from onnx import TensorProto, helper, numpy_helper
from torch import Tensor, nn

from basnet_rt import BundleError, InvalidValue
from basnet_rt._system.torchscript import quiet_torchscript
from basnet_rt.extractors import extractor_from_spec, make_extractor
from basnet_rt.video.frames import Frame

SHAPE = ["B", 3, 4, 24, 32]


class Backbone(nn.Module):
    """Two convolutions over time and space: (B, 3, T, H, W) to (B, 5, T, H', W')."""

    def __init__(self) -> None:
        super().__init__()
        torch.manual_seed(0)
        self.first = nn.Conv3d(3, 4, 3, (1, 2, 2), 1)
        self.second = nn.Conv3d(4, 5, 3, (1, 2, 2), 1)

    def forward(self, x: Tensor) -> Tensor:
        return self.second(torch.relu(self.first(x)))


def save_onnx(module: Backbone, path: Path, kind: int = TensorProto.FLOAT) -> Path:
    """The same network, written node by node."""
    dtype = np.float16 if kind == TensorProto.FLOAT16 else np.float32
    weights = [
        numpy_helper.from_array(tensor.detach().numpy().astype(dtype), name)
        for name, tensor in module.named_parameters()
    ]
    settings = {"kernel_shape": [3] * 3, "strides": [1, 2, 2], "pads": [1] * 6}
    nodes = [
        helper.make_node("Conv", ["x", "first.weight", "first.bias"], ["a"], **settings),
        helper.make_node("Relu", ["a"], ["b"]),
        helper.make_node("Conv", ["b", "second.weight", "second.bias"], ["y"], **settings),
    ]
    graph = helper.make_graph(
        nodes,
        "backbone",
        [helper.make_tensor_value_info("x", kind, SHAPE)],
        [helper.make_tensor_value_info(name, kind, [*"BCTHW"]) for name in ("y", "b")],
        weights,
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=9)
    onnx.checker.check_model(model)
    onnx.save(model, path)
    return path


@pytest.fixture
def contract(tmp_path):
    """Writes the file and a contract; keys given replace."""

    def write(**changes) -> Path:
        save_onnx(Backbone(), tmp_path / "backbone.onnx")
        keys = {
            "weights": "backbone.onnx", "layout": "B C T H W", "width": 40, "height": 30,
            "crop": [24, 32], "range": [-1, 1], "std": [0.5, 1, 2], "frames": 4, "stride": 2,
            "output": {"which": "y"}, "feature_dim": 5, **changes,
        }  # fmt: skip
        (tmp_path / "contract.yaml").write_text(yaml.safe_dump(keys))
        return tmp_path / "contract.yaml"

    return write


def frames(count: int = 11) -> list[Frame]:
    rng = np.random.default_rng(0)
    images = rng.integers(0, 256, (count, 30, 40, 3), dtype=np.uint8)
    return [Frame(k, k / 25, k / 25, image) for k, image in enumerate(images)]


def run(extractor) -> np.ndarray:
    session = extractor.start()
    return np.concatenate([*(session.push(session.prepare(f)) for f in frames()), session.finish()])


def test_onnx_and_torchscript_of_one_model_give_the_same_features(contract, tmp_path):
    """Catches input laid out, ranged or pooled otherwise for one of the two."""
    with quiet_torchscript():
        torch.jit.save(torch.jit.script(Backbone().eval()), str(tmp_path / "backbone.pt"))
    other = make_extractor(
        "torchscript", contract=contract(output={}), weights=tmp_path / "backbone.pt"
    )
    made = make_extractor("onnx", contract=contract())
    rows = run(made)
    assert rows.shape == (4, 5)
    assert np.ptp(rows, axis=0).min() > 1e-4  # they do say something of the frames
    np.testing.assert_allclose(rows, run(other), rtol=1e-5, atol=1e-6)
    assert made.spec.name == "onnx"
    assert made.spec != other.spec


def test_an_output_may_be_given_by_index_too(contract):
    """Catches an index into names sorted otherwise."""
    by_index = make_extractor("onnx", contract=contract(output={"which": 0}))
    np.testing.assert_array_equal(run(by_index), run(make_extractor("onnx", contract=contract())))
    hidden = make_extractor("onnx", contract=contract(output={"which": 1}, feature_dim=4))
    assert run(hidden).shape == (4, 4)


def test_batches_and_records_leave_features_alone(contract, tmp_path):
    """Catches rows out of order, and a record that needs the YAML file."""
    made = make_extractor("onnx", contract=contract())
    again = extractor_from_spec(made.spec.to_dict(), tmp_path / "backbone.onnx", batch=3)
    np.testing.assert_allclose(run(again), run(made), rtol=1e-5, atol=1e-6)


def test_float16_is_given_to_a_network_that_takes_it(contract, tmp_path):
    """Catches a type that is not converted."""
    full = run(make_extractor("onnx", contract=contract()))
    path = save_onnx(Backbone(), tmp_path / "half.onnx", TensorProto.FLOAT16)
    half = make_extractor("onnx", contract=contract(dtype="float16"), weights=path)
    assert 0 < np.abs(run(half) - full).max() < 0.01


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"feature_dim": 6}, "expected 1 along axis 0 and feature_dim 6 along axis 1"),
        ({"layout": "B T C H W"}, r"does not take float32 input of shape \(1, 4, 3, 24, 32\)"),
        ({"output": {"which": "z"}}, "output.which: the network gives y, b; got 'z'"),
        ({"dtype": "float16"}, r"expected one input tensor\(float16\), the file takes x tensor\(f"),
    ],
)
def test_a_file_that_breaks_its_contract_is_refused_at_once(changes, message, contract):
    with pytest.raises(BundleError, match=message):
        make_extractor("onnx", contract=contract(**changes))


def test_what_cannot_be_run_is_refused(contract, tmp_path, capfd):
    """Catches a traceback, or a line on the terminal, of ONNX Runtime."""
    (tmp_path / "text.onnx").write_bytes(b"text")
    with pytest.raises(BundleError, match=r"text\.onnx: not an ONNX file"):
        make_extractor("onnx", contract=contract(), weights=tmp_path / "text.onnx")
    with pytest.raises(BundleError, match=r"absent\.onnx: no such file"):
        make_extractor("onnx", contract=contract(weights="absent.onnx"))
    with pytest.raises(InvalidValue, match="dtype: extractor onnx takes float32 or float16"):
        make_extractor("onnx", contract=contract(dtype="bfloat16"))
    with pytest.raises(InvalidValue, match=r"device: expected cpu.*, got 'tpu'"):
        make_extractor("onnx", contract=contract(), device="tpu")
    assert capfd.readouterr() == ("", "")
