"""Streams: the latency of their decisions, its cost in accuracy, and the capacity of a machine."""

from bench.tables import DOCS

PAGE = DOCS / "streaming_measured.md"
