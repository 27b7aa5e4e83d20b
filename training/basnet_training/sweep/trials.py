"""The trainings of a sweep: a variant of the settings, a seed and a fold each; here or on Ray."""

from __future__ import annotations

import hashlib
import itertools
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
from basnet_training.config import Config, load_config, parse_override
from basnet_training.dataset import open_videos
from basnet_training.runs import resolve
from basnet_training.trainer import fit
from basnet_training.validation import divide

AS_GIVEN = "as given"
OF_THE_SWEEP = ("run.seed", "validation.folds", "validation.fold")
LONGEST_NAME = 100  # of a folder


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


Done = Iterator[tuple[Trial, TrialResult]]


def variants(each: Sequence[str]) -> list[dict[str, Any]]:
    """Every combination of the values in `KEY=VALUE,VALUE`; one without settings for no text.

    Raises:
        ValueError: a text has another form, a key is given twice, or the sweep sets it itself.
    """
    choices: dict[str, list[Any]] = {}
    for text in each:
        key, equals, values = text.partition("=")
        if not equals or not values:
            raise InvalidValue(
                f"--each {text}: expected KEY=VALUE,VALUE, such as optim.lr=1e-3,1e-4"
            )
        if key in OF_THE_SWEEP:
            raise InvalidValue(f"--each {key}: the sweep sets it; give --seeds or --folds")
        if key in choices:
            raise InvalidValue(f"--each {key} is given twice; give all its values in one")
        choices[key] = [parse_override(f"{key}={one}")[1] for one in values.split(",")]
    return [
        dict(zip(choices, values, strict=True)) for values in itertools.product(*choices.values())
    ]


def trials(
    source: str,
    fixed: Mapping[str, Any],
    each: Sequence[Mapping[str, Any]],
    seeds: int,
    folds: int,
    folder: Path,
) -> list[Trial]:
    """All of them: by variant, then seed, then fold. Every variant is tried on the data's heads.

    Args:
        source, fixed: a preset or file, and settings of all variants.
        each: from `variants`.

    Raises:
        ValueError: a setting is wrong or does not fit the data; names the variant.
    """
    made = []
    for changes in each:
        variant = ", ".join(f"{key}={value}" for key, value in changes.items()) or AS_GIVEN
        for seed, fold in itertools.product(range(seeds), range(folds)):
            own = {"run.seed": seed, "validation.folds": folds, "validation.fold": fold}
            config = load_config(source, {**fixed, **changes, **own})
            place = folder / folder_name(variant) / f"seed_{seed}" / f"fold_{fold}_of_{folds}"
            made.append(Trial(variant, seed, fold, config, place))
    for last in made[folds - 1 :: seeds * folds]:  # the last fold is the first to be empty
        try:
            videos = open_videos(last.config.data)
            divide(videos, resolve(last.config, videos).validation)
        except InvalidValue as error:
            raise InvalidValue(f"{last.variant}: {error}") from error
    return made


def folder_name(variant: str) -> str:
    """A name that any file system takes; a long one is shortened, and has a digest of the whole."""
    name = quote(variant, safe="=,.+- ").replace(" ", "_")
    if len(name) <= LONGEST_NAME:
        return name
    return f"{name[: LONGEST_NAME - 17]}-{hashlib.sha256(variant.encode()).hexdigest()[:16]}"


def device_of(config: Config) -> str:
    """The device that each training takes."""
    if config.run.device != "auto":
        return config.run.device
    return "cuda" if torch.cuda.is_available() else "cpu"


def train_here(tasks: Sequence[Trial], say: Callable[[str], None]) -> Done:
    """One after the other, in this process.

    say: called with a line before each training.
    """
    for number, one in enumerate(tasks, start=1):
        say(f"{number} of {len(tasks)}: {one.name}")
        yield one, measured(one, shown=True)


def train_on_cluster(
    tasks: Sequence[Trial], address: str, workers: Workers, say: Callable[[str], None]
) -> Done:
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
    """A trial's result; one that was interrupted continues, a finished one is only read."""
    try:
        return TrialResult(fit(trial.config, trial.folder, resume=True, shown=shown).held_out)
    except (Error, OSError) as error:
        return TrialResult({}, str(error))
