"""Metadata of a bundle: every field survives, every wrong one is named."""

from __future__ import annotations

import dataclasses
import json
import zipfile

import pytest

from basnet_rt import BundleError
from basnet_rt.model.bundle import BundleMetadata, Calibration, parse_metadata, read_metadata

METADATA = BundleMetadata(
    classes=("A", "B"),
    feature_dim=12,
    dtype="bfloat16",
    activation="fused",
    feature_extractor="i3d",
    modality="rgb",
    fps=12.5,
    snippet_frames=8,
    snippet_stride=4,
    num_segments=100,
    topk_divisor=4,
    calibration=Calibration((0.0, -1.0), (1.0, 2.5)),
    postprocess={"mode": "continuous"},
    versions={"torch": "2"},
    provenance={"seed": 3, "simulated": True},
)


def test_round_trip():
    assert parse_metadata(METADATA.to_json()) == METADATA
    plain = BundleMetadata(classes=("A",), feature_dim=1)
    assert parse_metadata(plain.to_json()) == plain
    assert METADATA.snippet_seconds == 4 / 12.5


def test_keys_of_a_later_writer_are_ignored():
    fields = json.loads(METADATA.to_json())
    assert parse_metadata(json.dumps({**fields, "new": 1})) == METADATA


@pytest.mark.parametrize(
    ("change", "part"),
    [
        ({"classes": ()}, "one name or more"),
        ({"classes": ("A", "A")}, "named twice: ['A']"),
        ({"classes": ("A", "")}, "non-empty"),
        ({"feature_dim": 0}, "feature_dim"),
        ({"feature_dim": True}, "feature_dim"),
        ({"num_segments": 0}, "num_segments"),
        ({"dtype": "float16"}, "float32, bfloat16"),
        ({"activation": "tanh"}, "raw, softmax, sigmoid, fused"),
        ({"fps": float("inf")}, "fps"),
        ({"fps": "25"}, "fps"),
        ({"modality": None}, "modality"),
        ({"postprocess": []}, "postprocess"),
        ({"calibration": Calibration((0.0,), (1.0,))}, "one per class"),
        ({"calibration": Calibration((0.0, 1.0), (1.0, 1.0))}, "class 1: hi 1.0"),
    ],
)
def test_wrong_fields_are_named(change, part):
    with pytest.raises(BundleError) as error:
        dataclasses.replace(METADATA, **change)
    assert part in str(error.value)


@pytest.mark.parametrize(
    ("change", "part"),
    [
        ({"format": "other"}, "basnet_rt.bundle"),
        ({"format_version": 2}, "version 2; this program reads 1"),
        ({"classes": None}, "classes"),
        ({"calibration": {"lo": [0]}}, "calibration"),
    ],
)
def test_wrong_json_is_named(change, part):
    text = json.dumps({**json.loads(METADATA.to_json()), **change})
    with pytest.raises(BundleError) as error:
        parse_metadata(text, "m.pt")
    assert part in str(error.value)
    assert "m.pt" in str(error.value)


def test_json_that_lacks_fields_or_is_none():
    with pytest.raises(BundleError, match="lacks activation, classes, dtype"):
        parse_metadata('{"format": "basnet_rt.bundle", "format_version": 1}')
    for text in ("", "[]", "{"):
        with pytest.raises(BundleError):
            parse_metadata(text)


def test_numbers_that_json_cannot_hold_are_refused():
    broken = dataclasses.replace(METADATA, provenance={"loss": float("nan")})
    with pytest.raises(BundleError, match="JSON"):
        broken.to_json()


def test_absent_truncated_and_foreign_files(tmp_path):
    path = tmp_path / "m.pt"
    with pytest.raises(BundleError, match="no such file"):
        read_metadata(path)
    for content in (b"", b"PK\x03\x04 cut", b"something else"):
        path.write_bytes(content)
        with pytest.raises(BundleError, match="truncated"):
            read_metadata(path)
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("m/data.pkl", "x")
    with pytest.raises(BundleError, match=r"without basnet_rt\.json"):
        read_metadata(path)


def test_other_features_are_refused_with_what_was_expected():
    with pytest.raises(BundleError, match=r"x.npy: .* 12 channels \(i3d, rgb\), got 7"):
        METADATA.check_feature_dim(7, "x.npy")
    METADATA.check_feature_dim(12, "x.npy")
