"""Made corpora for the report: small and hostile, or three hours long."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np

from basnet_rt.activation_files import ActivationFolder, Activations
from basnet_rt.report import gather, write_page

# What an unescaped page would run, close or reorder.
HOSTILE_LABELS = (
    "</script><script>window.broken = 1</script>",
    "\"quotes\" & 'more' <b>bold</b>",
    "رقص عربي \u202e مقلوب",
    "🤸‍♀️ jump \u2028 line",
    "<!--<script>",
    "constructor",
    "__proto__",
)
HOSTILE_VIDEO = "</script><img src=x onerror=window.broken=2> 'v' & \"w\" 🎬 שלום/..%2f#?"
THRESHOLDS = [round(0.1 * k, 1) for k in range(1, 9)]


def results(videos: dict[str, list], classes=("Jump", "Run"), **notes) -> dict:
    """Content of a results file; `videos` maps names to (label, score, start, end) rows."""
    rows = {
        name: [{"label": c, "score": s, "segment": [a, b]} for c, s, a, b in found]
        for name, found in videos.items()
    }
    settings = {"normalisation": "fixed", "fixed_lo": [0.0], "fixed_hi": [1.0]}
    settings |= {"mode": "continuous", "cas_thresholds": THRESHOLDS}
    about = {"mode": "continuous", "classes": list(classes), "postprocess": settings, **notes}
    return {"version": "made", "basnet_rt": about, "results": rows}


def annotations(videos: dict[str, list], durations: dict[str, float]) -> dict:
    """Content of an ActivityNet file; `videos` maps names to (label, start, end) rows."""
    entries = {
        name: {
            "subset": "test",
            "duration": durations[name],
            "annotations": [{"label": c, "segment": [a, b]} for c, a, b in marked],
        }
        for name, marked in videos.items()
    }
    return {"database": entries}


def write(folder: Path, name: str, content: dict) -> Path:
    path = folder / name
    path.write_text(json.dumps(content), encoding="utf-8")
    return path


def small_corpus(folder: Path) -> dict[str, Path]:
    """Two videos with one detection of every kind at tIoU 0.5, and one missed segment in each."""
    found = {
        "one": [
            ("Jump", 0.9, 10.0, 20.0),  # correct
            ("Jump", 0.8, 10.5, 20.5),  # double
            ("Run", 0.7, 10.0, 19.0),  # wrong label
            ("Run", 0.6, 40.0, 44.0),  # poor boundary: 4 of 10 seconds
            ("Jump", 0.3, 70.0, 75.0),  # background
        ],
        "two": [("Run", 0.5, 1.0, 5.0)],  # correct
    }
    marked = {
        "one": [("Jump", 10.0, 20.0), ("Run", 40.0, 50.0), ("Jump", 85.0, 90.0)],
        "two": [("Run", 1.0, 5.0), ("Jump", 6.0, 8.0)],
    }
    paths = {
        "results": write(folder, "results.json", results(found, model="made.pt")),
        "truth": write(folder, "truth.json", annotations(marked, {"one": 100.0, "two": 10.0})),
        "activations": folder / "activations",
    }
    for name, duration in (("one", 100.0), ("two", 10.0)):
        write_activations(paths["activations"], name, duration, ("Jump", "Run"), marked[name])
    return paths


def write_activations(folder, name, duration, classes, marked, seconds=0.64, seed=0) -> None:
    """Noise that is higher where something is marked."""
    rng = np.random.default_rng(seed)
    times = (np.arange(max(1, int(duration / seconds))) + 0.5) * seconds
    rows = np.abs(rng.normal(0.08, 0.05, (len(times), len(classes))))
    for label, start, end in marked:
        rows[(times >= start) & (times < end), classes.index(label)] += 0.6
    rows = np.clip(rows, 0, 1).astype(np.float32)
    foreground = np.clip(rows.max(axis=1) + 0.1, 0, 1).astype(np.float32)
    ActivationFolder(folder).write(name, Activations(rows, foreground, seconds, tuple(classes)))


def hostile_corpus(folder: Path) -> dict[str, Path]:
    """Labels and a video name that break a page which does not escape them."""
    found = [(label, 0.9 - 0.1 * i, 5.0 * i, 5.0 * i + 4) for i, label in enumerate(HOSTILE_LABELS)]
    marked = [(label, start, end) for label, _, start, end in found[:3]]
    content = results({HOSTILE_VIDEO: found}, HOSTILE_LABELS, model="</script>.pt")
    truth = annotations({HOSTILE_VIDEO: marked}, {HOSTILE_VIDEO: 60.0})
    paths = {
        "results": write(folder, "hostile.json", content),
        "truth": write(folder, "hostile_truth.json", truth),
        "activations": folder / "hostile_activations",
    }
    write_activations(paths["activations"], HOSTILE_VIDEO, 60.0, HOSTILE_LABELS, marked)
    return paths


def long_corpus(folder: Path, *, hours=3.0, segments=5000, num_classes=8) -> dict[str, Path]:
    """One long video: many detections, a quarter as many marked segments, activations."""
    rng = np.random.default_rng(1)
    duration = 3600.0 * hours
    classes = [f"Class{i:02d}" for i in range(num_classes)]
    starts = np.sort(rng.uniform(0, duration - 60, segments // 4))
    marked = [
        (classes[i % num_classes], float(a), float(a + rng.uniform(2, 25)))
        for i, a in enumerate(starts)
    ]
    found = []
    for i in range(segments):
        label, start, end = marked[i % len(marked)]
        shift, stretch = rng.normal(0, 4), rng.uniform(0.4, 1.5)
        begin = max(0.0, start + shift)
        row = (label, float(rng.beta(2, 3)), begin, begin + (end - start) * stretch)
        found.append(row)
    truth = annotations({"long": marked}, {"long": duration})
    paths = {
        "results": write(folder, "long.json", results({"long": found}, classes)),
        "truth": write(folder, "long_truth.json", truth),
        "activations": folder / "long_activations",
    }
    write_activations(paths["activations"], "long", duration, classes, marked)
    return paths


def build(paths: dict[str, Path], page: Path, *, everything: bool = True, **options) -> Path:
    """The page of these files; it opens with all detections unless `everything` is False."""
    corpus = gather(
        paths["results"],
        ground_truth=paths.get("truth"),
        activations=paths.get("activations"),
        **options,
    )
    write_page(corpus, page, title="A report", everything=everything)
    return page
