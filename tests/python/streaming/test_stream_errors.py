"""Bad input to a stream: a named error, and the stream stands as if it had not been called."""

from __future__ import annotations

import numpy as np
import pytest
from post_cases import make_video
from stream_cases import as_set, maker

import basnet_rt
from basnet_rt import PostprocessConfig, StreamPostprocessor

VIDEO = make_video("smooth", 12, 3, 4)
CONFIGS = {
    "fixed": PostprocessConfig.continuous(normalisation="fixed", gate="none"),
    "horizon": PostprocessConfig.continuous(gate="horizon", normalisation="horizon", horizon=3.0),
    "video": PostprocessConfig.continuous(),
}


def stream_with(config, snippets=9, gap=5):
    """Nine snippets, a gap of five, two more: the next one has index 16."""
    stream = maker(config, 3, 0.64)()
    stream.push(VIDEO.cas[:snippets], cas=VIDEO.raw_cas[:snippets])
    stream.gap(gap)
    stream.push(VIDEO.cas[snippets : snippets + 2], cas=VIDEO.raw_cas[snippets : snippets + 2])
    return stream


def spoilt(array, place, value):
    array = array.copy()
    array[place] = value
    return array


def refuses(stream, kind, words, function, *args, **named):
    before = stream.save()
    with pytest.raises(kind) as caught:
        function(*args, **named)
    assert isinstance(caught.value, basnet_rt.Error)
    for word in words:
        assert word in str(caught.value)
    assert stream.save() == before


CAS, RAW = VIDEO.cas, VIDEO.raw_cas
BAD_ACTIVATIONS = [
    (spoilt(CAS, (4, 1), np.nan), ValueError, ["activations[20, 1]", "nan", "finite"]),
    (spoilt(CAS, (0, 2), np.inf), ValueError, ["activations[16, 2]", "inf", "finite"]),
    (spoilt(CAS, (11, 0), -np.inf), ValueError, ["activations[27, 0]", "-inf", "finite"]),
    (CAS[:, :2].copy(), ValueError, ["activations", "2 columns", "3"]),
    (np.zeros((0, 2), np.float32), ValueError, ["activations", "2 columns", "3"]),
    (CAS[0], ValueError, ["activations", "(3,)"]),
    (CAS.astype(np.float64), TypeError, ["activations", "float64"]),
    (CAS.astype(np.int32), TypeError, ["activations", "int32"]),
    (np.asfortranarray(CAS), TypeError, ["activations", "not C-contiguous"]),
    (CAS.tolist(), TypeError, ["activations", "list"]),
]
BAD_CAS = [
    (None, ValueError, ["cas is None", "horizon"]),
    (spoilt(RAW, (4, 3), np.nan), ValueError, ["cas[20, 3]", "nan", "finite"]),
    (CAS, ValueError, ["cas", "3 columns", "4"]),
    (RAW[:7], ValueError, ["cas has 7 snippets", "12"]),
    (RAW.astype(np.float64), TypeError, ["cas", "float64"]),
    (RAW.tolist(), TypeError, ["cas", "list"]),
]


@pytest.mark.parametrize("name", CONFIGS)
@pytest.mark.parametrize(("activations", "kind", "words"), BAD_ACTIVATIONS)
def test_activations(name, activations, kind, words):
    """NaN and Inf are named by their absolute snippet, gaps counted; the good snippets before
    them in the same push are not taken either."""
    stream = stream_with(CONFIGS[name])
    refuses(stream, kind, words, stream.push, activations, cas=RAW)


@pytest.mark.parametrize(("cas", "kind", "words"), BAD_CAS)
def test_raw_cas(cas, kind, words):
    stream = stream_with(CONFIGS["horizon"])
    refuses(stream, kind, words, stream.push, CAS, cas=cas)


@pytest.mark.parametrize("name", CONFIGS)
def test_a_bad_push_leaves_no_trace(name):
    """Catches a snippet, or half of one, that stays behind."""
    good, bad = stream_with(CONFIGS[name]), stream_with(CONFIGS[name])
    with pytest.raises(ValueError, match="activations"):
        bad.push(spoilt(CAS, (9, 0), np.nan), cas=RAW)
    results = []
    for stream in (good, bad):
        pushed = stream.push(CAS, cas=RAW)
        results.append(as_set(pushed) + as_set(stream.finish(video_scores=[0.9, 0.1, 0.8])))
    assert results[0] == results[1]
    assert len(results[0]) > 1


@pytest.mark.parametrize("name", CONFIGS)
@pytest.mark.parametrize(
    ("duration", "kind"),
    [
        (0.0, ValueError),
        (-1.0, ValueError),
        (np.nan, ValueError),
        (np.inf, ValueError),
        (9.9, ValueError),
        ("10", TypeError),
    ],
)
def test_duration_at_finish(name, duration, kind):
    """The last centre is at 15.5 * 0.64 = 9.92 s: no end before it."""
    stream = stream_with(CONFIGS[name])
    words = ["duration", str(duration).removesuffix(".0")]
    refuses(stream, kind, words, stream.finish, duration=duration, video_scores=[1, 1, 1])
    stream.finish(duration=9.92, video_scores=[1, 1, 1])
    assert stream.finished


@pytest.mark.parametrize(
    ("scores", "kind", "words"),
    [
        ([0.5, 0.5], ValueError, ["2 entries", "3"]),
        ([0.5, np.nan, 0.5], ValueError, ["[1]", "nan"]),
        ([0.5, 0.5, 1.5], ValueError, ["[2]", "1.5"]),
        ("high", TypeError, ["float32"]),
    ],
)
def test_video_scores_at_finish(scores, kind, words):
    stream = stream_with(CONFIGS["video"])
    refuses(stream, kind, ["video_scores", *words], stream.finish, video_scores=scores)


@pytest.mark.parametrize("name", CONFIGS)
def test_after_finish(name):
    """Everything but looking, saving and `reset` is over."""
    stream = stream_with(CONFIGS[name])
    stream.finish()
    calls = {"push": (CAS, RAW), "gap": (1,), "finish": ()}
    for call, args in calls.items():
        refuses(stream, ValueError, [f"{call} after finish"], getattr(stream, call), *args)
    stream.reset()
    assert (stream.finished, stream.num_snippets, stream.buffered_snippets) == (False, 0, 0)
    again, fresh = stream.push(CAS, cas=RAW), maker(CONFIGS[name], 3, 0.64)()
    assert as_set(again) == as_set(fresh.push(CAS, cas=RAW))
    assert stream.save() == fresh.save()


GOOD = {"config": CONFIGS["fixed"], "num_classes": 3, "snippet_seconds": 0.64}
BAD_SETTINGS = [
    ({"config": None}, TypeError, ["config", "NoneType"]),
    ({"config": PostprocessConfig.published()}, ValueError, ["mode", "published"]),
    ({"num_classes": 0}, ValueError, ["num_classes", "0"]),
    ({"num_classes": -3}, ValueError, ["num_classes", "-3"]),
    ({"num_classes": 2.5}, TypeError, ["num_classes", "2.5"]),
    ({"snippet_seconds": 0.0}, ValueError, ["snippet_seconds", "0"]),
    ({"snippet_seconds": np.nan}, ValueError, ["snippet_seconds", "nan"]),
    ({"snippet_seconds": np.inf}, ValueError, ["snippet_seconds", "inf"]),
    ({"snippet_seconds": "fast"}, TypeError, ["snippet_seconds", "'fast'"]),
    ({"config": CONFIGS["fixed"].replace(fixed_lo=[0, 0])}, ValueError, ["fixed_lo", "2 values"]),
]


@pytest.mark.parametrize(("changes", "kind", "words"), BAD_SETTINGS)
def test_settings(changes, kind, words):
    with pytest.raises(kind) as caught:
        StreamPostprocessor(**{**GOOD, **changes})
    assert isinstance(caught.value, basnet_rt.Error)
    for word in words:
        assert word in str(caught.value)
