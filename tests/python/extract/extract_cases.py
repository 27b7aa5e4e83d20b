"""A backbone and a bundle small enough to make in every test."""

from __future__ import annotations

from pathlib import Path

import torch
from small_films import FEATURE_DIM, HEIGHT, SPEC, WIDTH
from torch import Tensor, nn

from basnet_rt._system.torchscript import quiet_torchscript
from basnet_rt.features.extractor_spec import ExtractorSpec
from basnet_rt.model.bundle import METADATA_FILE, BundleMetadata

CLASSES = ("Red", "Green", "Blue")
CONTRACT = f"""
input: rgb
width: {WIDTH}
height: {HEIGHT}
layout: B C T H W
frames: 8
stride: 8
fps: 25
feature_dim: {FEATURE_DIM}
output: {{axis: 1, pooling: none}}
"""


class Backbone(nn.Module):
    """(B, 3, T, H, W) to (B, 4): mean of each colour and of all."""

    def forward(self, snippets: Tensor) -> Tensor:
        colours = snippets.mean(dim=(2, 3, 4))
        return torch.cat((colours, colours.mean(dim=1, keepdim=True)), dim=1)


class Colours(nn.Module):
    """The interface of a bundle; its activations are three of the features, bit for bit.

    Nothing is summed, so whole videos and any chunks of them give the same bits.
    """

    def __init__(self, feature_dim: int, first: int = 0) -> None:
        super().__init__()
        self.feature_dim, self.first = feature_dim, first

    def forward(self, features: Tensor) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        activations = features[:, :, self.first : self.first + 3].contiguous()
        background = torch.zeros_like(features[:, :, :1])
        cas = torch.cat((activations, background), dim=2)
        return activations, activations.amax(dim=1), background[:, :, 0] + 0.5, cas

    @torch.jit.export
    def initial_state(self, batch: int) -> list[Tensor]:
        return [torch.zeros(batch, 1), torch.zeros(batch, 2, self.feature_dim)]

    @torch.jit.export
    def step(
        self, features: Tensor, state: list[Tensor]
    ) -> tuple[Tensor, Tensor, Tensor, list[Tensor]]:
        known = min(2, int(state[0][0, 0]))
        rows = torch.cat((state[1][:, 2 - known :], features), dim=1)
        ready = rows[:, : max(0, rows.size(1) - 2)]
        kept = torch.cat((state[1], features), dim=1)[:, -2:]
        activations, _, foreground, cas = self.forward(torch.cat((ready, rows[:, :1]), dim=1))
        count = state[0] + float(features.size(1))
        return activations[:, :-1], foreground[:, :-1], cas[:, :-1], [count, kept]

    @torch.jit.export
    def flush(self, state: list[Tensor]) -> tuple[Tensor, Tensor, Tensor, list[Tensor]]:
        known = min(2, int(state[0][0, 0]))
        activations, _, foreground, cas = self.forward(state[1][:, 2 - known :])
        return activations, foreground, cas, state


def script(module: nn.Module, path: Path, extra: dict[str, str] | None = None) -> Path:
    """Script and save, as an exporter does."""
    with quiet_torchscript():
        torch.jit.save(torch.jit.script(module.eval()), str(path), _extra_files=extra or {})
    return path


def write_bundle(
    path: Path, spec: ExtractorSpec | None, first: int = 0, lo: float = 0.0, hi: float = 1.0
) -> Path:
    """A bundle that takes the features of `spec`; streams of it are final before their end.

    first: of the three features that are its activations; lo, hi: their range.
    """
    postprocess = {
        "normalisation": "fixed",
        "fixed_lo": lo,
        "fixed_hi": hi,
        "gate": "none",
        "cas_thresholds": [0.3, 0.4, 0.5, 0.6, 0.7],
        "max_duration": 20.0,
    }
    timing = SPEC if spec is None else spec
    metadata = BundleMetadata(
        classes=CLASSES,
        feature_dim=timing.feature_dim,
        fps=timing.fps,
        snippet_frames=timing.snippet_frames,
        snippet_stride=timing.snippet_stride,
        postprocess=postprocess,
        extractor=None if spec is None else spec.to_dict(),
    )
    return script(Colours(timing.feature_dim, first), path, {METADATA_FILE: metadata.to_json()})
