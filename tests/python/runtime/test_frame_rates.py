"""Frame rates by video (`fps_dict.json`): applied where asked for, else told where they differ."""

from __future__ import annotations

import numpy as np
import pytest

import basnet_rt
from basnet_rt import InvalidValue
from basnet_rt.features.lengths import contradiction
from basnet_rt.features.rates import find_rates, rate_contradiction, rates_of, read_rates


@pytest.fixture
def package(tmp_path, make_features):
    """A package's features: one recording of the bundle's 25 frames a second, one of 50."""
    folder = tmp_path / "package" / "features" / "test"
    folder.mkdir(parents=True)
    for name in ("a", "b"):
        np.save(folder / f"{name}.npy", make_features(60))
    (tmp_path / "package" / "fps_dict.json").write_text('{"a": 25, "b": 50.0, "c": 30}')
    return folder


def test_they_are_said_and_then_applied(run_cli, bundle, package, tmp_path):
    """Twice the rate is half the time, and the second run does not take over the first one's."""
    output, rates = tmp_path / "r.json", package.parents[1] / "fps_dict.json"
    everything = ("--set", "gate=none", "--set", "nms=linear")
    plain = run_cli("localize", package, "-m", bundle, "-o", output, *everything)
    assert plain.exit_code == 0
    said = " ".join(plain.stderr.split())
    assert "contradict 25 frames a second in 1 of 2 videos" in said
    assert "0.5 times what they come to" in said
    assert "--frame-rates" in said
    before = basnet_rt.read_results(output).detections
    done = run_cli(
        *("localize", package, "-m", bundle, "-o", output, *everything),
        *("--frame-rates", rates, "--json"),
    )
    assert done.exit_code == 0
    assert "contradict" not in done.stderr
    after = basnet_rt.read_results(output).detections
    np.testing.assert_array_equal(after["a"].segments, before["a"].segments)
    np.testing.assert_allclose(after["b"].segments, before["b"].segments / 2, atol=2e-3)


def test_a_video_s_own_rate_in_python(model, make_features):
    localizer = basnet_rt.Localizer(model, model.configure(gate="none"))
    features = make_features(40)
    plain, twice = localizer(features), localizer(features, fps=2 * model.metadata.fps)
    np.testing.assert_allclose(twice.segments, np.asarray(plain.segments) / 2)
    with pytest.raises(InvalidValue, match="fps: expected a finite number above 0, got 0"):
        localizer(features, fps=0.0)


@pytest.mark.parametrize("text", ["[]", "25", '"fast"', "null"])
def test_what_is_no_table_of_rates_is_refused(tmp_path, text):
    path = tmp_path / "fps_dict.json"
    path.write_text(text)
    with pytest.raises(InvalidValue, match=r"fps_dict\.json: is .*expected an object of video"):
        read_rates(path)


@pytest.mark.parametrize(
    ("value", "quoted"),
    [
        ('"fast"', "'fast'"),
        ("0", "0"),
        ("NaN", "nan"),
        ("null", "None"),
        ("true", "True"),
        ("-25", "-25"),
        ("1e-300", "1e-300"),
        ("1e300", r"1e\+300"),
        ("1001", "1001"),
        ("9" * 400, r"9+\.\.\.9+"),
    ],
)
def test_a_rate_that_cannot_be_is_named_with_its_video(tmp_path, value, quoted):
    path = tmp_path / "fps_dict.json"
    path.write_text(f'{{"b": 1000, "a": {value}}}')
    wanted = rf"fps_dict\.json: video 'a': a frame rate of {quoted}; .* from 0\.00001 to 1000"
    with pytest.raises(InvalidValue, match=wanted):
        read_rates(path)


def test_names_that_never_match_quote_both_sides(tmp_path):
    path = tmp_path / "rates.json"
    path.write_text('{"v_a": 30}')
    with pytest.raises(InvalidValue, match="it has 'v_a', the videos are 'a'"):
        rates_of(path, ["a"])
    assert rates_of(path, ["a", "v_a"]) == {"v_a": 30.0}


def test_the_package_s_file_is_found(package, tmp_path):
    found = package.parents[1] / "fps_dict.json"
    assert find_rates(package / "a.npy") == find_rates(package) == found
    assert find_rates(tmp_path / "elsewhere") is None


def test_a_short_video_may_be_of_any_rate():
    """Two snippets are within what extractors cut off."""
    assert rate_contradiction({"a": 9}, {"a": 30.0}, 25.0, "x", "y") == ""
    said = rate_contradiction({"a": 90}, {"a": 30.0}, 25.0, "x", "y")
    assert "0.833 times what they come to; y" in said


def test_videos_whose_rows_are_equal_are_told(run_cli, bundle, package):
    np.save(package / "a.npy", np.zeros_like(np.load(package / "a.npy")))
    done = run_cli("localize", package, "-m", bundle, "--all")
    assert "all rows are equal in 1 of 2 videos ('a')" in " ".join(done.stderr.split())


def test_videos_that_the_rates_do_not_name_are_told(run_cli, bundle, package, tmp_path):
    rates = tmp_path / "one.json"
    rates.write_text('{"b": 25}')
    done = run_cli("localize", package, "-m", bundle, "--frame-rates", rates)
    said = " ".join(done.stderr.split())
    assert "--frame-rates does not name 1 of 2 videos, such as 'a'" in said
    assert "the bundle's rate, 25 frames a second" in said


def test_durations_that_name_no_video_are_refused(run_cli, bundle, package, tmp_path):
    annotations = tmp_path / "gt.json"
    annotations.write_text('{"database": {"other": {"duration": 38.4, "annotations": []}}}')
    done = run_cli("localize", package, "-m", bundle, "--durations", annotations)
    assert done.exit_code == 1
    said = " ".join(done.stderr.split())
    assert "names none of the videos: it has 'other', the videos are 'a', 'b'" in said


def test_the_one_wrong_duration_is_named_with_its_ratio():
    """The ratio was that of the right ones."""
    lengths, durations = np.array([100.0, 100.0, 90.0]), np.array([64.0, 192.0, 57.6])
    said = contradiction(lengths, durations, 0.64, "look", ["a", "b", "c"])
    assert "1 of 3 durations contradict" in said
    assert "3 times what 0.64 s a snippet come to ('b': 3); look" in said
