"""PostprocessConfig: wrong settings fail when it is made, with their name and value."""

from __future__ import annotations

import dataclasses
import math

import pytest

import basnet_rt
from basnet_rt import PostprocessConfig

INF, NAN = math.inf, math.nan

OUT_OF_RANGE = [
    ("mode", "other", ["'other'", "published"]),
    ("class_threshold", -0.1, []),
    ("class_threshold", 1.1, []),
    ("class_threshold", NAN, []),
    ("cas_thresholds", [], ["empty"]),
    ("cas_thresholds", [0.1, -0.2], ["cas_thresholds[1]", "-0.2"]),
    ("cas_thresholds", [0.1, 0.1], ["cas_thresholds[1]", "0.1", "greater"]),
    ("cas_thresholds", [0.3, 0.2], ["cas_thresholds[1]", "0.2", "greater"]),
    ("cas_thresholds", [NAN], ["cas_thresholds[0]", "nan"]),
    ("cas_thresholds", [0.0, INF], ["cas_thresholds[1]", "inf"]),
    ("upsample", 0, []),
    ("upsample", -24, []),
    ("upsample", 10_001, []),
    ("outer_ratio", -0.25, []),
    ("outer_ratio", INF, []),
    ("outer_ratio", NAN, []),
    ("score_weight", -1.0, []),
    ("score_weight", INF, []),
    ("nms_iou", 0.0, []),
    ("nms_iou", 1.5, []),
    ("nms_iou", NAN, []),
    ("nms", "none", ["none", "gaussian"]),
    ("soft_sigma", 0.0, []),
    ("soft_sigma", -1.0, []),
    ("soft_sigma", INF, []),
    ("soft_min_score", NAN, []),
    ("soft_min_score", -INF, []),
    ("normalisation", "minmax", ["minmax", "horizon"]),
    ("gate", "always", ["always", "horizon"]),
    ("fixed_lo", [], ["at least one"]),
    ("fixed_hi", [], ["at least one"]),
    ("fixed_lo", [1.0], ["class 0", "1"]),
    ("fixed_hi", [1.0, -0.5], ["class 1", "-0.5"]),
    ("fixed_lo", [0.0, NAN], ["class 1", "nan"]),
    ("fixed_hi", [INF], ["class 0", "inf"]),
    ("horizon", 0.0, []),
    ("horizon", -3.0, []),
    ("horizon", NAN, []),
    ("min_duration", -1.0, []),
    ("min_duration", NAN, []),
    ("min_duration", INF, []),
    ("merge_gap", -1.0, []),
    ("merge_gap", INF, []),
    ("max_duration", 0.0, []),
    ("max_duration", -1.0, []),
    ("max_duration", NAN, []),
    ("max_lookahead", -0.5, []),
    ("max_lookahead", NAN, []),
    ("topk_divisor", 0, []),
    ("topk_divisor", -8, []),
    ("score_function", "tanh", ["tanh", "softmax"]),
]


def shown(value):
    """A number as a message has it."""
    return f"{value:g}" if isinstance(value, float) else str(value).strip("'")


@pytest.mark.parametrize(("name", "value", "words"), OUT_OF_RANGE)
def test_out_of_range(name, value, words):
    """Name, value and, by the lists of `words`, place or what is allowed."""
    with pytest.raises(basnet_rt.Error) as caught:
        PostprocessConfig(**{name: value})
    assert isinstance(caught.value, ValueError)
    message = str(caught.value)
    assert name in message
    if not isinstance(value, list):
        assert shown(value) in message
    for word in words:
        assert word.strip("'") in message


WRONG_KIND = [
    ("mode", None),
    ("class_threshold", "high"),
    ("class_threshold", None),
    ("cas_thresholds", "0.1"),
    ("cas_thresholds", ["a"]),
    ("cas_thresholds", None),
    ("upsample", 2.5),
    ("upsample", "24"),
    ("outer_ratio", [0.25]),
    ("nms", 3),
    ("normalisation", None),
    ("fixed_lo", None),
    ("fixed_hi", {"a": 1}),
    ("gate", True),
    ("horizon", "3 s"),
    ("min_duration", None),
    ("max_duration", "long"),
    ("keep_top1", None),
    ("keep_top1", "yes"),
    ("keep_top1", 0.5),
    ("topk_divisor", 8.5),
    ("score_function", None),
]


@pytest.mark.parametrize(("name", "value"), WRONG_KIND)
def test_wrong_kind(name, value):
    with pytest.raises(TypeError) as caught:
        PostprocessConfig.continuous(**{name: value})
    assert isinstance(caught.value, basnet_rt.Error)
    assert name in str(caught.value)
    assert repr(value) in str(caught.value)


def test_every_field_is_tested():
    """Catches a new field whose limits nobody checks."""
    fields = {field.name for field in dataclasses.fields(PostprocessConfig)}
    assert {name for name, *_ in OUT_OF_RANGE} | {"keep_top1"} == fields


def test_unknown_fields():
    for make in (PostprocessConfig.published, PostprocessConfig.continuous):
        with pytest.raises(basnet_rt.InvalidValue, match=r"nms_ious.*'nms_iou'"):
            make(nms_ious=0.5)
    with pytest.raises(TypeError, match="nms_ious"):
        PostprocessConfig(nms_ious=0.5)


FOREIGN = {
    "normalisation": "fixed",
    "gate": "none",
    "min_duration": 1.0,
    "merge_gap": 1.0,
    "max_duration": 60.0,
    "max_lookahead": 0.0,
    "keep_top1": True,
    "horizon": 5.0,
    "fixed_lo": (-1.0,),
    "fixed_hi": (2.0,),
}


@pytest.mark.parametrize("name", FOREIGN)
def test_published_refuses_what_it_never_had(name):
    """A setting that would be ignored would be believed in."""
    with pytest.raises(basnet_rt.InvalidValue, match=f'{name}.*mode "published"'):
        PostprocessConfig.published(**{name: FOREIGN[name]})


@pytest.mark.parametrize("name", ["normalisation", "gate"])
def test_horizon_must_be_given(name):
    with pytest.raises(basnet_rt.InvalidValue, match="horizon is None"):
        PostprocessConfig.continuous(**{name: "horizon"})


def test_true_is_no_threshold():
    with pytest.raises(TypeError, match="it must hold numbers"):
        PostprocessConfig(cas_thresholds=[True])
