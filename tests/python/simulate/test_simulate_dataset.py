"""A simulation on disk: in the product's own form, whole files, resumable, and never mistaken."""

from __future__ import annotations

import json

import numpy as np
import pytest

from basnet_rt import Error, InvalidValue
from basnet_rt.annotations import read_annotations
from basnet_rt.features import open_features
from basnet_training.simulate import (
    MadeTimelines,
    Simulation,
    SimulationConfig,
    Timeline,
    write_dataset,
)

TIMELINES = MadeTimelines(classes=3, train_videos=3, test_videos=2, median_seconds=30.0).timelines(
    1
)


def small(seed=0, **dials):
    return Simulation(TIMELINES, SimulationConfig(**({"feature_dim": 16} | dials)), seed=seed)


def test_the_product_reads_what_was_written(tmp_path):
    """Catches another layout, dtype or name than the readers expect."""
    simulation = small()
    assert write_dataset(simulation, tmp_path / "data", dtype="float32") == 5
    annotations = read_annotations(tmp_path / "data" / "annotations.json")
    assert annotations.classes == simulation.classes
    for video in simulation:
        timeline = video.timeline
        written = open_features(tmp_path / "data" / "features" / timeline.subset)
        assert np.array_equal(written.read(timeline.video), video.read())
        entry = annotations.videos[timeline.video]
        assert (entry.subset, entry.duration) == (timeline.subset, timeline.duration)
        assert entry.segments == timeline.instances


def test_float16_is_the_rounded_float32(tmp_path):
    """Catches chunks cast or ordered wrongly."""
    simulation = small()
    write_dataset(simulation, tmp_path)
    video = next(iter(simulation))
    path = tmp_path / "features" / video.timeline.subset / f"{video.timeline.video}.npy"
    assert np.array_equal(np.load(path), video.read().astype(np.float16))


def test_it_says_simulated(tmp_path):
    """Catches results on made features that could pass for real ones."""
    write_dataset(small(seed=7, white_noise=0.25), tmp_path)
    content = json.loads((tmp_path / "annotations.json").read_text())
    assert content["simulated"] is True
    assert "simulated" in content["version"]
    assert content["simulation"]["seed"] == 7
    assert content["simulation"]["dials"]["white_noise"] == 0.25
    assert all(entry["simulated"] is True for entry in content["database"].values())


def test_a_stopped_run_goes_on_to_the_same_files(tmp_path):
    """Catches a resume that skips, repeats or changes a video."""
    simulation = small()
    write_dataset(simulation, tmp_path / "whole")
    done = 0

    def stop_after_two(snippets: int) -> None:
        nonlocal done
        done += 1
        if done == 2:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        write_dataset(simulation, tmp_path / "parts", progress=stop_after_two)
    assert write_dataset(simulation, tmp_path / "parts") == 3
    files = [path.relative_to(tmp_path / "whole") for path in (tmp_path / "whole").rglob("*.*")]
    assert len(files) == 6
    for file in files:
        assert (tmp_path / "whole" / file).read_bytes() == (tmp_path / "parts" / file).read_bytes()


def test_a_failure_leaves_no_part_of_a_file(tmp_path, monkeypatch):
    """Catches a truncated .npy that the next run would take for a whole one."""

    def broken(video, snippets):
        yield video.read(0, 1)
        raise OSError("No space left on device")

    monkeypatch.setattr("basnet_training.simulate.features.VideoFeatures.chunks", broken)
    with pytest.raises(Error, match="cannot be written: No space"):
        write_dataset(small(), tmp_path)
    assert [path.name for path in tmp_path.rglob("*.*")] == ["annotations.json"]


def test_a_file_has_its_name_only_when_whole(tmp_path, monkeypatch):
    """Catches writing in place: a killed run would leave a file that looks finished."""
    seen = []

    def watched(video, snippets):
        seen.extend(tmp_path.rglob(f"{video.timeline.video}.npy"))
        yield video.read()

    monkeypatch.setattr("basnet_training.simulate.features.VideoFeatures.chunks", watched)
    write_dataset(small(), tmp_path)
    assert not seen


@pytest.mark.parametrize("other", [{"seed": 1}, {"white_noise": 0.1}, {"feature_dim": 8}])
def test_another_simulation_does_not_mix_in(tmp_path, other):
    """Catches a folder half of one seed and half of another."""
    write_dataset(small(), tmp_path)
    with pytest.raises(InvalidValue, match="holds other data"):
        write_dataset(small(**other), tmp_path)


def test_real_features_are_not_taken_for_simulated(tmp_path):
    """Catches annotations that say simulated beside features that are not, and the reverse."""
    (tmp_path / "features").mkdir()
    with pytest.raises(InvalidValue, match="expected an empty folder"):
        write_dataset(small(), tmp_path)


@pytest.mark.parametrize("name", ["../v", "a/b", "", ".hidden"])
def test_a_name_that_is_no_file_name_is_an_error(tmp_path, name):
    """Catches a file written outside the folder."""
    timelines = [Timeline(name, "train", 9.0), *TIMELINES]
    with pytest.raises(InvalidValue, match="file name"):
        write_dataset(Simulation(timelines, seed=0), tmp_path / "data")
    assert not (tmp_path / "data").exists()


def test_another_dtype_is_an_error(tmp_path):
    """Catches integers, which would cut every feature to zero or one."""
    with pytest.raises(InvalidValue, match="float16, float32"):
        write_dataset(small(), tmp_path, dtype="int8")
