"""Small ground truths and predictions, written the short way."""

from __future__ import annotations


def truth_of(per_video, subset="test"):
    """{video: [(label, start, end)]} in ActivityNet form; times as strings, as THUMOS'14 has."""
    database = {
        video: {
            "subset": subset,
            "annotations": [{"label": a, "segment": [str(b), str(e)]} for a, b, e in rows],
        }
        for video, rows in per_video.items()
    }
    return {"database": database}


def found_in(per_video):
    """{video: [(label, score, start, end)]} in the ActivityNet results form."""
    return {
        "results": {
            video: [{"label": a, "score": s, "segment": [b, e]} for a, s, b, e in rows]
            for video, rows in per_video.items()
        }
    }
