"""Settings of test runners: thresholds, where tests are looked for, what is left out."""

from __future__ import annotations

import re
from collections.abc import Iterator

from tui.model.records import FileChange, RepositoryChanges
from tui.night.review.risks.diff_view import (
    SEVERITY_ORDER,
    DiffLine,
    RiskFinding,
    diff_lines,
    excerpt,
    finding_at,
)
from tui.night.review.risks.oracle.runners.hooks import find_hook_risks, new_lines
from tui.night.review.risks.oracle.runners.test_commands import find_command_weakenings
from tui.system.lazy_pattern import lazy

_SETTINGS_FILE = lazy(
    r"(?:^|/)(?:pytest\.ini|tox\.ini|setup\.cfg|pyproject\.toml|package\.json|phpunit[\w.]*\.xml[\w.]*"
    r"|\.rspec|\.mocharc[\w.]*|\.nycrc[\w.]*|\.c8rc[\w.]*|\.coveragerc|\.?codecov\.ya?ml|karma\.conf\.\w+"
    r"|(?:jest|vitest|vite|karma|cypress|playwright|ava|wtr)(?:\.\w+)?\.(?:config|conf)[\w.]*\.\w+"
    r"|(?:jest|vitest|vite|karma|cypress|playwright|ava)\.config\.\w+"
    r"|build\.gradle(?:\.kts)?|pom\.xml|\.simplecov|(?:spec|test)_helper\.rb|[Mm]akefile|noxfile\.py"
    r"|mix\.exs|coveralls\.json)$|^\.github/workflows/"
)
_THRESHOLD = lazy(
    r"(?P<key>fail[_-]under|cov-fail-under|branches|functions|lines|statements|minimum_coverage"
    r"|minimum|threshold|target|min-?coverage|covered_?ratio|mutationScore\w*)"
    r"[\"']?\s*[=:\s(]\s*[\"']?(?P<value>\d+(?:\.\d+)?)",
    2,
)
_FLOORS = ("fail_under", "fail-under", "cov-fail-under")
_PLACES = lazy(
    r"[\"']?(?P<key>testpaths|python_files|python_functions|python_classes|testMatch|testRegex|testDir|specPattern)"
    r"[\"']?\s*[=:]\s*(?P<value>.+)$"
)
_OFF = lazy(
    r"ignoreFailures\s*=\s*true|<testFailureIgnore>\s*true|<(?:skipTests|maven\.test\.skip|maven\.test\.failure\.ignore)>\s*true"
    r"|passWithNoTests[\"']?\s*[:=]\s*true|failIfNoTests>\s*false|ignore_outcome\s*=\s*[Tt]rue|testNamePattern[\"']?\s*:|-DskipTests\b|isIgnoreFailures\s*=\s*true"
)
_LEFT_OUT = lazy(
    r"[\"']?(?:exclude|excludes|ignore|ignores|spec-ignore|modulePathIgnorePatterns|testIgnore|norecursedirs"
    r"|excludeSpecPattern|grepInvert|excludeTestsMatching|collect_ignore\w*)[\"']?\s*[:=( ]\s*"
    r".*(?:[tT]ests?\b|Test\*|spec|__tests__)"
)
_NO_TEST = lazy(r"node_modules|fixtures?|e2e|\bdist\b|helpers?|\bbuild\b|^testIgnore|Patterns$")
_TEST_WORD = lazy(r"tests?\b|spec|__tests__|\btest_|Tests?\b|Test\*")
_WORD = lazy(r"[\w./*-]+")


def find_runner_risks(changes: RepositoryChanges) -> Iterator[RiskFinding]:
    """One finding for each file that keeps tests from running, or from failing."""
    for change in changes.files:
        if change.generated or change.kind == "deleted" or not change.hunks:
            continue
        found = [
            *find_hook_risks(change),
            *find_command_weakenings(change),
            *_thresholds_lowered(change),
            *_choices(change),
        ]
        if found:
            yield min(found, key=lambda finding: SEVERITY_ORDER[finding.severity])


def _thresholds_lowered(change: FileChange) -> Iterator[RiskFinding]:
    path = change.path
    if not _SETTINGS_FILE.search(path) or change.kind == "added":
        return
    before, after = _thresholds(change, "-"), _thresholds(change, "+")
    for key, (value, line) in before.items():
        if key in after:
            now, place = after[key]
            if now < value:
                what = f"a threshold was lowered from {value:g} to {now:g}: {excerpt(place)}"
                yield finding_at(place, "test_weakened", path, "medium", what)
        elif key in _FLOORS:
            what = f"a threshold of {value:g} is gone: {excerpt(line)}"
            yield finding_at(line, "test_weakened", path, "medium", what)


def _thresholds(change: FileChange, sign: str) -> dict[str, tuple[float, DiffLine]]:
    found: dict[str, tuple[float, DiffLine]] = {}
    for line in diff_lines(change, sign):
        for match in _THRESHOLD.finditer(line.text):
            found.setdefault(match.group("key").lower(), (float(match.group("value")), line))
    return found


def _choices(change: FileChange) -> Iterator[RiskFinding]:
    """Which tests are looked for, and whether those that fail count."""
    path = change.path
    if not _SETTINGS_FILE.search(path) or change.kind == "added":
        return
    old = {word for line in diff_lines(change, "-") for word in _WORD.findall(line.text)}
    for line in new_lines(change):
        if _OFF.search(line.text):
            what = f"tests that fail, or that are none, do not count: {excerpt(line)}"
            yield finding_at(line, "test_weakened", path, "high", what)
        elif _LEFT_OUT.search(line.text) and _names_tests(set(_WORD.findall(line.text)) - old):
            what = f"tests are left out: {excerpt(line)}"
            yield finding_at(line, "test_skipped", path, "medium", what)
    yield from _other_places(change)


def _other_places(change: FileChange) -> Iterator[RiskFinding]:
    """Folders and names in which tests are looked for no longer."""
    before = {match.group("key"): match for match in _places(change, "-")}
    for line in diff_lines(change, "+"):
        match = _PLACES.search(line.text)
        if match is None:
            continue
        was = before.get(match.group("key"))
        old = set(_WORD.findall(was.group("value"))) if was is not None else set()
        if old - set(_WORD.findall(match.group("value"))):
            what = f"tests are looked for elsewhere: {excerpt(line)}"
        elif was is None and _is_unusual(match):
            what = f"tests are looked for under other names: {excerpt(line)}"
        else:
            continue
        yield finding_at(line, "test_skipped", change.path, "medium", what)


def _is_unusual(match: re.Match[str]) -> bool:
    """Whether a pattern of names fits none that tests usually have."""
    is_name = match.group("key").startswith(("python_", "testMatch", "testRegex"))
    return (
        is_name
        and "test" not in match.group("value").lower()
        and "spec" not in match.group("value")
    )


def _names_tests(words: set[str]) -> bool:
    """Whether words that are new name tests, and nothing that is no test beside them."""
    named = [word for word in words if _TEST_WORD.search(word)]
    return bool(named) and not any(_NO_TEST.search(word) for word in named)


def _places(change: FileChange, sign: str) -> Iterator[re.Match[str]]:
    found = (_PLACES.search(line.text) for line in diff_lines(change, sign))
    return (match for match in found if match is not None)
