"""Checks of arguments, and long waits in slices, for streams and pools."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from typing import Any, TypeVar

import numpy as np
import numpy.typing as npt

from basnet_rt._errors import InvalidType, InvalidValue
from basnet_rt.config import PostprocessConfig
from basnet_rt.model.bundle import BundleMetadata
from basnet_rt.model.model import Model
from basnet_rt.postprocessing.arrays import check_unmasked
from basnet_rt.postprocessing.onsets import Alarm

# The core cannot receive signals while it waits, so long waits are cut, and Ctrl-C works.
_SLICE_SECONDS = 0.2

Answer = TypeVar("Answer")


def check_kinds(model: object, config: object, alarm: object) -> None:
    """Check the kinds of a stream's or a pool's parts; `config` and `alarm` may be None.

    Raises:
        TypeError: one of them has another kind.
    """
    if not isinstance(model, Model):
        raise InvalidType(f"model is a {type(model).__name__}; it must come from `load`")
    if config is not None and not isinstance(config, PostprocessConfig):
        raise InvalidType(f"config is a {type(config).__name__}; it must be a PostprocessConfig")
    if alarm is not None and not isinstance(alarm, Alarm):
        raise InvalidType(f"alarm is a {type(alarm).__name__}; it must be an Alarm")


def alarm_values(alarm: Alarm | None, classes: Sequence[str]) -> tuple[list[float], float] | None:
    """(thresholds, hold) for the core."""
    return None if alarm is None else (alarm.thresholds(classes), alarm.hold)


def sliced(timeout: float | None, call: Callable[[float], Answer], *, waits: bool) -> Answer:
    """Repeat `call` with short waits until its result is true or the time is over.

    Args:
        timeout: seconds; None: as long as it takes.
        waits: whether another call may change the result.
    """
    if timeout is not None and not timeout >= 0:
        raise InvalidValue(f"timeout is {timeout}; it must be at least 0 seconds, or None")
    deadline = None if timeout is None else time.monotonic() + timeout
    while True:
        left = _SLICE_SECONDS if deadline is None else deadline - time.monotonic()
        answer = call(min(max(left, 0.0), _SLICE_SECONDS))
        if answer or left <= 0 or not waits:
            return answer


def feature_rows(features: Any, metadata: BundleMetadata) -> npt.NDArray[np.float32]:
    """(N, F) float32, contiguous; the core checks that they are finite."""
    if hasattr(features, "detach"):
        features = features.detach().cpu()
        features = features.float().numpy() if features.dtype.is_floating_point else features
    kind = getattr(features, "dtype", f"a {type(features).__name__}")
    if not isinstance(features, np.ndarray) or not np.issubdtype(features.dtype, np.floating):
        raise InvalidType(
            f"features is of {kind}; it must be a NumPy array or a tensor of floating point"
        )
    check_unmasked(features, "features")
    if features.ndim != 2:
        raise InvalidValue(
            f"features has shape {features.shape}; it must be (N, {metadata.feature_dim})"
        )
    metadata.check_feature_dim(features.shape[1], "features")
    with np.errstate(over="ignore"):  # values too large for float32 become Inf, and are refused
        return np.ascontiguousarray(features, dtype=np.float32)
