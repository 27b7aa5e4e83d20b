"""Extractors that are networks: pictures become snippets, which a network computes in batches."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Protocol

import numpy as np

from basnet_rt._errors import BundleError, Error, InvalidValue
from basnet_rt.extractors.backbone.flow import Picture
from basnet_rt.extractors.backbone.pictures import PictureMaker, Pictures, Snippet
from basnet_rt.extractors.interface import Features
from basnet_rt.features.extractor_spec import ExtractorSpec
from basnet_rt.video.frames import Frame

Prepared = tuple[Picture, ...]  # one for each branch


class Network(Protocol):
    """Computes (B, F) float32 from values (B, T, H, W, C) float32."""

    def __call__(self, values: np.ndarray) -> np.ndarray: ...


@dataclass(frozen=True)
class Branch:
    """One network and its input.

    Attributes:
        name: for messages.
        pictures: the processing of frames.
        network: from values to features.
        feature_dim: F of this branch.
        every: the network uses each `every`-th picture of a snippet.
    """

    name: str
    pictures: Pictures
    network: Network
    feature_dim: int
    every: int = 1


class NetworkExtractor:
    """Several branches, whose features are concatenated in the order given.

    Args:
        spec: the record.
        branches: one or more.
        batch: snippets per call of a network; rows come in such groups.

    Raises:
        ValueError: `batch` is below 1.
    """

    def __init__(self, spec: ExtractorSpec, branches: Sequence[Branch], batch: int = 1) -> None:
        if batch < 1:
            raise InvalidValue(f"batch: expected at least 1 snippet, got {batch}")
        self._spec, self._branches, self.batch = spec, tuple(branches), batch

    @property
    def spec(self) -> ExtractorSpec:
        return self._spec

    def start(self) -> NetworkSession:
        return NetworkSession(self._spec, self._branches, self.batch)


class NetworkSession:
    """One video; see `Session`. `prepare` uses only the makers, and `push` only the lanes."""

    def __init__(self, spec: ExtractorSpec, branches: Sequence[Branch], batch: int) -> None:
        self._spec = spec
        self._makers = [PictureMaker(branch.pictures) for branch in branches]
        self._lanes = [_Lane(spec, branch, batch) for branch in branches]
        self._num_frames = 0
        self._finished = False

    def prepare(self, frame: Frame) -> Prepared:
        return tuple(maker.next(frame) for maker in self._makers)

    def push(self, prepared: Prepared) -> Features:
        """
        Raises:
            Error: the session has ended, or a network's output is not finite.
            BundleError: a network's output has a wrong shape.
        """
        if self._finished:
            raise Error("push after finish: start a session for each video")
        self._num_frames += 1
        for lane, picture in zip(self._lanes, prepared, strict=True):
            lane.add(picture)
        return self._rows()

    def finish(self) -> Features:
        """Repeat the last picture of each branch until its last snippet is full."""
        if not self._finished:
            for lane in self._lanes:
                lane.finish(self._spec.num_snippets(self._num_frames))
        self._finished = True
        return self._rows()

    def _rows(self) -> Features:
        """Rows that every branch has."""
        count = min(len(lane.ready) for lane in self._lanes)
        rows = np.empty((count, self._spec.feature_dim), np.float32)
        for row in rows:
            np.concatenate([lane.ready.pop(0) for lane in self._lanes], out=row)
        return rows


class _Lane:
    """The state of one branch of a session."""

    def __init__(self, spec: ExtractorSpec, branch: Branch, batch: int) -> None:
        self._branch, self._batch = branch, batch
        self._windows = Windows(spec.snippet_frames, spec.snippet_stride, branch.every)
        # Flow picture k is the movement from frame k to the next. The one that comes with the first
        # frame has no meaning, and is used only if the video ends there.
        self._to_skip = 1 if branch.pictures.kind == "flow" else 0
        self._last: Picture | None = None
        self._waiting: list[Snippet] = []
        self._num_rows = 0
        self.ready: list[np.ndarray] = []

    def add(self, picture: Picture) -> None:
        self._last = picture
        if self._to_skip:
            self._to_skip -= 1
        else:
            self._extend(picture)

    def finish(self, num_snippets: int) -> None:
        while self._last is not None and self._windows.made < num_snippets:
            self._extend(self._last)
        if self._waiting:
            self._run()

    def _extend(self, picture: Picture) -> None:
        snippet = self._windows.add(picture)
        if snippet is not None:
            self._waiting.append(snippet)
            if len(self._waiting) == self._batch:
                self._run()

    def _run(self) -> None:
        waiting, self._waiting = self._waiting, []
        rows = self._branch.network(self._branch.pictures.values(waiting))
        self.ready.extend(self._checked(rows, len(waiting)))
        self._num_rows += len(waiting)

    def _checked(self, rows: np.ndarray, count: int) -> np.ndarray:
        wanted = (count, self._branch.feature_dim)
        if rows.shape != wanted:
            raise BundleError(
                f"{self._branch.name}: the network gave features of shape {rows.shape}, "
                f"expected {wanted}"
            )
        bad = np.flatnonzero(~np.isfinite(rows).all(axis=1))
        if len(bad):
            raise Error(
                f"{self._branch.name}: the network gave NaN or infinity for snippet "
                f"{self._num_rows + int(bad[0])}"
            )
        return rows


class Windows:
    """Snippet i has the pictures [i * stride, i * stride + frames), every `every`-th of them.

    Memory holds one snippet's pictures, for any length of the video.
    """

    def __init__(self, frames: int, stride: int, every: int = 1) -> None:
        self._frames, self._stride, self._every = frames, stride, every
        self._kept: deque[Picture] = deque()  # beginning with picture _start
        self._start = 0  # first picture of the next snippet
        self._seen = 0
        self.made = 0

    def add(self, picture: Picture) -> Snippet | None:
        """The snippet that this picture completes."""
        if self._seen >= self._start:  # a stride above `frames` leaves pictures out
            self._kept.append(picture)
        self._seen += 1
        if self._seen < self._start + self._frames:
            return None
        snippet = list(islice(self._kept, 0, None, self._every))
        for _ in range(min(self._stride, len(self._kept))):
            self._kept.popleft()
        self._start += self._stride
        self.made += 1
        return snippet
