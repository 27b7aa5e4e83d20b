"""Tables of tags as people write them: column and delimiter are found, what is odd is said."""

from __future__ import annotations

import json

import pytest

from basnet_rt import InvalidValue
from basnet_rt.annotations import read_annotations
from basnet_rt.tags.matching import match_names
from basnet_rt.tags.reading import read_tagged, training_subset

KNOWN = {"a", "b", "c"}


def read(tmp_path, text, *, subset=None, name="tags.csv", encoding="utf-8"):
    path = tmp_path / name
    path.write_bytes(text.encode(encoding))
    is_video = lambda cell: cell.rsplit(".", 1)[0] in KNOWN  # noqa: E731
    return read_tagged(path, subset=subset, is_video=is_video)


def tags(tmp_path, text, **options):
    found = read(tmp_path, text, **options).annotations
    return {name: list(video.tags) for name, video in found.videos.items()}


WANT = {"a": ["Run"], "b": [], "c": ["Jump", "Run"]}


@pytest.mark.parametrize(
    "text",
    [
        "video,tags\na,Run\nb,\nc,Run;Jump\n",
        "a,Run\nb,\nc,Run;Jump\n",
        "a,Run\nb\nc,Jump|Run\n",
        "name;class\na;Run\nb;\nc;Jump,Run\n",
        "filename\tlabel\na\tRun\nb\t\nc\tJump;Run\n",
        "label,filename\nRun,a\n,b\nJump,c\nRun,c\n",
        "id,split,Label 1,Label 2\na,x,Run,\nb,x,,\nc,x,Run,Jump\n",
        "video,start,end,action\na,0.5,1.5,Run\na,3,4,Run\nb,,,\nc,1,2,Jump\nc,2,3,Run\n",
        "Recording,What happens\na,Run\nb,none\nc,Jump; Run\n",
        "What happens,Recording\nRun,a\n-,b\nJump; Run,c\n",
        "clip,Jump,Run\na,0,1\nb,0,0\nc,1,1\n",
        '"video","tags"\r\n"a","Run"\r\n\r\n"b",""\r\n"c","Run;Jump"\r\n',
        "a Run\nb\nc Run,Jump\n",
        "video,tags\na,['Run']\nb,[]\nc,\"['Jump', 'Run']\"\n",
        'video,tags\na,"[""Run""]"\nb,\nc,"[""Run"", ""Jump""]"\n',
    ],
)
def test_every_way_to_write_the_same_tags(tmp_path, text):
    """Catches a column taken by its place, rows that replace each other, marks read as names."""
    assert tags(tmp_path, text) == WANT


@pytest.mark.parametrize("heading", ["Event 1,Event 2", "Action00,Action01", "label_1,Run"])
@pytest.mark.parametrize("marks", ["1 0", "True False", "yes no", "x "])
def test_columns_of_marks_are_classes_whatever_they_are_called(tmp_path, heading, marks):
    """Once such a table gave the two classes 0 and 1."""
    yes, no = marks.split(" ")
    text = f"video,{heading}\na,{yes},{no}\nb,{no},{no}\nc,{yes},{yes}\n"
    first, second = heading.split(",")
    assert tags(tmp_path, text) == {"a": [first], "b": [], "c": sorted([first, second])}


@pytest.mark.parametrize(("cells", "warned"), [("01", True), ("12", False), ("yn", False)])
def test_tags_that_are_only_marks_are_told(tmp_path, cells, warned):
    found = read(tmp_path, f"video,label\na,{cells[0]}\nb,{cells[1]}\n")
    assert any("only tags are 0 and 1" in one for one in found.remarks) == warned
    assert len({tag for one in found.annotations.videos.values() for tag in one.tags}) == 2


def test_classes_may_be_numbers(tmp_path):
    """Beside a column called label, one of marks is something else."""
    assert tags(tmp_path, "video,label,verified\na,1,yes\nb,2,no\nc,1,yes\n") == {
        "a": ["1"],
        "b": ["2"],
        "c": ["1"],
    }
    assert tags(tmp_path, "video,label,seen\na,1,1\nb,0,0\n")["a"] == ["1"]


@pytest.mark.parametrize(
    "content",
    [
        {"a": {"Action00": 1, "Action01": 0}, "c": {"Action00": 1, "Action01": 1}},
        {"a": ["Action00"], "c": ["Action00", "Action01"]},
    ],
)
def test_marks_in_json_are_classes(tmp_path, content):
    found = tags(tmp_path, json.dumps(content), name="tags.json")
    assert found == {"a": ["Action00"], "c": ["Action00", "Action01"]}


@pytest.mark.parametrize(
    "content",
    [
        {"a": ["Run"], "b": [], "c": ["Jump", "Run"]},
        {"a": "Run", "b": None, "c": ["Jump", "Run"]},
        {"a": {"labels": ["Run"]}, "b": {"labels": []}, "c": {"labels": ["Jump", "Run"]}},
        [{"video": "a", "tags": ["Run"]}, {"video": "b"}, {"video": "c", "tags": ["Run", "Jump"]}],
        [
            *({"id": "a", "label": "Run"}, {"id": "b", "label": ""}),
            *({"id": "c", "label": "Run"}, {"id": "c", "label": "Jump"}),
        ],
        {
            "a": {"annotations": [{"label": "Run"}]},
            "b": {"annotations": []},
            "c": {"annotations": [{"label": "Run"}, {"label": "Jump"}]},
        },
    ],
)
def test_every_way_to_write_them_in_json(tmp_path, content):
    found = tags(tmp_path, json.dumps(content), name="tags.json")
    assert {name: sorted(words) for name, words in found.items()} == WANT


def test_a_tag_in_json_is_not_cut(tmp_path):
    assert tags(tmp_path, '{"a": ["Run, then jump"]}', name="tags.json") == {
        "a": ["Run, then jump"]
    }


@pytest.mark.parametrize("content", [3, [], {}, [{"tags": ["Run"]}], {"a": 3}, {"a": [[1]]}])
def test_json_of_another_form_is_refused_with_the_forms(tmp_path, content):
    with pytest.raises(InvalidValue, match=r"tags\.json: "):
        read(tmp_path, json.dumps(content), name="tags.json")


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_encodings_of_spreadsheets(tmp_path, encoding):
    assert tags(tmp_path, "video,tag\na,Läufer\n", encoding=encoding) == {"a": ["Läufer"]}


def test_western_letters_of_an_old_spreadsheet_are_read_with_a_remark(tmp_path):
    found = read(tmp_path, "video,tag\na,L\u00e4ufer\nb,Jump\n", encoding="cp1252")
    assert found.annotations.classes == ("Jump", "L\u00e4ufer")
    (said,) = found.remarks
    assert said.startswith("warning: tags.csv is no UTF-8 and was read as Windows-1252: 'L\u00e4")
    assert said.endswith("save it as UTF-8 (in a spreadsheet: CSV UTF-8)")


@pytest.mark.parametrize(
    ("encoding", "word"),
    [
        ("cp1251", "\u043f\u0440\u044b\u0436\u043e\u043a"),
        ("shift-jis", "\u8d70\u308b"),
        ("shift-jis", "\u30b8\u30e3\u30f3\u30d7"),
        ("gbk", "\u8df3\u8dc3"),
        ("iso8859-7", "\u03ac\u03bb\u03bc\u03b1"),
    ],
)
def test_letters_of_another_alphabet_are_no_western_ones(tmp_path, encoding, word):
    """They became class names that nobody had written."""
    with pytest.raises(InvalidValue, match=r"tags\.csv: is no UTF-8; .*save it as UTF-8"):
        read(tmp_path, f"video,tag\na,{word}\n", encoding=encoding)


def test_classes_that_are_numbers(tmp_path):
    assert tags(tmp_path, "video,label\na,3\nb,12\n") == {"a": ["3"], "b": ["12"]}
    assert tags(tmp_path, "a,3\nb,12\n") == {"a": ["3"], "b": ["12"]}


def test_no_subset_is_asked_of_a_table(tmp_path):
    """Preset with data.subset and a tags CSV: all its videos are used."""
    assert tags(tmp_path, "a,Run\nb,\nc,Run;Jump\n", subset="train") == WANT


def test_a_table_with_subsets_is_cut(tmp_path):
    text = "video,label,subset\na,Run,train\nb,Run,test\n"
    assert tags(tmp_path, text, subset="train") == {"a": ["Run"]}
    assert tags(tmp_path, text) == {"a": ["Run"], "b": ["Run"]}


def test_words_for_no_action_are_told(tmp_path):
    found = read(tmp_path, "a,Run\nb,Background\nc,Background\n")
    assert found.remarks == ["tag 'Background' is read as: no action (2 rows)"]


@pytest.mark.parametrize(
    ("text", "part"),
    [
        ("", "no row"),
        ("video,start\na,1.5\nb,2.5\n", "no column of tags: its heading is ['video', 'start']"),
        ("a\nb\n", "no column of tags: it has 1 column"),
        ("video,tags\n,Run\na,Run\n", "line 2: no video in column 1"),
    ],
)
def test_tables_without_tags_are_named(tmp_path, text, part):
    with pytest.raises(InvalidValue) as error:
        read(tmp_path, text)
    assert part in str(error.value)


def test_other_files_are_refused(tmp_path):
    for name, content in [("tags.xlsx", b"PK"), ("tags.csv", b"\x00\x01\x00")]:
        (tmp_path / name).write_bytes(content)
        with pytest.raises(InvalidValue, match=name):
            read_tagged(tmp_path / name)


@pytest.mark.parametrize(
    ("subsets", "want"),
    [(["test", "Training"], "Training"), (["validation", "test"], "validation"), (["x"], None)],
)
def test_the_subset_to_train_on(tmp_path, subsets, want):
    database = {name: {"subset": name, "annotations": [{"label": "A"}]} for name in subsets}
    path = tmp_path / "gt.json"
    path.write_text(json.dumps({"database": database}))
    assert training_subset(read_tagged(path).annotations) == want


@pytest.mark.parametrize(
    ("heading", "cells", "durations", "remark"),
    [
        ("video,tag,duration", ["12.5", "30"], [12.5, 30.0], ""),
        ("duration_sec,video,tag", ["12.5", "30"], [12.5, 30.0], ""),
        ("video,tag,duration", ["12.5", ""], [12.5, None], ""),
        ("video;tag;duration", ["12,5", "30"], [12.5, 30.0], ""),
        ("video,tag,duration", ["12.5", "0:30"], [None, None], "line 3 has '0:30', expected seco"),
        ("video,tag,duration", ["12.5", "0"], [None, None], "line 3 has '0', expected seconds"),
        ("video,tag,duration", ["1e999", "3"], [None, None], "line 2 has '1e999', expected"),
    ],
)
def test_durations_of_a_table(tmp_path, heading, cells, durations, remark):
    """They tell how often features were taken; without them 0.64 s a row were assumed."""
    rows = []
    for name, cell in zip("ab", cells, strict=True):
        known = {"video": name, "tag": "Run"}
        comma = ";" if ";" in heading else ","
        rows.append(comma.join(known.get(column, cell) for column in heading.split(comma)))
    path = tmp_path / "tags.csv"
    path.write_text("\n".join([heading, *rows]))
    found = read_tagged(path)
    assert [found.annotations.videos[name].duration for name in "ab"] == durations
    assert [one.tags for one in found.annotations.videos.values()] == [("Run",), ("Run",)]
    assert any(remark in one for one in found.remarks) if remark else not found.remarks


def test_durations_of_segments_are_not_those_of_videos(tmp_path):
    path = tmp_path / "tags.csv"
    path.write_text("video,tag,duration\na,Run,3\na,Jump,4\n")
    found = read_tagged(path)
    assert found.annotations.videos["a"].duration is None
    assert found.remarks == [
        "column 'duration' is not read: line 3 says 4 of 'a', and 3 before",
    ]


@pytest.mark.parametrize(
    ("heading", "remarks"),
    [
        ("video,tag,duration_ms", ["column 'duration_ms' is not read: expected one column durat"]),
        (
            "video,tag,duration,duration (s)",
            [f"column {name!r} is not read: expected one" for name in ("duration", "duration (s)")],
        ),
        (
            "video,tag,duration,start",
            [
                "not read, as tags have a column of their own: 'start'",
                "column 'duration' is not read: the table has segments",
            ],
        ),
    ],
)
def test_columns_that_may_be_durations_are_told(tmp_path, heading, remarks):
    path = tmp_path / "tags.csv"
    numbers = ",4" * (heading.count(",") - 1)
    path.write_text(f"{heading}\na,Run{numbers}\nb,Run{numbers}\n")
    found = read_tagged(path)
    assert [one.duration for one in found.annotations.videos.values()] == [None, None]
    assert [one[: len(part)] for one, part in zip(found.remarks, remarks, strict=True)] == remarks


def test_durations_beside_columns_of_marks(tmp_path):
    path = tmp_path / "tags.csv"
    path.write_text("video,duration,Run,Jump\na,1,1,0\nb,1,0,1\n")
    found = read_tagged(path).annotations.videos
    assert {name: (one.tags, one.duration) for name, one in found.items()} == {
        "a": (("Run",), 1.0),
        "b": (("Jump",), 1.0),
    }


@pytest.mark.parametrize(
    ("text", "tags", "remark"),
    [
        ("video,tag\na,Run,Sit\nb,Jump\n", [("Run", "Sit"), ("Jump",)], ""),
        ("video,tag\na,Run,\nb,Jump\n", [("Run",), ("Jump",)], ""),
        ("video,tag\na,Run,3\nb,Jump\n", [("Run",), ("Jump",)], "line 2 has more cells"),
        ("tag,video\nRun,a,Sit\nJump,b\n", [("Run",), ("Jump",)], "line 2 has more cells"),
    ],
)
def test_cells_beyond_the_heading_are_not_lost_in_silence(tmp_path, text, tags, remark):
    """A second tag in a cell of its own was dropped, and the video trained as one without it."""
    path = tmp_path / "tags.csv"
    path.write_text(text)
    found = read_tagged(path)
    assert [one.tags for one in found.annotations.videos.values()] == tags
    assert any(remark in one for one in found.remarks) if remark else not found.remarks


def test_both_forms_of_a_letter_are_one_name(tmp_path):
    path = tmp_path / "tags.csv"
    path.write_text("video,tag\ncaf\u00e9,Caf\u00e9\nb,Cafe\u0301\n", encoding="utf-8")
    found = read_tagged(path).annotations
    assert {one.tags for one in found.videos.values()} == {("Caf\u00e9",)}
    match = match_names(["caf\u00e9"], ["cafe\u0301"])
    assert match.found == {"caf\u00e9": "cafe\u0301"}


@pytest.mark.parametrize(
    ("text", "part"),
    [
        ('video,tag\na,Run\nb,"Run\nc,Jump\n', 'line 3: a quote (") is not closed'),
        ('video,tag\na,"Run\nb",Jump\n', 'line 2: a quote (") is not closed'),
        ('video,tag\na,"Run"ning"s"\n', "line 2: ',' expected after"),
    ],
)
def test_a_stray_quote_takes_no_other_row(tmp_path, text, part):
    """It made one class of all lines up to the next quote, and left their videos out."""
    with pytest.raises(InvalidValue) as error:
        read(tmp_path, text)
    assert f"tags.csv, {part}" in str(error.value)
    with pytest.raises(InvalidValue) as error:
        read_annotations(tmp_path / "tags.csv")
    assert f"tags.csv, {part}" in str(error.value)


@pytest.mark.parametrize(
    "titles",
    ["Project X,,\n", "# made by hand, 2024\n", "Project X\n\n# made by hand\n", '"Runs, jumps"\n'],
)
@pytest.mark.parametrize("heading", ["video,tag,notes", "Aufnahme,Klasse,Notes"])
def test_a_heading_below_titles_is_found(tmp_path, titles, heading):
    """The title was the heading, the heading a video, and each note became a class."""
    found = read(tmp_path, f"{titles}{heading}\na,Run,blurred\nb,,good\nc,Jump;Run,\n")
    assert {name: list(one.tags) for name, one in found.annotations.videos.items()} == WANT
    assert any("above the heading" in one for one in found.remarks)


def test_a_first_video_without_tags_is_no_title(tmp_path):
    found = read(tmp_path, "b\na,Run\nc,Jump;Run\n")
    assert {name: list(one.tags) for name, one in found.annotations.videos.items()} == WANT
    assert not found.remarks


def test_columns_beside_one_of_tags_are_told(tmp_path):
    found = read(
        tmp_path, "video,tag,fps,notes,duration\na,Run,25,blurred,3\nb,,25,,4\nc,Jump;Run,,,5\n"
    )
    assert {name: list(one.tags) for name, one in found.annotations.videos.items()} == WANT
    assert found.remarks == ["not read, as tags have a column of their own: 'fps', 'notes'"]


def test_a_video_with_a_class_and_none_is_told(tmp_path):
    found = read(tmp_path, "video,tag\na,none\na,Run\nb,none\nc,Jump;Run\n")
    assert {name: list(one.tags) for name, one in found.annotations.videos.items()} == WANT
    (warning,) = [one for one in found.remarks if one.startswith("warning")]
    assert "a class and as no action: 'a' ('Run' and 'none'; 1 in all)" in warning


def test_notes_are_no_classes(tmp_path):
    found = read(tmp_path, "video,Comment,What happens\na,blurred,Run\nb,,\nc,good,Jump;Run\n")
    assert {name: list(one.tags) for name, one in found.annotations.videos.items()} == WANT
    assert found.remarks == ["column 'Comment' is not read: it has no tags"]
