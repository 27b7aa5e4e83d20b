"""Draws the pictures of a script."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from basnet_demo.behaviour import Style
from basnet_demo.cast import Look, passer_by, performer
from basnet_demo.drawing import Picture, draw_figure, on_screen
from basnet_demo.performance import Part, poses, walk
from basnet_demo.scenery import Scenery, scenery
from basnet_demo.script import FPS, FilmScript
from basnet_demo.skeleton import Floats, joints
from basnet_rt._system.extras import from_extra

WIDTH, HEIGHT = 240, 180
PASSER_BY_SHARE = 0.35  # share of videos with a passer-by


@dataclass(frozen=True)
class _Actor:
    """A person in a video. `seen` is (N, JOINTS, 3), the joints on the screen; see `on_screen`."""

    look: Look
    seen: Floats


def pictures(script: FilmScript) -> Iterator[Picture]:
    """Every frame of a video, at `FPS`: (HEIGHT, WIDTH, 3) uint8, red first.

    Raises:
        Error: OpenCV is not installed.
    """
    cv2 = from_extra("cv2", "video", "drawing the demo's videos")
    times = np.arange(round(script.duration * FPS)) / FPS
    place = scenery(cv2, script.generator("scenery"), WIDTH, HEIGHT, times)
    actors = [*_passers_by(script, times), _main_actor(script, times)]
    random = script.generator("noise")
    for frame, time in enumerate(times):
        picture = place.behind(cv2, frame, float(time))
        for actor in actors:
            seen = _through_camera(place, frame, actor.seen[frame])
            draw_figure(cv2, picture, seen, actor.look)
        yield place.finish(cv2, picture, frame, random)


def _main_actor(script: FilmScript, times: Floats) -> _Actor:
    look = performer(script.generator("performer"))
    return _actor(look, script.parts, times)


def _actor(look: Look, parts: Sequence[Part], times: Floats) -> _Actor:
    points = joints(look.body, poses(parts, times))
    return _Actor(look, on_screen(points, look, WIDTH, HEIGHT))


def _passers_by(script: FilmScript, times: Floats) -> list[_Actor]:
    """One person who crosses the background once, in some videos; in the others nobody."""
    random = script.generator("passer-by")
    if random.random() > PASSER_BY_SHARE:
        return []
    look = passer_by(random)
    far = WIDTH / HEIGHT / look.height * 0.75  # beyond the edge of the picture
    side = float(random.choice([-far, far]))
    style = Style(speed=random.uniform(0.85, 1.15), phase=random.random())
    crossing = walk(random.uniform(0, 0.6 * script.duration), side, -side, style)
    return [_actor(look, [crossing], times)]


def _through_camera(place: Scenery, frame: int, seen: Floats) -> Floats:
    matrix = place.matrix(frame)
    moved: Floats = seen.copy()
    moved[:, :2] = seen[:, :2] @ matrix[:, :2].T + matrix[:, 2]
    return moved
