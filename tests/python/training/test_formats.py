"""Bundles as safetensors and int8: what the core reads is what the network has."""

from __future__ import annotations

import contextlib
import dataclasses
import json

import numpy as np
import pytest
import safetensors
import torch

from basnet_rt import BundleError, InvalidValue, _core
from basnet_rt.model import read_metadata, rewrite_metadata
from basnet_rt.model.bundle import BundleMetadata
from basnet_training import BaSNet
from basnet_training.export import export_bundle, load_bundle
from basnet_training.stored_weights import quantised

METADATA = BundleMetadata(classes=("A", "B"), feature_dim=8)
NAMES = {"first.taps", "first.bias", "second.taps", "second.bias", "classifier"}
FILTER = {"filter_weight", "filter_bias", "filter_out_weight", "filter_out_bias"}
PROJECTION = {"projection_weight", "projection_bias"}
VARIANTS = {
    "full": ({}, NAMES | FILTER),
    "projection": ({"projection_dim": 6}, NAMES | FILTER | PROJECTION),
    "base_only": ({"variant": "base_only"}, NAMES),
    "no_background": ({"variant": "no_background", "background_logit": 0.5}, NAMES),
}


def network(**options) -> BaSNet:
    torch.manual_seed(0)
    return BaSNet(8, 2, 5, 16, **options)


@pytest.mark.parametrize("variant", VARIANTS)
@pytest.mark.parametrize("dtype", ["float32", "bfloat16", "int8"])
def test_safetensors_agree_with_their_network(tmp_path, variant, dtype):
    """`export_bundle` runs what the core read of the file beside the network."""
    options, names = VARIANTS[variant]
    path = tmp_path / "m.safetensors"
    metadata = dataclasses.replace(METADATA, dtype=dtype)
    agreement = export_bundle(network(**options), metadata, path, form="safetensors")
    assert agreement.cas < {"float32": 1e-5, "bfloat16": 2e-2, "int8": 2e-2}[dtype]
    scales = {"first.scale", "second.scale"} if dtype == "int8" else set()
    assert set(_core.read_weights(str(path))) == names | scales
    found = read_metadata(path)
    assert found.dtype == dtype
    assert found.background_logit == (0.5 if variant == "no_background" else None)


@pytest.mark.parametrize("variant", VARIANTS)
@pytest.mark.parametrize("dtype", ["float32", "bfloat16"])
def test_both_formats_hold_the_same_bytes(tmp_path, variant, dtype):
    """The core's reader of pickles beside the safetensors library's writer."""
    made = network(**VARIANTS[variant][0])
    metadata = dataclasses.replace(METADATA, dtype=dtype)
    files = {form: tmp_path / form for form in ("torchscript", "safetensors")}
    for form, path in files.items():
        export_bundle(made, metadata, path, form=form)
    script, plain = (_core.read_weights(str(path)) for path in files.values())
    assert script == plain


def test_the_safetensors_library_reads_our_files(tmp_path):
    path = tmp_path / "m.safetensors"
    export_bundle(network(), dataclasses.replace(METADATA, dtype="int8"), path, form="safetensors")
    with safetensors.safe_open(path, "np") as file:
        assert json.loads(file.metadata()["basnet_rt.json"])["classes"] == ["A", "B"]
        assert file.get_tensor("first.taps").dtype == np.int8
        assert file.get_tensor("first.scale").shape == (16,)


def test_quantising_by_hand():
    """Half to even, both ends, a row of zeros, and a row that no float32 inverse gets right."""
    taps = torch.tensor([[127.0, 0.5, 1.5, -2.5, -127.0], [0, 0, 0, 0, 0], [0.25, -0.5, 0.1, 0, 0]])
    values, scale = quantised(taps)
    assert values.tolist() == [[127, 0, 2, -2, -127], [0] * 5, [64, -127, 25, 0, 0]]
    assert scale.tolist() == [1.0, 0.0, np.float32(0.5) / np.float32(127)]


def test_metadata_is_rewritten_without_touching_weights(tmp_path):
    old, new = tmp_path / "a.safetensors", tmp_path / "b.safetensors"
    export_bundle(network(), METADATA, old, form="safetensors")
    changed = dataclasses.replace(METADATA, provenance={"tuned": "é" * 50})
    rewrite_metadata(old, changed, new)
    assert read_metadata(new) == changed
    assert _core.read_weights(str(new)) == _core.read_weights(str(old))


def test_damage_is_noticed_wherever_it_is(tmp_path):
    """The format has no checksums; the bundle brings one."""
    path = tmp_path / "m.safetensors"
    export_bundle(network(), METADATA, path, form="safetensors")
    whole = path.read_bytes()
    for at in range(0, len(whole), len(whole) // 60):
        path.write_bytes(whole[:at] + bytes([whole[at] ^ 4]) + whole[at + 1 :])
        if at >= int.from_bytes(whole[:8], "little") + 8:
            with pytest.raises(BundleError, match="checksum"):
                _core.read_weights(str(path))
        else:  # a letter of the metadata's free text may be any other
            with contextlib.suppress(BundleError):
                _core.read_weights(str(path))
        path.write_bytes(whole[:at])
        with pytest.raises(BundleError):
            _core.read_weights(str(path))


def test_forms_that_cannot_be(tmp_path):
    path = tmp_path / "m"
    with pytest.raises(InvalidValue, match="torchscript, safetensors, onnx"):
        export_bundle(network(), METADATA, path, form="pickle")
    with pytest.raises(InvalidValue, match="'int8' is stored by format 'safetensors'"):
        export_bundle(network(), dataclasses.replace(METADATA, dtype="int8"), path)
    metadata = dataclasses.replace(METADATA, dtype="bfloat16")
    with pytest.raises(InvalidValue, match="float32"):
        export_bundle(network(), metadata, path, form="onnx")
    assert not path.exists()


@pytest.mark.parametrize("variant", VARIANTS)
@pytest.mark.parametrize("activation", ["raw", "softmax", "sigmoid", "fused"])
def test_onnx_agrees_with_the_network(tmp_path, variant, activation):
    """`forward` whole and `step` in chunks, in onnxruntime; activations beside TorchScript's."""
    onnxruntime = pytest.importorskip("onnxruntime")
    made = network(
        **VARIANTS[variant][0], score_function="sigmoid" if variant == "full" else "softmax"
    )
    metadata = dataclasses.replace(
        METADATA, activation=activation, score_function=made.score_function
    )
    path, script = tmp_path / "m.onnx", tmp_path / "m.pt"
    agreement = export_bundle(made, metadata, path, form="onnx")
    for value in (agreement.cas, agreement.stream, agreement.score, agreement.foreground):
        assert value < 1e-5
    export_bundle(made, metadata, script)
    features = np.random.default_rng(1).standard_normal((1, 30, 8)).astype(np.float32)
    session = onnxruntime.InferenceSession(path.read_bytes(), providers=["CPUExecutionProvider"])
    got = session.run(["activations"], {"features": features})[0]
    want = load_bundle(script)[0](torch.from_numpy(features))[0].numpy()
    np.testing.assert_allclose(got, want, rtol=0, atol=1e-5)
    assert session.get_modelmeta().custom_metadata_map["basnet_rt.json"] == metadata.to_json()
    assert (tmp_path / "m.step.onnx").exists()
