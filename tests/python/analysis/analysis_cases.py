"""Made ground truths and predictions, and the plain loops that analyses are held against.

The loops share nothing with the package: they follow the definitions in its docstrings.
"""

from __future__ import annotations

import numpy as np

KINDS = ("correct", "double", "wrong_label", "poor_boundary", "background")


def truth_of(per_video, subset="test", durations=None):
    """{video: [(label, start, end)]} in ActivityNet form."""
    database = {
        video: {
            "subset": subset,
            "annotations": [{"label": a, "segment": [b, e]} for a, b, e in rows],
        }
        for video, rows in per_video.items()
    }
    for video, seconds in (durations or {}).items():
        database[video]["duration"] = seconds
    return {"database": database}


def found_in(per_video):
    """{video: [(label, score, start, end)]} in the ActivityNet results form."""
    return {
        "results": {
            video: [{"label": a, "score": s, "segment": [b, e]} for a, s, b, e in rows]
            for video, rows in per_video.items()
        }
    }


def random_case(seed, videos=8, labels=("A", "B", "C"), noise=1.5):
    """Ground truth with labels in every video but two, and predictions near it and anywhere.

    Scores are few, so that equal ones are the rule.
    """
    random = np.random.default_rng(seed)
    truth, found = {}, {}
    for number in range(videos):
        marked, rows = [], []
        for place in range(0 if number in (1, 3) else int(random.integers(1, 5))):
            label = labels[int(random.integers(len(labels)))]
            start = 20.0 * place + float(random.integers(5))
            marked.append((label, start, start + float(random.integers(2, 12))))
        for _ in range(int(random.integers(2, 12))):
            label = labels[int(random.integers(len(labels)))]
            start, end = sorted(random.uniform(0, 80, 2).tolist())
            if marked and random.random() < 0.7:
                label, start, end = marked[int(random.integers(len(marked)))]
                start, end = np.sort(np.array([start, end]) + random.normal(0, noise, 2)).tolist()
            rows.append((label, float(random.integers(1, 6)) / 5, start, end))
        truth[f"v{number}"], found[f"v{number}"] = marked, rows
    for place, label in enumerate(labels):  # every label is marked somewhere
        truth["v0"].append((label, 200.0 + 20 * place, 210.0 + 20 * place))
    return truth, found


def tiou(a, b):
    overlap = min(a[1], b[1]) - max(a[0], b[0])
    if overlap <= 0:
        return 0.0
    return overlap / ((a[1] - a[0]) + (b[1] - b[0]) - overlap)


def taken_in(marked, rows, level):
    """{place of a detection: place of the segment it takes}, within one video."""
    taken = {}
    for place in sorted(range(len(rows)), key=lambda i: -rows[i][1]):
        label, _, *span = rows[place]
        best, best_tiou = None, level
        for number, (other, *segment) in enumerate(marked):
            free = number not in taken.values()
            if free and other == label and tiou(span, segment) >= best_tiou:
                best, best_tiou = number, tiou(span, segment)
        if best is not None:
            taken[place] = best
    return taken


def kinds_in(marked, rows, level, background):
    """The kind of each detection of one video, by the table in `analysis.error_kinds`."""
    taken, kinds = taken_in(marked, rows, level), []
    for place, (label, _, *span) in enumerate(rows):
        own = max([tiou(span, s) for a, *s in marked if a == label], default=0.0)
        other = max([tiou(span, s) for a, *s in marked if a != label], default=0.0)
        if place in taken:
            kinds.append("correct")
        elif own >= level:
            kinds.append("double")
        elif other >= level:
            kinds.append("wrong_label")
        elif own >= background:
            kinds.append("poor_boundary")
        else:
            kinds.append("wrong_label" if other >= background else "background")
    return kinds
