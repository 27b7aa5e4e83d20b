"""Classes from sentences: a bundle without training, made from the vectors of sentences.

A snippet's activation of a class is the cosine of its features and the sentence's vector, times the
model's scale, in a softmax with the other classes and a background column. The network of a bundle
is not linear, but can compute a linear map: its first layer has each row of weights twice, with
both signs. ReLU keeps the positive part of one and the negative part of the other. The second layer
passes both on, and the classifier subtracts them.
"""

from __future__ import annotations

import json
import struct
import zlib
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from basnet_rt._errors import InvalidValue
from basnet_rt._system.whole_file import whole
from basnet_rt.config import PostprocessConfig
from basnet_rt.features.extractor_spec import ExtractorSpec
from basnet_rt.model.bundle import METADATA_FILE, BundleMetadata, Calibration

# Sentences about background; --background gives others.
BACKGROUND = ("nothing happens", "an empty place", "people standing still")


def write_query_bundle(
    path: str | Path,
    spec: ExtractorSpec,
    sentences: Sequence[str],
    vectors: np.ndarray,
    background: np.ndarray,
    scale: float,
    origin: Mapping[str, object],
) -> BundleMetadata:
    """Write a bundle (safetensors) whose classes are sentences; torch is not needed.

    Args:
        spec: the extractor of features (T, F) float32 of unit length.
        sentences: C names of classes.
        vectors: (C, F), unit length.
        background: (B, F), unit length, B at least 1; the background vector is their mean, scaled
            to unit length.
        scale: of cosines.
        origin: for `provenance`.

    Raises:
        ValueError: a sentence is empty or given twice, or a shape is wrong.
    """
    _check(sentences, vectors, background, spec.feature_dim)
    mean = background.mean(axis=0, dtype=np.float64)
    rows = np.concatenate([vectors, [mean / np.linalg.norm(mean)]]) * scale
    metadata = BundleMetadata(
        classes=tuple(sentences),
        feature_dim=spec.feature_dim,
        activation="softmax",
        feature_extractor=spec.name,
        modality="rgb",
        fps=spec.fps,
        snippet_frames=spec.snippet_frames,
        snippet_stride=spec.snippet_stride,
        extractor=spec.to_dict(),
        calibration=_unit(len(sentences)),
        postprocess=_settings(len(sentences)),
        provenance={"query": list(sentences), **origin},
    )
    with whole(path) as part:
        _write(part, _linear(rows.astype(np.float32)), metadata)
    return metadata


def _check(
    sentences: Sequence[str], vectors: np.ndarray, background: np.ndarray, channels: int
) -> None:
    if not sentences or not all(one.strip() for one in sentences):
        raise InvalidValue("sentences: expected one or more, none of them empty")
    twice = sorted({one for one in sentences if list(sentences).count(one) > 1})
    if twice:
        raise InvalidValue(f"sentences: {twice[0]!r} is given twice")
    if vectors.shape != (len(sentences), channels) or background.shape[1:] != (channels,):
        raise InvalidValue(
            f"vectors: expected {(len(sentences), channels)} and (B, {channels}) for background, "
            f"got {vectors.shape} and {background.shape}"
        )
    if not len(background):
        raise InvalidValue("background: expected one sentence or more")


def _unit(classes: int) -> Calibration:
    return Calibration((0.0,) * classes, (1.0,) * classes)


def _settings(classes: int) -> dict[str, object]:
    """Thresholds for unnormalised probabilities, so a video without the action keeps low values."""
    unit = _unit(classes)
    fields = {
        "normalisation": "fixed",
        "fixed_lo": unit.lo,
        "fixed_hi": unit.hi,
        "gate": "none",
    }
    return PostprocessConfig.from_dict(fields).to_dict()


def _linear(rows: np.ndarray) -> dict[str, np.ndarray]:
    """Weights of a bundle's network that computes rows @ features, (K, F) float32."""
    both = np.concatenate([rows, -rows])  # 2 K, F
    passed = np.eye(len(both), dtype=np.float32)
    return {
        "classifier": np.concatenate([np.eye(len(rows)), -np.eye(len(rows))]).astype(np.float32),
        "first.bias": np.zeros(len(both), np.float32),
        "first.taps": _middle(both),
        "second.bias": np.zeros(len(both), np.float32),
        "second.taps": _middle(passed),
    }


def _middle(taps: np.ndarray) -> np.ndarray:
    """(H, F) to (H, 3 F): the snippet itself, and neither neighbour."""
    empty = np.zeros_like(taps)
    return np.concatenate([empty, taps, empty], axis=1)


def _write(path: Path, tensors: Mapping[str, np.ndarray], metadata: BundleMetadata) -> None:
    """Write the format of the safetensors library, as docs/bundle.md describes it."""
    header: dict[str, object] = {}
    data = b""
    for name, values in sorted(tensors.items()):
        content = np.ascontiguousarray(values, "<f4").tobytes()
        offsets = [len(data), len(data) + len(content)]
        header[name] = {"dtype": "F32", "shape": list(values.shape), "data_offsets": offsets}
        data += content
    texts = {METADATA_FILE: metadata.to_json(), "crc32": f"{zlib.crc32(data):08x}"}
    encoded = json.dumps({"__metadata__": texts, **header}, separators=(",", ":")).encode()
    encoded += b" " * (-len(encoded) % 8)  # tensors begin on a multiple of 8
    path.write_bytes(struct.pack("<Q", len(encoded)) + encoded + data)
