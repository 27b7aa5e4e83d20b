"""Every format is read by a library that is not ours, on real cctv_fights results.

WebVTT: webvtt-py. EDL: opentimelineio's cmx_3600 adapter, and pycmx. OTIO: opentimelineio. ELAN:
pympi. CSV and JSON Lines: pandas. RTTM: pyannote.database. Label Studio: a JSON schema (jsonschema)
after its documentation. ActivityNet: the released evaluator's way to read, in a few lines.
"""

from __future__ import annotations

import itertools
import json
import math
from fractions import Fraction
from urllib.parse import unquote

import comparing
import jsonschema
import opentimelineio as otio
import pandas as pd
import pycmx
import pympi
import pytest
import webvtt
from comparing import at_rate
from pyannote.database.util import load_rttm

from basnet_rt.formats import FrameRate, write_marks

VIDEO = "cctv_test_0001"
HALF_A_FRAME = 0.5 / 25 + 1e-9
HALF_A_MILLISECOND = 0.5e-3 + 1e-9


@pytest.fixture
def worst(record_property):
    """Compare one video's rows with what was written; bench/accuracy/formats.py tabulates it."""

    def compare(form, reader, got, marked, video, rate="25"):
        error = comparing.worst_time_error(got, comparing.rows_of(marked, video))
        record_property("round trip", (form, reader, rate, error))
        return error

    return compare


def test_webvtt_by_webvtt_py(tmp_path, marked, worst):
    write_marks(tmp_path, marked, format="webvtt")
    for video in marked.videos:
        captions = webvtt.read(str(tmp_path / f"{video}.vtt"))
        got = [
            (one.lines[0].replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&"),
             one.start_in_seconds + one.start_time.milliseconds / 1000,
             one.end_in_seconds + one.end_time.milliseconds / 1000,
             float(one.identifier.partition("score=")[2]))
            for one in captions
        ]  # fmt: skip
        assert worst("webvtt", "webvtt-py", got, marked, video) <= HALF_A_MILLISECOND
        starts = [one.start_in_seconds for one in captions]
        assert starts == sorted(starts)


def test_chapters_by_webvtt_py(tmp_path, marked):
    write_marks(tmp_path, marked, format="webvtt-chapters")
    captions = webvtt.read(str(tmp_path / f"{VIDEO}.vtt"))
    assert len(captions) > 5
    assert {len(one.lines) for one in captions} == {1}  # a title is one line


@pytest.mark.parametrize("rate", ["23.976", "25", "29.97df", "30", "59.94df"])
def test_edl_by_opentimelineio(tmp_path, marked, worst, rate):
    """Source times are right, and record times follow each other without a hole."""
    filmed, exact = at_rate(marked, rate), FrameRate.parse(rate).exact
    write_marks(tmp_path, filmed, format="edl")
    for video in filmed.videos:
        if not filmed.videos[video].marks:
            continue
        path = str(tmp_path / f"{video}.edl")
        timeline = otio.adapters.read_from_file(path, "cmx_3600", rate=float(exact))
        (track,) = timeline.tracks
        got = []
        for clip in track:
            comments = clip.metadata["cmx_3600"]["comments"]
            label, score = (text.split(" ", 2)[2] for text in comments[:2])
            span = clip.source_range
            start, end = span.start_time.value, span.end_time_exclusive().value
            assert clip.name == video
            got.append((label, float(start / exact), float(end / exact), float(score)))
        assert (
            worst("edl", "opentimelineio", got, filmed, video, rate)
            <= float(Fraction(1, 2) / exact) + 1e-9
        )
        assert timeline.name == video


@pytest.mark.parametrize(("rate", "header"), [("25", "NON-DROP"), ("29.97", "NON-DROP"),
                                              ("29.97df", "DROP")])  # fmt: skip
def test_edl_by_pycmx(tmp_path, marked, rate, header):
    """A second reader, which does not skip the FCM line; it leaves timecodes to the caller."""
    filmed = at_rate(marked, rate)
    write_marks(tmp_path, filmed, format="edl")
    with (tmp_path / f"{VIDEO}.edl").open() as file:
        edl = pycmx.parse_cmx3600(file)
    events = [(event, edit) for event in edl.events for edit in event.edits]
    assert len(events) == len(marked.videos[VIDEO].marks)
    assert [event.number for event, _ in events] == list(range(1, len(events) + 1))
    assert {edit.clip_name for _, edit in events} == {VIDEO}
    mark = ";" if header == "DROP" else ":"
    for (_, before), (_, after) in itertools.pairwise(events):
        assert before.record_out == after.record_in
        assert before.source_in[8] == mark
    assert events[0][1].record_in == f"01:00:00{mark}00"
    text = (tmp_path / f"{VIDEO}.edl").read_text()
    assert f"\nFCM: {header} FRAME\n" in text


@pytest.mark.parametrize("rate", ["23.976", "25", "29.97df"])
def test_otio_by_opentimelineio(tmp_path, marked, worst, rate):
    filmed, exact = at_rate(marked, rate), FrameRate.parse(rate).exact
    write_marks(tmp_path, filmed, format="otio", media="media/{video}.mov")
    for video in filmed.videos:
        timeline = otio.adapters.read_from_file(str(tmp_path / f"{video}.otio"))
        (clip,) = timeline.find_clips()
        assert clip.media_reference.target_url == f"media/{video}.mov"
        got = [
            (one.name, float(one.marked_range.start_time.value / exact),
             float(one.marked_range.end_time_exclusive().value / exact),
             one.metadata["basnet_rt"]["score"])
            for one in clip.markers
        ]  # fmt: skip
        assert (
            worst("otio", "opentimelineio", got, filmed, video, rate)
            <= float(Fraction(1, 2) / exact) + 1e-9
        )
        length = clip.source_range.duration.value
        assert math.isclose(length, filmed.videos[video].duration * exact, abs_tol=0.5001)


def test_elan_by_pympi(tmp_path, marked, worst):
    write_marks(tmp_path, marked, format="elan")
    for video in marked.videos:
        document = pympi.Elan.Eaf(str(tmp_path / f"{video}.eaf"))
        got = []
        for tier in document.get_tier_names():
            spans = sorted(document.get_annotation_data_for_tier(tier))
            assert all(a[1] <= b[0] for a, b in itertools.pairwise(spans))
            label = tier.partition(" #")[0]
            got += [(label, start / 1000, end / 1000, float(value)) for start, end, value in spans]
        assert worst("elan", "pympi", got, marked, video) <= HALF_A_MILLISECOND
        assert {"Fight", "Calm & <quiet>"} <= set(document.get_tier_names())
        assert document.get_linked_files()[0]["RELATIVE_MEDIA_URL"] == f"{video}.mp4"


@pytest.mark.parametrize("name", ["csv", "jsonl"])
def test_tables_by_pandas(tmp_path, marked, worst, name):
    write_marks(tmp_path / "table", marked, format=name)
    read = (
        pd.read_csv
        if name == "csv"
        else lambda path: pd.read_json(path, lines=True, precise_float=True)
    )
    table = read(tmp_path / "table")
    assert set(table["mode"]) == {"continuous"}
    assert set(table["source"]) == {"motion"}
    for video, rows in table.groupby("video"):
        columns = zip(rows["label"], rows["start"], rows["end"], rows["score"], strict=True)
        assert worst(name, "pandas", columns, marked, video) <= 1e-12
    assert len(table) == marked.num_marks


def test_rttm_by_pyannote(tmp_path, marked, record_property):
    """It reads no confidence, so scores are looked up by place."""
    write_marks(tmp_path / "all.rttm", marked)
    loaded = load_rttm(tmp_path / "all.rttm")
    assert len(loaded) == len(marked.videos) - 1
    for video, annotation in loaded.items():
        tracks = [(span, label) for span, _, label in annotation.itertracks(yield_label=True)]
        got = sorted((unquote(label), span.start, span.end) for span, label in tracks)
        want = sorted((m.label, m.start, m.end) for m in marked.videos[video].marks)
        assert [one[0] for one in got] == [one[0] for one in want]
        pairs = list(zip(got, want, strict=True))
        error = max(max(abs(a[1] - b[1]), abs(a[2] - b[2])) for a, b in pairs)
        record_property("round trip", ("rttm", "pyannote.database", "25", error))
        assert error <= 1.5e-6


REGION = {
    "type": "object",
    "required": ["id", "from_name", "to_name", "type", "value"],
    "properties": {
        "type": {"const": "timelinelabels"},
        "score": {"type": "number"},
        "value": {
            "type": "object",
            "required": ["ranges", "timelinelabels"],
            "properties": {
                "timelinelabels": {"type": "array", "items": {"type": "string"}, "minItems": 1},
                "ranges": {
                    "type": "array", "minItems": 1, "maxItems": 1,
                    "items": {
                        "type": "object", "required": ["start", "end"],
                        "properties": {"start": {"type": "integer", "minimum": 1},
                                       "end": {"type": "integer", "minimum": 1}},
                    },
                },
            },
        },
    },
}  # fmt: skip
RESULT = {"result": {"type": "array", "items": REGION}}
TASKS = {
    "type": "array",
    "items": {
        "type": "object",
        "required": ["data"],
        "properties": {
            "data": {"type": "object", "required": ["video", "fps"]},
            "predictions": {"type": "array", "items": {"required": ["result"],
                                                       "properties": RESULT}},
            "annotations": {"type": "array", "items": {"required": ["result"],
                                                       "properties": RESULT}},
        },
    },
}  # fmt: skip


def test_label_studio_by_its_schema(tmp_path, marked, worst):
    """Frames count from 1 and both ends belong to the region, as Label Studio's own models do."""
    write_marks(tmp_path / "tasks.json", marked, format="label-studio")
    tasks = json.loads((tmp_path / "tasks.json").read_text())
    jsonschema.validate(tasks, TASKS)
    for task in tasks:
        video = task["data"]["name"]
        (prediction,) = task["predictions"]
        got = []
        for region in prediction["result"]:
            (span,), (label,) = region["value"]["ranges"], region["value"]["timelinelabels"]
            times = ((span["start"] - 1) / 25, span["end"] / 25)
            got.append((label, *times, region["score"]))
        assert worst("label-studio", "jsonschema", got, marked, video) <= HALF_A_FRAME


def test_activitynet_as_the_released_evaluator_reads_it(tmp_path, marked, worst):
    write_marks(tmp_path / "r.json", marked, format="activitynet")
    content = json.loads((tmp_path / "r.json").read_text())
    assert {"version", "results", "external_data"} <= content.keys()
    for video, records in content["results"].items():
        got = [
            (one["label"], float(one["segment"][0]), float(one["segment"][1]), one["score"])
            for one in records
        ]
        assert worst("activitynet", "as the evaluator", got, marked, video) == 0.0
