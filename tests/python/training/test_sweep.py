"""`basnet-train sweep`: every combination is trained and compared; on Ray it finds the same."""

from __future__ import annotations

import json

import pytest
from typer.testing import CliRunner

from basnet_rt import InvalidValue
from basnet_training.cli import app
from basnet_training.config import Config
from basnet_training.sweep.summary import summary
from basnet_training.sweep.trials import Trial, TrialResult, folder_name, variants

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
    assert "to the first, better in" in second
    assert "8 of 8: optim.iterations=9, seed 1, fold 1" in done.stderr
    written = json.loads((out / "sweep.json").read_text())
    assert [list(one["by_seed"]) for one in written["variants"]] == [["0", "1"]] * 2
    assert len(list(out.glob("optim.iterations=*/seed_*/fold_*/model.safetensors"))) == 8


def test_a_second_call_trains_only_what_is_new(sweep, tmp_path):
    out = tmp_path / "sweep"
    before = json.loads(sweep("-o", out, *SIZE, "--json").stdout)
    old = out / "as_given/seed_0/fold_0_of_2/checkpoint-00000008.safetensors"
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
    (out / "as_given/seed_1").mkdir(parents=True)
    (out / "as_given/seed_1/fold_0_of_2").write_text("a file where the run's folder goes")
    done = sweep("-o", out, *SIZE, "--json", code=1)
    answer = json.loads(done.stdout)
    assert list(answer["failed"]) == ["as given, seed 1, fold 0"]
    assert "failed: as given, seed 1, fold 0: " in done.stderr
    assert list(answer["variants"][0]["by_seed"]) == ["0"]


@pytest.mark.parametrize(
    ("wrong", "code", "message"),
    [
        (("--each", "optim.lr"), 2, "expected KEY=VALUE,VALUE"),
        (("--each", "run.seed=1,2"), 2, "give --seeds"),
        (("--each", "optim.lr=1,2", "--each", "optim.lr=3"), 2, "given twice"),
        (("--each", "optim.rl=1,2"), 1, "optim.rl"),
        (("--each", "optim.lr=0.1,fast"), 1, "optim.lr"),
        (("--folds", 50), 1, "as given: validation.folds 50"),
    ],
)
def test_wrong_settings_are_told_before_anything_is_trained(sweep, tmp_path, wrong, code, message):
    out = tmp_path / "sweep"
    done = sweep("-o", out, *wrong, code=code)
    assert message in " ".join(done.stderr.split())
    assert not out.exists()


def test_every_combination_is_a_variant():
    assert variants([]) == [{}]
    assert variants(["a.b=1,x", "c.d=true"]) == [
        {"a.b": 1, "c.d": True},
        {"a.b": "x", "c.d": True},
    ]
    with pytest.raises(InvalidValue, match="expected KEY=VALUE,VALUE"):
        variants(["a.b="])


def test_folders_of_any_setting_have_safe_names():
    assert folder_name("loss.alpha=0.001, optim.lr=1") == "loss.alpha=0.001,_optim.lr=1"
    assert "/" not in folder_name("data.features=../a b/c")
    long = [folder_name(f"data.features={'d' * 300}{end}") for end in "ab"]
    assert long[0] != long[1]
    assert max(map(len, long)) <= 100


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
    assert (b.better, b.compared) == (1, 2)
