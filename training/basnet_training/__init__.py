"""Training of BaS-Net: from features with video-level tags to one exported bundle.

Public names load when they are first used: the package is in every wheel, and its dependencies
except NumPy come with the extra `train`.
"""

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .config import Config as Config
    from .config import LossConfig as LossConfig
    from .config import load_config as load_config
    from .loss import Loss as Loss
    from .loss import basnet_loss as basnet_loss
    from .network import BaSNet as BaSNet
    from .network import NetworkOutput as NetworkOutput

_HOMES = {
    "BaSNet": "network",
    "Config": "config",
    "Loss": "loss",
    "LossConfig": "config",
    "NetworkOutput": "network",
    "basnet_loss": "loss",
    "load_config": "config",
}
__all__ = sorted(_HOMES)  # noqa: PLE0605 - a list of names, made from the table

if not TYPE_CHECKING:

    def __getattr__(name: str) -> object:
        """Load a public name when it is first asked for (PEP 562)."""
        if name not in _HOMES:
            raise AttributeError(f"module 'basnet_training' has no attribute {name!r}")
        try:
            value = getattr(import_module(f"basnet_training.{_HOMES[name]}"), name)
        except ModuleNotFoundError as error:
            advice = f"basnet_training.{name} needs {error.name}: pip install 'basnet-rt[train]'"
            raise ModuleNotFoundError(advice, name=error.name) from None
        globals()[name] = value
        return value
