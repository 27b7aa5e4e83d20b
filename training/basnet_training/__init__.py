"""Training of BaS-Net: from features with video-level tags to one exported bundle."""

from .config import Config, LossConfig, load_config
from .loss import Loss, basnet_loss
from .network import BaSNet, NetworkOutput

__all__ = [
    "BaSNet",
    "Config",
    "Loss",
    "LossConfig",
    "NetworkOutput",
    "basnet_loss",
    "load_config",
]
