"""Errors of settings in words: the setting, its origin, and the name that was probably meant."""

from __future__ import annotations

import difflib
import re
from collections.abc import Mapping, Sequence
from typing import Any

from pydantic import BaseModel, ValidationError

# Names of a setting in other programs.
_ALIASES = {
    "learning_rate": "optim.lr",
    "epochs": "optim.iterations",
    "steps": "optim.iterations",
    "hidden_size": "network.hidden_cas",
    "threshold": "postprocess.cas_thresholds",
}


def known_settings(model: type[BaseModel], prefix: str = "") -> list[str]:
    """Every setting as section.key."""
    names = []
    for name, field in model.model_fields.items():
        kind = field.annotation
        if isinstance(kind, type) and issubclass(kind, BaseModel):
            names += known_settings(kind, f"{prefix}{name}.")
        else:
            names.append(prefix + name)
    return names


def explain(
    error: ValidationError, known: Sequence[str], where: str, given: Mapping[str, str]
) -> str:
    """One sentence for each wrong setting.

    Args:
        known: as from `known_settings`.
        where: the source of the settings.
        given: the origin of single settings, by dotted name, such as "--set".
    """
    return "; ".join(_sentence(one, known, where, given) for one in error.errors())


def _sentence(
    problem: Mapping[str, Any], known: Sequence[str], where: str, given: Mapping[str, str]
) -> str:
    parts = [str(part) for part in problem["loc"]]
    name = ".".join(parts)
    if problem["type"] == "extra_forbidden":
        full = next((key for key in given if key.startswith(f"{name}.")), name)
        return f"{given.get(full, where)}: there is no setting {full}{_meant(full, known)}"
    message = problem["msg"].removeprefix("Value error, ")
    if parts in ([], ["postprocess"]):  # of several settings together; the message names them
        inside = "".join(f"{part}." for part in parts)
        own = {key.removeprefix(inside): key for key in given if key.startswith(inside)}
        told = [own[name] for name in own if re.search(rf"\b{re.escape(name)}\b", message)]
        origins = dict.fromkeys(given[key] for key in told)
        return ": ".join([", ".join(origins) or where, *parts, message])
    origin = next((given[key] for key in _prefixes(parts) if key in given), where)
    return f"{origin}: {name}: {message}, got {problem['input']!r}"


def _prefixes(parts: Sequence[str]) -> list[str]:
    """Of a.b.0: a.b.0, a.b, a."""
    return [".".join(parts[:end]) for end in range(len(parts), 0, -1)]


def _meant(name: str, known: Sequence[str]) -> str:
    """The nearest names, or all names of the section."""
    section, _, key = name.rpartition(".")
    inside = [one for one in known if one.startswith(f"{section}.")] if section else []
    near = difflib.get_close_matches(name, known, n=2, cutoff=0.75)
    by_key = {one.rpartition(".")[2]: one for one in known}
    by_key |= {alias: one for alias, one in _ALIASES.items() if one in known}
    near += [by_key[one] for one in difflib.get_close_matches(key, by_key, n=1, cutoff=0.75)]
    if near:
        return f"; did you mean {' or '.join(dict.fromkeys(near))}?"
    if inside:
        return f"; {section} has {', '.join(one.rpartition('.')[2] for one in inside)}"
    return f"; sections are {', '.join(dict.fromkeys(one.partition('.')[0] for one in known))}"
