"""`basnet-train run`: one command on data it has never met, and again after anything changed."""

from __future__ import annotations

import json
import zipfile

import numpy as np
import pytest
from typer.testing import CliRunner

from basnet_rt.cli.app import app as runtime
from basnet_rt.model.loading import load
from basnet_training.cli import app
from basnet_training.config import DataConfig
from basnet_training.heldout import HeldOut
from basnet_training.reading import open_videos
from basnet_training.run.folds import divide_folds
from basnet_training.run.journal import RunJournal
from basnet_training.run.quality import advice, measure_quality, quality_lines
from basnet_training.validation import average_precision_by_chance

QUICK = ["--set", "optim.iterations=4"]


def call(*arguments, code=0):
    result = CliRunner().invoke(app, ["run", *map(str, arguments)])
    assert result.exit_code == code, result.output
    return result


def make(folder, tags, *, lengths=None, channels=5, seed=0):
    """Features of videos named v_0, v_1 ..., and `tags.csv` that names them 0.mp4, 1.mp4 ..."""
    (folder / "features").mkdir(parents=True)
    rng = np.random.default_rng(seed)
    rows = ["filename;label"]
    names = sorted({tag for one in tags for tag in one})
    for index, words in enumerate(tags):
        length = lengths[index] if lengths else 8 + index % 5
        values = rng.standard_normal((length, channels)).astype(np.float32)
        for word in words:
            values[: length // 3, names.index(word) % channels] += 4
        np.save(folder / "features" / f"v_{index}.npy", values)
        rows.append(f"{index}.mp4;{','.join(words)}")
    (folder / "tags.csv").write_text("\n".join(rows))
    return folder / "features", folder / "tags.csv"


def opened(features, tags):
    return open_videos(DataConfig(features=features, annotations=tags))


PLAIN = [["Run"], [], ["Jump"], ["Run", "Jump"], [], ["Run"], ["Jump"], []]


def test_from_features_and_a_table_to_everything(tmp_path):
    out = tmp_path / "out"
    result = call(*make(tmp_path / "d", PLAIN), "-o", out, *QUICK)
    for part in (
        "8 videos, 3 of them without action; 2 classes",
        "videos of each class: Jump 3, Run 3",
        "settings: sigmoid scores",
        "train: on all 8 videos, 4 iterations",
        "tags of held-out videos",
        "by chance",
    ):
        assert part in result.output
    for name in ("model.pt", "results.json", "report.html", "settings.yaml", "summary.json"):
        assert (out / name).is_file()
    results = json.loads((out / "results.json").read_text())
    assert set(results["results"]) <= {f"v_{index}" for index in range(8)}
    assert "held_out" in results["basnet_rt"]
    assert all("confidence" in one for found in results["results"].values() for one in found)
    assert f"basnet-rt review {out / 'results.json'}" in result.output
    reviewed = CliRunner().invoke(runtime, ["review", str(out / "results.json"), "--json"])
    assert reviewed.exit_code == 0, reviewed.output
    model = load(out / "model.pt")
    assert model.classes == ("Jump", "Run")
    assert model.forward(np.zeros((7, 5), np.float32))[0].shape == (7, 2)


def test_the_bundle_has_confidence_of_every_class_and_gate(tmp_path):
    call(*make(tmp_path / "d", PLAIN), "-o", tmp_path / "out", *QUICK)
    with zipfile.ZipFile(tmp_path / "out" / "model.pt") as archive:
        (name,) = [one for one in archive.namelist() if one.endswith("basnet_rt.json")]
        found = json.loads(archive.read(name))["confidence"]
    assert set(found["curves"]) == {"video", "none"}
    assert len(found["thresholds"]) == 2
    for curves in found["curves"].values():
        assert len(curves) == 2
        for curve in curves:
            assert np.all(np.diff(curve["scores"]) > 0)
            assert np.all(np.diff(curve["confidence"]) >= 0)
            assert 0 <= min(curve["confidence"]) <= max(curve["confidence"]) <= 1


def test_a_second_call_does_nothing_again_and_a_change_does_what_depends_on_it(tmp_path):
    features, tags = make(tmp_path / "d", PLAIN)
    out = tmp_path / "out"
    call(features, tags, "-o", out, *QUICK)
    before = (out / "model.pt").stat().st_mtime_ns
    again = call(features, tags, "-o", out, *QUICK)
    assert (
        again.output.count("(done before)") == 12
    )  # 4 parts twice, train, export, localize, report
    assert (out / "model.pt").stat().st_mtime_ns == before
    more = call(features, tags, "-o", out, *QUICK, "--localize", features)
    assert more.output.count("(done before)") == 10
    assert len(json.loads((out / "results.json").read_text())["results"]) == 8
    other = call(features, tags, "-o", out, "--set", "optim.iterations=5")
    assert "(again: changed: settings)" in other.output
    np.save(features / "v_3.npy", np.ones((9, 5), np.float32))
    changed = call(features, tags, "-o", out, "--set", "optim.iterations=5")
    assert "(again: changed: features, tags)" in changed.output  # its length is among the shapes
    tags.write_text(tags.read_text().replace("1.mp4;", "1.mp4;Jump"))
    retagged = call(features, tags, "-o", out, "--set", "optim.iterations=5").output
    assert "(again: changed: tags" in retagged


def test_other_post_processing_trains_nothing_and_ends_as_a_new_run(tmp_path):
    data, other = make(tmp_path / "d", PLAIN), [*QUICK, "--set", "postprocess.nms=hard"]
    call(*data, "-o", tmp_path / "old", *QUICK)
    again = call(*data, "-o", tmp_path / "old", *other).output
    assert again.count("(again: changed: post-processing)") == 4
    assert again.count("(done before)") == 5  # 4 parts and the network
    call(*data, "-o", tmp_path / "new", *other)
    old, new = (load(tmp_path / name / "model.pt") for name in ("old", "new"))
    assert old.config == new.config
    assert old.config.nms == "hard"
    kept = [json.loads((tmp_path / n / "results.json").read_text()) for n in ("old", "new")]
    assert kept[0]["results"] == kept[1]["results"]
    assert sum(map(len, kept[0]["results"].values())) > 0
    names = ("training/config.yaml", "training/confidence.json", "folds/2/config.yaml")
    for name in names:
        assert (tmp_path / "old" / name).read_bytes() == (tmp_path / "new" / name).read_bytes()


def test_a_folder_goes_on_with_more_videos_and_another_number_of_parts(tmp_path):
    def shown(count, *more):
        features, tags = make(tmp_path / str(count), PLAIN[:count])
        return call(features, tags, "-o", tmp_path / "out", *QUICK, *more).output

    assert "held out 3 of 3: train on 2 videos" in shown(3)
    grown = shown(4)
    assert "held out 4 of 4: train on 3 videos" in grown
    assert "held out 1 of 4: train on 3 videos (again: changed:" in grown


def test_an_action_of_one_video_is_in_the_results_and_nothing_is_said_of_quality(tmp_path):
    data = make(tmp_path / "d", [["Run"], [], [], []])
    said = call(*data, "-o", tmp_path / "out", *QUICK).output
    assert "quality unknown: no video could be held out" in said
    found = json.loads((tmp_path / "out" / "results.json").read_text())
    assert set(found["results"]) == {"v_0", "v_1", "v_2", "v_3"}


def test_classes_of_every_video_have_no_quality_though_parts_are_held_out(tmp_path):
    data = make(tmp_path / "d", [["Run"]] * 4)
    said = call(*data, "-o", tmp_path / "out", *QUICK).output
    assert "quality unknown: every class is in one video only, or in every one" in said


def test_other_teachers_train_no_held_out_part_again_as_these_have_none(tmp_path):
    data = make(tmp_path / "d", PLAIN)
    call(*data, "-o", tmp_path / "out", *QUICK, "--set", "optim.teachers=0")
    changed = (*QUICK, "--set", "optim.teachers=1", "--set", "optim.pseudo_labels=segments")
    again = call(*data, "-o", tmp_path / "out", *changed).output
    assert again.count("(done before)") == 8  # four parts and their detections
    assert "train: on all 8 videos, 4 iterations (again: changed: settings)" in again


def test_an_interrupted_run_goes_on_to_the_identical_model(tmp_path, monkeypatch):
    from basnet_training import optimisation
    from basnet_training.checkpoint import load_tensors

    data = make(tmp_path / "d", PLAIN)
    often = [*QUICK, "--set", "run.checkpoint_every=1"]
    call(*data, "-o", tmp_path / "whole", *often)
    original, done = optimisation.Optimisation.iterate, []
    with monkeypatch.context() as patch:

        def killed(self, *arguments):
            done.append(1)
            if len(done) == 18:
                raise KeyboardInterrupt
            return original(self, *arguments)

        patch.setattr(optimisation.Optimisation, "iterate", killed)
        assert "interrupted" in call(*data, "-o", tmp_path / "cut", *often, code=1).output
    again = call(*data, "-o", tmp_path / "cut", *often)
    assert again.output.count("(done before)") == 8
    first, second = (
        load_tensors(tmp_path / name / "training" / "model.safetensors")[0]
        for name in ("whole", "cut")
    )
    assert all(np.array_equal(first[name], second[name]) for name in first)


MANY = [[f"class {index % 30:02d}"] for index in range(60)]


@pytest.mark.parametrize(
    ("tags", "lengths"),
    [
        ([["A"], [], ["A"]], None),
        ([["A"], ["B"], ["A"]], None),
        ([["A"]] * 6, None),
        ([["A"]], None),
        ([["A"], ["B"]], [1, 1]),
        ([["A", "B"]] * 5 + [["A"]], [1, 2, 3, 300, 900, 5]),
        (MANY, None),
    ],
    ids=[
        "three",
        "no-background",
        "one-class-everywhere",
        "one-video",
        "one-snippet",
        "lengths",
        "many",
    ],
)
def test_data_sets_of_every_kind_get_through(tmp_path, tags, lengths):
    out = tmp_path / "out"
    quick = ["--set", "optim.iterations=2", "--set", "validation.folds=2"]
    if len(tags) == 1:
        quick = quick[:2]
    call(*make(tmp_path / "d", tags, lengths=lengths), "-o", out, *quick)
    assert load(out / "model.pt").classes == tuple(sorted({tag for one in tags for tag in one}))
    assert (out / "report.html").is_file()


def test_annotations_with_segments_train_by_their_training_subset(dataset, tmp_path):
    path = dataset / "annotations.json"
    content = json.loads(path.read_text())
    content["database"]["v7"]["subset"] = "test"
    path.write_text(json.dumps(content))
    result = call(dataset / "features", path, "-o", tmp_path / "a", *QUICK)
    assert "subset 'train' of annotations.json is trained on" in result.output
    assert "7 videos" in result.output
    assert "not used, for they have no tag: 1 video with features (v7)" in result.output


def test_broken_and_missing_features_stop_or_are_left_out(tmp_path):
    features, tags = make(tmp_path / "d", PLAIN)
    (features / "v_7.npy").unlink()
    np.save(features / "v_4.npy", np.full((9, 5), np.nan, np.float32))
    out = tmp_path / "out"
    missing = call(features, tags, "-o", out, *QUICK, code=1).output
    assert "1 of 8 tagged videos have no features: 7.mp4" in missing
    assert (out / "unmatched.txt").is_file()
    skipped = call(features, tags, "-o", out, *QUICK, "--missing", "skip").output
    assert "6 videos, 1 of them without action" in skipped
    assert "nan at snippet 0, channel 0" in skipped


@pytest.mark.parametrize(
    ("arguments", "part"),
    [
        (["--set", "optim.lerning_rate=1"], "--set optim.lerning_rate: there is no setting"),
        (["--config", "nothing"], "nor a preset (auto, "),
        (["--localize", "absent.npy"], "--localize: absent.npy: no such file or folder"),
        (
            ["--set", "optim.teachers=0", "--set", "optim.pseudo_labels=segments"],
            "error: --set optim.teachers, --set optim.pseudo_labels: optim.pseudo_labels segments",
        ),
    ],
)
def test_what_is_wrong_is_told_with_a_next_step(tmp_path, arguments, part):
    result = call(*make(tmp_path / "d", PLAIN), "-o", tmp_path / "out", *QUICK, *arguments, code=1)
    assert part in result.output
    assert not (tmp_path / "out" / "training").exists()  # nothing is trained first


def test_the_output_may_lie_within_the_input(tmp_path):
    """Catches a second call that takes what the first one left for features or changed input."""
    _, tags = make(tmp_path / "d", PLAIN)
    given = (tmp_path / "d", tags, "-o", tmp_path / "d" / "out", *QUICK)
    call(*given, "--localize", tmp_path / "d" / "features")
    again = call(*given, "--localize", tmp_path / "d" / "features")
    assert again.output.count("(done before)") == 12


def test_older_results_do_not_hide_that_nothing_was_localized(tmp_path):
    data = make(tmp_path / "d", PLAIN)
    call(*data, "-o", tmp_path / "out", *QUICK)
    (tmp_path / "bad.npy").write_bytes(b"nonsense")
    again = ("-o", tmp_path / "out", *QUICK, "--localize", tmp_path / "bad.npy")
    assert "error: localize: ended with exit code 1" in call(*data, *again, code=1).output


def test_other_folders_are_left_alone(tmp_path):
    data = make(tmp_path / "d", PLAIN)
    assert "holds files, but no run" in call(*data, "-o", tmp_path / "d", code=1).output


def test_a_journal_does_a_step_again_when_a_file_is_gone(tmp_path):
    said, done = [], []
    journal = RunJournal(tmp_path / "out", said.append)

    def step():
        return journal.step(
            "a", "work", {"x": 1}, lambda: done.append(1) or {"n": len(done)}, leaves=["file"]
        )

    assert [step()["n"], step()["n"]] == [1, 2]  # `file` was never written
    (tmp_path / "out" / "file").write_text("")
    assert [step()["n"], step()["n"]] == [2, 2]
    assert said[-1] == "a: work (done before)"


def test_parts_keep_equal_features_together_and_share_the_tags(tmp_path):
    features, tags = make(tmp_path / "d", [["A"], []] * 8)
    videos = opened(features, tags)
    parts = divide_folds(videos, [["v_0", "v_2", "v_4"]], 4)
    assert sorted(place for part in parts for place in part) == list(range(16))
    place = {name: index for index, name in enumerate(videos.names)}
    twins = {place[name] for name in ("v_0", "v_2", "v_4")}
    assert sum(bool(twins & set(part)) for part in parts) == 1
    assert all(0 < videos.labels[part].sum() < len(part) for part in parts)


def test_quality_is_average_precision_beside_chance_with_advice(tmp_path):
    features, tags = make(tmp_path / "d", [["A"], ["B"], [], []] * 5 + [["C"]])
    videos = opened(features, tags)
    scores = np.zeros((21, 3))
    scores[:, 0] = videos.labels[:, 0]  # A is told perfectly
    scores[:, 1] = 1 - videos.labels[:, 1]  # B the wrong way round
    quality = measure_quality(HeldOut(videos.names, scores, {}, {}), videos)
    first, second, third = quality.classes
    assert (first.ap, first.chance) == (1.0, average_precision_by_chance(21, 5))
    assert second.ap == pytest.approx(np.mean([k / (16 + k) for k in range(1, 6)]))
    assert third.ap is None
    assert quality.mean_ap == pytest.approx((first.ap + second.ap) / 2)
    text = "\n".join(quality_lines(quality))
    assert "100.0       33.9" in text
    said = "\n".join(advice(quality, videos, [5] * 21, 0.64, 0.8, ["B"]))
    assert "B: hardly above chance, and fewer than 10 videos" in said
    assert "80 % of a video's snippets look like one of another" in said
    assert "no more than 5 snippets" in said
    assert "C: cannot be told" in said
    assert "B: scores tell nothing of the tag, so no detection is an event" in said


def test_more_axes_are_advised_where_features_were_reduced(tmp_path):
    videos = opened(*make(tmp_path / "d", [["A"], []] * 10, channels=20))
    scores = 1.0 - videos.labels
    quality = measure_quality(HeldOut(videos.names, scores, {}, {}), videos)
    told = {
        axes: "".join(advice(quality, videos, [5] * 20, 0.64, 0.0, (), axes)) for axes in (4, 20)
    }
    assert "or more than 4 main axes of 20: --set network.projection_dim=16)" in told[4]
    assert "axes" not in told[20]


def test_features_in_folders_below_are_localized_where_nothing_is_held_out(tmp_path):
    features, tags = make(tmp_path / "d", PLAIN)
    for place, folder in ((0, "test"), (1, "train")):
        (features / folder).mkdir()
        for index in range(4 * place, 4 * place + 4):
            (features / f"v_{index}.npy").rename(features / folder / f"v_{index}.npy")
    call(features, tags, "-o", tmp_path / "out", *QUICK, "--set", "validation.folds=0")
    results = json.loads((tmp_path / "out" / "results.json").read_text())
    assert len(results["results"]) == 8
