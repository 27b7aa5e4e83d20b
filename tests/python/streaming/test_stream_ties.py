"""Exactly at a limit: closer than `merge_gap`, not as close; longer than `max_duration`, not as
long; `min_duration` is enough; an IoU of `nms_iou` drops. Times are sums of halves, so nothing
rounds. (Random tests pass over such ties.) Whole video and stream alike.
"""

from __future__ import annotations

import numpy as np
import pytest
from stream_cases import joined

import basnet_rt
from basnet_rt import PostprocessConfig, StreamPostprocessor

# Snippets of two seconds, centres at 1, 3, 5, ...; y is the activation.
PLAIN = {
    "normalisation": "fixed",
    "gate": "none",
    "cas_thresholds": [0.5],
    "nms": "hard",
    "nms_iou": 1.0,
}
CASES = [
    ([1, 0, 0, 1], {"merge_gap": 4.0}, [[0, 2], [6, 8]]),
    ([1, 0, 0, 1], {"merge_gap": 4.001}, [[0, 8]]),
    ([1, 0, 1], {"merge_gap": 2.0}, [[0, 2], [4, 6]]),
    ([1, 0, 1], {"merge_gap": 2.001}, [[0, 6]]),
    ([1, 0, 0, 0], {"min_duration": 2.0}, [[0, 2]]),
    ([1, 0, 0, 0], {"min_duration": 2.001}, []),
    ([0, 1, 1, 1, 0, 0], {"max_duration": 6.0}, [[2, 8]]),
    ([0, 1, 1, 1, 0, 0], {"max_duration": 3.0}, [[2, 5], [5, 8]]),
    ([0, 1, 1, 1, 0, 0], {"max_duration": 4.0}, [[2, 6], [6, 8]]),
    ([0, 1, 1, 1, 0, 0], {"max_duration": 4.0, "min_duration": 2.001}, [[2, 6]]),
    ([1, 0.5, 1], {}, [[0, 6]]),  # a touch from above does not split
    ([0, 0.5, 0], {}, []),  # a touch from below has no length
    ([0, 0.5, 0.5, 0], {}, [[3, 5]]),
    ([1, 0, 1], {"cas_thresholds": [0.0]}, [[0, 3], [3, 6]]),  # at 0 it does split
    ([0, 1, 1, 0], {"cas_thresholds": [0.25, 0.75], "nms_iou": 0.6}, [[1.5, 6.5]]),
    ([0, 1, 1, 0], {"cas_thresholds": [0.25, 0.75], "nms_iou": 0.601}, [[1.5, 6.5], [2.5, 5.5]]),
]


def offline(cas, config):
    return basnet_rt.postprocess(cas, None, config, snippet_seconds=2.0)


def streamed(cas, config):
    stream = StreamPostprocessor(config, num_classes=1, snippet_seconds=2.0)
    return joined([*(stream.push(row[None]) for row in cas), stream.finish()])


@pytest.mark.parametrize("function", [offline, streamed])
@pytest.mark.parametrize(("y", "changes", "segments"), CASES)
def test_at_a_limit(function, y, changes, segments):
    config = PostprocessConfig.continuous(**{**PLAIN, **changes})
    found = function(np.array(y, np.float32)[:, None], config)
    assert sorted(found.segments.tolist()) == segments
