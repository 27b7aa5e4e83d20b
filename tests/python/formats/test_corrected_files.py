"""Files that people corrected in other programs become ground truth that trains and evaluates.

Each is written or changed by the other program's library, not by ours.
"""

from __future__ import annotations

import dataclasses
import json

import opentimelineio as otio
import pandas as pd
import pympi
import pytest
import webvtt
from comparing import at_rate
from typer.testing import CliRunner

import basnet_rt
from basnet_rt.annotations import read_annotations
from basnet_rt.cli.app import app
from basnet_rt.formats import (
    MarkedVideos,
    described,
    from_annotations,
    read_marks,
    read_video_list,
    to_annotations,
    write_marks,
)

VIDEO = "cctv_test_0001"


@pytest.fixture(scope="module")
def truth(truth_file) -> MarkedVideos:
    """The real ground truth of the test videos."""
    full = from_annotations(read_annotations(truth_file).subset("test"))
    known = read_video_list(truth_file)
    return described(full, {name: known[name] for name in full.videos})


@pytest.mark.parametrize("name", ["csv", "jsonl", "rttm", "webvtt", "elan", "edl", "otio",
                                  "label-studio"])  # fmt: skip
def test_ground_truth_survives_every_form(tmp_path, truth, truth_file, name):
    """Segments of whole frames at 25 a second come back exactly, 14 videos without any as well."""
    write_marks(tmp_path / "marks", truth, format=name)
    back = read_marks(tmp_path / "marks", format=name)
    known = {name: video for name, video in read_video_list(truth_file).items()
             if video.subset == "test"}  # fmt: skip
    write_marks(tmp_path / "gt.json", described(back, known), format="ground-truth")
    got = read_annotations(tmp_path / "gt.json").videos
    want = read_annotations(truth_file).subset("test").videos
    assert got.keys() == want.keys()
    for video, annotation in want.items():
        have = dataclasses.replace(got[video], segments=annotation.segments)
        assert have == annotation
        pairs = zip(sorted(got[video].segments, key=str), sorted(annotation.segments, key=str),
                    strict=True)  # fmt: skip
        for a, b in pairs:
            assert a.label == b.label
            assert max(abs(a.start - b.start), abs(a.end - b.end)) <= 2e-6


def test_the_new_ground_truth_evaluates_like_the_old(tmp_path, truth, truth_file, results):
    write_marks(tmp_path / "gt.json", truth, format="ground-truth")
    settings = {"subset": "test", "unknown_labels": "ignore"}
    got = basnet_rt.evaluate(tmp_path / "gt.json", results, **settings)
    assert got.to_dict() == basnet_rt.evaluate(truth_file, results, **settings).to_dict()


def test_annotations_are_an_annotation_set(truth, truth_file):
    assert to_annotations(truth) == read_annotations(truth_file).subset("test")


def test_elan_corrected_by_pympi(tmp_path, marked):
    """One annotation removed, one added on a new tier, one that no number scores."""
    write_marks(tmp_path, marked, format="elan")
    path = tmp_path / f"{VIDEO}.eaf"
    document = pympi.Elan.Eaf(str(path))
    for tier in document.get_tier_names():
        document.remove_all_annotations_from_tier(tier)
    document.add_annotation("Fight", 1000, 2500, "looks right")
    document.add_tier("Chase")
    document.add_annotation("Chase", 2400, 3000, "")
    document.to_file(str(path))
    got = read_marks(path).videos[VIDEO]
    assert sorted(got.marks) == [("Chase", 2.4, 3.0, None, None), ("Fight", 1.0, 2.5, None, None)]
    assert got.duration == marked.videos[VIDEO].duration


def test_elan_tiers_of_one_class_are_one_class(write):
    document = pympi.Elan.Eaf()
    for tier, start in (("Fight", 0), ("Fight #2", 500), ("Fight #13", 700)):
        document.add_tier(tier)
        document.add_annotation(tier, start, start + 1000, "0.5")
    path = write("v.eaf", "")
    document.to_file(str(path))
    marks = read_marks(path).videos["v"].marks
    assert [mark.label for mark in marks] == ["Fight"] * 3
    assert {mark.score for mark in marks} == {0.5}


def test_otio_corrected_by_opentimelineio(tmp_path, marked):
    """A marker moved, one on the track; and the clip trimmed, which must change no time."""
    write_marks(tmp_path, at_rate(marked, "29.97df"), format="otio")
    path = tmp_path / f"{VIDEO}.otio"
    timeline = otio.adapters.read_from_file(str(path))
    (clip,) = timeline.find_clips()
    del clip.markers[1:]
    rate = 30000 / 1001
    span = otio.opentime.TimeRange(
        otio.opentime.RationalTime(30, rate), otio.opentime.RationalTime(15, rate)
    )
    clip.markers[0].marked_range, clip.markers[0].name = span, "Fight"
    clip.source_range = otio.opentime.TimeRange(
        otio.opentime.RationalTime(20, rate), otio.opentime.RationalTime(100, rate)
    )
    timeline.tracks[0].markers.append(otio.schema.Marker(name="Chase", marked_range=span))
    otio.adapters.write_to_file(timeline, str(path))
    fight, chase = read_marks(path).videos[VIDEO].marks
    assert (fight.start, fight.end) == pytest.approx((1.001, 1.5015), abs=1e-12)
    assert (chase.start, chase.end) == pytest.approx((50 * 1.001 / 30, 65 * 1.001 / 30), abs=1e-12)


def test_otio_media_that_begins_late(tmp_path):
    """A camera's timecode of ten o'clock is second 0 of its file."""
    time = otio.opentime.RationalTime
    whole = otio.opentime.TimeRange(time(900_000, 25), time(250, 25))
    media = otio.schema.ExternalReference(target_url="a.mov", available_range=whole)
    clip = otio.schema.Clip(name="a", media_reference=media, source_range=whole)
    span = otio.opentime.TimeRange(time(900_025, 25), time(50, 25))
    clip.markers.append(otio.schema.Marker(name="Fight", marked_range=span))
    timeline = otio.schema.Timeline(name="a")
    timeline.tracks.append(otio.schema.Track(name="V"))
    timeline.tracks[0].append(clip)
    otio.adapters.write_to_file(timeline, str(tmp_path / "x.otio"))
    assert read_marks(tmp_path / "x.otio").videos["a"].marks == (("Fight", 1.0, 3.0, None, None),)


def test_webvtt_written_by_webvtt_py(tmp_path):
    """No identifiers, hours left out where they may be, tags, two lines."""
    file = webvtt.WebVTT()
    file.captions.append(webvtt.Caption("00:01.000", "00:02.500", ["<v Ann>Fight</v>"]))
    file.captions.append(webvtt.Caption("10:00:00.000", "10:00:01.000", ["Long", "jump"]))
    file.save(str(tmp_path / "v.vtt"))
    marks = read_marks(tmp_path / "v.vtt").videos["v"].marks
    assert marks == (("Fight", 1.0, 2.5, None, None), ("Long jump", 36000.0, 36001.0, None, None))


EDL = """TITLE:   REEL 1
FCM: DROP FRAME

001  AX       V     C        00:00:59:28 00:01:00:02 00:00:00:00 00:00:00:02
* FROM CLIP NAME:  Fight
002  BL       V     C        00:00:00:00 00:00:01:00 00:00:00:02 00:00:01:02
003  TAPE7    AA/V  C        00:10:00:00 00:10:01:00 00:00:01:02 00:00:02:02
004  AX       A     C        00:00:00:00 00:00:01:00 00:00:02:02 00:00:03:02
"""


def test_edl_of_an_editing_program(write):
    """No comments of ours: clip name or reel is the label; black and sound are no segments."""
    marks = read_marks(write("v.edl", EDL), fps="29.97").videos["v"].marks
    assert [mark.label for mark in marks] == ["Fight", "TAPE7"]
    frames = [round(t * 30000 / 1001) for mark in marks for t in (mark.start, mark.end)]
    assert frames == [1798, 1800, 17982, 18012]


def test_the_video_of_an_edl_is_its_file_or_what_we_wrote(tmp_path, write, marked):
    write_marks(tmp_path, marked, format="edl")
    renamed = (tmp_path / f"{VIDEO}.edl").rename(tmp_path / "final v3.edl")
    assert list(read_marks(renamed).videos) == [VIDEO]


def label_studio_task(**changes):
    region = {
        "type": "timelinelabels", "from_name": "labels", "to_name": "video", "id": "x",
        "value": {"ranges": [{"start": 26, "end": 50}], "timelinelabels": ["Fight"]},
    }  # fmt: skip
    seconds = {"type": "labels", "value": {"start": 3.5, "end": 4, "labels": ["Chase"]}}
    choice = {"type": "choices", "value": {"choices": ["night"]}}
    task = {
        "id": 7,
        "data": {"video": "/data/upload/1/0a1b2c3d-v 1.mp4", "fps": 25},
        "annotations": [{"id": 1, "result": [region, seconds, choice]}],
        "predictions": [{"result": []}],
    }
    return {**task, **changes}


def test_label_studio_export(write):
    """Frames and seconds; the name loses the prefix of an upload; what is no segment is skipped."""
    path = write("export.json", json.dumps([label_studio_task()]))
    got = read_marks(path)
    assert list(got.videos) == ["v 1"]
    assert got.videos["v 1"].marks == (
        ("Fight", 1.0, 2.0, None, None),
        ("Chase", 3.5, 4.0, None, None),
    )


def test_label_studio_tasks_nobody_looked_at_are_left_out(write):
    """Else a model's guesses would become ground truth."""
    data = {"video": "w.mp4", "fps": 25}
    raw = label_studio_task(id=8, data=data, annotations=[])
    skipped = label_studio_task(id=9, data=data, annotations=[{"was_cancelled": True}])
    path = write("export.json", json.dumps([label_studio_task(), raw, skipped]))
    got = read_marks(path)
    assert list(got.videos) == ["v 1"]
    assert got.notes == ("2 of 3 tasks have no annotation: left out",)


@pytest.mark.parametrize("kind", ["choices", "rectangle", "videorectangle"])
def test_label_studio_tasks_without_any_segment_region_are_left_out(write, kind):
    """Else training would learn "no action" from a task where other things were marked."""
    other = label_studio_task(
        id=8,
        data={"video": "w.mp4", "fps": 25},
        annotations=[{"result": [{"type": kind, "value": {}}]}],
    )
    nothing = label_studio_task(
        id=9, data={"video": "x.mp4", "fps": 25}, annotations=[{"result": []}]
    )
    got = read_marks(write("a.json", json.dumps([label_studio_task(), other, nothing])))
    assert {name: video.reviewed for name, video in got.videos.items()} == {"v 1": True, "x": True}
    (note,) = got.notes
    assert note.startswith(
        f"1 of 3 tasks, such as task 8, have regions of other types alone ('{kind}'"
    )
    with pytest.raises(basnet_rt.InvalidValue, match=r"task 8.*nothing is left"):
        read_marks(write("b.json", json.dumps([other])))


def test_two_label_studio_tasks_of_one_video_are_called_tasks(write):
    path = write("a.json", json.dumps([label_studio_task(), label_studio_task(id=8)]))
    with pytest.raises(basnet_rt.InvalidValue, match="'v 1' is in two of the tasks; keep one"):
        read_marks(path)


def test_label_studio_with_two_annotators(write):
    two = [{"result": []}, {"result": [], "ground_truth": True}]
    path = write("a.json", json.dumps([label_studio_task(annotations=two)]))
    assert read_marks(path).num_marks == 0
    two[1].pop("ground_truth")
    with pytest.raises(basnet_rt.InvalidValue, match="task 7: several annotations; mark one"):
        read_marks(write("b.json", json.dumps([label_studio_task(annotations=two)])))


def test_label_studio_without_a_rate_takes_the_given_one(write):
    task = label_studio_task(data={"video": "v.mp4"})
    path = write("a.json", json.dumps([task]))
    assert read_marks(path, fps=50).videos["v"].marks[0].start == 0.5
    with pytest.raises(basnet_rt.InvalidValue, match=r"does not say how many a second.*--fps"):
        read_marks(path)


def test_csv_corrected_by_pandas(tmp_path, marked):
    """Columns in another order, the score gone, one of their own; a name with a comma."""
    write_marks(tmp_path / "r.csv", marked)
    table = pd.read_csv(tmp_path / "r.csv").drop(columns=["score", "mode", "source"])
    table["label"] = "Fight, mass"
    table["who"] = "me"
    table[["end", "who", "start", "label", "video"]].to_csv(tmp_path / "c.csv", index=False)
    got = read_marks(tmp_path / "c.csv")
    assert got.num_marks == marked.num_marks
    assert got.labels == ("Fight, mass",)
    assert {m.score for video in got.videos.values() for m in video.marks} == {None}


def test_annotations_are_no_results(tmp_path, truth):
    """Without scores there is nothing to rank; a made-up score would look like a result."""
    with pytest.raises(basnet_rt.InvalidValue, match=r"'Fight' at .* has no score"):
        write_marks(tmp_path / "r.json", truth, format="activitynet")
    assert list(tmp_path.iterdir()) == []


def test_predictions_that_nobody_accepted_never_become_ground_truth(shared, tmp_path, results):
    """Would catch: mere predictions of a labelling tool, or a results file, taken for truth."""
    faults = shared / "faults" / "data"
    basnet_rt.write_results(tmp_path / "results.json", results)
    for source in (faults / "predonly.json", tmp_path / "results.json"):
        with pytest.raises(ValueError, match="so it cannot become ground truth; have a person"):
            write_marks(tmp_path / "gt.json", read_marks(source), format="ground-truth")
        assert not (tmp_path / "gt.json").exists()
    write_marks(tmp_path / "out.csv", read_marks(faults / "predonly.json"))


def test_only_what_a_person_annotated_counts_and_is_marked_as_reviewed(shared, tmp_path):
    marked = read_marks(shared / "faults" / "data" / "mixed.json")
    write_marks(tmp_path / "gt.json", marked, format="ground-truth")
    content = json.loads((tmp_path / "gt.json").read_text())["database"]
    assert list(content) == ["a"]
    assert content["a"]["reviewed"] is True
    assert read_annotations(tmp_path / "gt.json").videos["a"].reviewed
    assert to_annotations(read_marks(tmp_path / "gt.json")).videos["a"].reviewed


def test_videos_judged_in_part_stay_in_ground_truth_and_are_counted_elsewhere(tmp_path):
    """Catches rejections that a person made, and that convert drops without a word."""
    judged = {
        "annotations": [{"label": "kick", "segment": [1.0, 2.0]}],
        "rejected": [{"label": "jump", "segment": [4.0, 5.0]}],
    }
    whole = {"reviewed": True, "annotations": [{"label": "kick", "segment": [0.0, 3.0]}]}
    report = {"database": {"a": whole}, "unfinished": {"b": judged}}
    (tmp_path / "report.json").write_text(json.dumps(report))
    words = ["convert", str(tmp_path / "report.json")]
    kept = CliRunner().invoke(app, [*words, str(tmp_path / "kept.json"), "--to", "ground-truth"])
    assert json.loads((tmp_path / "kept.json").read_text())["unfinished"] == {"b": judged}
    assert "in part" not in kept.output
    other = CliRunner().invoke(app, [*words, str(tmp_path / "a.csv")])
    assert "1 videos that were judged in part are left out" in other.output
    report["unfinished"] = {"b": {"rejected": [{"label": "jump", "segment": [5.0, 4.0]}]}}
    (tmp_path / "report.json").write_text(json.dumps(report))
    with pytest.raises(ValueError, match=r"unfinished.*'b'"):
        read_marks(tmp_path / "report.json")
