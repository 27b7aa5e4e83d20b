"""Corpora on a Ray cluster of two nodes: the files are those of the plain command, whoever dies.

Out of scope: how fast it is (bench/scale/corpus.py), and clusters of several machines.
"""

from __future__ import annotations

import json
import os
import warnings
from contextlib import closing

import numpy as np
import pytest

pytest.importorskip("av")
pytest.importorskip("ray", reason="the extra ray is not installed")

import basnet_rt
from basnet_rt.cluster import Workers, extract, feature_store, read_records
from basnet_rt.extractors.running.many import extract_many
from basnet_rt.extractors.running.video_files import VideoFile
from bench.scale.poison import PoisonedRecipe, make_videos
from checks.sources import REPOSITORY

LENGTHS = (60, 20, 150, 33, 90, 41, 20, 75, 64, 28)
POISONED = 3
pytestmark = pytest.mark.filterwarnings("ignore")  # Ray's own


@pytest.fixture(scope="module")
def two_nodes():
    """(ray, cluster, second node); each node has one core."""
    os.environ["RAY_USAGE_STATS_ENABLED"] = "0"
    os.environ["RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER"] = "0"  # every node on 127.0.0.1
    os.environ["PYTHONPATH"] = str(REPOSITORY)  # workers import bench.scale.poison
    import ray
    from ray.cluster_utils import Cluster

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # Ray's own
        cluster = Cluster(initialize_head=True, head_node_args={"num_cpus": 1})
        try:
            second = cluster.add_node(num_cpus=1)
            ray.init(address=cluster.address, log_to_driver=False, logging_level="ERROR")
            yield ray, cluster, second
        finally:
            ray.shutdown()
            cluster.shutdown()


@pytest.fixture(scope="module")
def videos(tmp_path_factory):
    return make_videos(tmp_path_factory.mktemp("videos"), LENGTHS, POISONED)


@pytest.fixture(scope="module")
def plain(videos, tmp_path_factory):
    """The folder that the plain command makes; its one failure."""
    folder = tmp_path_factory.mktemp("plain")
    store = feature_store(str(folder), PoisonedRecipe().make().spec)
    store.begin(videos)
    with closing(extract_many(videos, PoisonedRecipe(), store, jobs=2)) as results:
        failed = [one.video.name for one in results if one.error is not None]
    return folder, failed


def contents(folder):
    """Whole files; a node that is killed while it writes leaves a hidden part behind."""
    whole = [path for path in folder.iterdir() if not path.name.startswith(".")]
    return {path.name: path.read_bytes() for path in whole}


def work(ray, videos, address, **options):
    store = feature_store(address, PoisonedRecipe().make().spec)
    store.begin(videos)
    options = {"workers": Workers(cpus=1), **options}
    return extract(ray, videos, PoisonedRecipe(), store, **options)


def localize(run_cli, *given):
    done = run_cli("localize", *given)
    assert done.exit_code == 0, done.stderr
    return done


def test_a_corpus_on_two_nodes(two_nodes, run_cli, bundle, make_features, videos, plain, tmp_path):
    """One test, so that the cluster, which takes seconds, is started once."""
    for name in ("objects", "results", "deaths"):
        (tmp_path / name).mkdir()
    check_objects(two_nodes, tmp_path / "objects")
    check_results(run_cli, bundle, make_features, tmp_path / "results")
    check_deaths(two_nodes, videos, plain, tmp_path / "deaths")


def check_objects(two_nodes, tmp_path):
    """Catches features by fsspec that differ from a folder's, and a restart that makes them anew.

    `local://` is fsspec's own file system, which we do not take for a folder.
    """
    ray, _, _ = two_nodes
    made = make_videos(tmp_path / "in", (40,), None)[0]
    video = VideoFile("x", f"local://{made.source}")
    address = f"local://{tmp_path / 'out'}"
    first = list(work(ray, [video], address))
    again = list(work(ray, [video], address))
    assert [one.error for one in (*first, *again)] == [None, None]
    assert [one.finished_before for one in (*first, *again)] == [False, True]
    (there,) = work(ray, [made], str(tmp_path / "folder"))
    assert there.error is None
    got = contents(tmp_path / "out")
    assert got["x.npy"] == (tmp_path / "folder" / "v000.npy").read_bytes()
    assert json.loads(got["x.json"])["sha256"] == made.sha256()


def check_results(run_cli, bundle, make_features, tmp_path):
    """Catches another order, other digits, and records that are left behind or lost."""
    folder = tmp_path / "features"
    folder.mkdir()
    for i in range(6):
        np.save(folder / f"v{i}.npy", make_features(20 + 10 * (i % 4), seed=i))
    (folder / "v4.npy").write_bytes(b"\x93NUMPY broken")
    rows = [{"address": f"features/v{i}.npy", "duration": 60 - 9 * i} for i in range(4)]
    manifest = tmp_path / "corpus.jsonl"
    manifest.write_text("".join(json.dumps(row) + "\n" for row in rows))
    kept = tmp_path / "records"
    for ways in (("-o", tmp_path / "plain.json"),
                 ("-o", tmp_path / "ray.json", "--ray", "--records", kept)):  # fmt: skip
        localize(run_cli, manifest, folder / "v5.npy", "-m", bundle, *ways)
    assert (tmp_path / "ray.json").read_bytes() == (tmp_path / "plain.json").read_bytes()
    want = basnet_rt.read_results(tmp_path / "plain.json").detections
    got = read_records(str(kept)).detections
    assert {name: one.segments.tolist() for name, one in got.items()} == {
        name: one.segments.tolist() for name, one in want.items()
    }
    torn = kept / "v1.record.json"
    torn.write_bytes(torn.read_bytes()[:50])  # by somebody else: ours are whole or absent
    done = localize(run_cli, manifest, folder / "v5.npy", "-m", bundle, "-o", tmp_path / "b.json",
                    "--ray", "--records", kept, "--json")  # fmt: skip
    assert json.loads(done.stdout.splitlines()[-1])["resumed"] == 4
    assert (tmp_path / "b.json").read_bytes() == (tmp_path / "plain.json").read_bytes()
    failing = run_cli("localize", folder, "-m", bundle, "-o", tmp_path / "f.json", "--ray")
    assert failing.exit_code == 1
    assert "failed: v4: " in failing.stderr
    assert not (tmp_path / "f.json.records").exists()


def check_deaths(two_nodes, videos, plain, tmp_path):
    """Catches a video lost or written twice, other bytes, and a corpus that a bad video stops.

    The last one: the second node does not come back.
    """
    ray, cluster, second = two_nodes
    folder, failed = plain
    got = {}
    for result in work(ray, videos, str(tmp_path)):
        assert result.video.name not in got
        got[result.video.name] = result
        if len(got) == 3:
            cluster.remove_node(second, allow_graceful=False)
    bad = {name: one.error for name, one in got.items() if one.error is not None}
    assert list(bad) == failed == [f"v{POISONED:03d}"]
    assert bad[failed[0]].startswith("set aside: 3 workers were killed by it: ")
    assert contents(tmp_path) == contents(folder)
    again = {one.video.name: one for one in work(ray, videos[:POISONED], str(tmp_path))}
    assert [one.finished_before for one in again.values()] == [True] * POISONED
