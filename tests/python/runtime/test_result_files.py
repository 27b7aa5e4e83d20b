"""Result files: they read back exactly, say where they come from, and are whole or absent."""

from __future__ import annotations

import csv
import json
import os
import stat
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import tiny_bundle

import basnet_rt
from basnet_rt import Detections
from basnet_rt._system import whole_file
from basnet_rt._system.whole_file import refuse_input
from basnet_rt.formats import read_marks
from basnet_rt.localize import provenance_of


def detections_of(count, seed=0, mode="continuous", classes=("A", 'B, "b"', "Ç")):
    random = np.random.default_rng(seed)
    segments = np.sort(random.uniform(0, 100, (count, 2)), axis=1)
    scores = np.sort(random.random(count).astype(np.float32))[::-1]
    labels = random.integers(0, len(classes), count)
    return Detections(labels, scores, segments, mode, classes)


@pytest.fixture
def results():
    return {"v 1": detections_of(40, 1), "v,2": detections_of(3, 2), "empty": detections_of(0)}


def names_in(folder):
    return [path.name for path in folder.iterdir()]


def assert_same(got, want):
    assert list(got) == list(want)
    for video, found in want.items():
        assert got[video].names == found.names
        assert got[video].mode == found.mode
        np.testing.assert_array_equal(got[video].scores, found.scores)
        np.testing.assert_array_equal(got[video].segments, found.segments)
        assert got[video].scores.dtype == np.float32


def test_json_reads_back_exactly(results, tmp_path):
    basnet_rt.write_results(tmp_path / "r.json", results)
    assert_same(basnet_rt.read_results(tmp_path / "r.json").detections, results)


def test_csv_reads_back_exactly(results, tmp_path):
    """A video without detections has no row, and so does not come back."""
    basnet_rt.write_results(tmp_path / "r.csv", results)
    del results["empty"]
    assert_same(basnet_rt.read_results(tmp_path / "r.csv").detections, results)


def test_json_is_what_the_challenges_evaluator_reads(results, tmp_path):
    """It asks for these three keys and looks at the label, score and segment of each."""
    basnet_rt.write_results(tmp_path / "r.json", results)
    content = json.loads((tmp_path / "r.json").read_text())
    assert {"version", "results", "external_data"} <= content.keys()
    first = content["results"]["v 1"][0]
    assert set(first) == {"label", "score", "segment"}
    assert (type(first["label"]), type(first["score"]), len(first["segment"])) == (str, float, 2)


@pytest.mark.parametrize("suffix", [".json", ".csv"])
def test_results_say_where_they_come_from(tmp_path, make_features, suffix):
    """Simulated features must never pass for real ones, nor one mode for the other."""
    path = tiny_bundle.write(tmp_path / "made.pt", provenance={"simulated": True})
    localizer = basnet_rt.Localizer(basnet_rt.load(path))
    notes = provenance_of(localizer.model, localizer.config)
    output = tmp_path / f"r{suffix}"
    basnet_rt.write_results(output, {"v": localizer(make_features(50))}, notes)
    file = basnet_rt.read_results(output)
    assert file.simulated
    assert file.provenance["mode"] == "continuous"
    assert "made.pt" in file.provenance["model"]
    assert "simulated" in output.read_text()
    assert file.detections["v"].mode == "continuous"


def test_json_keeps_the_label_indices_of_the_model(tmp_path, model):
    """Classes without detections keep their places."""
    found = Detections(
        np.array([2]), np.ones(1, np.float32), np.array([[0.0, 1.0]]), classes=model.classes
    )
    notes = provenance_of(model, model.config)
    basnet_rt.write_results(tmp_path / "r.json", {"v": found}, notes)
    assert basnet_rt.read_results(tmp_path / "r.json").detections["v"].labels.tolist() == [2]


def test_csv_has_one_row_per_detection(results, tmp_path):
    basnet_rt.write_results(tmp_path / "r.csv", results)
    with (tmp_path / "r.csv").open(newline="", encoding="utf-8") as file:
        rows = list(csv.reader(file))
    assert rows[0] == ["video", "label", "score", "start", "end", "mode", "source"]
    assert len(rows) == 1 + 43


def test_two_modes_do_not_mix(tmp_path):
    mixed = {"v": detections_of(1), "w": detections_of(1, mode="published")}
    with pytest.raises(basnet_rt.InvalidValue, match="do not belong in one file"):
        basnet_rt.write_results(tmp_path / "r.json", mixed)


def test_an_address_is_no_input_that_may_be_lost(tmp_path):
    (tmp_path / "e.jsonl").touch()
    refuse_input([tmp_path / "e.jsonl", None], [f"https://camera.example/{'x' * 300}?token=1", "-"])
    with pytest.raises(basnet_rt.InvalidValue, match=r"e\.jsonl: is an input"):
        refuse_input([tmp_path / "e.jsonl"], [tmp_path / "e.jsonl"])


def test_results_are_a_mapping(tmp_path, results):
    with pytest.raises(basnet_rt.InvalidType, match="detections is a list; it must be a dict"):
        basnet_rt.write_results(tmp_path / "r.json", list(results.values()))
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("work", [basnet_rt.write_results, lambda p, _: basnet_rt.read_results(p)])
def test_other_endings(tmp_path, work):
    with pytest.raises(basnet_rt.InvalidValue, match=r"r\.xml: expected .*\.csv.*\.json"):
        work(tmp_path / "r.xml", {})


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("", "not JSON"),
        ("[" * 100_000, "not JSON"),
        ('{"results": [1]}', '"results"'),
        ('{"results": {"v": {}}}', "'v': expected a list"),
        ('{"results": {"v": [{"label": "A", "score": 1}]}}', "'v', detection 0: 'segment'"),
        ('{"results": {}, "basnet_rt": 3}', "basnet_rt"),
    ],
)
def test_json_of_another_form(tmp_path, content, message):
    (tmp_path / "r.json").write_text(content)
    with pytest.raises(basnet_rt.InvalidValue, match=message) as caught:
        basnet_rt.read_results(tmp_path / "r.json")
    assert "r.json" in str(caught.value)


@pytest.mark.parametrize(
    ("score", "segment", "message"),
    [
        ("NaN", "[0, 1]", "score is nan; it must be a finite number"),
        ("-Infinity", "[0, 1]", "score is -inf; it must be a finite number"),
        ("1e39", "[0, 1]", "score is 1e.39; it must be from"),
        ("true", "[0, 1]", "the score is True; it must be a number"),
        ("0.5", "[NaN, 1]", "a time is nan; it must be a finite number"),
        ("0.5", "[0, Infinity]", "a time is inf; it must be a finite number"),
        ("0.5", "[3, 2]", r"the segment \[3.0, 2.0\] ends before it begins"),
    ],
)
def test_every_reader_refuses_the_same_numbers(tmp_path, score, segment, message):
    """Else a page of results shows a score that `convert` and `evaluate` refuse."""
    path = tmp_path / "r.json"
    good = '{"label": "A", "score": 0.5, "segment": [-1, 0]}'
    wrong = f'{{"label": "A", "score": {score}, "segment": {segment}}}'
    path.write_text(f'{{"results": {{"v": [{good}, {wrong}]}}}}')
    with pytest.raises(
        basnet_rt.InvalidValue, match=rf"r\.json: video 'v', detection 1: {message}"
    ):
        basnet_rt.read_results(path)
    with pytest.raises(basnet_rt.InvalidValue, match="video 'v', detection 1: "):
        read_marks(path)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("a,b\n1,2\n", "column 'video' is absent"),
        ("video,label,score,start,end\nv,A,high,0,1\n", "line 2: .*high"),
        ("video,label,score,start,end\nv,A,0.5,0\n", "line 2"),
    ],
)
def test_csv_of_another_form(tmp_path, content, message):
    (tmp_path / "r.csv").write_text(content)
    with pytest.raises(basnet_rt.InvalidValue, match=message):
        basnet_rt.read_results(tmp_path / "r.csv")


@pytest.mark.parametrize("name", ["r.json", "r.csv"])
def test_absent_file(tmp_path, name):
    with pytest.raises(basnet_rt.InvalidValue, match=r"cannot be read: .*No such file"):
        basnet_rt.read_results(tmp_path / name)


def test_failure_half_way_leaves_the_old_file(tmp_path, results):
    """What was there stays there, whole; nothing else is left beside it."""
    target = tmp_path / "r.json"
    target.write_text("old")

    def pieces():
        yield "new"
        raise OSError(28, "No space left on device")

    with pytest.raises(basnet_rt.Error, match=r"r\.json: cannot be written: No space left"):
        whole_file.write_whole(target, pieces())
    assert target.read_text() == "old"
    assert names_in(tmp_path) == ["r.json"]


@pytest.mark.parametrize("call", ["fsync", "replace"])
def test_failure_at_the_end_leaves_the_old_file(tmp_path, monkeypatch, call):
    """Disks may say that they are full as late as at fsync."""
    target = tmp_path / "r.json"
    target.write_text("old")

    def fail(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(*((os, "fsync") if call == "fsync" else (Path, "replace")), fail)
    with pytest.raises(basnet_rt.Error, match="No space left"):
        whole_file.write_whole(target, ["new"])
    assert target.read_text() == "old"
    assert names_in(tmp_path) == ["r.json"]


DISK_FULL = """
import resource, signal, sys
import numpy as np, basnet_rt
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, 20_000))
n = 5000
found = basnet_rt.Detections(np.zeros(n, np.int64), np.ones(n, np.float32), np.ones((n, 2)),
                             classes=("A",))
try:
    basnet_rt.write_results(sys.argv[1], {"v": found})
except basnet_rt.Error as error:
    sys.exit(f"refused: {error}")
"""


@pytest.mark.skipif(sys.platform == "win32", reason="needs RLIMIT_FSIZE")
@pytest.mark.parametrize("name", ["r.json", "r.csv"])
def test_disk_full(tmp_path, name):
    """A real refusal by the system: this process may write 20 kB a file, and needs 300."""
    done = subprocess.run(
        [sys.executable, "-c", DISK_FULL, str(tmp_path / name)], capture_output=True, text=True
    )
    assert f"{name}: cannot be written: File too large" in done.stderr
    assert names_in(tmp_path) == []


def test_a_link_stays_a_link(tmp_path):
    (tmp_path / "real.json").write_text("old")
    (tmp_path / "link.json").symlink_to(tmp_path / "real.json")
    basnet_rt.write_results(tmp_path / "link.json", {})
    assert (tmp_path / "link.json").is_symlink()
    assert "results" in (tmp_path / "real.json").read_text()


def test_a_folder_in_the_way(tmp_path):
    (tmp_path / "r.json").mkdir()
    with pytest.raises(basnet_rt.Error, match=r"r\.json: cannot be written"):
        basnet_rt.write_results(tmp_path / "r.json", {})
    assert names_in(tmp_path) == ["r.json"]


needs_root = pytest.mark.skipif(
    not hasattr(os, "geteuid") or os.geteuid() != 0, reason="only root may make a device"
)


@needs_root
@pytest.mark.parametrize("minor", [3, 7], ids=["null", "full"])
def test_a_device_is_written_to_and_stays_a_device(tmp_path, minor):
    """It was replaced with a file of that name."""
    device = tmp_path / "device"
    try:
        os.mknod(device, 0o666 | stat.S_IFCHR, os.makedev(1, minor))
        device.open("wb").close()
    except OSError:
        pytest.skip("this folder takes no devices")
    if minor == 3:
        whole_file.write_whole(device, ["text"])
    else:
        with pytest.raises(basnet_rt.Error, match=r"device: cannot be written: No space left"):
            whole_file.write_whole(device, ["text"])
    assert device.is_char_device()
    assert [one.name for one in tmp_path.iterdir()] == ["device"]


def test_a_pipe_is_refused_at_once_and_stays(tmp_path):
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    with pytest.raises(basnet_rt.Error, match="neither a file nor a device"):
        whole_file.write_whole(pipe, ["text"])
    assert pipe.is_fifo()
