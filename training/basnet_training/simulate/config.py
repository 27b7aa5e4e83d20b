"""The dials, which are the settings of the simulator: documented fields with checked ranges.

The defaults are chosen for realism, not for any method's benefit; the text of each field gives the
reason. Strengths are root mean squares over channels, so they compare with `white_noise` directly.
Against white noise, the separability of a snippet grows with the square root of `feature_dim`.
Against `scene_noise`, `drift_noise` and `style_noise` it does not grow: these lie in few
directions, as lighting, camera motion and clothing do.
"""

from __future__ import annotations

import dataclasses
import math
from typing import Any

from basnet_rt import InvalidValue


def dial(default: float, low: float, high: float, text: str) -> Any:
    """A dataclass field with its closed range [low, high] and its documentation as metadata."""
    return dataclasses.field(
        default=default, metadata={"low": low, "high": high, "text": " ".join(text.split())}
    )


@dataclasses.dataclass(frozen=True)
class SimulationConfig:
    """All dials of simulated features. Frozen; the values are checked on creation.

    Raises:
        InvalidValue: a value has the wrong kind, is not finite or is out of range; the message
            names the dial.
    """

    feature_dim: int = dial(2048, 2, 65536, "channels F of a feature; 2048 is I3D RGB+flow")
    fps: float = dial(25.0, 1, 240, "frames a second of the imagined video")
    snippet_frames: int = dial(16, 1, 1024, "frames a snippet, and between snippet starts")

    phases: int = dial(4, 1, 16, "sub-actions an instance passes through, e.g. run-up, jump, fall")
    weakest_phase: float = dial(
        0.4, 0, 1, "strength of a class's weakest phase over that of its strongest: a model that "
        "learns from tags alone tends to find only the strongest"
    )  # fmt: skip
    action_strength: float = dial(0.7, 0, 10, "RMS of the action in a snippet it fills")
    action_common: float = dial(
        0.3, 0, 1, "share of every phase that all classes have in common: people moving fast"
    )
    strength_spread: float = dial(
        0.3, 0, 2, "log-normal sigma of the strength from instance to instance: size, occlusion"
    )
    tempo_spread: float = dial(
        0.3, 0, 2, "log-normal sigma of the exponent that warps an instance's progress in time"
    )
    style_noise: float = dial(
        0.3, 0, 10, "RMS of what a video's instances of a class share beyond the class: clothes"
    )

    context_strength: float = dial(
        0.4, 0, 10, "RMS of a class's context, which is not the action: the track, the pool; less "
        "than the action's, for the extractors are trained to see actions"
    )  # fmt: skip
    context_reach_seconds: float = dial(
        6.0, 0.01, 3600, "context falls off by e in this time from the nearest instance"
    )
    context_floor: float = dial(
        0.3, 0, 1, "context's presence far from any instance, in a video that has the class"
    )
    context_in_action: float = dial(
        0.7, 0, 1, "context still in view while the action runs; the camera moves closer"
    )
    context_cut_seconds: float = dial(
        8.0, 0.01, 3600, "time scale on which the camera turns to and from the context"
    )
    context_group: int = dial(
        4, 1, 1000, "classes that share a place: high jump, long jump, pole vault, discus"
    )
    context_sharing: float = dial(
        0.5, 0, 1, "share of a context that its group has in common; 0: every class has its own"
    )
    context_leak: float = dial(
        0.2, 0, 1, "chance that a video shows the context of one class that does not occur in it"
    )

    background_modes: int = dial(12, 1, 1000, "backgrounds shared by all videos: crowd, face, sky")
    background_strength: float = dial(0.8, 0, 10, "RMS of the background where no action hides it")
    background_seconds: float = dial(10.0, 0.01, 3600, "time scale on which the mixture changes")
    background_sharpness: float = dial(
        2.5, 0, 100, "0: an even mixture of the modes; large: one mode at a time, with cuts"
    )
    occlusion: float = dial(0.5, 0, 1, "share of the background that a full action hides")

    distractor_rate: float = dial(
        1.5, 0, 600, "bursts a minute that resemble a phase of a class that does not occur"
    )
    distractor_seconds: float = dial(1.5, 0.01, 600, "median length of a burst")
    distractor_strength: float = dial(0.7, 0, 10, "RMS of a burst, in a snippet it fills")
    distractor_similarity: float = dial(
        0.6, 0, 1, "share of a burst that is the other class's phase; the rest is its own"
    )

    scene_noise: float = dial(0.25, 0, 10, "RMS of what is constant over a video: light, codec")
    drift_noise: float = dial(0.25, 0, 10, "RMS of what drifts slowly over a video: camera motion")
    drift_seconds: float = dial(5.0, 0.01, 3600, "time scale of the drift")
    nuisance_rank: int = dial(24, 1, 4096, "directions that scene, drift and style live in")
    white_noise: float = dial(0.5, 0, 10, "standard deviation per channel and snippet")

    density: float = dial(
        0.2, 0.01, 1, "share of channels that a phase, context or background excites: I3D's last "
        "layer is a ReLU and mostly near zero"
    )  # fmt: skip
    rectify: bool = dial(True, False, True, "clip at zero, as I3D's ReLU does")

    def __post_init__(self) -> None:
        check_dials(self)

    @property
    def snippet_seconds(self) -> float:
        """Time between the starts of two snippets, in seconds."""
        return self.snippet_frames / self.fps

    def to_dict(self) -> dict[str, Any]:
        """Every dial by name, ready for JSON."""
        return dataclasses.asdict(self)


def check_dials(dials: Any) -> None:
    """Check kind and range of every field of a dataclass made of `dial` fields."""
    for field in dataclasses.fields(dials):
        _check(field, getattr(dials, field.name))


def _check(field: dataclasses.Field[Any], value: object) -> None:
    kind = type(field.default)
    low, high = field.metadata["low"], field.metadata["high"]
    accepted = (int, float) if kind is float else (kind,)
    right_kind = isinstance(value, accepted) and (kind is bool or not isinstance(value, bool))
    if not right_kind or not math.isfinite(value) or not low <= value <= high:  # type: ignore[arg-type]
        raise InvalidValue(
            f"{field.name} = {value!r}: expected {kind.__name__} in [{low}, {high}]"
            f" ({field.metadata['text']})"
        )
