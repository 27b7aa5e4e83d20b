"""From features to detections on a GPU, compared with the released code on the same GPU.

    python -m bench.cuda.localize [--rounds 50] [--smoke]

One video of 750 snippets; F = 2048, hidden 512 and 2048, 20 classes, mode published, two classes
passing. Features lie on the device, as an extractor leaves them.

- released path: both branches by Conv1d, the CAS copied to the host, NumPy on upsampled arrays
  for each class, as the released code does; and the same with our CPU post-processing for NumPy;
- ours: a bundle (the suppression branch alone, as matrix products), post-processing on the GPU.

The released path runs in float32 and in TF32, which is torch's own choice for convolutions on such
a GPU; bfloat16 is held against the latter. Before timing: on equal activations the same detections
as the CPU backend, in float32 the same as the released path's but for what rounding of the
activations decides.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import torch

import basnet_rt
from basnet_training import BaSNet
from bench.cuda.gpu import Rows, check_same, chosen, parser, wall_seconds
from bench.speed import localize as on_host
from tests.reference import published

BATCH = 16


def set_tf32(on: bool) -> None:
    """For products and convolutions; neither is faster or less exact than the other by default."""
    torch.backends.cuda.matmul.allow_tf32 = on
    torch.backends.cudnn.allow_tf32 = on


def small(smoke: bool) -> None:
    """The smoke test's sizes, in the place of the released ones."""
    if smoke:
        on_host.NUM_SNIPPETS, on_host.FEATURE_DIM = 60, 32
        torch.manual_seed(0)
        network = BaSNet(32, on_host.NUM_CLASSES, 16, 32).eval()
        on_host.made_network = lambda: network


class Released:
    """The released path on a device."""

    def __init__(self, network: BaSNet, config: Any, device: str) -> None:
        self.network, self.config = network.to(device), config

    def _activations(self, features: torch.Tensor) -> tuple[np.ndarray, np.ndarray]:
        with torch.no_grad():
            output = self.network(features.unsqueeze(0))
        cas = np.ascontiguousarray(output.cas[0, :, :-1].cpu().numpy())
        return cas, output.score[0, :-1].cpu().numpy()

    def with_numpy(self, features: torch.Tensor) -> published.Result:
        cas, scores = self._activations(features)
        seconds = on_host.SNIPPET_SECONDS
        return published.postprocess(cas, scores, self.config.to_dict(), snippet_seconds=seconds)

    def with_our_cpu(self, features: torch.Tensor) -> basnet_rt.Detections:
        cas, scores = self._activations(features)
        seconds = on_host.SNIPPET_SECONDS
        return basnet_rt.postprocess(cas, scores, self.config, snippet_seconds=seconds)


def bundle(network: BaSNet, folder: Path, dtype: str, device: str) -> basnet_rt.Model:
    path = folder / f"{dtype}.pt"
    metadata = on_host.BundleMetadata(
        classes=on_host.CLASSES, feature_dim=on_host.FEATURE_DIM, dtype=dtype,
        num_segments=on_host.NUM_SNIPPETS,
    )  # fmt: skip
    on_host.export_bundle(network, metadata, path)
    return basnet_rt.load(path, device=device)


def check_activations_to_detections(localizer: basnet_rt.Localizer, features: Any) -> None:
    """The localizer's GPU and CPU post-processing of one CAS."""
    arguments = localizer.postprocess_arguments(features)
    want = basnet_rt.postprocess(**arguments, config=localizer.config)
    check_same([localizer(features)], [want], "localize")


def measure(
    name: str, ours: basnet_rt.Localizer, released: Released, features: Any, rows: Rows, rounds: int
) -> None:
    """Ours against the released path, at the precision that is set."""

    def timed(work: Callable[[], object]) -> np.ndarray:
        wall_seconds(work, 3)
        return wall_seconds(work, rounds)

    numpy = timed(lambda: released.with_numpy(features))
    against = rows.add(f"{name}: released path", numpy)
    own_cpu = timed(lambda: released.with_our_cpu(features))
    rows.add(f"{name}: released network, our CPU post-processing", own_cpu, against)
    rows.add(f"{name}: ours", timed(lambda: ours(features)), against)
    batch = timed(lambda: ours.localize_batch([features] * BATCH)) / BATCH
    rows.add(f"{name}: ours, a video of {BATCH}", batch, against)


def main() -> None:
    options = parser(__doc__).parse_args()
    machine = chosen(options)
    small(machine.smoke)
    rows = Rows(options, f"features to detections, {on_host.NUM_SNIPPETS} snippets", machine)
    set_tf32(False)
    network = on_host.made_network()
    features = torch.from_numpy(on_host.made_features(0))
    with tempfile.TemporaryDirectory() as folder:
        models = {
            dtype: bundle(network, Path(folder), dtype, machine.name)
            for dtype in ("float32", "bfloat16")
        }
        with torch.no_grad():
            scores = network(features.unsqueeze(0)).score[0, :-1].numpy()
        config = on_host.settings(scores)
        ours = {dtype: basnet_rt.Localizer(model, config) for dtype, model in models.items()}
        released = Released(network, config, machine.name)
        features = features.to(machine.name)
        on_host.check_equal(ours["float32"](features), released.with_numpy(features))
        for localizer in ours.values():
            check_activations_to_detections(localizer, features)
        measure("float32", ours["float32"], released, features, rows, options.rounds)
        set_tf32(True)
        measure("TF32", ours["float32"], released, features, rows, options.rounds)
        measure("bfloat16 (released: TF32)", ours["bfloat16"], released, features, rows,
                options.rounds)  # fmt: skip
    rows.write()


if __name__ == "__main__":
    main()
