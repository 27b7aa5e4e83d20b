"""`basnet-rt info`: what a bundle is, what it needs, and where it came from."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer

from basnet_rt.cli.common import Json, answer, failures, on_one_line
from basnet_rt.model.bundle import BundleMetadata, read_metadata


def info(
    model: Annotated[Path, typer.Argument(help="A bundle.")],
    as_json: Json = False,
) -> None:
    """Show what a bundle is, what it needs, and where it came from."""
    with failures():
        metadata = read_metadata(model)
    answer(json.loads(metadata.to_json()), describe(model, metadata), as_json)


def describe(path: Path, metadata: BundleMetadata) -> list[str]:
    """The metadata, for people."""
    simulated = ", trained on simulated features" if metadata.provenance.get("simulated") else ""
    calibrated = "no" if metadata.calibration is None else "yes"
    segments = "native rate" if metadata.num_segments is None else f"{metadata.num_segments}"
    classes = ", ".join(metadata.classes[:20]) + (", ..." if metadata.num_classes > 20 else "")
    rows = {
        "bundle": f"{path}{simulated}",
        "classes": f"{metadata.num_classes}: {classes}",
        "features": f"(T, {metadata.feature_dim}) of {metadata.feature_extractor}, "
        f"{metadata.modality}",
        "snippets": f"{metadata.snippet_frames} frames, every {metadata.snippet_stride} of "
        f"{metadata.fps:g} a second: {metadata.snippet_seconds:g} s",
        "published mode": f"snippets: {segments}",
        "activation": metadata.activation,
        "weights": metadata.dtype,
        "calibrated": calibrated,
    }
    rows |= _extractor_rows(metadata)
    rows |= {f"postprocess.{name}": str(value) for name, value in metadata.postprocess.items()}
    rows |= {f"versions.{name}": value for name, value in metadata.versions.items()}
    rows |= {f"provenance.{name}": str(value) for name, value in metadata.provenance.items()}
    width = max(map(len, rows))
    return [f"{name:<{width}}  {on_one_line(value)}" for name, value in rows.items()]


def _extractor_rows(metadata: BundleMetadata) -> dict[str, str]:
    """The extractor of the bundle's features; without that record a model cannot take videos."""
    spec = metadata.extractor_spec
    if spec is None:
        return {"extractor": "not recorded: takes features, not videos"}
    wanted = {k: v for k, v in spec.to_dict()["frames"].items() if v is not None}
    frames = ", ".join(f"{name} {value}" for name, value in wanted.items())
    rows = {"extractor": f"{spec.name}, version {spec.version}; frames: {frames}"}
    return rows | {f"extractor.{name}": str(value) for name, value in spec.settings.items()}
