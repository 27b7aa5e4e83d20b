"""Sizes and values at the edge, with answers known by hand."""

from __future__ import annotations

import json
import subprocess
import sys

import numpy as np
import pytest
from post_cases import as_result

import basnet_rt
from basnet_rt import PostprocessConfig
from patience import HANG
from reference import continuous
from reference.compare import assert_same
from reference.small_case import PLAIN, column

FIXED = PostprocessConfig.continuous(normalisation="fixed", gate="none", cas_thresholds=[0.5])


def postprocess(values, config=FIXED, **named):
    return basnet_rt.postprocess(column(values), [1.0], config, snippet_seconds=2.0, **named)


def rows(found):
    return [(round(one.score, 6), one.start, one.end) for one in found]


def test_one_snippet():
    """Constant over the whole video: no flank, so its score is its mean."""
    assert rows(postprocess([0.75])) == [(0.75, 0.0, 2.0)]
    assert rows(postprocess([0.25])) == []
    assert rows(postprocess([0.75], duration=5.0)) == [(0.75, 0.0, 5.0)]
    assert rows(postprocess([0.75], duration=0.5)) == [(0.75, 0.0, 0.5)]


@pytest.mark.parametrize("mode", ["continuous", "published"])
@pytest.mark.parametrize("value", [-1.0, 0.0, 1.0, 1e-45, 3e38])
@pytest.mark.parametrize("num_snippets", [1, 2, 50])
def test_equal_activations_have_no_range(mode, value, num_snippets):
    """Min-max of a constant is zero everywhere: nothing is above threshold 0."""
    cas = np.full((num_snippets, 3), value, np.float32)
    config = PostprocessConfig.from_dict({"mode": mode})
    assert len(basnet_rt.postprocess(cas, np.ones(3), config, snippet_seconds=1.0)) == 0


@pytest.mark.parametrize("num_snippets", [1, 2, 1000])
def test_equal_activations_in_a_fixed_range(num_snippets):
    """One root that fills the video, whatever its length."""
    found = postprocess(np.full(num_snippets, 0.75))
    assert rows(found) == [(0.75, 0.0, 2.0 * num_snippets)]


def test_spikes_at_both_ends():
    """y = 1 0 0 0 1 at 0.5: half a snippet constant, then half a slope, on each side. Inner mean
    (1 * 1 + 0.75 * 1) / 2; the flank of 0.5 s goes from 0.5 down to 0.25."""
    got = rows(postprocess([1, 0, 0, 0, 1]))
    assert got == [(0.5, 0.0, 2.0), (0.5, 8.0, 10.0)]


@pytest.mark.parametrize(
    "changes",
    [
        {"outer_ratio": 1e300},
        {"outer_ratio": 1e300, "max_lookahead": 1.0},
        {"merge_gap": 1e300, "max_duration": 1.0},
        {"min_duration": 1e300},
        {"max_duration": 1e300, "max_lookahead": 1e300},
        {"score_weight": 1e300},
        {"cas_thresholds": [0.0, 1e300]},
    ],
)
def test_settings_beyond_any_video(changes):
    """Catches a setting that overflows an index."""
    y = [0.2, 0.9, 0.1, 0.6, 0.7, 0.3]
    config = FIXED.replace(**changes)
    got = basnet_rt.propose(column(y), None, config, snippet_seconds=2.0)
    want = continuous.propose(column(y), None, {**PLAIN, **FIELDS, **changes}, snippet_seconds=2.0)
    assert_same(as_result(got), want)


FIELDS = {"nms_iou": 0.7}


def test_a_duration_beyond_any_video():
    """The last value goes on to the end: catches an index made of seconds. Inner mean 1; the left
    flank of two seconds is 0 for one, then rises to 0.5: 0.125."""
    for duration in (1e9, 1e17, 1e300):
        found = postprocess([0, 1, 1], duration=duration)
        assert rows(found) == [(0.875, 2.0, duration)]
    assert rows(postprocess([1, 1], duration=1e-9)) == [(1.0, 0.0, 1e-9)]


def test_no_proposal_is_empty_in_seconds():
    """A video that ends where a proposal begins: rounding may not leave one without length."""
    config = PostprocessConfig.continuous(gate="none", nms_iou=1.0)
    cas = column([8, 21, 8, 40])
    whole = basnet_rt.propose(cas, None, config, snippet_seconds=0.64)
    for duration in np.unique(whole.segments)[1:]:
        cut = basnet_rt.propose(cas, None, config, snippet_seconds=0.64, duration=duration)
        assert (cut.segments[:, 1] > cut.segments[:, 0]).all()


TEN_MILLION = """
import json, resource, sys
import numpy as np
import basnet_rt
fields = json.loads(sys.argv[1])
bump = np.zeros(1000, np.float32)
bump[300:310] = [0, 1, 2, 4, 4, 4, 4, 2, 1, 0]
cas = np.tile(bump, 10_000)[:, None].copy()
config = basnet_rt.PostprocessConfig.from_dict(fields)
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
found = basnet_rt.postprocess(cas, [1.0], config, snippet_seconds=0.5)
grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
order = np.argsort(found.segments[:, 0], kind="stable")
starts = found.segments[order, 0]
print(json.dumps({
    "count": len(found),
    "period": [float(np.diff(starts).min()), float(np.diff(starts).max())],
    "first": found.segments[order[0]].tolist(),
    "last": found.segments[order[-1]].tolist(),
    "scores": [float(found.scores.min()), float(found.scores.max())],
    "grown_mib": grown / 1024,
}))
"""


def test_ten_million_snippets():
    """Two months of video in one array: the same bump 10,000 times, each found with the same
    score, the last as exactly as the first, in memory of a few arrays of that length."""
    fields = {"cas_thresholds": [0.5]}
    run = subprocess.run(
        [sys.executable, "-c", TEN_MILLION, json.dumps(fields)],
        capture_output=True,
        text=True,
        check=True,
        timeout=HANG,
    )
    got = json.loads(run.stdout)
    assert got["count"] == 10_000
    assert got["period"] == [500.0, 500.0]
    assert got["first"] == [151.25, 153.75]  # crossings half-way between centres 301, 302 and on
    assert got["last"] == [151.25 + 9999 * 500.0, 153.75 + 9999 * 500.0]
    assert got["scores"][1] - got["scores"][0] < 1e-6
    assert got["grown_mib"] < 400  # the normalised class is 80 MB
