"""The surroundings of a figure: a cluttered place, moving things, camera, light, noise."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from basnet_demo.cast import Colour
from basnet_demo.drawing import Picture
from basnet_demo.skeleton import Floats

MARGIN = 0.12  # of the picture's size, by which the place is larger on each side: the camera moves
_NOISE_ROWS = 64  # pixels by which the noise picture is wider and higher than a frame


@dataclass(frozen=True, kw_only=True)
class Blob:
    """A moving thing that crosses the picture or swings on the spot.

    Attributes:
        at, size: centre (x, y) and half axes, in picture heights.
        speed: in picture heights a second, positive to the right; a blob that leaves the picture
            comes back on the other side.
        swing, rate: amplitude (x, y) of the swing in picture heights, and swings a second.
    """

    at: tuple[float, float]
    size: tuple[float, float]
    speed: float
    swing: tuple[float, float]
    rate: float
    phase: float
    colour: Colour

    def position(self, time: float, aspect: float) -> tuple[float, float]:
        beat = float(np.sin(2 * np.pi * (self.rate * time + self.phase)))
        room = aspect + 2 * self.size[0] + 0.2
        x = (self.at[0] + self.speed * time) % room - self.size[0] - 0.1
        return x + self.swing[0] * beat, self.at[1] + self.swing[1] * beat


@dataclass(frozen=True, kw_only=True)
class Scenery:
    """One video's surroundings, `width` by `height` pixels.

    Attributes:
        place: (H', W', 3) uint8, larger than the picture by `MARGIN` each way.
        blobs: moving things behind the figure.
        camera: (N, 3): shift in pixels to the right and down, and turn in radians, of each frame.
        light: (N, 3): factors of red, green and blue, of each frame.
        noise: (H + 64, W + 64, 3) int16; each frame gets a piece of it from a random place.
    """

    width: int
    height: int
    place: Picture
    blobs: tuple[Blob, ...]
    camera: Floats
    light: Floats
    noise: np.ndarray[Any, np.dtype[np.int16]]

    def matrix(self, frame: int) -> Floats:
        """The camera's matrix (2, 3): from pixels of the picture at rest to pixels of the frame."""
        right, down, turn = self.camera[frame]
        cos, sin = np.cos(turn), np.sin(turn)
        about = np.array([self.width / 2, self.height / 2])
        rotation = np.array([[cos, -sin], [sin, cos]])
        return np.column_stack([rotation, about - rotation @ about + (right, down)])

    def behind(self, cv2: Any, frame: int, time: float) -> Picture:
        """The background without any figure. (H, W, 3) uint8."""
        matrix = self.matrix(frame)
        margin = np.array([self.place.shape[1] - self.width, self.place.shape[0] - self.height]) / 2
        shifted = matrix.copy()
        shifted[:, 2] -= matrix[:, :2] @ margin
        size = (self.width, self.height)
        picture: Picture = cv2.warpAffine(
            self.place, shifted, size, flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REFLECT
        )
        for blob in self.blobs:
            self._draw_blob(cv2, picture, blob, matrix, time)
        return picture

    def _draw_blob(
        self, cv2: Any, picture: Picture, blob: Blob, matrix: Floats, time: float
    ) -> None:
        x, y = blob.position(time, self.width / self.height)
        middle = matrix @ (x * self.height, y * self.height, 1)
        axes = tuple(round(half * self.height * 16) for half in blob.size)
        place = (round(middle[0] * 16), round(middle[1] * 16))
        cv2.ellipse(picture, place, axes, 0, 0, 360, blob.colour, -1, cv2.LINE_AA, 4)

    def finish(
        self, cv2: Any, picture: Picture, frame: int, random: np.random.Generator
    ) -> Picture:
        """Apply light and noise, after everything is drawn. Returns (H, W, 3) uint8."""
        lit = cv2.multiply(picture, (*self.light[frame].tolist(), 1.0))
        down, right = random.integers(0, _NOISE_ROWS, 2)
        noise = self.noise[down : down + self.height, right : right + self.width]
        noisy: Picture = cv2.add(lit, noise, dtype=cv2.CV_8U)
        return noisy


def scenery(
    cv2: Any, random: np.random.Generator, width: int, height: int, times: Floats
) -> Scenery:
    """Random surroundings at the given times (N,), in seconds."""
    strength = random.uniform(1.5, 6.0)
    size = (height + _NOISE_ROWS, width + _NOISE_ROWS, 3)
    return Scenery(
        width=width,
        height=height,
        place=_place(cv2, random, width, height),
        blobs=tuple(_blob(random, width / height) for _ in range(random.integers(1, 5))),
        camera=_camera(random, times, height),
        light=_light(random, times),
        noise=np.rint(random.normal(0, strength, size)).astype(np.int16),
    )


def wander(random: np.random.Generator, times: Floats, seconds: float) -> Floats:
    """A smooth random curve around 0 with variance near one; it turns every few `seconds`."""
    rates = random.uniform(0.3, 1.0, 4) / (2 * seconds)
    phases = random.random(4)
    waves = np.sin(2 * np.pi * (times[:, None] * rates + phases))
    course: Floats = waves.sum(axis=1) / np.sqrt(2)
    return course


def muted(random: np.random.Generator) -> Colour:
    """A random colour of any brightness and low saturation."""
    values = random.uniform(40, 220) + random.uniform(-38, 38, 3)
    red, green, blue = np.clip(values, 0, 255).astype(int).tolist()
    return red, green, blue


def _camera(random: np.random.Generator, times: Floats, height: int) -> Floats:
    """Movement of the camera: most cameras are held by hand or sway a little, some stand still."""
    amount = random.choice([0.0, 1.0, 1.0, 2.0])
    slow = [wander(random, times, 3.0) for _ in range(3)]
    shake = [wander(random, times, 0.35) for _ in range(2)]
    right, down = (height * amount * (0.012 * slow[i] + 0.0012 * shake[i]) for i in range(2))
    return np.column_stack([right, down, 0.006 * amount * slow[2]])


def _light(random: np.random.Generator, times: Floats) -> Floats:
    """Light with passing clouds, warm or cold; in some videos a lamp goes off and on again."""
    level = random.uniform(0.8, 1.08) * (1 + 0.05 * wander(random, times, 4.0))
    if random.random() < 0.35:
        switch = np.sort(random.uniform(0, times[-1], 2))
        share = np.clip((times - switch[0]) / 0.2, 0, 1) - np.clip((times - switch[1]) / 0.2, 0, 1)
        level = level * (1 - random.uniform(0.15, 0.35) * share)
    tint = random.uniform(0.93, 1.07, 3)
    return level[:, None] * tint


def _place(cv2: Any, random: np.random.Generator, width: int, height: int) -> Picture:
    """A wall and a floor with patches of light, and furniture."""
    size = (round(width * (1 + 2 * MARGIN)), round(height * (1 + 2 * MARGIN)))
    wall, floor = (random.uniform(60, 200) + random.uniform(-22, 22, 3) for _ in range(2))
    place = np.empty((size[1], size[0], 3), np.float32)
    horizon = round(size[1] * random.uniform(0.58, 0.72))
    place[:horizon], place[horizon:] = wall, floor
    for cells, strength in ((4, 16), (12, 8), (40, 7)):
        patches = random.normal(0, strength, (cells, cells, 1)) + random.normal(
            0, strength / 4, (cells, cells, 3)
        )
        place += cv2.resize(patches.astype(np.float32), size, interpolation=cv2.INTER_CUBIC)
    solid: Picture = np.clip(place, 0, 255).astype(np.uint8)
    for _ in range(random.integers(8, 20)):
        _furniture(cv2, random, solid, horizon)
    return cv2.GaussianBlur(solid, (3, 3), 0)  # type: ignore[no-any-return]


def _furniture(cv2: Any, random: np.random.Generator, place: Picture, horizon: int) -> None:
    """Draw a box, an ellipse or a pole, on the wall or in front of it."""
    height, width = place.shape[:2]
    half = random.uniform(0.02, 0.12, 2) * height
    middle = (random.uniform(0, width), random.uniform(0.05, 1.15) * horizon)
    colour = muted(random)
    low = [round(a - b) for a, b in zip(middle, half, strict=True)]
    high = [round(a + b) for a, b in zip(middle, half, strict=True)]
    kind = random.integers(4)
    if kind == 0:
        cv2.ellipse(place, [round(m) for m in middle], [round(h) for h in half], 0, 0, 360, colour,
                    -1, cv2.LINE_AA)  # fmt: skip
    elif kind == 1:
        cv2.line(place, (low[0], low[1]), (low[0], horizon), colour, round(0.02 * height))
    else:
        cv2.rectangle(place, low, high, colour, -1)
        frame = tuple(max(0, value - 40) for value in colour)
        cv2.rectangle(place, low, high, frame, round(random.integers(1, 4)))


def _blob(random: np.random.Generator, aspect: float) -> Blob:
    """Traffic that crosses, or something that swings, such as a sign or a branch."""
    crosses = random.random() < 0.5
    half = random.uniform(0.03, 0.1, 2)
    swing = random.uniform(0.01, 0.06, 2) if not crosses else np.zeros(2)
    return Blob(
        at=(random.uniform(0, aspect), random.uniform(0.1, 0.75)),
        size=(half[0], half[1]),
        speed=random.choice([-1, 1]) * random.uniform(0.06, 0.3) if crosses else 0.0,
        swing=(swing[0], swing[1]),
        rate=random.uniform(0.2, 1.0),
        phase=random.random(),
        colour=muted(random),
    )
