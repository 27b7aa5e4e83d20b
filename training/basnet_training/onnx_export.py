"""A network as ONNX for other programs: `forward` in one file, `step` in another.

The graph is written node by node, so this file shows every operation. Both files have the
metadata's JSON text among their properties; docs/bundle.md describes inputs and outputs.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from basnet_rt._system.extras import from_extra
from basnet_rt._system.whole_file import whole
from basnet_rt.model.bundle import METADATA_FILE, BundleMetadata

from .agreement import CHUNKS, Agreement, check_agreement, difference, sample_of
from .network import BaSNet
from .scripted import InferenceNetwork
from .stored_weights import stored_tensors

OPSET = 17
SLOPE = 0.01  # of LeakyReLU
STATE = ("real", "foreground", "rows", "hidden")


def step_path(path: Path) -> Path:
    """The file of `step` beside that of `forward`: model.step.onnx beside model.onnx."""
    return path.with_name(f"{path.stem}.step{path.suffix}")


def export_onnx(
    network: BaSNet,
    module: InferenceNetwork,
    metadata: BundleMetadata,
    path: Path,
    sample: Tensor | None,
) -> Agreement:
    """Write both files, run them in onnxruntime, and compare them with the network.

    Raises:
        BundleError: they do not agree with the network; nothing was written.
        Error: onnx or onnxruntime is not installed.
    """
    from_extra("onnx", "onnx", "exporting to ONNX")
    with whole(path) as forward, whole(step_path(path)) as step:
        for part, build in ((forward, _forward), (step, _step)):
            part.write_bytes(build(Graph(module, metadata)))
        agreement = _compare(network, forward, step, sample)
        check_agreement(agreement, "float32", path)
    return agreement


class Graph:
    """A graph under construction: each call adds a node and returns the name of its output."""

    def __init__(self, module: InferenceNetwork, metadata: BundleMetadata) -> None:
        self.module, self.metadata = module, metadata
        self.weights = {k: v.numpy() for k, v in stored_tensors(module, "float32").items()}
        self.width = module.width
        self.hidden = int(module.first.bias.size(0))
        self.nodes: list[Any] = []
        self.constants: dict[str, Any] = {}

    def constant(self, name: str, value: Any) -> str:
        self.constants[name] = np.ascontiguousarray(value)
        return name

    def weight(self, name: str) -> str:
        return self.constant(name, self.weights[name])

    def add(self, kind: str, *inputs: str, to: str | None = None, **attributes: Any) -> str:
        from onnx import helper

        name = to or f"v{len(self.nodes)}"
        outputs = [name] if kind != "TopK" else [name, f"{name}_places"]
        self.nodes.append(helper.make_node(kind, list(inputs), outputs, **attributes))
        return name

    def slice(self, value: str, axis: int, begin: int, end: int, to: str | None = None) -> str:
        """value[begin:end] along an axis; `end` 0 is its end."""
        last = end if end != 0 else np.iinfo(np.int64).max
        places = [
            self.constant(f"i{number}", np.array([number], np.int64)) for number in (begin, last)
        ]
        along = self.constant(f"i{axis}", np.array([axis], np.int64))
        return self.add("Slice", value, *places, along, to=to)

    def affine(self, value: str, weight: str, bias: str) -> str:
        return self.add("Add", self.add("MatMul", value, self.weight(weight)), self.weight(bias))

    def leaky(self, value: str) -> str:
        return self.add("LeakyRelu", value, alpha=SLOPE)

    def unsqueezed(self, value: str) -> str:
        return self.add("Unsqueeze", value, self.constant("i2", np.array([2], np.int64)))

    def suppressed(self, features: str) -> tuple[str, str]:
        """Foreground (B, T) and weighted rows (B, T, D)."""
        rows = features
        if self.module.has_projection:
            rows = self.affine(features, "projection_weight", "projection_bias")
        if not self.module.has_filter:
            shape = self.slice(self.add("Shape", rows), 0, 0, 2)
            one = _tensor(np.ones(1, np.float32))
            return self.add("ConstantOfShape", shape, value=one), rows
        inner = self.leaky(self.affine(rows, "filter_weight", "filter_bias"))
        column = self.add("Sigmoid", self.affine(inner, "filter_out_weight", "filter_out_bias"))
        axis = self.constant("i2", np.array([2], np.int64))
        return self.add("Squeeze", column, axis), self.add("Mul", rows, column)

    def three_tap(self, rows: str, layer: str, padding: int) -> str:
        """(B, T, D) to (B, T - 2 + 2 padding, H), LeakyReLU included."""
        taps = self.weights[f"{layer}.taps"]
        weight = taps.reshape(len(taps), 3, -1).transpose(0, 2, 1)
        channels = self.add("Transpose", rows, perm=[0, 2, 1])
        inputs = (self.constant(f"{layer}.weight", weight), self.weight(f"{layer}.bias"))
        out = self.add("Conv", channels, *inputs, kernel_shape=[3], pads=[padding, padding])
        return self.add("Transpose", self.leaky(out), perm=[0, 2, 1])

    def classified(self, hidden: str) -> str:
        cas = self.add("MatMul", hidden, self.weight("classifier"))
        if not self.module.constant_background:
            return cas
        pads = self.constant("pads", np.array([0, 0, 0, 0, 0, 1], np.int64))
        level = self.constant("background", np.float32(self.module.background_logit))
        return self.add("Pad", cas, pads, level)

    def activated(self, cas: str, foreground: str) -> str:
        count = self.metadata.num_classes
        if self.metadata.activation == "raw":
            return self.slice(cas, 2, 0, count)
        if self.metadata.activation == "sigmoid":
            return self.add("Sigmoid", self.slice(cas, 2, 0, count))
        shares = self.slice(self.add("Softmax", cas, axis=2), 2, 0, count)
        if self.metadata.activation == "softmax":
            return shares
        both = self.add("Add", shares, self.unsqueezed(foreground))
        return self.add("Mul", both, self.constant("half", np.float32(0.5)))

    def scored(self, cas: str) -> str:
        """Mean of the best max(1, T // divisor) snippets, as a score of each class."""
        length = self.slice(self.add("Shape", cas), 0, 1, 2)
        divisor = self.constant("divisor", np.array([self.metadata.topk_divisor], np.int64))
        one = self.constant("i1", np.array([1], np.int64))
        best = self.add("TopK", cas, self.add("Max", self.add("Div", length, divisor), one), axis=1)
        means = self.add("ReduceMean", best, axes=[1], keepdims=0)
        soft = self.metadata.score_function == "softmax"
        scores = self.add("Softmax", means, axis=1) if soft else self.add("Sigmoid", means)
        return self.slice(scores, 1, 0, self.metadata.num_classes)

    def written(
        self, inputs: dict[str, list[Any]], outputs: dict[str, tuple[str, list[Any]]]
    ) -> bytes:
        """The file, from {input: shape} and {output: (value, shape)}; a text is a free size."""
        from onnx import TensorProto, checker, helper

        for name, (value, _) in outputs.items():
            self.add("Identity", value, to=name)

        def described(name: str, shape: list[Any]) -> Any:
            return helper.make_tensor_value_info(name, TensorProto.FLOAT, shape)

        graph = helper.make_graph(
            self.nodes,
            "basnet",
            [described(name, shape) for name, shape in inputs.items()],
            [described(name, shape) for name, (_, shape) in outputs.items()],
            [_tensor(value, name) for name, value in self.constants.items()],
        )
        model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", OPSET)])
        model.ir_version = 8  # of opset 17; newer ones are refused by older runtimes
        helper.set_model_props(model, {METADATA_FILE: self.metadata.to_json()})
        checker.check_model(model)
        return bytes(model.SerializeToString())


def _forward(graph: Graph) -> bytes:
    classes = graph.metadata.num_classes
    foreground, rows = graph.suppressed("features")
    hidden = graph.three_tap(graph.three_tap(rows, "first", 1), "second", 1)
    cas = graph.classified(hidden)
    outputs: dict[str, tuple[str, list[Any]]] = {
        "activations": (graph.activated(cas, foreground), ["B", "T", classes]),
        "video_scores": (graph.scored(cas), ["B", classes]),
        "foreground": (foreground, ["B", "T"]),
        "cas": (cas, ["B", "T", classes + 1]),
    }
    return graph.written({"features": ["B", "T", graph.metadata.feature_dim]}, outputs)


def _step(graph: Graph) -> bytes:
    """Rows of the snippets seen - 2 .. seen + N - 3; zeros where a stream has no such snippet."""
    classes = graph.metadata.num_classes
    shapes: dict[str, list[Any]] = {
        "real": [],
        "foreground": [],
        "rows": [graph.width],
        "hidden": [graph.hidden],
    }
    weights, rows = graph.suppressed("features")
    parts = {
        "real": "real",
        "foreground": graph.add("Mul", weights, "real"),
        "rows": graph.add("Mul", rows, graph.unsqueezed("real")),
    }
    longer = {k: graph.add("Concat", f"state_{k}", v, axis=1) for k, v in parts.items()}
    hidden = graph.three_tap(longer["rows"], "first", 0)
    inside = graph.unsqueezed(graph.slice(longer["real"], 1, 1, -1))
    hidden = graph.add("Mul", hidden, inside)  # zeros, not a convolution, outside a stream
    longer["hidden"] = graph.add("Concat", "state_hidden", hidden, axis=1)
    cas = graph.classified(graph.three_tap(longer["hidden"], "second", 0))
    foreground = graph.slice(longer["foreground"], 1, 0, -2)
    emitted = graph.unsqueezed(graph.slice(longer["real"], 1, 0, -2))
    activations = graph.activated(cas, foreground)
    outputs: dict[str, tuple[str, list[Any]]] = {
        "activations": (graph.add("Mul", activations, emitted), ["B", "N", classes]),
        "foreground": (foreground, ["B", "N"]),
        "cas": (graph.add("Mul", cas, emitted), ["B", "N", classes + 1]),
    }
    for name in STATE:
        outputs[f"next_{name}"] = (graph.slice(longer[name], 1, -2, 0), ["B", 2, *shapes[name]])
    inputs: dict[str, list[Any]] = {
        "features": ["B", "N", graph.metadata.feature_dim],
        "real": ["B", "N"],
    }
    states: dict[str, list[Any]] = {f"state_{name}": ["B", 2, *shapes[name]] for name in STATE}
    return graph.written({**inputs, **states}, outputs)


def _tensor(value: Any, name: str = "") -> Any:
    from onnx import numpy_helper

    return numpy_helper.from_array(np.asarray(value), name)


@torch.no_grad()
def _compare(network: BaSNet, forward: Path, step: Path, sample: Tensor | None) -> Agreement:
    features = sample_of(network, sample)
    expected = network(features)
    names = ["cas", "video_scores", "foreground"]
    run = _session(forward).run(names, {"features": features.numpy()})
    cas, scores, foreground = map(torch.from_numpy, run)
    largest = float(expected.cas.abs().max()) or 1.0
    streamed = torch.from_numpy(_streamed(_session(step), features.numpy()))
    return Agreement(
        snippets=features.shape[1],
        cas=difference(cas, expected.cas) / largest,
        stream=difference(streamed, expected.cas) / largest,
        score=difference(scores, expected.score[:, :-1]),
        foreground=difference(foreground, expected.foreground),
    )


def _session(path: Path) -> Any:
    onnxruntime = from_extra("onnxruntime", "onnx", "checking an ONNX file")
    return onnxruntime.InferenceSession(path.read_bytes(), providers=["CPUExecutionProvider"])


def _streamed(session: Any, features: np.ndarray) -> np.ndarray:
    """CAS of a stream in chunks of several sizes; two rows that are not real end it."""
    shapes = {one.name: one.shape for one in session.get_inputs()}
    state = {k: np.zeros((1, *v[1:]), np.float32) for k, v in shapes.items() if "state" in k}
    ended = np.concatenate([features, np.zeros_like(features[:, :2])], axis=1)
    real = np.concatenate([np.ones(features.shape[:2]), np.zeros((1, 2))], 1).astype(np.float32)
    found, start, turn = [], 0, 0
    while start < ended.shape[1]:
        stop = start + CHUNKS[turn % len(CHUNKS)]
        given = {"features": ended[:, start:stop], "real": real[:, start:stop], **state}
        cas, *after = session.run(["cas", *(f"next_{name}" for name in STATE)], given)
        state = {f"state_{name}": value for name, value in zip(STATE, after, strict=True)}
        found.append(cas)
        start, turn = stop, turn + 1
    return np.concatenate(found, axis=1)[:, 2:]
