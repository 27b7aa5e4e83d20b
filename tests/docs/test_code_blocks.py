"""Every code block of README.md and docs/ runs as it stands.

The blocks of a page run in its order, in a folder of its own that holds the files of playground.py.
What does not run says why, see blocks.py; `pytest tests/docs` lists those.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from dataclasses import asdict
from pathlib import Path

import pytest

from docs.blocks import PYTHON, blocks_of, name_of, pages

RUNNER = Path(__file__).with_name("run_page.py")
WITH_CODE = [
    page for page in pages() if any(b.runs for b in blocks_of(page.read_text(), name_of(page)))
]


@pytest.mark.parametrize("page", WITH_CODE, ids=name_of)
def test_the_blocks_of_a_page_run(page, playground, environment, tmp_path):
    """Catches an option that was renamed, a step that was left out, a name that moved."""
    folder = tmp_path / "page"
    shutil.copytree(playground, folder)
    blocks = [block for block in blocks_of(page.read_text(), name_of(page)) if block.runs]
    plain = [
        {**asdict(b), "place": b.place, "language": "python" if b.language in PYTHON else "sh"}
        for b in blocks
    ]
    (tmp_path / "blocks.json").write_text(json.dumps(plain))
    command = [sys.executable, str(RUNNER), str(tmp_path / "blocks.json")]
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr[-6000:]
    assert len(done.stdout.splitlines()) >= len(blocks)


def test_readme_and_the_tutorial_have_code():
    """Catches a change of the fences after which nothing would run any more."""
    assert {"README.md", "docs/tutorial.md", "docs/formats.md"} <= {name_of(p) for p in WITH_CODE}


@pytest.mark.parametrize("page", pages(), ids=name_of)
def test_what_does_not_run_says_why(page):
    for block in blocks_of(page.read_text(), name_of(page)):
        assert block.reason is None or len(block.reason) >= 10, block.place


PAGE = """
```python
a = 1
```

<!-- not run: needs a second machine -->

```sh
exit 1
```

- item

  ~~~bash
  echo `x`
  ~~~

```yaml
b: 2
```
"""


def test_blocks_are_found_with_their_lines_and_reasons():
    found = blocks_of(PAGE, "p")
    assert [(b.line, b.language, b.runs) for b in found] == [
        (3, "python", True), (9, "sh", False), (15, "bash", True), (19, "yaml", False)
    ]  # fmt: skip
    assert found[1].reason == "needs a second machine"
    assert found[2].code == "echo `x`\n"


@pytest.mark.parametrize("text", ["```sh\ntrue\n", "<!-- not run: because it is slow -->\ntext\n",
                                  "<!-- not run: because it is slow -->\n"])  # fmt: skip
def test_what_would_be_skipped_by_mistake_is_refused(text):
    with pytest.raises(ValueError, match="p"):
        blocks_of(text, "p")


@pytest.mark.parametrize(
    ("language", "code", "why"),
    [("sh", "true\nfalse\ntrue", "exit code 1"), ("sh", "false | true", "exit code 1"),
     ("sh", "echo $absent", "absent"), ("python", "1 / 0", "ZeroDivisionError")],
)  # fmt: skip
def test_a_failing_block_fails_and_is_named(tmp_path, language, code, why):
    """Catches a runner that looks at the last line's exit code alone."""
    blocks = [{"language": language, "code": code, "place": "page.md:7"}]
    (tmp_path / "b.json").write_text(json.dumps(blocks))
    done = subprocess.run(
        [sys.executable, str(RUNNER), str(tmp_path / "b.json")], capture_output=True, text=True
    )
    assert done.returncode == 1
    assert "page.md:7 failed" in done.stderr
    assert why in done.stderr
