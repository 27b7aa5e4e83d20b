"""A rule of DESIGN section 5 has one body, which both backends call (docs/numerics.md lists them).

Each rule here names the file that defines it and how its body can be told: by a pattern over code
without comments. The pattern may match in that file alone. What this cannot see is a body that is
written quite differently; the tests that hold the backends to each other are there for that.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import NamedTuple

import pytest

from checks.sources import CPP_ENDINGS, REPOSITORY, bare_code, files, places

LIBRARY = [*files("csrc", CPP_ENDINGS)]
# Outside the core, video scores have two forms, which tests hold to the core's: training's, which
# can be differentiated and is exported, and that of a CAS on a GPU, which stays there.
ON_GPU = REPOSITORY / "python/basnet_rt/postprocessing/gpu_batch.py"
RUNTIME = [path for path in files("python/basnet_rt", {".py"}) if path != ON_GPU]
FORMULAS = REPOSITORY / "csrc/src/formulas"


class Rule(NamedTuple):
    """`planted` are second bodies, each of which the pattern must find."""

    file: str
    pattern: str
    planted: tuple[str, ...]
    elsewhere: tuple[str, ...] = ()  # files that may say it too, and do not decide it


RULES = {
    "order of results": Rule(
        "order.h",
        r"\bstart\s*!=|!=\s*[\w.\[\]]*\bstart\b",
        (
            "if (a.segment.start != b.segment.start) return a.segment.start < b.segment.start;",
            "if (segments[i].start != segments[j].start) {",
        ),
    ),
    "gate": Rule(
        "gate.h",
        r">=\s*(\w+\.)*class_threshold|if \(.*\bkeep_top1",
        (
            "passes[c] = scores[c] >= config.class_threshold;",
            "if (!any && config.keep_top1) best();",
            "if (!settings.keep_top1) return false;",
        ),
        ("csrc/src/settings/config.cpp",),
    ),
    "video score: how many snippets": Rule(
        "video_score.h",
        r"/\s*(\w+\.)*topk_divisor",
        ("const auto k = std::max<std::int64_t>(1, count / settings.topk_divisor);",),
    ),
    "video score: softmax and sigmoid": Rule(
        "video_score.h",
        r"1\.0 / \(1\.0 \+|exp\([\w\[\].]+ - top\)|\.softmax\(|\.sigmoid\(",
        (
            "score = 1.0 / (1.0 + std::exp(-score));",
            "for (double& value : values) sum += value = std::exp(value - top);",
            "const at::Tensor scores = softmax ? means.softmax(0) : means.sigmoid();",
        ),
    ),
    "merge gap": Rule(
        "formulas.h",
        r"[<>]=?\s*(\w+\.)*merge_gap_?\b",
        (
            "if (!spans.empty() && span.start - spans.back().end < merge_gap) {",
            "if (distance(root_end_, at) >= merge_gap_) emit(sink);",
        ),
    ),
    "touch": Rule(
        "level_merge.h",
        r"!\(span\.end > span\.start\)|span\.end <= span\.start",
        ("if (!(span.end > span.start)) return;  // a touch",),
    ),
    "slip: class 0 alone": Rule(
        "released_slips.h",
        r"static_cast<float>\((\w+\.)*class_threshold\)|predicted\[0\] == 0",
        (
            "const auto threshold = static_cast<float>(config.class_threshold);",
            "if (predicted.size() == 1 && predicted[0] == 0) predicted.clear();",
        ),
    ),
    "slip: sample 0 alone": Rule(
        "released_slips.h",
        r"== 1 && \w+(\[0\]\.last == 0|_end == 1)",
        (
            "if (runs.size() == 1 && runs[0].last == 0) continue;",
            "begins[level + 1] = count == 1 && last_end == 1 ? 0 : count;",
        ),
    ),
    "sliding extremes": Rule(
        "sliding_extremes.h",
        r"back\(\)(\.value)?\s*[<>]=|newer [<>]= older|<= (\w+\.)*least\b|>= (\w+\.)*largest\b",
        (
            "while (!rising.empty() && rising.back().value >= value) rising.pop_back();",
            "if (begins || x <= state_.least) {",
        ),
    ),
    "min-max range": Rule(
        "normalisation.h",
        r"\?\s*span\s*:\s*1\.0|\w+ > 0\.0f \? \w+ : 0\.0f",
        ("const float lo = min > 0.0f ? min : 0.0f;",),
    ),
    "snippets of a horizon": Rule(
        "normalisation.h",
        r"\+ 1e-9",
        ("const double snippets = std::floor(horizon / snippet_seconds + 1e-9);",),
    ),
    "decision latency": Rule(
        "latency.h",
        r"decided(\[\w+\])?\s*\+\s*[13]\b",
        (
            "const auto seen = std::min(found.decided[i] + 1 + kAhead, arrived);",
            "seen = np.minimum(found.decided + 3, arrived)",
        ),
    ),
    "crossing": Rule(
        "formulas.h",
        r"\(threshold - y0?\) / \(y1? - y0?\)|>= threshold && \(threshold > 0",
        (
            "return (threshold - y0) / (y1 - y0);",
            "return y >= threshold && (threshold > 0.0 || y > 0.0);",
        ),
    ),
    "end of a section": Rule(
        "video_section.h",
        r"end = \{\w+( - 1)?, 0\.5\}",
        ("section.end = {last, 0.5};",),
    ),
}


def bodies(rule: Rule, paths: list[Path]) -> list[str]:
    """Places outside the rule's own file."""
    pattern = re.compile(rule.pattern)
    own = {FORMULAS / rule.file, *(REPOSITORY / name for name in rule.elsewhere)}
    return [place for path in paths if path not in own for place in places(path, pattern)]


@pytest.mark.parametrize("name", RULES)
def test_a_rule_has_one_body(name: str):
    assert bodies(RULES[name], LIBRARY) == []


TOP_K_MEAN = re.compile(r"\.topk\(|\bargpartition\(|\bnp\.partition\(|=.*//\s*[\w.]*topk_divisor\b")


def scores_in(code: str) -> bool:
    return TOP_K_MEAN.search(code) is not None


def test_python_computes_no_video_scores():
    assert [path.name for path in RUNTIME if scores_in(path.read_text())] == []
    assert scores_in(ON_GPU.read_text())


@pytest.mark.parametrize("line", ["best = cas.topk(k, dim=0)", "k = len(cas) // m.topk_divisor"])
def test_video_scores_planted_in_python_are_found(line: str):
    assert scores_in(f"def f():\n    {line}\n")


@pytest.mark.parametrize("name", RULES)
def test_the_pattern_still_matches_the_body_itself(name: str):
    """Catches a check that has stopped checking: the body was rewritten, and the pattern not."""
    rule = RULES[name]
    assert places(FORMULAS / rule.file, re.compile(rule.pattern)) != []


@pytest.mark.parametrize("name", RULES)
def test_a_planted_second_body_is_found(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("checks.sources.REPOSITORY", tmp_path)
    for i, line in enumerate(RULES[name].planted):
        file = tmp_path / f"planted_{i}.cpp"
        file.write_text(f"void f() {{\n  {line}\n}}\n")
        assert len(bodies(RULES[name], [file])) == 1, line
        file.with_suffix(".h").write_text(f"// {line}\n")
        assert bodies(RULES[name], [file.with_suffix(".h")]) == []
    bare_code.cache_clear()


def test_the_table_of_the_docs_names_every_file_of_formulas():
    """Catches a formula that nobody finds, and a row for what is gone."""
    page = (REPOSITORY / "docs/numerics.md").read_text()
    listed = set(re.findall(r"`formulas/(\w+\.h)`", page))
    there = {path.name for path in FORMULAS.iterdir()}
    assert listed == there
