"""PostprocessConfig: frozen, equal by value, and unchanged by dictionaries, JSON and pickle."""

from __future__ import annotations

import copy
import dataclasses
import json
import pickle

import numpy as np
import pytest

import basnet_rt
from basnet_rt import PostprocessConfig

FULL = {
    "class_threshold": 0.1,
    "cas_thresholds": (0.0, 0.3),
    "outer_ratio": 0.5,
    "nms": "gaussian",
    "soft_sigma": 0.25,
    "normalisation": "fixed",
    "fixed_lo": (0.0, -1.0, 0.25),
    "fixed_hi": (1.0, 2.0, 0.75),
    "gate": "horizon",
    "horizon": 60.0,
    "max_duration": 30.0,
    "keep_top1": True,
}
CONFIGS = [
    PostprocessConfig.published(),
    PostprocessConfig.continuous(),
    PostprocessConfig.continuous(**FULL),
]


@pytest.mark.parametrize("config", CONFIGS, ids=range(3))
def test_round_trips(config):
    travelled = [
        PostprocessConfig.from_dict(config.to_dict()),
        PostprocessConfig.from_dict(json.loads(json.dumps(config.to_dict()))),
        pickle.loads(pickle.dumps(config)),
        copy.deepcopy(config),
        copy.copy(config),
        config.replace(),
        dataclasses.replace(config),
        eval(repr(config), {"PostprocessConfig": PostprocessConfig}),
    ]
    cas = np.random.default_rng(0).normal(size=(20, 3)).astype(np.float32)
    raw = np.zeros((20, 4), np.float32)
    want = basnet_rt.propose(cas, [1, 1, 1], config, snippet_seconds=1.0, raw_cas=raw)
    for other in travelled:
        assert other == config
        assert hash(other) == hash(config)
        got = basnet_rt.propose(cas, [1, 1, 1], other, snippet_seconds=1.0, raw_cas=raw)
        np.testing.assert_array_equal(got.scores, want.scores)


def test_frozen():
    config = PostprocessConfig.continuous()
    with pytest.raises(dataclasses.FrozenInstanceError):
        config.nms_iou = 0.5
    assert len({config, PostprocessConfig(), config.replace(nms_iou=0.5)}) == 2


def test_replace_checks():
    assert CONFIGS[1].replace(nms_iou=0.5).nms_iou == 0.5
    with pytest.raises(basnet_rt.InvalidValue, match="nms_iou is 2"):
        CONFIGS[1].replace(nms_iou=2.0)


def test_numbers_of_numpy():
    """They come out of arrays and loops; JSON must still take them."""
    given = {
        "class_threshold": np.float32(0.5),
        "cas_thresholds": np.array([0.25, 0.5], np.float32),
        "upsample": np.int64(3),
        "keep_top1": np.bool_(True),
        "fixed_hi": np.ones(2),
        "max_duration": np.float64(3),
    }
    config = PostprocessConfig.continuous(**given)
    plain = json.loads(json.dumps(config.to_dict()))
    assert plain["class_threshold"] == 0.5
    assert (plain["upsample"], plain["keep_top1"], plain["fixed_hi"]) == (3, True, [1.0, 1.0])
    assert PostprocessConfig.from_dict(plain) == config


def test_defaults_of_the_modes():
    """Each mode has its own thresholds and NMS, however it is asked for; the rest is shared."""
    config = PostprocessConfig.published()
    assert config == PostprocessConfig(mode="published")
    assert config.cas_thresholds == tuple(k / 40 for k in range(10))
    assert (config.class_threshold, config.outer_ratio, config.score_weight) == (0.25, 0.25, 0.2)
    assert (config.nms_iou, config.upsample, config.nms) == (0.7, 24, "hard")
    plain = PostprocessConfig.continuous()
    assert plain == PostprocessConfig()
    assert plain.cas_thresholds == tuple(k / 20 for k in range(1, 20))
    assert (plain.nms, plain.soft_sigma) == ("gaussian", 0.5)
    own = {"mode": "published", "cas_thresholds": config.cas_thresholds, "nms": "hard"}
    assert plain.replace(**own) == config
