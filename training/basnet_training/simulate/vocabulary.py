"""The prototype vectors that every video of one simulation shares.

A feature is a weighted sum of rows of the vocabulary plus white noise, clipped at zero. Rows for
visible things are sparse and non-negative; nuisance directions have both signs. Every row has RMS
one over channels, so a weight is a strength.
"""

from __future__ import annotations

import dataclasses

import numpy as np
import numpy.typing as npt

from .config import SimulationConfig
from .randomness import Floats, generator

Rows = npt.NDArray[np.float32]


@dataclasses.dataclass(frozen=True)
class Vocabulary:
    """Row blocks, in the order in which `rows` stacks them. C classes, P phases, F channels.

    phases, distractors (C, P, F); contexts (C, F); modes (M, F); nuisances (R, F); float32.
    `salience` (C, P) float64: strength of each phase, from `config.weakest_phase` to 1.
    """

    classes: tuple[str, ...]
    phases: Rows
    distractors: Rows
    contexts: Rows
    modes: Rows
    nuisances: Rows
    salience: Floats

    @property
    def rows(self) -> Rows:
        """Shape (2 C P + C + M + R, F)."""
        flat = self.phases.shape[-1]
        blocks = (self.phases, self.distractors, self.contexts, self.modes, self.nuisances)
        return np.concatenate([block.reshape(-1, flat) for block in blocks])


def make_vocabulary(config: SimulationConfig, classes: tuple[str, ...], seed: int) -> Vocabulary:
    """Draw the vocabulary of `seed`. A class's rows depend on its place in `classes`."""
    phases = _phases(config, len(classes), seed)
    return Vocabulary(
        classes=classes,
        phases=phases,
        distractors=_distractors(config, phases, seed),
        contexts=_contexts(config, len(classes), seed),
        modes=_sparse(config, seed, "modes", config.background_modes),
        nuisances=_signed(config, seed),
        salience=_salience(config, len(classes), seed),
    )


def _unit(rows: Floats) -> Rows:
    rms = np.sqrt(np.mean(np.square(rows), axis=-1, keepdims=True))
    return (rows / np.where(rms > 0, rms, 1.0)).astype(np.float32)


def _sparse(config: SimulationConfig, seed: int, name: str, count: int) -> Rows:
    """Rows (count, F): exponential values in a share `density` of the channels, at least in one."""
    shape = (count, config.feature_dim)
    random = generator(seed, "vocabulary", name)
    values = random.standard_exponential(shape)
    excited = random.random(shape) < config.density
    excited[np.arange(count), random.integers(config.feature_dim, size=count)] = True
    return _unit(np.where(excited, values, 0.0))


def _signed(config: SimulationConfig, seed: int) -> Rows:
    shape = (config.nuisance_rank, config.feature_dim)
    return _unit(generator(seed, "vocabulary", "nuisances").standard_normal(shape))


def _blend(own: Rows, shared: Rows, share: float) -> Rows:
    """`share` of the energy (not of the amplitude) from `shared`, the rest from `own`."""
    return _unit(np.sqrt(1 - share) * own.astype(np.float64) + np.sqrt(share) * shared)


def _phases(config: SimulationConfig, classes: int, seed: int) -> Rows:
    own = _sparse(config, seed, "phases", classes * config.phases)
    motion = _sparse(config, seed, "motion", 1)
    blended = _blend(own, motion, config.action_common)
    return blended.reshape(classes, config.phases, config.feature_dim)


def _distractors(config: SimulationConfig, phases: Rows, seed: int) -> Rows:
    other = _sparse(config, seed, "distractors", phases.shape[0] * phases.shape[1])
    return _blend(other.reshape(phases.shape), phases, config.distractor_similarity)


def _contexts(config: SimulationConfig, classes: int, seed: int) -> Rows:
    own = _sparse(config, seed, "contexts", classes)
    groups = -(-classes // config.context_group)
    places = _sparse(config, seed, "places", groups)
    return _blend(own, places[np.arange(classes) // config.context_group], config.context_sharing)


def _salience(config: SimulationConfig, classes: int, seed: int) -> Floats:
    """Strengths (C, P): for each class, evenly spaced from the weakest to 1, in random order."""
    if config.phases == 1:
        return np.ones((classes, 1))
    levels = np.linspace(config.weakest_phase, 1.0, config.phases)
    random = generator(seed, "vocabulary", "salience")
    return np.stack([random.permutation(levels) for _ in range(classes)])
