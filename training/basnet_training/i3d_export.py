"""A checkpoint of I3D as a TorchScript file with its contract: one file for Python and C++."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
import yaml

from basnet_rt._errors import BundleError
from basnet_rt._system.torchscript import quiet_torchscript
from basnet_rt._system.whole_file import whole, write_whole
from basnet_rt.extractors.backbone.weights_files import sha256_of
from basnet_rt.extractors.i3d import CROP, FEATURE_DIM, RANGE
from basnet_rt.extractors.i3d.folding import fold_batch_norm
from basnet_rt.extractors.i3d.network import CHANNELS, I3d
from basnet_rt.extractors.i3d.weights import load_i3d
from basnet_rt.model.loading import load_script

TOLERANCE = 1e-5  # of the largest feature, between the checkpoint and the written file


@dataclass(frozen=True)
class ExportedI3d:
    """The files that were written.

    Attributes:
        module: TorchScript; (B, C, T, 224, 224) float32 in [-1, 1] to (B, 1024), T of 9 or more.
        contract: YAML for extractor `torchscript`.
        stream: "rgb" or "flow".
        difference: from the checkpoint's network, as a share of the largest feature.
    """

    module: Path
    contract: Path
    stream: str
    difference: float


def export_i3d(
    checkpoint: str | Path, path: str | Path, *, flow_method: str = "tvl1"
) -> ExportedI3d:
    """Write a stream of I3D as TorchScript, and beside it, ending in .yaml, its contract.

    The module also has `cells(x)`, (B, 1024, cells) without the mean over time, and
    `classify(cells)`. Batch norm is folded into the weights. The file is loaded again and compared.

    Args:
        checkpoint: see `load_i3d`.
        path: of the file to write.
        flow_method: for the contract of a flow stream.

    Raises:
        BundleError: the checkpoint is absent or not of I3D, or the file does not agree with it.
        Error: a file cannot be written.
    """
    path = Path(path)
    stream, network = load_i3d(checkpoint)
    sample = torch.rand(1, CHANNELS[stream], 16, CROP, CROP) * 2 - 1
    with torch.inference_mode():
        wanted = network(sample)
        fold_batch_norm(network)
    with whole(path) as part:
        _save(network, part)
        difference = _difference(part, sample, wanted)
        if not difference <= TOLERANCE:
            raise BundleError(
                f"{path}: the exported features differ by {difference:.1e} of the largest; "
                f"allowed is {TOLERANCE:.0e}"
            )
    contract = path.with_suffix(".yaml")
    write_whole(contract, [yaml.safe_dump(_contract(path, stream, flow_method), sort_keys=False)])
    return ExportedI3d(path, contract, stream, difference)


def _save(network: I3d, path: Path) -> None:
    script: Any = torch.jit.script
    save: Any = torch.jit.save
    with quiet_torchscript():
        save(script(network), str(path))


def _difference(path: Path, sample: torch.Tensor, wanted: torch.Tensor) -> float:
    with torch.inference_mode():
        got = load_script(path, torch.device("cpu"))(sample)
    return float((got - wanted).abs().max() / wanted.abs().max())


def _contract(path: Path, stream: str, flow_method: str) -> dict[str, Any]:
    flow = {"flow": {"method": flow_method}} if stream == "flow" else {}
    return {
        "weights": path.name,
        "sha256": sha256_of(path),
        "input": stream,
        "short_side": 256,
        "crop": CROP,
        "range": list(RANGE),
        **flow,
        "layout": "B C T H W",
        "frames": 16,
        "stride": 16,
        "fps": 25,
        "feature_dim": FEATURE_DIM,
    }
