"""Gaps in a stream of features: two videos, the second later; and `reset`: the same stream anew."""

from __future__ import annotations

import numpy as np
import pytest
from stream_cases import as_set, joined
from test_live_offline import assert_close

import basnet_rt
from basnet_rt import Alarm, Localizer, StreamingLocalizer


@pytest.mark.parametrize("sizes", [(40, 30), (1, 1), (2, 3), (90, 1)])
@pytest.mark.parametrize("missing", [1, 2, 50])
def test_two_videos_in_one_stream(model, make_features, sizes, missing):
    """The network forgets too: catches context that leaks over a gap."""
    first, second = (make_features(size, i) for i, size in enumerate(sizes))
    localizer = StreamingLocalizer(model)
    before = joined([localizer.push(first), localizer.gap(missing)])
    after = joined([localizer.push(second), localizer.finish()])
    assert_close(before, Localizer(model)(first))
    begin = (sizes[0] + missing) * 0.64
    want = Localizer(model)(second)
    want.segments[:] += begin
    assert_close(after, want)


def test_gaps_at_both_ends_and_in_a_row(model, make_features):
    features = make_features(30, 1)
    localizer = StreamingLocalizer(model)
    calls = [localizer.gap(4), localizer.gap(1), localizer.push(features), localizer.gap(3)]
    found = joined([*calls, localizer.gap(2), localizer.finish()])
    want = Localizer(model)(features)
    want.segments[:] += 5 * 0.64
    assert_close(found, want)


@pytest.mark.parametrize("snippets", [0, -1, 1.5, "3", None, 2**62, 2**70])
def test_a_bad_gap_leaves_the_stream_as_it_was(model, make_features, snippets):
    """Catches a network that was flushed before the gap was looked at."""
    features = make_features(40, 2)
    localizer = StreamingLocalizer(model)
    found = [localizer.push(features[:20])]
    before = localizer.save()
    with pytest.raises((ValueError, TypeError), match="snippets") as caught:
        localizer.gap(snippets)
    assert isinstance(caught.value, basnet_rt.Error)
    assert localizer.save() == before
    found += [localizer.push(features[20:]), localizer.finish()]
    assert_close(joined(found), Localizer(model)(features))


def test_reset(model, make_features):
    """A reset stream is a new one: finals, onsets, statistics and saved bytes."""
    features = make_features(50, 3)
    used = StreamingLocalizer(model, alarm=Alarm(0.35), zero_bad_features=True)
    spoilt = features.copy()
    spoilt[7, 2] = np.nan
    used.push(spoilt)
    used.gap(3)
    used.push(features)
    used.finish()
    used.reset()
    fresh = StreamingLocalizer(model, alarm=Alarm(0.35), zero_bad_features=True)
    assert used.save() == fresh.save()
    found = []
    for localizer in (used, fresh):
        rows = as_set(joined([localizer.push(features), localizer.finish()]))
        found.append((rows, localizer.onsets(), localizer.statistics.finals_out))
    assert found[0] == found[1]
    assert found[0][0]
    assert found[0][1]
