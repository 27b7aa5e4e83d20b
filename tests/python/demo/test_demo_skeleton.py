"""The figures are bodies: bones keep their length, feet the ground, and movements are smooth."""

from __future__ import annotations

import numpy as np
import pytest

from basnet_demo.behaviour import ACTIONS, IDLE, Style
from basnet_demo.cast import performer
from basnet_demo.performance import poses
from basnet_demo.skeleton import CHANNELS, COLUMN, JOINT, Body, joints

TIMES = np.arange(0, 6, 0.04)
BEHAVIOURS = {**ACTIONS, **IDLE}


def points_of(name, style=None, body=None):
    """(N, JOINTS, 3) of one behaviour."""
    return joints(body or Body(), BEHAVIOURS[name](TIMES, style or Style()))


@pytest.mark.parametrize("name", BEHAVIOURS)
def test_bones_keep_their_length(name):
    """Catches a joint hung on the wrong parent or a frame that shears."""
    body = performer(np.random.default_rng(1)).body
    points = points_of(name, Style(side=1, speed=1.2, depth=1.1), body)
    for (start, end), length in body.bones().items():
        between = np.linalg.norm(points[:, JOINT[end]] - points[:, JOINT[start]], axis=1)
        np.testing.assert_allclose(between, length, rtol=1e-12, err_msg=f"{start} to {end}")


def test_bones_keep_their_length_in_any_pose():
    angles = np.random.default_rng(2).uniform(-3, 3, (200, len(CHANNELS)))
    points = joints(Body(), angles)
    for (start, end), length in Body().bones().items():
        between = np.linalg.norm(points[:, JOINT[end]] - points[:, JOINT[start]], axis=1)
        np.testing.assert_allclose(between, length, rtol=1e-12)


def test_every_joint_hangs_on_the_pelvis_by_bones():
    """Catches a joint that `bones` forgets, whose length no test would look at."""
    parents = {end: start for start, end in Body().bones()}
    assert set(parents) | {"pelvis"} == set(JOINT)
    for joint in parents:
        walked = joint
        for _ in range(len(JOINT)):
            walked = parents.get(walked, walked)
        assert walked == "pelvis"


@pytest.mark.parametrize("name", BEHAVIOURS)
def test_the_lower_foot_is_on_the_ground(name):
    points = points_of(name)
    lower = points[:, [JOINT["left_foot"], JOINT["right_foot"]], 1].min(axis=1)
    jump = BEHAVIOURS[name](TIMES, Style())[:, COLUMN["jump"]]
    np.testing.assert_allclose(lower, jump, atol=1e-12)
    assert (jump >= 0).all()


def test_angles_go_the_way_their_names_say():
    """Catches a sign: by hand, a figure that faces the viewer (z towards him, y up)."""
    straight = {"left_hip_swing": 90, "right_elbow_bend": 90, "torso_pitch": 0}
    one = np.zeros((1, len(CHANNELS)))
    for name, degrees in straight.items():
        one[0, COLUMN[name]] = np.radians(degrees)
    body = Body()
    (points,) = joints(body, one)
    hip, knee = points[JOINT["left_hip"]], points[JOINT["left_knee"]]
    np.testing.assert_allclose(knee - hip, [0, 0, body.thigh], atol=1e-12)
    elbow, hand = points[JOINT["right_elbow"]], points[JOINT["right_hand"]]
    np.testing.assert_allclose(hand - elbow, [0, 0, body.forearm], atol=1e-12)
    assert points[JOINT["right_hip"], 0] > 0 > points[JOINT["left_hip"], 0]
    np.testing.assert_allclose(points[JOINT["pelvis"], 1], body.thigh + body.shin)


@pytest.mark.parametrize("name", [name for name in ACTIONS if name in ("Waving", "Kicking")])
def test_the_other_side_is_the_mirror_image(name):
    left, right = (points_of(name, Style(side=side)) for side in (0, 1))
    mirrored = right * (-1, 1, 1)
    swap = [JOINT[_other(joint)] for joint in JOINT]
    np.testing.assert_allclose(
        mirrored[:, swap][:, :, 1:], left[:, :, 1:], atol=0.05
    )  # the trunk sways alike
    assert abs(left - right).max() > 0.1


def _other(joint):
    if joint.startswith("left_"):
        return joint.replace("left_", "right_")
    return joint.replace("right_", "left_")


def test_no_figure_jumps_from_frame_to_frame(scripts):
    """Catches two parts that are not eased into each other: a joint moves at most so fast."""
    for script in scripts[:12]:
        times = np.arange(0, script.duration, 0.04)
        moved = np.diff(joints(Body(), poses(script.parts, times)), axis=0)
        assert np.linalg.norm(moved, axis=2).max() < 0.22, script.name
