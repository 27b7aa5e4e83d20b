"""One table of the results of bench/cuda/run_all.sh, printed and written beside them.

    python -m bench.cuda.table build/gpu/results [--docs]

With --docs it goes into docs/cuda.md; results of a smoke test do not.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any

from bench.tables import DOCS, markdown_table, replace_section

PAGE = DOCS / "cuda.md"
SECTION = "cuda-results"


def verdicts(folder: Path) -> str:
    path = folder / "verdicts.tsv"
    lines = path.read_text(encoding="utf-8").splitlines() if path.exists() else []
    return markdown_table(["part", "verdict", "time"], [line.split("\t") for line in lines])


def milliseconds(row: dict[str, Any]) -> str:
    """median [quartiles]"""
    middle, low, high = (row[name] * 1e3 for name in ("median", "low", "high"))
    digits = max(0, 3 - len(str(int(middle))))
    return f"{middle:.{digits}f} [{low:.{digits}f}, {high:.{digits}f}]"


def timings(results: list[dict[str, Any]]) -> str:
    rows = [
        [
            row["part"],
            row["what"],
            milliseconds(row),
            "" if row["ratio"] is None else f"{row['ratio']:.1f}x",
        ]
        for result in results
        for row in result["rows"]
    ]
    header = ["work", "what", "ms: median [quartiles]", "times as fast as the first of its kind"]
    return markdown_table(header, rows)


def page(folder: Path) -> tuple[str, bool]:
    """The whole text, and whether it is of a GPU."""
    files = sorted(folder.glob("*.json"))
    results = [json.loads(file.read_text(encoding="utf-8")) for file in files]
    machines = "; ".join(dict.fromkeys(result["machine"] for result in results))
    real = bool(results) and not any(result["smoke"] for result in results)
    parts = [machines or "no benchmark came to its end", verdicts(folder), timings(results)]
    return "\n\n".join(parts), real


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--docs", action="store_true", help="put it into docs/cuda.md")
    options = parser.parse_args()
    text, real = page(options.folder)
    (options.folder / "table.md").write_text(text + "\n", encoding="utf-8")
    print(text)
    if not options.docs:
        return
    if not real:
        raise SystemExit("not written to docs/cuda.md: these are no results of a GPU")
    replace_section(PAGE, SECTION, text)


if __name__ == "__main__":
    main()
