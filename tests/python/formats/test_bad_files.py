"""Damaged, wrong and hostile files are refused; the message names file, place and value."""

from __future__ import annotations

import json
import tracemalloc

import pytest

from basnet_rt import Error, InvalidValue
from basnet_rt.formats import (
    FORMATS,
    FrameRate,
    Mark,
    MarkedVideos,
    VideoMarks,
    read_marks,
    write_marks,
)

VTT = "WEBVTT\n\n"
CUE = "00:00:01.000 --> 00:00:02.000\nFight\n"
HEAD = "video,label,start,end\n"
LINE = '{"video": "v", "label": "A", "start": 0, "end": 1}\n'
EVENT = "001  AX  V  C  {} {} 01:00:00:00 01:00:01:00\n"


def eaf(slots="", tiers="", head=""):
    return (
        f'<?xml version="1.0" encoding="UTF-8"?>{head}<ANNOTATION_DOCUMENT>'
        f"<TIME_ORDER>{slots}</TIME_ORDER>{tiers}</ANNOTATION_DOCUMENT>"
    )


def slot(name, value):
    return f'<TIME_SLOT TIME_SLOT_ID="{name}" TIME_VALUE="{value}"/>'


TIER = (
    '<TIER TIER_ID="Fight"><ANNOTATION><ALIGNABLE_ANNOTATION ANNOTATION_ID="a1" '
    'TIME_SLOT_REF1="t1" TIME_SLOT_REF2="t2"><ANNOTATION_VALUE/></ALIGNABLE_ANNOTATION>'
    "</ANNOTATION></TIER>"
)
BOMB = '<!DOCTYPE x [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;">]>'
OUTSIDE = '<!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/passwd">]>'


def task(value, kind="timelinelabels", **data):
    region = {"type": kind, "value": value}
    info = {"video": "v.mp4", "fps": 25, **data}
    return json.dumps([{"id": 3, "data": info, "annotations": [{"result": [region]}]}])


def ranges(*spans):
    return {"ranges": [{"start": a, "end": b} for a, b in spans], "timelinelabels": ["A"]}


BAD = [
    # CSV
    ("v.csv", "", "column 'video' is absent"),
    ("v.csv", "video,label,start\n", "column 'end' is absent"),
    ("v.csv", HEAD + "v,A,0,1,2\n", "line 2: more cells"),
    ("v.csv", HEAD + "v,A,0\n", "line 2: no end"),
    ("v.csv", HEAD + "v,A,0,1\nv,,0,1\n", "line 3: no label"),
    ("v.csv", HEAD + "v,A,2,1\n", r"line 2: the segment \[2.0, 1.0\]"),
    ("v.csv", HEAD + "v,A,2,1\n", r"line 2: the segment \[2.0, 1.0\] must not end before"),
    ("v.csv", HEAD + "v,A,nan,1\n", "line 2: start is 'nan'"),
    ("v.csv", HEAD + "v,A,0,1e999\n", "line 2: end is '1e999'"),
    ("v.csv", HEAD + "v," + "A" * 200_000 + ",0,1\n", "after line 1: field larger than"),
    # JSON Lines
    ("v.jsonl", LINE + "{]\n", "line 2: not JSON"),
    ("v.jsonl", "[1]\n", "line 1: .*must be an object"),
    ("v.jsonl", '{"video": "v", "label": "A", "start": 0}\n', "line 1: no end"),
    ("v.jsonl", LINE.replace('"A"', "[1]"), "line 1: the label is .1."),
    ("v.jsonl", "[" * 100_000, "line 1: not JSON"),
    ("v.jsonl", LINE.replace(": 0,", ": true,"), "start is True"),
    # RTTM
    ("v.rttm", "SPEAKER v 1 0 1\n", "line 1: .*expected SPEAKER"),
    ("v.rttm", "fight v 1 0 1 <NA> <NA> A 1 <NA>\n", "line 1: 'fight v"),
    ("v.rttm", "SPEAKER v 1 0 x <NA> <NA> A 1 <NA>\n", "line 1: duration is 'x'"),
    ("v.rttm", "SPEAKER v 1 0 -2 <NA> <NA> A 1 <NA>\n", r"line 1: the segment \[0.0, -2.0\]"),
    # WebVTT
    ("v.vtt", "", "line 1: .*begins with WEBVTT"),
    ("v.vtt", "WEBVTTT\n", "line 1: 'WEBVTTT'"),
    ("v.vtt", VTT + "Fight\n", "line 3: 'Fight'; expected a cue with a timing"),
    ("v.vtt", VTT + "00:01 --> 00:02\nFight\n", "line 3: '00:01 --> 00:02'"),
    ("v.vtt", VTT + "1\n00:00:61.000 --> 00:01:02.000\nA\n", "line 4: .*61.000"),
    ("v.vtt", VTT + "00:00:03.000 --> 00:00:02.000\nA\n", r"line 3: the segment \[3.0, 2.0\]"),
    ("v.vtt", VTT + "00:00:01.000 --> 00:00:02.000\n\n", "line 3: the label is ''"),
    ("v.vtt", VTT + "score=high\n" + CUE, "line 4: score is 'high'"),
    ("v.vtt", VTT + "NOTE basnet_rt {\n\n" + CUE, "line 3: the note after 'basnet_rt'"),
    ("v.vtt", VTT + 'NOTE basnet_rt {"fps": "0"}\n\n' + CUE, "line 3: a frame rate of 0"),
    ("v.vtt", VTT + 'NOTE basnet_rt {"duration": "x"}\n\n' + CUE, "line 3: duration is 'x'"),
    ("v.vtt", VTT + 'NOTE basnet_rt {"video": 7}\n\n' + CUE, "line 3: video is 7"),
    # EDL
    ("v.edl", "TITLE: x\n001 AX V C 1 2 3 4\n", "line 2: .*expected an event"),
    ("v.edl", EVENT.format("00:00:00:00", "00:00:00:25"), "line 1: timecode '00:00:00:25'"),
    ("v.edl", EVENT.format("00:00:02:00", "00:00:01:00"), "line 1: the source ends at 00:00:01:00"),
    ("v.edl", EVENT.format("00:00:01:00", "00:00:01:00"), "not after 00:00:01:00"),
    ("v.edl", EVENT.format("00:00:00;00", "00:00:01;00"), "drop-frame at 25"),
    ("v.edl", EVENT.format("00:00:00:00", "00:00:01:00").replace(" C ", " D 024 "), "line 1"),
    ("v.edl", "FCM: DROP FRAME\n" + EVENT.format("00:00:00:00", "00:00:01:00"), "drop-frame at 25"),
    # OTIO
    ("v.otio", "{]", "not OTIO"),
    ("v.otio", "[" * 100_000, "not OTIO"),
    ("v.otio", '{"OTIO_SCHEMA": "Clip.2"}', "not OTIO|expected a Timeline"),
    ("v.otio", '{"OTIO_SCHEMA": "Nothing.1"}', "expected a Timeline"),
    ("v.otio", '{"a": 1}', "expected a Timeline"),
    ("v.otio", '{"OTIO_SCHEMA": "Timeline.1", "name": "a", "metadata": {}, "tracks": null}',
     "a timeline without tracks|not OTIO"),
    # ELAN
    ("v.eaf", "", "not XML"),
    ("v.eaf", "<a>", "not XML"),
    ("v.eaf", "<a/>", "<a>; expected <ANNOTATION_DOCUMENT>"),
    ("v.eaf", eaf(head=BOMB), "a document type is not allowed"),
    ("v.eaf", eaf(head=OUTSIDE), "a document type is not allowed"),
    ("v.eaf", eaf(head="<!DOCTYPE x>"), "a document type is not allowed"),
    ("v.eaf", eaf(tiers=TIER), "tier 'Fight', annotation 'a1': TIME_SLOT_REF1 has the time None"),
    ("v.eaf", eaf(slot("t1", -5) + slot("t2", 9), TIER), "the time '-5'"),
    ("v.eaf", eaf(slot("t1", 1) + slot("t2", "9" * 20), TIER), "expected milliseconds"),
    ("v.eaf", eaf(slot("t1", 5000) + slot("t2", 1000), TIER), r"the segment \[5.0, 1.0\]"),
    # Label Studio
    ("v.json", "[1]", "expected a list of Label Studio's tasks"),
    ("v.json", '[{"id": 1}]', "task 1: expected an object under \"data\""),
    ("v.json", task(ranges((0, 5))), "task 3, region 0: the range .*1 <= start <= end"),
    ("v.json", task(ranges((5, 4))), "task 3, region 0: the range"),
    ("v.json", task(ranges((1.5, 4))), "task 3, region 0: the range"),
    ("v.json", task(ranges((1, 10**400))), "task 3, region 0: the range"),
    ("v.json", task({"ranges": [], "timelinelabels": ["A"]}), 'a list under "ranges"'),
    ("v.json", task({"ranges": [{}]}), 'a list of labels under "timelinelabels"'),
    ("v.json", task({"start": 2, "end": 1, "labels": ["A"]}, "labels"), r"segment \[2.0, 1.0\]"),
    ("v.json", task(ranges((1, 2)), fps="fast"), "a frame rate of 'fast'"),
    ("v.json", task(ranges((1, 2)), video=""), "which video it is"),
    # ActivityNet
    ("v.json", "{}", 'an object with "results" or "database"'),
    ("v.json", '{"results": {"v": [{"label": "A"}]}}', "video 'v', detection 0: 'score' is absent"),
    ("v.json", '{"results": {"v": [{"label": "A", "score": 1, "segment": [2, 1]}]}}',
     r"video 'v', detection 0: the segment \[2.0, 1.0\]"),
    ("v.json", '{"database": {"v": {"annotations": [{"label": "A"}]}}}', "'A'. without a segment"),
    ("v.json", '{"database": {"v": {"fps": "x", "annotations": []}}}', "'v': a frame rate of 'x'"),
    # Long texts: the message shows their ends
    ("v.jsonl", json.dumps("v" * 100_000) + "\n", r"line 1: .v+\.\.\.v+.; it must be an object"),
    ("v.rttm", f"SPEAKER {'v' * 100_000} 1 0 1\n", r"line 1: .*\.\.\..*expected SPEAKER"),
    ("v.vtt", f"WEBVTT{'T' * 100_000}\n", r"line 1: .*\.\.\..*begins with WEBVTT"),
    ("v.vtt", VTT + "F" * 100_000 + "\n", r"line 3: .*\.\.\..*expected a cue"),
    ("v.vtt", VTT + f"00:01 --> {'0' * 100_000}\nA\n", r"line 3: .*\.\.\.0+.; expected HH"),
    ("v.edl", f"001 {'A' * 100_000}\n", r"line 1: .*\.\.\..*expected an event"),
    ("v.edl", EVENT.format("00:00:00:00", "00:00:01:00").replace(" C ", f" {'D' * 100_000} "),
     r"line 1: transition .D+\.\.\.D+.; only cuts"),
    ("v.otio", json.dumps({"OTIO_SCHEMA": "Timeline.1", "name": "n" * 100_000,
                           "metadata": {"basnet_rt": 5},
                           "tracks": {"OTIO_SCHEMA": "Stack.1", "children": []}}),
     r"timeline .n+\.\.\.n+.: the note of 'basnet_rt' is 5"),
    ("v.eaf", f"<{'a' * 100_000}/>", r"<a+\.\.\.a+>; expected <ANNOTATION_DOCUMENT>"),
    ("v.eaf", eaf(slot("t1", "x" * 100_000), TIER), r"the time .x+\.\.\.x+.; expected"),
    ("v.eaf", eaf(tiers=TIER.replace("Fight", "F" * 100_000).replace("a1", "a" * 100_000)),
     r"tier .F+\.\.\.F+., annotation .a+\.\.\.a+.: TIME_SLOT_REF1"),
]  # fmt: skip


@pytest.mark.parametrize(("name", "content", "message"), BAD,
                         ids=[f"{i}-{one[0]}" for i, one in enumerate(BAD)])  # fmt: skip
def test_the_message_names_file_place_and_value(write, name, content, message):
    path = write(name, content)
    with pytest.raises(InvalidValue, match=message) as caught:
        read_marks(path, fps=25)
    assert str(path) in str(caught.value)
    assert len(str(caught.value)) < 600


@pytest.mark.parametrize("suffix", sorted({one.suffix for one in FORMATS.values()}))
def test_bytes_that_are_no_text(write, suffix):
    with pytest.raises(InvalidValue, match=r"v.*cannot be read: .*utf-8"):
        read_marks(write(f"v{suffix}", b"\xff\xfe\x00"))


@pytest.mark.parametrize("suffix", sorted({one.suffix for one in FORMATS.values()}))
def test_absent_and_huge_files(tmp_path, write, monkeypatch, suffix):
    with pytest.raises(InvalidValue, match=r"cannot be read: .*No such file"):
        read_marks(tmp_path / f"none{suffix}")
    monkeypatch.setattr("basnet_rt.formats.files.MAX_BYTES", 10)
    with pytest.raises(InvalidValue, match=r"11 bytes; .* at most 10"):
        read_marks(write(f"v{suffix}", "x" * 11))


def test_a_billion_laughs_cost_nothing(write):
    """The classical entity bomb: 10 levels of 10 are gigabytes once they are expanded."""
    levels = "".join(f'<!ENTITY a{i + 1} "{f"&a{i};" * 10}">' for i in range(10))
    head = f'<!DOCTYPE x [<!ENTITY a0 "ha">{levels}]>'
    path = write("v.eaf", eaf(head=head, tiers='<TIER TIER_ID="&a10;"/>'))
    tracemalloc.start()
    with pytest.raises(InvalidValue, match="document type is not allowed"):
        read_marks(path)
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert most < 10_000_000


def one(*marks, name="v", **about):
    return MarkedVideos({name: VideoMarks(tuple(marks), **about)})


A = Mark("A", 0.0, 1.0, 0.5)


@pytest.mark.parametrize(
    ("name", "marked", "message"),
    [
        ("webvtt", one(A._replace(label="a\nb")), r"label 'a\\nb' has a line end"),
        (
            "edl",
            one(A._replace(label="a\x00b"), rate=FrameRate.parse(25)),
            "has a line end or a control",
        ),
        ("elan", one(A._replace(label="Fight #2")), "'Fight #2'; in ELAN it names a lane"),
        ("elan", one(A._replace(label="a\x01")), "a control character"),
        ("edl", one(A), "EDL counts frames and the rate is not known; .*--fps"),
        ("otio", one(A), "OTIO counts frames"),
        ("otio", one(A._replace(label="a\0b"), rate=FrameRate.parse(25)), r"'a\\x00b' holds a NUL"),
        ("label-studio", one(A), "'v': Label Studio counts frames"),
        ("webvtt", one(A, name="../v"), "'../v' cannot name a file"),
        ("webvtt", one(A, name=".v"), "cannot name a file"),
        ("webvtt", one(A, name="v" * 300), "at most 200 bytes"),
        ("jsonl", MarkedVideos({}, {"model": 1, "mode": "x"}), None),
    ],
)
def test_what_a_format_cannot_hold_is_refused_before_anything_is_written(
    tmp_path, name, marked, message
):
    if message is None:
        assert [path.name for path in write_marks(tmp_path / "x", marked, format=name)] == ["x"]
        return
    with pytest.raises(InvalidValue, match=message):
        write_marks(tmp_path / "out", marked, format=name)
    assert list(tmp_path.iterdir()) == []


def test_one_bad_video_of_many_leaves_nothing(tmp_path):
    """Every text is made before the first file is."""
    two = MarkedVideos({"a": VideoMarks((A,)), "b": VideoMarks((A._replace(label="x\ny"),))})
    with pytest.raises(InvalidValue, match="line end"):
        write_marks(tmp_path / "out", two, format="webvtt")
    assert list(tmp_path.iterdir()) == []


def test_half_a_surrogate_pair_is_refused(tmp_path):
    """JSON can hold it; a file of UTF-8 cannot."""
    with pytest.raises(InvalidValue, match=r"no Unicode text|control character"):
        write_marks(tmp_path / "v.csv", one(A._replace(label="\ud800")))
    assert list(tmp_path.iterdir()) == []


def test_an_edl_holds_999_events(tmp_path):
    many = one(*[Mark("A", i, i + 1.0, 0.5) for i in range(1000)], rate=FrameRate.parse(25))
    with pytest.raises(InvalidValue, match="1000 segments; an EDL holds 999"):
        write_marks(tmp_path / "v.edl", many)


def test_a_timecode_covers_a_day(tmp_path):
    late = one(Mark("A", 86_399.0, 86_401.0, 0.5), rate=FrameRate.parse(25))
    with pytest.raises(InvalidValue, match="covers one day"):
        write_marks(tmp_path / "v.edl", late)


def test_several_videos_do_not_fit_one_file(tmp_path):
    two = MarkedVideos({"a": VideoMarks((A,)), "b": VideoMarks((A,))})
    with pytest.raises(InvalidValue, match="one file for each video and there are 2"):
        write_marks(tmp_path / "v.vtt", two)


def test_a_folder_of_two_kinds_or_of_one_video_twice(tmp_path, write):
    write("a.vtt", VTT + CUE)
    write("b.rttm", "")
    with pytest.raises(InvalidValue, match=r"files of \.rttm, \.vtt"):
        read_marks(tmp_path)
    assert list(read_marks(tmp_path, format="webvtt").videos) == ["a"]
    write("c.vtt", VTT + 'NOTE basnet_rt {"video": "a"}\n\n' + CUE)
    with pytest.raises(InvalidValue, match="video 'a' is in two of the files"):
        read_marks(tmp_path, format="webvtt")


@pytest.mark.parametrize(("name", "library"), [("otio", "opentimelineio"),
                                               ("elan", "defusedxml.ElementTree")])  # fmt: skip
def test_without_the_extra_the_message_names_it(tmp_path, write, monkeypatch, name, library):
    suffix = FORMATS[name].suffix
    path = write(f"v{suffix}", eaf())
    monkeypatch.setitem(__import__("sys").modules, library, None)
    with pytest.raises(Error, match=r"pip install 'basnet-rt\[timelines\]'"):
        read_marks(path)


def test_segments_that_begin_before_their_video_stay_in_tables(tmp_path):
    """Published results have such segments: a table keeps them, a player's format must not."""
    (tmp_path / "v.csv").write_text(HEAD + "v,A,-1.5,1\n")
    marked = read_marks(tmp_path / "v.csv")
    assert marked.videos["v"].marks[0].start == -1.5
    write_marks(tmp_path / "v.jsonl", marked)
    with pytest.raises(InvalidValue, match=r"video 'v'.*begins before 0, which webvtt cannot"):
        write_marks(tmp_path / "v.vtt", marked)
    assert not (tmp_path / "v.vtt").exists()
