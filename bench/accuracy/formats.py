"""Round trips of every format on cctv_fights results: the readers, and the errors of times.

    python -m bench.accuracy.formats

Runs tests/python/formats/test_independent_readers.py and writes the results of its comparisons into
docs/formats.md: each file was written by this package and read by the named library.
"""

from __future__ import annotations

import sys
from collections import defaultdict
from typing import Any

import pytest

from basnet_rt.formats import FORMATS
from bench.tables import DOCS, REPOSITORY, markdown_table, replace_section

PAGE = DOCS / "formats.md"
TESTS = REPOSITORY / "tests/python/formats/test_independent_readers.py"
LIMITS = {
    "rttm": "1.5 us",
    **dict.fromkeys(("webvtt", "elan"), "0.5 ms"),
    **dict.fromkeys(("edl", "otio", "label-studio"), "half a frame"),
}
Measured = dict[tuple[str, str, str], float]


class Collector:
    """The largest error by format, reader and rate."""

    def __init__(self) -> None:
        self.worst: Measured = defaultdict(float)

    def pytest_runtest_logreport(self, report: Any) -> None:
        for name, value in report.user_properties if report.when == "call" else ():
            if name == "round trip":
                *key, error = value
                self.worst[tuple(key)] = max(self.worst[tuple(key)], error)


def table(worst: Measured) -> str:
    """One line for each format, reader and frame rate; by the order of the registry."""
    order = {name: i for i, name in enumerate(FORMATS)}
    header = ["format", "written, then read by", "frame rate", "stated limit", "worst seen"]
    rows = [
        [f"`{name}`", reader, rate if name in LIMITS and "frame" in LIMITS[name] else "any",
         LIMITS.get(name, "exact"), shown(error)]
        for (name, reader, rate), error in sorted(worst.items(), key=lambda one: order[one[0][0]])
    ]  # fmt: skip
    return markdown_table(header, rows)


def losses() -> str:
    """The fields that are lost, from the registry itself."""
    header = ["format", "ending", "files", "needs the rate", "does not come back"]
    rows = [
        [f"`{one.name}`", f"`{one.suffix}`", "one" if one.many else "one a video",
         "yes" if one.counts_frames else "no", one.loses]
        for one in FORMATS.values()
    ]  # fmt: skip
    return markdown_table(header, rows).replace("---:", "---")


def shown(seconds: float) -> str:
    return "0" if seconds == 0 else f"{1e3 * seconds:.3g} ms"


def main() -> None:
    """Run the tests and write the table; fails if a test fails."""
    collector = Collector()
    status = pytest.main(["-q", str(TESTS), "-p", "no:cacheprovider"], plugins=[collector])
    if status != 0:
        sys.exit(f"{TESTS} failed")
    replace_section(PAGE, "formats", losses())
    replace_section(PAGE, "round_trips", table(collector.worst))


if __name__ == "__main__":
    main()
