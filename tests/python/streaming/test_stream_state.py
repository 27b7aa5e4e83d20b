"""Saved state: whole or refused. Every byte is tried."""

from __future__ import annotations

import numpy as np
import pytest
from post_cases import make_video
from stream_cases import as_set, joined, maker, rows_of, run

import basnet_rt
from basnet_rt import PostprocessConfig
from basnet_rt.postprocessing.onsets import Alarm, OnsetDetector

VIDEO = make_video("smooth", 40, 2, 6)
FIELDS = {"normalisation": "fixed", "gate": "horizon", "horizon": 3.0, "cas_thresholds": [0.1, 0.3]}
CONFIG = PostprocessConfig.continuous(**FIELDS)
RECORDING_CONFIG = PostprocessConfig.continuous()


@pytest.fixture(params=[CONFIG, RECORDING_CONFIG], ids=["machine", "recording"])
def stream(request):
    stream = maker(request.param, 2, 0.64)()
    stream.push(VIDEO.cas[:9], cas=VIDEO.raw_cas[:9])
    stream.gap(2)
    stream.push(VIDEO.cas[9:25], cas=VIDEO.raw_cas[9:25])
    return stream


def refused(stream, state, match=None, kind=basnet_rt.InvalidValue):
    before = stream.save()
    with pytest.raises(kind, match=match):
        stream.load(state)
    assert stream.save() == before


def test_load_goes_on(stream):
    """Into a stream that stood elsewhere; `load` returns it."""
    other = maker(stream.config, 2, 0.64)()
    other.push(VIDEO.cas, cas=VIDEO.raw_cas)
    assert other.load(stream.save()) is other
    assert other.num_snippets == stream.num_snippets == 27
    rest = (VIDEO.cas[25:], VIDEO.raw_cas[25:])
    finals = [joined([s.push(*rest), s.finish(video_scores=[1, 1])]) for s in (stream, other)]
    assert finals[0] == finals[1]
    assert len(finals[0].labels) > 3


def test_every_damaged_byte_is_found(stream):
    """One bit of each byte, header and content alike."""
    state = stream.save()
    for place in range(len(state)):
        damaged = bytearray(state)
        damaged[place] ^= 1 << (place % 8)
        refused(stream, bytes(damaged), match="state")


def test_every_truncation_is_found(stream):
    state = stream.save()
    for length in range(len(state)):
        refused(stream, state[:length], match="state")
    refused(stream, state + b"\0", match="bytes of content")


def test_another_version_is_named(stream):
    state = bytearray(stream.save())
    state[4:8] = (77).to_bytes(4, "little")
    refused(stream, bytes(state), match="version 77; this library reads version")


def test_foreign_bytes(stream):
    onsets = OnsetDetector(Alarm(), CONFIG, classes=["a", "b"], snippet_seconds=0.64)
    for foreign in (b"", b"BRTS", b"\0" * 100, b"PK\x03\x04" + b"x" * 500, onsets.save()):
        refused(stream, foreign, match="state")


@pytest.mark.parametrize("state", [None, "BRTS", 7, np.zeros(4)])
def test_no_bytes(stream, state):
    refused(stream, state, match="state is a .* must be bytes", kind=basnet_rt.InvalidType)


@pytest.mark.parametrize("kind", [bytearray, memoryview])
def test_kinds_of_bytes(stream, kind):
    state = stream.save()
    stream.load(kind(state))
    assert stream.save() == state


CHANGES = [
    {"nms_iou": 0.71},
    {"cas_thresholds": [0.1, 0.31]},
    {"gate": "none"},
    {"horizon": 3.1},
    {"max_duration": 10.0},
    {"keep_top1": True},
    {"topk_divisor": 7},
    {"fixed_hi": [1.0, 1.0]},
    {"normalisation": "video"},
]


@pytest.mark.parametrize("changes", CHANGES)
def test_other_settings(changes):
    """A stream that went on with other settings would equal no offline answer."""
    saved = maker(CONFIG, 2, 0.64)()
    saved.push(VIDEO.cas, cas=VIDEO.raw_cas)
    refused(maker(CONFIG.replace(**changes), 2, 0.64)(), saved.save(), match="other settings")


def test_other_classes_and_timing():
    state = maker(CONFIG, 2, 0.64)().save()
    refused(maker(CONFIG, 3, 0.64)(), state, match="other settings")
    refused(maker(CONFIG, 2, 0.65)(), state, match="other settings")


def test_a_finished_stream_stays_finished(stream):
    stream.finish(video_scores=[1, 1])
    other = maker(stream.config, 2, 0.64)().load(stream.save())
    assert other.finished
    with pytest.raises(basnet_rt.InvalidValue, match="push after finish"):
        other.push(VIDEO.cas)


def test_saving_changes_nothing():
    """The same state twice, and the same finals as without."""
    stream = maker(CONFIG, 2, 0.64)()
    found = []
    for row, raw in zip(VIDEO.cas, VIDEO.raw_cas, strict=True):
        assert stream.save() == stream.save()
        found.append(stream.push(row[None], cas=raw[None]))
    found.append(stream.finish())
    rows = [row for part in found for row in as_set(part)]
    assert sorted(rows) == as_set(run(CONFIG, [rows_of(VIDEO)], snippet_seconds=0.64))
