"""Settings for running a network, and making a recorded extractor again."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from basnet_rt._errors import BundleError, InvalidValue
from basnet_rt.features.extractor_spec import ExtractorSpec
from basnet_rt.model.loading import usable_device

DTYPES = ("float32", "bfloat16", "float16")
_GPU_BATCH = 16
_FREE = ("device", "batch")  # settings that change features only by rounding


def place_and_dtype(device: Any, dtype: str | None) -> tuple[Any, str]:
    """torch.device and the name of a dtype; by default half precision on a GPU.

    Raises:
        ValueError: no such device or dtype.
    """
    place = usable_device(device)
    if dtype is None:
        return place, "float16" if place.type == "cuda" else "float32"
    if dtype not in DTYPES:
        raise InvalidValue(f"dtype: expected {', '.join(DTYPES)}, got {dtype!r}")
    return place, dtype


def batch_for(place: Any, batch: int | None) -> int:
    """Snippets per call: the given number, or else 1 on a CPU and 16 elsewhere."""
    if batch is not None:
        return batch
    return 1 if place.type == "cpu" else _GPU_BATCH


def check_free(spec: ExtractorSpec, running: Mapping[str, Any]) -> None:
    """Check that only `device` and `batch` are given for a recorded extractor.

    Raises:
        ValueError: a given setting is in the record already.
    """
    fixed = sorted(set(running) - set(_FREE))
    if fixed:
        raise InvalidValue(
            f"extractor {spec.name}: {', '.join(fixed)} is on record already; device and batch "
            "are free"
        )


def recorded(spec: ExtractorSpec, keys: tuple[str, ...], running: Mapping[str, Any]) -> Any:
    """Settings to make an extractor again: those in the record and the given free ones.

    Raises:
        BundleError: the record is of another kind.
        ValueError: a given setting is in the record already.
    """
    check_free(spec, running)
    try:
        settings = {key: spec.settings[key] for key in keys}
    except KeyError as error:
        raise BundleError(f"extractor {spec.name}: settings: no {error}") from error
    timing = {
        "fps": spec.fps,
        "snippet_frames": spec.snippet_frames,
        "snippet_stride": spec.snippet_stride,
    }
    return {**settings, **timing, **running}
