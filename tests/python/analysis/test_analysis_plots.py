"""What the plots draw, and that notebooks get small, escaped tables."""

from __future__ import annotations

import re
import sys
from html.parser import HTMLParser

import numpy as np
import pytest
from analysis_cases import found_in, random_case, truth_of

import basnet_rt
from basnet_rt import Detections, Error, InvalidType, InvalidValue
from basnet_rt.activation_files import Activations
from basnet_rt.annotations import Segment, VideoAnnotation
from basnet_rt.show.timeline_plot import _packed

matplotlib = pytest.importorskip("matplotlib")
matplotlib.use("Agg")
pyplot = pytest.importorskip("matplotlib.pyplot")


@pytest.fixture(autouse=True)
def no_window(monkeypatch):
    """Whoever plots decides when to show; a call of `show` fails."""
    monkeypatch.setattr(pyplot, "show", lambda *_, **__: pytest.fail("show was called"))
    yield
    pyplot.close("all")


def detections(rows, classes=("Jump", "Run")):
    """From [(class, score, start, end)], best first."""
    return Detections(
        np.array([classes.index(row[0]) for row in rows], np.int64),
        np.array([row[1] for row in rows], np.float32),
        np.array([row[2:] for row in rows], np.float64).reshape(-1, 2),
        classes=classes,
    )


FOUND = detections([("Run", 0.9, 5, 8), ("Jump", 0.5, 1, 3), ("Run", 0.2, 6, 7)])
TRUTH = [Segment("Run", 5, 7), Segment("Jump", 20, 30)]


def spans(axes):
    """(start, end, lane) of everything drawn as a bar, by colour."""
    drawn = {}
    for collection in axes.collections:
        box = collection.get_paths()[0].get_extents()
        colour = matplotlib.colors.to_hex(collection.get_facecolor()[0])
        place = box.x0, box.x1, int((box.y0 + box.y1) / 2)
        drawn.setdefault(colour.upper(), []).append(place)
    return drawn


def test_every_detection_and_segment_is_drawn_in_its_lane():
    axes = FOUND.plot(ground_truth=TRUTH)
    drawn = spans(axes)
    assert sorted(drawn["#0072B2"]) == [(1, 3, 1), (5, 8, 0), (6, 7, 0)]
    assert sorted(drawn["#E69F00"]) == [(5, 7, 0), (20, 30, 1)]
    assert [label.get_text() for label in axes.get_yticklabels()] == ["Run", "Jump"]
    assert axes.get_ylim() == (2, 0)


def test_a_higher_score_is_darker():
    alphas = [one.get_alpha() for one in FOUND.plot().collections]
    scores = [0.9, 0.2, 0.5]  # by lane: both of Run, then Jump
    assert np.argsort(alphas).tolist() == np.argsort(scores).tolist()


def test_axes_that_are_given_are_drawn_into():
    _, axes = pyplot.subplots()
    assert FOUND.plot(axes) is axes
    assert len(pyplot.get_fignums()) == 1


def test_low_scores_can_be_left_out():
    assert len(FOUND.plot(min_score=0.4).collections) == 2


def test_rows_do_not_overlap_before_the_last():
    """Catches bars that cover each other: a detection behind another cannot be seen."""
    many = [(0, 10), (1, 2), (3, 4), (1.5, 3.5), *[(0, 10)] * 8]
    rows = _packed(many)
    assert rows[:4] == [0, 1, 1, 2]
    assert max(rows) == 4


def test_activations_are_drawn_with_their_thresholds():
    values = np.linspace(0, 1, 10, dtype=np.float32)[:, None].repeat(2, axis=1)
    seen = Activations(values, values[:, 0], 0.64, ("Jump", "Run"))
    axes = FOUND.plot(activations=seen, thresholds=[0.3, 0.5])
    assert len(axes.lines) == 2 * (1 + 2) + 1  # a curve and two thresholds a lane, and a divider
    (curve,) = [line for line in axes.lines if len(line.get_xdata()) == 10][:1]
    np.testing.assert_allclose(curve.get_xdata()[[0, -1]], [0.32, 9.5 * 0.64])
    assert curve.get_ydata()[0] > curve.get_ydata()[-1]  # the axis points down: 1 is on top


@pytest.mark.parametrize("found", [detections([]), detections([("Run", 0.5, 0, 1)] * 3)])
def test_no_detections_and_equal_scores(found):
    """Neither may divide by the range of the scores."""
    annotation = VideoAnnotation("v", ("Run",), (Segment("Run", 0, 1),))
    axes = found.plot(ground_truth=annotation)
    axes.figure.canvas.draw()
    assert axes.get_title(loc="left").startswith(f"{len(found)} detections")


def test_classes_that_do_not_fit_are_counted():
    names = tuple(f"c{i}" for i in range(30))
    axes = detections([(name, 0.5, 0, 1) for name in names], names).plot()
    assert len(axes.get_yticks()) == 12
    assert "18 classes not drawn" in axes.get_title(loc="left")


@pytest.mark.parametrize(
    ("options", "error"),
    [
        ({"activations": np.zeros((3, 2))}, InvalidType),
        ({"ground_truth": [("Run", 0, 1)]}, InvalidType),
        ({"thresholds": [float("nan")]}, InvalidValue),
    ],
)
def test_wrong_arguments_are_named(options, error):
    with pytest.raises(error, match=next(iter(options))):
        FOUND.plot(**options)


def report(levels=(0.3, 0.5), labels=("A", "B", "C")):
    truth, found = random_case(0, labels=labels)
    content = truth_of(truth)
    return basnet_rt.evaluate(content, found_in(found), subset="test", tiou_thresholds=levels)


def test_a_report_is_drawn_in_three_panels():
    one = report()
    panels = one.plot(tiou_threshold=0.4)
    assert panels.shape == (3,)
    heights = [bar.get_height() for bar in panels[0].patches]
    np.testing.assert_allclose(heights, 100 * one.map)
    lengths = [bar.get_width() for bar in panels[1].patches]
    np.testing.assert_allclose(lengths, np.sort(100 * one.ap.mean(axis=1))[::-1])
    bands = one.errors(tiou_threshold=0.4).bands
    used = int((bands.sum(axis=1) > 0).sum())
    shares = np.array([bar.get_height() for bar in panels[2].patches]).reshape(5, used)
    np.testing.assert_allclose(shares.sum(axis=0), 100)
    np.testing.assert_allclose(shares[0], 100 * bands[:used, 0] / bands[:used].sum(axis=1))


def test_many_classes_show_the_best_and_the_worst():
    one = report(labels=tuple(f"c{i:02}" for i in range(26)))
    axes = one.plot()[1]
    values = np.sort(100 * one.ap.mean(axis=1))[::-1]
    drawn = [bar.get_width() for bar in axes.patches]
    np.testing.assert_allclose(drawn, [*values[:10], *values[-10:]])


def test_a_report_needs_three_axes():
    _, axes = pyplot.subplots(1, 2)
    with pytest.raises(InvalidValue, match="needs 3"):
        report().plot(axes)


def test_without_matplotlib_the_message_names_the_extra(monkeypatch):
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    monkeypatch.delitem(sys.modules, "matplotlib.pyplot")
    with pytest.raises(Error, match=r"needs matplotlib: pip install 'basnet-rt\[plot\]'"):
        FOUND.plot()


class Tags(HTMLParser):
    """Counts of tags, how deep they end, and the text between."""

    def __init__(self, text):
        super().__init__()
        self.open, self.count, self.text = [], {}, []
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.open.append(tag)
        self.count[tag] = self.count.get(tag, 0) + 1

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        self.text.append(data)


def test_names_are_escaped_in_notebooks():
    """A label from a file must not run as a script in somebody's notebook."""
    evil = "<script>alert(1)</script>&"
    tags = Tags(detections([(evil, 0.5, 0, 1)], (evil,))._repr_html_())
    assert tags.open == []
    assert "script" not in tags.count
    assert evil in "".join(tags.text)


def test_notebook_tables_are_small():
    """A thousand detections are ten rows and a count."""
    found = detections([("Run", 0.5, 0, 1)] * 1000)
    tags = Tags(found._repr_html_())
    assert tags.count["tr"] == 11
    assert "1000 detections" in tags.text[0]
    assert len(found._repr_html_()) < 10_000
    assert Tags(detections([])._repr_html_()).count["tr"] == 1


def test_notebook_tables_take_the_colours_of_the_page():
    """Dark and light: neither text nor background may have a colour of its own."""
    for text in (FOUND._repr_html_(), report()._repr_html_()):
        assert not re.search(r"(?<!-)color:|background", text)


def test_a_report_in_a_notebook_has_its_numbers():
    one = report()
    text = "".join(Tags(one._repr_html_()).text)
    assert f"{100 * one.average_map:.1f}" in text
