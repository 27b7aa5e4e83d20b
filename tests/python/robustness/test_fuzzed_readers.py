"""Damaged files are read, or refused by name: some of what tests/fuzz/readers.py does for hours."""

from __future__ import annotations

import itertools
import json
import random

import pytest

from basnet_rt import Error
from basnet_rt.formats.result_files import read_results
from basnet_rt.tags import read_tagged
from fuzz.readers import PROVENANCE, finding, targets, versions

RUNS = 60
NAMES = (
    "annotations",
    "corrected",
    "predictions",
    "rates",
    "results",
    "results-csv",
    "sidecar",
    "tags",
    "tags-json",
    "video-list",
)  # fmt: skip; formats are in formats/test_mutations.py


@pytest.mark.parametrize("name", NAMES)
def test_damaged_files(tmp_path, name):
    target = targets(tmp_path)[name]
    assert finding(target, target.text, tmp_path) is None
    for text in itertools.islice(versions(target, random.Random(name)), RUNS):
        assert finding(target, text, tmp_path) is None, text


def test_every_reader_has_runs(tmp_path):
    assert {one for one in targets(tmp_path) if not one.startswith("format-")} == set(NAMES)


# What the program found.


@pytest.mark.parametrize("classes", [None, 3, [[], "Run"], {"Run": 0}])
def test_results_whose_classes_are_no_names(tmp_path, classes):
    path = tmp_path / "r.json"
    path.write_text(json.dumps({"basnet_rt": PROVENANCE | {"classes": classes}, "results": {}}))
    with pytest.raises(Error, match=r'r.json: expected a list of names under "basnet_rt"'):
        read_results(path)


@pytest.mark.parametrize("score", ["1e39", "-1e300", "1" + 400 * "0"])
def test_scores_beyond_float32(tmp_path, score):
    path = tmp_path / "r.json"
    row = f'{{"label": "Run", "score": {score}, "segment": [0, 1]}}'
    path.write_text(f'{{"results": {{"a": [{row}]}}}}')
    with pytest.raises(Error, match=r"r.json: video 'a'.* score is "):
        read_results(path)


def test_a_table_of_tags_that_is_one_quote(tmp_path):
    path = tmp_path / "t.csv"
    path.write_text('"\n')
    with pytest.raises(Error, match=r"line 1: a quote .* is not closed"):
        read_tagged(path)
