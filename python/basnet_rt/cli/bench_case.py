"""One case of `basnet-rt bench` as a process: `python -m basnet_rt.cli.bench_case JSON`."""

from __future__ import annotations

import json
import sys
from dataclasses import asdict

import numpy as np

from basnet_rt._errors import Error
from basnet_rt.benchmark.cases import Setup
from basnet_rt.benchmark.one_case import run


def main() -> int:
    """Run the case given as JSON; print its measures as JSON, or the reason of a failure."""
    job = json.loads(sys.argv[1])
    try:
        found = run(job["bundle"], Setup(**job["case"]), np.load(job["wanted"]), job["budget"])
    except Error as error:
        sys.stderr.write(f"{error}\n")
        return 1
    sys.stdout.write(json.dumps(asdict(found)) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
