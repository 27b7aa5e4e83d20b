"""TorchScript, the code inside a bundle, without torch's deprecation warnings."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from contextlib import contextmanager

# The warning of every function of torch.jit: a DeprecationWarning from torch 2.11, and a
# FutureWarning, which Python shows, from 2.14; with another text on Python 3.14.
_ADVICE = r"`torch\.jit\.\w+` is (deprecated|not supported)"


@contextmanager
def quiet_torchscript() -> Iterator[None]:
    """Hide the warning that TorchScript is deprecated: it is the requested format, and C++ loads
    it. Other warnings are not changed."""
    with warnings.catch_warnings():
        for category in (DeprecationWarning, FutureWarning):
            warnings.filterwarnings("ignore", _ADVICE, category)
        yield
