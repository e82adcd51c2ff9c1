"""The tests of a night's beginning on its new code: which files are as they were, which in part. Pure.

Test files, snapshots and what belongs to them are taken from the beginning, and those that the night added are
left away. Settings of a runner are as they were too; of a file that says more than that, only its part.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import Any, Final

from tui.night.evidence.test_commands import may_be_a_suite
from tui.night.review.risks.test_syntax import is_test
from tui.system.lazy_pattern import lazy

_EXPECTED = lazy(
    r"(?:^|/)(?:__snapshots__|__fixtures__|__mocks__|testdata|test-data|goldens?)/"
    r"|\.(?:snap|ambr|golden)$|\.(?:approved|verified)\.\w+$"
)
_RUNNER_SETTINGS = lazy(
    r"(?:^|/)(?:pytest\.ini|tox\.ini|noxfile\.py|\.coveragerc|\.rspec|\.nycrc(?:\.\w+)?|\.mocharc[\w.]*|\.taprc"
    r"|(?:jest|vitest|karma|playwright|cypress|ava|wdio|jasmine|codecept)[\w.-]*\.(?:conf|config)[\w.]*"
    r"|cypress\.json|jasmine\.json|phpunit[\w.]*\.xml(?:\.dist)?|\.simplecov|bunfig\.toml)$"
)
_SCRIPT = lazy(r"(?:^|/)[\w-]+(?:\.(?:sh|bash|py|rb|pl|[cm]?[jt]s))?$")
# Product code may lie in such a folder too (numpy/testing), so it alone makes no file a test.
_TESTING = lazy(r"(?:^|/)testing/")
_INLINE = {
    ".rs": lazy(r"#\[(?:\w+::)?test\b|#\[cfg\(test\)\]"),
    ".zig": lazy(r'^\s*test\s+["{\w]', re.M),
    ".nim": lazy(r"when isMainModule|^\s*unittest\b", re.M),
    ".d": lazy(r"^\s*unittest\b", re.M),
}
CODE_WITH_TESTS: Final = tuple(_INLINE)
"""Endings of files of code that often hold their tests themselves."""


def is_of_tests(path: str) -> bool:
    """Whether a file is taken from the beginning as a whole: tests, what they expect, a runner's settings."""
    name = _TESTING.sub("/", path) if "testing/" in path else path
    if is_test(name) or _EXPECTED.search(path) or _RUNNER_SETTINGS.search(path):
        return True
    return _SCRIPT.search(path) is not None and may_be_a_suite(path, "script")


def has_inline_tests(path: str, text: str) -> bool:
    """Whether a file of code holds tests that cannot be taken from another time than it."""
    dot = path.rfind(".")
    pattern = _INLINE.get(path[dot:]) if dot >= 0 else None
    return pattern is not None and pattern.search(_TEST_MODULE.sub("", text)) is not None


def merger_of(path: str) -> Merger | None:
    """How a file that holds a runner's settings among others is put together; None for any other file."""
    name = path.rpartition("/")[2]
    if name in _MERGERS:
        return _MERGERS[name]
    if name.endswith(".rs"):
        return _with_test_modules
    return _with_recipes if name.endswith(".mk") else None


Merger = Callable[[str, str], str]
"""From the end's text and the beginning's to the end's with the beginning's settings of tests."""

# --- package.json ---

_SETTINGS_KEYS: Final = ("jest", "vitest", "mocha", "ava", "nyc", "c8", "tap", "jasmine", "cypress")
_ROUND_TESTS: Final = frozenset({"pretest", "posttest"})


def _with_scripts(end: str, base: str) -> str:
    new, old = _json_object(end), _json_object(base)
    if new is None or old is None:
        return end
    merged = {key: value for key, value in new.items() if key not in _SETTINGS_KEYS}
    merged.update({key: old[key] for key in _SETTINGS_KEYS if key in old})
    scripts, before = new.get("scripts"), old.get("scripts")
    if isinstance(scripts, dict) or isinstance(before, dict):
        now = scripts if isinstance(scripts, dict) else {}
        then = before if isinstance(before, dict) else {}
        added = {name: text for name, text in now.items() if name not in _ROUND_TESTS}
        merged["scripts"] = {**added, **then}
    return json.dumps(merged, indent=2, ensure_ascii=False) + "\n"


def _json_object(text: str) -> dict[str, Any] | None:
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        return None
    return found if isinstance(found, dict) else None


# --- sections: TOML and INI ---

_HEADER = lazy(r"^\[+([^\]\n]+)\]+[^\n]*$", re.M)
_TEST_SECTIONS = lazy(
    r"\s*[\"']?(?:tool[.:](?:pytest|coverage|tox|nox|hatch\.envs|poe|taskipy|pdm\.scripts|rye\.scripts"
    r"|pixi\.tasks|pixi\.feature)|pytest|coverage:|testenv|tox\b|nosetests|aliases)"
)


def _with_sections(end: str, base: str) -> str:
    kept = [text for name, text in _sections(end) if not _TEST_SECTIONS.match(name)]
    old = [text for name, text in _sections(base) if name and _TEST_SECTIONS.match(name)]
    return "".join(text if text.endswith("\n") else f"{text}\n" for text in (*kept, *old) if text)


def _sections(text: str) -> list[tuple[str, str]]:
    """What stands before the first header, and each section with its own."""
    starts = [(match.start(), match[1]) for match in _HEADER.finditer(text)]
    ends = [*(start for start, _ in starts[1:]), len(text)]
    head = ("", text[: starts[0][0]] if starts else text)
    return [
        head,
        *((name, text[start:end]) for (start, name), end in zip(starts, ends, strict=True)),
    ]


# --- recipes: make and just ---

_RULE = lazy(r"^@?([A-Za-z0-9_.][\w.%/ -]*?)(?:\s[^:=\n]*)?\s*::?(?!=)", re.M)
_OF_TESTS = lazy(
    r"(?:^|[-_.:])(?:tests?|check|checks|spec|specs|verify|ci|pytest|unit|e2e|coverage)(?:$|[-_.:])"
)


def _with_recipes(end: str, base: str) -> str:
    kept = [text for name, text in _rules(end) if not _OF_TESTS.search(name)]
    old = [text for name, text in _rules(base) if name and _OF_TESTS.search(name)]
    return "".join(text if text.endswith("\n") else f"{text}\n" for text in (*kept, *old) if text)


def _rules(text: str) -> list[tuple[str, str]]:
    """The lines of each rule, by its first target; what stands between rules has no name."""
    found: list[tuple[str, str]] = []
    for line in text.splitlines(keepends=True):
        rule = _RULE.match(line)
        is_inside = line[:1] in ("\t", " ") or not line.strip()
        if rule is not None:
            name = rule[1].split()[0]
            found.append((name, line))
        elif is_inside and found:
            found[-1] = (found[-1][0], found[-1][1] + line)
        else:
            found.append(("", line))
    return found


# --- test modules of Rust ---

_TEST_MODULE = lazy(r"^#\[cfg\(test\)\]\n(?:#\[[^\n]*\n)*mod \w+ \{\n.*?^\}\n?", re.M | re.S)


def _with_test_modules(end: str, base: str) -> str:
    modules = _TEST_MODULE.findall(base)
    if not modules and _TEST_MODULE.search(end) is None:
        return end
    code = _TEST_MODULE.sub("", end)
    return f"{code.rstrip()}\n\n{''.join(modules)}" if modules else code


_MERGERS: Final[dict[str, Merger]] = {
    "package.json": _with_scripts,
    **dict.fromkeys(("pyproject.toml", "setup.cfg"), _with_sections),
    **dict.fromkeys(("Makefile", "makefile", "GNUmakefile", "justfile", "Justfile"), _with_recipes),
}
