"""Hooks of test runners that decide which tests run, and what their results are."""

from __future__ import annotations

from collections.abc import Iterator

from tui.model.records import FileChange
from tui.model.review import RiskKind, Severity
from tui.night.review.risks.diff_view import (
    DiffLine,
    RiskFinding,
    diff_lines,
    excerpt,
    finding_at,
    hunk_lines,
    line_shape,
)
from tui.night.review.risks.test_syntax import is_test
from tui.system.lazy_pattern import lazy

_CONFTEST = lazy(
    r"(?:^|/)conftest\.py$|(?:^|/)(?:site|user)customize\.py$|(?:^|/)\w*plugin\w*\.py$"
)
_SETUP_FILE = lazy(
    r"(?:^|/)(?:jest|vitest|test|mocha|karma)[-.]?(?:setup|env|global|helpers?)[\w.-]*\.[cm]?[jt]sx?$"
    r"|(?:^|/)setup[-_.]?[jJ]?[tT]?ests?\w*\.[cm]?[jt]sx?$|(?:^|/)(?:spec|test|rails)_helper\.(?:rb|exs)$"
    r"|(?:^|/)tests?/(?:setup|bootstrap|helper)\.\w+$"
)
_HOOK = lazy(
    r"\s*(?:async\s+)?def\s+(?P<name>pytest_(?:collection_modifyitems|collection_finish|runtest_\w+"
    r"|ignore_collect|collect_file|pyfunc_call|sessionfinish|itemcollected|report_teststatus"
    r"|make_collect_report|pycollect_\w+|unconfigure|configure|cmdline_main|assertrepr_compare))\s*\("
)
_ALTERS = lazy(
    r"\bskip\b|\bxfail\b|deselect|items\s*\[\s*:\s*\]\s*=|items\.(?:clear|remove|pop)\b|\bdel\s+items"
    r"|\.outcome\s*=|force_result|\.failed\s*=|exitstatus\s*=|exitcode\s*=|os\._exit|sys\.exit\(\s*0"
    r"|pytest\.exit|\breturn\s+True\b|except\s*(?:\(?\s*(?:AssertionError|Exception|BaseException)\b.*)?:|shouldstop|testsfailed\s*=|\.obj\s*=\s*lambda|\.runtest\s*="
)
_ASKED = lazy(
    r"getoption|getini|environ|getenv|platform|\.keywords|get_closest_marker|iter_markers|which\("
    r"|find_spec|importorskip|HAS_|version_info|cuda|is_available"
)
_ENDS = lazy(r"os\._exit\(\s*0|sys\.exit\(\s*0?\s*\)|atexit\.register|pytest\.exit")
_IGNORED = lazy(r"\s*collect_ignore(?:_glob)?\s*(?:\+?=|\.(?:append|extend))")
_TEST_FILE = lazy(r"[\"'][^\"']*(?:test_\w*|_test|tests?)[^\"']*[\"']")
_JS_HOOK = lazy(
    r"(?:global(?:This)?|window)\.(?:it|test|describe|expect|assert)\s*="
    r"|^\s*(?:it|test|describe)\s*=\s*(?:\w+\.skip|\(\)|function)"
    r"|process\.exit\(\s*0?\s*\)|process\.exitCode\s*=\s*0|\bpass:\s*true\b"
    r"|console\.assert\s*=|assert\.\w+\s*=\s*\(\)\s*=>"
)
_RUBY_HOOK = lazy(
    r"filter_run_excluding|config\.filter_run\b|exclusion_filter|inclusion_filter|\bexit!?\s*\(?\s*0"
    r"|define_derived_metadata.*skip|ExUnit\.(?:configure|start)\(.*exclude"
)
_EQUALITY = lazy(
    r"\s*def\s+__(?:eq|contains|ge|le|gt|lt|bool)__\s*\(|\s*def\s+(?:assert_?\w*|expect\w*)\s*\("
)
_ALWAYS = lazy(r"\s*(?:return\s+True\b|pass\b|return\s*$)|.*\)\s*:\s*(?:return\s+True\b|pass\b)")


def find_hook_risks(change: FileChange) -> Iterator[RiskFinding]:
    """What the new lines of a file do to the tests of a runner that loads it."""
    path = change.path
    if path.endswith(".py"):
        if _CONFTEST.search(path):
            if not is_test(path):
                yield from _at_start(change)
            yield from _pytest_hooks(change)
        if is_test(path):
            yield from _at_start(change)
        if "test" in path:
            yield from _never_fails(change)
    elif _SETUP_FILE.search(path):
        pattern = _RUBY_HOOK if path.endswith((".rb", ".exs")) else _JS_HOOK
        for line in new_lines(change):
            if pattern.search(line.text):
                what = f"what is loaded before the tests changes them: {excerpt(line)}"
                yield finding_at(line, "test_weakened", path, "high", what)
                return


def new_lines(change: FileChange) -> Iterator[DiffLine]:
    """Added lines that did not stand in another place before."""
    before = {line_shape(line.text) for line in diff_lines(change, "-")}
    return (line for line in diff_lines(change, "+") if line_shape(line.text) not in before)


def _pytest_hooks(change: FileChange) -> Iterator[RiskFinding]:
    """Hooks whose new lines skip or drop tests, or set their outcome."""
    for line in new_lines(change):
        if _IGNORED.match(line.text) and _TEST_FILE.search(line.text):
            what = f"tests are not collected any more: {excerpt(line)}"
            severity: Severity = "low" if line.text[:1] == " " else "high"
            yield finding_at(line, "test_skipped", change.path, severity, what)
            break
    for hunk in change.hunks:
        heading = _HOOK.match(hunk.heading)
        name = heading.group("name") if heading is not None else ""
        body: list[DiffLine] = []
        for line in hunk_lines(hunk):
            begun = _HOOK.match(line.text)
            if begun is not None or (line.text[:1].strip() and line.text[:1] not in ")#"):
                yield from _judge_hook(change.path, name, body)
                name, body = begun.group("name") if begun else "", []
            if line.sign != "-":
                body.append(line)
        yield from _judge_hook(change.path, name, body)


def _at_start(change: FileChange) -> Iterator[RiskFinding]:
    """What ends the run with success as soon as the file is read, or as the program ends."""
    is_site = "customize" in change.path
    for line in new_lines(change):
        is_outside = line.text[:1].strip() or is_site
        if is_outside and _ENDS.search(line.text):
            what = f"the tests end with success whatever they found: {excerpt(line)}"
            yield finding_at(line, "test_weakened", change.path, "high", what)
            return


def _judge_hook(path: str, name: str, body: list[DiffLine]) -> Iterator[RiskFinding]:
    altering = [line for line in body if line.sign == "+" and _ALTERS.search(line.text)]
    if not name or not altering:
        return
    # What is left out only on request, or where a program is missing, is usual.
    severity: Severity = "low" if any(_ASKED.search(line.text) for line in body) else "high"
    file = path.rpartition("/")[2]
    what = f"{name} in {file} changes which tests run or what counts: {excerpt(altering[0])}"
    kind: RiskKind = "test_skipped" if "skip" in altering[0].text else "test_weakened"
    yield finding_at(altering[0], kind, path, severity, what)


def _never_fails(change: FileChange) -> Iterator[RiskFinding]:
    """An object that is equal to everything, or an assertion of one's own that checks nothing."""
    lines = [line for line in diff_lines(change) if line.sign != "-"]
    for at, line in enumerate(lines):
        if _EQUALITY.match(line.text) is None:
            continue
        # A comment or docstring may come first.
        body = [one for one in lines[at : at + 3] if one.sign == "+" and _ALWAYS.match(one.text)]
        if body:
            what = f"it holds whatever the code does: {excerpt(line)}"
            yield finding_at(body[0], "test_weakened", change.path, "high", what)
            return
