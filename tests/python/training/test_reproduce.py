"""`basnet-train reproduce` on made packages of the released layout, and packages that are not.

The numbers are of made features: they are held to a second evaluation of the files that were
written, not to the paper. Out of scope: training at the released size.
"""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

from basnet_rt import InvalidValue, evaluate
from basnet_training.cli import app
from basnet_training.config import load_config
from basnet_training.reproduce.package import find_package, seconds_of_snippets

SMALL = [
    "network.hidden_filter=4",
    "network.hidden_cas=6",
    "optim.iterations=3",
    "optim.batch_size=2",
    "sampling.num_segments=40",
]
PARTS = {"train": "validation", "test": "test"}


def make_package(folder: Path, classes: list[str], *, splits: bool, fps: float = 25.0) -> Path:
    """Six videos of 30 to 60 snippets, one class each, its channel high in the middle third."""
    rng = np.random.default_rng(1)
    database, rates = {}, {}
    for part, word in PARTS.items():
        names = [f"video_{word}_{index:07d}" for index in range(3)]
        for index, name in enumerate(names):
            length = int(rng.integers(30, 60))
            label = classes[index % len(classes)]
            rows = rng.random((length, 2048)).astype(np.float16)
            rows[length // 3 : 2 * length // 3, index] += 3
            for kind, values in (("rgb", rows[:, :1024]), ("flow", rows[:, 1024:])):
                (folder / "features" / part / kind).mkdir(parents=True, exist_ok=True)
                np.save(folder / "features" / part / kind / f"{name}.npy", values)
            step = 16 / fps
            segment = [str(length // 3 * step), str(2 * length // 3 * step)]  # as released: text
            whole = [str((length - 2) * step), str(length * step)]
            marks = [{"label": label, "segment": one} for one in (segment, whole)]
            database[name] = {"subset": part, "annotations": marks}
            rates[name] = fps
        if splits:
            (folder / f"split_{part}.txt").write_text("\n".join(names) + "\n")
    (folder / "gt.json").write_text(json.dumps({"database": database}))
    (folder / "fps_dict.json").write_text(json.dumps(rates))
    return folder


def arguments(dataset: str, folder: Path, output: Path) -> list[str]:
    settings = [part for setting in SMALL for part in ("--set", setting)]
    return ["reproduce", dataset, str(folder), "-o", str(output), *settings]


@pytest.fixture(scope="module")
def classes() -> list[str]:
    return list(load_config("thumos14").data.classes or [])


@pytest.mark.parametrize("splits", [True, False])
def test_the_printed_table_stands_beside_ours(tmp_path, classes, splits):
    package = make_package(tmp_path / "THUMOS14", classes, splits=splits)
    done = CliRunner().invoke(app, arguments("thumos14", tmp_path, tmp_path / "out"))
    assert done.exit_code == 0, done.output
    summary = json.loads((tmp_path / "out" / "reproduce.json").read_text())
    assert summary["videos"] == 3
    assert list(summary["readings"]) == ["released", "released, dense", "continuous"]
    assert "58.2" in done.output
    for name, row in summary["readings"].items():
        path = tmp_path / "out" / f"results_{name.replace(', ', '_')}.json"
        again = evaluate(
            package / "gt.json", path, subset="test", protocol="thumos14", unknown_labels="ignore"
        )
        np.testing.assert_allclose(row[:-1], 100 * again.map)
        assert row[-1] == pytest.approx(100 * again.average_map)


def test_a_second_call_trains_no_more(tmp_path, classes):
    package = make_package(tmp_path / "THUMOS14", classes, splits=True)
    command = [*arguments("thumos14", package / "features", tmp_path / "out"), "--json"]
    first = json.loads(CliRunner().invoke(app, command).stdout)
    second = json.loads(CliRunner().invoke(app, command).stdout)
    assert first["seconds_per_iteration"] > 0
    assert second["seconds_per_iteration"] is None
    assert first["readings"] == second["readings"]


def test_packages_of_activitynet_are_counted_as_activitynet(tmp_path):
    package = make_package(tmp_path / "anet", ["Archery", "Ballet"], splits=True)
    done = CliRunner().invoke(app, arguments("activitynet12", package, tmp_path / "out"))
    assert done.exit_code == 0, done.output
    summary = json.loads((tmp_path / "out" / "reproduce.json").read_text())
    assert summary["levels"] == [0.5, 0.75, 0.95]
    assert all(len(row) == 4 for row in summary["readings"].values())


def test_the_rate_is_the_one_by_which_segments_end_in_their_videos(tmp_path, classes):
    """Catches rates of recordings taken for features that were made at 25 frames a second."""
    for fps, chosen in ((25.0, 0), (15.0, 6)):
        folder = make_package(tmp_path / str(fps), classes, splits=True, fps=fps)
        package = find_package(folder)
        source, _, truth = package.test_videos()
        rates = seconds_of_snippets(package, source, truth)
        assert len(rates.of) == chosen


def test_folders_of_another_layout_are_refused_with_the_layout(tmp_path, classes):
    with pytest.raises(InvalidValue, match=r"gt\.json and features/train, features/test"):
        find_package(tmp_path)
    make_package(tmp_path / "a", classes, splits=True)
    make_package(tmp_path / "b", classes, splits=True)
    with pytest.raises(InvalidValue, match=r"expected one folder.*/a, .*/b"):
        find_package(tmp_path)


def test_a_test_video_without_features_is_named(tmp_path, classes):
    package = make_package(tmp_path / "THUMOS14", classes, splits=True)
    with (package / "split_test.txt").open("a") as file:
        file.write("video_test_0000099\n")
    with pytest.raises(InvalidValue, match="1 of 4 test videos, such as video_test_0000099"):
        find_package(package).test_videos()


def test_rates_that_are_no_numbers_are_refused(tmp_path, classes):
    package = make_package(tmp_path / "THUMOS14", classes, splits=True)
    (package / "fps_dict.json").write_text('{"video_test_0000000": "fast"}')
    with pytest.raises(InvalidValue, match="frames per second"):
        find_package(package)
