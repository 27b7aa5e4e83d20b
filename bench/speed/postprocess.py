"""Post-processing of one 750-snippet video with 2 classes, against the published way.

    python -m bench.speed.postprocess

The rival is tests/reference/published.py: NumPy on upsampled arrays, as the released code works.
One thread. Both must give the same detections before anything is timed.
"""

from __future__ import annotations

import numpy as np

import basnet_rt
from bench.tables import SHARED, machine
from bench.timing import HEADER, compare, row
from tests.reference import continuous, published

NUM_SNIPPETS = 750
SNIPPET_SECONDS = 16 / 25


def cases() -> dict[str, np.ndarray]:
    """(750, 20) float32 activations with two predicted classes each."""
    rng = np.random.default_rng(0)
    time = np.arange(NUM_SNIPPETS)[:, None]
    smooth = np.sin(time * rng.uniform(0.01, 0.2, 20) + rng.uniform(0, 6, 20))
    smooth = smooth + 0.5 * np.sin(time * rng.uniform(0.1, 0.5, 20))
    found = {"smooth": smooth.astype(np.float32)}
    found["noisy"] = (smooth + 0.3 * rng.normal(size=smooth.shape)).astype(np.float32)
    golden = SHARED / "golden" / "postprocess.npz"
    if golden.exists():
        with np.load(golden) as arrays:
            cas = arrays["smooth_T750/cas"][:, :-1]
        found["golden smooth_T750"] = np.ascontiguousarray(cas)
    return found


def video_scores() -> np.ndarray:
    scores = np.full(20, 0.01, np.float32)
    scores[[3, 11]] = 0.5
    return scores


def check_equal(ours: basnet_rt.Detections, want: published.Result, what: str) -> None:
    """Same detections: times to 1e-9 s, scores to 1e-6."""
    got = np.column_stack([ours.labels, ours.segments, ours.scores])
    ref = np.column_stack([want.labels, want.segments, want.scores])
    if got.shape != ref.shape:
        raise SystemExit(f"{what}: {len(got)} detections against {len(ref)}")
    for table in (got, ref):
        table[:] = table[np.lexsort((table[:, 2].round(6), table[:, 1].round(6), table[:, 0]))]
    if np.abs(got - ref)[:, 1:3].max() > 1e-9 or np.abs(got - ref)[:, 3].max() > 1e-6:
        raise SystemExit(f"{what}: detections differ")


def main() -> None:
    scores = video_scores()
    print(f"{machine()}; T = {NUM_SNIPPETS}, 2 of 20 classes, one thread, equality checked\n")
    print(HEADER)
    for mode, rival in (
        ("published", published.postprocess),
        ("continuous", published.postprocess),
    ):
        config = basnet_rt.PostprocessConfig.from_dict({"mode": mode})
        reference = published if mode == "published" else continuous
        for name, cas in cases().items():
            settings = config.to_dict()

            def ours(cas=cas, config=config):
                return basnet_rt.postprocess(cas, scores, config, snippet_seconds=SNIPPET_SECONDS)

            def other(cas=cas, settings=settings, rival=rival):
                return rival(cas, scores, settings, snippet_seconds=SNIPPET_SECONDS)

            want = reference.postprocess(cas, scores, settings, snippet_seconds=SNIPPET_SECONDS)
            check_equal(ours(), want, f"{mode} {name}")
            print(row(f"{mode}, {name}", compare(other, ours)))


if __name__ == "__main__":
    main()
