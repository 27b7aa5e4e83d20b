"""Manifests, the order of work, progress, and the option `--ray`: all without Ray."""

from __future__ import annotations

import json

import pytest

import basnet_rt
from basnet_rt.cli import corpus
from basnet_rt.cli.corpus import _with_address
from basnet_rt.cluster.manifest import read_manifest
from basnet_rt.cluster.order import estimate, longest_first
from basnet_rt.cluster.place import Place
from basnet_rt.cluster.progress import CorpusProgress


def write(path, *rows):
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return path


def test_rows_are_read(tmp_path):
    path = write(
        tmp_path / "m.jsonl",
        {"address": "s3://bucket/day%201/cam.mp4?key=secret", "duration": 90},
        {"address": "clips/b.mp4", "name": "B", "other": 1},
    )
    first, second = read_manifest(path)
    assert (first.name, first.duration) == ("cam", 90.0)
    assert (second.name, second.address) == ("B", str(tmp_path / "clips/b.mp4"))


def test_parquet_says_the_same(tmp_path):
    pytest.importorskip("pyarrow", reason="the extra ray is not installed")
    import pyarrow
    from pyarrow import parquet

    rows = [{"address": "http://host/a.mp4", "name": "A", "duration": 2.5},
            {"address": "http://host/b.mp4", "name": None, "duration": None}]  # fmt: skip
    parquet.write_table(pyarrow.Table.from_pylist(rows), tmp_path / "m.parquet")
    write(tmp_path / "m.jsonl", *rows)
    assert read_manifest(tmp_path / "m.parquet") == read_manifest(tmp_path / "m.jsonl")


@pytest.mark.parametrize(
    ("rows", "said"),
    [
        ([{"name": "a"}], 'line 1: expected an object with "address"'),
        ([{"address": "a.mp4"}, {"address": "b/a.mp4"}], "both called 'a'"),
        ([{"address": "a.mp4", "duration": -1}], '"duration" is -1'),
        ([{"address": "a.mp4", "name": 3}], '"name" is 3'),
    ],
)
def test_a_row_that_is_wrong_is_named(tmp_path, rows, said):
    with pytest.raises(basnet_rt.InvalidValue, match=r"m\.jsonl") as raised:
        read_manifest(write(tmp_path / "m.jsonl", *rows))
    assert said in str(raised.value)


def test_long_videos_come_first(tmp_path):
    """Durations rule; a file without one counts by its bytes; of an address nothing is known."""
    (tmp_path / "a.mp4").write_bytes(bytes(1000))
    (tmp_path / "b.mp4").write_bytes(bytes(5000))
    sources = [str(tmp_path / "a.mp4"), str(tmp_path / "b.mp4"), "s3://x/c.mp4", "s3://x/d.mp4"]
    weights = estimate(sources, [10.0, None, None, 70.0])
    assert weights == [10.0, 50.0, 50.0, 70.0]
    assert longest_first("abcd", weights) == ["d", "b", "c", "a"]
    assert estimate(["s3://x/c.mp4"], [None]) == [1.0]


def test_time_left_goes_by_weight(monkeypatch):
    """Catches an estimate by number of videos, which is far off when long ones come first."""
    now = [100.0]
    monkeypatch.setattr("time.monotonic", lambda: now[0])
    progress = CorpusProgress({"long": 90.0, "short": 5.0, "there": 5.0})
    assert progress.seconds_left is None
    progress.add("there", None, before=True)
    now[0] += 18.0
    progress.add("long", 3600.0)
    assert progress.seconds_left == pytest.approx(1.0)
    progress.add("short", None, failed=True)
    assert progress.line() == (
        "3/3 videos, 1 from an earlier run, 0.11 videos/s, 0.056 hours/s, left 0:00, 1 failed"
    )


@pytest.mark.parametrize(
    ("given", "read"),
    [
        (["clips", "--ray"], ["clips", "--ray=local"]),
        (["--ray", "clips"], ["--ray=local", "clips"]),
        (["--ray", "-o", "x"], ["--ray=local", "-o", "x"]),
        (["--ray", "10.0.0.1:6379", "clips"], ["--ray", "10.0.0.1:6379", "clips"]),
        (["--ray", "ray://head:10001"], ["--ray", "ray://head:10001"]),
        (["--ray", "auto"], ["--ray", "auto"]),
        (["--", "--ray"], ["--", "--ray"]),
    ],
)
def test_ray_may_stand_without_an_address(given, read):
    """Catches a video that is taken for the cluster's address."""
    assert _with_address(given) == read


def test_an_object_is_whole_or_absent(tmp_path):
    """By fsspec too, in a file system whose writes are not whole by themselves."""
    for place in (Place(tmp_path / "a"), Place(f"local://{tmp_path}/b")):
        assert place.names() == []
        assert place.read("x.json") is None
        place.write("x.json", b"1")
        place.write("x.json", b"22")
        assert (place.read("x.json"), place.names()) == (b"22", ["x.json"])
        place.remove("x.json")
        place.remove("x.json")
        assert place.names() == []


@pytest.mark.parametrize("command", ["extract", "localize", "tune"])
@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--ray-workers", "2"], "'--ray-workers': goes with --ray"),
        (["--ray=nowhere"], "'nowhere'; it must be local, auto, host:port or ray://host:port"),
    ],
)
def test_options_of_a_cluster_are_checked_before_any_work(run_cli, command, options, said):
    done = run_cli(command, *options)
    assert done.exit_code == 2
    assert said in " ".join(done.stderr.split())


def test_an_absent_ray_is_told_before_any_work(run_cli, monkeypatch):
    monkeypatch.setattr(corpus, "is_installed", lambda name: False)
    done = run_cli("extract", "--ray-workers", "2", "--ray")
    assert "pip install 'basnet-rt[ray]'" in " ".join(done.stderr.split())
