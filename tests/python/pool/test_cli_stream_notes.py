"""`basnet-rt stream` says beforehand which settings leave a stream silent, or growing."""

from __future__ import annotations

import pytest

from basnet_rt import PostprocessConfig
from basnet_rt.cli.stream.command import _warnings

LIVE = {"normalisation": "fixed", "gate": "none"}


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({}, "normalisation and gate 'video': nothing is final"),
        ({"normalisation": "fixed"}, "gate 'video': nothing is final"),
        ({**LIVE, "cas_thresholds": (0.0, 0.3)}, "cas_thresholds begin at 0"),
        ({**LIVE, "cas_thresholds": (0.1, 0.3)}, "max_duration is not set"),
        ({**LIVE, "cas_thresholds": (0.0, 0.3), "fixed_lo": (0.2,)}, "max_duration is not set"),
        ({**LIVE, "cas_thresholds": (0.0, 0.3), "max_duration": 60.0}, None),
        ({**LIVE, "cas_thresholds": (0.1, 0.3), "max_duration": 60.0}, None),
    ],
)
def test_one_note_where_one_is_due(settings, said):
    found = list(_warnings(PostprocessConfig(**settings)))
    assert len(found) == (said is not None)
    assert said is None or said in found[0]
