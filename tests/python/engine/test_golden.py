"""The native engine against values that it did not make: the released code's, and torch's float64.

Catches a wrong layer, slope, tap or border. Tolerances: float32 1e-5 of the largest value; int8 as
the rounding of weights and rows to 127 steps allows.
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pytest
from engine_cases import NETWORKS, features_of, network_of, write

import basnet_rt
from basnet_rt.model.bundle import BundleMetadata

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "training"))

DATA = Path(__file__).resolve().parents[2] / "data/bundles_0_1"
WITHIN = {"float32": 1e-5, "bfloat16": 3e-2, "int8": 5e-2}


def apart(got, want) -> float:
    """Largest difference, as a share of the largest value."""
    want = np.asarray(want, np.float64)
    assert got.shape == want.shape
    return float(np.abs(got - want).max() / np.abs(want).max())


@pytest.fixture(scope="module", params=["case0", "case1"])
def golden(request, shared, tmp_path_factory):
    """(model, arrays): the released network with its formula's weights, and what it answered."""
    from test_network_golden import Golden

    from basnet_training.export import export_bundle

    case = Golden(shared, request.param)
    path = tmp_path_factory.mktemp("golden") / "golden.safetensors"
    classes = tuple(str(i) for i in range(case.labels.shape[1]))
    about = BundleMetadata(classes=classes, feature_dim=case.features.shape[2], activation="raw")
    export_bundle(case.network.eval(), about, path, form="safetensors")
    return basnet_rt.load(path, engine="native", num_threads=1), case


def test_the_released_network(golden):
    model, case = golden
    for i, rows in enumerate(case.features.numpy()):
        got = model.forward_with_cas(np.ascontiguousarray(rows))
        assert apart(got.cas, case["cas_supp"][i]) < 1e-5
        assert apart(got.activations, case["cas_supp"][i][:, :-1]) < 1e-5
        assert apart(got.video_scores, case["score_supp"][i][:-1]) < 1e-5
        assert apart(got.foreground, case["foreground"][i][..., 0]) < 1e-5


@pytest.mark.parametrize("dtype", WITHIN)
@pytest.mark.parametrize("name", NETWORKS)
def test_the_network_in_double_precision(model_of, name, dtype):
    """Every variant; torch's convolutions in float64 share no code with the engine."""
    import torch

    rows = features_of(90, NETWORKS[name]["sizes"][0], seed=1)
    with torch.no_grad():
        want = network_of(name).double()(torch.from_numpy(rows).double().unsqueeze(0))
    got = model_of(name, dtype).forward_with_cas(rows)
    assert apart(got.cas, want.cas[0]) < WITHIN[dtype]
    assert np.abs(got.video_scores - want.score[0, :-1].numpy()).max() < 3 * WITHIN[dtype]
    assert np.abs(got.foreground - want.foreground[0].numpy()).max() < WITHIN[dtype]


@pytest.mark.parametrize("path", sorted(DATA.glob("*.pt")), ids=lambda path: path.stem)
def test_files_of_0_1_on_both_engines(path):
    """Catches an old file that is read with its weights in another order."""
    native = basnet_rt.load(path, engine="native")
    script = basnet_rt.load(path, engine="torch")
    rows = features_of(100, native.feature_dim, seed=2)
    assert native.dtype == script.dtype
    limit = WITHIN[native.dtype]
    for got, want in zip(native.forward_with_cas(rows), script.forward_with_cas(rows), strict=True):
        assert apart(got, want) < limit


@pytest.mark.parametrize("dtype", ["float32", "bfloat16"])
def test_both_formats_of_a_bundle_give_the_same_bits(tmp_path, dtype):
    found = [
        basnet_rt.load(write(tmp_path / form, "full", form, dtype), engine="native").forward(
            features_of(50, 8, seed=1)
        )
        for form in ("torchscript", "safetensors")
    ]
    for one, other in zip(*found, strict=True):
        assert one.tobytes() == other.tobytes()


def test_stored_int8_is_int8_at_load(tmp_path, model_of):
    """Quantised by the exporter or by `load`: the same bits."""
    stored = basnet_rt.load(write(tmp_path / "m", "wide", "safetensors", "int8"))
    rows = features_of(70, 400, seed=1)
    assert stored.dtype == "int8"
    for one, other in zip(
        stored.forward_with_cas(rows), model_of("wide", "int8").forward_with_cas(rows), strict=True
    ):
        assert one.tobytes() == other.tobytes()
