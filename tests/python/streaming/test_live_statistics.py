"""What a stream reports about itself, counted again from the outside."""

from __future__ import annotations

import time

import numpy as np
import pytest

from basnet_rt import StreamingLocalizer

SECONDS = 0.64


def latencies(found, arrived):
    """End of the snippet that had just come in, minus the detections' ends."""
    return [arrived * SECONDS - end for end in found.segments[:, 1]]


@pytest.mark.parametrize("changes", [{}, {"max_lookahead": 0.5}, {"merge_gap": 2.0}])
def test_latency_of_single_snippets(model, make_features, changes):
    """One snippet per push: a final's latency is the stream's time at that push, minus its end.
    A gap and the end add no snippet: there the last one that came counts."""
    localizer = StreamingLocalizer(model, model.config.replace(**changes))
    arrived, want = 0, []
    for missing in (4, None):
        for row in make_features(60, 7):
            arrived += 1
            want += latencies(localizer.push(row[None]), arrived)
        found = localizer.finish() if missing is None else localizer.gap(missing)
        want += latencies(found, arrived)
        arrived += missing or 0
    statistics = localizer.statistics
    assert statistics.finals_out == len(want) > 20
    assert statistics.latency_sum == pytest.approx(sum(want), abs=1e-9)
    assert statistics.latency_max == pytest.approx(max(want), abs=1e-9)
    assert statistics.mean_latency == pytest.approx(np.mean(want), abs=1e-9)
    assert min(want) > -1e-9


def test_latency_does_not_depend_on_chunks(model, make_features):
    """It is that of the snippets, not of the batches they came in."""
    features, found = make_features(80, 8), []
    for chunk in (1, 13, 80):
        localizer = StreamingLocalizer(model)
        for i in range(0, 80, chunk):
            localizer.push(features[i : i + chunk])
        localizer.finish()
        found.append(localizer.statistics)
    for one in found[1:]:
        assert one.finals_out == found[0].finals_out
        assert one.latency_sum == pytest.approx(found[0].latency_sum, abs=1e-3)
        assert one.latency_max == pytest.approx(found[0].latency_max, abs=1e-4)


def test_counters(model, make_features):
    begin = time.perf_counter()
    localizer = StreamingLocalizer(model)
    statistics = localizer.statistics
    assert (statistics.snippets_in, statistics.finals_out, statistics.mean_latency) == (0, 0, 0.0)
    found = len(localizer.push(make_features(30, 1)))
    found += len(localizer.gap(1000))
    found += len(localizer.push(make_features(0, 1)))
    found += len(localizer.push(make_features(12, 2)))
    found += len(localizer.finish())
    assert (statistics.snippets_in, statistics.pushes) == (42, 3)
    assert statistics.finals_out == found > 0
    assert 0 < statistics.compute_seconds < time.perf_counter() - begin
    with pytest.raises(ValueError, match="after finish"):
        localizer.push(make_features(3))
    assert (statistics.snippets_in, statistics.pushes) == (42, 3)
