"""What `import basnet_rt` may cost. Each check runs in an interpreter of its own."""

from __future__ import annotations

import ast
import json
import subprocess
import sys
from pathlib import Path

import pytest

import basnet_rt
from basnet_rt.cli.app import HOMES

HEAVY = {"torch", "typer", "rich", "pydantic", "h5py", "pandas", "scipy"}
USES = [
    "basnet_rt.load, basnet_rt.Model, basnet_rt.Localizer, basnet_rt.evaluate",
    "basnet_rt.PostprocessConfig()",
]


def loaded_modules(code: str) -> set[str]:
    """Modules that `code` loads, beyond those that the interpreter starts with."""
    before = "import json, sys; before = set(sys.modules)"
    show = "print(json.dumps([m for m in sys.modules if m not in before]))"
    program = f"{before}; {code}; {show}"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return set(json.loads(done.stdout))


def packages(modules: set[str]) -> set[str]:
    return {name.split(".")[0] for name in modules}


def test_import_alone_loads_nothing_of_the_package_and_no_numpy():
    """Catches an import that became eager: the whole package takes half a second."""
    modules = loaded_modules("import basnet_rt")
    assert {name for name in modules if name.startswith("basnet")} == {"basnet_rt"}
    assert packages(modules) - sys.stdlib_module_names == {"basnet_rt"}


@pytest.mark.parametrize("name", ["Error", "PostprocessConfig", "postprocess", "read_results"])
def test_a_name_loads_no_other_rooms(name: str):
    """Catches a name that brings the whole package: videos, streams and training stay out."""
    modules = loaded_modules(f"from basnet_rt import {name}")
    foreign = ("extractors", "video", "stream", "localize", "analysis", "report", "cli")
    assert {m for m in modules if m.startswith(tuple(f"basnet_rt.{f}" for f in foreign))} == set()


def test_import_needs_numpy_alone():
    """Catches an import of torch or a CLI package at module level: a wheel installed alone would
    fail, and every start would take two seconds more."""
    modules = packages(loaded_modules("; ".join(["import basnet_rt", *USES])))
    assert "numpy" in modules
    assert not modules & HEAVY


def test_help_does_not_load_torch():
    """Catches a command that imports torch before it has anything to do."""
    run = "import sys; from basnet_rt.cli.app import app; app(['--help'], standalone_mode=False)"
    done = subprocess.run(
        [sys.executable, "-c", f"{run}; sys.exit('torch' in sys.modules)"], capture_output=True
    )
    assert done.returncode == 0, done.stderr


def test_a_command_imports_no_other_command():
    """Catches a start that imports all commands: that takes twice as long."""
    run = "from basnet_rt.cli.app import app; app(['info', '--help'], standalone_mode=False)"
    done = subprocess.run(
        [sys.executable, "-c", f"import sys; {run}; print(*sys.modules)"],
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    loaded = set(done.stdout.splitlines()[-1].split())
    commands = set(HOMES.values()) - {HOMES["info"]}
    assert HOMES["info"] in loaded
    assert loaded & commands == set()


def names_for_type_checkers() -> set[str]:
    """What `__init__.py` imports under TYPE_CHECKING."""
    tree = ast.parse(Path(basnet_rt.__file__).read_text())
    block = next(node for node in tree.body if isinstance(node, ast.If))
    return {alias.name for node in block.body for alias in node.names}


def test_all_lists_of_public_names_agree():
    """Catches a name that works, and that an editor or mypy does not know, or the reverse."""
    assert set(basnet_rt.__all__) == set(basnet_rt._HOMES) == names_for_type_checkers()
    assert set(basnet_rt.__all__) <= set(dir(basnet_rt))


@pytest.mark.parametrize("name", [*basnet_rt.__all__, *sorted(basnet_rt._ROOMS)])
def test_every_public_name_is_there(name: str):
    assert basnet_rt.__getattr__(name) is getattr(basnet_rt, name)


def test_no_public_name_is_that_of_a_module():
    """Catches a package `postprocess`: importing it would replace the function of that name."""
    folder = Path(basnet_rt.__file__).parent
    modules = {path.stem for path in folder.iterdir() if path.suffix in ("", ".py")}
    assert modules & set(basnet_rt.__all__) == set()


def test_an_unknown_name_is_an_attribute_error():
    with pytest.raises(AttributeError, match="'basnet_rt' has no attribute 'postproces'"):
        basnet_rt.postproces  # noqa: B018
