"""TorchScript, the code inside a bundle, without torch's advice to its developers."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from contextlib import contextmanager

# What torch says of every function of torch.jit: from 2.11 on as a DeprecationWarning, from 2.14 on
# as a FutureWarning, which Python shows; on Python 3.14 in other words.
_ADVICE = r"`torch\.jit\.\w+` is (deprecated|not supported)"


@contextmanager
def quiet_torchscript() -> Iterator[None]:
    """Neither shows nor raises that TorchScript is deprecated: it is the format asked for, and the
    one that C++ loads. Other warnings go on their way."""
    with warnings.catch_warnings():
        for category in (DeprecationWarning, FutureWarning):
            warnings.filterwarnings("ignore", _ADVICE, category)
        yield
