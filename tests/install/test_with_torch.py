"""The wheel beside torch: an example that trains, exports, localizes and evaluates runs on it."""

from __future__ import annotations

import json
import re
from pathlib import Path

from install.environments import Demo, run


def test_the_demo_runs_on_the_installed_wheel(torch_python: Path, demo: Demo, tmp_path: Path):
    """Catches what only a checkout has: a preset, a module or a program left out of the wheel."""
    place = run(torch_python, "-c", "import basnet_rt; print(basnet_rt.__file__)", cwd=tmp_path)
    assert place.startswith(str(torch_python.parents[1]))

    results = json.loads((demo.folder / "results.json").read_text())["results"]
    assert len(results) == 20
    found = re.search(r"^mAP \(%\).* ([0-9.]+)$", demo.printed, re.MULTILINE)
    assert found is not None, demo.printed
    assert float(found[1]) > 20.0  # a network that learned nothing has less than 5
    assert "simulated" in demo.printed
