"""A StreamingLocalizer saved at any point goes on in another object as if nothing had happened."""

from __future__ import annotations

import struct

import numpy as np
import pytest
from stream_cases import joined

import basnet_rt
from basnet_rt import Alarm, StreamingLocalizer, StreamPostprocessor

CHUNKS = [1, 1, 1, 0, 5, 30, 2, 20]
ALARM = Alarm(0.35, hold=0.7)


@pytest.mark.parametrize("dtype", ["float32", "bfloat16"])
@pytest.mark.parametrize("gate", ["none", "horizon", "video"])
def test_any_save_point(make_model, make_features, dtype, gate):
    """Fresh object before every call: network context, post-processing, onsets, counters."""
    model, features = make_model(dtype=dtype), make_features(60, 1)
    config = model.config.replace(gate=gate, horizon=12.8, class_threshold=0.3)
    results = []
    for restart in (False, True):
        localizer, parts, starts = StreamingLocalizer(model, config, alarm=ALARM), [], [0]
        for size in CHUNKS:
            if restart:
                localizer = StreamingLocalizer(model, config, alarm=ALARM).load(localizer.save())
            parts.append(localizer.push(features[starts[-1] : starts[-1] + size]))
            starts.append(starts[-1] + size)
            if size == 30:
                parts.append(localizer.gap(2))
        parts.append(localizer.finish())
        results.append((joined(parts), localizer.onsets(), localizer.statistics))
    (finals, onsets, statistics), (again, onsets_again, statistics_again) = results
    assert again == finals
    assert len(finals.labels) > 5
    assert onsets_again == onsets
    assert len(onsets) > 2
    statistics_again.compute_seconds = statistics.compute_seconds
    assert statistics_again == statistics


@pytest.fixture
def localizer(model, make_features):
    localizer = StreamingLocalizer(model, alarm=ALARM)
    localizer.push(make_features(40, 2))
    return localizer


def refused(localizer, state, match, kind=basnet_rt.InvalidValue):
    """Not loaded, and nothing of what was there is gone."""
    before = localizer.save()
    with pytest.raises(kind, match=match):
        localizer.load(state)
    assert localizer.save() == before


def test_every_damaged_region_is_found(localizer):
    """The header byte by byte, the content at 300 places, one bit each."""
    state = localizer.save()
    places = [*range(44), *np.linspace(44, len(state) - 1, 300).astype(int)]
    for place in places:
        damaged = bytearray(state)
        damaged[place] ^= 1 << (place % 8)
        refused(localizer, bytes(damaged), "state")


def test_truncated_and_foreign(localizer):
    state = localizer.save()
    for length in [*range(60), len(state) // 2, len(state) - 1]:
        refused(localizer, state[:length], "state")
    refused(localizer, state + b"\0", "damaged or truncated")
    post = StreamPostprocessor(localizer.config, num_classes=3, snippet_seconds=0.64)
    refused(localizer, post.save(), "not the saved state")
    refused(localizer, b"\x80\x05" * 60, "not the saved state")
    other_version = state[:4] + struct.pack("<I", 9) + state[8:]
    refused(localizer, other_version, "version 9")
    for nothing in (None, "state", 3):
        refused(localizer, nothing, "state is a", basnet_rt.InvalidType)


def test_other_models_and_settings(localizer, make_model, make_features):
    """Catches a load that fails half-way: post-processing of one stream, network of another."""
    model = localizer.model
    others = {
        "classes": StreamingLocalizer(make_model(classes=("A", "B", "C")), alarm=ALARM),
        "another model": StreamingLocalizer(make_model(hidden_cas=16), alarm=ALARM),
        "other settings": StreamingLocalizer(make_model(fps=30.0), alarm=ALARM),
        "alarm": StreamingLocalizer(model),
        "this stream has": StreamingLocalizer(model, alarm=Alarm(0.36, hold=0.7)),
        "other weights": StreamingLocalizer(make_model(seed=2), alarm=ALARM),
    }
    config = model.config.replace(nms_iou=0.5)
    others["settings"] = StreamingLocalizer(model, config, alarm=ALARM)
    for match, other in others.items():
        other.push(make_features(25, 3))
        refused(other, localizer.save(), match)


def test_onsets_not_yet_asked_for_are_saved(model, make_features):
    features = make_features(60, 1)
    localizer = StreamingLocalizer(model, alarm=ALARM)
    localizer.push(features)
    other = StreamingLocalizer(model, alarm=ALARM).load(localizer.save())
    events = localizer.onsets()
    assert len(events) > 2
    assert other.onsets() == events
    assert other.onsets() == localizer.onsets() == []
