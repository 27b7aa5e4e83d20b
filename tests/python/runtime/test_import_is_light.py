"""What `import basnet_rt` may cost. Each check runs in an interpreter of its own."""

from __future__ import annotations

import json
import subprocess
import sys

HEAVY = {"torch", "typer", "rich", "pydantic", "h5py", "pandas", "scipy"}
USES = [
    "basnet_rt.load, basnet_rt.Model, basnet_rt.Localizer, basnet_rt.evaluate",
    "basnet_rt.PostprocessConfig()",
]


def loaded_modules(code: str) -> set[str]:
    """Top-level modules that are loaded after `code` has run."""
    show = "import json, sys; print(json.dumps([m.split('.')[0] for m in sys.modules]))"
    done = subprocess.run([sys.executable, "-c", f"{code}; {show}"], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return set(json.loads(done.stdout))


def test_import_needs_numpy_alone():
    """Catches an import of torch or a CLI package at module level: a wheel installed alone would
    fail, and every start would take two seconds more."""
    modules = loaded_modules("; ".join(["import basnet_rt", *USES]))
    assert "numpy" in modules
    assert not modules & HEAVY


def test_help_does_not_load_torch():
    """Catches a command that imports torch before it has anything to do."""
    run = "import sys; from basnet_rt.cli.app import app; app(['--help'], standalone_mode=False)"
    done = subprocess.run(
        [sys.executable, "-c", f"{run}; sys.exit('torch' in sys.modules)"], capture_output=True
    )
    assert done.returncode == 0, done.stderr
