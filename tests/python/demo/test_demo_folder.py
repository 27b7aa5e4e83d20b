"""The demo's folder: nobody else's is touched, and what is done is known."""

from __future__ import annotations

import json

import pytest

from basnet_demo.folder import PRODUCTS, open_folder
from basnet_demo.settings import DemoSettings
from basnet_rt import Error

SETTINGS = DemoSettings(seed=4, quick=True)


def test_a_folder_with_something_else_in_it_is_refused(tmp_path):
    (tmp_path / "thesis.tex").write_text("years of work")
    for force in (False, True):
        with pytest.raises(Error, match="no demo's"):
            open_folder(tmp_path, SETTINGS, force=force)
    assert [one.name for one in tmp_path.iterdir()] == ["thesis.tex"]


@pytest.mark.parametrize("content", ["{}", "[]", '{"format": "other"}', '{"seconds": {}}'])
def test_a_foreign_record_does_not_make_a_demo(tmp_path, content):
    (tmp_path / "demo.json").write_text(content)
    with pytest.raises(Error, match="no demo's"):
        open_folder(tmp_path, SETTINGS, force=True)
    assert (tmp_path / "demo.json").read_text() == content


def test_a_file_in_its_place_is_refused(tmp_path):
    (tmp_path / "demo").write_text("")
    with pytest.raises(Error, match="is a file"):
        open_folder(tmp_path / "demo", SETTINGS, force=True)


def test_a_demo_of_other_settings_is_refused_and_says_how(tmp_path):
    open_folder(tmp_path, SETTINGS, force=False)
    with pytest.raises(Error, match=r"seed 4.*asked for seed 5.*--force"):
        open_folder(tmp_path, DemoSettings(seed=5, quick=True), force=False)
    assert open_folder(tmp_path, DemoSettings(seed=5, quick=True), force=True).seconds == {}


def test_finished_steps_are_remembered(tmp_path):
    open_folder(tmp_path / "a" / "b", SETTINGS, force=False).finish("render", 1.234)
    again = open_folder(tmp_path / "a" / "b", SETTINGS, force=False)
    assert again.seconds == {"render": 1.23}


def test_force_deletes_what_a_demo_made_and_nothing_else(tmp_path):
    open_folder(tmp_path, SETTINGS, force=False).finish("render", 1.0)
    for name in PRODUCTS:
        if "." in name:
            (tmp_path / name).touch()
        else:
            (tmp_path / name / "inside").mkdir(parents=True)
    (tmp_path / "notes.txt").write_text("mine")
    folder = open_folder(tmp_path, SETTINGS, force=True)
    assert folder.seconds == {}
    assert {one.name for one in tmp_path.iterdir()} == {"demo.json", "notes.txt"}
    assert json.loads((tmp_path / "demo.json").read_text())["seed"] == 4
