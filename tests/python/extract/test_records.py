"""The record of an extractor travels: features, run, bundle, and back to features."""

from __future__ import annotations

import hashlib
import json
import shutil
from dataclasses import replace

import extract_cases
import numpy as np
import pytest
from small_films import SPEC

from basnet_rt import BundleError, InvalidValue
from basnet_rt.features import open_features
from basnet_rt.features.records import Sidecar, write_extractor
from basnet_rt.model.bundle import BundleMetadata, parse_metadata, read_metadata
from basnet_training.calibrate_target import calibrate_bundle
from basnet_training.config import check_config, load_config
from basnet_training.export import describe, export_bundle
from basnet_training.runs import load_model
from basnet_training.trainer import fit

LENGTHS = {"v0": 9, "v1": 12, "v2": 20, "v3": 7}


def sidecar(name, spec=SPEC, **changes):
    fields = {"source": f"{name}.mp4", "sha256": "0" * 64, "duration": LENGTHS[name] * 0.32 + 0.1}
    counts = {"num_frames": LENGTHS[name] * 8 + 3, "num_snippets": LENGTHS[name]}
    return Sidecar(**{**fields, **counts, "extractor": spec, **changes})


@pytest.fixture
def features(tmp_path):
    """A folder as `extract` leaves it, of made features."""
    folder, rng = tmp_path / "features", np.random.default_rng(0)
    folder.mkdir()
    write_extractor(folder, SPEC)
    for name, length in LENGTHS.items():
        np.save(folder / f"{name}.npy", rng.random((length, 4), np.float32))
        sidecar(name).write(folder / f"{name}.json")
    return folder


@pytest.fixture
def settings(features, tmp_path):
    """`settings(fps=30)`: a small run on these features, some `data` keys given."""
    tags = {"v0": ["A"], "v1": ["B"], "v2": ["A"], "v3": []}
    marked = {n: {"annotations": [{"label": tag} for tag in t]} for n, t in tags.items()}
    (tmp_path / "tags.json").write_text(json.dumps({"database": marked}))
    paths = {"features": str(features), "annotations": str(tmp_path / "tags.json")}

    def make(**data):
        return check_config(
            {
                "data": {**paths, **data},
                "network": {"hidden_filter": 3, "hidden_cas": 4},
                "optim": {"iterations": 2, "batch_size": 2},
                "run": {"tensorboard": False},
            }
        )

    return make


def test_from_features_to_the_bundle(settings, tmp_path):
    """The run's folder keeps it; the timing is the record's, not the default's."""
    fit(settings(), tmp_path / "run", shown=False)
    kept = load_config(tmp_path / "run" / "config.yaml")
    model = load_model(tmp_path / "run")
    for config in (kept, model.config):
        assert config.data.extractor == SPEC.to_dict()
    export_bundle(model.network, describe(model.config), tmp_path / "m.pt")
    metadata = read_metadata(tmp_path / "m.pt")
    assert metadata.extractor_spec == SPEC
    assert metadata.feature_extractor == "means"
    assert (metadata.fps, metadata.snippet_frames, metadata.snippet_stride) == (25.0, 8, 8)
    assert json.loads(metadata.to_json())["format_version"] == 1


def test_a_run_goes_on_with_its_own_settings(settings, tmp_path):
    """What the record fills in must not look like other settings on resume."""
    fit(settings(), tmp_path / "run", shown=False)
    fit(settings(), tmp_path / "run", resume=True, shown=False)
    fit(load_config(tmp_path / "run" / "config.yaml"), tmp_path / "run", resume=True, shown=False)


@pytest.mark.parametrize(
    ("data", "part"),
    [
        ({"fps": 30.0}, r"data.fps is 30.0, but the extractor .* 25.0; leave"),
        ({"snippet_stride": 16}, "data.snippet_stride is 16"),
        ({"snippet_frames": 16}, "data.snippet_frames is 16"),
        ({"feature_extractor": "i3d"}, "data.feature_extractor is 'i3d'"),
    ],
)
def test_settings_that_say_otherwise_are_refused(settings, tmp_path, data, part):
    with pytest.raises(InvalidValue, match=part):
        fit(settings(**data), tmp_path / "run", shown=False)


def test_settings_that_agree_are_kept(settings, tmp_path):
    fit(settings(fps=25, feature_extractor="means-of-colours"), tmp_path / "run", shown=False)
    assert load_model(tmp_path / "run").config.data.feature_extractor == "means-of-colours"


def test_a_record_in_the_settings_is_held_against_the_features(settings, tmp_path):
    with pytest.raises(BundleError, match=r"than the settings's: version 1, not 2"):
        fit(settings(extractor=replace(SPEC, version=2).to_dict()), tmp_path / "run", shown=False)


def test_a_file_of_another_extractor_in_the_folder(settings, features, tmp_path):
    """Copied there by hand; same channels."""
    sidecar("v2", replace(SPEC, version=2)).write(features / "v2.json")
    with pytest.raises(BundleError, match=r"v2.json.*its folder's: version 2, not 1"):
        fit(settings(), tmp_path / "run", shown=False)


def test_features_without_a_record_train_as_before(settings, features, tmp_path):
    """And the digest of their settings is what it was before there were records."""
    for path in features.glob("*.json"):
        path.unlink()
    config = settings(fps=30.0)
    fit(config, tmp_path / "run", shown=False)
    model = load_model(tmp_path / "run")
    assert model.config.data.extractor is None
    assert describe(model.config).extractor is None
    text = check_config({}).model_dump_json()
    assert '"extractor":null' in text
    # Fields, as `auto` is, that came after those digests.
    later = {"extractor", "missing", "corrected"}
    places = {"features", "annotations", "split", "cache_gib"}
    loss = {"corrected", "distilled", "pseudo_segments"}
    loss |= {"magnitude", "co_activity", "contrast", "mixing"}
    aside = {"data": places | later, "run": True, "auto": True, "loss": loss}
    aside |= {"optim": {"topk_start", "teachers", "pseudo_labels"}, "sampling": {"noise"}}
    before = json.loads(check_config({}).model_dump_json(exclude=aside)) | {"run": {"seed": 0}}
    order = [key for key in json.loads(text) if key in before]
    compact = json.dumps({key: before[key] for key in order}, separators=(",", ":"))
    assert check_config({}).digest() == hashlib.sha256(compact.encode()).hexdigest()[:10]
    assert check_config({"data": {"extractor": SPEC.to_dict()}}).digest() not in compact


def test_calibration_refuses_foreign_features(settings, features, tmp_path):
    fit(settings(), tmp_path / "run", shown=False)
    model = load_model(tmp_path / "run")
    export_bundle(model.network, describe(model.config), tmp_path / "m.pt")
    write_extractor(features, replace(SPEC, version=2))
    given = {"data.features": features, "data.annotations": tmp_path / "tags.json"}
    with pytest.raises(BundleError, match="version 2, not 1"):
        calibrate_bundle(tmp_path / "m.pt", given, None, None)
    write_extractor(features, SPEC)
    calibrate_bundle(tmp_path / "m.pt", given, None, None)
    assert read_metadata(tmp_path / "m.pt").extractor_spec == SPEC  # the rewritten one, too


def test_parts_that_were_made_apart_have_no_one_record(features, tmp_path):
    """`rgb/` and `flow/` side by side: a duration is known, an extractor of both is not."""
    for part in ("rgb", "flow"):
        shutil.copytree(features, tmp_path / "both" / part)
    both = open_features(tmp_path / "both")
    assert both.extractor is None
    assert both.sidecar("v0").duration == pytest.approx(9 * 0.32 + 0.1)
    assert open_features(tmp_path / "both", modality="flow").extractor == SPEC


def test_records_of_one_file_lie_beside_it(features):
    one = open_features(features / "v1.npy")
    assert one.extractor == SPEC
    assert one.sidecar("v1") == sidecar("v1")


@pytest.mark.parametrize(
    ("text", "error", "part"),
    [
        ("{", InvalidValue, "not JSON"),
        ('{"format": "basnet_rt.features", "format_version": 2}', InvalidValue, "version 2"),
        ('{"format": "basnet_rt.features", "format_version": 1}', InvalidValue, "not a whole"),
        (
            '{"format": "basnet_rt.features", "format_version": 1, "extractor": {"name": "x"}}',
            BundleError,
            "v0.json: extractor: not a record",
        ),
    ],
)
def test_a_damaged_sidecar_is_named(features, text, error, part):
    (features / "v0.json").write_text(text)
    with pytest.raises(error, match=part):
        open_features(features).sidecar("v0")


def test_json_of_something_else_beside_features_is_left_alone(features):
    (features / "v0.json").write_text('{"anything": 1}')
    assert open_features(features).sidecar("v0") is None


@pytest.mark.parametrize("text", ["[]", '{"name": "x"}'])
def test_a_damaged_record_is_named(features, text):
    (features / "extractor.json").write_text(text)
    with pytest.raises(BundleError, match=r"extractor.json: extractor: not a record"):
        open_features(features)


def metadata(**changes):
    sizes = {"feature_dim": 4, "snippet_frames": 8, "snippet_stride": 8}
    return BundleMetadata(**{"classes": ("A",), **sizes, "extractor": SPEC.to_dict(), **changes})


def test_the_bundle_s_record_survives_and_is_checked():
    """And what it and the metadata both say, they say alike."""
    assert parse_metadata(metadata().to_json()) == metadata()
    for change, part in (
        ({"fps": 30.0}, r"fps: 30.0, but the extractor's record says 25.0"),
        ({"feature_dim": 5}, "feature_dim: 5"),
        ({"extractor": "means"}, "extractor: expected a dictionary"),
        ({"extractor": {"name": "means"}}, "extractor: not a record"),
    ):
        with pytest.raises(BundleError, match=part):
            metadata(**change)


def test_bundles_from_before_there_were_records():
    """No key at all."""
    fields = json.loads(metadata(extractor=None).to_json())
    del fields["extractor"]
    assert parse_metadata(json.dumps(fields)).extractor_spec is None


def test_info_shows_it(run_cli, made, tmp_path):
    shown = run_cli("info", made.bundle).stdout
    assert "torchscript, version 1; frames: pixels rgb, width 48, height 32" in shown
    assert "extractor.weights" in shown
    told = json.loads(run_cli("info", made.bundle, "--json").stdout)
    assert told["extractor"] == made.spec.to_dict()
    old = extract_cases.write_bundle(tmp_path / "old.pt", None)
    assert "not recorded" in run_cli("info", old).stdout
