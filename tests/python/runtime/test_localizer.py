"""`Localizer`: which snippets it looks at, when they are, and with which settings."""

from __future__ import annotations

import numpy as np
import pytest
import tiny_bundle
import torch

import basnet_rt
from basnet_rt import PostprocessConfig
from basnet_rt.localize.localizer import uniform_rows

SNIPPET_SECONDS = 16 / 25


def assert_equal(got, want, atol=0.0):
    np.testing.assert_array_equal(got.labels, want.labels)
    np.testing.assert_allclose(got.scores, want.scores, rtol=0, atol=atol)
    np.testing.assert_array_equal(got.segments, want.segments)


def test_continuous_is_postprocess_of_the_models_output(model, make_features):
    """At native rate, with the bundle's own settings and names."""
    features = make_features(60)
    output = model.forward(features)
    want = basnet_rt.postprocess(
        output.activations,
        output.video_scores,
        model.config,
        snippet_seconds=SNIPPET_SECONDS,
    )
    got = basnet_rt.Localizer(model)(features)
    assert len(got) > 3
    assert_equal(got, want, atol=1e-6)  # the core computes the video scores anew, in float64
    assert got.mode == "continuous"
    assert got.names == [model.classes[label] for label in got.labels]


def test_duration_clips_to_the_video(model, make_features):
    """The last snippet often reaches beyond the end."""
    features = make_features(60)
    config = model.configure(gate="none", cas_thresholds=[0.0])
    localizer = basnet_rt.Localizer(model, config)
    whole, clipped = localizer(features), localizer(features, duration=38.0)
    assert whole.segments.max() == pytest.approx(60 * SNIPPET_SECONDS)
    assert clipped.segments.max() == 38.0


@pytest.mark.parametrize("num_snippets", [7, 50, 51, 123])
def test_published_takes_the_released_codes_snippets(tmp_path, make_features, num_snippets):
    """Shorter videos repeat snippets; times are stretched to the video's own."""
    path = tiny_bundle.write(tmp_path / "b.pt", num_segments=50)
    model = basnet_rt.load(path)
    features = make_features(num_snippets)
    config = PostprocessConfig.published(class_threshold=0.01)
    rows = np.floor(np.arange(50) * num_snippets / 50).astype(int)
    output = model.forward(features[rows])
    want = basnet_rt.postprocess(
        output.activations,
        output.video_scores,
        config,
        snippet_seconds=16 * num_snippets / (50 * 25),
    )
    for kind in (np.asarray, torch.from_numpy):
        got = basnet_rt.Localizer(model, config)(kind(features))
        assert len(got) > 0
        assert_equal(got, want)
        assert got.mode == "published"


def test_uniform_rows_are_the_released_codes():
    """Integer division against the released floor of floats, over many lengths."""
    for num_segments in (1, 7, 320, 750):
        for num_snippets in [*range(1, 200), 749, 750, 751, 123_457]:
            want = np.floor(np.arange(num_segments) * num_snippets / num_segments).astype(int)
            np.testing.assert_array_equal(uniform_rows(num_snippets, num_segments), want)


def test_published_without_a_number_of_segments_is_native(model, make_features):
    features = make_features(40)
    config = PostprocessConfig.published(class_threshold=0.01)
    output = model.forward(features)
    want = basnet_rt.postprocess(
        output.activations, output.video_scores, config, snippet_seconds=SNIPPET_SECONDS
    )
    assert_equal(basnet_rt.Localizer(model, config)(features), want)


def test_gate_horizon_gets_the_raw_cas(model, make_features):
    """It is computed from the background column, which the activations lack."""
    features = make_features(60)
    config = model.configure(gate="horizon", horizon=5.0)
    output = model.forward_with_cas(features)
    want = basnet_rt.postprocess(
        output.activations,
        output.video_scores,
        config,
        snippet_seconds=SNIPPET_SECONDS,
        raw_cas=output.cas,
    )
    assert len(want) > 0
    assert_equal(basnet_rt.Localizer(model, config)(features), want)
    assert_equal(basnet_rt.Localizer(model, config).localize_batch([features])[0], want)


@pytest.mark.parametrize("num_threads", [1, 2])
def test_batch_is_one_by_one(model, make_features, num_threads):
    videos = [make_features(n, seed=n) for n in (1, 2, 30, 77)]
    durations = [None, 1.0, 18.5, None]
    localizer = basnet_rt.Localizer(model)
    batch = localizer.localize_batch(videos, durations=durations, num_threads=num_threads)
    for got, features, duration in zip(batch, videos, durations, strict=True):
        assert_equal(got, localizer(features, duration=duration))
        assert got.classes == model.classes
    assert localizer.localize_batch([]) == []


def test_batch_counts_its_durations(model, make_features):
    with pytest.raises(basnet_rt.InvalidValue, match="durations has 1"):
        basnet_rt.Localizer(model).localize_batch([make_features(3)] * 2, durations=[1.0])


def test_settings_that_do_not_fit_fail_at_once(model):
    """Two ranges for three classes: not after an hour of localizing."""
    config = PostprocessConfig(normalisation="fixed", fixed_lo=[0, 0], fixed_hi=[1, 1])
    with pytest.raises(basnet_rt.InvalidValue, match=r"fixed_lo has 2 values.*\(3\)"):
        basnet_rt.Localizer(model, config)


@pytest.mark.parametrize(("of", "config"), [(None, None), ("path.pt", None), ("model", {})])
def test_arguments_of_the_wrong_kind(model, of, config):
    with pytest.raises(basnet_rt.InvalidType, match="it must"):
        basnet_rt.Localizer(model if of == "model" else of, config)


def test_configure_changes_what_is_named(model):
    changed = model.configure(nms_iou=0.4)
    assert changed == model.config.replace(nms_iou=0.4)


def test_another_mode_starts_from_its_defaults(tmp_path):
    """A setting of one mode alone would make the other refuse."""
    path = tiny_bundle.write(tmp_path / "b.pt", postprocess={"min_duration": 2.0})
    model = basnet_rt.load(path)
    assert model.configure(mode="published") == PostprocessConfig.published()
    assert model.configure(mode="continuous").min_duration == 2.0


def test_the_models_share_of_best_snippets_stays(tmp_path):
    """It belongs to the network, not to the settings: no mode and no change may lose it."""
    model = basnet_rt.load(tiny_bundle.write(tmp_path / "b.pt", topk_divisor=4))
    for config in (model.config, model.configure(mode="published"), model.configure(nms_iou=0.3)):
        assert config.topk_divisor == 4


def test_fixed_takes_the_calibration(tmp_path, model):
    from basnet_rt.model.bundle import Calibration

    calibration = Calibration((-1.0, -2.0, -3.0), (1.0, 2.0, 3.0))
    path = tiny_bundle.write(tmp_path / "b.pt", calibration=calibration)
    config = basnet_rt.load(path).configure(normalisation="fixed")
    assert (config.fixed_lo, config.fixed_hi) == (calibration.lo, calibration.hi)
    given = basnet_rt.load(path).configure(normalisation="fixed", fixed_lo=0, fixed_hi=5)
    assert (given.fixed_lo, given.fixed_hi) == ((0.0,), (5.0,))
    with pytest.raises(basnet_rt.InvalidValue, match="not calibrated"):
        model.configure(normalisation="fixed")


def test_fixed_of_probabilities_needs_no_calibration(tmp_path):
    model = basnet_rt.load(tiny_bundle.write(tmp_path / "b.pt", activation="softmax"))
    config = model.configure(normalisation="fixed")
    assert (config.fixed_lo, config.fixed_hi) == ((0.0,), (1.0,))
