"""What the tests of the dials measure. Each takes a Simulation and gives one number."""

from __future__ import annotations

import dataclasses

import numpy as np

from basnet_training.simulate import Simulation

# A snippet this full is "in" an action; one with nothing of it is "out".
FULL = 0.999


def channels(simulation):
    return simulation.video(simulation.timelines[0]).read().shape[1]


def snippets(simulation):
    return sum(len(video.read()) for video in simulation)


def features(simulation):
    return np.concatenate([video.read().astype(np.float64) for video in simulation])


def stacked(simulation, name):
    """One block of weights of every video, one below the other."""
    return np.concatenate([getattr(video.weights(), name) for video in simulation])


def in_action(simulation):
    return stacked(simulation, "action").max(axis=1) > FULL


def rms(simulation):
    return np.sqrt(np.mean(np.square(features(simulation))))


def rms_in_action(simulation):
    return np.sqrt(np.mean(np.square(features(simulation)[in_action(simulation)])))


def rows_per_action(simulation):
    """Phase rows in use, per class that occurs."""
    used = stacked(simulation, "phases").any(axis=0)
    return used.sum() / used.any(axis=1).sum()


def weakest_salience(simulation):
    return simulation.vocabulary.salience.min()


def cosine_between_classes(simulation):
    """Mean cosine of the mean action features of two classes."""
    found, action = features(simulation), stacked(simulation, "action") > FULL
    means = [found[one].mean(axis=0) for one in action.T if one.any()]
    return mean_cosine(np.stack(means))


def mean_cosine(rows):
    """Mean cosine of all pairs of rows."""
    unit = rows / np.linalg.norm(rows, axis=1, keepdims=True)
    return np.mean((unit @ unit.T)[np.triu_indices(len(rows), k=1)])


def spread_of_strength(simulation):
    """Standard deviation of the log of the strength, over snippets that one action fills."""
    strength = (stacked(simulation, "phases") / simulation.vocabulary.salience).sum(axis=2)
    return np.std(np.log(strength[stacked(simulation, "action") > FULL]))


def warp_of_progress(simulation):
    """Mean difference of the phases' weights from those of an even tempo."""
    even = dataclasses.replace(simulation.config, tempo_spread=0.0)
    other = Simulation(simulation.timelines, even, seed=simulation.seed)
    return np.mean(np.abs(stacked(simulation, "phases") - stacked(other, "phases")))


def far_context(simulation):
    """Mean context where the nearest instance is two reaches of the default away."""
    found = []
    for video in simulation:
        weights = video.weights()
        busy = np.flatnonzero(weights.action.any(axis=1))
        if busy.size:
            distance = np.abs(np.arange(len(video))[:, None] - busy).min(axis=1)
            found.append(weights.contexts.sum(axis=1)[distance * 0.64 > 6.0])
    return np.mean(np.concatenate(found))


def smoothness(simulation):
    """Variance over the mean square of the step from one snippet to the next."""
    steps, spread = [], []
    for video in simulation:
        found = video.read().astype(np.float64)
        steps.append(np.mean(np.square(np.diff(found, axis=0))))
        spread.append(np.mean(found.var(axis=0)))
    return np.sum(spread) / np.sum(steps)


def mean_context_cosine(simulation):
    return mean_cosine(simulation.vocabulary.contexts)


def leaked_share(simulation):
    """Share of videos with a context and no action of its class anywhere."""
    seen = []
    for video in simulation:
        weights = video.weights()
        seen.append((weights.contexts.any(axis=0) & ~weights.action.any(axis=0)).any())
    return np.mean(seen)


def rank(simulation):
    return np.linalg.matrix_rank(features(simulation), tol=1e-2)


def largest_mode(simulation):
    return stacked(simulation, "modes").max(axis=1).mean()


def burst_share(simulation):
    """Mean share of a snippet that bursts fill."""
    return stacked(simulation, "distractors").sum(axis=(1, 2)).mean()


def burst_cosine(simulation):
    """Mean cosine of what is seen in a burst with the phase that it resembles."""
    weights = stacked(simulation, "distractors").reshape(-1, simulation.vocabulary.salience.size)
    alone = (weights > 0).sum(axis=1) == 1
    found, like = features(simulation)[alone], weights[alone].argmax(axis=1)
    phases = simulation.vocabulary.phases.reshape(-1, found.shape[1])[like]
    lengths = np.linalg.norm(found, axis=1) * np.linalg.norm(phases, axis=1)
    return np.mean(np.sum(found * phases, axis=1) / lengths)


def rms_of_video_means(simulation):
    means = np.stack([video.read().mean(axis=0, dtype=np.float64) for video in simulation])
    return np.sqrt(np.mean(np.square(means)))


def rms_about_video_means(simulation):
    parts = [video.read().astype(np.float64) for video in simulation]
    return np.sqrt(np.mean([np.mean(np.square(p - p.mean(axis=0))) for p in parts]))


def excited_share(simulation):
    return np.mean(features(simulation).max(axis=0) > 1e-6)


def share_not_negative(simulation):
    return np.mean(features(simulation) >= 0)
