"""The smallest extractor and bundle there can be: how bright it is, and that is the activation."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from basnet_rt._system.torchscript import quiet_torchscript
from basnet_rt.features.extractor_spec import ExtractorSpec
from basnet_rt.model.bundle import METADATA_FILE, BundleMetadata
from basnet_rt.video import Frame, FrameFormat

SNIPPET_FRAMES = 4


class Brightness:
    """One channel: mean brightness of a snippet, 0 to 1.

    Args:
        fps: of the grid.
        width, height: pictures are scaled to this.
    """

    def __init__(self, fps: float = 25.0, width: int = 16, height: int = 16) -> None:
        self.spec = ExtractorSpec(
            name="brightness",
            version=1,
            feature_dim=1,
            fps=fps,
            snippet_frames=SNIPPET_FRAMES,
            snippet_stride=SNIPPET_FRAMES,
            frames=FrameFormat(pixels="gray", width=width, height=height),
            settings={"fps": fps, "width": width, "height": height},
        )

    def start(self) -> BrightnessSession:
        return BrightnessSession()


class BrightnessSession:
    """Means of four frames at a time."""

    def __init__(self) -> None:
        self._levels: list[float] = []
        self._num_rows = 0

    def prepare(self, frame: Frame) -> float:
        return float(frame.image.mean()) / 255

    def push(self, prepared: float) -> np.ndarray:
        self._levels.append(prepared)
        return self._rows(len(self._levels) == SNIPPET_FRAMES)

    def finish(self) -> np.ndarray:
        return self._rows(not self._num_rows)

    def _rows(self, ready: bool) -> np.ndarray:
        if not ready:
            return np.empty((0, 1), np.float32)
        row = np.full((1, 1), np.mean(self._levels), np.float32)
        self._levels, self._num_rows = [], self._num_rows + 1
        return row


class Follow(nn.Module):
    """The interface of a bundle; the activation is the feature."""

    def forward(self, features: Tensor) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        activations, _, foreground, cas = self._answer(features)
        return activations, features.amax(dim=1), foreground, cas

    def _answer(self, features: Tensor) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        background = torch.zeros_like(features)
        cas = torch.cat((features, background), dim=2)
        return features.contiguous(), background, features[:, :, 0], cas

    @torch.jit.export
    def initial_state(self, batch: int) -> list[Tensor]:
        """Rows seen, and the last two of them: answers come two rows late, as a network's do."""
        return [torch.zeros(batch, 1), torch.zeros(batch, 2, 1)]

    @torch.jit.export
    def step(
        self, features: Tensor, state: list[Tensor]
    ) -> tuple[Tensor, Tensor, Tensor, list[Tensor]]:
        known = min(2, int(state[0][0, 0]))
        rows = torch.cat((state[1][:, 2 - known :], features), dim=1)
        certain = rows[:, : max(0, rows.size(1) - 2)]
        activations, _, foreground, cas = self._answer(certain)
        kept = torch.cat((state[1], features), dim=1)[:, -2:]
        return activations, foreground, cas, [state[0] + float(features.size(1)), kept]

    @torch.jit.export
    def flush(self, state: list[Tensor]) -> tuple[Tensor, Tensor, Tensor, list[Tensor]]:
        known = min(2, int(state[0][0, 0]))
        activations, _, foreground, cas = self._answer(state[1][:, 2 - known :])
        return activations, foreground, cas, state


def write_bundle(path: Path, spec: ExtractorSpec, *, recorded: bool = True) -> Path:
    """A bundle of one class, "Bright", whose segments begin and end where half is crossed."""
    postprocess: dict[str, Any] = {"normalisation": "fixed", "fixed_lo": 0.0, "fixed_hi": 1.0}
    postprocess |= {"gate": "none", "cas_thresholds": [0.5], "max_duration": 60.0}
    metadata = BundleMetadata(
        classes=("Bright",),
        feature_dim=1,
        fps=spec.fps,
        snippet_frames=spec.snippet_frames,
        snippet_stride=spec.snippet_stride,
        postprocess=postprocess,
        extractor=spec.to_dict() if recorded else None,
    )
    with quiet_torchscript():
        extra = {METADATA_FILE: metadata.to_json()}
        torch.jit.save(torch.jit.script(Follow().eval()), str(path), _extra_files=extra)
    return path
