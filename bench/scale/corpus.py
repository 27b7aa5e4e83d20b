"""A corpus on a Ray cluster of two nodes, compared with the plain command on the same cores.

Shows that if one node is killed and one video kills its worker, only that video is affected, and
measures the speed of the cluster. `--markdown` writes the table into docs/scale.md.

python -m bench.scale.corpus [--videos 200] [--rounds 3] [--markdown]
"""

from __future__ import annotations

import argparse
import os
import statistics
import time
from contextlib import closing, contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np

from basnet_rt.cluster import Workers, extract
from basnet_rt.extractors.running.folder import FeatureFolder
from basnet_rt.extractors.running.job import Result
from basnet_rt.extractors.running.many import extract_many
from basnet_rt.extractors.running.video_files import VideoFile
from bench.scale.poison import PoisonedRecipe, make_videos
from bench.tables import DOCS, REPOSITORY, machine, publish

NODES = 2


def main() -> None:
    options = parsed()
    with TemporaryDirectory() as name:
        folder = Path(name)
        rng = np.random.default_rng(0)
        lengths = np.clip(60 * rng.lognormal(0, 0.8, options.videos), 20, 1200).astype(int)
        videos = make_videos(folder / "videos", lengths.tolist(), poisoned=options.videos // 2)
        rows = killed(videos, folder) + timed(videos, folder, options.rounds)
    table = "\n".join(["| what | measured |", "| --- | --- |", *rows])
    print(table)
    if options.markdown:
        publish(DOCS / "scale.md", "corpus", f"{machine()}\n\n{table}")


def parsed() -> Any:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--videos", type=int, default=200)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--markdown", action="store_true")
    return parser.parse_args()


@contextmanager
def two_nodes() -> Any:
    """(ray, the cluster, its second node), on loopback, one core each."""
    os.environ["RAY_USAGE_STATS_ENABLED"] = "0"
    os.environ["PYTHONPATH"] = str(REPOSITORY)
    os.environ["RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER"] = "0"  # every node on 127.0.0.1
    # 15 by default: other programs on this machine would then have priority.
    os.environ["RAY_worker_niceness"] = "0"  # noqa: SIM112 (Ray's word)
    import ray
    from ray.cluster_utils import Cluster

    cluster = Cluster(initialize_head=True, head_node_args={"num_cpus": 1})
    try:
        second = cluster.add_node(num_cpus=1)
        ray.init(address=cluster.address, log_to_driver=False, logging_level="ERROR")
        yield ray, cluster, second
    finally:
        ray.shutdown()
        cluster.shutdown()


def killed(videos: list[VideoFile], folder: Path) -> list[str]:
    """One node dies in the middle, one video is poisoned; all files must equal the plain ones."""
    plain, clustered = folder / "plain", folder / "killed"
    want = {one.video.name: one for one in plainly(videos, plain)}
    with two_nodes() as (ray, cluster, second):
        got: dict[str, Result] = {}
        for result in on_cluster(ray, videos, clustered):
            assert result.video.name not in got, f"{result.video.name} came twice"
            got[result.video.name] = result
            if len(got) == len(videos) // 3:
                cluster.remove_node(second, allow_graceful=False)
    failed = {name: one.error for name, one in got.items() if one.error is not None}
    assert set(failed) == {name for name, one in want.items() if one.error is not None}
    assert set(got) == {video.name for video in videos}
    same = same_files(plain, clustered)
    reason = next(iter(failed.values()))
    return [
        f"| videos; files equal byte for byte | {len(videos)}; {same} |",
        f"| node killed after | {len(videos) // 3} videos |",
        f"| failed | {len(failed)}: {reason} |",
    ]


def timed(videos: list[VideoFile], folder: Path, rounds: int) -> list[str]:
    """Both ways in turn, without the poisoned video; the cluster is up, its workers are not."""
    sound = [video for at, video in enumerate(videos) if at != len(videos) // 2]
    ratios, plain_seconds = [], []
    with two_nodes() as (ray, _, _):
        for round_ in range(rounds):
            begin = time.perf_counter()
            assert all(r.error is None for r in plainly(sound, folder / f"plain{round_}"))
            middle = time.perf_counter()
            done = on_cluster(ray, sound, folder / f"ray{round_}")
            assert all(result.error is None for result in done)
            end = time.perf_counter()
            same_files(folder / f"plain{round_}", folder / f"ray{round_}")
            plain_seconds.append(middle - begin)
            ratios.append((middle - begin) / (end - middle))
    each = ", ".join(f"{ratio:.2f}" for ratio in ratios)
    seconds = statistics.median(plain_seconds)
    return [
        f"| plain command, {NODES} processes, median of {rounds} | {seconds:.1f} s |",
        f"| throughput of the cluster / plain, each round | {each} |",
    ]


def plainly(videos: list[VideoFile], folder: Path) -> list[Result]:
    recipe: Any = PoisonedRecipe()
    store = FeatureFolder(folder, recipe.make().spec)
    store.begin(videos)
    with closing(extract_many(videos, recipe, store, jobs=NODES)) as results:
        return list(results)


def on_cluster(ray: Any, videos: list[VideoFile], folder: Path) -> Any:
    recipe: Any = PoisonedRecipe()
    store = FeatureFolder(folder, recipe.make().spec)
    store.begin(videos)
    return extract(ray, videos, recipe, store, workers=Workers(cpus=1))


def same_files(one: Path, other: Path) -> int:
    """The number of files that both folders have, equal in every byte; neither has others."""
    names = sorted(path.name for path in one.iterdir())
    assert names == sorted(path.name for path in other.iterdir())
    assert all((one / name).read_bytes() == (other / name).read_bytes() for name in names)
    return len(names)


if __name__ == "__main__":
    main()
