"""Runs: the same seed gives the same bits, killed or not; measurements never see a segment."""

from __future__ import annotations

import json
import math

import numpy as np
import pytest
import torch

from basnet_rt import Error, InvalidValue
from basnet_training import BaSNet, optimisation, trainer
from basnet_training.averaging import Best, MovingAverage
from basnet_training.checkpoint import latest_checkpoint, load_tensors
from basnet_training.config import OptimConfig
from basnet_training.runs import load_model
from basnet_training.schedule import learning_rate, topk_divisor
from basnet_training.trainer import fit
from basnet_training.validation import area_under_roc, average_precision, video_metrics

FULL = {
    "optim": {"clip_norm": 0.5, "ema_decay": 0.9, "schedule": "cosine", "warmup": 2},
    "validation": {"folds": 4, "every": 2, "select": "best"},
}


def weights(result) -> dict[str, torch.Tensor]:
    return load_tensors(result.model)[0]


def same(a: dict, b: dict) -> bool:
    return a.keys() == b.keys() and all(torch.equal(a[name], b[name]) for name in a)


def run(config, folder, **options):
    return fit(config, folder, shown=False, **options)


def test_a_run_is_a_function_of_its_seed(configure, tmp_path):
    first = run(configure(), tmp_path / "a")
    assert same(weights(first), weights(run(configure(), tmp_path / "b")))
    other = run(configure(run={"seed": 5}), tmp_path / "c")
    assert not same(weights(first), weights(other))


def test_workers_change_nothing(configure, tmp_path):
    alone = run(configure(), tmp_path / "a")
    assert same(weights(alone), weights(run(configure(run={"workers": 2}), tmp_path / "b")))


class KilledError(Exception):
    pass


@pytest.mark.parametrize("sections", [{}, FULL], ids=["plain", "everything"])
@pytest.mark.parametrize("stop", [1, 5, 8])
def test_a_killed_run_continues_to_the_identical_result(
    configure, tmp_path, monkeypatch, sections, stop
):
    """Killed before the first checkpoint, between two, and when only the end is missing.

    Catches optimizer, moving-average, dropout, sampling or selection state that a checkpoint lacks.
    """
    config = configure(**sections)
    whole = run(config, tmp_path / "whole")
    with monkeypatch.context() as patch:
        finishing = (trainer.Trainer, "_finish")
        owner, name = finishing if stop == 8 else (optimisation.Optimisation, "iterate")
        original = getattr(owner, name)

        def killed(self, *arguments):
            if self.step >= stop:
                raise KilledError
            return original(self, *arguments)

        patch.setattr(owner, name, killed)
        with pytest.raises(KilledError):
            run(config, tmp_path / "killed")
    again = run(config, tmp_path / "killed", resume=True)
    assert same(weights(again), weights(whole))
    assert again.held_out == whole.held_out
    final = [latest_checkpoint(r.folder) for r in (again, whole)]
    assert same(*(load_tensors(path)[0] for path in final))


def test_resume_refuses_other_settings_and_fit_a_used_folder(configure, tmp_path):
    run(configure(), tmp_path)
    with pytest.raises(InvalidValue, match="holds a run"):
        run(configure(), tmp_path)
    with pytest.raises(InvalidValue, match="other settings"):
        run(configure(optim={"lr": 1e-3}), tmp_path, resume=True)


def test_a_run_learns_and_leaves_what_it_promises(configure, tmp_path):
    optim = {"iterations": 60, "lr": 1e-2}
    sections = {"validation": {"folds": 4}, "loss": {"background_video_target": "background"}}
    result = run(configure(optim=optim, **sections), tmp_path)
    model = load_model(tmp_path)
    assert result.step == model.step == 60
    assert model.classes == ("Jump", "Run")
    assert model.held_out == result.held_out
    assert result.held_out["video_auc"] == 1.0
    names = {path.name for path in tmp_path.iterdir()}
    assert {"config.yaml", "model.safetensors", "checkpoint-00000060.safetensors"} <= names
    assert sum(name.startswith("checkpoint-") for name in names) == 2


def test_a_run_that_diverges_says_so(configure, tmp_path):
    with pytest.raises(Error, match=r"diverged at iteration [1-9].*optim\.lr"):
        run(configure(optim={"lr": 1e30, "iterations": 20}), tmp_path)


def test_held_out_measurements_do_not_read_segments(configure, dataset, tmp_path):
    config = configure(validation={"folds": 4})
    before = run(config, tmp_path / "a").held_out
    content = json.loads((dataset / "annotations.json").read_text())
    for entry in content["database"].values():
        for annotation in entry["annotations"]:
            annotation["segment"] = [5.0, 6.0]
    (dataset / "annotations.json").write_text(json.dumps(content))
    assert run(config, tmp_path / "b").held_out == before


@pytest.mark.parametrize("variant", ["full", "base_only", "no_background"])
@pytest.mark.parametrize("precision", ["float32", "bfloat16"])
def test_variants_and_precisions_train(configure, tmp_path, variant, precision):
    config = configure(network={"variant": variant}, optim={"precision": precision})
    result = run(config, tmp_path)
    assert all(bool(value.isfinite().all()) for value in weights(result).values())
    assert load_model(tmp_path).network.background_logit == 0.0


@pytest.mark.parametrize(
    "sampling",
    [
        {"num_segments": 16},
        {"num_segments": 16, "train": "uniform"},
        {"crop_snippets": 8},
    ],
)
def test_samplers_train(configure, tmp_path, sampling):
    run(configure(sampling=sampling), tmp_path)


def test_tensorboard_logs_are_written(configure, tmp_path):
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    run(configure(run={"tensorboard": True, "log_every": 4}), tmp_path)
    events = EventAccumulator(str(tmp_path / "tensorboard")).Reload()
    assert [event.step for event in events.Scalars("train/loss")] == [4, 8]


def test_learning_rate_warms_up_and_falls():
    optim = OptimConfig(iterations=10, lr=1.0, schedule="cosine", warmup=4)
    rates = [learning_rate(optim, i) for i in range(10)]
    assert rates[:4] == [0.25, 0.5, 0.75, 1.0]
    assert rates[4] == 1.0
    assert rates[7] == pytest.approx(0.5)
    assert rates[9] == pytest.approx(0.5 * (1 + math.cos(math.pi * 5 / 6)))
    assert learning_rate(OptimConfig(lr=0.3), 1000) == 0.3


def test_scores_are_taken_from_less_and_less_of_a_video():
    optim = OptimConfig(iterations=100, topk_start=4)
    divisors = [topk_divisor(optim, 32, i) for i in range(100)]
    assert divisors[0] == 4
    assert divisors[35] == round(4 * 8**0.5)
    assert divisors == sorted(divisors)
    assert divisors[70:] == [32] * 30
    assert topk_divisor(OptimConfig(), 8, 5) == 8


def test_the_divisor_of_an_iteration_reaches_the_network(configure, tmp_path, monkeypatch):
    seen = []
    plain = BaSNet.forward
    monkeypatch.setattr(
        BaSNet, "forward", lambda self, x, m, d, k: (seen.append(d), plain(self, x, m, d, k))[1]
    )
    run(configure(optim={"topk_start": 2}, network={"topk_divisor": 8}), tmp_path)
    assert (seen[0], seen[-1]) == (2, 8)


def test_moving_average_by_hand():
    network = torch.nn.Linear(1, 1, bias=False)
    network.weight.data.fill_(1.0)
    average = MovingAverage(network, 0.5)
    network.weight.data.fill_(2.0)
    average.update(network, 0)  # decay (1 + 0) / (10 + 0)
    assert average.values["weight"].item() == pytest.approx(1.9)
    average.update(network, 1000)  # decay 0.5
    with average.applied(network):
        assert network.weight.item() == pytest.approx(1.95)
    assert network.weight.item() == 2.0


def test_a_moving_average_keeps_the_projection_as_it_was_fitted(configure, tmp_path):
    """The layer is fitted after the average was begun; an average with its start is wrong."""
    network = {"projection_dim": 3}
    averaged = run(configure(network=network, optim={"ema_decay": 0.99}), tmp_path / "a")
    plain = run(configure(network=network), tmp_path / "b")
    for name in ("projection.weight", "projection.bias"):
        assert torch.equal(weights(averaged)[name], weights(plain)[name])


def test_best_is_the_first_lowest_loss():
    best = Best()
    assert [best.improves({"loss": x}, i) for i, x in enumerate([3, 2, 2, 1])] == [
        True,
        True,
        False,
        True,
    ]
    assert (best.step, best.latest) == (3, {"loss": 1})


def test_video_metrics_by_hand():
    scores, positive = np.array([0.9, 0.8, 0.3, 0.8]), np.array([True, False, True, True])
    assert average_precision(scores, positive) == pytest.approx((1 + 2 / 3 + 3 / 4) / 3)
    assert area_under_roc(scores, positive) == pytest.approx((1 + 0 + 0.5) / 3)
    only_action = video_metrics(np.array([[0.2]]), np.array([[1.0]]))
    assert only_action == {"video_map": 1.0}
