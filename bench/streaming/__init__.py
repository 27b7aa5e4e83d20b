"""Streams: how late their decisions are, what that costs, and how many one machine holds."""

from bench.tables import DOCS

PAGE = DOCS / "streaming_measured.md"
