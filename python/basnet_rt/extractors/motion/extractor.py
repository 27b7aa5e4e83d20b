"""Features of motion without weights: its amount, place, and number of directions.

Optical flow and gradients of small grey pictures, in histograms of orientation and in statistics
over the cells of a grid, per snippet. docs/extractors.md has every step and where it comes from.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from basnet_rt._errors import InvalidValue
from basnet_rt._system.extras import from_extra
from basnet_rt.extractors.interface import Features
from basnet_rt.extractors.motion import pooling
from basnet_rt.extractors.motion.cells import CELL, CellMaker, Cells
from basnet_rt.extractors.motion.cuts import change, find_cuts
from basnet_rt.extractors.running.one_thread import one_thread
from basnet_rt.features.extractor_spec import ExtractorSpec
from basnet_rt.video.frames import Frame, FrameFormat

VERSION = 1  # of the formulas; rises when a feature changes
FINEST_SCALE = 1  # DIS stops at half the size of the pictures


class MotionExtractor:
    """Extractor `motion`: no weights, one core, many times real time.

    Args:
        fps: frames per second of the grid.
        snippet_frames, snippet_stride: frames of a snippet, and from one to the next.
        step: frames between the two pictures of a pair; other frames are ignored. Stride and
            snippet must be multiples of it.
        width, height: size of scaled pictures in pixels; multiples of 8, 32 to 1024.
        layout: parts per side in the division of the picture, at most 8; 0 leaves out place and
            direction of motion.

    Raises:
        ValueError: a setting is not allowed.
        Error: OpenCV is absent.
    """

    def __init__(
        self,
        *,
        fps: float = 25.0,
        snippet_frames: int = 16,
        snippet_stride: int = 16,
        step: int = 2,
        width: int = 160,
        height: int = 120,
        layout: int = 1,
    ) -> None:
        _check_times(snippet_frames, snippet_stride, step)
        _check_sides(width, height, layout)
        self._vision = from_extra("cv2", "video", "extractor motion")
        self.step, self.layout = step, layout
        self._spec = ExtractorSpec(
            name="motion",
            version=VERSION,
            feature_dim=pooling.size(layout),
            fps=fps,
            snippet_frames=snippet_frames,
            snippet_stride=snippet_stride,
            frames=FrameFormat(pixels="gray", width=width, height=height),
            settings={
                "fps": fps,
                "snippet_frames": snippet_frames,
                "snippet_stride": snippet_stride,
                "step": step,
                "width": width,
                "height": height,
                "layout": layout,
            },
        )

    @property
    def spec(self) -> ExtractorSpec:
        return self._spec

    def start(self) -> MotionSession:
        return MotionSession(self._vision, self._spec, self.step, self.layout)


@dataclass(frozen=True, slots=True)
class Prepared:
    """The prepared part of one frame.

    pair: the cells of this frame and the one `step` before, and the change between them; None for a
    frame that does not end a pair.
    """

    frame: Frame
    pair: tuple[Cells, tuple[float, float]] | None


class MotionSession:
    """The extraction of one video by `MotionExtractor`; see `Session`."""

    def __init__(self, vision: Any, spec: ExtractorSpec, step: int, layout: int) -> None:
        self._spec, self._layout = spec, layout
        self._pairs_ahead = PairMaker(vision, spec, step)
        # Oldest first, none older than the snippet being filled; pair j begins at frame j * step.
        self._pairs: deque[tuple[Cells, tuple[float, float]]] = deque()
        self._first_pair = 0  # number of the oldest
        self._per_snippet = (spec.snippet_frames - 1) // step
        self._per_stride = spec.snippet_stride // step
        self._rows = self._pairs_ahead.rows
        self._frames, self._made = 0, 0
        self._last: Frame | None = None

    def prepare(self, frame: Frame) -> Prepared:
        """Flow and cells of the pair that `frame` ends."""
        return Prepared(frame, self._pairs_ahead(frame))

    def push(self, prepared: Prepared) -> Features:
        """The row (1, F) of the snippet that this frame completes, or none (0, F)."""
        self._last = prepared.frame
        self._frames += 1
        if prepared.pair is not None:
            self._pairs.append(prepared.pair)
            self._drop_old()
        ready = self._frames - self._made * self._spec.snippet_stride
        if ready < self._spec.snippet_frames:
            return np.empty((0, self._spec.feature_dim), np.float32)
        return self._row()

    def finish(self) -> Features:
        """The row of a video shorter than one snippet, its last frame repeated; else none."""
        rows = np.empty((0, self._spec.feature_dim), np.float32)
        while self._last is not None and not self._made:
            rows = self.push(self.prepare(self._last))
        return rows

    def _row(self) -> Features:
        pairs = list(self._pairs)[: self._per_snippet]
        cuts = find_cuts([changed for _, changed in pairs])
        snippet = pooling.Snippet.of([cells for cells, _ in pairs], cuts, self._rows)
        self._made += 1
        self._drop_old()
        return pooling.pool(snippet, self._layout)[None]

    def _drop_old(self) -> None:
        while self._pairs and self._first_pair < self._made * self._per_stride:
            self._pairs.popleft()
            self._first_pair += 1


class PairMaker:
    """Cells of each pair of frames of a video, in order; frames count from the first given."""

    def __init__(self, vision: Any, spec: ExtractorSpec, step: int) -> None:
        width, height = spec.frames.width or 0, spec.frames.height or 0
        self._cells = CellMaker(vision, width, height)
        self._shape, self._step, self._count = (height, width), step, 0
        self._flow = vision.DISOpticalFlow_create(vision.DISOPTICAL_FLOW_PRESET_MEDIUM)
        self._flow.setFinestScale(FINEST_SCALE)
        self._image: npt.NDArray[np.uint8] | None = None
        self._flow_before = np.zeros((height, width, 2), np.float32)

    @property
    def rows(self) -> int:
        return self._cells.rows

    def __call__(self, frame: Frame) -> tuple[Cells, tuple[float, float]] | None:
        """The pair that `frame` ends, and its `cuts.change`; None if it ends no pair."""
        if frame.image.shape != self._shape or frame.image.dtype != np.uint8:
            raise InvalidValue(
                f"frame {frame.index}: expected uint8 {self._shape}, got "
                f"{frame.image.dtype} {frame.image.shape}"
            )
        place, before = self._count, self._image
        self._count += 1
        if place % self._step:
            return None
        self._image = frame.image
        return None if before is None else self._pair(before, frame.image)

    def _pair(
        self, before: npt.NDArray[np.uint8], after: npt.NDArray[np.uint8]
    ) -> tuple[Cells, tuple[float, float]]:
        with one_thread():
            flow = self._flow.calc(before, after, None) * np.float32(1 / self._step)
            cells = self._cells(flow, self._flow_before, before, after.astype(np.float32))
            changed = change(self._cells.small(before), self._cells.small(after))
        self._flow_before = flow
        return cells, changed


def _check_times(frames: int, stride: int, step: int) -> None:
    if not 1 <= step < frames:
        raise InvalidValue(f"step: expected 1 .. snippet_frames - 1 = {frames - 1}, got {step}")
    for name, value in (("snippet_frames", frames), ("snippet_stride", stride)):
        if value < step or value % step:
            raise InvalidValue(f"{name}: expected a multiple of step = {step}, got {value}")


def _check_sides(width: int, height: int, layout: int) -> None:
    for name, side in (("width", width), ("height", height)):
        if not 32 <= side <= 1024 or side % CELL:
            raise InvalidValue(f"{name}: expected a multiple of {CELL} in 32 .. 1024, got {side}")
    most = min(8, width // CELL, height // CELL)
    if not 0 <= layout <= most:
        raise InvalidValue(f"layout: expected 0 .. {most}, got {layout}")
