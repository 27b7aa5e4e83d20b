"""An extractor that tests can look into, and break."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from small_films import FEATURE_DIM, SPEC

from basnet_rt.extractors.running.job import Recipe


class Means:
    """Mean of each colour over a snippet, and the index of its last frame.

    Args:
        fails: "prepare", "push" or "finish", which then raises `error`.
        rows: replaces every array of rows that it hands out.
    """

    def __init__(self, fails=None, error=None, rows=lambda rows: rows, watch=None):
        self.spec = SPEC
        self.fails, self.error, self.rows, self.watch = fails, error, rows, watch

    def start(self):
        return MeansSession(self)


class MeansSession:
    def __init__(self, extractor):
        self._extractor, self._frames, self._made = extractor, [], 0

    def prepare(self, frame):
        self._note("prepare", frame.index)
        return np.append(frame.image.mean(axis=(0, 1)), frame.index)

    def push(self, prepared):
        self._note("push", int(prepared[-1]))
        self._frames.append(prepared)
        return self._rows(len(self._frames) == SPEC.snippet_frames)

    def finish(self):
        self._note("finish", 0)
        return self._rows(not self._made)

    def _rows(self, full):
        if not full:
            return np.empty((0, FEATURE_DIM), np.float32)
        rows = np.mean(self._frames, axis=0)[None].astype(np.float32)
        self._frames, self._made = [], self._made + 1
        return self._extractor.rows(rows)

    def _note(self, call, index):
        if self._extractor.watch is not None:
            self._extractor.watch(call, index)
        if self._extractor.fails == call and index in (0, 30):
            raise self._extractor.error


class MeansRecipe(Recipe):
    """Makes `Means`, in other processes too."""

    def make(self):
        return Means()


class CrashingRecipe(Recipe):
    """An extractor that ends its process in videos of 50 frames, as a decoder's fault does."""

    def make(self):
        return Means(watch=_crash)


def _crash(call, index):
    import os

    if call == "finish" and _crash.last == 49:
        os._exit(11)
    _crash.last = index


_crash.last = -1
OTHER = replace(SPEC, version=2)
