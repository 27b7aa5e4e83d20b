"""The averages of the field, and the tables for papers."""

from __future__ import annotations

import json

import numpy as np
import pytest
from analysis_cases import found_in, random_case, truth_of
from typer.testing import CliRunner

import basnet_rt
from basnet_rt import InvalidValue
from basnet_rt.analysis.latex import latex_table
from basnet_rt.cli.app import app
from basnet_rt.evaluation.averages import field_averages

TENTHS = [k / 10 for k in range(1, 10)]
TWENTIETHS = [0.5 + 0.05 * k for k in range(10)]


def report_of(levels, seed=0):
    truth, found = random_case(seed)
    content = truth_of(truth)
    return basnet_rt.evaluate(content, found_in(found), subset="test", tiou_thresholds=levels)


def test_the_averages_of_papers():
    """Catches a range that is off by one threshold, and 0.1 * 3 that is taken for no 0.3."""
    values = np.arange(9.0)
    levels = [0.1 * k for k in range(1, 10)]
    assert field_averages(levels, values) == {"0.1:0.5": 2.0, "0.1:0.7": 3.0, "0.3:0.7": 4.0}
    assert field_averages(TWENTIETHS, np.arange(10.0)) == {"0.5:0.95": 4.5}
    assert field_averages([0.1, 0.3, 0.5], np.zeros(3)) == {}


def test_the_order_of_thresholds_does_not_matter():
    values = np.arange(9.0)[::-1]
    assert field_averages(TENTHS[::-1], values)["0.1:0.5"] == 2.0


def test_latex_has_a_cell_for_every_column():
    """A row with a cell too many does not compile, one with a cell too few misleads."""
    text = latex_table({"ours": report_of(TENTHS), "theirs": report_of(TENTHS, seed=1)})
    lines = text.splitlines()
    columns = lines[0].removeprefix("\\begin{tabular}{").removesuffix("}")
    rows = [line for line in lines if line.endswith("\\\\") and "multicolumn" not in line]
    assert [line.count("&") + 1 for line in rows] == [len(columns)] * 3
    assert [line.split(" ")[0] for line in rows] == ["", "ours", "theirs"]
    rules = [line.split("{")[0] for line in lines if "rule" in line]
    assert rules == ["\\toprule", "\\cmidrule(lr)", "\\midrule", "\\bottomrule"]
    spans = lines[2].count("\\multicolumn{9}"), lines[2].count("\\multicolumn{3}")
    assert spans == (1, 1)


def test_latex_numbers_are_percent():
    report = report_of(TENTHS)
    row = latex_table({"x": report}, digits=2).splitlines()[-3]
    cells = row.removesuffix(" \\\\").split(" & ")[1:]
    want = [*report.map.tolist(), *report.averages.values()]
    assert cells == [f"{100 * value:.2f}" for value in want]


def test_latex_without_a_usual_average_shows_the_mean():
    report = report_of([0.2, 0.4])
    assert f"{100 * report.average_map:.1f}" in report.to_latex().splitlines()[-3]


def test_latex_names_are_escaped():
    """An underscore outside mathematics stops the compiler."""
    text = report_of([0.5]).to_latex("a_b & 50% #1 {x} \\y ~z^")
    assert "a\\_b \\& 50\\% \\#1 \\{x\\} \\textbackslash{}y \\textasciitilde{}z" in text


def test_latex_of_different_thresholds_is_refused():
    with pytest.raises(InvalidValue, match="report 'b' was made at other tIoU"):
        latex_table({"a": report_of([0.5]), "b": report_of([0.6])})
    with pytest.raises(InvalidValue, match="at least one"):
        latex_table({})


@pytest.fixture
def files(tmp_path):
    truth, found = random_case(0)
    paths = tmp_path / "gt.json", tmp_path / "my_run.json"
    durations = dict.fromkeys(truth, 300.0)
    paths[0].write_text(json.dumps(truth_of(truth, durations=durations)))
    paths[1].write_text(json.dumps(found_in(found)))
    return paths


def run(*arguments):
    return CliRunner().invoke(app, ["evaluate", *map(str, arguments)])


def test_everything_that_is_asked_for_is_printed(files):
    """Every section, with the numbers of the report."""
    done = run(*files, "-s", "test", "--all")
    assert done.exit_code == 0
    report = basnet_rt.evaluate(*files, subset="test")
    lines = {line[:24].strip(): line[24:].split() for line in done.stdout.splitlines()}
    assert lines["tIoU"][-2:] == ["mean", "count"]  # the last table's
    values = [*report.map.tolist(), *report.averages.values(), report.average_map]
    assert lines["mAP (%)"] == [f"{100 * value:.2f}" for value in values]
    assert lines["B"][-1] == f"{100 * report.ap[1].mean():.2f}"
    counts = report.errors().counts
    assert lines["detections"] == [str(n) for kind, n in counts.items() if kind != "missed"]
    own = report.recall().own_label.mean(axis=1)
    assert lines["own label (%)"] == [f"{100 * value:.2f}" for value in own]
    assert lines["XS up to 3"][-1] == str(report.by_duration().num_truths[0])
    assert "recall by coverage of the segment (%)" in done.stdout


def test_nothing_more_than_asked_for(files):
    assert len(run(*files, "-s", "test").stdout.splitlines()) == 3


def test_json_holds_what_is_printed(files):
    values = json.loads(run(*files, "-s", "test", "--all", "--json").stdout)
    sections = {"errors", "recall", "by_seconds", "by_coverage", "averages"}
    assert sections <= values.keys()
    assert values["errors"]["tiou_threshold"] == 0.5


def test_files_are_written(files, tmp_path):
    outputs = tmp_path / "out.json", tmp_path / "new" / "out.tex"
    done = run(*files, "-s", "test", "-o", outputs[0], "-o", outputs[1], "--errors")
    assert done.exit_code == 0
    assert "errors" in json.loads(outputs[0].read_text())
    assert outputs[1].read_text() == basnet_rt.evaluate(*files, subset="test").to_latex("my_run")


@pytest.mark.parametrize("options", [("-o", "x.pdf"), ("--error-tiou", "0"), ("--error-tiou", "2")])
def test_wrong_usage_is_2(files, options):
    assert run(*files, "-s", "test", *options).exit_code == 2
