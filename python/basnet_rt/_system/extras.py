"""Packages of optional extras: imported when used; if one is missing, the error names the extra."""

from __future__ import annotations

import importlib
import importlib.util
from typing import Any

from basnet_rt._errors import Error


def from_extra(module: str, extra: str, what: str) -> Any:
    """Import a module of an extra.

    Args:
        module: such as "matplotlib.pyplot".
        extra: the extra of this project that installs it.
        what: the feature that needs it, for the message.

    Raises:
        Error: the package is not installed; the message says how to get it.
    """
    package = module.partition(".")[0]
    try:
        return importlib.import_module(module)
    except ModuleNotFoundError as error:
        if error.name is None or error.name.partition(".")[0] != package:
            raise
        raise Error(f"{what} needs {package}: pip install 'basnet-rt[{extra}]'") from error


def is_installed(package: str) -> bool:
    """Whether a package is installed; it is not imported."""
    try:
        return importlib.util.find_spec(package) is not None
    except ModuleNotFoundError:  # a finder that hides it
        return False
