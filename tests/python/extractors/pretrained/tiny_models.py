"""Models of transformers with random weights, small enough to make in every test."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import av
import numpy as np

from basnet_rt.video import read_frames

SIDE, PATCH, FPS = 32, 8, 25
_VISION = {
    "hidden_size": 16,
    "intermediate_size": 32,
    "num_hidden_layers": 2,
    "num_attention_heads": 2,
    "image_size": SIDE,
    "patch_size": PATCH,
}
_TEXT = {
    "hidden_size": 16,
    "intermediate_size": 32,
    "num_hidden_layers": 2,
    "num_attention_heads": 2,
    "vocab_size": 64,
    "max_position_embeddings": 16,
    "bos_token_id": 62,
    "eos_token_id": 63,
    "pad_token_id": 1,
}
# As the released models of each family have them, but for the sizes.
_KEEP_SHAPE = {"size": {"shortest_edge": 36}, "crop_size": {"height": SIDE, "width": SIDE}}
PROCESSORS: dict[str, dict[str, Any]] = {
    "clip": {
        **_KEEP_SHAPE,
        "image_processor_type": "CLIPImageProcessor",
        "do_center_crop": True,
        "image_mean": [0.48, 0.46, 0.41],
        "image_std": [0.27, 0.26, 0.28],
        "resample": 3,
    },
    "siglip": {
        "image_processor_type": "SiglipImageProcessor",
        "size": {"height": SIDE, "width": SIDE},
        "image_mean": [0.5, 0.5, 0.5],
        "image_std": [0.5, 0.5, 0.5],
        "resample": 2,
    },
    "videomae": {
        **_KEEP_SHAPE,
        "image_processor_type": "VideoMAEImageProcessor",
        "do_center_crop": True,
        "image_mean": [0.485, 0.456, 0.406],
        "image_std": [0.229, 0.224, 0.225],
        "resample": 2,
    },
}
_LIKE = {"dinov2": "clip", "dinov3": "siglip", "vit": "siglip", "resnet": "clip"}
IMAGE_FAMILIES = ("clip", "siglip", "dinov2", "dinov3", "vit", "resnet")
VIDEO_FAMILIES = ("videomae", "vjepa2")


def make_model(family: str) -> Any:
    """A model with random weights, the same ones every time."""
    import torch
    import transformers as T

    torch.manual_seed(7)
    heads = {"hidden_size": 16, "num_hidden_layers": 2, "num_attention_heads": 2}
    sizes = {**heads, "image_size": SIDE, "patch_size": PATCH}
    if family == "clip":
        config = T.CLIPConfig(vision_config=_VISION, text_config=_TEXT, projection_dim=12)
        return T.CLIPModel(config)
    if family == "siglip":
        return T.SiglipModel(T.SiglipConfig(vision_config=_VISION, text_config=_TEXT))
    if family == "dinov2":
        return T.Dinov2Model(T.Dinov2Config(**sizes))
    if family == "dinov3":
        return T.DINOv3ViTModel(T.DINOv3ViTConfig(**sizes, intermediate_size=32))
    if family == "vit":  # of classification: its files have no pooler
        return T.ViTForImageClassification(T.ViTConfig(**_VISION))
    if family == "resnet":
        sizes = {"embedding_size": 8, "hidden_sizes": [8, 16], "depths": [1, 1]}
        return T.ResNetModel(T.ResNetConfig(**sizes, layer_type="basic"))
    if family == "videomae":
        return T.VideoMAEModel(T.VideoMAEConfig(**_VISION, num_frames=8, tubelet_size=2))
    assert family == "vjepa2"
    predictor = {"pred_hidden_size": 24, "pred_num_hidden_layers": 1}
    return T.VJEPA2Model(
        T.VJEPA2Config(
            **{**heads, "hidden_size": 24},
            **predictor,
            pred_num_attention_heads=2,
            crop_size=SIDE,
            patch_size=PATCH,
            frames_per_clip=16,
        )
    )


def save_model(family: str, folder: Path) -> Path:
    """The model and its processor, as `save_pretrained` writes them."""
    folder.mkdir(parents=True)
    make_model(family).save_pretrained(folder)
    name = "video_preprocessor_config.json" if family == "vjepa2" else "preprocessor_config.json"
    like = "videomae" if family == "vjepa2" else _LIKE.get(family, family)
    (folder / name).write_text(json.dumps(PROCESSORS[like]))
    return folder


def make_video(path: Path, num_frames: int, size: tuple[int, int] = (60, 44)) -> Path:
    """Smooth patterns that move, width by height; a new one every ten frames."""
    rng = np.random.default_rng(3)
    width, height = size
    rows, columns = np.mgrid[:height, :width]
    with av.open(str(path), "w") as container:
        stream = container.add_stream("mpeg4", rate=FPS)
        stream.width, stream.height, stream.pix_fmt = width, height, "yuv420p"
        for index in range(num_frames):
            if index % 10 == 0:
                waves = rng.uniform(0.02, 0.4, (3, 2))
            phase = waves[:, 0, None, None] * rows + waves[:, 1, None, None] * columns + index / 5
            image = (127 + 100 * np.sin(phase)).transpose(1, 2, 0).astype(np.uint8)
            frame = av.VideoFrame.from_ndarray(np.ascontiguousarray(image), "rgb24")
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return path


def frames_of(video: Path) -> np.ndarray:
    """(T, H, W, 3) uint8."""
    with read_frames(video, fps=FPS) as reader:
        return np.stack([frame.image for frame in reader])
