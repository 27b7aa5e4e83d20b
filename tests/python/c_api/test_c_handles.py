"""Pointers at the border: NULL, handles of another kind, freed ones; an error and never a crash."""

from __future__ import annotations

from ctypes import byref

import pytest
from c_library import ARGUMENT, CHECKED, FREED, OK


def test_every_function_is_tried(good):
    assert set(good) == set(CHECKED)


def test_good_arguments_are_good(api, good):
    """So that the refusals below are of what was changed. (`finish` comes last of a stream.)"""
    for name, arguments in good.items():
        assert getattr(api, name)(*arguments) == OK, (name, api.last_error())


OPTIONAL = {("nms", 2), ("soft_nms", 2), ("stream_push", 2), ("stream_finish", 1)}
OPTIONAL |= {("stream_finish", 2)}


@pytest.mark.parametrize("name", CHECKED)
def test_null(api, good, name):
    """Every pointer as NULL: refused by name, or an optional one that is taken."""
    pointers = [i for i, kind in enumerate(CHECKED[name]) if kind in "hoas"]
    assert pointers
    for i in pointers:
        if (name, i) in OPTIONAL:
            continue
        arguments = list(good[name])
        arguments[i] = None
        status, message = api.refusal(name, *arguments)
        assert status == ARGUMENT
        assert message.endswith("is NULL; it must not be")


@pytest.mark.parametrize("name", [name for name in CHECKED if "h" in CHECKED[name]])
def test_a_handle_of_another_kind(api, good, name):
    """Other languages pass all handles as one type."""
    other = api.made("stream_save", good["stream_save"][0])
    for i, kind in enumerate(CHECKED[name]):
        if kind == "h":
            arguments = list(good[name])
            arguments[i] = other
            status, message = api.refusal(name, *arguments)
            assert (status, "of another kind" in message) == (ARGUMENT, True)
    api.bytes_free(byref(other))


@pytest.mark.parametrize("name", FREED)
def test_free_twice_and_of_null(api, good, name):
    """`free` empties the pointer, so a second call finds nothing. Another kind is left alone."""
    makers = {
        "config": ("config_create", 0),
        "detections": ("stream_pending", 0),
        "proposals": ("propose", 0),
        "bytes": ("stream_save", 0),
        "onsets": ("onset_detector_push", 0),
        "stream": ("stream_create", 0),
        "onset_detector": ("onset_detector_create", 0),
    }
    maker = makers[name][0]
    free = getattr(api, f"{name}_free")
    handle = api.made(maker, *good[maker][:-1])
    other = "stream_free" if name != "stream" else "config_free"
    getattr(api, other)(byref(handle))
    assert handle.value is not None
    free(byref(handle))
    assert handle.value is None
    free(byref(handle))
    free(None)


def test_results_of_null_and_of_another_kind(api, config):
    for handle in (None, config):
        for name in ("detections_size", "proposals_size", "onsets_size", "bytes_size"):
            assert getattr(api, name)(handle) == 0
        for name in ("detections_labels", "detections_decided", "bytes_data", "onsets_times"):
            assert getattr(api, name)(handle) is None


def test_decided_is_there_for_streams_alone(api, good):
    for name, there in (("stream_push", True), ("postprocess", False)):
        found = api.made(name, *good[name][:-1])
        assert (api.detections_decided(found) is not None) == there
        api.detections_free(byref(found))
