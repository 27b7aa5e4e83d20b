"""What goes wrong at the border: every status, wrong sizes, wrong settings, damaged state.

After an error nothing has been written, and what was made before works on.
"""

from __future__ import annotations

import ctypes
from ctypes import byref, c_double, c_int64, c_void_p, sizeof

import numpy as np
import pytest
from c_cases import CAS, LIVE, SCORES
from c_library import ARGUMENT, MEMORY, OK, STATE, TYPE, Rows, Stream, Video, rows_of, video_of

HORIZON = LIVE.replace(gate="horizon", horizon=9.0)
FIELDS = [
    ("config_set_number", (b"nms_io", 0.5), ARGUMENT, "must be one of mode, class_threshold"),
    ("config_set_number", (b"upsample", 3.0), TYPE, "use basnet_rt_config_set_integer"),
    ("config_set_integer", (b"nms_iou", 1), TYPE, "use basnet_rt_config_set_number"),
    ("config_set_integer", (b"keep_top1", 1), TYPE, "use basnet_rt_config_set_flag"),
    ("config_set_flag", (b"fixed_lo", 1), TYPE, "use basnet_rt_config_set_numbers"),
    ("config_set_flag", (b"keep_top1", 2), ARGUMENT, "0 or 1"),
    ("config_set_choice", (b"horizon", b"none"), TYPE, "use basnet_rt_config_set_number"),
    ("config_set_choice", (b"gate", b"nobody"), ARGUMENT, '"video", "none", "horizon"'),
    ("config_set_numbers", (b"mode", (c_double * 1)(), 1), TYPE, "use basnet_rt_config_set_choice"),
    ("config_set_numbers", (b"fixed_lo", (c_double * 1)(), -1), ARGUMENT, "-1"),
    ("config_set_numbers", (b"fixed_lo", None, 1), ARGUMENT, "values is NULL"),
]


@pytest.mark.parametrize(("name", "arguments", "status", "text"), FIELDS)
def test_settings_by_a_wrong_name_kind_or_choice(api, config, name, arguments, status, text):
    found, message = api.refusal(name, config, *arguments)
    assert (found, text in message) == (status, True), message
    assert api.config_check(config) == OK  # nothing has changed


def test_values_of_settings_are_judged_by_check_and_by_every_user(api, config):
    """Fields may be set in any order; a config that is not whole is refused where it is used."""
    api.checked("config_set_numbers", config, b"fixed_lo", None, 0)
    out = c_void_p(5)
    video = byref(video_of(CAS, SCORES, snippet_seconds=0.5))
    for name, arguments in {
        "config_check": (config,),
        "propose": (video, config, byref(out)),
        "postprocess": (video, config, byref(out)),
        "stream_create": (config, 2, 0.5, byref(out)),
        "onset_detector_create": (config, (c_double * 1)(0.5), 1, 0.0, 2, 0.5, byref(out)),
    }.items():
        status, message = api.refusal(name, *arguments)
        assert (status, "fixed_lo" in message) == (ARGUMENT, True)
    assert out.value == 5  # nothing was written


def test_pieces_that_would_never_end(api, config):
    """Catches a root that is cut for ever, or until memory ends, at a tiny `max_duration`."""
    out, video = (
        c_void_p(),
        byref(video_of(np.ones((9, 2), np.float32), SCORES, snippet_seconds=0.5)),
    )
    for tiny in (1e-300, 4.9e-4):
        api.checked("config_set_number", config, b"max_duration", tiny)
        for name, *arguments in (("postprocess", video, config), ("stream_create", config, 2, 0.5)):
            status, message = api.refusal(name, *arguments, byref(out))
            assert (status, "thousandth of a snippet" in message) == (ARGUMENT, True)


def test_gaps_beyond_any_stream(api, good, stream):
    """Catches an index that overflows: one gap too large, and many that are too large together."""
    out = c_void_p()
    detector = good["onset_detector_gap"][0]
    for name, handle in {"stream_gap": stream.handle, "onset_detector_gap": detector}.items():
        output = [byref(out)] if name == "stream_gap" else []
        api.checked(name, handle, 2**59, *output)
        for snippets in (2**60, 2**63 - 1, 0, -1):
            status, message = api.refusal(name, handle, snippets, *output)
            assert (status, f"snippets is {snippets}" in message) == (ARGUMENT, True)
    api.detections_free(byref(out))
    assert stream.number("num_snippets") == 2**59


def test_more_classes_than_memory_holds(api, config):
    """Once they were allocated until memory ended."""
    for classes in (0, 1_000_001, 2**63 - 1):
        status, message = api.refusal("stream_create", config, classes, 0.5, byref(c_void_p()))
        assert (status, f"num_classes is {classes};" in message) == (ARGUMENT, True)


def test_a_range_in_which_scores_would_be_no_numbers(api, config):
    """An activation of float32 over 1e-201 is beyond float64: means of it are NaN."""
    api.checked("config_set_choice", config, b"normalisation", b"fixed")
    for high, refused in ((1e-201, True), (1e-200, False)):
        api.checked("config_set_numbers", config, b"fixed_hi", (c_double * 1)(high), 1)
        assert (api.config_check(config) == ARGUMENT) == refused
    cas = np.zeros((9, 2), np.float32)
    cas[3:5] = 3e38
    found, video = c_void_p(), video_of(cas, SCORES, snippet_seconds=0.5)
    api.checked("postprocess", byref(video), config, byref(found))
    scores = api.column("detections_scores", found)
    assert len(scores) > 0
    assert np.isfinite(scores).all()
    api.detections_free(byref(found))


ROWS = [
    ((CAS.ctypes.data, -1, 2, 2), "num_rows is -1"),
    ((CAS.ctypes.data, 12, 0, 2), "num_columns is 0"),
    ((CAS.ctypes.data, 12, 2, 1), "row_stride is 1"),
    ((CAS.ctypes.data, 2**62, 2, 2), "num_rows is 4611686018427387904"),
    ((None, 12, 2, 2), "is NULL"),
    ((CAS.ctypes.data, 4, 3, 3), "3 columns"),
]


@pytest.mark.parametrize(("fields", "text"), ROWS)
def test_rows_that_cannot_be(api, good, stream, fields, text):
    before = stream.save()
    out, rows = c_void_p(), byref(Rows(*fields))
    calls = [("stream_push", stream.handle, rows, None)]
    calls += [("onset_detector_push", good["onset_detector_push"][0], rows)]
    for name, *arguments in calls:
        status, message = api.refusal(name, *arguments, byref(out))
        assert (status, text in message) == (ARGUMENT, True), message
    assert (out.value, stream.save()) == (None, before)


def test_a_nan_is_named_and_the_stream_stays(api, stream):
    stream.push(CAS)
    before, bad = stream.save(), CAS.copy()
    bad[3, 1] = np.nan
    status, message = api.refusal(
        "stream_push", stream.handle, byref(rows_of(bad)), None, byref(c_void_p())
    )
    assert (status, message) == (
        ARGUMENT,
        "activations[15, 1] is nan; activations must be finite",
    )
    assert stream.save() == before


def test_a_gate_that_wants_raw_activations(api):
    """Absent, and there without a row."""
    stream = Stream(api, HORIZON, num_classes=2, snippet_seconds=0.5)
    out, empty = c_void_p(), byref(Rows(None, 0, 3, 3))
    arguments = (stream.handle, byref(rows_of(CAS)))
    status, message = api.refusal("stream_push", *arguments, None, byref(out))
    assert (status, 'gate "horizon" needs' in message) == (ARGUMENT, True)
    status, message = api.refusal("stream_push", *arguments, empty, byref(out))
    assert (status, "0 snippets" in message) == (ARGUMENT, True)
    rows = byref(Rows(None, 0, 2, 2))
    api.checked("stream_push", stream.handle, rows, empty, byref(out))
    api.detections_free(byref(out))


def test_use_after_finish(api, good, stream):
    stream.push(CAS)
    stream.finish()
    for name in ("stream_push", "stream_gap", "stream_finish"):
        status, message = api.refusal(name, *good[name])
        assert (status, "after finish" in message) == (STATE, True)
    assert len(stream.pending()) == 0
    api.checked("stream_reset", stream.handle)
    stream.push(CAS)


@pytest.mark.parametrize("size", [0, sizeof(Video) - 1, 4097, 2**63])
def test_struct_size(api, config, size):
    """Of a struct that was not initialised, or is of no version there can be."""
    video = video_of(CAS, SCORES, snippet_seconds=0.5)
    video.struct_size = size
    status, message = api.refusal("postprocess", byref(video), config, byref(c_void_p()))
    assert (status, f"struct_size is {size}" in message) == (ARGUMENT, True)


def test_a_batch_fails_as_a_whole_and_names_its_video(api, config):
    videos = (Video * 3)(*(video_of(CAS, SCORES, snippet_seconds=0.5) for _ in range(3)))
    out = (c_void_p * 3)()
    videos[1].snippet_seconds = -1.0
    status, message = api.refusal("postprocess_batch", videos, 3, config, 2, out)
    assert (status, message.startswith("videos[1]: ")) == (ARGUMENT, True)
    videos[2].struct_size += 8
    status, message = api.refusal("postprocess_batch", videos, 3, config, 2, out)
    assert (status, "videos[2].struct_size differs" in message) == (ARGUMENT, True)
    for count, threads in ((-1, 1), (1, -1), (1, 1025)):
        assert api.refusal("postprocess_batch", videos, count, config, threads, out)[0] == ARGUMENT
    assert list(out) == [None] * 3


def test_saved_states_that_are_none(api, good, stream):
    """Truncated, damaged, foreign and of another kind."""
    stream.push(CAS)
    state = stream.save()
    damaged = bytearray(state)
    damaged[-3] ^= 1
    bad = [b"", b"x", state[:-1], bytes(damaged), b"BRTS" + state[4:20], state + b"\0"]
    out = c_void_p()
    for data in bad:
        assert api.refusal("stream_load", data, len(data), byref(out))[0] == STATE
        detector = good["onset_detector_gap"][0]
        assert api.refusal("onset_detector_load", detector, data, len(data))[0] == STATE
    assert out.value is None


@pytest.mark.parametrize("count", [2**45, 2**62])
def test_out_of_memory(api, config, count):
    """More than the machine has, and more than a container may hold: a status, not a crash."""
    values = (c_double * 1)()
    status, message = api.refusal("config_set_numbers", config, b"fixed_lo", values, count)
    assert (status, message[:13]) == (MEMORY, "out of memory")
    assert api.config_check(config) == OK


def test_nms_arguments(api):
    """Sizes and values of the arrays; the outputs stay as they were."""
    segments, scores = (c_double * 4)(0, 1, 3, 2), (c_double * 2)()
    kept, count = (c_int64 * 2)(7, 7), c_int64(7)
    outputs = (kept, byref(count))
    for arguments, text in [
        ((segments, scores, None, 2, 0.5), "segments[1]"),
        ((segments, scores, None, 1, 1.5), "iou is 1.5"),
        ((segments, scores, None, -1, 0.5), "-1"),
    ]:
        status, message = api.refusal("nms", *arguments, *outputs)
        assert (status, text in message) == (ARGUMENT, True), message
    soft = (segments, scores, None, 1, b"hard", 0.5, 0.5, 0.0, kept, scores, byref(count))
    status, message = api.refusal("soft_nms", *soft)
    assert (status, '"hard"' in message) == (ARGUMENT, True)
    assert (list(kept), count.value) == ([7, 7], 7)


def test_a_long_message_is_cut_between_characters(api, config):
    name = "ü" * 3000
    api.refusal("config_set_number", config, name.encode(), 1.0)
    kept = api.last_error()
    assert 1000 < len(kept) <= 1023
    assert kept.decode().startswith('field is "üüü')


def test_success_keeps_the_message(api, config):
    api.refusal("config_set_number", config, b"nothing", 1.0)
    before = api.last_error()
    assert api.config_check(config) == OK
    assert api.last_error() == before != b""


def test_version(api):
    import basnet_rt

    assert api.c_api_version() == 1
    assert ctypes.string_at(api.version()).decode() == basnet_rt.__version__
