"""The figures are taken from activations; a `StreamingLocalizer` must report the same."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from basnet_rt import Alarm, StreamingLocalizer
from basnet_rt.features import open_features
from bench.streaming.latency_measures import Finals
from bench.streaming.measured_settings import streamed
from bench.streaming.onset_measures import onsets
from bench.streaming.recordings import (
    LOOK_AHEAD,
    SNIPPET_SECONDS,
    Recording,
    one_class,
    trained_model,
)
from bench.tables import DATA

TOLERANCE = 0.01  # seconds; activations differ by 1e-5
ALARM = Alarm(0.5, 0.64)


def check_localizer(runs: Path) -> None:
    """Latencies and onsets of the test videos of one network, pushed as features."""
    model = trained_model(0, runs)
    config = model.config.replace(gate="none", max_lookahead=1.28)
    videos = open_features(DATA / "cctv_fights" / "features" / "test")
    finals = events = 0
    for name in videos.names:
        features = videos.read(name)
        live = StreamingLocalizer(model, config, alarm=ALARM)
        times = pushed(live, features)
        output = model.forward_with_cas(features)
        one = Recording(name, output.activations, output.cas, one_class([]), LOOK_AHEAD)
        want = streamed(one, config)
        compare(name, live, want, times)
        heard = onsets(
            one.activations, config, ALARM, seconds=SNIPPET_SECONDS, look_ahead=LOOK_AHEAD
        )
        equal(f"{name}: onsets", times["onsets"], heard.emitted)
        finals, events = finals + len(want), events + len(heard.emitted)
    print(f"StreamingLocalizer from features: the same {finals} finals and {events} onsets\n")


def pushed(live: StreamingLocalizer, features: np.ndarray) -> dict[str, list[float]]:
    """End of the last snippet that had arrived, for each final and each onset."""
    times: dict[str, list[float]] = {"finals": [], "onsets": []}
    for i in range(len(features)):
        found = live.push(features[i : i + 1])
        times["finals"] += [(i + 1) * SNIPPET_SECONDS] * len(found)
        times["onsets"] += [(i + 1) * SNIPPET_SECONDS] * len(live.onsets())
    found = live.finish()
    times["finals"] += [len(features) * SNIPPET_SECONDS] * len(found)
    times["onsets"] += [len(features) * SNIPPET_SECONDS] * len(live.onsets())
    return times


def compare(
    name: str, live: StreamingLocalizer, want: Finals, times: dict[str, list[float]]
) -> None:
    """Emission by emission, and the latency that the stream itself counted."""
    equal(f"{name}: finals", times["finals"], want.emitted)
    latency = want.emitted - want.segments[:, 1]
    counted = [live.statistics.latency_sum / max(1, len(latency)), live.statistics.latency_max]
    if len(latency):
        equal(f"{name}: latencies", counted, np.array([latency.mean(), latency.max()]))


def equal(what: str, got: list[float], want: np.ndarray) -> None:
    if len(got) != len(want) or not np.allclose(got, want, rtol=0, atol=TOLERANCE):
        raise SystemExit(f"{what}: the stream says {got}, the measurement {want.tolist()}")
