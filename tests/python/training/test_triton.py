"""Triton model repositories: configurations that fit their files, and their state as described.

Not run: the Triton Inference Server. A stand-in does with onnxruntime what the configuration says.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from typer.testing import CliRunner

from basnet_rt import Error
from basnet_rt.cli.app import app
from basnet_rt.model.bundle import BundleMetadata
from basnet_rt.triton import export_triton
from basnet_training import BaSNet
from basnet_training.export import export_bundle

onnxruntime = pytest.importorskip("onnxruntime", reason="extra onnx")
pytest.importorskip("onnx", reason="extra onnx")

TOKENS = re.compile(r'"[^"]*"|[\w.-]+|[{}\[\]:,]')
DIM, CLASSES = 8, 2


def parsed(text: str) -> dict[str, list[Any]]:
    """A message in protobuf's text form; every field is a list of its values."""
    tokens = TOKENS.findall(text)
    assert re.sub(TOKENS, "", text).strip() == ""

    def message(end: str | None) -> dict[str, list[Any]]:
        fields: dict[str, list[Any]] = {}
        while tokens and tokens[0] != end:
            name = tokens.pop(0)
            assert re.fullmatch(r"[a-z_]+", name), name
            values = fields.setdefault(name, [])
            if tokens[0] == "{":
                tokens.pop(0)
                values.append(message("}"))
                assert tokens.pop(0) == "}"
                continue
            assert tokens.pop(0) == ":"
            values.extend(plain())
        return fields

    def plain() -> list[Any]:
        token = tokens.pop(0)
        if token != "[":
            return [token.strip('"') if token[0] == '"' else token]
        found = []
        while (token := tokens.pop(0)) != "]":
            if token != ",":
                found.append(int(token))
        return found

    return message(None)


@pytest.fixture(scope="module")
def onnx_file(tmp_path_factory) -> Path:
    torch.manual_seed(0)
    network = BaSNet(DIM, CLASSES, 5, 16).eval()
    path = tmp_path_factory.mktemp("onnx") / "model.onnx"
    export_bundle(network, BundleMetadata(classes=("A", "B"), feature_dim=DIM), path, form="onnx")
    return path


@pytest.fixture(scope="module")
def repository(onnx_file, tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("triton") / "models"
    written = export_triton(onnx_file, folder, name="actions", max_batch=4)
    assert {path.relative_to(folder).as_posix() for path in written} == {
        f"{name}/{file}"
        for name in ("actions", "actions_step")
        for file in ("config.pbtxt", "1/model.onnx")
    }
    return folder


def config_of(folder: Path) -> dict[str, list[Any]]:
    return parsed((folder / "config.pbtxt").read_text())


def session_of(folder: Path) -> Any:
    return onnxruntime.InferenceSession(str(folder / "1/model.onnx"))


def fits(dims: list[int], shape: list[Any]) -> bool:
    """Whether a configured shape is the file's behind its batch; -1 is a free size."""
    return [(-1 if isinstance(size, str) else size) for size in shape[1:]] == dims


@pytest.mark.parametrize("name", ["actions", "actions_step"])
def test_every_tensor_of_the_file_is_configured_as_it_is(repository, name):
    config, session = config_of(repository / name), session_of(repository / name)
    assert config["name"] == [name]
    assert config["backend"] == ["onnxruntime"]
    assert config["max_batch_size"] == ["4"]
    (batching,) = config.get("sequence_batching", [{}])
    states = batching.get("state", [])
    inputs = {t["name"][0]: t["dims"] for t in config["input"]}
    outputs = {t["name"][0]: t["dims"] for t in config["output"]}
    inputs |= {state["input_name"][0]: state["dims"] for state in states}
    outputs |= {state["output_name"][0]: state["dims"] for state in states}
    for configured, there in ((inputs, session.get_inputs()), (outputs, session.get_outputs())):
        assert set(configured) == {value.name for value in there}
        for value in there:
            assert value.type == "tensor(float)"
            assert fits(configured[value.name], value.shape), value.name
    kinds = {t["data_type"][0] for t in (*config["input"], *config["output"], *states)}
    assert kinds == {"TYPE_FP32"}
    assert ("dynamic_batching" in config) == (name == "actions")


def test_the_configured_state_makes_a_stream_equal_to_the_whole_video(repository):
    """State begins as `initial_state` says, and each output comes back as the input it names."""
    step, forward = session_of(repository / "actions_step"), session_of(repository / "actions")
    (batching,) = config_of(repository / "actions_step")["sequence_batching"]
    assert batching["oldest"][0]["max_candidate_sequences"] == ["1024"]
    rows = np.random.default_rng(0).random((1, 23, DIM), dtype=np.float32)
    kept = {}
    for state in batching["state"]:
        (initial,) = state["initial_state"]
        assert initial["zero_data"] == ["true"]
        kept[state["input_name"][0]] = np.zeros((1, *initial["dims"]), np.float32)
    found = []
    padded = np.concatenate([rows, np.zeros((1, 2, DIM), np.float32)], axis=1)
    for begin in range(0, 25, 5):
        real = (np.arange(begin, begin + 5) < 23).astype(np.float32)[None]
        names = [value.name for value in step.get_outputs()]
        inputs = {"features": padded[:, begin : begin + 5], "real": real, **kept}
        out = dict(zip(names, step.run(None, inputs), strict=True))
        kept = {s["input_name"][0]: out[s["output_name"][0]] for s in batching["state"]}
        found.append(out["activations"])
    (whole,) = forward.run(["activations"], {"features": rows})
    np.testing.assert_allclose(np.concatenate(found, axis=1)[:, 2:], whole, rtol=0, atol=1e-5)


def test_the_command_names_the_model_after_its_file(onnx_file, tmp_path):
    done = CliRunner().invoke(app, ["export-triton", str(onnx_file), "-o", str(tmp_path)])
    assert done.exit_code == 0, done.output
    assert len(done.output.splitlines()) == 4
    assert config_of(tmp_path / "model_step")["name"] == ["model_step"]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"name": "a/b"}, "name is 'a/b'; Triton takes letters"),
        ({"max_batch": 0}, "max_batch is 0; it must be at least 1"),
        ({"model": "none.onnx"}, "there is no such file; `basnet-train export --format onnx`"),
        ({"model": "junk.onnx"}, "is no ONNX file"),
    ],
)
def test_a_wrong_argument_is_named_and_nothing_is_written(onnx_file, tmp_path, change, message):
    (tmp_path / "junk.onnx").write_bytes(b"junk")
    arguments: dict[str, Any] = {"model": onnx_file, **change}
    if "model" in change:
        arguments["model"] = tmp_path / change["model"]
    with pytest.raises(Error, match=re.escape(message)):
        export_triton(arguments.pop("model"), tmp_path / "out", **arguments)
    assert not (tmp_path / "out").exists()
