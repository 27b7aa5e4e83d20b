"""State dictionaries of networks: read without running code, loaded only if everything fits."""

from __future__ import annotations

import pickle
import zipfile
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from basnet_rt._errors import BundleError
from basnet_rt.model.loading import check_undamaged

_COUNTER = "num_batches_tracked"  # not in older checkpoints; features do not depend on it
_SHOWN = 5  # names in a message


def read_state(path: Path, network: str) -> dict[str, Tensor]:
    """The tensors of a checkpoint by name, on the CPU.

    Args:
        network: its name, for messages.

    Raises:
        BundleError: the file is absent, damaged or not a state dictionary.
    """
    if not path.is_file():
        raise BundleError(f"{path}: no such file; expected a checkpoint of {network}")
    if zipfile.is_zipfile(path):
        check_undamaged(path)
    try:
        loaded: Any = torch.load(path, map_location="cpu", weights_only=True)
    except (RuntimeError, pickle.UnpicklingError, EOFError, ValueError, KeyError) as error:
        reason = str(error).strip().partition("\n")[0]
        raise BundleError(f"{path}: not a PyTorch checkpoint: {reason}") from error
    if not isinstance(loaded, Mapping) or not all(isinstance(v, Tensor) for v in loaded.values()):
        raise BundleError(f"{path}: expected a state dictionary: names to tensors alone")
    return dict(loaded)


def load_state(
    module: nn.Module,
    state: Mapping[str, Tensor],
    path: str | Path,
    network: str,
    unused: Iterable[str] = (),
) -> None:
    """Fill a network with a checkpoint. Counters of batches may be absent.

    Args:
        path: of the checkpoint, and `network`, its name, for messages.
        unused: names that a checkpoint may have and the network does not need.

    Raises:
        BundleError: a name is missing or unknown, a shape is wrong, or a number is not finite.
    """
    wanted = module.state_dict()
    state = {name: tensor for name, tensor in state.items() if name not in set(unused)}
    missing = [n for n in wanted if n not in state and not n.endswith(_COUNTER)]
    foreign = [name for name in state if name not in wanted]
    if missing or foreign:
        parts = (("missing", missing), ("foreign", foreign))
        said = "; ".join(f"{len(some)} {kind}: {_some(some)}" for kind, some in parts if some)
        raise BundleError(f"{path}: not the names of {network}: {said}")
    for name, tensor in state.items():
        if tensor.shape != wanted[name].shape:
            raise BundleError(
                f"{path}: {name} has shape {tuple(tensor.shape)}, "
                f"expected {tuple(wanted[name].shape)}"
            )
        if not torch.isfinite(tensor).all():
            raise BundleError(f"{path}: {name} holds NaN or infinity")
    module.load_state_dict(dict(state), strict=False)


def _some(names: list[str]) -> str:
    more = ", ..." if len(names) > _SHOWN else ""
    return ", ".join(names[:_SHOWN]) + more
