"""`basnet_rt.load` refuses every file that is no whole bundle, and says why."""

from __future__ import annotations

import json
import warnings
import zipfile

import pytest
import tiny_bundle
import torch

import basnet_rt
from basnet_rt._system.torchscript import quiet_torchscript
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
        basnet_rt.load(bundle, engine="torch")


@pytest.mark.parametrize("category", [DeprecationWarning, FutureWarning])
@pytest.mark.parametrize(
    "ending", ["deprecated. Please switch.", "not supported in Python 3.14+ and may break."]
)
def test_what_any_torch_says_of_its_own_function_is_kept_back(category, ending):
    """torch 2.11 to 2.14, Python 3.10 to 3.14: the words and the kind of warning differ."""
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        with quiet_torchscript():
            warnings.warn(f"`torch.jit.load` is {ending}", category, stacklevel=1)
            with pytest.raises(category, match="another"):
                warnings.warn("another matter", category, stacklevel=1)


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


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"engine": "abacus"}, "engine is 'abacus'; it must be one of auto, native, torch"),
        ({"engine": "native", "device": "cuda:0"}, 'device is .*"native" computes on "cpu" alone'),
        ({"num_threads": -1}, "num_threads is -1; it must be 1 to 1024, or 0 for every core"),
        ({"num_threads": 10**6}, "num_threads is 1000000"),
        ({"num_threads": 10**30}, "num_threads is .* 64 bits"),
    ],
)
def test_options_out_of_range(bundle, options, message):
    with pytest.raises(basnet_rt.InvalidValue, match=message):
        basnet_rt.load(bundle, **options)


@pytest.mark.parametrize("option", [{"exact": 1}, {"trust_code": "no"}, {"num_threads": 1.5}])
def test_options_of_another_kind(bundle, option):
    """Catches `trust_code="no"`, which would be true."""
    with pytest.raises(basnet_rt.InvalidType, match=next(iter(option))):
        basnet_rt.load(bundle, **option)


@pytest.mark.parametrize("engine", ["native", "torch"])
def test_an_engine_that_is_asked_for_is_the_one(bundle, engine):
    """Also where the code of a file is trusted: native still runs none of it."""
    for trust in (False, True):
        model = basnet_rt.load(bundle, engine=engine, trust_code=trust)
        assert model.engine == engine
    assert basnet_rt.load(bundle).engine == "native"


def test_a_number_of_threads_is_kept(bundle):
    assert basnet_rt.load(bundle, num_threads=3).num_threads == 3
    assert basnet_rt.load(bundle).num_threads >= 1


def test_not_exact_is_as_near(bundle, make_features):
    """`exact=False` may change last bits and no more."""
    rows = make_features(300)
    want = basnet_rt.load(bundle).forward_with_cas(rows).cas
    got = basnet_rt.load(bundle, exact=False).forward_with_cas(rows).cas
    assert abs(got - want).max() <= 1e-5 * abs(want).max()
