"""Model repositories of the Triton Inference Server, from bundles as ONNX."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from basnet_rt._errors import Error
from basnet_rt._system.extras import from_extra
from basnet_rt._system.whole_file import whole, write_whole

_STATE = "state_"  # prefix of state inputs; each gets the matching output of the last call
_NEXT = "next_"
_IDLE_MICROSECONDS = 300_000_000
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]*")

Shape = list[int | str]  # of an array; a text is a free size


def export_triton(
    model: str | Path, repository: str | Path, *, name: str | None = None, max_batch: int = 8
) -> list[Path]:
    """Write a model repository: `NAME` is `forward`, `NAME_step` is `step` with its state.

    Both run in Triton's backend `onnxruntime`. `NAME` takes whole videos; videos of equal length
    are batched. `NAME_step` takes the snippets of live streams, one sequence for each stream.
    Triton keeps the state between calls (implicit state), so a sequence must stay on one server.
    The tensors have the sizes and meaning that they have in the ONNX files.

    Args:
        model: model.onnx of `basnet-train export --format onnx`; model.step.onnx lies beside it.
        repository: folder; made if it is absent. Folders of other models in it are kept.
        name: of the model; default: the file's name without its ending.
        max_batch: videos or streams in one call, at least 1.

    Returns:
        The files that were written.

    Raises:
        Error: a file is absent or not an ONNX file of an export, Triton does not allow the name, or
            onnx is not installed.
    """
    path = Path(model)
    name = path.stem if name is None else name
    if not _NAME.fullmatch(name):
        raise Error(
            f"name is {name!r}; Triton takes letters, digits, '_', '-' and '.', a letter or digit "
            "first: choose another with --name"
        )
    if max_batch < 1:
        raise Error(f"max_batch is {max_batch}; it must be at least 1")
    step = path.with_name(f"{path.stem}.step{path.suffix}")
    sources = {name: path, f"{name}_step": step}
    read = {target: _tensors(source) for target, source in sources.items()}
    written = []
    for target, source in sources.items():
        folder = Path(repository) / target
        inputs, outputs = read[target]
        text = _configuration(target, inputs, outputs, max_batch)
        write_whole(folder / "config.pbtxt", [text])
        with whole(folder / "1/model.onnx") as part:
            part.write_bytes(source.read_bytes())
        written += [folder / "config.pbtxt", folder / "1/model.onnx"]
    return written


def _tensors(path: Path) -> tuple[dict[str, Shape], dict[str, Shape]]:
    """Names and shapes of a file's inputs and outputs, without the batch."""
    onnx = from_extra("onnx", "onnx", "exporting to Triton")
    if not path.is_file():
        raise Error(f"{path}: there is no such file; `basnet-train export --format onnx` writes it")
    try:
        graph = onnx.load(str(path), load_external_data=False).graph
    except Exception as error:
        raise Error(
            f"{path}: is no ONNX file; `basnet-train export --format onnx` writes one"
        ) from error
    inputs, outputs = _shapes(graph.input), _shapes(graph.output)
    if "features" not in inputs or "activations" not in outputs:
        raise Error(f"{path}: is not of `basnet-train export --format onnx`: no features come in")
    return inputs, outputs


def _shapes(values: Sequence[Any]) -> dict[str, Shape]:
    return {
        value.name: [
            size.dim_param or size.dim_value for size in value.type.tensor_type.shape.dim[1:]
        ]
        for value in values
    }


def _configuration(
    name: str, inputs: dict[str, Shape], outputs: dict[str, Shape], max_batch: int
) -> str:
    """`config.pbtxt`: the text form of Triton's ModelConfig."""
    states = [key.removeprefix(_STATE) for key in inputs if key.startswith(_STATE)]
    plain_inputs = {key: shape for key, shape in inputs.items() if not key.startswith(_STATE)}
    plain_outputs = {key: shape for key, shape in outputs.items() if not key.startswith(_NEXT)}
    lines = [
        f'name: "{name}"',
        'backend: "onnxruntime"',
        f"max_batch_size: {max_batch}",
        *(f"input {_tensor(key, shape)}" for key, shape in plain_inputs.items()),
        *(f"output {_tensor(key, shape)}" for key, shape in plain_outputs.items()),
        "version_policy { latest { num_versions: 1 } }",
    ]
    if not states:
        return "\n".join([*lines, "dynamic_batching { }", ""])
    lines += [
        "sequence_batching {",
        f"  max_sequence_idle_microseconds: {_IDLE_MICROSECONDS}",
        "  oldest { max_candidate_sequences: 1024 }",
        *(f"  state {_state(key, inputs[_STATE + key])}" for key in states),
        "}",
        "",
    ]
    return "\n".join(lines)


def _dims(shape: Shape) -> str:
    return ", ".join("-1" if isinstance(size, str) else str(size) for size in shape)


def _tensor(name: str, shape: Shape) -> str:
    return f'{{ name: "{name}" data_type: TYPE_FP32 dims: [ {_dims(shape)} ] }}'


def _state(name: str, shape: Shape) -> str:
    """A stream begins with zeros."""
    return (
        f'{{ input_name: "{_STATE}{name}" output_name: "{_NEXT}{name}" data_type: TYPE_FP32 '
        f"dims: [ {_dims(shape)} ] initial_state {{ data_type: TYPE_FP32 dims: [ {_dims(shape)} ] "
        f'zero_data: true name: "{name}" }} }}'
    )
