"""Keeps the smallest inputs of a long run of a C++ target as seeds of the tests.

    fuzz_NAME -merge=1 SMALL FOLDER       # libFuzzer: fewer inputs that reach the same code
    python tests/fuzz/keep.py NAME SMALL

It writes `corpus/NAME.txt`, an input on each line in hexadecimal digits, smallest first.
"""

from __future__ import annotations

import sys
from pathlib import Path

CORPUS = Path(__file__).with_name("corpus")
MOST = 24 << 10  # bytes of inputs


def main() -> None:
    name, folder = sys.argv[1:]
    inputs = {one.read_bytes() for one in Path(folder).iterdir() if one.is_file()}
    lines, size = [], 0
    for one in sorted(inputs, key=lambda one: (len(one), one)):
        size += len(one)
        if size > MOST:
            break
        lines.append(one.hex() + "\n")
    CORPUS.mkdir(exist_ok=True)
    (CORPUS / f"{name}.txt").write_text("".join(line for line in lines if line.strip()))
    print(f"{name}: {len(lines)} of {len(inputs)} inputs")


if __name__ == "__main__":
    main()
