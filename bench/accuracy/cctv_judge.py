"""Judges activations of held-out scenes against the likely segments of cctv_scenes.py."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from basnet_rt import PostprocessConfig, evaluate, postprocess
from basnet_training.config import Config
from basnet_training.validation import video_metrics
from bench.accuracy.cctv_scenes import Ints, Snippets, likely_segments
from bench.tables import TIOU_THRESHOLDS

LABEL = "Fight"
Floats = npt.NDArray[np.float64]


class Judge:
    """Likely segments, and the post-processing that detections are made with.

    Args:
        fold_of: (N,) which network scored which snippet.
        config: its post-processing and snippet length are used.
    """

    def __init__(self, snippets: Snippets, fold_of: Ints, config: Config) -> None:
        self.snippets, self.fold_of = snippets, fold_of
        self.config = PostprocessConfig.from_dict(config.postprocess)
        self.seconds = config.data.snippet_stride / config.data.fps
        self.truth = {"database": dict(map(self._annotated, range(len(snippets.names))))}

    @property
    def segments_per_video(self) -> list[int]:
        return [len(one["annotations"]) for one in self.truth["database"].values()]

    def __call__(self, folds: Sequence[Mapping[str, Any]]) -> dict[str, float]:
        """The joint result of one network per fold: "values" with "lo" and "hi".

        "fixed" and "calibrated": average mAP in percent of the values, and of those mapped from
        [lo, hi] to [0, 1]; "auc": of telling tagged from untagged videos.
        """
        plain, ranged = np.zeros((2, len(self.fold_of)))
        for fold, found in enumerate(folds):
            values = np.array(found["values"])
            plain[self.fold_of == fold] = values
            ranged[self.fold_of == fold] = (values - found["lo"]) / (found["hi"] - found["lo"])
        labels = self.snippets.tagged[:, None].astype(np.float32)
        auc = video_metrics(self.video_scores(plain)[:, None], labels)["video_auc"]
        return {"fixed": self.map(plain), "calibrated": self.map(ranged), "auc": auc}

    def map(self, values: Floats) -> float:
        """Average mAP in percent of (N,) activations."""
        scores = self.video_scores(values).clip(0, 1).astype(np.float32)
        found = {}
        for place, name in enumerate(self.snippets.names):
            cas = values[self.snippets.of(place), None].astype(np.float32)
            one = postprocess(
                cas, scores[place : place + 1], self.config, snippet_seconds=self.seconds
            )
            found[name] = dataclasses.replace(one, classes=(LABEL,))
        report = evaluate(self.truth, found, subset="train", tiou_thresholds=TIOU_THRESHOLDS)
        return 100 * report.average_map

    def video_scores(self, values: Floats) -> Floats:
        """(V,) means of the best T // 8 activations.

        A stand-in: the snippets of one video were scored by several networks.
        """
        videos = [values[self.snippets.of(place)] for place in range(len(self.snippets.names))]
        return np.array([np.sort(own)[-max(1, len(own) // 8) :].mean() for own in videos])

    def _annotated(self, place: int) -> tuple[str, dict[str, Any]]:
        segments = likely_segments(self.snippets, place, self.seconds)
        annotations = [{"label": LABEL, "segment": list(one)} for one in segments]
        return self.snippets.names[place], {"subset": "train", "annotations": annotations}
