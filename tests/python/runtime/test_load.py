"""`basnet_rt.load` refuses every file that is no whole bundle, and says why."""

from __future__ import annotations

import json
import warnings
import zipfile

import pytest
import tiny_bundle
import torch

import basnet_rt
from basnet_rt.model.bundle import METADATA_FILE


def test_a_bundle_says_what_it_is(bundle):
    model = basnet_rt.load(bundle)
    assert model.classes == tiny_bundle.CLASSES
    assert model.feature_dim == tiny_bundle.FEATURE_DIM
    assert model.metadata.feature_extractor == "made-up"
    assert model.config.class_threshold == 0.05
    assert (model.dtype, model.device.type, model.simulated) == ("float32", "cpu", False)


def test_no_warning_reaches_the_user(bundle):
    """torch deprecates torch.jit.load; a user can do nothing about it."""
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        basnet_rt.load(bundle)


def test_absent(tmp_path):
    with pytest.raises(basnet_rt.BundleError, match=r"none\.pt: no such file"):
        basnet_rt.load(tmp_path / "none.pt")


@pytest.mark.parametrize("share", [0.0, 0.1, 0.5, 0.99])
def test_truncated(bundle, tmp_path, share):
    """A copy that was cut off; 0 is an empty file."""
    content = bundle.read_bytes()
    short = tmp_path / "short.pt"
    short.write_bytes(content[: int(share * len(content))])
    with pytest.raises(basnet_rt.BundleError, match="truncated"):
        basnet_rt.load(short)


def test_flipped_bits_in_the_weights(bundle, tmp_path):
    """torch loads these without a word; results would only be wrong."""
    weights = tiny_bundle.module().first.taps.numpy().tobytes()
    content = bytearray(bundle.read_bytes())
    content[content.index(weights)] ^= 1
    damaged = tmp_path / "damaged.pt"
    damaged.write_bytes(content)
    with pytest.raises(basnet_rt.BundleError, match="damaged"):
        basnet_rt.load(damaged)


def test_not_a_torchscript_file(tmp_path):
    text = tmp_path / "notes.pt"
    text.write_text("these are not the weights")
    with pytest.raises(basnet_rt.BundleError, match="not a TorchScript file"):
        basnet_rt.load(text)


def test_metadata_alone_is_no_model(tmp_path):
    """A zip archive with our metadata, and nothing that torch could load."""
    path = tmp_path / "empty.pt"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr(f"empty/extra/{METADATA_FILE}", tiny_bundle.metadata().to_json())
    with pytest.raises(basnet_rt.BundleError, match="not a TorchScript file"):
        basnet_rt.load(path)


def test_torchscript_without_metadata(tmp_path):
    path = tiny_bundle.save(tiny_bundle.module(), tmp_path / "foreign.pt", {})
    with pytest.raises(basnet_rt.BundleError, match=METADATA_FILE):
        basnet_rt.load(path)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"format_version": 99}, "format version 99"),
        ({"format": "other"}, '"format"'),
        ({"classes": []}, "classes"),
        ({"postprocess": {"nms_iou": 7}}, "nms_iou"),
        ({"postprocess": {"no_such": 1}}, "no_such"),
    ],
)
def test_metadata_that_does_not_fit(tmp_path, change, message):
    """Each field here would otherwise fail later, or never."""
    fields = {**json.loads(tiny_bundle.metadata().to_json()), **change}
    extra = {METADATA_FILE: json.dumps(fields)}
    path = tiny_bundle.save(tiny_bundle.module(), tmp_path / "odd.pt", extra)
    with pytest.raises(basnet_rt.BundleError, match=message):
        basnet_rt.load(path)


@pytest.mark.parametrize("dtype", ["bfloat16", torch.bfloat16])
@pytest.mark.parametrize("engine", ["native", "torch"])
def test_dtype_is_of_the_weights(bundle, make_features, dtype, engine):
    """Outputs stay float32 and near those of float32 weights."""
    model = basnet_rt.load(bundle, dtype=dtype, engine=engine)
    features = make_features(40)
    got = model.forward(features).activations
    want = basnet_rt.load(bundle).forward(features).activations
    assert model.dtype == "bfloat16"
    assert got.dtype == "float32"
    assert 0 < abs(got - want).max() < 0.05 * abs(want).max()


@pytest.mark.parametrize("dtype", ["float64", "int4", 3])
@pytest.mark.parametrize("engine", ["auto", "native", "torch"])
def test_other_dtypes_are_refused(bundle, dtype, engine):
    with pytest.raises(basnet_rt.InvalidValue, match="float32, bfloat16"):
        basnet_rt.load(bundle, dtype=dtype, engine=engine)


def test_int8_is_native(bundle):
    assert basnet_rt.load(bundle, dtype="int8").dtype == "int8"
    with pytest.raises(basnet_rt.InvalidValue, match="float32, bfloat16"):
        basnet_rt.load(bundle, dtype="int8", engine="torch")


@pytest.mark.parametrize("device", ["cuda:99", "abacus", None, 1.5])
def test_a_device_that_is_not_there(bundle, device):
    with pytest.raises(basnet_rt.InvalidValue, match="device is"):
        basnet_rt.load(bundle, device=device)
