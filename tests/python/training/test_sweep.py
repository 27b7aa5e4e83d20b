"""`basnet-train sweep`: every combination is trained and compared; on Ray it finds the same."""

from __future__ import annotations

import itertools
import json
from dataclasses import replace

import numpy as np
import pytest
from typer.testing import CliRunner

from basnet_training.cli import app
from basnet_training.config import Config
from basnet_training.dataset import open_videos
from basnet_training.sweep.data import fold_remarks
from basnet_training.sweep.summary import summary
from basnet_training.sweep.trials import Trial, TrialResult, folder_name, variants
from basnet_training.validation import average_precision, average_precision_by_chance

SIZE = ("--seeds", 2, "--folds", 2)


@pytest.fixture
def sweep(configure, dataset, tmp_path):
    """Calls the program with settings that finish in a blink."""
    path = tmp_path / "tiny.yaml"
    path.write_text(configure(data={"features": None, "annotations": None}).to_yaml())
    data = ("--features", dataset / "features", "--annotations", dataset / "annotations.json")

    def call(*arguments, code: int = 0):
        command = ["sweep", path, *data, *arguments]
        done = CliRunner().invoke(app, [str(a) for a in command])
        assert done.exit_code == code, done.output
        return done

    return call


def test_variants_are_compared_seed_by_seed(sweep, tmp_path):
    out = tmp_path / "sweep"
    done = sweep("-o", out, *SIZE, "--each", "optim.iterations=4,9")
    head, first, second = done.stdout.splitlines()
    assert "by chance" in head
    assert first.split()[0] == "optim.iterations=4"
    assert "against the first, better in" in second
    assert "8 videos" in done.stderr
    assert "8 of 8: optim.iterations=9, seed 1, fold 1" in done.stderr
    written = json.loads((out / "sweep.json").read_text())
    assert [list(one["by_seed"]) for one in written["variants"]] == [["0", "1"]] * 2
    assert len(list(out.glob("optim.iterations=*/seed_*/fold_*/model.safetensors"))) == 8


def test_a_second_call_trains_only_what_is_new(sweep, tmp_path):
    out = tmp_path / "sweep"
    before = json.loads(sweep("-o", out, *SIZE, "--json").stdout)
    (old,) = out.glob("as_given-*/seed_0/fold_0_of_2/checkpoint-00000008.safetensors")
    time = old.stat().st_mtime_ns
    after = json.loads(sweep("-o", out, "--seeds", 3, "--folds", 2, "--json").stdout)
    assert old.stat().st_mtime_ns == time
    values = after["variants"][0]["by_seed"]
    assert list(values) == ["0", "1", "2"]
    assert {seed: values[seed] for seed in ("0", "1")} == before["variants"][0]["by_seed"]


def test_a_cluster_finds_the_same(sweep, tmp_path):
    pytest.importorskip("ray")
    here, there = tmp_path / "here", tmp_path / "there"
    changes = ("--seeds", 1, "--folds", 2, "--each", "optim.lr=0.01,0.1", "--json")
    plain = sweep("-o", here, *changes).stdout
    assert sweep("-o", there, *changes, "--ray", "--ray-workers", 2).stdout == plain


def test_a_training_that_fails_spoils_its_seed_alone(sweep, tmp_path):
    out = tmp_path / "sweep"
    place = out / folder_name("as given") / "seed_1/fold_0_of_2"
    place.parent.mkdir(parents=True)
    place.write_text("a file where the run's folder goes")
    done = sweep("-o", out, *SIZE, "--json", code=1)
    answer = json.loads(done.stdout)
    assert list(answer["failed"]) == ["as given, seed 1, fold 0"]
    assert "failed: as given, seed 1, fold 0: " in done.stderr
    assert list(answer["variants"][0]["by_seed"]) == ["0"]


def test_too_little_memory_is_told_and_the_rest_is_done(sweep, tmp_path):
    each = ("--each", "network.hidden_cas=8,100000000000", "--seeds", 1, "--folds", 2)
    done = sweep("-o", tmp_path / "sweep", *each, code=1)
    assert "no seed is complete" in done.stdout
    assert "failed: network.hidden_cas=100000000000, seed 0, fold 0 and 1 more: " in done.stderr


def test_other_features_are_refused(sweep, dataset, tmp_path):
    """Their names and shapes are the same, so that the runs alone would not notice."""
    out, before = tmp_path / "sweep", None
    sweep("-o", out, "--seeds", 1, "--folds", 2)
    before = (out / "sweep.json").read_bytes()
    file = dataset / "features/v3.npy"
    np.save(file, np.load(file)[::-1])
    said = sweep("-o", out, "--seeds", 1, "--folds", 2, code=1).stderr
    assert "has a sweep over other features: those of v3 differ; give another --output" in said
    assert (out / "sweep.json").read_bytes() == before


def test_tags_that_tell_nothing_are_named(configure, dataset):
    data = {"features": dataset / "features", "annotations": dataset / "annotations.json"}
    config = configure(data=data)
    videos = open_videos(config.data)
    labels = np.zeros_like(videos.labels)
    labels[:, 0], labels[2, 1] = 1, 1
    first, second = fold_remarks(config, replace(videos, labels=labels), 2)
    assert "every video has the tag Jump" in first
    assert "leaves no video with the tag Run to learn from" in second


@pytest.mark.parametrize(
    ("wrong", "code", "message"),
    [
        (("--each", "optim.lr"), 2, "--each optim.lr: expected KEY=VALUE,VALUE"),
        (("--each", "optim.lr=1,"), 2, "expected KEY=VALUE,VALUE"),
        (("--each", "optim=1"), 2, "expected KEY=VALUE,VALUE"),
        (("--each", "optim.betas=[1,2],[3,4]"), 2, "with single values"),
        (("--each", "run.seed=1,2"), 2, "compare settings of network, sampling, loss, optim"),
        (("--each", "postprocess.nms_iou=0.1,0.2"), 2, "basnet-rt tune"),
        (("--each", "optim.lr=1,2", "--each", "optim.lr=3"), 2, "given twice"),
        (("--each", "optim.lr=0.001,1e-3"), 2, "optim.lr=0.001 is given twice"),
        (("--each", "optim.rl=1,2"), 2, "--each optim.rl"),
        (("--each", "optim.lr=0.1,fast"), 2, "--each optim.lr"),
        (("--each", "optim.lr=1,2", "--set", "optim.lr=3"), 2, "by --set and by --each"),
        (("--set", "run.seed=3"), 2, "give --seeds or --folds"),
        (("--set", "validation={folds: 3}"), 2, "give --seeds or --folds"),
        (("--ray-workers", 2), 2, "'--ray-workers': goes with --ray"),
        (("--ray=nowhere",), 2, "it must be local, auto, host:port"),
        (("--folds", 50), 1, "validation.folds 50"),
    ],
)
def test_wrong_settings_are_told_before_anything_is_trained(sweep, tmp_path, wrong, code, message):
    out = tmp_path / "sweep"
    said = " ".join(sweep("-o", out, *wrong, code=code).stderr.replace("│", " ").split())
    assert message in said
    assert not list(tmp_path.glob("sweep/*/seed_*"))


def test_an_output_that_is_a_file_is_told_first(sweep, tmp_path):
    (tmp_path / "file").write_text("mine")
    assert "file: is a file; a sweep needs" in sweep("-o", tmp_path / "file", code=1).stderr
    assert (tmp_path / "file").read_text() == "mine"


def test_every_combination_is_a_variant():
    assert variants([]) == [{}]
    assert variants(["optim.lr=1,x", "loss.corrected=null"]) == [
        {"optim.lr": 1, "loss.corrected": None},
        {"optim.lr": "x", "loss.corrected": None},
    ]


def test_folders_of_any_setting_have_safe_names():
    assert folder_name("loss.alpha=0.001, optim.lr=1").startswith("loss.alpha=0.001,_optim.lr=1-")
    assert "/" not in folder_name("a.b=../c d")
    long = [folder_name(f"a.b={'d' * 300}{end}") for end in "xy"]
    assert long[0] != long[1]
    assert max(map(len, long)) <= 100
    assert len({folder_name(one).lower() for one in ("a=K", "a=k", "a=k ", "a=k_")}) == 4


@pytest.mark.parametrize(("videos", "positives"), [(4, 2), (5, 1), (6, 5), (3, 3)])
def test_chance_is_the_mean_over_all_orders(videos, positives):
    orders = set(itertools.permutations([True] * positives + [False] * (videos - positives)))
    scores = -np.arange(videos)
    expected = np.mean([average_precision(scores, np.array(one)) for one in orders])
    assert average_precision_by_chance(videos, positives) == pytest.approx(expected)


def test_the_summary_by_hand(tmp_path):
    """Means over folds, medians over seeds, differences of seeds that both have."""

    def trial(variant, seed, fold):
        return Trial(variant, seed, fold, Config(), tmp_path / f"{variant}{seed}{fold}")

    values = {"a": [(0.2, 0.4), (0.5, 0.7), (0.1, 0.1)], "b": [(0.3, 0.5), (0.5, 0.5), None]}
    done = []
    for variant, seeds in values.items():
        for seed, folds in enumerate(seeds):
            for fold, value in enumerate(folds or (0.9, 0.9)):
                failed = folds is None and fold == 1
                found = TrialResult(
                    {} if failed else {"video_map": value}, "lost" if failed else None
                )
                done.append((trial(variant, seed, fold), found))
    a, b = summary(done)
    assert a.by_seed == pytest.approx({0: 0.3, 1: 0.6, 2: 0.1})
    assert (a.median, a.least, a.most) == pytest.approx((0.3, 0.1, 0.6))
    assert (a.difference, a.compared) == (None, 0)
    assert b.by_seed == pytest.approx({0: 0.4, 1: 0.5})
    assert b.difference == pytest.approx(0.0)  # of +0.1 and -0.1
    assert (b.better, b.equal, b.compared) == (1, 0, 2)
    assert a.by_fold[1] == [0.5, 0.7]
