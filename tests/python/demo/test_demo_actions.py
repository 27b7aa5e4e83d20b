"""Each action is a movement of its own, and is where the annotations say: judged by what is seen.

The judges look at joints (or pictures) alone, and know nothing of angles, styles or parts.
"""

from __future__ import annotations

import numpy as np
import pytest

from basnet_demo.behaviour import ACTIONS, IDLE, Style
from basnet_demo.performance import EASE_SECONDS, poses
from basnet_demo.scene import pictures
from basnet_demo.skeleton import JOINT, Body, joints

TIMES = np.arange(0, 6, 0.04)
LEGS = Body().thigh + Body().shin


def heights(points, *names):
    return np.stack([points[:, JOINT[name], 1] for name in names])


def hands_up(points):
    """Frames in which each hand is above the middle of the head: (2, N)."""
    return heights(points, "left_hand", "right_hand") > points[:, JOINT["head"], 1] + 0.05


JUDGES = {
    # head low, hips high
    "Bowing": lambda p: (
        (heights(p, "head")[0] < LEGS + 0.2).any() and (heights(p, "pelvis")[0] > 0.9 * LEGS).all()
    ),
    # both hands over the head at once
    "JumpingJacks": lambda p: hands_up(p).all(axis=0).any(),
    # one foot far above the other
    "Kicking": lambda p: np.ptp(heights(p, "left_foot", "right_foot"), axis=0).max() > 0.25,
    # hips low
    "Squatting": lambda p: (heights(p, "pelvis")[0] < 0.7 * LEGS).any(),
    # one hand up and from side to side again and again, the other one never up
    "Waving": lambda p: (
        hands_up(p).any(axis=1).sum() == 1
        and hands_up(p).mean() > 0.15
        and max(turns(p[:, JOINT[hand], 0]) for hand in ("left_hand", "right_hand")) >= 4
    ),
}


def turns(course):
    """How often a coordinate turns back after more than a small way."""
    marks = np.sign(np.diff(course[np.abs(np.gradient(course)) > 0.002]))
    return int((np.diff(marks) != 0).sum())


@pytest.mark.parametrize("side", [0, 1])
@pytest.mark.parametrize("depth", [0.8, 1.1])
@pytest.mark.parametrize("name", {**ACTIONS, **IDLE})
def test_each_judge_knows_its_action_and_no_other_behaviour(name, depth, side):
    """Catches two classes that look alike, and an idle movement that is an action."""
    behaviour = {**ACTIONS, **IDLE}[name]
    points = joints(Body(), behaviour(TIMES, Style(side=side, depth=depth)))
    found = {label for label, judge in JUDGES.items() if judge(points)}
    assert found == {name} & set(ACTIONS)


def test_the_truth_says_when_each_action_is_seen(scripts):
    """Catches segments that are shifted, cut or of another class than what the figure does."""
    judged = 0
    for script in scripts[:20]:
        times = np.arange(0, script.duration, 0.04)
        points = joints(Body(), poses(script.parts, times))
        for one in script.segments:
            inside = (times >= one.start) & (times < one.end)
            found = {label for label, judge in JUDGES.items() if judge(points[inside])}
            assert one.label in found, (script.name, one)
            judged += 1
        outside = np.ones(len(times), bool)
        for one in script.segments:
            near = (times > one.start - EASE_SECONDS) & (times < one.end + EASE_SECONDS)
            outside &= ~near
        low = heights(points[outside], "pelvis").min() < 0.7 * LEGS
        assert not low, script.name
        assert not JUDGES["JumpingJacks"](points[outside]), script.name
    assert judged > 20


def test_pictures_move_more_inside_the_true_segments(scripts):
    """Catches films that are not of their scripts: what changes from picture to picture, near the
    figure or not, is more inside the segments than outside, and less so for moved segments."""
    inside, outside, moved = [], [], []
    for script in [one for one in scripts if one.subset == "test" and one.segments][:4]:
        energy = np.array(energies(script))
        times = (np.arange(len(energy)) + 1) * 4 / 25
        marks = marked(script, times, 0.0)
        inside.append(energy[marks].mean() / energy.mean())
        outside.append(energy[~marks].mean() / energy.mean())
        moved.append(energy[marked(script, times, 2.5)].mean() / energy.mean())
    assert np.mean(inside) > 1.15 * np.mean(outside)
    assert np.mean(inside) > 1.08 * np.mean(moved)


def energies(script):
    """Mean change in every fourth picture, beyond what noise and camera change in most of it."""
    found, last = [], None
    for frame, picture in enumerate(pictures(script)):
        if frame % 4 == 0:
            grey = picture[::2, ::2].mean(axis=2)
            if last is not None:
                change = abs(grey - last - np.median(grey - last))
                found.append(np.maximum(change - 3 * np.median(change), 0).mean())
            last = grey
    return found


def marked(script, times, shift):
    every = [(times >= one.start + shift) & (times < one.end + shift) for one in script.segments]
    return np.any(every, axis=0)
