"""The two pictures of docs/evaluate.md: a timeline and a report of cctv_fights.

    python -m bench.accuracy.cctv_plots

The network is the full BaS-Net with seed 0 of bench/accuracy/cctv_fights.py, trained if it is not
there.
"""

from __future__ import annotations

import matplotlib as mpl

from bench.tables import IMAGES, TIOU_THRESHOLDS

mpl.use("Agg")


from basnet_rt import Localizer, evaluate
from basnet_rt.annotations import read_annotations
from bench.accuracy.cctv_networks import DATA, bundle, test_features
from bench.pictures import save_png

VIDEO = "cctv_test_0020"


def main() -> None:
    localizer, videos = Localizer(bundle(None, "full", 0)), test_features()
    marked = read_annotations(DATA / "annotations.json").subset("test").videos
    found, activations = localizer.with_activations(videos.read(VIDEO))
    axes = found.plot(
        ground_truth=marked[VIDEO],
        activations=activations,
        thresholds=localizer.config.cas_thresholds[::4],
    )
    save_png(axes.figure, IMAGES / "timeline.png")
    every = {name: localizer(videos.read(name)) for name in videos.names}
    report = evaluate(
        DATA / "annotations.json", every, subset="test", tiou_thresholds=TIOU_THRESHOLDS
    )
    save_png(report.plot()[0].figure, IMAGES / "evaluation.png")


if __name__ == "__main__":
    main()
