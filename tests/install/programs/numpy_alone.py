"""Run by an interpreter that has the wheel and NumPy: post-processing must work without torch.

usage: numpy_alone.py [GOLDEN.npz]
"""

import importlib.util
import sys

import numpy as np

import basnet_rt


def known_case() -> None:
    """A triangle of activation, computed by hand."""
    cas = np.array([[0.0], [1.0], [0.0]], np.float32)
    config = basnet_rt.PostprocessConfig.continuous(
        cas_thresholds=[0.5], normalisation="fixed", gate="none"
    )
    found = basnet_rt.postprocess(cas, None, config, snippet_seconds=1.0)
    np.testing.assert_allclose(found.segments, [[1.0, 2.0]], rtol=0, atol=1e-12)
    np.testing.assert_allclose(found.scores, [0.375], rtol=1e-6)


def golden_case(path: str, case: str) -> None:
    """One video of the released code's own numbers."""
    with np.load(path) as archive:
        value = {key.split("/")[1]: archive[key] for key in archive if key.startswith(case + "/")}
    settings = ("class_threshold", "upsample", "nms_iou", "outer_ratio", "score_weight")
    config = basnet_rt.PostprocessConfig.published(
        cas_thresholds=value["cas_thresholds"].tolist(), **{s: value[s].item() for s in settings}
    )
    cas = np.ascontiguousarray(value["cas"][:, :-1])
    seconds = 16 * value["num_snippets"].item() / (len(cas) * value["fps"].item())
    found = basnet_rt.postprocess(cas, value["video_score"], config, snippet_seconds=seconds)
    want = value["detections"]
    got = np.column_stack([found.labels, found.scores, found.segments])
    assert len(got) == len(want) > 0
    by_place = [rows[np.lexsort(rows[:, [1, 3, 2, 0]].T)] for rows in (got, want)]
    np.testing.assert_allclose(by_place[0], by_place[1], rtol=0, atol=1e-6)


if __name__ == "__main__":
    assert importlib.util.find_spec("torch") is None, "this environment was to have no torch"
    known_case()
    if len(sys.argv) > 1:
        golden_case(sys.argv[1], "smooth_T750")
    print(basnet_rt.__version__, basnet_rt.__file__)
