"""Digests of the training data: a run that is resumed must see the same data."""

from __future__ import annotations

import hashlib

from basnet_rt.features.flat import sampled_rows

from .reading import TaggedVideos


def digest_of(videos: TaggedVideos) -> dict[str, str]:
    """Digests of names, classes, labels, shapes and corrected segments, not of feature values."""
    shapes = [videos.source.shape(name) for name in videos.names]
    parts = {
        "names": "\n".join(videos.names).encode(),
        "classes": "\n".join(videos.classes).encode(),
        "labels": videos.labels.tobytes(),
        "shapes": repr(shapes).encode(),
    }
    if videos.corrections:
        parts["corrected"] = repr(sorted(videos.corrections.items())).encode()
    return {name: hashlib.sha256(part).hexdigest()[:16] for name, part in parts.items()}


def digest_of_values(videos: TaggedVideos) -> str:
    """A digest of a few rows of every video, as float32: cheap, and the same in any folder.

    Raises:
        ValueError: features cannot be read, or a value is not finite.
    """
    digest = hashlib.sha256()
    for name in videos.names:
        digest.update(sampled_rows(videos.source, name).tobytes())
    return digest.hexdigest()[:16]
