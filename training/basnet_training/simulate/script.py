"""The content of each snippet: weights of the vocabulary's rows, before any white noise.

Everything here is a function of time, so any range of snippets can be computed on its own.
"""

from __future__ import annotations

import dataclasses

import numpy as np

from .casting import Cast, Events
from .config import SimulationConfig
from .randomness import Floats, Indices, smooth_noise

# Steepness and bias of the camera's turns to a context, which is then in view 2/3 of the time.
CUT_STEEPNESS, CUT_BIAS = 3.0, 1.5


@dataclasses.dataclass(frozen=True)
class Weights:
    """Weights of N snippets; axes as in `Vocabulary`: C classes, P phases, M modes, R nuisances.

    `action` (N, C) is the share of each snippet that an action of the class fills, in [0, 1].
    """

    action: Floats
    phases: Floats
    distractors: Floats
    contexts: Floats
    modes: Floats
    nuisances: Floats

    def stacked(self) -> Floats:
        """Shape (N, 2 C P + C + M + R): one column per row of `Vocabulary.rows`."""
        count = len(self.action)
        blocks = (self.phases, self.distractors, self.contexts, self.modes, self.nuisances)
        return np.concatenate([block.reshape(count, -1) for block in blocks], axis=1)


@dataclasses.dataclass(frozen=True)
class Script:
    """One video's weights at any time. `salience` (C, P) is the vocabulary's."""

    config: SimulationConfig
    cast: Cast
    salience: Floats
    video: str
    seed: int

    def weights(self, first: int, count: int) -> Weights:
        """Weights of the snippets first .. first + count - 1, with first >= 0 and count >= 1."""
        snippets = np.arange(first, first + count, dtype=np.int64)
        shape = (count, *self.salience.shape)
        action, progress = self._actions(snippets, shape)
        filled = np.minimum(action.max(axis=1, keepdims=True), 1.0)
        return Weights(
            action=action,
            phases=progress * self.salience,
            distractors=self._bursts(snippets, shape),
            contexts=self._contexts(snippets, action),
            modes=self._modes(snippets) * (1 - self.config.occlusion * filled),
            nuisances=self._nuisances(snippets, action),
        )

    def _cover(self, snippets: Indices, events: Events) -> Floats:
        """Share of each snippet that each event fills. (N, E)"""
        step = self.config.snippet_seconds
        start = snippets[:, None] * step
        overlap = np.minimum(events.end, start + step) - np.maximum(events.start, start)
        cover: Floats = np.maximum(overlap, 0.0) / step
        return cover

    def _nearby(self, snippets: Indices, events: Events) -> Events:
        step = self.config.snippet_seconds
        return events.within(snippets[0] * step, (snippets[-1] + 1) * step)

    def _actions(self, snippets: Indices, shape: tuple[int, ...]) -> tuple[Floats, Floats]:
        """The share of each snippet that a class fills (N, C), and weights of phases (N, C, P)."""
        events = self._nearby(snippets, self.cast.instances)
        cover = self._cover(snippets, events)
        phase = self._phase_weights(snippets, events, shape[2]) * cover[:, :, None]
        action, phases = np.zeros(shape[:2]), np.zeros(shape)
        for i, label in enumerate(events.label):
            action[:, label] += cover[:, i]
            phases[:, label] += events.strength[i] * phase[:, i]
        return np.minimum(action, 1.0), phases

    def _phase_weights(self, snippets: Indices, events: Events, phases: int) -> Floats:
        """Weights (N, E, P), linear between the two phases around an instance's warped progress."""
        step = self.config.snippet_seconds
        start = snippets[:, None] * step
        middle = (np.maximum(events.start, start) + np.minimum(events.end, start + step)) / 2
        progress = np.clip((middle - events.start) / (events.end - events.start), 0, 1)
        position = progress**events.warp * (phases - 1)
        distance = np.abs(position[:, :, None] - np.arange(phases))
        weights: Floats = np.maximum(1 - distance, 0.0)
        return weights

    def _bursts(self, snippets: Indices, shape: tuple[int, ...]) -> Floats:
        events = self._nearby(snippets, self.cast.distractors)
        strength = self._cover(snippets, events) * events.strength
        weights = np.zeros(shape)
        for i, (label, phase) in enumerate(zip(events.label, events.phase, strict=True)):
            weights[:, label, phase] += strength[:, i]
        return weights

    def _contexts(self, snippets: Indices, action: Floats) -> Floats:
        """Weights of contexts (N, C).

        A context is strongest near the class's instances, weaker while an action runs, and comes
        and goes with the camera's turns.
        """
        config = self.config
        hidden = 1 - (1 - config.context_in_action) * action.max(axis=1)
        weights = np.zeros_like(action)
        for label in self.cast.contexts:
            near = 1.0 if label == self.cast.leaked else self._nearness(snippets, label)
            present = config.context_floor + (1 - config.context_floor) * near
            in_view = self._camera(snippets, label) * hidden
            weights[:, label] = config.context_strength * present * in_view
        return weights

    def _nearness(self, snippets: Indices, label: int) -> Floats:
        own = self.cast.instances.label == label
        start, end = self.cast.instances.start[own], self.cast.instances.end[own]
        centre = ((snippets + 0.5) * self.config.snippet_seconds)[:, None]
        distance = np.maximum(np.maximum(start - centre, centre - end), 0).min(axis=1)
        near: Floats = np.exp(-distance / self.config.context_reach_seconds)
        return near

    def _camera(self, snippets: Indices, label: int) -> Floats:
        turn = self._smooth(snippets, ("camera", label), self.config.context_cut_seconds, 1)[:, 0]
        in_view: Floats = 1 / (1 + np.exp(-(CUT_STEEPNESS * turn + CUT_BIAS)))
        return in_view

    def _modes(self, snippets: Indices) -> Floats:
        """Weights of backgrounds (N, M); half of a logit's variance is constant over the video."""
        config = self.config
        seconds, modes = config.background_seconds, config.background_modes
        drift = self._smooth(snippets, ("modes",), seconds, modes)
        logits = config.background_sharpness * (drift + self.cast.mode_bias) / np.sqrt(2)
        shares = np.exp(logits - logits.max(axis=1, keepdims=True))
        mixed: Floats = config.background_strength * shares / shares.sum(axis=1, keepdims=True)
        return mixed

    def _nuisances(self, snippets: Indices, action: Floats) -> Floats:
        config, rank = self.config, self.config.nuisance_rank
        drift = self._smooth(snippets, ("drift",), config.drift_seconds, rank)
        style = action @ self.cast.style
        noise = config.scene_noise * self.cast.scene + config.drift_noise * drift
        total: Floats = (noise + config.style_noise * style) / np.sqrt(rank)
        return total

    def _smooth(
        self, snippets: Indices, purpose: tuple[str | int, ...], seconds: float, channels: int
    ) -> Floats:
        positions = snippets.astype(np.float64) * (self.config.snippet_seconds / seconds)
        return smooth_noise(self.seed, (*purpose, self.video), positions, channels)
