"""Inputs of the load test: a default-size bundle, and a long stream of features per client."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path

import numpy as np
import torch

import basnet_rt
from basnet_rt.model.bundle import BundleMetadata
from basnet_training import BaSNet
from basnet_training.export import export_bundle
from basnet_training.simulate import MadeTimelines, Simulation, SimulationConfig
from bench.tables import DATA

FEATURE_DIM, NUM_CLASSES = 2560, 20
SNIPPET_SECONDS = 0.64


def made_bundle(path: Path) -> Path:
    """Default sizes (512 and 2048), 20 classes, float32, drawn weights, softmax activations."""
    torch.manual_seed(0)
    network = BaSNet(FEATURE_DIM, NUM_CLASSES)
    with torch.no_grad():
        network.cas_module.conv_3[0].weight.mul_(8)  # else every probability is near 1/21
    classes = tuple(f"class {i}" for i in range(NUM_CLASSES))
    fields = {"classes": classes, "feature_dim": FEATURE_DIM, "activation": "softmax"}
    export_bundle(network, BundleMetadata(**fields), path)
    return path


def cctv_streams(count: int, num_snippets: int) -> list[np.ndarray]:
    """The cctv_fights test videos one after the other, looped; each stream begins elsewhere."""
    files = sorted((DATA / "cctv_fights/features/test").glob("*.npy"))
    whole = np.concatenate([np.load(path) for path in files])
    starts = np.random.default_rng(0).integers(0, len(whole), count)
    return [whole.take(range(s, s + num_snippets), axis=0, mode="wrap") for s in starts]


def simulated_streams(count: int, num_snippets: int) -> list[np.ndarray]:
    """Simulated features, a video per stream; float16 as they are sent."""
    made = MadeTimelines(
        train_videos=count,
        test_videos=0,
        median_seconds=num_snippets * SNIPPET_SECONDS + 2.0,
        seconds_spread=0.0,
    )
    config = SimulationConfig(feature_dim=FEATURE_DIM)
    simulation = Simulation(made.timelines(0), config, seed=0)
    return [video.read(0, num_snippets).astype(np.float16) for video in simulation]


def streaming_changes(model: basnet_rt.Model, samples: list[np.ndarray]) -> dict[str, object]:
    """Settings under which roots open and close: thresholds among the activations that occur."""
    found = [model.forward(rows.astype(np.float32)).activations for rows in samples]
    levels = np.quantile(np.concatenate(found), [0.98, 0.99, 0.995])
    return {
        "normalisation": "fixed",
        "fixed_lo": [0.0],
        "fixed_hi": [1.0],
        "gate": "none",
        "max_duration": 30.0,
        "min_duration": 2 * SNIPPET_SECONDS,
        "merge_gap": SNIPPET_SECONDS,
        "nms_iou": 0.4,
        "cas_thresholds": sorted({round(float(level), 4) for level in levels}),
    }


@dataclasses.dataclass(frozen=True)
class Inputs:
    """One stream per client, its expected detections, and the settings of the service."""

    bundle: Path
    streams: list[np.ndarray]
    expected: list[basnet_rt.Detections]
    config: str


def make_inputs(folder: Path, clients: int, num_snippets: int, bundle: Path | None) -> Inputs:
    """Half the clients send cctv_fights, half simulated features."""
    path = bundle or made_bundle(folder / "load.pt")
    model = basnet_rt.load(path)
    half = clients // 2
    streams = cctv_streams(clients - half, num_snippets) + simulated_streams(half, num_snippets)
    changes = streaming_changes(model, streams[::20])
    localize = basnet_rt.Localizer(model, model.config.replace(**changes))
    return Inputs(path, streams, [localize(rows) for rows in streams], json.dumps(changes))
