"""Preset `live` beside `auto` on test videos: accuracy, and how late each action is final.

    python -m bench.streaming.live_preset

Both presets train the same network, so the finished runs of `bench.accuracy.one_command` are read
in both ways. The test videos are streamed, one snippet at a time, by `StreamingLocalizer`. Latency
is the time from an action's marked end until the stream emits the final that matches it (at tIoU
0.5). The table goes into docs/streaming_measured.md.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
import torch

from basnet_rt import Detections, Model, PostprocessConfig, StreamingLocalizer, evaluate, load
from basnet_rt.annotations import VideoAnnotation, read_annotations
from basnet_rt.features import FeatureSource, open_features
from basnet_training.config import load_config
from bench.accuracy.one_command import INPUTS, key_of, title_of
from bench.streaming import PAGE
from bench.streaming.latency_measures import (
    Finals,
    Latencies,
    Segments,
    latencies,
    pooled,
    quantiles,
)
from bench.streaming.latency_pages import seconds_cell, share_cell
from bench.streaming.measured_settings import FOUND_AT
from bench.tables import RUNS, TIOU_THRESHOLDS, machine, markdown_table, publish, spread

PRESETS = ("auto", "live")


def main() -> None:
    options = parse()
    torch.set_num_threads(1)
    rows = []
    for name in options.inputs:
        maps: dict[str, list[float]] = {preset: [] for preset in PRESETS}
        waits: dict[str, list[Latencies]] = {preset: [] for preset in PRESETS}
        for seed in range(options.seeds):
            model = load(options.finished / key_of(name, seed) / "model.pt")
            for preset in PRESETS:
                average, waited = streamed(options.finished, name, model, settings(model, preset))
                maps[preset].append(average)
                waits[preset].append(waited)
                print(f"{name}, seed {seed}, {preset}: {average:.1f}", flush=True)
        rows += [row(name, preset, maps, waits[preset]) for preset in PRESETS]
    note = (
        f"Average mAP@0.1:0.7 in percent on the test videos, median (least to most) of "
        f"{options.seeds} seeds; seconds from the marked end of an action that was found. "
        f"{machine()}."
    )
    head = ["features", "preset", "average mAP", "against auto", "found", "p50 (s)", "p90 (s)"]
    publish(PAGE, "live_preset", f"{note}\n\n{markdown_table(head, rows)}")


def parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    add = parser.add_argument
    add("--finished", type=Path, default=RUNS / "one_command", help="work of `one_command`")
    add("--seeds", type=int, default=9)
    add("--inputs", nargs="+", choices=INPUTS, default=list(INPUTS))
    return parser.parse_args()


def settings(model: Model, preset: str) -> PostprocessConfig:
    """The post-processing in a bundle of the preset; `model` is one of `auto`."""
    return model.config if preset == "auto" else model.configure(**load_config(preset).postprocess)


def streamed(
    finished: Path, name: str, model: Model, config: PostprocessConfig
) -> tuple[float, Latencies]:
    """Average mAP in percent, and the latency of all test videos together."""
    one = INPUTS[name]
    marked = read_annotations(one.truth).subset("test").videos
    features = open_features(one.features(finished) / "test")
    found, waits = {}, []
    for video in features.names:
        finals = finals_of(model, config, features, video)
        found[video] = Detections(
            finals.labels, finals.scores.astype(np.float32), finals.segments, classes=model.classes
        )
        waits.append(latencies(finals, truth_of(marked[video], model.classes), FOUND_AT))
    report = evaluate(one.truth, found, subset="test", tiou_thresholds=TIOU_THRESHOLDS)
    return 100 * report.average_map, pooled(waits)


def finals_of(
    model: Model, config: PostprocessConfig, features: FeatureSource, video: str
) -> Finals:
    """The finals of one video, each with the time of the snippet that brought it."""
    stream = StreamingLocalizer(model, config)
    values, seconds = features.read(video), model.metadata.snippet_seconds
    sidecar = features.sidecar(video)
    parts = [(stream.push(values[i : i + 1]), (i + 1) * seconds) for i in range(len(values))]
    last = stream.finish(duration=None if sidecar is None else sidecar.duration)
    parts.append((last, len(values) * seconds))
    columns = [
        np.concatenate([getattr(part, column) for part, _ in parts])
        for column in ("labels", "scores", "segments")
    ]
    emitted = np.concatenate([np.full(len(part), time) for part, time in parts])
    return Finals(columns[0], columns[1].astype(np.float64), columns[2], emitted)


def truth_of(marked: VideoAnnotation, classes: tuple[str, ...]) -> Segments:
    """The marked segments of one video, with the model's numbers of classes."""
    labels = [classes.index(one.label) for one in marked.segments]
    rows = [(one.start, one.end) for one in marked.segments]
    return Segments(np.array(labels, np.int64), np.array(rows, np.float64).reshape(-1, 2))


def row(name: str, preset: str, maps: dict[str, list[float]], waits: list[Latencies]) -> list[str]:
    """One line of the table."""
    together = pooled(waits)
    after = quantiles(together.after_end)
    gains = [a - b for a, b in zip(maps[preset], maps["auto"], strict=True)]
    return [
        title_of(name),
        f"`{preset}`",
        spread(maps[preset]),
        "" if preset == "auto" else spread(gains),
        share_cell(together.found),
        seconds_cell(after[1]),
        seconds_cell(after[2]),
    ]


if __name__ == "__main__":
    main()
