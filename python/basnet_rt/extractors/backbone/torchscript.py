"""Any backbone exported to TorchScript, with a contract of its input."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from basnet_rt._errors import BundleError
from basnet_rt._system.extras import from_extra
from basnet_rt.extractors.backbone.contract import Contract
from basnet_rt.extractors.backbone.extractor import ContractExtractor, Run
from basnet_rt.extractors.backbone.layout import chosen
from basnet_rt.model.loading import check_undamaged, load_script, usable_device


class TorchScriptExtractor(ContractExtractor):
    """Features of a TorchScript file.

    Args:
        contract: YAML file, see docs/extractors.md, or a result of `read_contract`.
        weights: the TorchScript file; None takes the contract's.
        device: for torch.
        batch: snippets per call; None takes the contract's.

    Raises:
        BundleError: a file is absent, damaged or not TorchScript, does not have the SHA-256 in the
            contract, or does not fit the contract's input and output.
        ValueError: the contract or a setting is not allowed.
    """

    name = "torchscript"

    def _load(self, path: Path, contract: Contract, device: Any) -> Run:
        torch = from_extra("torch", "torch", "extractor torchscript")
        place, dtype = usable_device(device), getattr(torch, contract.dtype)
        check_undamaged(path)
        module = load_script(path, place).eval().to(dtype)

        which = contract.output.which

        def run(values: np.ndarray) -> np.ndarray:
            with torch.inference_mode():
                output = chosen(module(torch.from_numpy(values).to(place, dtype)), which)
            if not isinstance(output, torch.Tensor):
                raise BundleError(f"the network gives a {type(output).__name__}, expected tensors")
            features: np.ndarray = output.float().cpu().numpy()
            return features

        return run
