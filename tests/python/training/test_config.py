"""Settings: presets hold the published recipe; what is wrong is named."""

from __future__ import annotations

import pytest

from basnet_rt import InvalidValue, PostprocessConfig
from basnet_training.config import Config, load_config, presets
from basnet_training.overrides import parse_override


def test_presets_load_and_their_postprocessing_is_valid():
    assert presets() == (
        "activitynet12",
        "activitynet13",
        "cctv_fights",
        "cctv_fights_motion",
        "live",
        "thumos14",
        "thumos14_best",
    )
    for name in presets():
        config = load_config(name)
        assert config.name == name
        PostprocessConfig.from_dict(config.postprocess)


def test_thumos14_is_the_published_recipe():
    config = load_config("thumos14")
    assert config.sampling.num_segments == 750
    assert config.sampling.train == "random"
    assert config.loss.alpha == 1e-4
    optim = config.optim
    assert (optim.iterations, optim.batch_size, optim.lr) == (1500, 16, 1e-4)
    assert (optim.weight_decay, optim.betas, optim.schedule) == (5e-4, (0.9, 0.999), "constant")
    network = config.network
    assert (network.hidden_filter, network.hidden_cas, network.dropout) == (512, 2048, 0.7)
    assert len(config.data.classes) == 20
    assert PostprocessConfig.from_dict(config.postprocess) == PostprocessConfig.published()


def test_thumos14_best_differs_where_it_says():
    best, published = load_config("thumos14_best"), load_config("thumos14")
    assert (best.network, best.loss, best.optim) == (
        published.network,
        published.loss,
        published.optim,
    )
    assert (best.sampling.num_segments, best.sampling.crop_snippets) == (None, 750)
    assert PostprocessConfig.from_dict(best.postprocess) == PostprocessConfig.continuous()


@pytest.mark.parametrize(
    ("key", "value", "part"),
    [
        ("optim.learning_rate", 1, "no setting optim.learning_rate; did you mean optim.lr?"),
        (
            "optimizer.lr",
            1,
            "--set optimizer.lr: there is no setting optimizer.lr; did you mean optim",
        ),
        ("optim.lr", 0, "optim.lr: Input should be greater than 0"),
        ("optim.iterations", 1.5, "optim.iterations: Input should be a valid integer"),
        ("network.dropout", 1.0, "network.dropout: Input should be less than 1"),
        ("network.variant", "both", "network.variant: Input should be 'full'"),
        ("loss.background_video_target", "zero", "loss.background_video_target"),
        ("validation.folds", 1, "folds must be 0 or at least 2"),
        ("postprocess.nms_iou", 2.0, "nms_iou"),
        ("postprocess.nms", 3, "nms"),
        ("postprocess.threshold", 0.5, "'threshold' is no field"),
        (
            "postprocess.nms_ioU",
            0.5,
            "'nms_ioU' is no field of PostprocessConfig; did you mean 'nms",
        ),
        ("optim.lr", True, "optim.lr: true and false are no values of this setting"),
        ("run.seed", True, "run.seed: true and false are no values"),
        ("optim.lr.x", 1, "lr is a value, not a section"),
    ],
)
def test_wrong_settings_are_named(key, value, part):
    with pytest.raises(InvalidValue) as error:
        load_config("thumos14", {key: value})
    assert part in str(error.value)


def test_a_wrong_setting_of_postprocessing_has_the_place_that_gave_it():
    given = {"postprocess.nms_iou": "--set", "postprocess.nms": "--set-too"}
    with pytest.raises(InvalidValue, match=r"^--set: postprocess: nms_iou is 7"):
        load_config("auto", {"postprocess.nms_iou": 7, "postprocess.outer_ratio": 0.5}, given)


def test_sources_that_are_no_configuration(tmp_path):
    with pytest.raises(InvalidValue, match="nor a preset"):
        load_config(tmp_path / "absent.yaml")
    for text, part in [("a: [", "not YAML"), ("- 1", "expected sections")]:
        path = tmp_path / "x.yaml"
        path.write_text(text)
        with pytest.raises(InvalidValue, match=part):
            load_config(path)


def test_overrides_win_over_the_file_and_are_yaml(tmp_path):
    path = tmp_path / "x.yaml"
    path.write_text("optim:\n  lr: 1e-3\n  iterations: 7\n")
    overrides = dict([parse_override("optim.lr=2e-3"), parse_override("data.classes=[a, b]")])
    config = load_config(path, overrides)
    assert (config.optim.lr, config.optim.iterations) == (2e-3, 7)
    assert config.data.classes == ("a", "b")
    with pytest.raises(InvalidValue, match="KEY=VALUE"):
        parse_override("optim.lr")


def test_written_settings_read_back(tmp_path):
    config = load_config("thumos14")
    path = tmp_path / "config.yaml"
    path.write_text(config.to_yaml())
    assert load_config(path) == config


def test_digest_follows_what_changes_the_result():
    base = Config()
    moved = load_digest({"data.features": "elsewhere", "run.workers": 3})
    assert moved == load_digest({})
    assert load_digest({"optim.lr": 3e-3}) != load_digest({})
    assert load_digest({"run.seed": 1}) != load_digest({})
    assert load_digest({"sampling.noise": 0.5}) != load_digest({"sampling.noise": 0})
    assert load_digest({"optim.topk_start": 4}) != load_digest({"optim.topk_start": None})
    assert len(base.digest()) == 10


def load_digest(overrides: dict) -> str:
    return load_config("cctv_fights", overrides).digest()
