"""The trainings of a sweep: a variant of the settings, a seed and a fold each; here or on Ray."""

from __future__ import annotations

import hashlib
import itertools
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote

import torch

from basnet_rt import Error, InvalidValue
from basnet_rt.cluster.extraction import this_node
from basnet_rt.cluster.pool import SetAside, WorkerPool
from basnet_rt.cluster.session import Workers, connected, fitting
from basnet_training.config import Config, load_config
from basnet_training.overrides import parse_override
from basnet_training.trainer import fit

AS_GIVEN = "as given"
SECTIONS = ("network", "sampling", "loss", "optim")  # of settings that can be compared
OF_THE_SWEEP = ("run.seed", "validation.folds", "validation.fold", "validation.select")
LONGEST_NAME = 80  # of a folder, before its digest
_PATHS = ("features", "annotations", "split", "corrected")  # settings of section `data`


@dataclass(frozen=True)
class Trial:
    """One training.

    Attributes:
        variant: the settings that `--each` gives, such as "loss.alpha=0.001"; or `AS_GIVEN`.
        folder: of the run.
    """

    variant: str
    seed: int
    fold: int
    config: Config
    folder: Path

    @property
    def name(self) -> str:
        return f"{self.variant}, seed {self.seed}, fold {self.fold}"


@dataclass(frozen=True)
class TrialResult:
    """The measures of a trial's network on its held-out videos, or the reason why it failed."""

    measures: Mapping[str, float]
    error: str | None = None


def variants(each: Sequence[str]) -> list[dict[str, Any]]:
    """Every combination of the values in `KEY=VALUE,VALUE`; one without settings for no text.

    Raises:
        ValueError: a text has another form, or a setting cannot be compared or is given twice.
    """
    choices: dict[str, list[Any]] = {}
    for text in each:
        key, _, values = text.partition("=")
        section, _, field = key.partition(".")
        parts = values.split(",")
        if not all(parts) or not field or values[0] in "[{\"'":
            raise InvalidValue(
                f"--each {text}: expected KEY=VALUE,VALUE with single values, such as "
                "optim.lr=0.001,0.0001 (null for none)"
            )
        if section not in SECTIONS:
            raise InvalidValue(
                f"--each {key}: held-out tags compare settings of {', '.join(SECTIONS)}; for "
                "others make a sweep each (basnet-rt tune chooses those of post-processing)"
            )
        if key in choices:
            raise InvalidValue(f"--each {key} is given twice; give all its values in one")
        choices[key] = [parse_override(f"{key}={one}")[1] for one in parts]
    return [
        dict(zip(choices, values, strict=True)) for values in itertools.product(*choices.values())
    ]


def check_fixed(fixed: Mapping[str, Any], each: Sequence[Mapping[str, Any]]) -> None:
    """Refuse settings of all runs that the sweep would override.

    Raises:
        ValueError: names the first one.
    """
    for key in fixed:
        if key in OF_THE_SWEEP or key in ("run", "validation"):
            raise InvalidValue(f"--set {key}: the sweep sets it; give --seeds or --folds")
        if key in each[0]:
            raise InvalidValue(f"{key} is given by --set and by --each; remove one of the two")


def trials(
    source: str,
    fixed: Mapping[str, Any],
    each: Sequence[Mapping[str, Any]],
    seeds: int,
    folds: int,
    folder: Path,
) -> list[Trial]:
    """All of them: by variant, then seed, then fold.

    Args:
        source, fixed: a preset or file, and settings of all variants.
        each: from `variants`.

    Raises:
        ValueError: a setting is wrong, or two variants are the same.
    """
    made: dict[Path, Trial] = {}
    origins = {"data.features": "--features", "data.annotations": "--annotations"}
    for changes in each:
        given = origins | {key: f"--each {key}" for key in changes}
        for seed, fold in itertools.product(range(seeds), range(folds)):
            own = dict(zip(OF_THE_SWEEP, (seed, folds, fold, "last"), strict=True))
            config = _absolute(load_config(source, {**fixed, **changes, **own}, given))
            variant = variant_name(config, changes)
            place = folder / folder_name(variant) / f"seed_{seed}" / f"fold_{fold}_of_{folds}"
            if place in made:
                raise InvalidValue(f"--each: {variant} is given twice; give each value once")
            made[place] = Trial(variant, seed, fold, config, place)
    return list(made.values())


def variant_name(config: Config, keys: Mapping[str, Any]) -> str:
    """The settings as the configuration has them, so that 1e-3 and 0.001 are one."""
    parts = []
    for key in keys:
        section, field = key.split(".")
        value = getattr(getattr(config, section), field)
        parts.append(f"{key}={value if isinstance(value, str) else json.dumps(value)}")
    return ", ".join(parts) or AS_GIVEN


def folder_name(variant: str) -> str:
    """A name that any file system takes; the digest tells names apart that differ in case alone."""
    name = quote(variant, safe="=,.+- ").replace(" ", "_")[:LONGEST_NAME]
    return f"{name}-{hashlib.sha256(variant.encode()).hexdigest()[:8]}"


def _absolute(config: Config) -> Config:
    """With whole paths: a worker may have another current folder."""
    paths = {name: getattr(config.data, name) for name in _PATHS}
    whole = {name: Path(one).resolve() for name, one in paths.items() if one is not None}
    return config.model_copy(update={"data": config.data.model_copy(update=whole)})


def train_here(
    tasks: Sequence[Trial], say: Callable[[str], None]
) -> Iterator[tuple[Trial, TrialResult]]:
    """One after the other, in this process.

    say: called with a line before each training.
    """
    for number, one in enumerate(tasks, start=1):
        say(f"{number} of {len(tasks)}: {one.name}")
        yield one, measured(one, shown=True)


def train_on_cluster(
    tasks: Sequence[Trial], address: str, workers: Workers, say: Callable[[str], None]
) -> Iterator[tuple[Trial, TrialResult]]:
    """On the workers of a Ray cluster, as they are done; the folders lie on a disk that all see.

    say: called with a line after each training.

    Raises:
        ValueError, Error: as `connected`.
    """
    with connected(address) as ray:
        fit_in = fitting(ray, workers)
        pool: WorkerPool[Trial] = WorkerPool(ray, _Worker, (fit_in.cpus,), fit_in)
        with closing(pool.work(tasks)) as results:
            for number, (trial, found) in enumerate(results, start=1):
                say(f"{number} of {len(tasks)} done: {trial.name}")
                lost = isinstance(found, SetAside)
                yield trial, TrialResult({}, found.reason) if lost else found


class _Worker:
    """Trains one network at a time."""

    def __init__(self, threads: int) -> None:
        torch.set_num_threads(threads)

    def ready(self) -> str:
        """The node of this worker."""
        return this_node()

    def work(self, trial: Trial) -> TrialResult:
        """Train, or continue."""
        return measured(trial, shown=False)


def measured(trial: Trial, shown: bool) -> TrialResult:
    """A trial's result; an interrupted one continues, a finished one gives its result again."""
    try:
        return TrialResult(fit(trial.config, trial.folder, resume=True, shown=shown).held_out)
    except (Error, OSError) as error:
        return TrialResult({}, str(error))
    except (RuntimeError, MemoryError) as error:  # of torch: too little memory, for example
        return TrialResult({}, f"{type(error).__name__}: {str(error).partition(chr(10))[0]}")
