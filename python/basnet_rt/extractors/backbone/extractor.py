"""The common part of the extractors that follow a contract: `torchscript` and `onnx`."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from basnet_rt._errors import BundleError, InvalidValue
from basnet_rt.extractors.backbone.contract import Contract, parse_contract, read_contract
from basnet_rt.extractors.backbone.flow import check_flow_method
from basnet_rt.extractors.backbone.layout import arrange, input_shape, rows_of
from basnet_rt.extractors.backbone.recorded import check_free
from basnet_rt.extractors.backbone.session import Branch, NetworkExtractor
from basnet_rt.extractors.backbone.weights_files import check_recorded, sha256_of, weights_files
from basnet_rt.extractors.registry import Weights
from basnet_rt.features.extractor_spec import ExtractorSpec

VERSION = 1

Run = Callable[[np.ndarray], np.ndarray]  # arranged input to the output of features


class ContractNetwork:
    """Values (B, T, H, W, C) float32 to rows (B, F), through a network of any layout."""

    def __init__(self, contract: Contract, run: Run) -> None:
        self._contract, self._run = contract, run

    def __call__(self, values: np.ndarray) -> np.ndarray:
        output = self._run(arrange(values, self._contract.layout))
        return rows_of(output, self._contract, len(values))

    def probe(self, where: str) -> None:
        """Run one snippet of zeros, so that a wrong network fails now, not in the first video.

        Raises:
            BundleError: the network does not accept the contract's input, or has another output.
        """
        shape = input_shape(self._contract)
        try:
            self(np.zeros(shape, np.float32))
        except BundleError as error:
            raise BundleError(f"{where}: {error}") from error
        except Exception as error:
            taken = arrange(np.zeros(shape, np.float32), self._contract.layout).shape
            reason = str(error).strip().splitlines()[-1:]
            raise BundleError(
                f"{where}: the network does not take {self._contract.dtype} input of shape "
                f"{taken}: {' '.join(reason)}"
            ) from error


class ContractExtractor(NetworkExtractor, ABC):
    """An exported network with its contract; subclasses load it."""

    name = ""

    def __init__(
        self,
        contract: str | Path | Contract,
        weights: Weights | None = None,
        *,
        device: Any = "cpu",
        batch: int | None = None,
    ) -> None:
        if not isinstance(contract, Contract):
            contract = read_contract(contract)
        path = self._file(contract, weights)
        digest = sha256_of(path)
        if contract.sha256 not in (None, digest):
            raise BundleError(f"{path}: SHA-256 is {digest}, the contract says {contract.sha256}")
        if contract.input == "flow":
            check_flow_method(contract.flow.method)
        network = ContractNetwork(contract, self._load(path, contract, device))
        network.probe(str(path))
        branch = Branch(self.name, contract.pictures, network, contract.feature_dim, contract.every)
        spec = contract.spec(self.name, VERSION, digest)
        super().__init__(spec, [branch], contract.batch if batch is None else batch)

    @classmethod
    def from_spec(cls, spec: ExtractorSpec, weights: Weights | None, **running: Any) -> Any:
        """Make the recorded extractor; `running` may have `device` and `batch`.

        Raises:
            BundleError: the weights are not the recorded ones, or the record is of another kind.
        """
        check_free(spec, running)
        paths = weights_files(weights, spec.name)
        try:
            contract = parse_contract(spec.settings["contract"])
            check_recorded({"weights": spec.settings["weights"]}, paths, spec.name)
        except (KeyError, TypeError, InvalidValue) as error:
            raise BundleError(f"extractor {spec.name}: settings: {error}") from error
        return cls(contract, paths[0], **running)

    def _file(self, contract: Contract, weights: Weights | None) -> Path:
        paths = weights_files(weights or contract.weights, self.name)
        if len(paths) > 1:
            raise InvalidValue(f"weights: extractor {self.name} has one file, got {len(paths)}")
        return paths[0]

    @abstractmethod
    def _load(self, path: Path, contract: Contract, device: Any) -> Run:
        """The network of a file, ready to run.

        Raises:
            BundleError: the file is absent, damaged or of another kind.
        """
