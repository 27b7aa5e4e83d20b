"""Joined extractors: a video is decoded once, and a row has the features of all of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from basnet_rt._errors import InvalidValue
from basnet_rt.extractors.interface import Extractor, Features, Session
from basnet_rt.features.extractor_spec import ExtractorSpec
from basnet_rt.video.frames import Frame

VERSION = 1


class JoinedExtractor:
    """Concatenated rows of all parts; each part gives the same bits as alone.

    Args:
        parts: two or more, with the same snippets, in the order of their channels.

    Raises:
        ValueError: the snippets of two parts differ.
    """

    def __init__(self, parts: Sequence[Extractor]) -> None:
        specs = tuple(part.spec for part in parts)
        first = specs[0]
        for spec in specs[1:]:
            if _timing(spec) != _timing(first):
                raise InvalidValue(
                    f"extractors {first.name} and {spec.name}: to be joined, both must have the "
                    f"same snippets; they have {_said(first)}, and {_said(spec)}: set fps, "
                    "snippet_frames and snippet_stride"
                )
        self._parts = tuple(parts)
        self._spec = replace(
            first,
            name="+".join(spec.name for spec in specs),
            version=VERSION,
            feature_dim=sum(spec.feature_dim for spec in specs),
            settings={},
            parts=specs,
        )

    @property
    def spec(self) -> ExtractorSpec:
        return self._spec

    def start(self) -> JoinedSession:
        return JoinedSession(self._spec, [part.start() for part in self._parts])


class JoinedSession:
    """One video; see `Session`. A row is returned once every part has made it."""

    def __init__(self, spec: ExtractorSpec, sessions: Sequence[Session]) -> None:
        self._dim, self._sessions = spec.feature_dim, sessions
        # Rows of each part that another part has not made yet.
        self._waiting: list[Features] = [
            np.empty((0, part.feature_dim), np.float32) for part in spec.parts
        ]

    def prepare(self, frame: Frame) -> tuple[Any, ...]:
        """
        Raises:
            ValueError: the frame does not have one picture for each part.
        """
        images = (frame.image, *frame.others)
        if len(images) != len(self._sessions):
            raise InvalidValue(
                f"frame {frame.index}: {len(images)} pictures for {len(self._sessions)} joined "
                "extractors; read_frames makes them with frames=spec.formats"
            )
        return tuple(
            session.prepare(replace(frame, image=image, others=()))
            for session, image in zip(self._sessions, images, strict=True)
        )

    def push(self, prepared: tuple[Any, ...]) -> Features:
        pairs = zip(self._sessions, prepared, strict=True)
        return self._joined([session.push(one) for session, one in pairs])

    def finish(self) -> Features:
        return self._joined([session.finish() for session in self._sessions])

    def _joined(self, rows: Sequence[Features]) -> Features:
        waiting = [np.concatenate(two) for two in zip(self._waiting, rows, strict=True)]
        count = min(len(one) for one in waiting)
        self._waiting = [one[count:] for one in waiting]
        return np.concatenate([one[:count] for one in waiting], axis=1)


def shared_settings(
    settings: Mapping[str, Any], parts: Sequence[tuple[str, set[str]]]
) -> list[dict[str, Any]]:
    """The settings of a joined extractor, for each of its parts.

    `fps=25` is for every part with that setting, `cnn.batch=4` only for the part `cnn`.

    Args:
        parts: name and known settings of each.

    Raises:
        ValueError: no part has such a setting; names the known ones.
    """
    given: list[dict[str, Any]] = [{} for _ in parts]
    for key, value in settings.items():
        part, dot, setting = key.rpartition(".")
        taken = [
            number
            for number, (name, known) in enumerate(parts)
            if setting in known and (not dot or name == part)
        ]
        if not taken:
            there = "; ".join(f"{name} has {', '.join(sorted(known))}" for name, known in parts)
            raise InvalidValue(f"no extractor of those joined has the setting {key}: {there}")
        for number in taken:
            given[number][setting] = value
    return given


def _timing(spec: ExtractorSpec) -> tuple[float, int, int]:
    return spec.fps, spec.snippet_frames, spec.snippet_stride


def _said(spec: ExtractorSpec) -> str:
    return f"{spec.snippet_frames} frames {spec.snippet_stride} apart at {spec.fps:g} a second"
