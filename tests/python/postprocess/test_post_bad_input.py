"""Each kind of bad input of DESIGN section 7: the class of the error, and that its message names
the argument and the value. Checked once, in C++; Release builds check too."""

from __future__ import annotations

import numpy as np
import pytest

import basnet_rt
from basnet_rt import PostprocessConfig

GOOD = np.random.default_rng(0).random((6, 2)).astype(np.float32)
RAW = np.zeros((6, 3), np.float32)
VIDEO = PostprocessConfig.continuous()
FIXED = PostprocessConfig.continuous(normalisation="fixed", fixed_lo=[0, 0, 0], fixed_hi=[1, 1, 1])
HORIZON = PostprocessConfig.continuous(gate="horizon", horizon=2.0)
INF, NAN = float("inf"), float("nan")


def with_value(array, place, value):
    spoilt = array.copy()
    spoilt[place] = value
    return spoilt


BAD_CAS = [
    (GOOD[0], ValueError, ["(2,)", "(T, C)"]),
    (GOOD[None], ValueError, ["(1, 6, 2)", "(T, C)"]),
    (np.float32(1.0) * np.ones(()), TypeError, ["float64"]),
    (GOOD[:0], ValueError, ["(0, 2)", "at least one snippet"]),
    (GOOD.astype(np.float64), TypeError, ["float64", "float32"]),
    (GOOD.astype(np.float16), TypeError, ["float16", "float32"]),
    (GOOD.astype(np.int64), TypeError, ["int64", "float32"]),
    (GOOD.astype(np.complex64), TypeError, ["complex64", "float32"]),
    (GOOD.astype(">f4"), TypeError, [">f4", "native byte order"]),
    (np.asfortranarray(GOOD), TypeError, ["(6, 2)", "not C-contiguous"]),
    (GOOD[::2], TypeError, ["(3, 2)", "not C-contiguous"]),
    (GOOD[:, ::-1], TypeError, ["(6, 2)", "not C-contiguous"]),
    (GOOD.tolist(), TypeError, ["list", "NumPy"]),
    (None, TypeError, ["NoneType", "NumPy"]),
    (with_value(GOOD, (0, 0), NAN), ValueError, ["[0, 0]", "nan", "finite"]),
    (with_value(GOOD, (3, 1), INF), ValueError, ["[3, 1]", "inf", "finite"]),
    (with_value(GOOD, (5, 0), -INF), ValueError, ["[5, 0]", "-inf", "finite"]),
]


def check(kind, words, function, *args, **named):
    """The call raises the class, as a basnet_rt.Error too, and every word is in the message."""
    with pytest.raises(kind) as caught:
        function(*args, **named)
    assert isinstance(caught.value, basnet_rt.Error)
    for word in words:
        assert word in str(caught.value)


@pytest.fixture(params=[basnet_rt.propose, basnet_rt.postprocess])
def function(request):
    return request.param


@pytest.mark.parametrize("mode", ["continuous", "published"])
@pytest.mark.parametrize(("cas", "kind", "words"), BAD_CAS)
def test_cas(function, mode, cas, kind, words):
    config = PostprocessConfig.from_dict({"mode": mode})
    check(kind, ["cas", *words], function, cas, [0.5, 0.5], config, snippet_seconds=1.0)


def test_cas_without_classes(function):
    config = PostprocessConfig.continuous(gate="none")
    empty = np.zeros((6, 0), np.float32)
    check(ValueError, ["cas", "(6, 0)"], function, empty, None, config, snippet_seconds=1.0)


def test_tensors_are_not_cast_either(function):
    torch = pytest.importorskip("torch")
    call = (function, torch.zeros(6, 2, dtype=torch.float64), [0.5, 0.5], VIDEO)
    check(TypeError, ["cas", "float64"], *call, snippet_seconds=1.0)
    call = (function, torch.zeros(2, 6).T, [0.5, 0.5], VIDEO)
    check(TypeError, ["cas", "not C-contiguous"], *call, snippet_seconds=1.0)
    call = (function, torch.zeros(6, 2, dtype=torch.bfloat16), [0.5, 0.5], VIDEO)
    check(TypeError, ["cas"], *call, snippet_seconds=1.0)


@pytest.mark.parametrize("mode", ["continuous", "published"])
@pytest.mark.parametrize(
    ("scores", "kind", "words"),
    [
        (None, ValueError, ["None"]),
        ([0.5], ValueError, ["1 entries", "2"]),
        ([0.5] * 3, ValueError, ["3 entries", "2"]),
        ([[0.5, 0.5]], ValueError, ["(1, 2)"]),
        ([0.5, NAN], ValueError, ["[1]", "nan", "[0, 1]"]),
        ([-0.25, 0.5], ValueError, ["[0]", "-0.25", "[0, 1]"]),
        ([0.5, 1.5], ValueError, ["[1]", "1.5", "[0, 1]"]),
        ([INF, 0.5], ValueError, ["[0]", "inf", "[0, 1]"]),
        (["a", "b"], TypeError, ["float32"]),
        ([[0.5], [0.5, 0.5]], TypeError, ["float32"]),
    ],
)
def test_video_scores(function, mode, scores, kind, words):
    config = PostprocessConfig.from_dict({"mode": mode})
    check(kind, ["video_scores", *words], function, GOOD, scores, config, snippet_seconds=1.0)


@pytest.mark.parametrize("mode", ["continuous", "published"])
@pytest.mark.parametrize("name", ["snippet_seconds", "duration"])
@pytest.mark.parametrize(
    ("value", "kind", "shown"),
    [
        (0, ValueError, "0"),
        (-0.64, ValueError, "-0.64"),
        (NAN, ValueError, "nan"),
        (INF, ValueError, "inf"),
        ("1 s", TypeError, "'1 s'"),
        ([1.0, 2.0], TypeError, "[1.0, 2.0]"),
    ],
)
def test_seconds(function, mode, name, value, kind, shown):
    config = PostprocessConfig.from_dict({"mode": mode})
    named = {"snippet_seconds": 1.0, name: value}
    check(kind, [name, f"is {shown}"], function, GOOD, [0.5, 0.5], config, **named)


def test_snippet_seconds_must_be_given(function):
    words = ["snippet_seconds", "None"]
    check(TypeError, words, function, GOOD, [0.5, 0.5], VIDEO, snippet_seconds=None)


@pytest.mark.parametrize("config", [None, {"mode": "continuous"}, "continuous"])
def test_config_kind(function, config):
    words = ["config", type(config).__name__, "PostprocessConfig"]
    check(TypeError, words, function, GOOD, [0.5, 0.5], config, snippet_seconds=1.0)


def test_fixed_range_for_another_number_of_classes(function):
    words = ["fixed_lo", "3 values", "(2)"]
    check(ValueError, words, function, GOOD, [0.5, 0.5], FIXED, snippet_seconds=1.0)


@pytest.mark.parametrize(
    ("raw_cas", "kind", "words"),
    [
        (None, ValueError, ["None", "(T, C+1)"]),
        (RAW[:, :2].copy(), ValueError, ["(6, 2)", "(6, 3)"]),
        (RAW[:5], ValueError, ["(5, 3)", "(6, 3)"]),
        (RAW[0], ValueError, ["(3,)"]),
        (RAW.astype(np.float64), TypeError, ["float64"]),
        (RAW.T.copy().T, TypeError, ["not C-contiguous"]),
        (with_value(RAW, (4, 2), NAN), ValueError, ["[4, 2]", "nan"]),
        (with_value(RAW, (4, 2), -INF), ValueError, ["[4, 2]", "-inf"]),
        (RAW.tolist(), TypeError, ["list"]),
    ],
)
def test_raw_cas(function, raw_cas, kind, words):
    named = {"snippet_seconds": 1.0, "raw_cas": raw_cas}
    check(kind, ["raw_cas", *words], function, GOOD, None, HORIZON, **named)


def test_good_input_is_good(function):
    """Catches a fixture of this file that would fail for another reason than the one tested."""
    assert len(function(GOOD, [0.5, 0.5], VIDEO, snippet_seconds=1.0)) > 0
    function(GOOD, None, HORIZON, snippet_seconds=1.0, raw_cas=RAW)
