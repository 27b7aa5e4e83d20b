"""Calibration: the documented statistic, hi above lo whatever comes, on runs and on bundles."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from basnet_rt import InvalidValue
from basnet_rt.model.bundle import read_metadata
from basnet_training.calibrate import calibrate, fitting_calibration, typical_range
from basnet_training.calibrate_target import calibrate_bundle, calibrate_run
from basnet_training.dataset import open_videos
from basnet_training.export import describe, export_bundle
from basnet_training.runs import load_model
from basnet_training.trainer import fit


def test_extremes_are_medians_over_the_tagged_videos():
    extremes = np.array([[[0.1], [1.0]], [[-3.0], [2.0]], [[0.3], [7.0]], [[9.0], [99.0]]])
    labels = np.array([[1], [1], [1], [0]], dtype=np.float32)
    found = typical_range(extremes, labels)
    assert (found.lo, found.hi) == ((0.1,), (2.0,))


@pytest.mark.parametrize("lowest", [0.7, 0.9])  # in clips of several snippets, and of one
def test_clips_filled_by_their_action_take_the_background_of_other_videos(lowest):
    filled = [[[lowest], [0.9]]] * 3
    others = [[[0.01], [0.2]], [[0.03], [0.4]], [[0.02], [0.3]]]
    labels = np.array([[1], [1], [1], [0], [0], [0]], dtype=np.float32)
    found = typical_range(np.array(filled + others), labels)
    assert (found.lo, found.hi) == ((0.02,), (0.9,))


@pytest.mark.parametrize(
    ("rows", "lo", "hi"),
    [
        ([[-3, -1], [-5, -2]], -4.0, -1.5),  # never above 0: the plain extremes
        ([[2, 2], [2, 2]], 2.0, 3.0),  # all-equal activations
        ([[0, 0]], 0.0, 1.0),
    ],
)
def test_hi_is_above_lo_whatever_the_class_does(rows, lo, hi):
    extremes = np.array(rows, dtype=float)[:, :, None]
    for labels in (np.ones((len(rows), 1)), np.zeros((len(rows), 1))):
        found = typical_range(extremes, labels.astype(np.float32))
        assert (found.lo, found.hi) == ((lo,), (hi,))


def test_unit_is_for_probabilities(config):
    videos = open_videos(config.data)
    found = calibrate(torch.sigmoid, videos, activation="softmax", method="unit")
    assert (found.calibration.lo, found.calibration.hi) == ((0.0, 0.0), (1.0, 1.0))
    with pytest.raises(InvalidValue, match="unit"):
        calibrate(torch.sigmoid, videos, activation="raw", method="unit")


def test_measured_on_whole_videos_as_the_model_sees_them(config):
    """Activations that are the first two channels: the range is known from the files."""
    videos = open_videos(config.data)
    found = calibrate(lambda x: x[..., :2], videos, activation="raw", shown=False)
    wholes = [videos.source.read(name) for name in videos.names]
    for index in range(2):
        tagged = [w[:, index] for w, row in zip(wholes, videos.labels, strict=True) if row[index]]
        assert found.calibration.hi[index] == pytest.approx(np.median([w.max() for w in tagged]))
        assert found.calibration.lo[index] == pytest.approx(np.median([w.min() for w in tagged]))


def test_a_run_keeps_its_calibration_for_export(configure, tmp_path):
    fit(configure(), tmp_path, shown=False)
    assert fitting_calibration(tmp_path, "raw") is None
    done = calibrate_run(tmp_path, {}, None, "fused")
    assert fitting_calibration(tmp_path, "fused") == done.calibration
    assert done.videos == 8
    with pytest.raises(InvalidValue, match="calibrate again"):
        fitting_calibration(tmp_path, "raw")


def test_a_bundle_calibrates_as_its_run(configure, dataset, tmp_path):
    postprocess = {"mode": "continuous", "normalisation": "fixed"}
    fit(configure(postprocess=postprocess), tmp_path, shown=False)
    of_run = calibrate_run(tmp_path, {}, None, "raw").calibration
    model, path = load_model(tmp_path), tmp_path / "m.pt"
    export_bundle(model.network, describe(model.config), path)
    data = {
        "data.features": dataset / "features",
        "data.annotations": dataset / "annotations.json",
    }
    of_bundle = calibrate_bundle(path, data, None, None).calibration
    np.testing.assert_allclose(of_bundle.hi, of_run.hi, rtol=1e-5)
    metadata = read_metadata(path)
    assert metadata.calibration == of_bundle
    assert metadata.postprocess["fixed_hi"] == list(of_bundle.hi)
    calibrate_bundle(path, {**data, "data.subset": "train"}, None, None)
    assert read_metadata(path).postprocess["fixed_hi"] == list(of_bundle.hi)
    with pytest.raises(InvalidValue, match="exported with 'raw'"):
        calibrate_bundle(path, data, None, "fused")
