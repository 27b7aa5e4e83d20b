"""Extractors joined by `+`: one decoding, and each part's features as it makes them alone."""

from __future__ import annotations

import numpy as np
import pytest

from basnet_rt import BundleError, InvalidValue
from basnet_rt.extractors import extract_features, extractor_from_spec, make_extractor
from basnet_rt.extractors.joined import JoinedExtractor, shared_settings
from basnet_rt.extractors.motion.extractor import MotionExtractor
from basnet_rt.extractors.registry import split_names
from basnet_rt.features.extractor_spec import ExtractorSpec


@pytest.fixture
def parts():
    """Other sizes of pictures, so that each needs pictures of its own."""
    return [MotionExtractor(), MotionExtractor(height=96)]


def test_features_are_those_of_the_parts_to_the_bit(made, parts):
    video = made.videos / "b.mp4"
    joined = JoinedExtractor(parts)
    alone = [extract_features(video, part).features for part in parts]
    assert not np.array_equal(*alone)
    found = extract_features(video, joined)
    np.testing.assert_array_equal(found.features, np.concatenate(alone, axis=1))
    assert joined.spec.feature_dim == found.features.shape[1]
    assert joined.spec.name == "motion+motion"


def test_a_record_makes_the_same_extractor_again(parts):
    spec = JoinedExtractor(parts).spec
    again = ExtractorSpec.from_dict(spec.to_dict())
    assert again == spec
    assert extractor_from_spec(again).spec == spec
    assert "parts" not in parts[0].spec.to_dict()  # records from before stay as they were


def test_a_record_whose_parts_do_not_add_up_is_refused(parts):
    fields = JoinedExtractor(parts).spec.to_dict()
    with pytest.raises(BundleError, match="feature_dim"):
        ExtractorSpec.from_dict({**fields, "feature_dim": 7})


def test_parts_of_other_snippets_are_refused():
    with pytest.raises(InvalidValue, match="must have the same snippets"):
        JoinedExtractor([MotionExtractor(), MotionExtractor(snippet_stride=8)])


def test_a_setting_goes_to_every_part_that_has_it_or_to_one():
    known = [("motion", {"fps", "scale"}), ("cnn", {"fps", "batch"})]
    given = shared_settings({"fps": 25, "cnn.batch": 4, "scale": 2}, known)
    assert given == [{"fps": 25, "scale": 2}, {"fps": 25, "batch": 4}]
    with pytest.raises(InvalidValue, match=r"motion\.batch: motion has fps, scale; cnn has"):
        shared_settings({"motion.batch": 4}, known)


def test_names_are_cut_at_the_plus_before_a_name():
    assert split_names("motion+i3d") == ["motion", "i3d"]
    assert split_names("hf:a/b+c+motion") == ["hf:a/b+c", "motion"]
    with pytest.raises(InvalidValue, match="'motion\\+nothing'"):
        make_extractor("motion+nothing")
