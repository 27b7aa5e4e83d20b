"""Bundles through the C API: what C finds in features is what Python's native engine finds.

That engine is held to torch by tests of its own; here, a bit that differs is a fault of the border.
"""

from __future__ import annotations

import json
from ctypes import byref, c_double, c_int32, c_int64, c_void_p
from pathlib import Path

import numpy as np
import pytest
from c_library import (
    ARGUMENT,
    BUNDLE,
    MODEL_CHECKED,
    MODEL_FACTS,
    OK,
    STATE,
    config_of,
    detections,
    rows_of,
)
from stream_cases import as_set

import basnet_rt
from basnet_rt import PostprocessConfig

BUNDLES = Path(__file__).resolve().parents[2] / "data/bundles_0_1"
CONFIG = PostprocessConfig.continuous(
    normalisation="fixed", gate="none", fixed_lo=[-1.0], fixed_hi=[1.0], cas_thresholds=[0.4, 0.6]
)
FEATURES = np.cumsum(np.random.default_rng(5).normal(size=(90, 8)), 0).astype(np.float32) / 3


@pytest.fixture(params=["float32", "int8"])
def dtype(request):
    return request.param


@pytest.fixture
def model(api, dtype):
    path = str(BUNDLES / "full.pt").encode()
    handle = api.made("model_load", path, dtype.encode(), 1)
    yield handle
    api.model_free(byref(handle))
    assert handle.value is None
    api.model_free(byref(handle))  # finds nothing


@pytest.fixture
def settings(api):
    handle = config_of(api, CONFIG)
    yield handle
    api.config_free(byref(handle))


@pytest.fixture
def native(dtype):
    """The same bundle in Python."""
    return basnet_rt.load(BUNDLES / "full.pt", dtype=dtype, engine="native")


@pytest.fixture
def localizer(api, model, settings):
    alarm = (c_double * 1)(0.5)
    handle = api.made("localizer_create", model, settings, alarm, 1, 0.0, 0)
    yield handle
    api.localizer_free(byref(handle))
    assert handle.value is None
    api.localizer_free(byref(handle))


def finals(api, name, handle, *arguments):
    return detections(api, api.made(f"localizer_{name}", handle, *arguments), "continuous")


def test_what_a_model_says_of_itself(api, model, native, dtype):
    names = [api.model_class_name(model, label).decode() for label in range(3)]
    assert names == list(native.classes)
    assert api.model_class_name(model, 3) is api.model_class_name(model, -1) is None
    assert (api.model_num_classes(model), api.model_feature_dim(model)) == (3, 8)
    assert api.model_snippet_seconds(model) == native.metadata.snippet_seconds
    assert api.model_dtype(model).decode() == dtype
    assert api.model_kernel(model)
    assert json.loads(api.model_metadata(model))["classes"] == names


@pytest.mark.parametrize("duration", [None, 50.0])
def test_a_whole_video(api, model, settings, native, duration):
    end = None if duration is None else byref(c_double(duration))
    found = api.made("model_localize", model, byref(rows_of(FEATURES)), settings, end)
    got = detections(api, found, "continuous")
    want = basnet_rt.Localizer(native, CONFIG)(FEATURES, duration=duration)
    assert as_set(got) == as_set(want)
    assert len(want) > 5


def test_the_settings_of_the_bundle(api, model, native):
    """NULL, a copy of the bundle's own, and Python agree."""
    rows, own = rows_of(FEATURES), api.made("model_config", model)
    want = as_set(basnet_rt.Localizer(native)(FEATURES))
    for settings in (None, own):
        found = api.made("model_localize", model, byref(rows), settings, None)
        assert as_set(detections(api, found, "continuous")) == want
    api.config_free(byref(own))
    # "full" gives raw activations and was never calibrated: no range to normalise a stream by.
    status, message = api.refusal("model_streaming_config", model, byref(own))
    assert (status, "fixed_lo" in message, own.value) == (ARGUMENT, True, None)


def test_streaming_settings(api):
    model = api.made("model_load", str(BUNDLES / "base_only.pt").encode(), None, 1)
    live = api.made("model_streaming_config", model)
    stream = api.made("localizer_create", model, live, None, 0, 0.0, 0)
    api.model_free(byref(model))  # the stream keeps what it needs
    native = basnet_rt.load(BUNDLES / "base_only.pt", engine="native")
    want = basnet_rt.StreamingLocalizer(
        native, native.configure(normalisation="fixed", gate="none")
    )
    rows = byref(rows_of(FEATURES))
    assert as_set(finals(api, "push", stream, rows)) == as_set(want.push(FEATURES))
    assert as_set(finals(api, "finish", stream, None)) == as_set(want.finish())
    api.config_free(byref(live))
    api.localizer_free(byref(stream))


@pytest.mark.parametrize("chunk", [1, 7, 90])
def test_a_stream_finds_what_the_whole_video_holds(api, model, settings, localizer, chunk):
    found = api.made("model_localize", model, byref(rows_of(FEATURES)), settings, None)
    want = as_set(detections(api, found, "continuous"))
    got = []
    for first in range(0, len(FEATURES), chunk):
        rows = byref(rows_of(FEATURES[first : first + chunk]))
        got += as_set(finals(api, "push", localizer, rows))
    got += as_set(finals(api, "finish", localizer, None))
    assert sorted(got) == sorted(want)
    finished = c_int32()
    api.checked("localizer_finished", localizer, byref(finished))
    assert finished.value == 1


def test_pending_onsets_gap_and_reset(api, localizer, native):
    alarm = basnet_rt.Alarm(0.5)
    want = basnet_rt.StreamingLocalizer(native, CONFIG, alarm=alarm)
    for _ in range(2):
        rows, count = byref(rows_of(FEATURES[:50])), c_int64()
        assert as_set(finals(api, "push", localizer, rows)) == as_set(want.push(FEATURES[:50]))
        api.checked("localizer_num_snippets", localizer, byref(count))
        assert count.value == 48
        assert as_set(finals(api, "pending", localizer)) == as_set(want.pending())
        onsets = api.made("localizer_onsets", localizer)
        labels, times = api.columns("onsets", "labels", "times", of=onsets)
        expected = [(one.label, one.time) for one in want.onsets()]
        assert list(zip(labels.tolist(), times.tolist(), strict=True)) == expected != []
        assert as_set(finals(api, "gap", localizer, 4)) == as_set(want.gap(4))
        api.checked("localizer_reset", localizer)
        want.reset()


def test_a_stream_goes_on_in_python_and_back(api, localizer, native):
    alarm = basnet_rt.Alarm(0.5)
    whole = basnet_rt.StreamingLocalizer(native, CONFIG, alarm=alarm)
    want = as_set(whole.push(FEATURES)) + as_set(whole.finish())
    got = as_set(finals(api, "push", localizer, byref(rows_of(FEATURES[:30]))))
    (state,) = api.columns("bytes", "data", of=api.made("localizer_save", localizer))
    middle = basnet_rt.StreamingLocalizer(native, CONFIG, alarm=alarm).load(state.tobytes())
    got += as_set(middle.push(FEATURES[30:60]))
    state = middle.save()
    api.checked("localizer_load", localizer, state, len(state))
    got += as_set(finals(api, "push", localizer, byref(rows_of(FEATURES[60:]))))
    got += as_set(finals(api, "finish", localizer, None))
    assert sorted(got) == sorted(want)
    for bad in (b"", state[:-1], state[:20] + bytes(8) + state[28:]):
        assert api.refusal("localizer_load", localizer, bad, len(bad))[0] == STATE


def test_a_pool_of_a_model(api, model, settings, native):
    """Two streams side by side, polled by the functions of c_pool.h."""
    options = api.made("pool_options_create")
    api.checked("pool_options_set_integer", options, b"threaded", 0)
    pool = api.made("model_make_pool", model, settings, options)
    api.pool_options_free(byref(options))
    for size in (90, 61):
        stream, taken = c_int64(), c_int32()
        api.checked("pool_open", pool, byref(stream))
        rows = byref(rows_of(FEATURES[:size]))
        api.checked("pool_push", pool, stream, rows, 0.0, byref(taken))
        found = detections(api, api.made("pool_close", pool, stream, None), "continuous")
        want = as_set(basnet_rt.Localizer(native, CONFIG)(FEATURES[:size]))
        assert sorted(as_set(found)) == sorted(want)
    api.pool_free(byref(pool))


def test_bad_features_become_zero_where_asked_for(api, model, settings):
    bad = FEATURES.copy()
    bad[4, 2] = np.nan
    handle = api.made("localizer_create", model, settings, None, 0, 0.0, 1)
    finals(api, "push", handle, byref(rows_of(bad)))
    api.localizer_free(byref(handle))
    handle = api.made("localizer_create", model, settings, None, 0, 0.0, 0)
    status, message = api.refusal("localizer_push", handle, byref(rows_of(bad)), byref(c_void_p()))
    assert (status, "snippet 4, channel 2" in message) == (ARGUMENT, True)
    api.localizer_free(byref(handle))


def test_what_loading_refuses(api, tmp_path):
    out = c_void_p(5)
    good = str(BUNDLES / "full.pt").encode()
    damaged = tmp_path / "damaged.pt"
    damaged.write_bytes((BUNDLES / "full.pt").read_bytes()[:-100])
    for arguments, status, text in (
        ((b"nowhere.pt", None, 1), BUNDLE, "nowhere.pt: no such file"),
        ((str(damaged).encode(), None, 1), BUNDLE, "damaged.pt"),
        ((good, b"float16", 1), ARGUMENT, "float16"),
        ((good, None, -1), ARGUMENT, "num_threads is -1"),
    ):
        found, message = api.refusal("model_load", *arguments, byref(out))
        assert (found, text in message) == (status, True), message
    assert out.value == 5  # nothing was written


def test_what_calls_refuse(api, model, settings):
    out = c_void_p()
    wide = np.zeros((4, 9), np.float32)
    for rows, status, text in (
        (rows_of(wide), BUNDLE, "9"),
        (rows_of(wide[:, :8]), ARGUMENT, "row_stride is 9"),
        (rows_of(np.zeros((0, 8), np.float32)), ARGUMENT, "(0, 8); it must be"),
    ):
        found, message = api.refusal(
            "model_localize", model, byref(rows), settings, None, byref(out)
        )
        assert (found, text in message) == (status, True), message
    create = ("localizer_create", model, settings)
    assert "zero_bad" in api.refusal(*create, None, 0, 0.0, 2, byref(out))[1]
    assert "thresholds is NULL" in api.refusal(*create, None, 1, 0.0, 0, byref(out))[1]
    assert "thresholds" in api.refusal(*create, (c_double * 2)(0.5, 0.5), 2, 0.0, 0, byref(out))[1]
    assert out.value is None


OPTIONAL = {("model_load", 1), ("model_localize", 2), ("model_localize", 3)}
OPTIONAL |= {("model_make_pool", 1), ("model_make_pool", 2), ("localizer_create", 1)}
OPTIONAL |= {("localizer_create", 2), ("localizer_finish", 1)}


@pytest.fixture
def good(api, model, settings, localizer):
    """Arguments with which each function succeeds; `localizer_finish` comes last."""
    options = api.made("pool_options_create")
    state = api.made("localizer_save", localizer)
    rows, out, integer, flag = byref(rows_of(FEATURES)), c_void_p(), c_int64(), c_int32()
    saved = (api.bytes_data(state), api.bytes_size(state))
    yield {
        "model_load": [str(BUNDLES / "base_only.pt").encode(), b"float32", 1, byref(out)],
        "model_config": [model, byref(out)],
        "model_localize": [model, rows, settings, byref(c_double(60.0)), byref(out)],
        "model_make_pool": [model, settings, options, byref(out)],
        "localizer_create": [model, settings, None, 0, 0.0, 0, byref(out)],
        "localizer_push": [localizer, rows, byref(out)],
        "localizer_pending": [localizer, byref(out)],
        "localizer_onsets": [localizer, byref(out)],
        "localizer_gap": [localizer, 1, byref(out)],
        "localizer_reset": [localizer],
        "localizer_save": [localizer, byref(out)],
        "localizer_load": [localizer, *saved],
        "localizer_num_snippets": [localizer, byref(integer)],
        "localizer_finished": [localizer, byref(flag)],
        "localizer_finish": [localizer, None, byref(out)],
    }
    api.bytes_free(byref(state))
    api.pool_options_free(byref(options))


def test_every_pointer_as_null_and_every_handle_as_another(api, good):
    """Refused by name, or an optional one that is taken; never a crash."""
    assert {*good, "model_streaming_config"} == set(MODEL_CHECKED)
    other = config_of(api, CONFIG)
    for name, arguments in good.items():
        for i, kind in enumerate(MODEL_CHECKED[name]):
            if kind in "hoas" and (name, i) not in OPTIONAL:
                nothing = [None if k == i else one for k, one in enumerate(arguments)]
                status, message = api.refusal(name, *nothing)
                assert (status, message.endswith("is NULL; it must not be")) == (ARGUMENT, True)
            if kind == "h" and arguments[i] is not None and (name, i) not in OPTIONAL:
                mixed = [other if k == i else one for k, one in enumerate(arguments)]
                status, message = api.refusal(name, *mixed)
                assert (status, "of another kind" in message) == (ARGUMENT, True), name
    for handle in (None, other):
        for name, kind in MODEL_FACTS.items():
            assert getattr(api, name)(handle) == kind().value, name
        assert api.model_class_name(handle, 0) is None
    api.config_free(byref(other))
    for name, arguments in good.items():  # so that the refusals are of what was changed
        assert getattr(api, name)(*arguments) == OK, (name, api.last_error())
