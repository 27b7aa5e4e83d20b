"""Checks that a checkpoint belongs to the run to continue."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch

from basnet_rt import InvalidValue

from .checkpoint import Checkpoint
from .config import Config, OptimConfig, check_config

# The subject of each digest, in words.
_DATA = {
    "names": "the names of the videos",
    "classes": "the classes",
    "labels": "the tags",
    "shapes": "the shapes of the features",
    "corrected": "the corrected segments",
}


def check_same_run(
    path: Path, checkpoint: Checkpoint, config: Config, data: Mapping[str, str]
) -> None:
    """Refuse to continue with other settings or data.

    More iterations are allowed if no schedule depends on their number.

    Args:
        data: of `digest_of`.

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


def check_finite(path: Path, checkpoint: Checkpoint) -> None:
    """Refuse weights from which training cannot continue.

    Raises:
        ValueError: a weight is NaN or infinite; names the tensor.
    """
    for name, tensor in {**checkpoint.weights, **checkpoint.average}.items():
        if not bool(torch.isfinite(tensor).all()):
            raise InvalidValue(
                f"{path}: {name} {tuple(tensor.shape)} holds NaN or infinite numbers; remove the "
                "file to go on from the one before"
            )


def _settings(before: Config, now: Config, step: int) -> list[str]:
    if before.digest() == now.digest():
        return []
    found = []
    for name, old, new in _differences(before.model_dump(), now.model_dump()):
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
    return [f"{what} differ" for name, what in _DATA.items() if before.get(name) != now.get(name)]
