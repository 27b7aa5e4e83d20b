"""Any backbone as an ONNX file, run by ONNX Runtime, with a contract of its input."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from basnet_rt._errors import BundleError, InvalidValue
from basnet_rt._system.extras import from_extra
from basnet_rt.extractors.backbone.contract import Contract
from basnet_rt.extractors.backbone.extractor import ContractExtractor, Run
from basnet_rt.extractors.backbone.layout import chosen

_TYPES: dict[str, tuple[str, Any]] = {
    "float32": ("tensor(float)", np.float32),
    "float16": ("tensor(float16)", np.float16),
}
_PROVIDERS = {"cpu": "CPUExecutionProvider", "cuda": "CUDAExecutionProvider"}


class OnnxExtractor(ContractExtractor):
    """Features of an ONNX file.

    Args:
        contract: YAML file, see docs/extractors.md, or a result of `read_contract`. Its `dtype` is
            that of the file's input, float32 or float16.
        weights: the ONNX file, without external data; None takes the contract's.
        device: "cpu" or "cuda", for which ONNX Runtime must have been built.
        batch: snippets per call; None takes the contract's.

    Raises:
        Error: ONNX Runtime is absent; the message names the extra.
        BundleError: a file is absent or not ONNX, does not have the SHA-256 in the contract, or
            does not fit the contract's input and output.
        ValueError: the contract or a setting is not allowed.
    """

    name = "onnx"

    def _load(self, path: Path, contract: Contract, device: Any) -> Run:
        runtime = from_extra("onnxruntime", "onnx", "extractor onnx")
        kind, dtype = _input_type(contract)
        session = _session(runtime, path, _provider(runtime, device))
        inputs, names = session.get_inputs(), [one.name for one in session.get_outputs()]
        if len(inputs) != 1 or inputs[0].type != kind:
            found = ", ".join(f"{one.name} {one.type}" for one in inputs)
            raise BundleError(f"{path}: expected one input {kind}, the file takes {found}")
        which = contract.output.which

        def run(values: np.ndarray) -> np.ndarray:
            outputs = session.run(None, {inputs[0].name: values.astype(dtype, copy=False)})
            named = dict(zip(names, outputs, strict=True)) if isinstance(which, str) else outputs
            output: np.ndarray = chosen(named, which)
            return output

        return run


def _input_type(contract: Contract) -> tuple[str, Any]:
    if contract.dtype not in _TYPES:
        raise InvalidValue(
            f"dtype: extractor onnx takes {' or '.join(_TYPES)}, got {contract.dtype}"
        )
    return _TYPES[contract.dtype]


def _provider(runtime: Any, device: Any) -> str:
    provider = _PROVIDERS.get(str(device))
    if provider is None or provider not in runtime.get_available_providers():
        there = [d for d, p in _PROVIDERS.items() if p in runtime.get_available_providers()]
        raise InvalidValue(f"device: expected {' or '.join(there)}, got {device!r}")
    return provider


def _session(runtime: Any, path: Path, provider: str) -> Any:
    """A session with one thread, because features must not depend on the number of cores."""
    options = runtime.SessionOptions()
    options.intra_op_num_threads = 1
    options.inter_op_num_threads = 1
    options.log_severity_level = 4  # errors come as exceptions; nothing is printed
    try:
        return runtime.InferenceSession(str(path), options, providers=[provider])
    except Exception as error:
        reason = str(error).strip().splitlines()[0]
        raise BundleError(f"{path}: not an ONNX file: {reason}") from error
