"""Which extractors there are, and how one is made: by name, or as a record of one says."""

from __future__ import annotations

import importlib
import inspect
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from basnet_rt._errors import BundleError, InvalidValue
from basnet_rt.extractors.interface import Extractor
from basnet_rt.features.extractor_spec import ExtractorSpec, differences

Weights = str | Path | Sequence[str | Path]

# Name to (module, class); the module is imported when one is made. A class takes its settings by
# keyword. What its record cannot give back through them it makes in a classmethod
# `from_spec(spec, weights, **running)`.
_CLASSES: Mapping[str, tuple[str, str]] = {
    "motion": ("basnet_rt.extractors.motion.extractor", "MotionExtractor"),
    "i3d": ("basnet_rt.extractors.i3d.extractor", "I3dExtractor"),
    "torchscript": ("basnet_rt.extractors.backbone.torchscript", "TorchScriptExtractor"),
    "onnx": ("basnet_rt.extractors.backbone.onnx", "OnnxExtractor"),
}


def names() -> tuple[str, ...]:
    """What `make_extractor` knows, the default first."""
    return tuple(_CLASSES)


def make_extractor(name: str, **settings: Any) -> Extractor:
    """Make an extractor.

    Args:
        name: one of `names()`.
        settings: of that extractor; docs/extractors.md has the list.

    Raises:
        ValueError: no such extractor, no such setting, or a value that is not allowed.
        Error: a package of an extra is absent; the message names it.
        BundleError: a file of weights is absent, damaged or foreign.
    """
    kind = _class_of(name)
    _check_settings(name, kind, settings)
    made: Extractor = kind(**settings)
    return made


def extractor_from_spec(
    spec: ExtractorSpec | Mapping[str, Any], weights: Weights | None = None, **running: Any
) -> Extractor:
    """Make the extractor that a bundle or a folder of features records.

    Args:
        spec: the record, or its dictionary form.
        weights: the file of weights, or the files, in any order: they are told apart by their
            SHA-256. None for an extractor without weights.
        running: settings that leave the features alone, such as `device` and `batch`.

    Raises:
        BundleError: the record is not valid, this program lacks its extractor or its version,
            or the weights differ.
        ValueError: weights are missing, or given to an extractor without weights; no such setting.
    """
    if not isinstance(spec, ExtractorSpec):
        spec = ExtractorSpec.from_dict(spec)
    if spec.name not in _CLASSES:
        raise BundleError(f"extractor {spec.name!r}: this program has {', '.join(names())}")
    kind = _class_of(spec.name)
    made = _remake(kind, spec, weights, running)
    differing = differences(spec, made.spec)
    if differing:
        raise BundleError(f"extractor {spec.name}: this program makes {'; '.join(differing)}")
    return made


def _remake(
    kind: Any, spec: ExtractorSpec, weights: Weights | None, running: Mapping[str, Any]
) -> Extractor:
    if hasattr(kind, "from_spec"):
        made: Extractor = kind.from_spec(spec, weights, **running)
        return made
    if weights is not None:
        raise InvalidValue(f"weights: extractor {spec.name} has none, got {weights}")
    try:
        return make_extractor(spec.name, **{**spec.settings, **running})
    except InvalidValue as error:
        raise BundleError(f"extractor {spec.name}: cannot be made as recorded: {error}") from error


def _class_of(name: str) -> Any:
    if name not in _CLASSES:
        raise InvalidValue(f"extractor {name!r}: there are {', '.join(names())}")
    module, kind = _CLASSES[name]
    return getattr(importlib.import_module(module), kind)


def _check_settings(name: str, kind: Any, settings: Iterable[str]) -> None:
    """Unknown and missing ones by name, before the class sees them."""
    parameters = inspect.signature(kind).parameters.values()
    unknown = sorted(set(settings) - {one.name for one in parameters})
    if unknown:
        known = ", ".join(one.name for one in parameters) or "none"
        raise InvalidValue(f"extractor {name}: no setting {', '.join(unknown)}; it has {known}")
    needed = {one.name for one in parameters if one.default is inspect.Parameter.empty}
    missing = sorted(needed - set(settings))
    if missing:
        raise InvalidValue(f"extractor {name}: needs the setting {', '.join(missing)}")
