"""Settings of a command line, KEY=VALUE, that win over those of a file."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from basnet_rt import InvalidValue

from .yaml_text import parse_yaml


def parse_override(text: str) -> tuple[str, Any]:
    """`optim.lr=1e-3` to ("optim.lr", 0.001); the value is YAML."""
    key, equals, value = text.partition("=")
    if not equals or not key:
        raise InvalidValue(f"expected KEY=VALUE, got {text!r}")
    return key, parse_yaml(value, f"--set {key}")


def parse_overrides(texts: Sequence[str]) -> dict[str, Any]:
    """`KEY=VALUE` each, to value by dotted key.

    Raises:
        ValueError: one is wrong, or a key is given twice.
    """
    found: dict[str, Any] = {}
    for key, value in map(parse_override, texts):
        if key in found:
            raise InvalidValue(f"--set {key} is given twice; remove one of the two")
        found[key] = value
    return found


def assign(values: dict[str, Any], dotted: str, value: Any) -> None:
    """Set a value of nested dictionaries by its dotted key; one on the way is an error."""
    *sections, last = dotted.split(".")
    for section in sections:
        if values.get(section) is None:  # absent, or an empty section of a file
            values[section] = {}
        values = values[section]
        if not isinstance(values, dict):
            raise InvalidValue(f"{dotted}: {section} is a value, not a section")
    values[last] = value
