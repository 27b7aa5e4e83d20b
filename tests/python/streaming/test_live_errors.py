"""Bad features and calls: a named error, and the stream goes on as if nothing had been asked."""

from __future__ import annotations

import numpy as np
import pytest
from stream_cases import as_set, joined

import basnet_rt
from basnet_rt import Alarm, PostprocessConfig, StreamingLocalizer


def state_of(localizer):
    """Saved bytes but for the time that refused calls may take."""
    localizer.statistics.compute_seconds = 0.0
    return localizer.save()


def refused(localizer, kind, words, function, *args, **named):
    before = state_of(localizer)
    with pytest.raises(kind) as caught:
        function(*args, **named)
    assert isinstance(caught.value, basnet_rt.Error)
    for word in words:
        assert word in str(caught.value)
    assert state_of(localizer) == before


@pytest.fixture
def localizer(model, make_features):
    """Ten snippets in, a gap of five, three in: the next one has index 18."""
    localizer = StreamingLocalizer(model)
    localizer.push(make_features(10, 0))
    localizer.gap(5)
    localizer.push(make_features(3, 1))
    return localizer


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize("dtype", [np.float32, np.float16])
def test_bad_numbers_are_named(localizer, make_features, value, dtype):
    """By absolute snippet, gaps counted, and by channel."""
    features = make_features(6, 2).astype(dtype)
    features[4, 3] = value
    words = ["features", "snippet 22", "channel 3", str(value), "finite"]
    refused(localizer, ValueError, words, localizer.push, features)


def test_numbers_beyond_float32(localizer):
    features = np.full((2, 8), 1e300)
    words = ["snippet 18", "channel 0", "inf"]
    refused(localizer, ValueError, words, localizer.push, features)


def test_the_stream_goes_on_after_a_bad_push(model, make_features):
    features = make_features(60, 3)
    spoilt = features[20:40].copy()
    spoilt[19, 7] = np.nan
    found = []
    for bad in (None, spoilt):
        localizer = StreamingLocalizer(model)
        parts = [localizer.push(features[:20])]
        if bad is not None:
            refused(localizer, ValueError, ["snippet 39"], localizer.push, bad)
        parts += [localizer.push(features[20:]), localizer.finish()]
        found.append(as_set(joined(parts)))
    assert found[0] == found[1]
    assert len(found[0]) > 5


def test_bad_numbers_may_be_zeroed(model, make_features):
    """Each one counted; the same finals as of features with zeros there."""
    features = make_features(60, 3)
    spoilt, zeroed = features.copy(), features.copy()
    for place, value in (((20, 1), np.nan), ((20, 2), np.inf), ((55, 0), -np.inf)):
        spoilt[place], zeroed[place] = value, 0.0
    localizer, clean = StreamingLocalizer(model, zero_bad_features=True), StreamingLocalizer(model)
    pieces = [slice(0, 30), slice(30, 60)]
    found = joined([*(localizer.push(spoilt[p]) for p in pieces), localizer.finish()])
    want = joined([*(clean.push(zeroed[p]) for p in pieces), clean.finish()])
    assert localizer.statistics.features_zeroed == 3
    assert clean.statistics.features_zeroed == 0
    assert found == want


BAD = [
    (np.zeros((3, 9), np.float32), basnet_rt.BundleError, ["features", "8", "9"]),
    (np.zeros((0, 9), np.float32), basnet_rt.BundleError, ["features", "8", "9"]),
    (np.zeros(8, np.float32), ValueError, ["features", "(8,)", "(N, 8)"]),
    (np.zeros((1, 3, 8), np.float32), ValueError, ["features", "(1, 3, 8)"]),
    (np.zeros((3, 8), np.int64), TypeError, ["features", "int64"]),
    (np.zeros((3, 8), bool), TypeError, ["features", "bool"]),
    ([[0.0] * 8], TypeError, ["features"]),
    (None, TypeError, ["features"]),
]


@pytest.mark.parametrize(("features", "kind", "words"), BAD)
def test_bad_features(localizer, features, kind, words):
    refused(localizer, kind, words, localizer.push, features)


def test_activations_that_overflow(localizer, make_features):
    """Finite features of which the network makes Inf: refused too, and forgotten."""
    refused(localizer, ValueError, ["finite"], localizer.push, np.full((9, 8), -3e38, np.float32))
    localizer.push(make_features(9, 4))


def test_empty_pushes(model, make_features):
    """Anywhere, of NumPy and torch; they count as pushes and as nothing else."""
    torch = pytest.importorskip("torch")
    features, found = make_features(30, 5), []
    for empties in (0, 2):
        localizer, parts = StreamingLocalizer(model), []
        for piece in (features[:1], features[1:20], features[20:]):
            parts += [localizer.push(features[:0]) for _ in range(empties)]
            parts += [localizer.push(torch.zeros(0, 8)) for _ in range(empties)]
            parts.append(localizer.push(piece))
        parts.append(localizer.finish())
        found.append(joined(parts))
        assert localizer.statistics.snippets_in == 30
    assert found[0] == found[1]


@pytest.mark.parametrize(
    ("duration", "kind"),
    [
        (-1.0, ValueError),
        (0.0, ValueError),
        (np.nan, ValueError),
        (11.0, ValueError),
        ("12", TypeError),
    ],
)
def test_a_bad_end_leaves_the_stream_open(localizer, make_features, duration, kind):
    """The last centre is at 17.5 * 0.64 = 11.2 s. Catches a network that is flushed first: what
    it held would be lost, and the next snippets would see another past."""
    refused(localizer, kind, ["duration"], localizer.finish, duration=duration)
    rest = make_features(20, 6)
    other = StreamingLocalizer(localizer.model)
    other.load(localizer.save())
    want = joined([other.push(rest), other.finish()])
    assert joined([localizer.push(rest), localizer.finish()]) == want


def test_after_finish(localizer, make_features):
    localizer.finish()
    for call, args in {"push": (make_features(2),), "gap": (1,), "finish": ()}.items():
        words = [f"{call} after finish"]
        refused(localizer, ValueError, words, getattr(localizer, call), *args)
    assert len(localizer.pending()) == 0


BAD_SETTINGS = [
    ({"model": "model.pt"}, TypeError, ["model", "str", "load"]),
    ({"config": "fixed"}, TypeError, ["config", "str"]),
    ({"config": PostprocessConfig.published()}, ValueError, ["published"]),
    ({"config": PostprocessConfig(normalisation="fixed", fixed_lo=[0, 0])}, ValueError, ["(3)"]),
    ({"alarm": 0.5}, TypeError, ["alarm", "float"]),
    ({"alarm": Alarm(0.0)}, ValueError, ["alarm threshold", "0"]),
    ({"alarm": Alarm([0.5, 0.5])}, TypeError, ["alarm threshold is [0.5, 0.5]", "a number"]),
    ({"alarm": Alarm(np.nan)}, ValueError, ["alarm threshold", "nan"]),
    ({"alarm": Alarm({"Jump": 0.5})}, ValueError, ["alarm threshold", "Jump", "Swim"]),
    ({"alarm": Alarm(hold=-1.0)}, ValueError, ["alarm hold", "-1"]),
    ({"alarm": Alarm(), "config": PostprocessConfig()}, ValueError, ["normalisation", "video"]),
]


@pytest.mark.parametrize(("changes", "kind", "words"), BAD_SETTINGS)
def test_settings(model, changes, kind, words):
    with pytest.raises(kind) as caught:
        StreamingLocalizer(**{"model": model, **changes})
    assert isinstance(caught.value, basnet_rt.Error)
    for word in words:
        assert word in str(caught.value)
