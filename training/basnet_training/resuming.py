"""Checks that a checkpoint belongs to the run to continue."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from basnet_rt import InvalidValue

from .checkpoint import Checkpoint, tensors_of
from .config import OF_THE_BUNDLE, Config, OptimConfig, check_config
from .optimisation import Optimisation

VALUES = "values"  # not in checkpoints of before there was this digest
# The subject of each digest, in words.
_DATA = {
    "names": "the names of the videos",
    "classes": "the classes",
    "labels": "the tags",
    "shapes": "the shapes of the features",
    "corrected": "the corrected segments",
    VALUES: "the values of the features",
}


def check_same_run(
    path: Path, checkpoint: Checkpoint, config: Config, data: Mapping[str, str]
) -> None:
    """Refuse to continue with other settings or data.

    More iterations are allowed if no schedule depends on their number.

    Args:
        data: of `digest_of`, and of `digest_of_values` as `VALUES`.

    Raises:
        ValueError: the checkpoint is of another run; names the differences.
    """
    made_with = checkpoint.extra.get("config")
    if made_with is None:  # written by a version that stored only the digest
        if checkpoint.digest != config.digest():
            raise InvalidValue(
                f"{path} was made with other settings (configuration {checkpoint.digest}, this "
                f"is {config.digest()}); resume with its config.yaml"
            )
        return
    before = check_config(made_with, str(path))
    problems = [*_settings(before, config, checkpoint.step), *_data(checkpoint, data)]
    if problems:
        raise InvalidValue(
            f"{path} was made with other settings or data: {'; '.join(problems)}. Go on with "
            f"those ({path.parent / 'config.yaml'}), or begin in another folder"
        )


def check_whole(path: Path, checkpoint: Checkpoint, start: Optimisation) -> None:
    """Refuse a checkpoint with a tensor too few, too many, of another shape or not finite.

    Args:
        start: the same run before its first iteration.

    Raises:
        ValueError: names the first such tensor.
    """
    tensors = tensors_of(start.checkpoint())
    expected = {name: tuple(tensor.shape) for name, tensor in tensors.items()}
    if checkpoint.step > 0:
        expected |= _state_of_adam(start)
    check_tensors(path, tensors_of(checkpoint), expected)


def check_tensors(
    path: Path, found: Mapping[str, Tensor], expected: Mapping[str, tuple[int, ...]]
) -> None:
    """Refuse tensors that are not finite or have other names or shapes than expected.

    Raises:
        ValueError: names the first such tensor.
    """
    for name in sorted(expected.keys() | found.keys()):
        if name not in found or name not in expected:
            problem = f"{name} is {'absent' if name not in found else 'unknown'}"
        elif tuple(found[name].shape) != expected[name]:
            problem = f"{name} has shape {tuple(found[name].shape)}, expected {expected[name]}"
        elif not bool(torch.isfinite(found[name]).all()):
            problem = f"{name} {expected[name]} holds NaN or infinite numbers"
        else:
            continue
        raise damaged(path, problem)


def damaged(path: Path, problem: object) -> InvalidValue:
    """The error for a checkpoint that cannot be used."""
    return InvalidValue(
        f"{path}: is damaged: {problem}; remove the file to go on from the one before"
    )


def _state_of_adam(start: Optimisation) -> dict[str, tuple[int, ...]]:
    """Shapes of both moments and of the count of steps, for each parameter in order."""
    return {
        f"optimizer/{place}/{name}": () if name == "step" else tuple(parameter.shape)
        for place, parameter in enumerate(start.network.parameters())
        for name in ("step", "exp_avg", "exp_avg_sq")
    }


def _settings(before: Config, now: Config, step: int) -> list[str]:
    if before.digest() == now.digest():
        return []
    found: list[str] = []
    for name, old, new in _differences(before.model_dump(), now.model_dump()):
        if name in OF_THE_BUNDLE:
            continue
        if name == "optim.iterations":
            found += _iterations(old, new, step, now.optim)
        elif _matters(name, new, before):
            found.append(f"{name} was {old!r}, now {new!r}")
    return found


def _iterations(old: int, new: int, step: int, optim: OptimConfig) -> list[str]:
    change = f"optim.iterations was {old}, now {new}"
    if optim.schedule != "constant":
        return [f"{change}: the {optim.schedule} schedule depends on it"]
    if optim.topk_start is not None:
        return [f"{change}: the course of optim.topk_start depends on it"]
    return [] if new >= step else [f"optim.iterations is {new}, and {step} are done"]


def _matters(name: str, new: Any, before: Config) -> bool:
    """Whether changing only this setting changes the digest."""
    section, _, key = name.partition(".")
    changed: Any = new
    if key:
        changed = getattr(before, section).model_copy(update={key: new})
    return before.model_copy(update={section: changed}).digest() != before.digest()


def _differences(before: dict[str, Any], now: dict[str, Any]) -> list[tuple[str, Any, Any]]:
    """(section.key, old, new) of every setting that is not the same."""
    found = []
    for section, old in before.items():
        new = now[section]
        if isinstance(old, dict) and section != "postprocess":
            found += [(f"{section}.{k}", old[k], new[k]) for k in old if old[k] != new[k]]
        elif old != new:
            found.append((section, old, new))
    return found


def _data(checkpoint: Checkpoint, now: Mapping[str, str]) -> list[str]:
    before = checkpoint.extra.get("data", now)
    if not isinstance(before, Mapping):
        return [f"its digests of the data are {before!r}"]
    known = {VALUES: now.get(VALUES), **before}
    return [f"{what} differ" for name, what in _DATA.items() if known.get(name) != now.get(name)]
