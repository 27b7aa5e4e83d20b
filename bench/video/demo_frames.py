"""Draws docs/images/demo.jpg: one frame of each action, from five of the demo's test videos.

python -m bench.video.demo_frames
"""

from __future__ import annotations

import itertools

import cv2
import numpy as np

from basnet_demo.drawing import Picture
from basnet_demo.performance import poses
from basnet_demo.scene import pictures
from basnet_demo.script import CLASSES, FPS, FilmScript
from basnet_demo.settings import DemoSettings
from basnet_demo.skeleton import Body, joints
from basnet_rt.annotations import Segment
from bench.tables import IMAGES

IMAGE = IMAGES / "demo.jpg"


def main() -> None:
    scripts = [one for one in DemoSettings().scripts() if one.subset == "test"]
    frames, used = [], set()
    for label in CLASSES:
        found = ((one, part) for one in scripts for part in one.segments if part.label == label)
        script, segment = next(pair for pair in found if pair[0].name not in used)
        used.add(script.name)
        frames.append(frame_of(script, segment))
    quality = [cv2.IMWRITE_JPEG_QUALITY, 82]
    cv2.imwrite(str(IMAGE), np.hstack(frames)[..., ::-1], quality)
    print(f"{IMAGE}: {IMAGE.stat().st_size} bytes, {', '.join(CLASSES)}")


def frame_of(script: FilmScript, segment: Segment) -> Picture:
    """The frame of a segment in which the figure differs most from its first pose in the video."""
    times = np.arange(segment.start + 0.4, segment.end - 0.4, 1 / FPS)
    rest, *points = joints(Body(), poses(script.parts, np.array([0.0, *times])))
    heights = np.array(points)[..., 1] - rest[:, 1]
    furthest = np.abs(heights).sum(axis=1).argmax()
    return next(itertools.islice(pictures(script), round(times[furthest] * FPS), None))


if __name__ == "__main__":
    main()
