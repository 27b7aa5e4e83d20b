"""Fills the settings of a run from the records beside the features."""

from __future__ import annotations

from typing import Any

from basnet_rt import InvalidValue
from basnet_rt.features import MODALITIES, FeatureSource
from basnet_rt.features.extractor_spec import ExtractorSpec
from basnet_rt.features.records import check_same_extractor

from .config import DataConfig


def with_record(data: DataConfig, source: FeatureSource) -> DataConfig:
    """The settings, completed by the record beside the features.

    Raises:
        ValueError: a given setting contradicts the record; names both.
        BundleError: the settings have another extractor.
    """
    spec = source.extractor
    if spec is None and data.extractor is not None:
        spec = ExtractorSpec.from_dict(data.extractor)
    if spec is None:
        return data
    found = _fields(spec)
    for name in sorted(found.keys() & data.model_fields_set):
        given = getattr(data, name)
        if given not in (None, found[name]) and not _says_more(name, given, spec):
            raise InvalidValue(
                f"data.{name} is {given!r}, but the extractor that made the features has "
                f"{found[name]!r}; leave the setting out"
            )
    if "feature_extractor" in data.model_fields_set:
        found["feature_extractor"] = data.feature_extractor
    return data.model_copy(update={**found, "extractor": spec.to_dict()})


def check_records(data: DataConfig, source: FeatureSource, names: tuple[str, ...]) -> None:
    """Refuse features with another extractor than that of the settings or the folder.

    Raises:
        BundleError: the records differ; the message names the file and the differences.
    """
    if data.extractor is not None and source.extractor is not None:
        check_same_extractor(str(data.features), data.extractor, source.extractor, "the settings")
    for name in names if source.extractor is not None else ():
        source.sidecar(name)


def _says_more(name: str, given: object, spec: ExtractorSpec) -> bool:
    """Whether the free text `given` only adds to the extractor's name: "i3d-kinetics" is an i3d."""
    return name == "feature_extractor" and str(given).startswith(spec.name)


def _fields(spec: ExtractorSpec) -> dict[str, Any]:
    """The fields of DataConfig that a record has."""
    fields: dict[str, Any] = {
        "feature_extractor": spec.name,
        "feature_dim": spec.feature_dim,
        "fps": spec.fps,
        "snippet_frames": spec.snippet_frames,
        "snippet_stride": spec.snippet_stride,
    }
    modality = spec.settings.get("modality")
    if spec.name == "i3d":  # its settings have the weights of each stream, or null
        modality = "+".join(one for one in ("rgb", "flow") if spec.settings.get(one))
    return fields | ({"modality": modality} if modality in MODALITIES else {})
