"""cctv_fights for choosing settings: held-out scenes of training videos, from tags alone.

bench/accuracy/cctv_selection.py says how they are made. What it trained is found in its folder, or
trained now.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

from basnet_rt import PostprocessConfig
from basnet_training.dataset import open_videos
from bench.accuracy.cctv_scenes import Ints, Snippets, divide, likely_segments, read_snippets
from bench.accuracy.cctv_selection import (
    CHOSEN,
    CHOSEN_STEP,
    FOLDS,
    LABEL,
    cut_out,
    one_run,
    preset,
)
from bench.accuracy.remembered_projection import remembered_projections
from bench.streaming.recordings import LOOK_AHEAD, SNIPPET_SECONDS, DataSet, Recording, one_class
from bench.tables import DATA, RUNS, FinishedRuns


def held_out_scenes(seeds: int = 3, runs: Path = RUNS / "cctv_selection") -> DataSet:
    """Training videos with their likely segments; a group a seed.

    The snippets of a video were scored by four networks, none of which saw the snippet's scene.
    """
    recipe = preset(DATA / "cctv_fights")
    snippets = read_snippets(open_videos(recipe.data))
    fold_of = divide(snippets, FOLDS)
    values = [scored(snippets, fold_of, seed, runs) for seed in range(seeds)]
    groups = tuple(as_recordings(snippets, one) for one in values)
    config = PostprocessConfig.from_dict(recipe.postprocess).replace(gate="none")
    return DataSet("held-out scenes", (LABEL,), config, groups, "seed")


def scored(snippets: Snippets, fold_of: Ints, seed: int, runs: Path) -> np.ndarray:
    """(N,) activation of every training snippet."""
    finished, values = FinishedRuns(runs / "runs.jsonl"), np.zeros(len(fold_of))
    for fold in range(FOLDS):
        data, held = runs / f"division_0_fold_{fold}", fold_of == fold
        cut_out(snippets, held, data)
        with remembered_projections():
            found = one_run(finished, snippets, held, data, CHOSEN, seed)
        values[held] = found[str(CHOSEN_STEP)]["values"]
    return values


def as_recordings(snippets: Snippets, values: np.ndarray) -> tuple[Recording, ...]:
    """One per training video; no CAS, so for gate "none" alone."""
    found = []
    for place, name in enumerate(snippets.names):
        rows = values[snippets.of(place), None].astype(np.float32)
        truth = one_class(likely_segments(snippets, place, SNIPPET_SECONDS))
        cas = np.zeros((len(rows), 2), np.float32)
        found.append(Recording(name, rows, cas, truth, LOOK_AHEAD))
    return tuple(found)
