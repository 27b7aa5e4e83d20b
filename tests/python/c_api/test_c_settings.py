"""Every field of the settings goes through every door: Python, the C interface, a saved stream.

Catches a field that one of them leaves out, and two that are swapped. A new stream's bytes hold all
settings: those that Python and C save must be the same, and differ from every other setting's. Of
JSON in bundles tests/cpp/bundle/test_settings_json.cpp says the same. A field that the core's own
list leaves out does not compile (tests/checks/test_settings_fields.py).
"""

from __future__ import annotations

import ctypes
import dataclasses
from ctypes import byref

import pytest
from c_library import CApi, config_of

import basnet_rt
from basnet_rt import PostprocessConfig

BASE = PostprocessConfig.continuous(normalisation="horizon", gate="horizon", horizon=9.0)
CHANGES = {
    "class_threshold": 0.3,
    "cas_thresholds": (0.2, 0.55),
    "upsample": 13,
    "outer_ratio": 0.2,
    "score_weight": 0.25,
    "nms_iou": 0.5,
    "nms": "linear",
    "soft_sigma": 0.4,
    "soft_min_score": -4.0,
    "normalisation": "fixed",
    "fixed_lo": (0.06,),
    "fixed_hi": (0.96,),
    "gate": "none",
    "horizon": 8.0,
    "min_duration": 0.2,
    "merge_gap": 0.6,
    "max_duration": 11.0,
    "max_lookahead": 2.0,
    "keep_top1": True,
    "score_function": "sigmoid",
    "topk_divisor": 3,
}
CONFIGS = {"": BASE, **{name: BASE.replace(**{name: new}) for name, new in CHANGES.items()}}


def saved_by_python(config: PostprocessConfig) -> bytes:
    return basnet_rt.StreamPostprocessor(config, num_classes=2, snippet_seconds=0.5).save()


def saved_by_c(api: CApi, config: PostprocessConfig) -> bytes:
    handle = config_of(api, config)
    stream = api.made("stream_create", handle, 2, 0.5)
    state = api.made("stream_save", stream)
    found = ctypes.string_at(api.bytes_data(state), api.bytes_size(state))
    for kind, one in (("bytes", state), ("stream", stream), ("config", handle)):
        getattr(api, f"{kind}_free")(byref(one))
    return found


def test_all_fields_are_changed_here():
    names = {field.name for field in dataclasses.fields(PostprocessConfig)}
    assert {*CHANGES, "mode"} == names  # a stream has mode "continuous" alone


def test_the_core_knows_the_fields_of_python_and_no_others(api: CApi):
    handle = config_of(api, BASE)
    _, message = api.refusal("config_set_number", handle, b"nothing", 1.0)
    api.config_free(byref(handle))
    names = [field.name for field in dataclasses.fields(PostprocessConfig)]
    assert sorted(message.rpartition("one of ")[2].split(", ")) == sorted(names)


@pytest.mark.parametrize("name", CONFIGS)
def test_python_and_c_save_the_same_settings(api: CApi, name: str):
    assert saved_by_c(api, CONFIGS[name]) == saved_by_python(CONFIGS[name])


def test_no_two_settings_are_saved_alike():
    assert len({saved_by_python(config) for config in CONFIGS.values()}) == len(CHANGES) + 1


@pytest.mark.parametrize("name", CHANGES)
def test_a_saved_stream_brings_its_settings_back(name: str):
    """Catches a field that is written and not read, or read into another."""
    state = saved_by_python(CONFIGS[name])
    same = basnet_rt.StreamPostprocessor(CONFIGS[name], num_classes=2, snippet_seconds=0.5)
    assert same.load(state).save() == state
    plain = basnet_rt.StreamPostprocessor(BASE, num_classes=2, snippet_seconds=0.5)
    with pytest.raises(ValueError, match="other settings"):
        plain.load(state)
