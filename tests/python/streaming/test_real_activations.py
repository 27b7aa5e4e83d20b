"""Real activations, all 72 streams of action_scores: in any chunks, saved and revived at any point,
the finals are what `postprocess` finds in the whole, in every bit."""

from __future__ import annotations

import numpy as np
import pytest
from stream_cases import Rows, as_set, random_chunks, revived, run

import basnet_rt
from basnet_rt import PostprocessConfig

SECONDS = 0.5
LIMITS = {"merge_gap": 1.0, "max_duration": 20.0, "max_lookahead": 3.0}
CONFIGS = {
    "fixed": {"normalisation": "fixed", "gate": "none", "cas_thresholds": [0.15, 0.3, 0.5]},
    "horizon": {
        "normalisation": "horizon",
        "gate": "horizon",
        "horizon": 60.0,
        "keep_top1": True,
        **LIMITS,
    },
    "video": {"normalisation": "video", "gate": "video", "class_threshold": 0.05, "merge_gap": 1.0},
}


def long_chunks(seed):
    """About forty to a stream."""
    rng = np.random.default_rng(seed)

    def chunks(count):
        cuts = np.sort(rng.integers(0, count + 1, 40))
        return np.diff([0, *cuts.tolist(), count]).tolist()

    return chunks


def sometimes_revived(seed):
    rng = np.random.default_rng(seed)
    return lambda stream, make: revived(stream, make) if rng.random() < 0.3 else stream


@pytest.mark.parametrize("name", CONFIGS)
def test_equal_the_whole(real_streams, name):
    """`fixed` with gate "none" as they come, `video` at `finish`."""
    config, count, early = PostprocessConfig.continuous(**CONFIGS[name]), 0, 0
    for i, (stream, activations, cas) in enumerate(real_streams):
        rows = Rows(activations, cas)
        between = sometimes_revived(i)
        found = run(config, [rows], long_chunks(i), between, snippet_seconds=SECONDS)
        scores = basnet_rt._core.video_scores(cas, config.native) if name == "video" else None
        want = basnet_rt.postprocess(
            activations, scores, config, snippet_seconds=SECONDS, raw_cas=cas
        )
        assert as_set(found) == as_set(want), stream
        early += int((found.decided < len(activations)).sum())
        count += len(want)
    assert len(real_streams) == 72
    assert count > 3000
    assert early == 0 if name == "video" else early > 0.9 * count


def test_single_snippets_of_the_longest(real_streams):
    """The order of the finals, too, does not depend on chunks or on restarts."""
    name, activations, cas = max(real_streams, key=lambda one: len(one[1]))
    config = PostprocessConfig.continuous(**CONFIGS["fixed"], **LIMITS)
    rows = [Rows(activations, cas)]
    want = run(config, rows, snippet_seconds=SECONDS)
    assert len(want.labels) > 500, name
    chunks = random_chunks(1)
    found = run(config, rows, chunks, sometimes_revived(2), snippet_seconds=SECONDS)
    assert found == want
