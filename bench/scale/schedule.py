"""Rules that keep 2 to 1,000 workers busy: a simulation with the durations of real videos.

A task takes the measured time of extractor `motion` for a video of that duration, with a random
deviation that no rule can know. Writes the section and the picture of docs/scale.md.

python -m bench.scale.schedule [--markdown]
"""

from __future__ import annotations

import argparse
import heapq
import json
from collections.abc import Callable, Sequence

import numpy as np
import numpy.typing as npt

from basnet_rt.cluster.order import longest_first
from bench.pictures import save_png
from bench.scale.rates import FRAMES_PER_CORE, GRID_FPS
from bench.streaming.decision_plots import plt, style
from bench.tables import DATA, DOCS, IMAGES, markdown_table, publish

Seconds = npt.NDArray[np.float64]
VIDEOS, SEEDS = 10_000, 5
WORKERS = (2, 4, 10, 20, 40, 100, 200, 400, 1000)
START_SECONDS = 0.15  # of a task: opening the file, writing the features
UNKNOWN = 0.15  # deviation of the log of the time that a duration does not explain
BYTES = 0.5  # deviation of the log of bytes a second: quality and scenes differ
OURS = "longest first, by duration"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--markdown", action="store_true")
    options = parser.parse_args()
    corpora = {
        "ActivityNet 1.3": activitynet(),
        "THUMOS'14": thumos14(),
        "heavy tail": heavy_tail(),
    }
    found = {name: efficiencies(durations) for name, durations in corpora.items()}
    text = "\n\n".join(table(name, corpora[name], found[name]) for name in corpora)
    publish(DOCS / "scale.md", "schedule", text, write=options.markdown)
    if options.markdown:
        draw(found)
    for name, by_rule in found.items():
        best = np.max(list(by_rule.values()), axis=0)
        short = float(np.max(best - by_rule[OURS]))
        assert short <= 0.02, f"{name}: {OURS} is {short:.3f} below the best"


def activitynet() -> Seconds:
    """Seconds of the 19,228 videos of ActivityNet 1.3, as its annotations say."""
    videos = json.loads((DATA / "activitynet13/gt.json").read_text())["database"].values()
    return np.array([video["duration"] for video in videos if video.get("duration")])


def thumos14() -> Seconds:
    """Seconds of the videos of THUMOS'14."""
    return np.array(list(json.loads((DATA / "thumos14/durations.json").read_text()).values()))


def heavy_tail() -> Seconds:
    """Clips of a minute and recordings of hours: lognormal, the longest six hours."""
    rng = np.random.default_rng(0)
    return np.minimum(60 * rng.lognormal(0, 1.7, 20_000), 6 * 3600.0)


def efficiencies(durations: Seconds) -> dict[str, Seconds]:
    """By rule, for each of WORKERS: the shortest possible time divided by the time of the rule.

    No schedule beats the work divided by the workers, nor the longest task.
    """
    found: dict[str, list[list[float]]] = {rule: [] for rule in RULES}
    for seed in range(SEEDS):
        rng = np.random.default_rng(seed)
        chosen = rng.choice(durations, VIDEOS)
        times = chosen * GRID_FPS / FRAMES_PER_CORE * rng.lognormal(0, UNKNOWN, VIDEOS)
        times += START_SECONDS
        for rule, work in RULES.items():
            bounds = [max(times.sum() / workers, times.max()) for workers in WORKERS]
            ends = [work(times, chosen, workers, rng) for workers in WORKERS]
            found[rule].append([bound / end for bound, end in zip(bounds, ends, strict=True)])
    return {rule: np.mean(rows, axis=0) for rule, rows in found.items()}


def handed_out(times: Sequence[float], workers: int) -> float:
    """The time at which the last worker is done, if each takes the next task when free; seconds."""
    free = [0.0] * workers
    for seconds in times:
        heapq.heapreplace(free, free[0] + seconds)
    return max(free)


def in_order_of(times: Seconds, weights: Seconds, workers: int) -> float:
    ranks = longest_first(range(len(times)), weights.tolist())
    return handed_out(times[ranks].tolist(), workers)


def shared_out(times: Seconds, weights: Seconds, workers: int) -> float:
    """All tasks are assigned in advance: the next longest goes to the worker with least work."""
    load = [(0.0, worker) for worker in range(workers)]
    real = np.zeros(workers)
    for task in longest_first(range(len(times)), weights.tolist()):
        planned, worker = load[0]
        heapq.heapreplace(load, (planned + weights[task], worker))
        real[worker] += times[task]
    return float(real.max())


def equal_counts(times: Seconds, workers: int) -> float:
    return max(float(part.sum()) for part in np.array_split(times, workers))


Rule = Callable[[Seconds, Seconds, int, np.random.Generator], float]
RULES: dict[str, Rule] = {
    OURS: lambda times, known, workers, _: in_order_of(times, known, workers),
    "longest first, by bytes": lambda times, known, workers, rng: in_order_of(
        times, known * rng.lognormal(0, BYTES, len(known)), workers
    ),
    "as listed": lambda times, _, workers, __: handed_out(times.tolist(), workers),
    "shortest first": lambda times, known, workers, _: in_order_of(times, -known, workers),
    "shares of equal duration": lambda times, known, workers, _: shared_out(times, known, workers),
    "shares of equal number": lambda times, _, workers, __: equal_counts(times, workers),
}


def table(name: str, durations: Seconds, found: dict[str, Seconds]) -> str:
    shown = [WORKERS.index(workers) for workers in (2, 10, 100, 1000)]
    rows = [[rule, *(f"{100 * values[at]:.1f}" for at in shown)] for rule, values in found.items()]
    low, middle, high = np.quantile(durations, [0.5, 0.99, 1.0])
    about = f"{name}: median {low:.0f} s, 99th percentile {middle:.0f} s, longest {high:.0f} s."
    return f"{about}\n\n" + markdown_table(
        ["rule", *(f"{WORKERS[at]} workers" for at in shown)], rows
    )


def draw(found: dict[str, dict[str, Seconds]]) -> None:
    style()
    figure, axes = plt.subplots(
        1, len(found), figsize=(10.0, 3.2), layout="constrained", sharey=True
    )
    for panel, (name, by_rule) in zip(axes, found.items(), strict=True):
        for rule, values in by_rule.items():
            width = 2.4 if rule == OURS else 1.2
            panel.plot(WORKERS, 100 * values, marker="o", markersize=3, linewidth=width, label=rule)
        panel.set_xscale("log")
        panel.set_title(f"{name}: {VIDEOS} videos")
        panel.set_xlabel("workers")
    axes[0].set_ylabel("of the shortest time possible, %")
    figure.legend(*axes[0].get_legend_handles_labels(), loc="outside lower center", ncols=3)
    save_png(figure, IMAGES / "schedule.png")


if __name__ == "__main__":
    main()
