"""The piecewise-linear function y(t) of `continuous` and its integral.

Works in float64, or in exact rational numbers when it is built with Fractions: every
operation here is one that both kinds of number have.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property

Number = float | Fraction  # one kind throughout a computation


@dataclass(frozen=True)
class Piece:
    """A straight stretch of y, from (start, left) to (end, right)."""

    start: Number
    left: Number
    end: Number
    right: Number

    def value(self, t: Number) -> Number:
        if self.left == self.right:
            return self.left
        return self.left + (self.right - self.left) * ((t - self.start) / (self.end - self.start))


@dataclass(frozen=True)
class Curve:
    """y(t) on [0, duration]: through the centres, constant before the first and after the last."""

    values: Sequence[Number]
    snippet_seconds: Number
    duration: Number

    def time(self, index: int, fraction: Number = 0) -> Number:
        """Seconds at `fraction` of the way from the centre of snippet `index` to the next one."""
        return (2 * index + 1 + 2 * fraction) * self.snippet_seconds / 2

    def crossing(self, index: int, level: Number) -> Number:
        """When the line from snippet `index` to the next one is at `level`."""
        left, right = self.values[index], self.values[index + 1]
        return self.time(index, (level - left) / (right - left))

    @cached_property
    def pieces(self) -> list[Piece]:
        """T + 1 stretches; the last reaches `duration`, unless the last centre is later."""
        y, last = self.values, len(self.values) - 1
        found = [Piece(0, y[0], self.time(0), y[0])]
        for i in range(last):
            found.append(Piece(self.time(i), y[i], self.time(i + 1), y[i + 1]))
        found.append(Piece(self.time(last), y[last], max(self.time(last), self.duration), y[last]))
        return found

    def integral(self, start: Number, end: Number) -> Number:
        """Integral of y over [start, end], a part of [0, duration], trapezoid by trapezoid."""
        total: Number = 0
        for piece in self._pieces_near(start, end):
            a, b = max(start, piece.start), min(end, piece.end)
            if b > a:
                total += (b - a) * (piece.value(a) + piece.value(b)) / 2
        return total

    def _pieces_near(self, start: Number, end: Number) -> list[Piece]:
        # A little more on each side than needed: pieces outside add nothing.
        first = min(int(start / self.snippet_seconds), len(self.pieces)) - 2
        return self.pieces[max(0, first) : int(end / self.snippet_seconds) + 3]
