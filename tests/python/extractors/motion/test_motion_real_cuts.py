"""Cuts of a real video: the joints of its surveillance clips, and nothing else."""

from __future__ import annotations

import itertools

from motion_inputs import motion

from basnet_rt.extractors.motion.cuts import find_cuts
from basnet_rt.video import read_frames

# First frames of new clips among the first 208. In between, one source shows five pictures a
# second: every fifth frame changes by far more than its neighbours.
JOINTS = (50, 107, 157, 207)


def test_cuts_lie_at_the_joints_of_clips(shared):
    extractor = motion()
    path = shared / "data/cctv_fights/videos/train/cctv_train_0000.mp4"
    session, changes = extractor.start(), {}
    with read_frames(path, fps=25.0, frames=extractor.spec.frames) as reader:
        for frame in itertools.islice(reader, 208):
            pair = session.prepare(frame).pair
            if pair is not None:
                changes[frame.index - 2] = pair[1]

    found = []
    for start in range(0, 208, 16):
        first = range(start, start + 14, 2)
        cuts = find_cuts([changes[one] for one in first])
        found += [one for one, cut in zip(first, cuts, strict=True) if cut]

    # The pair of frames 2 k and 2 k + 2 that has the joint between them or at its end.
    inside = [joint for joint in JOINTS if joint % 16 not in (0, 15)]
    assert found == [(joint - 1) // 2 * 2 for joint in inside]
