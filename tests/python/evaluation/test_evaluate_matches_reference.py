"""The core against the plain loops of tests/reference, over random and nasty predictions.

Times and scores come from few values, so that equal scores, equal tIoU, tIoU on a threshold and
segments of no length are the rule. Both follow section 8 of the design; tolerance 1e-12.
"""

from __future__ import annotations

import numpy as np
import pytest
from evaluation_cases import found_in, truth_of
from hypothesis import assume, given
from hypothesis import strategies as st

import basnet_rt
from reference import evaluate as reference

LEVELS = [0.1, 0.25, 0.5, 1.0]
VIDEOS = st.sampled_from(["u", "v", "w", "x"])
LABELS = st.sampled_from(["A", "B", "C"])
SPANS = st.tuples(st.integers(0, 8), st.integers(0, 4)).map(lambda s: (s[0], s[0] + s[1]))


@st.composite
def rows(draw, *columns, min_size=0):
    """{video: [(label, *columns, start, end)]}"""
    drawn = draw(st.lists(st.tuples(VIDEOS, LABELS, *columns, SPANS), min_size=min_size))
    per_video = {}
    for video, *values, span in drawn:
        per_video.setdefault(video, []).append((*values, *span))
    return per_video


@given(truth=rows(min_size=1), other=rows(), found=rows(st.sampled_from([-1.0, 0.0, 0.5, 0.7])))
def test_same_as_the_loops(truth, other, found):
    """`other` is a subset that must not count; some predictions lie in its videos."""
    content = truth_of(truth)
    for video, entry in truth_of(other, "train")["database"].items():
        content["database"].setdefault(video, entry)
    known = {label for per_video in truth.values() for label, *_ in per_video}
    found = {v: [r for r in records if r[0] in known] for v, records in found.items()}
    # Predictions in other videos alone are an error: test_conventions.py.
    assume(not any(found.values()) or any(found.get(video) for video in truth))
    predictions = found_in(found)

    got = basnet_rt.evaluate(content, predictions, subset="test", tiou_thresholds=LEVELS)

    want = reference.evaluate(content, predictions, subset="test", tiou_thresholds=LEVELS)
    np.testing.assert_allclose(got.map, want["mAP"], rtol=0, atol=1e-12)
    assert got.average_map == pytest.approx(want["average_mAP"], rel=0, abs=1e-12)
    for label, ap in zip(got.labels, got.ap, strict=True):
        np.testing.assert_allclose(ap, want["ap_per_class"][label], rtol=0, atol=1e-12)


@pytest.mark.parametrize("num_threads", [1, 2, 7])
def test_threads_do_not_change_the_result(num_threads):
    random = np.random.default_rng(0)
    spans = np.sort(random.uniform(0, 50, (400, 2)), axis=1).tolist()
    names = [f"c{i % 13}" for i in range(400)]
    truth = truth_of({f"v{i}": [(names[i], *spans[i])] for i in range(200)})
    videos = {f"v{i}": [(names[k], k % 5, *spans[k]) for k in (i, i + 200)] for i in range(200)}
    found = found_in(videos)
    one = basnet_rt.evaluate(truth, found, subset="test", num_threads=1)
    many = basnet_rt.evaluate(truth, found, subset="test", num_threads=num_threads)
    np.testing.assert_array_equal(one.ap, many.ap)
    assert 0 < one.average_map < 1
