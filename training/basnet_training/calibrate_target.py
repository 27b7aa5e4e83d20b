"""Calibration of a run's folder or of a bundle."""

from __future__ import annotations

import dataclasses
import tempfile
from pathlib import Path
from typing import Any

import torch

from basnet_rt import InvalidValue, load
from basnet_rt.model.bundle import BundleMetadata
from basnet_rt.model.copies import rewrite_metadata

from .calibrate import Calibrated, calibrate
from .confidence import CONFIDENCE_FILE
from .config import Config, DataConfig, check_config
from .dataset import open_videos
from .export import postprocess_fields
from .heldout import fit_confidence, look_at
from .runs import TrainedModel, load_model
from .scripted import InferenceNetwork
from .validation import divide


def calibrate_run(
    folder: Path, data: dict[str, Any], method: str | None, activation: str | None
) -> Calibrated:
    """Calibrate a run's network, and store the result in its folder for `export`.

    data: settings such as {"data.features": path} that replace the run's own.
    """
    model = load_model(folder)
    config = _replace(model.config, data, method, activation)
    module = InferenceNetwork(model.network, config.export.activation, torch.float32).eval()
    done = calibrate(
        lambda features: module(features)[0],
        open_videos(config.data),
        activation=config.export.activation,
        method=config.export.calibration,
        num_segments=config.sampling.num_segments,
    )
    done.save(folder)
    _fit_confidence(folder, model, done)
    return done


def _fit_confidence(folder: Path, model: TrainedModel, done: Calibrated) -> None:
    """Fit confidence on the videos that the run held out; an earlier one is replaced."""
    (folder / CONFIDENCE_FILE).unlink(missing_ok=True)
    if not model.config.validation.folds:
        return
    _, held = divide(open_videos(model.config.data), model.config.validation)
    with tempfile.TemporaryDirectory() as place:
        found = look_at(model, done.calibration, held, Path(place) / "model.pt")
    fit_confidence(found, held, 1).save(folder, done.activation)


def calibrate_bundle(
    path: Path, data: dict[str, Any], method: str | None, activation: str | None
) -> Calibrated:
    """Calibrate a bundle of any format, and rewrite it with the result."""
    model = load(path)
    metadata = model.metadata
    if activation not in (None, metadata.activation):
        raise InvalidValue(f"activation: {path} was exported with {metadata.activation!r}")
    config = _replace(Config(data=_data(metadata)), data, method, metadata.activation)
    done = calibrate(
        lambda features: torch.from_numpy(model.forward(features[0].numpy())[0]).unsqueeze(0),
        open_videos(config.data),
        activation=metadata.activation,
        method=config.export.calibration,
        num_segments=metadata.num_segments,
    )
    settings = {
        name: value
        for name, value in metadata.postprocess.items()
        if name not in ("fixed_lo", "fixed_hi")
    }
    fields = postprocess_fields(settings, done.calibration)
    changed = dataclasses.replace(
        metadata,
        calibration=done.calibration,
        postprocess=fields,
        confidence=None,  # it was fitted to scores with the earlier range
    )
    rewrite_metadata(path, changed, path)
    return done


def _data(metadata: BundleMetadata) -> DataConfig:
    fields = {"classes": metadata.classes, "feature_dim": metadata.feature_dim}
    extractor = None if metadata.extractor is None else dict(metadata.extractor)
    return DataConfig.model_validate(
        {**fields, "modality": metadata.modality, "extractor": extractor}
    )


def _replace(
    config: Config, data: dict[str, Any], method: str | None, activation: str | None
) -> Config:
    values = config.model_dump()
    for key, value in data.items():
        values["data"][key.removeprefix("data.")] = value
    for key, choice in (("calibration", method), ("activation", activation)):
        if choice is not None:
            values["export"][key] = choice
    return check_config(values, "calibrate")
