"""Preset `auto`: settings follow the data's size, and what was given stays."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from basnet_rt import PostprocessConfig
from basnet_training.auto import (
    DataSize,
    ema_decay,
    iterations,
    projection_dim,
    reading_for,
    rules_for,
    settle,
    topk_divisor,
)
from basnet_training.config import Config, load_config
from basnet_training.dataset import open_videos
from basnet_training.runs import load_model, resolve
from basnet_training.trainer import fit

SMALL = DataSize(videos=64, classes=1, channels=2560, snippets=33, longest=64, tags=1.0)


def sized(**changes):
    return DataSize(**{**SMALL.__dict__, **changes})


def test_rules_at_the_sizes_that_they_were_chosen_on():
    assert projection_dim(SMALL) == 64
    assert topk_divisor(SMALL) == 8
    assert topk_divisor(sized(classes=5, tags=1.42)) == 5
    assert topk_divisor(sized(classes=5)) == 4
    assert topk_divisor(sized(classes=2)) == 4
    assert iterations(SMALL, 16) == 160
    other = sized(videos=108, channels=228, classes=17, tags=3.75)
    assert projection_dim(other) == 228
    assert topk_divisor(other) == 15
    assert iterations(other, 16) == 1012
    assert ema_decay(SMALL, 16) == 1 - 4 / 160
    assert ema_decay(other, 16) == 1 - 4 / 1012


@pytest.mark.parametrize(
    "size",
    [
        sized(videos=3, channels=6, snippets=5, longest=9),
        sized(videos=1, channels=1, snippets=1, longest=1),
        sized(videos=20000, classes=200, channels=2048, snippets=400, longest=90000, tags=1.5),
        sized(classes=80, tags=40.0),
    ],
)
def test_every_size_gives_settings_that_are_allowed(size):
    sections = rules_for(size)
    config = Config.model_validate(sections)
    assert config.network.topk_divisor >= 1
    assert 1 <= config.optim.batch_size <= size.videos
    assert 150 <= config.optim.iterations <= 5000
    projection = config.network.projection_dim
    assert projection is None or projection <= size.channels
    longest = min(size.longest, config.sampling.crop_snippets or size.longest)
    assert longest * config.optim.batch_size * size.channels < 2**28


def test_bare_files_are_auto_and_others_are_not(tmp_path):
    path = tmp_path / "x.yaml"
    path.write_text("")
    assert load_config(path) == load_config("auto")
    path.write_text("run: {seed: 3}")
    assert load_config(path).auto
    path.write_text("optim: {lr: 0.001}")
    assert not load_config(path).auto
    assert not load_config("thumos14").auto


def test_what_was_given_stays(dataset):
    data = {"data.features": dataset / "features", "data.annotations": dataset / "annotations.json"}
    given = {**data, "optim.lr": 0.5, "network.topk_divisor": 3, "postprocess.nms_iou": 0.9}
    config = load_config("auto", given)
    settled = resolve(config, open_videos(config.data))
    assert (settled.optim.lr, settled.network.topk_divisor) == (0.5, 3)
    assert settled.postprocess["nms_iou"] == 0.9
    assert settled.postprocess["normalisation"] == "fixed"
    assert settled.network.score_function == "sigmoid"
    assert settled.data.subset == "train"
    assert not settled.auto
    assert settle(settled, None) is settled


def test_other_modes_take_nothing_of_auto(dataset):
    data = {"data.features": dataset / "features", "data.annotations": dataset / "annotations.json"}
    config = load_config("auto", {**data, "postprocess.mode": "published"})
    assert resolve(config, open_videos(config.data)).postprocess == {"mode": "published"}


def test_weights_decay_faster_with_many_classes_of_few_videos():
    sizes = [sized(classes=5), sized(classes=6), sized(classes=6, videos=600)]
    assert [rules_for(one)["optim"]["weight_decay"] for one in sizes] == [5e-4, 1e-2, 5e-4]


def test_the_score_of_a_video_counts_with_few_classes_only():
    gates = [reading_for(sized(classes=count))["gate"] for count in (1, 2, 3, 20)]
    assert gates == ["video", "video", "none", "none"]


def test_live_trains_as_auto_and_needs_no_whole_video(dataset):
    data = {"data.features": dataset / "features", "data.annotations": dataset / "annotations.json"}
    auto, live = (load_config(name, data) for name in ("auto", "live"))
    videos = open_videos(auto.data)
    auto, live = resolve(auto, videos), resolve(live, videos)
    assert live.training_digest() == auto.training_digest()
    assert live.digest() != auto.digest()
    read = PostprocessConfig.from_dict(live.postprocess)
    assert (read.gate, read.normalisation, read.max_duration) == ("none", "fixed", 60.0)
    assert read.cas_thresholds[0] == 0.1


def test_a_settled_run_resumes_by_its_written_settings(dataset, tmp_path):
    data = {"data.features": dataset / "features", "data.annotations": dataset / "annotations.json"}
    config = load_config("auto", {**data, "optim.iterations": 3, "run.tensorboard": False})
    fit(config, tmp_path, shown=False)
    again = load_config(tmp_path / "config.yaml", {"optim.iterations": 4})
    assert fit(again, tmp_path, resume=True, shown=False).step == 4


def test_a_crop_keeps_very_long_videos_in_memory(tmp_path):
    rules = rules_for(sized(longest=5000))
    assert rules["sampling"]["crop_snippets"] == 2048
    assert rules_for(sized(longest=2048))["sampling"]["crop_snippets"] is None


def test_sizes_are_read_from_the_videos(config):
    from basnet_training.auto import size_of

    size = size_of(open_videos(config.data))
    scale = size.scale
    lengths = [9, 17, 12, 3, 20, 11, 16, 8]
    assert size == DataSize(8, 2, 6, float(np.median(lengths)), 20, 7 / 6, scale)
    assert 0.5 < scale < 2


def test_many_videos_are_standardised_only_where_their_scale_is_wild():
    assert projection_dim(sized(videos=600)) is None
    assert projection_dim(sized(videos=600, scale=100.0)) == SMALL.channels
    assert projection_dim(sized(videos=600, channels=64, scale=100.0)) == 64
    assert projection_dim(sized(videos=600, scale=0.001)) == SMALL.channels


@pytest.mark.parametrize(
    "change",
    [
        lambda values: 512 * values,
        lambda values: values + 256,
        lambda values: values * np.float32([1e3, 1, 1e-1, 1e2, 10, 1]),
    ],
    ids=["larger", "moved", "each by itself"],
)
def test_the_scale_of_features_does_not_matter(dataset, tmp_path, change):
    """Those of a wild scale, not standardised, ended in networks that found nothing."""

    def activations(folder):
        places = {"features": folder, "annotations": dataset / "annotations.json"}
        changes = {f"data.{name}": place for name, place in places.items()}
        small = {"optim.iterations": 40, "optim.teachers": 0, "run.tensorboard": False}
        fit(load_config("auto", {**changes, **small}), tmp_path / folder.name, shown=False)
        network = load_model(tmp_path / folder.name).network
        rows = torch.from_numpy(np.load(folder / "v4.npy").astype(np.float32))
        with torch.no_grad():
            return network(rows[None]).cas[0, :, :-1].sigmoid().numpy().ravel()

    changed = tmp_path / "changed"
    changed.mkdir()
    for path in (dataset / "features").iterdir():
        np.save(changed / path.name, change(np.load(path).astype(np.float32)))
    before, after = activations(dataset / "features"), activations(changed)
    assert np.corrcoef(before, after)[0, 1] > 0.95
