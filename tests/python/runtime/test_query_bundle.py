"""A bundle of sentences' vectors: its network is the linear map that it stands for."""

from __future__ import annotations

import numpy as np
import pytest

import basnet_rt
from basnet_rt import InvalidValue
from basnet_rt.features.extractor_spec import ExtractorSpec
from basnet_rt.querying import write_query_bundle
from basnet_rt.video.frames import FrameFormat

SCALE, CHANNELS = 30.0, 24
TOLERANCE = 1e-4  # the engine rounds a logit of 30 to about 0.001


def unit_rows(seed: int, count: int) -> np.ndarray:
    rows = np.random.default_rng(seed).standard_normal((count, CHANNELS)).astype(np.float32)
    return rows / np.linalg.norm(rows, axis=1, keepdims=True)


def spec() -> ExtractorSpec:
    timing = {"fps": 25.0, "snippet_frames": 16, "snippet_stride": 16}
    frames = FrameFormat(pixels="rgb")
    return ExtractorSpec(
        name="hf", version=1, feature_dim=CHANNELS, frames=frames, settings={}, **timing
    )


def write(path, names=("a person falls", "a dog"), background=3):
    vectors, empty = unit_rows(1, len(names)), unit_rows(2, background)
    write_query_bundle(path, spec(), names, vectors, empty, SCALE, {"background": ["nothing"]})
    return vectors, empty


@pytest.mark.parametrize("snippets", [1, 2, 50])
def test_activations_are_a_softmax_over_sentences_and_their_background(tmp_path, snippets):
    """Catches taps of a neighbouring snippet, a lost sign, a background that suppresses nothing."""
    vectors, empty = write(tmp_path / "query.safetensors")
    model = basnet_rt.load(tmp_path / "query.safetensors")
    features = unit_rows(3, snippets)
    mean = empty.astype(np.float64).mean(axis=0)
    rows = np.concatenate([vectors, [mean / np.linalg.norm(mean)]])
    logits = SCALE * features.astype(np.float64) @ rows.T
    odds = np.exp(logits - logits.max(axis=1, keepdims=True))
    wanted = odds / odds.sum(axis=1, keepdims=True)
    np.testing.assert_allclose(model.forward(features)[0], wanted[:, :-1], atol=TOLERANCE)


def test_what_a_sentence_says_is_found_where_it_happens_live_as_well(tmp_path):
    """Catches settings under which a bundle of sentences finds nothing, or finds it everywhere."""
    vectors, empty = write(tmp_path / "query.safetensors")
    model = basnet_rt.load(tmp_path / "query.safetensors")
    features = np.concatenate([empty[[0] * 20], vectors[[0] * 10], empty[[1] * 20]])
    events = basnet_rt.Localizer(model)(features).events()
    assert [(one.name, round(one.start / 0.64), round(one.end / 0.64)) for one in events] == [
        ("a person falls", 20, 30)
    ]
    stream = basnet_rt.StreamingLocalizer(model)
    finals = [*stream.push(features), *stream.finish()]
    assert {one.name for one in finals} >= {"a person falls"}


@pytest.mark.parametrize(
    ("names", "background", "message"),
    [
        (("a", "a"), 1, "'a' is given twice"),
        (("a", " "), 1, "none of them empty"),
        ((), 1, "one or more"),
        (("a",), 0, "background: expected one sentence or more"),
    ],
)
def test_sentences_that_make_no_classes_are_refused(names, background, message, tmp_path):
    with pytest.raises(InvalidValue, match=message):
        write(tmp_path / "query.safetensors", names, background)
