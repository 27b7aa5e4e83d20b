"""`tune` on made videos whose right settings are known, and the bundle that it writes."""

from __future__ import annotations

import json
import sys

import numpy as np
import pytest
from typer.testing import CliRunner

import basnet_rt
from basnet_rt import BundleError, Error, InvalidType, InvalidValue, tune
from basnet_rt._system.extras import from_extra
from basnet_rt._system.torchscript import quiet_torchscript
from basnet_rt.annotations import AnnotationSet, Segment, VideoAnnotation
from basnet_rt.cli.app import app
from basnet_rt.model.bundle import METADATA_FILE, BundleMetadata
from basnet_rt.model.copies import write_bundle_copy

torch = pytest.importorskip("torch")
pytest.importorskip("optuna")

CLASSES = ("Jump", "Run")
FAST = {"trials": 25, "folds": 2, "resamples": 20}

pytestmark = pytest.mark.usefixtures("own_code")  # the network is the test's own


class PassThrough(torch.nn.Module):
    """Its features are the activations of two classes, and the background's."""

    def forward(self, features: torch.Tensor) -> list[torch.Tensor]:
        best = features.topk(max(1, features.size(1) // 8), dim=1)[0].mean(dim=1)
        return [features[:, :, :2].contiguous(), best[:, :2], features[:, :, 2], features]


@pytest.fixture(scope="module")
def bundle(tmp_path_factory):
    """Video scores are the sigmoid of the best activations: 0.5 and more."""
    metadata = BundleMetadata(
        classes=CLASSES,
        feature_dim=3,
        activation="sigmoid",
        score_function="sigmoid",
        postprocess={
            "normalisation": "fixed",
            "class_threshold": 0.1,
            "cas_thresholds": [k / 40 for k in range(10)],
            "nms": "hard",
        },
        provenance={"seed": 7},
    )
    path = tmp_path_factory.mktemp("tune") / "model.pt"
    with quiet_torchscript():
        scripted = torch.jit.script(PassThrough().eval())
        torch.jit.save(scripted, str(path), _extra_files={METADATA_FILE: metadata.to_json()})
    return path


@pytest.fixture(scope="module")
def videos(tmp_path_factory):
    """12 videos: activations rest near 0.5, far above the bundle's thresholds; actions 0.9."""
    random = np.random.default_rng(0)
    folder = tmp_path_factory.mktemp("features")
    annotated = {}
    for i in range(12):
        values = random.normal(0.5, 0.03, (60, 3)).astype(np.float32)
        segments = []
        for start in (8, 35) if i % 4 else ():
            label = CLASSES[int(random.integers(2))]
            end = start + int(random.integers(4, 12))
            values[start:end, CLASSES.index(label)] += 0.4
            segments.append(Segment(label, start * 0.64, end * 0.64))
        np.save(folder / f"v{i:02}.npy", values.clip(0, 1))
        tags = tuple(sorted({one.label for one in segments}))
        annotated[f"v{i:02}"] = VideoAnnotation(f"v{i:02}", tags, tuple(segments))
    return folder, AnnotationSet(annotated)


@pytest.fixture(scope="module")
def tuned(bundle, videos):
    return tune(basnet_rt.load(bundle), *videos, **FAST)


def test_better_settings_are_found(tuned):
    """The thresholds of the start lie below every activation: it finds whole videos."""
    assert tuned.base < 0.1
    assert tuned.chosen > 0.5
    assert tuned.config.cas_thresholds[-1] > 0.5
    assert tuned.changes["cas_thresholds"] == list(tuned.config.cas_thresholds)


def test_the_gain_is_measured_on_videos_that_were_not_chosen_on(tuned, bundle, videos):
    """Each fold's numbers, from its settings, by the evaluator."""
    folder, annotated = videos
    model = basnet_rt.load(bundle)
    means = []
    for number, fold in enumerate(tuned.folds):
        from basnet_rt.analysis.folds import divide

        names = divide(annotated, 2, seed=0)[number]
        assert fold.videos == len(names)
        for config, expected in (
            (model.config, fold.base),
            (model.config.replace(**fold.settings), fold.chosen),
        ):
            localizer = basnet_rt.Localizer(model, config)
            found = {name: localizer(np.load(folder / f"{name}.npy")) for name in names}
            report = basnet_rt.evaluate(
                annotated.select(names), found, subset=None,
                tiou_thresholds=tuned.tiou_thresholds, unknown_labels="ignore",
            )  # fmt: skip
            assert report.average_map == pytest.approx(expected, abs=1e-12)
        means.append(fold.chosen - fold.base)
    held = tuned.held_out
    assert held.difference == pytest.approx(np.mean(means))
    assert held.low <= held.difference <= held.high
    assert held.low > 0.2


def test_held_out_videos_have_no_say(bundle, videos, tuned):
    """Wrong marks in one fold must not change what is chosen for it."""
    from basnet_rt.analysis.folds import divide

    folder, annotated = videos
    last = divide(annotated, 2, seed=0)[1]
    shifted = {
        name: VideoAnnotation(
            name,
            one.tags,
            tuple(Segment(s.label, s.start + 5, s.end + 5) for s in one.segments)
            if name in last
            else one.segments,
        )
        for name, one in annotated.videos.items()
    }
    model = basnet_rt.load(bundle)
    found = tune(model, folder, AnnotationSet(shifted), **FAST)
    assert found.folds[1].settings == tuned.folds[1].settings
    assert found.folds[0].settings != tuned.folds[0].settings


def test_the_same_seed_chooses_the_same(bundle, videos, tuned):
    again = tune(basnet_rt.load(bundle), *videos, **FAST)
    assert again.to_dict() == tuned.to_dict()


def test_held_settings_stay(bundle, videos):
    """A stream needs gate "none"; it must not come back otherwise."""
    held = {"gate": "none", "nms_iou": 0.35, "outer_ratio": 0.1}
    found = tune(basnet_rt.load(bundle), *videos, settings=held, **FAST)
    assert {name: getattr(found.config, name) for name in held} == held
    assert "cas_thresholds" in found.changes


def test_progress_counts_down_to_nothing(bundle, videos):
    network, trials = [], []
    tune(
        basnet_rt.load(bundle), *videos, advance_network=network.append, advance=trials.append,
        trials=3, folds=2, resamples=5,
    )  # fmt: skip
    assert network == list(range(11, -1, -1))
    assert trials == list(range(8, -1, -1))


def test_where_nothing_is_better_the_start_stays(bundle, videos, tuned):
    """Right settings, and one left to tune that these do not look at."""
    held = {name: value for name, value in tuned.config.to_dict().items() if name != "soft_sigma"}
    held["nms"] = "hard"
    found = tune(basnet_rt.load(bundle), *videos, settings=held, **{**FAST, "trials": 5})
    assert found.changes == {}
    assert (found.chosen, found.held_out.difference) == (found.base, 0.0)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda v: VideoAnnotation(v.name, v.tags), "tune needs some"),
        (
            lambda v: VideoAnnotation(v.name + "x", v.tags, v.segments),
            "12 annotated videos have no",
        ),
        (
            lambda v: VideoAnnotation(v.name, ("Swim",), (Segment("Swim", 0, 1),)),
            r"marked are \['Swim'\].*\['Jump', 'Run'\]",
        ),
    ],
)
def test_annotations_that_do_not_serve_are_refused(bundle, videos, change, message):
    """Tags alone above all: who has no segments is told what to do."""
    folder, annotated = videos
    changed = [change(one) for one in annotated.videos.values()]
    with pytest.raises(InvalidValue, match=message):
        tune(
            basnet_rt.load(bundle),
            folder,
            AnnotationSet({one.name: one for one in changed}),
            **FAST,
        )


@pytest.mark.parametrize(
    ("options", "error"),
    [
        ({"trials": 0}, InvalidValue),
        ({"trials": "3"}, InvalidType),
        ({"folds": 50}, InvalidValue),
        ({"folds": "3"}, InvalidType),
        ({"seed": -1}, InvalidValue),
        ({"confidence": 2}, InvalidValue),
        ({"resamples": -1}, InvalidValue),
    ],
)
def test_wrong_numbers_are_named(bundle, videos, options, error):
    with pytest.raises(error, match=f"{next(iter(options))} is"):
        tune(basnet_rt.load(bundle), *videos, **{**FAST, **options})


def test_a_path_is_no_model(videos):
    with pytest.raises(InvalidType, match=r"model is 'model\.pt'; it must be a model, from"):
        tune("model.pt", *videos, **FAST)


def test_without_optuna_the_message_names_the_extra(bundle, videos, monkeypatch):
    monkeypatch.setitem(sys.modules, "optuna", None)
    with pytest.raises(Error, match=r"tune needs optuna: pip install 'basnet-rt\[tune\]'"):
        tune(basnet_rt.load(bundle), *videos, **FAST)


def test_another_missing_package_is_not_blamed_on_the_extra(tmp_path, monkeypatch):
    (tmp_path / "half_installed.py").write_text("import no_such_package_at_all")
    monkeypatch.syspath_prepend(tmp_path)
    with pytest.raises(ModuleNotFoundError, match="no_such_package_at_all"):
        from_extra("half_installed", "tune", "tune")


@pytest.fixture
def files(videos, tmp_path):
    """The features, the annotations as a file, and where to write."""
    folder, annotated = videos
    database = {
        name: {
            "subset": "val",
            "annotations": [{"label": s.label, "segment": [s.start, s.end]} for s in one.segments],
        }
        for name, one in annotated.videos.items()
    }
    path = tmp_path / "annotations.json"
    path.write_text(json.dumps({"database": database}))
    return folder, path, tmp_path / "out" / "tuned.pt"


def run(bundle, files, *arguments):
    folder, annotations, _ = files
    command = ["tune", bundle, "-f", folder, "-a", annotations, "-s", "val", "--trials", 25]
    command += ["--folds", 2, *arguments]
    return CliRunner().invoke(app, [str(one) for one in command])


def test_the_program_writes_a_tuned_copy(bundle, files, tuned):
    """Settings and provenance are new, the network is the old one; the original is as it was."""
    before = bundle.read_bytes()
    done = run(bundle, files, "-o", files[2], "--json")
    assert done.exit_code == 0, done.stderr
    values = json.loads(done.stdout)
    assert values["changes"] == tuned.changes
    old, new = basnet_rt.load(bundle), basnet_rt.load(files[2])
    assert new.config == tuned.config
    assert new.metadata.provenance["seed"] == 7
    noted = new.metadata.provenance["tuned"]
    assert (noted["videos"], noted["trials"], noted["from"]) == (12, 25, "model.pt")
    assert noted["held_out_gain"] == pytest.approx(tuned.held_out.difference)
    features = np.load(next(files[0].iterdir()))
    for a, b in zip(old.forward(features), new.forward(features), strict=True):
        np.testing.assert_array_equal(a, b)
    assert bundle.read_bytes() == before


def test_the_program_says_what_it_chose(bundle, files):
    lines = run(bundle, files).stdout.splitlines()
    assert lines[0].startswith("12 videos, 18 segments")
    assert lines[1].startswith("held out, 2 folds: ")
    assert any(line.strip().startswith("cas_thresholds") for line in lines)
    assert lines[-1] == "nothing written: no --output"
    assert not files[2].exists()


def test_groups_are_read(bundle, files, tmp_path):
    groups = tmp_path / "groups.csv"
    groups.write_text("".join(f"v{i:02},{i % 2}\n" for i in range(12)))
    values = json.loads(run(bundle, files, "--groups", groups, "--json", "--trials", 1).stdout)
    assert [fold["videos"] for fold in values["folds"]] == [6, 6]
    groups.write_text("v00\n")
    done = run(bundle, files, "--groups", groups)
    assert (done.exit_code, "line 1: expected two columns" in done.stderr) == (1, True)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "names no video; give lines of video and group, or leave --groups out"),
        ("v00,a\nv01,a\nv00,b\n", "line 3: video 'v00' is in the groups 'a' and 'b'; keep one"),
    ],
)
def test_groups_that_say_nothing_or_contradict_are_refused(bundle, files, tmp_path, text, message):
    (tmp_path / "groups.csv").write_text(text)
    done = run(bundle, files, "--groups", tmp_path / "groups.csv")
    assert (done.exit_code, message in done.stderr) == (1, True)


def test_videos_without_a_group_are_counted(bundle, files, tmp_path):
    (tmp_path / "groups.csv").write_text("v00,a\nv01,a\n")
    done = run(bundle, files, "--groups", tmp_path / "groups.csv", "--trials", 1)
    assert done.exit_code == 0, done.stderr
    assert "--groups does not name 10 of 12 videos, such as 'v02'" in done.stderr


def test_a_cluster_chooses_the_same(bundle, files):
    pytest.importorskip("ray")
    few = ("--trials", 6, "--json")
    plain = run(bundle, files, *few).stdout
    assert run(bundle, files, *few, "--ray", "--ray-workers", 2).stdout == plain


@pytest.mark.parametrize(
    ("arguments", "code"),
    [(["--set", "nms_iou=7"], 2), (["--set", "x"], 2), (["--folds", "1"], 2), (["-s", "none"], 1)],
)
def test_exit_codes(bundle, files, arguments, code):
    assert run(bundle, files, *arguments).exit_code == code


def test_a_copy_that_differs_is_not_left_behind(bundle, tmp_path, monkeypatch):
    """What was written is read again before it gets its name."""
    model = basnet_rt.load(bundle)
    other = basnet_rt.load(bundle)
    monkeypatch.setattr(other, "forward", lambda rows: model.forward(rows + 1))
    monkeypatch.setattr("basnet_rt.model.copies.load", lambda *_, **__: other)
    with pytest.raises(BundleError, match="does not agree"):
        write_bundle_copy(model, model.metadata, tmp_path / "copy.pt")
    assert list(tmp_path.iterdir()) == []
