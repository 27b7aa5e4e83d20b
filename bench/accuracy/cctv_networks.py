"""The trained cctv_fights networks that several measurements use."""

from __future__ import annotations

import argparse
from functools import cache
from pathlib import Path

import torch

from basnet_rt import load
from basnet_rt.features import FeatureSource, open_features
from basnet_rt.model import Model
from bench import tables
from bench.accuracy import cctv_fights
from bench.accuracy.remembered_projection import remembered_projections

DATA = tables.DATA / "cctv_fights"
RESULTS = tables.DOCS / "results.md"
RUNS = tables.RUNS / "cctv_fights"


def bundle(work: Path | None, variant: str, seed: int, activation: str | None = None) -> Model:
    """The bundle of one variant and seed; trained and exported if it does not exist.

    Args:
        work: folder of trained networks; None takes that of bench/accuracy/cctv_fights.py.
        activation: None for the recipe's.
    """
    torch.set_num_threads(1)
    options = argparse.Namespace(data=DATA, quick=False)
    config = cctv_fights.settings(options, variant, seed)
    folder = (work or RUNS) / f"{variant}_{seed}_{config.digest()}"
    path = folder / f"{activation or 'own'}.pt"
    if path.is_file():
        return load(path)
    with remembered_projections():
        own = cctv_fights.train(config, folder)
        return own if activation is None else cctv_fights.export(folder, activation)


@cache
def test_features() -> FeatureSource:
    """Features of the 28 test videos."""
    return open_features(DATA / "features" / "test")
