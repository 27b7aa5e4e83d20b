"""From files to the page's data: packing, normalisation, gathering, the command line."""

from __future__ import annotations

import json
import os
import re

import numpy as np
import pytest
import report_cases
from typer.testing import CliRunner

from basnet_rt import Error
from basnet_rt.activation_files import ActivationFolder, Activations
from basnet_rt.cli.app import app
from basnet_rt.report import gather
from basnet_rt.report.media import Media
from basnet_rt.report.normalisation import on_threshold_scale
from basnet_rt.report.packing import json_in_html, pack, quantised, unpack
from basnet_rt.report.page import SCRIPTS, STYLES, _joined
from reference.normalise import normalise


@pytest.fixture
def paths(tmp_path):
    return report_cases.small_corpus(tmp_path)


def run(*arguments):
    return CliRunner().invoke(app, ["report", *map(str, arguments)], catch_exceptions=False)


def test_arrays_come_back():
    arrays = {
        "a": np.arange(7, dtype=np.uint8),
        "b": np.random.default_rng(0).normal(size=(3, 5)),
        "none": np.zeros(0, np.float32),
        "c": np.array([[-1, 2**31 - 1]], np.int32),
    }
    found = unpack(pack(arrays))
    assert found.keys() == arrays.keys()
    for name, want in arrays.items():
        assert found[name].dtype == want.dtype
        np.testing.assert_array_equal(found[name], want)


def test_a_dtype_without_a_typed_array_is_refused():
    with pytest.raises(TypeError, match="int64"):
        pack({"a": np.zeros(2, np.int64)})


@pytest.mark.parametrize("values", [[0.25], [0.0, 0.0], [-3.5, 0.0, 1e-3, 9.0]])
def test_quantised_values_are_near(values):
    values = np.array(values, np.float32)
    steps, low, high = quantised(values)
    back = low + (high - low) * steps / 65535
    np.testing.assert_allclose(back, values, atol=(high - low) / 65535)


def test_json_holds_nothing_that_html_reads():
    value = {"</script>": ["<!--", "&amp;", "\u2028"], "π": "🎬"}
    text = json_in_html(value)
    assert json.loads(text) == value
    assert not re.search("[<>&\u2028]", text)


def test_the_page_s_own_parts_cannot_end_their_elements():
    script, style = _joined("scripts", SCRIPTS, "js"), _joined("styles", STYLES, "css")
    assert not re.search(r"</script|<!--", script, re.IGNORECASE)
    assert not re.search(r"</style", style, re.IGNORECASE)
    assert not re.search(r"https?://|@import|url\(", script + style)


@pytest.mark.parametrize(
    "settings",
    [
        {"normalisation": "video"},
        {"normalisation": "fixed", "fixed_lo": [-0.5, 0.0], "fixed_hi": [2.0, 1.5]},
        {"normalisation": "horizon", "horizon": 3.0},
        {"normalisation": "horizon", "horizon": 0.1},
        {"normalisation": "horizon", "horizon": 500.0},
    ],
    ids=str,
)
def test_curves_are_on_the_scale_of_the_thresholds(settings):
    cas = np.random.default_rng(3).normal(0.4, 1, (40, 2)).astype(np.float32)
    found = Activations(cas, cas[:, 0], 0.64, ("a", "b"))
    got = on_threshold_scale(found, settings)
    for label in range(2):
        want = normalise(cas, label, settings, 0.64)
        np.testing.assert_allclose(got[:, label], want, rtol=1e-6, atol=1e-6)


def test_unknown_settings_leave_activations_alone():
    cas = np.ones((3, 1), np.float32)
    assert on_threshold_scale(Activations(cas, cas[:, 0], 1.0, ("a",)), {}) is cas


def test_the_subset_is_the_one_of_the_results(paths, tmp_path):
    """And videos of it without any detection are there, with what was missed in them."""
    content = json.loads(paths["truth"].read_text())
    content["database"]["silent"] = {
        "subset": "test", "duration": 5, "annotations": [{"label": "Run", "segment": [1, 2]}]
    }  # fmt: skip
    content["database"]["other"] = {"subset": "train", "annotations": []}
    truth = report_cases.write(tmp_path, "more.json", content)
    corpus = gather(paths["results"], ground_truth=truth)
    assert [video.name for video in corpus.videos] == ["one", "two", "silent"]
    assert len(corpus.judgement.truth) == 6

    content["database"]["two"]["subset"] = "train"
    truth = report_cases.write(tmp_path, "split.json", content)
    with pytest.raises(Error, match="'test', 'train'"):
        gather(paths["results"], ground_truth=truth)
    chosen = gather(paths["results"], ground_truth=truth, subset="train").videos
    assert [video.name for video in chosen] == ["one", "two", "other"]


def test_ground_truth_of_other_videos_is_refused(paths, tmp_path):
    truth = report_cases.annotations({"x": [("Run", 0, 1)]}, {"x": 2.0})
    with pytest.raises(Error, match="none of the videos"):
        gather(paths["results"], ground_truth=report_cases.write(tmp_path, "x.json", truth))


def test_the_command_says_what_it_made(paths, tmp_path):
    page = tmp_path / "deep/page.html"
    done = run(
        paths["results"], "-o", page, "--ground-truth", paths["truth"], "--activations",
        paths["activations"], "--json",
    )  # fmt: skip
    assert done.exit_code == 0, done.stderr
    answer = json.loads(done.stdout)
    assert answer == {
        "output": str(page), "bytes": page.stat().st_size, "videos": 2, "detections": 6,
        "with_media": 0, "with_activations": 2,
    }  # fmt: skip
    assert [p.name for p in page.parent.iterdir()] == ["page.html"]


def test_the_same_files_make_the_same_page(paths, tmp_path):
    """No date, no path of the machine: pages can be compared."""
    for name in ("a", "b"):
        run(paths["results"], "-o", tmp_path / f"{name}.html", "--ground-truth", paths["truth"])
    assert (tmp_path / "a.html").read_bytes() == (tmp_path / "b.html").read_bytes()
    assert str(tmp_path) not in (tmp_path / "a.html").read_text()


@pytest.mark.parametrize(
    ("options", "code", "message"),
    [
        (("-o", "page.pdf"), 2, "ending in .html"),
        (("-o", "page.html", "--select", "three"), 1, "no video 'three'"),
        (("-o", "page.html", "--activations", "nowhere"), 1, "no such folder"),
        (("-o", "page.html", "--subset", "test"), 1, "there is no ground truth"),
        (("-o", "page.html", "--video", "x.mp4"), 1, "x.mp4"),
        (("-o", "page.html", "--tiou", "x"), 2, "--tiou"),
    ],
)
def test_wrong_usage_leaves_no_page(paths, tmp_path, monkeypatch, options, code, message):
    monkeypatch.chdir(tmp_path)
    done = run(paths["results"], *options)
    assert done.exit_code == code
    assert message in done.stderr
    assert not (tmp_path / "page.html").exists()


def test_a_damaged_activation_file_is_named(paths, tmp_path):
    (paths["activations"] / "two.npz").write_bytes(b"PK\x03\x04 torn")
    done = run(paths["results"], "-o", tmp_path / "p.html", "--activations", paths["activations"])
    assert done.exit_code == 1
    assert "two.npz: cannot be read as activations" in done.stderr
    assert not (tmp_path / "p.html").exists()


def test_an_empty_result_is_a_page_too(tmp_path):
    results = report_cases.write(tmp_path, "r.json", report_cases.results({"v": []}))
    assert run(results, "-o", tmp_path / "p.html").exit_code == 0


@pytest.mark.parametrize("name", ["a/b", "a\\b:c?", "50%", "名前 🎬", "plain"])
def test_any_video_name_has_its_own_activation_file(tmp_path, name):
    folder = ActivationFolder(tmp_path)
    rows = np.random.default_rng(0).random((4, 2)).astype(np.float32)
    folder.write(name, Activations(rows, rows[:, 0], 0.64, ("x", "y")))
    (file,) = tmp_path.iterdir()
    assert file.parent == tmp_path
    assert name in folder
    found = folder.read(name)
    np.testing.assert_array_equal(found.activations, rows)
    assert (found.snippet_seconds, found.classes) == (0.64, ("x", "y"))


def test_a_page_refers_to_a_video_in_a_folder_that_is_no_utf_8(tmp_path):
    video = tmp_path / os.fsdecode(b"caf\xe9") / "a.mp4"
    assert Media(str(video), False, False).reference(tmp_path / "page.html") == "caf%E9/a.mp4"


def test_a_folder_without_activations_of_the_videos_is_refused(paths, tmp_path):
    (tmp_path / "other").mkdir()
    done = run(paths["results"], "-o", tmp_path / "p.html", "--activations", tmp_path / "other")
    assert done.exit_code == 1
    assert "has activations of none of the videos, such as" in " ".join(done.output.split())
    assert not (tmp_path / "p.html").exists()
