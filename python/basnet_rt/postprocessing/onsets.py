"""Onsets: early reports that an action seems to have begun."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from basnet_rt import _core
from basnet_rt._errors import InvalidValue
from basnet_rt.config import PostprocessConfig
from basnet_rt.postprocessing.arrays import as_number, as_numpy


@dataclass(frozen=True)
class Alarm:
    """The rule for reporting an onset: that an action of a class has begun.

    Attributes:
        threshold: of the normalised activation, > 0; one for all classes, or by class name.
        hold: seconds that the activation must stay at or above the threshold; >= 0.
    """

    threshold: float | Mapping[str, float] = 0.5
    hold: float = 0.0

    def thresholds(self, classes: Sequence[str]) -> list[float]:
        """One per class."""
        if not isinstance(self.threshold, Mapping):
            return [as_number(self.threshold, "alarm threshold")]
        if set(self.threshold) != set(classes):
            raise InvalidValue(
                f"alarm threshold names {sorted(self.threshold)}; the classes are {sorted(classes)}"
            )
        return [as_number(self.threshold[name], f"alarm threshold of {name}") for name in classes]


class Onset(NamedTuple):
    """A class stayed at or above its alarm threshold for the hold time; provisional.

    Attributes:
        name: of the class.
        time: seconds; when the activation crossed the threshold.
        decided: snippet whose activation completed the hold time.
        activation: normalised, of that snippet.
    """

    label: int
    name: str
    time: float
    decided: int
    activation: float


class OnsetDetector:
    """Watches a stream of activations for onsets, beside `StreamPostprocessor`.

    Each time a class rises above its threshold gives at most one onset.

    Args:
        alarm: thresholds and hold time.
        config: its normalisation, "fixed" or "horizon", applies here too.
        classes: names of the C columns.
        snippet_seconds: distance between snippet starts; > 0.
    """

    def __init__(
        self,
        alarm: Alarm,
        config: PostprocessConfig,
        *,
        classes: Sequence[str],
        snippet_seconds: float,
    ) -> None:
        self._classes = tuple(classes)
        self._core = _core.OnsetDetector(
            alarm.thresholds(classes), alarm.hold, config.native, len(classes), snippet_seconds
        )

    def push(self, activations: Any) -> list[Onset]:
        """Take (N, C) float32 activations; returns onsets by (snippet, label)."""
        events = self._core.push(as_numpy(activations, "activations"))
        return [
            Onset(label, self._classes[label], time, decided, activation)
            for label, time, decided, activation in events
        ]

    def gap(self, snippets: int) -> None:
        """Declare `snippets` missing ones: forget which classes are above their threshold."""
        self._core.gap(snippets)

    def save(self) -> bytes:
        """The state without the settings."""
        return self._core.save()

    def load(self, state: bytes) -> None:
        """Continue from the state of a detector with the same settings."""
        self._core.load(state)
