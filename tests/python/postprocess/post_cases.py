"""What the post-processing tests share: made videos, settings of every kind, and comparisons.

Oracle and core get the same float32 arrays and the same settings (`PostprocessConfig.to_dict`).
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from hypothesis import settings
from hypothesis import strategies as st

from basnet_rt import PostprocessConfig
from reference.random_cas import DYADIC_LEVELS, KINDS, LEVELS, video_scores, with_background
from reference.results import Result
from reference.settings import OFF, REQUIRED

SECONDS = 0.64
# For the properties that carry the contract: their settings have twenty fields to combine.
MANY = settings(max_examples=4 * settings.default.max_examples)
SMALL_KINDS = sorted(set(KINDS) - {"thousand_classes"})


class Video(NamedTuple):
    """Arguments of `propose` and `postprocess` but the configuration; float32, C-contiguous."""

    cas: np.ndarray  # T, C
    video_scores: np.ndarray  # C
    raw_cas: np.ndarray  # T, C+1
    snippet_seconds: float
    duration: float | None

    def arrays(self) -> tuple[np.ndarray, np.ndarray]:
        return self.cas, self.video_scores

    def timing(self) -> dict[str, Any]:
        names = ("snippet_seconds", "duration", "raw_cas")
        return {name: getattr(self, name) for name in names}


def make_video(
    kind: str,
    num_snippets: int,
    num_classes: int,
    seed: int,
    *,
    snippet_seconds: float = SECONDS,
    duration: float | None = None,
) -> Video:
    """A video of one of the kinds in reference/random_cas.py."""
    cas = KINDS[kind](num_snippets, num_classes, seed)
    scores = video_scores(cas.shape[1], seed)
    raw_cas = with_background(np.clip(cas, -9, 9), seed)  # the oracle's exp overflows beyond 700
    return Video(cas, scores, raw_cas, snippet_seconds, duration)


@st.composite
def videos(draw: Any, max_snippets: int = 14) -> Video:
    """Small videos of every kind, also ones that end before or after their last snippet."""
    seconds = draw(st.sampled_from([SECONDS, 0.5, 1.0, 0.1]))
    kind, seed = draw(st.sampled_from(SMALL_KINDS)), draw(st.integers(0, 10_000))
    video = make_video(kind, draw(st.integers(1, max_snippets)), 2, seed, snippet_seconds=seconds)
    ends = [None, len(video.cas), len(video.cas) + 1.3, len(video.cas) - 0.5, 2.7, 0.3]
    end = draw(st.sampled_from(ends))
    return video._replace(duration=None if end is None else end * seconds)


def gate_is_clear_cut(video: Video, fields: dict[str, Any]) -> bool:
    """Not where gate "horizon" asks which centres lie before a `duration` that is one of them."""
    if fields["gate"] != "horizon" or video.duration is None:
        return True
    place = video.duration / video.snippet_seconds - 0.5
    return abs(place - round(place)) > 1e-9


THRESHOLDS = [LEVELS, DYADIC_LEVELS, [0.0], [0.25], [0.1, 0.3, 0.55], [0.3, 1.0, 1.5]]


def continuous_fields(num_classes: int = 2) -> st.SearchStrategy[dict[str, Any]]:
    """Every field of mode "continuous", each at its default, an edge and between."""
    fixed = st.sampled_from([([0.0], [1.0]), ([-0.5, 0.1][:num_classes], [2.0]), ([0.0], [40.0])])
    choices: dict[str, list[Any]] = {
        "class_threshold": [0.25, 0.0, 1.0, 0.6],
        "cas_thresholds": THRESHOLDS,
        "outer_ratio": [0.25, 0.0, 1.0, 7.5],
        "score_weight": [0.2, 0.0, 3.0],
        "nms_iou": [0.7, 0.3, 1.0],
        "nms": ["hard", "linear", "gaussian"],
        "soft_sigma": [0.5, 0.05],
        "soft_min_score": [0.001, 0.3, -5.0],
        "normalisation": ["video", "fixed", "horizon"],
        "gate": ["video", "none", "horizon"],
        "horizon": [0.3, 1.5, 3.2, 100.0],
        "min_duration": [0.0, 0.0, 0.5, 1.7],
        "merge_gap": [0.0, 0.0, 0.7, 2.0],
        "max_duration": [None, None, 4.0, 1.23, 1000.0],
        "max_lookahead": [None, None, 0.0, 0.5],
        "keep_top1": [False, True],
        "topk_divisor": [8, 2],
        "score_function": ["softmax", "sigmoid"],
    }
    drawn = {name: st.sampled_from(values) for name, values in choices.items()}
    merged = st.tuples(st.fixed_dictionaries(drawn), fixed)
    return merged.map(lambda pair: pair[0] | {"fixed_lo": pair[1][0], "fixed_hi": pair[1][1]})


def published_fields() -> st.SearchStrategy[dict[str, Any]]:
    """Every field that mode "published" looks at."""
    choices: dict[str, list[Any]] = {
        "class_threshold": [0.25, 0.0, 0.7],
        "cas_thresholds": THRESHOLDS,
        "upsample": [24, 1, 2, 7, 64],
        "outer_ratio": [0.25, 0.0, 1.0, 7.5],
        "score_weight": [0.2, 0.0, 3.0],
        "nms_iou": [0.7, 0.3, 1.0],
    }
    return st.fixed_dictionaries({name: st.sampled_from(v) for name, v in choices.items()})


def oracle_settings(config: PostprocessConfig, num_classes: int) -> dict[str, Any]:
    """The settings as the oracle wants them: known keys only, one fixed range per class."""
    settings = {k: v for k, v in config.to_dict().items() if k in OFF or k in REQUIRED}
    for name in ("fixed_lo", "fixed_hi"):
        if len(settings[name]) == 1:
            settings[name] *= num_classes
    return settings


def as_result(found: Any) -> Result:
    """Proposals or Detections of the core as the oracle writes them."""
    index = getattr(found, "threshold_index", np.zeros(len(found), np.int64))
    return Result(found.labels, found.scores.astype(np.float64), found.segments, index)


def assert_sorted(found: Any) -> None:
    """Detections come by falling score. (Ties by start: float32 scores cannot show them.)"""
    assert (np.diff(found.scores) <= 0).all()


def assert_identical(a: Any, b: Any) -> None:
    """Two Detections agree in every bit, order included."""
    for name in ("labels", "scores", "segments"):
        left, right = getattr(a, name), getattr(b, name)
        assert left.dtype == right.dtype
        np.testing.assert_array_equal(left, right, err_msg=name)
