"""Arguments of a wrong kind are refused by name, at the first call, and before any file is read."""

from __future__ import annotations

import os
import subprocess
import sys

import numpy as np
import pytest

import basnet_rt
from basnet_rt import Detections, InvalidType, InvalidValue, formats
from basnet_rt.annotations import read_annotations
from basnet_rt.extractors.running.pipeline import extract_features
from basnet_rt.localize.from_video import localize_video
from basnet_rt.video import FrameFormat, probe, read_frames

CAS = np.zeros((4, 2), np.float32)
CONFIG = basnet_rt.PostprocessConfig()
BOX = np.array([[0.0, 1.0]])


def detections(label=0, score=0.5, segment=(0.0, 1.0), classes=("A",)):
    arrays = np.array([label]), np.array([score], np.float32), np.array([segment])
    return Detections(*arrays, classes=classes)


@pytest.mark.parametrize("value", [True, np.True_, np.array(False)])
def test_truth_is_no_number(value):
    """True would count as one second, or as an IoU of 1."""
    with pytest.raises(InvalidType, match="snippet_seconds"):
        basnet_rt.postprocess(CAS, None, CONFIG, snippet_seconds=value)
    with pytest.raises(InvalidType, match="duration"):
        basnet_rt.postprocess(CAS, None, CONFIG, snippet_seconds=0.5, duration=value)
    with pytest.raises(InvalidType, match="iou"):
        basnet_rt.nms(BOX, np.array([0.5]), iou=value)
    with pytest.raises(InvalidType, match="short_side"):
        FrameFormat(short_side=value)


@pytest.mark.parametrize(
    "call",
    [
        basnet_rt.load,
        basnet_rt.read_results,
        probe,
        formats.read_marks,
        formats.read_video_list,
        read_annotations,
        lambda path: basnet_rt.write_results(path, {}),
    ],
)
def test_a_missing_path_is_named(call):
    with pytest.raises(InvalidType, match=r"(path|source) is None; it must be a path"):
        call(None)


def test_a_confidence_and_a_rate_are_numbers(bundle):
    with pytest.raises(InvalidType, match="min_confidence is 'a'"):
        detections().events("a")
    localizer = basnet_rt.Localizer(basnet_rt.load(bundle))
    with pytest.raises(InvalidType, match="fps is True"):
        localizer(np.zeros((4, localizer.model.feature_dim), np.float32), fps=True)


def test_a_name_is_no_extractor(bundle):
    localizer = basnet_rt.Localizer(basnet_rt.load(bundle))
    with pytest.raises(InvalidType, match=r"extractor is 'motion'; .*make_extractor\('motion'\)"):
        extract_features("v.mp4", "motion")
    with pytest.raises(InvalidType, match="extractor is 'motion'; it must be an extractor"):
        localize_video("v.mp4", localizer, extractor="motion")


def test_a_colour_is_no_format():
    with pytest.raises(InvalidType, match="frames is 'gray'; it must be a FrameFormat"):
        read_frames("v.mp4", fps=25, frames="gray")


def test_a_timecode_needs_a_frame_rate():
    for call in (formats.to_timecode, formats.seconds_at, formats.frame_at):
        with pytest.raises(InvalidType, match=r"rate is 25; .*FrameRate.parse\(25\)"):
            call(1, 25)
    with pytest.raises(InvalidType, match="rate is 25"):
        formats.from_timecode("00:00:00:01", 25)


@pytest.mark.parametrize(
    ("found", "message"),
    [
        (detections(label=-1), "video 'v', detection 0: the label -1 is no class"),
        (detections(label=1), "the label 1 is no class"),
        (detections(label=-1, classes=None), "the label -1 is no class"),
        (detections(score=np.nan), "the score nan is not finite"),
        (detections(segment=(3.0, 1.0)), r"the segment \[3.0, 1.0\] ends before it begins"),
        (detections(segment=(0.0, np.inf)), r"the segment \[0.0, inf\] is not finite"),
        (detections(segment=(0.0, 1.0, 2.0)), r"shapes \(1,\), \(1,\), \(1, 3\)"),
        (None, "video 'v': is None; it must be Detections"),
    ],
)
@pytest.mark.parametrize("name", ["r.json", "r.csv"])
def test_results_that_cannot_be_are_not_written(tmp_path, found, message, name):
    """Label -1 was written as the last class."""
    with pytest.raises((InvalidValue, InvalidType), match=message):
        basnet_rt.write_results(tmp_path / name, {"v": found})
    assert not list(tmp_path.iterdir())


def test_provenance_that_is_no_json_is_named(tmp_path):
    with pytest.raises(InvalidType, match=r"provenance cannot be written as JSON: .*float32"):
        basnet_rt.write_results(tmp_path / "r.json", {}, {"x": np.float32(1)})
    assert not list(tmp_path.iterdir())


def test_a_bundle_through_a_pipe_is_told(run_cli, bundle, tmp_path):
    pipe = tmp_path / "model.pt"
    os.mkfifo(pipe)
    for words in (["info", pipe], ["localize", tmp_path, "-m", pipe]):
        done = run_cli(*words)
        assert done.exit_code == 1
        assert "model.pt: is a pipe, which can be read only once; write the bundle" in done.stderr


def test_a_name_that_is_not_utf_8_is_told():
    with pytest.raises(basnet_rt.BundleError, match=r"'caf\\udce9.pt': the name is not UTF-8"):
        basnet_rt.load("caf\udce9.pt")


def test_ctrl_c_while_the_program_is_imported_is_no_traceback():
    program = """
import sys
class Finder:
    def find_spec(self, name, *_):
        if name == "basnet_rt.cli.app":
            raise KeyboardInterrupt
from basnet_rt.cli import main
sys.meta_path.insert(0, Finder())
main()
"""
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stderr) == (1, "Aborted!\n")


def test_a_failure_has_its_name_once(run_cli, bundle, tmp_path):
    (tmp_path / "empty").mkdir()
    done = run_cli("localize", tmp_path / "empty", "-m", bundle)
    assert done.stderr.count(str(tmp_path / "empty")) == 1


def test_results_of_another_ending_are_told_without_options_of_other_commands(run_cli, tmp_path):
    (tmp_path / "GT.JSON").write_text('{"database": {"v": {"annotations": []}}}')
    (tmp_path / "pred.tsv").write_text("video\tlabel\n")
    done = run_cli("evaluate", tmp_path / "GT.JSON", tmp_path / "pred.tsv")
    assert done.exit_code == 1
    assert "pred.tsv: expected a name that ends in .csv" in done.stderr
    assert "--to" not in done.stderr
