"""Bundles: they agree with the network, know what they need, and are whole or absent."""

from __future__ import annotations

import dataclasses
import zipfile

import pytest
import torch

from basnet_rt import BundleError, InvalidValue, PostprocessConfig
from basnet_rt.model import rewrite_metadata
from basnet_rt.model.bundle import BundleMetadata, Calibration, read_metadata
from basnet_training import BaSNet, agreement, export
from basnet_training.export import describe, export_bundle, load_bundle
from basnet_training.runs import load_model
from basnet_training.trainer import fit

METADATA = BundleMetadata(classes=("A", "B"), feature_dim=8)


def network(**options) -> BaSNet:
    torch.manual_seed(0)
    return BaSNet(8, 2, 5, 16, **options)


@pytest.mark.parametrize("variant", ["full", "base_only", "no_background"])
@pytest.mark.parametrize(("dtype", "limit"), [("float32", 1e-5), ("bfloat16", 2e-2)])
def test_a_bundle_agrees_with_its_network(tmp_path, variant, dtype, limit):
    path = tmp_path / "m.pt"
    metadata = dataclasses.replace(METADATA, dtype=dtype)
    agreement = export_bundle(network(variant=variant), metadata, path)
    assert agreement.snippets == 150
    for value in (agreement.cas, agreement.stream, agreement.score, agreement.foreground):
        assert value < limit
    assert read_metadata(path) == metadata
    module, loaded = load_bundle(path)
    assert loaded == metadata
    assert module(torch.rand(1, 9, 8))[0].shape == (1, 9, 2)


def test_the_same_network_gives_the_same_bytes(tmp_path):
    """The random name of the file that becomes the bundle was part of the archive."""
    files = [tmp_path / "m.pt", tmp_path / "other.pt"]
    for path in files:
        export_bundle(network(), METADATA, path)
    assert files[0].read_bytes() == files[1].read_bytes()


def test_a_file_holds_the_taps_alone(tmp_path):
    """Catches the tiles' matrices in the file: a released-size bundle would more than double."""
    path = tmp_path / "m.pt"
    export_bundle(BaSNet(64, 2, 8, 64), dataclasses.replace(METADATA, feature_dim=64), path)
    taps = 2 * 3 * 64 * 64 * 4
    assert taps < path.stat().st_size < 1.3 * taps + 60_000


def test_a_file_that_does_not_agree_is_not_written(tmp_path, monkeypatch):
    path = tmp_path / "m.pt"
    path.write_text("old")
    monkeypatch.setitem(agreement.TOLERANCE, "float32", 0.0)
    with pytest.raises(BundleError, match="differs from the network's"):
        export_bundle(network(), METADATA, path)
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]


def test_the_comparison_sees_another_network(tmp_path):
    """The check itself can fail: one changed weight of the classifier is seen."""
    path = tmp_path / "m.pt"
    first = network()
    export_bundle(first, METADATA, path)
    module, _ = load_bundle(path)
    first.cas_module.conv_3[0].weight.data[0, 0] += 0.1
    assert export.compare(first, module).cas > 1e-3


@pytest.mark.parametrize(
    "change",
    [{"feature_dim": 9}, {"classes": ("A",)}, {"topk_divisor": 4}],
)
def test_metadata_of_another_network_is_refused(tmp_path, change):
    with pytest.raises(InvalidValue, match="the metadata says"):
        export_bundle(network(), dataclasses.replace(METADATA, **change), tmp_path / "m.pt")


def test_rewriting_changes_metadata_alone(tmp_path):
    old, new = tmp_path / "a.pt", tmp_path / "b.pt"
    export_bundle(network(), METADATA, old)
    changed = dataclasses.replace(METADATA, calibration=Calibration((0.0, 0.0), (1.0, 2.0)))
    rewrite_metadata(old, changed, new)
    assert read_metadata(new) == changed
    features = torch.rand(1, 100, 8)
    assert torch.equal(load_bundle(old)[0](features)[3], load_bundle(new)[0](features)[3])
    rewrite_metadata(old, changed, old)
    assert read_metadata(old) == changed


def test_a_run_s_bundle_knows_where_it_comes_from(configure, dataset, tmp_path):
    sections = {
        "data": {"fps": 30.0, "feature_extractor": "toy"},
        "sampling": {"num_segments": 20},
        "network": {"topk_divisor": 5},
        "postprocess": {"mode": "continuous", "normalisation": "fixed"},
    }
    run = tmp_path / "run"
    fit(configure(**sections), run, shown=False)
    model = load_model(run)
    calibration = Calibration((0.0, 0.1), (1.0, 0.9))
    metadata = describe(model.config, activation="fused", calibration=calibration)
    assert metadata.classes == ("Jump", "Run")
    assert (metadata.fps, metadata.feature_extractor, metadata.num_segments) == (30.0, "toy", 20)
    assert metadata.provenance["config"] == model.config.digest()
    assert metadata.provenance["seed"] == 4
    assert metadata.provenance["simulated"] is False
    settings = PostprocessConfig.from_dict(metadata.postprocess)
    assert (settings.fixed_lo, settings.fixed_hi) == (calibration.lo, calibration.hi)
    assert settings.topk_divisor == metadata.topk_divisor == 5
    export_bundle(model.network, metadata, tmp_path / "m.pt")
    assert read_metadata(tmp_path / "m.pt") == metadata


def test_damaged_and_foreign_bundles_are_refused(tmp_path):
    path = tmp_path / "m.pt"
    export_bundle(network(), METADATA, path)
    content = path.read_bytes()
    path.write_bytes(content[: len(content) // 2])
    with pytest.raises(BundleError, match="truncated"):
        load_bundle(path)
    with pytest.raises(BundleError, match="no such file"):
        load_bundle(tmp_path / "absent.pt")
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("m/x", "y")
    with pytest.raises(BundleError, match="not a TorchScript file"):
        load_bundle(path)
