"""YAML of settings: plain values, without duplicate keys."""

from __future__ import annotations

from typing import Any

import yaml

from basnet_rt import InvalidValue


def parse_yaml(text: str, where: str) -> Any:
    """Plain values from text; no tag runs code.

    Args:
        where: the file or option, for messages.

    Raises:
        ValueError: the text is not YAML, nested too deeply, or has a key twice in one section.
    """
    try:
        return yaml.load(text, _NoKeyTwice)  # a SafeLoader
    except yaml.YAMLError as error:
        raise InvalidValue(f"{where}: not YAML: {error}") from error
    except RecursionError as error:
        raise InvalidValue(f"{where}: not YAML of settings: nested too deeply") from error


class _NoKeyTwice(yaml.SafeLoader):
    """Refuses duplicate keys: YAML forbids them, but the parser silently uses the last one."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        keys = [key.value for key, _ in node.value if isinstance(key, yaml.ScalarNode)]
        for key, _ in node.value:
            if isinstance(key, yaml.ScalarNode) and keys.count(key.value) > 1:
                raise yaml.MarkedYAMLError(
                    problem=f"the key {key.value!r} appears twice in one section; "
                    "remove one of the two",
                    problem_mark=key.start_mark,
                )
        return super().construct_mapping(node, deep)
