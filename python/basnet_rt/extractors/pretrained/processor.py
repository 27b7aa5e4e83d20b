"""The steps of a model's image processor, read from the JSON file beside its weights.

The steps are done here, so that they are the same with every version and backend of transformers.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from basnet_rt._errors import BundleError
from basnet_rt._system.json_file import read_json
from basnet_rt.extractors.pretrained.resizing import Resized

FILES = ("preprocessor_config.json", "video_preprocessor_config.json")
_IN_PARTS = "processor_config.json"
_RESAMPLING = {2: "bilinear", 3: "bicubic"}  # as Pillow numbers them
# Of old files, whose size is one number: these stretch to a square, others keep the shape.
_SQUARE = ("ViT", "Siglip", "DeiT", "Beit")
_NOT_HERE = {
    "do_pad",
    "do_flip_channel_order",
    "do_thumbnail",
    "do_align_long_axis",
    "do_reduce_labels",
}


def read_processor(folder: Path) -> Resized:
    """The pictures that a folder's processor makes.

    Raises:
        BundleError: there is no such file, or it has a step that is not known here.
    """
    fields = _fields(folder)
    try:
        return _pictures(fields)
    except (KeyError, TypeError, ValueError) as error:
        raise BundleError(f"{folder}: image processor: {error}") from error


def _fields(folder: Path) -> Mapping[str, Any]:
    for name in FILES:
        if (folder / name).is_file():
            fields: Mapping[str, Any] = read_json(folder / name)
            return fields
    if (folder / _IN_PARTS).is_file():
        parts = read_json(folder / _IN_PARTS)
        for part in ("image_processor", "video_processor"):
            if part in parts:
                inside: Mapping[str, Any] = parts[part]
                return inside
    raise BundleError(f"{folder}: no image processor; expected {' or '.join(FILES)}")


def _pictures(fields: Mapping[str, Any]) -> Resized:
    strange = sorted(key for key in _NOT_HERE if fields.get(key))
    if strange:
        raise ValueError(f"does {', '.join(strange)}, which is not known here")
    scale = 255 * fields.get("rescale_factor", 1 / 255) if fields.get("do_rescale", True) else 255.0
    low = -1.0 if fields.get("offset") and fields.get("do_rescale", True) else 0.0
    normalise = fields.get("do_normalize", True)
    return Resized(
        kind="rgb",
        **(_size(fields) if fields.get("do_resize", True) else {}),
        resampling=_resampling(fields),
        crop=_crop(fields),
        range=(low, float(scale) + low),
        mean=tuple(map(float, fields["image_mean"])) if normalise else (),
        std=tuple(map(float, fields["image_std"])) if normalise else (),
    )


def _size(fields: Mapping[str, Any]) -> dict[str, Any]:
    size = fields["size"]
    if isinstance(size, int):
        kind = str(fields.get("image_processor_type") or fields.get("feature_extractor_type"))
        square = kind.startswith(_SQUARE)
        return {"size": (size, size)} if square else {"short_side": size}
    given = size if isinstance(size, Mapping) else {}
    known = {key: value for key, value in given.items() if value is not None}
    if set(known) == {"shortest_edge"}:
        return {"short_side": int(known["shortest_edge"])}
    if set(known) == {"height", "width"}:
        return {"size": (int(known["height"]), int(known["width"]))}
    raise ValueError(f"size: expected shortest_edge, or height and width, got {size}")


def _crop(fields: Mapping[str, Any]) -> tuple[int, int] | None:
    size = fields.get("crop_size")
    if not fields.get("do_center_crop", False) or size is None:
        return None
    return (size, size) if isinstance(size, int) else (int(size["height"]), int(size["width"]))


def _resampling(fields: Mapping[str, Any]) -> str:
    number = fields.get("resample", 2)
    if number not in _RESAMPLING:
        raise ValueError(f"resample {number!r}: expected 2 (bilinear) or 3 (bicubic)")
    return _RESAMPLING[number]
