"""The steps from a package to a table: train, export, localize in three ways, evaluate."""

from __future__ import annotations

import dataclasses
import json
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from basnet_rt import Detections, Localizer, evaluate, load
from basnet_rt._system.whole_file import write_whole
from basnet_rt.annotations import AnnotationSet
from basnet_rt.features import FeatureSource
from basnet_rt.formats.result_files import write_results
from basnet_rt.model.model import Model
from basnet_training.config import Config, load_config
from basnet_training.export import describe, export_bundle
from basnet_training.runs import load_model
from basnet_training.trainer import fit

from .package import FEATURE_FPS, FRAMES, Package, Rates, find_package, seconds_of_snippets
from .papers import Paper, readings

MODEL, SUMMARY, TRAINING = "model.pt", "reproduce.json", "training"
Say = Callable[[str], None]
Found = Mapping[str, Detections]


def reproduce(
    paper: Paper, folder: Path, output: Path, overrides: Mapping[str, Any], say: Say
) -> dict[str, Any]:
    """Do the steps that are not done yet, and evaluate.

    Args:
        overrides: settings by dotted name that replace the preset's.

    Returns:
        Plain values: printed and own mAP in percent by way of post-processing, and their origin.

    Raises:
        ValueError: no package of that layout, or it does not fit the preset.
    """
    package = find_package(folder)
    source, names, truth = package.test_videos()
    rates = seconds_of_snippets(package, source, truth)
    say(f"package: {package.folder}, {len(names)} test videos of {source.feature_dim} channels")
    say(f"rate of the features: {rates.describe()}")
    config = _config(paper, package, overrides)
    seconds = _train(config, output, say)
    model = load(output / MODEL)
    found = {
        name: _localize(model, settings, source, names, rates)
        for name, settings in readings(load_model(output / TRAINING).config).items()
    }
    rows = {name: _score(paper, truth, names, one) for name, one in found.items()}
    for name, one in found.items():
        write_results(output / f"results_{name.replace(', ', '_')}.json", one, _about(model))
    summary = {
        "dataset": paper.preset,
        "protocol": paper.protocol,
        "levels": paper.levels,
        "printed": paper.printed,
        "readings": rows,
        "videos": len(names),
        "simulated": truth.simulated,
        "rate": rates.describe(),
        "seconds_per_iteration": seconds,
        "model": str(output / MODEL),
    }
    write_whole(output / SUMMARY, [json.dumps(summary, indent=1), "\n"])
    return summary


def table(paper: Paper, found: Mapping[str, Any]) -> list[str]:
    """Lines for people: the printed row, then a row for each way of post-processing."""
    last = "mean"
    rows = {"printed": list(paper.printed), **found["readings"]}
    width = max(len(name) for name in rows)
    heads = [f"{level:g}" for level in paper.levels] + [last]
    lines = [" ".join([f"{'mAP (%) at tIoU':<{width}}", *(f"{one:>6}" for one in heads)])]
    width = len(lines[0]) - 7 * len(heads)
    for name, values in rows.items():
        lines.append(f"{name:<{width}}" + "".join(f" {value:6.1f}" for value in values))
    if found["simulated"]:
        lines.append("SIMULATED features: these rows say nothing of the paper's data")
    return lines


def _config(paper: Paper, package: Package, overrides: Mapping[str, Any]) -> Config:
    data = {f"data.{key}": value for key, value in package.training().items()}
    return load_config(
        paper.preset,
        {
            "data.snippet_frames": FRAMES,
            "data.snippet_stride": FRAMES,
            "data.fps": FEATURE_FPS,
            "run.tensorboard": False,
            **data,
            **overrides,
        },
    )


def _train(config: Config, output: Path, say: Say) -> float | None:
    """Fit and export; returns seconds per iteration, None if nothing was left to do."""
    folder = output / TRAINING
    before = load_model(folder).step if (folder / "model.safetensors").is_file() else 0
    say(f"training: {config.optim.iterations} iterations of {config.optim.batch_size} videos")
    start = time.perf_counter()
    done = fit(config, folder, resume=True)
    spent = time.perf_counter() - start
    model = load_model(folder)
    export_bundle(model.network, describe(model.config), output / MODEL)
    return spent / (done.step - before) if done.step > before else None


def _localize(
    model: Model, settings: Any, source: FeatureSource, names: tuple[str, ...], rates: Rates
) -> Found:
    """Detections by video, in seconds of the recording."""
    localizer = Localizer(model, settings)
    found = {}
    for name in names:
        one = localizer(source.read(name))
        scale = FEATURE_FPS / rates.of.get(name, FEATURE_FPS)
        found[name] = dataclasses.replace(one, segments=np.asarray(one.segments) * scale)
    return found


def _score(paper: Paper, truth: AnnotationSet, names: tuple[str, ...], found: Found) -> list[float]:
    """mAP in percent at the table's levels, then its mean."""
    marked = truth.select([name for name in names if name in truth.videos])
    levels = sorted({*paper.levels, *paper.averaged})
    report = evaluate(
        marked,
        found,
        subset=None,
        tiou_thresholds=levels,
        protocol=paper.protocol,
        unknown_labels="ignore",  # a part of the package may not have every class
    )
    of = dict(zip(levels, report.map.tolist(), strict=True))
    mean = sum(of[level] for level in paper.averaged) / len(paper.averaged)
    return [100 * value for value in (*(of[level] for level in paper.levels), mean)]


def _about(model: Model) -> dict[str, Any]:
    metadata = model.metadata
    return {
        "simulated": bool(metadata.provenance.get("simulated", False)),
        "classes": list(metadata.classes),
        "bundle": dict(metadata.provenance),
    }
