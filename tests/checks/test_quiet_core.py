"""The library never prints, exits or aborts: it is part of somebody else's program."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

from checks.sources import CPP_ENDINGS, files, name, places

LIBRARY = files("csrc", CPP_ENDINGS)
PYTHON_LIBRARY = [p for p in files("python/basnet_rt", {".py"}) if "cli" not in p.parts]
LOUD = re.compile(
    r"\bstd::(cout|cerr|clog|cin|terminate)\b|#\s*include\s*<(iostream|cassert|assert\.h)>"
    r"|(?<!_)\b(printf|fprintf|puts|fputs|putchar|perror|assert|abort|exit|_Exit|quick_exit)\s*\("
)


@pytest.mark.parametrize("path", LIBRARY, ids=name)
def test_cpp_neither_prints_nor_ends_the_process(path: Path):
    assert places(path, LOUD) == []


@pytest.mark.parametrize("path", PYTHON_LIBRARY, ids=name)
def test_python_neither_prints_nor_ends_the_process(path: Path):
    """Outside the command line programs, that is."""
    loud = {"print", "exit", "quit", "sys.exit", "os._exit", "sys.stdout.write"}
    calls = [node for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, ast.Call)]
    assert [ast.unparse(call) for call in calls if ast.unparse(call.func) in loud] == []


def test_the_pattern_finds_what_it_is_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("checks.sources.REPOSITORY", tmp_path)
    loud, quiet = tmp_path / "loud.cpp", tmp_path / "quiet.cpp"
    loud.write_text('std::cerr << "x";\nabort();\nassert(ok);\n#include <iostream>\n')
    quiet.write_text('// abort()\nstatic_assert(true);\nfail("exit(1)");\non_exit_of(x);\n')
    assert len(places(loud, LOUD)) == 4
    assert places(quiet, LOUD) == []
