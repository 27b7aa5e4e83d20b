"""Opening the videos to train on: every layout is found, and everything wrong is said at once."""

from __future__ import annotations

import json

import numpy as np
import pytest

from basnet_rt import InvalidValue
from basnet_training.config import DataConfig, load_config
from basnet_training.reading import open_videos
from basnet_training.reading.contents import read_contents
from basnet_training.reading.scenes import balanced_parts, shared_scenes
from basnet_training.reading.survey import near_equal, survey
from basnet_training.timing import settle_timing


def save(folder, shapes, seed=0):
    folder.mkdir(parents=True, exist_ok=True)
    rng = np.random.default_rng(seed)
    for name, shape in shapes.items():
        np.save(folder / f"{name}.npy", rng.standard_normal(shape).astype(np.float32))
    return folder


def table(folder, rows):
    path = folder / "tags.csv"
    path.write_text("video,tags\n" + "".join(f"{name},{tags}\n" for name, tags in rows.items()))
    return path


def opened(folder, rows, *, below=False, **data):
    config = DataConfig(features=folder, annotations=table(folder.parent, rows), **data)
    return open_videos(config, below=below, folder=folder.parent)


ROWS = {"a": "Run", "b": "", "c": "Jump"}


def test_endings_are_no_part_of_names(tmp_path):
    folder = save(tmp_path / "f", dict.fromkeys("abc", (5, 4)))
    videos = opened(folder, {f"{name}.mp4": tags for name, tags in ROWS.items()})
    assert videos.names == ("a", "b", "c")
    assert videos.labels.tolist() == [[0, 1], [0, 0], [1, 0]]


def test_folders_below_are_one_set(tmp_path):
    save(tmp_path / "f" / "train", {"a": (5, 4), "b": (6, 4)})
    save(tmp_path / "f" / "test", {"c": (7, 4)})
    videos = opened(tmp_path / "f", ROWS, below=True)
    assert [videos.source.shape(name)[0] for name in videos.names] == [5, 6, 7]


def test_the_path_that_would_work_is_told(tmp_path):
    save(tmp_path / "set" / "features" / "train", dict.fromkeys("abc", (5, 4)))
    with pytest.raises(InvalidValue, match=r"no features in this folder itself.*features/train"):
        opened(tmp_path / "set", ROWS)
    save(tmp_path / "set" / "features" / "test", {"c": (5, 4)})
    with pytest.raises(InvalidValue, match=r"Try .*features/train$"):
        opened(tmp_path / "set", ROWS)
    (tmp_path / "none" / "deep").mkdir(parents=True)
    with pytest.raises(InvalidValue, match="it has deep/"):
        opened(tmp_path / "none", ROWS)
    with pytest.raises(InvalidValue, match=r"no such file or folder.*has .*none/"):
        opened(tmp_path / "absent", ROWS)


def test_missing_features_are_counted_listed_and_left_out_on_demand(tmp_path):
    folder = save(tmp_path / "f", {"a": (5, 4), "spare": (5, 4)})
    with pytest.raises(InvalidValue) as error:
        opened(folder, ROWS)
    assert "2 of 3 tagged videos have no features: b, c" in str(error.value)
    assert "without a tag: 1 (spare)" in str(error.value)
    assert "--missing skip" in str(error.value)
    listed = (tmp_path / "unmatched.txt").read_text()
    assert "\nb\nc\n" in listed
    assert "spare" in listed
    videos = opened(folder, ROWS, missing="skip")
    assert videos.names == ("a",)
    assert videos.unused == ("spare",)


def test_names_that_never_match_quote_both_sides(tmp_path):
    folder = save(tmp_path / "f", {"x1": (5, 4), "x2": (5, 4)})
    with pytest.raises(InvalidValue, match="No name of the tags is a name of the features"):
        opened(folder, ROWS, missing="skip")


def test_all_faults_of_shape_at_once(tmp_path):
    folder = save(tmp_path / "f", {"a": (5, 4), "b": (6, 4), "c": (7, 4), "d": (5, 3), "e": (4,)})
    (folder / "g.npy").write_bytes(b"nonsense")
    rows = {**ROWS, "d": "Run", "e": "Run", "g": "Jump"}
    with pytest.raises(InvalidValue) as error:
        opened(folder, rows)
    text = str(error.value)
    assert text.startswith("3 of 6 videos cannot be used")
    assert "d: 3 channels, where 3 others have 4" in text
    assert "e.npy" in text
    assert "g.npy" in text
    assert opened(folder, rows, missing="skip").names == ("a", "b", "c")


def test_a_header_that_lies_is_that_file_s_error(tmp_path):
    """Negative and huge shapes raise other errors than a reader's own."""
    folder = save(tmp_path / "f", {"a": (5, 4), "c": (7, 4)})
    for name, shape in (("b", "(-5, 4)"), ("d", f"({'9' * 400}, 4)")):
        text = f"{{'descr': '<f4', 'fortran_order': False, 'shape': {shape}, }}".ljust(502) + "\n"
        head = b"\x93NUMPY\x01\x00" + len(text).to_bytes(2, "little") + text.encode()
        (folder / f"{name}.npy").write_bytes(head + b"\0" * 80)
    videos = opened(folder, {**ROWS, "d": "Run"}, missing="skip")
    assert videos.names == ("a", "c")


def test_transposed_features_are_called_that(tmp_path):
    folder = save(tmp_path / "f", {"a": (4, 50), "b": (4, 61), "c": (4, 72)})
    with pytest.raises(InvalidValue, match="transposed"):
        opened(folder, ROWS)


def test_features_of_another_extractor_name_the_preset_that_fits(tmp_path):
    folder = save(tmp_path / "f", dict.fromkeys("abc", (5, 455)))
    config = load_config("cctv_fights").data.model_copy(
        update={"features": folder, "annotations": table(tmp_path, dict.fromkeys("abc", "Fight"))}
    )
    with pytest.raises(InvalidValue, match=r"2560.*got 455.*cctv_fights_motion, or auto"):
        open_videos(config)


def test_a_pickled_table_of_videos_is_named_and_converted(tmp_path):
    table_of_arrays = np.empty(3, dtype=object)
    for index in range(3):
        table_of_arrays[index] = np.full((4 + index, 5), index, np.float64)
    path = tmp_path / "features.npy"
    np.save(path, table_of_arrays)
    np.save(tmp_path / "videoname.npy", np.array([b"a", b"b", b"c"]))
    with pytest.raises(InvalidValue, match="pickled table of 3 videos") as error:
        opened(path, ROWS)
    lines = [line.strip() for line in str(error.value).splitlines()[1:]]
    assert len(lines) == 4
    (tmp_path / "features").mkdir()
    code = "\n".join(lines)
    for file in ("features.npy", "videoname.npy"):
        code = code.replace(f'"{file}"', repr(str(tmp_path / file)))
    exec(code.replace('f"features/', f'f"{tmp_path}/features/'))
    assert open_videos(
        DataConfig(features=tmp_path / "features", annotations=tmp_path / "tags.csv")
    ).names == ("a", "b", "c")


def test_a_pickled_dictionary_is_named(tmp_path):
    np.save(tmp_path / "all.npy", {"a": np.zeros((3, 4))}, allow_pickle=True)
    with pytest.raises(InvalidValue, match=r"dictionary of videos.*\n.*\n.*\n.*\n.*item"):
        opened(tmp_path / "all.npy", ROWS)


def test_survey_says_what_is_odd(tmp_path):
    folder = save(tmp_path / "f", dict.fromkeys("abc", (8, 4)))
    (folder / "d.npy").write_bytes((folder / "a.npy").read_bytes())
    save(folder, {"spare": (8, 4)}, seed=1)
    videos = opened(folder, {"a": "Run", "b": "", "c": "run", "d": "Run"})
    contents = read_contents(videos, lambda name: "", tmp_path / "digests.json")
    text = "\n".join(survey(videos, 0.64, ["a remark"], contents))
    assert "4 videos, 1 of them without action; 2 classes; 32 snippets of 4 channels" in text
    assert "0 min 20 s in all" in text
    assert "videos of each class: Run 2, run 1" in text
    assert "nearly the same class names: 'Run' and 'run': one class each?" in text
    assert "every video has 8 snippets" in text
    assert "2 videos have the same features as another: a = d" in text
    assert "not used, for they have no tag: 1 video with features (spare)" in text
    assert "a remark" in text


def test_many_alike_names_are_one_line_and_very_many_are_not_compared(tmp_path):
    folder = save(tmp_path / "f", {f"v{i}": (8, 4) for i in range(5)})
    words = ["Clapping", "clapping", "Clappings", "Clap", "Run;Jump"]
    videos = opened(folder, {f"v{i}": word for i, word in enumerate(words)})
    named = [line for line in survey(videos, 0.64) if "nearly" in line]
    assert len(named) == 1
    assert "'Clapping' and 'clapping'" in named[0]
    assert near_equal([f"a{i}" for i in range(200)] + ["A0"]) == []


def test_a_class_of_other_classes_names_is_told(tmp_path):
    table = tmp_path / "tags.json"
    table.write_text(json.dumps({"a": ["Run"], "b": ["Jump"], "c": ["Run;Jump"], "d": ["Run/x"]}))
    folder = save(tmp_path / "f", dict.fromkeys("abcd", (8, 4)))
    videos = open_videos(DataConfig(features=folder, annotations=table))
    (line,) = [one for one in survey(videos, 0.64) if "other classes" in one]
    assert "class 'Run;Jump' has the names of other classes" in line


def test_class_names_that_may_be_one():
    names = ["HighJump", "High jump", "LongJump", "Swipe1", "Swipe2", "Pole vault", "PoleVault"]
    assert near_equal(names) == [("HighJump", "High jump"), ("Pole vault", "PoleVault")]


def test_contents_are_read_once_and_again_when_they_change(tmp_path):
    folder = save(tmp_path / "f", dict.fromkeys("abc", (8, 4)))
    videos = opened(folder, ROWS)
    cache, read = tmp_path / "digests.json", []
    original = videos.source.read

    class Counted:
        def read(self, name):
            read.append(name)
            return original(name)

    object.__setattr__(videos, "source", Counted())
    first = read_contents(videos, lambda name: "1", cache)
    again = read_contents(videos, lambda name: "2" if name == "b" else "1", cache)
    assert read == ["a", "b", "c", "b"]
    assert again.key() == first.key()


def test_values_that_cannot_be_used_are_that_video_s(tmp_path):
    folder = save(tmp_path / "f", dict.fromkeys("abc", (8, 4)))
    np.save(folder / "b.npy", np.full((8, 4), np.nan, np.float32))
    contents = read_contents(opened(folder, ROWS), lambda name: "", tmp_path / "digests.json")
    assert list(contents.broken) == ["b"]
    assert set(contents.digests) == {"a", "c"}


def test_scenes_that_are_in_two_videos_are_seen(tmp_path):
    folder = save(tmp_path / "f", dict.fromkeys("abc", (40, 16)))
    assert shared_scenes(opened(folder, ROWS)).max() < 0.1
    first, third = (np.load(folder / f"{name}.npy") for name in "ac")
    third[:20] = first[:20]
    np.save(folder / "c.npy", third)
    shares = shared_scenes(opened(folder, ROWS))
    assert shares[0, 2] == shares[2, 0] == 0.5
    assert shares[0, 1] < 0.1


def test_parts_are_balanced_whatever_the_groups():
    labels = np.repeat([[1.0], [0.0]], 12, axis=0).astype(np.float32)
    groups = [
        [0, 1, 2],
        [12, 13],
        *([place] for place in range(24) if place not in (0, 1, 2, 12, 13)),
    ]
    parts = balanced_parts(groups, labels, 4)
    assert sorted(place for part in parts for place in part) == list(range(24))
    assert [len(part) for part in parts] == [6] * 4
    assert [int(labels[part].sum()) for part in parts] == [3] * 4


@pytest.mark.parametrize(
    ("rate", "settled", "want"),
    [(0.64, False, 0.64), (0.16, True, 0.16), (0.2137, True, 0.2137), (8 / 30, True, 8 / 30)],
)
@pytest.mark.parametrize("cut", [0, 1])
def test_the_rate_is_that_of_the_durations(tmp_path, rate, settled, want, cut):
    lengths = {"a": 100, "b": 153, "c": 220}
    folder = save(tmp_path / "f", {name: (length, 4) for name, length in lengths.items()})
    videos = opened(folder, ROWS)
    spare = {"a": 0.2, "b": 0.5, "c": 0.8}  # of a snippet, which extraction cut off
    for name, length in lengths.items():
        videos.durations[name] = (length + cut * spare[name]) * rate
    timing = settle_timing(videos, DataConfig())
    assert timing.settled == settled
    assert timing.seconds == pytest.approx(want, rel=5e-3 if want == 0.2137 else 1e-9)
    given = settle_timing(videos, DataConfig(fps=30.0, snippet_stride=16))
    assert given.seconds == 16 / 30
    assert "contradict the features" in given.remark


@pytest.mark.parametrize("rate", [640.0, 1e22, 1e-9])
def test_a_rate_that_no_extractor_has_is_warned_of_at_once(tmp_path, rate):
    """Durations in milliseconds were taken for snippets of ten minutes; others took for ever."""
    folder = save(tmp_path / "f", dict.fromkeys("abc", (60, 4)))
    videos = opened(folder, ROWS)
    videos.durations.update(dict.fromkeys("abc", 60 * rate))
    timing = settle_timing(videos, DataConfig())
    assert (timing.seconds, timing.settled) == (0.64, False)
    assert "contradict the features" in timing.remark
    assert "whether durations are in seconds" in timing.remark


@pytest.mark.parametrize(
    ("rate", "unit"), [(0.64 * 25, "in frames"), (0.64 / 60, "in minutes"), (1.28, None)]
)
def test_a_rate_that_hardly_any_features_have_is_doubted(tmp_path, rate, unit):
    """Durations in frames made every time 25 times too long, which was said as if it were usual."""
    folder = save(tmp_path / "f", dict.fromkeys("abc", (60, 4)))
    videos = opened(folder, ROWS)
    videos.durations.update(dict.fromkeys("abc", 60 * rate))
    remark = settle_timing(videos, DataConfig()).remark
    assert remark.startswith("warning: a snippet every") == (unit is not None)
    assert f"are the durations {unit} instead of seconds?" in remark or unit is None


def test_a_rate_that_nobody_told_is_said_to_be_assumed(tmp_path):
    folder = save(tmp_path / "f", dict.fromkeys("abc", (8, 4)))
    assert "is assumed" in settle_timing(opened(folder, ROWS), DataConfig()).remark


@pytest.mark.parametrize(
    ("durations", "own", "said"),
    [
        (None, False, "the frame rates of fps_dict.json contradict 25 frames a second in 2 of 3"),
        ("theirs", True, "of each recording's own frame rate, as fps_dict.json and the durations"),
        ("ours", False, None),
    ],
)
def test_frame_rates_of_a_package_are_taken_where_durations_say_so(tmp_path, durations, own, said):
    """Else they are a warning with the ratio, or the durations have the last word."""
    lengths, rates = {"a": 100, "b": 153, "c": 220}, {"a": 25.0, "b": 30.0, "c": 50.0}
    folder = save(tmp_path / "features", {name: (one, 4) for name, one in lengths.items()})
    (tmp_path / "fps_dict.json").write_text(json.dumps(rates))
    videos = opened(folder, ROWS)
    for name in lengths if durations else ():
        fps = rates[name] if durations == "theirs" else 25.0
        videos.durations[name] = lengths[name] * 16 / fps
    timing = settle_timing(videos, DataConfig(features=folder))
    assert timing.seconds == 16 / 25
    assert timing.seconds_of("c") == (16 / 50 if own else 16 / 25)
    assert (said or "") in timing.remark
    assert bool(timing.remark) == (said is not None)


def test_videos_whose_rows_are_equal_are_told(tmp_path):
    folder = save(tmp_path / "f", dict.fromkeys("abc", (20, 4)))
    rows = np.ones((20, 4), np.float32)
    np.save(folder / "a.npy", rows)
    rows[9] = 2  # a row that is not among the few that are read first
    np.save(folder / "b.npy", rows)
    lines = survey(opened(folder, ROWS), 0.64)
    (said,) = [one for one in lines if "rows are equal" in one]
    assert said.startswith("warning: all rows are equal in 1 of 3 videos ('a'): make their")


@pytest.mark.parametrize(
    ("change", "advice"),
    [
        (lambda rows: rows[None], "got (1, 5, 4): to mend it, store array.squeeze(0)"),
        (lambda rows: rows[:, None], "got (5, 1, 4): to mend it, store array.squeeze(1)"),
        (lambda rows: rows[..., None, None], "got (5, 4, 1, 1): to mend it, store array.squeeze("),
        (lambda rows: rows.astype(np.int64), "got int64: to mend it, store array.astype(np.flo"),
        (lambda rows: rows[:0], "(snippets, channels), at least one of each, got (0, 4) (also"),
    ],
)
def test_one_kind_of_fault_is_told_once_with_the_next_step(tmp_path, change, advice):
    folder = save(tmp_path / "f", dict.fromkeys("abc", (5, 4)))
    for path in folder.iterdir():
        np.save(path, change(np.load(path)))
    with pytest.raises(InvalidValue) as error:
        opened(folder, ROWS)
    said = str(error.value)
    assert said.count(" expected ") == 1
    assert advice in said
    assert "(also 2 more: b, c). Mend them" in said
