"""Features and results of videos made after public bug reports say what was odd about them."""

from __future__ import annotations

import json

import pytest

from basnet_rt.features.records import read_sidecar
from basnet_rt.report.corpus import gather


@pytest.fixture
def late(shared):
    """Sound from second 0, pictures from second 5."""
    return shared / "faults" / "video" / "video_late5s.mp4"


def test_the_sidecar_keeps_where_the_pictures_begin(run_cli, made, late, tmp_path):
    """A player counts from the file's start; the features count from its first picture."""
    done = run_cli("extract", late, "-o", tmp_path / "out", *made.extractor)
    assert done.exit_code == 0, done.stderr
    sidecar = read_sidecar(tmp_path / "out" / "video_late5s.json")
    assert (sidecar.offset, sidecar.duration) == (5.0, pytest.approx(4.0))


def test_results_and_report_keep_it_too(localize, late, tmp_path):
    """From the pixels, from the journal of a killed run, in the page that plays the video."""
    done, _ = localize(late)
    assert done.exit_code == 0, done.stderr
    results = json.loads((tmp_path / "results.json").read_text())
    assert "media_offsets" in json.dumps(results)
    corpus = gather(tmp_path / "results.json", media=[str(late)])
    assert corpus.videos[0].media.offset == 5.0


def test_what_was_moved_is_said(run_cli, made, shared, tmp_path):
    """Where, and by how much; on standard error and in the sidecar."""
    wild = shared / "faults" / "video" / "pts_forward_30s.mp4"
    done = run_cli("extract", wild, "-o", tmp_path / "out", *made.extractor)
    assert done.exit_code == 0, done.stderr
    said = "the picture at second 2.000 is stamped 28.000 s too late"
    assert said in " ".join(done.stderr.split())
    sidecar = read_sidecar(tmp_path / "out" / "pts_forward_30s.json")
    assert said in sidecar.remarks[0]
    assert sidecar.duration == pytest.approx(4.0)
