"""Subjects that run for a day: post-processing, a whole localizer, a pool."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import torch

import basnet_rt
from basnet_rt.model.bundle import BundleMetadata
from basnet_rt.stream.network import NetworkStream
from basnet_training import BaSNet
from bench.streaming import soak_input
from bench.streaming.made_networks import made_bundle
from bench.streaming.soak_input import HOUR, HOURS, SNIPPET_SECONDS

THRESHOLDS = (0.3, 0.4, 0.5, 0.6, 0.7)
FIELDS = {"normalisation": "fixed", "gate": "none", "max_duration": 120.0, "merge_gap": 0.64}
CONFIG = basnet_rt.PostprocessConfig.continuous(nms="hard", cas_thresholds=THRESHOLDS, **FIELDS)
FEATURE_DIM, HIDDEN = 256, (64, 256)  # of the network part: a day must not take a day
POOL_STREAMS, POOL_CHUNK, LOCALIZER_CHUNK = 4, 16, 4

Finals = Iterator[basnet_rt.Detections]


class Postprocessing:
    """One snippet per push."""

    snippets_per_step = 1

    def __init__(self, num_classes: int, folder: Path) -> None:
        self.name = f"StreamPostprocessor, {num_classes} classes"
        self.num_classes = num_classes
        self._stream = basnet_rt.StreamPostprocessor(
            CONFIG, num_classes=num_classes, snippet_seconds=SNIPPET_SECONDS
        )

    def input(self, hour: int) -> np.ndarray:
        return soak_input.activations(hour, self.num_classes)

    def push(self, rows: np.ndarray) -> basnet_rt.Detections:
        return self._stream.push(rows)

    def finish(self) -> basnet_rt.Detections:
        return self._stream.finish()

    def offline(self) -> basnet_rt.Detections:
        whole = np.concatenate([self.input(hour) for hour in range(HOURS)])
        return basnet_rt.postprocess(whole, None, CONFIG, snippet_seconds=SNIPPET_SECONDS)

    def error(self, labels: np.ndarray, segments: np.ndarray) -> float | None:
        return soak_input.pulse_error(labels, segments, THRESHOLDS)


class Localizing:
    """Features through a small network; `offline` is of the activations that it gave."""

    snippets_per_step = LOCALIZER_CHUNK

    def __init__(self, num_classes: int, folder: Path) -> None:
        self.name = f"StreamingLocalizer, {num_classes} classes"
        torch.manual_seed(0)
        network = BaSNet(FEATURE_DIM, num_classes, *HIDDEN).eval()
        with torch.no_grad():  # an untrained network hardly moves
            network.state_dict()["cas_module.conv_3.0.weight"].mul_(40)
        self._model = made_bundle(network, folder, "float32")
        levels = [0.15, 0.3, 0.5]
        self._config = basnet_rt.PostprocessConfig.continuous(
            nms="hard", cas_thresholds=levels, **FIELDS
        )
        alarm = basnet_rt.Alarm(levels[1], hold=1.0)
        self._stream = basnet_rt.StreamingLocalizer(self._model, self._config, alarm=alarm)
        self.num_onsets = 0

    def input(self, hour: int) -> np.ndarray:
        return soak_input.features(hour, FEATURE_DIM)

    def push(self, rows: np.ndarray) -> basnet_rt.Detections:
        found = self._stream.push(rows)
        self.num_onsets += len(self._stream.onsets())
        return found

    def finish(self) -> basnet_rt.Detections:
        return self._stream.finish()

    def offline(self) -> basnet_rt.Detections:
        network, parts = NetworkStream(self._model), []
        for hour in range(HOURS):
            rows = self.input(hour)
            parts += [
                network.push(rows[i : i + LOCALIZER_CHUNK]).activations
                for i in range(0, HOUR, LOCALIZER_CHUNK)
            ]
        whole = np.concatenate([*parts, network.flush().activations])
        return basnet_rt.postprocess(whole, None, self._config, snippet_seconds=SNIPPET_SECONDS)

    def error(self, labels: np.ndarray, segments: np.ndarray) -> float | None:
        return None


class PassOn:
    """A pool's network that hands on what it is given, so that the pool itself is what runs."""

    columns = 0

    def step(
        self, slots: np.ndarray, fresh: np.ndarray, features: np.ndarray
    ) -> tuple[np.ndarray, None, np.ndarray]:
        return features, None, np.full(len(slots), features.shape[1])

    def flush(self, slots: np.ndarray) -> tuple[np.ndarray, None, np.ndarray]:
        return np.zeros((len(slots), 0, self.columns), np.float32), None, np.zeros(len(slots), int)


class Pooling(Postprocessing):
    """Streams of the same input in one pool with its own thread; all must say the same."""

    snippets_per_step = POOL_CHUNK

    def __init__(self, num_classes: int, folder: Path) -> None:
        super().__init__(num_classes, folder)
        self.name = f"StreamPool of {POOL_STREAMS}, {num_classes} classes"
        names = tuple(str(i) for i in range(num_classes))
        metadata = BundleMetadata(classes=names, feature_dim=num_classes)
        network = PassOn()
        network.columns = num_classes
        model = basnet_rt.Model(
            None, metadata, device=torch.device("cpu"), dtype="float32", name="none"
        )
        self._pool = basnet_rt.StreamPool(model, CONFIG, network=network, max_delay=0.001)
        self._ids = [self._pool.open() for _ in range(POOL_STREAMS)]
        self._counts = [0] * POOL_STREAMS

    def push(self, rows: np.ndarray) -> basnet_rt.Detections:
        return self._first([self._pool.push(stream, rows) for stream in self._ids])

    def finish(self) -> basnet_rt.Detections:
        found = self._first([self._pool.close(stream) for stream in self._ids])
        if len(set(self._counts)) != 1:
            raise SystemExit(f"streams of one input have {self._counts} finals")
        return found

    def _first(self, found: list[basnet_rt.Detections]) -> basnet_rt.Detections:
        self._counts = [a + len(b) for a, b in zip(self._counts, found, strict=True)]
        return found[0]


KINDS = {"post": Postprocessing, "localizer": Localizing, "pool": Pooling}
