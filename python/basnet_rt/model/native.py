"""A bundle whose network runs in the core: no torch, no code in the file is executed."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from basnet_rt import _core
from basnet_rt._errors import InvalidType, InvalidValue
from basnet_rt.model.bundle import BundleMetadata
from basnet_rt.model.model import FullOutput, Model, float32_rows

MOST_THREADS = 1024  # a larger number must be a mistake


@dataclass(frozen=True)
class CpuDevice:
    """The device of a native model, with the attributes of torch's."""

    type: str = "cpu"
    index: int | None = None

    def __str__(self) -> str:
        return self.type


class NativeModel(Model):
    """A network that runs in the core; made by `load`.

    The activations of a snippet depend only on the snippets in its receptive field: not on chunks,
    batches, threads or (in float32 and int8) the kernel. Models of one file and dtype share one
    copy of the weights.

    Attributes:
        core: the network of the compiled core.
        kernel: the kernel in use, such as "avx512_vnni"; BASNET_RT_FORCE_KERNEL selects one.
        num_threads: threads that one call may use.
    """

    engine = "native"

    def __init__(
        self, core: _core.EngineModel, metadata: BundleMetadata, *, name: str, path: Path
    ) -> None:
        super().__init__(None, metadata, device=CpuDevice(), dtype=core.dtype, name=name, path=path)
        self.core = core
        self.kernel, self.num_threads = core.kernel, core.num_threads

    def forward_with_cas(self, features: Any) -> FullOutput:
        """`forward`, and the raw CAS with its background column."""
        output = self.forward_tensors(features)
        if not hasattr(features, "detach"):
            return output
        import torch

        return FullOutput(*(torch.from_numpy(one) for one in output))

    def forward_tensors(self, features: Any, *, with_scores: bool = True) -> FullOutput:
        """`forward_with_cas`, as NumPy arrays whatever the features are."""
        return FullOutput(*self.core.forward(self._rows(features)))

    def _rows(self, features: Any) -> np.ndarray[Any, Any]:
        if hasattr(features, "detach"):
            given = features.detach().cpu()
            if not given.dtype.is_floating_point:
                raise InvalidType(f"features has dtype {given.dtype}; it must be floating point")
            features = given.float().numpy()
        if not isinstance(features, np.ndarray):
            raise InvalidType(
                f"features is a {type(features).__name__}; it must be a NumPy array or a tensor"
            )
        self._check_shape(tuple(features.shape))
        return float32_rows(features)


def load_native(
    path: Path, metadata: BundleMetadata, dtype: str | None, threads: int, exact: bool
) -> Model:
    """The bundle at `path`, run by the core.

    Raises:
        BundleError: as `load`, or its weights do not belong to a basnet_rt network.
        ValueError: the dtype is unknown, or int8 weights cannot be converted to it; the number of
            threads is negative or over 1024.
        BackendUnavailable: BASNET_RT_FORCE_KERNEL names a kernel that cannot run here.
    """
    if not 0 <= threads <= MOST_THREADS:
        raise InvalidValue(
            f"num_threads is {threads}; it must be 1 to {MOST_THREADS}, or 0 for every core"
        )
    core = _core.EngineModel(str(path), dtype, threads, exact)
    return NativeModel(core, metadata, name=path.name, path=path)
