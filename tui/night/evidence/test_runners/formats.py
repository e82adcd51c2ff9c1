"""The shapes in which runners sum up a run of tests, one row for each."""

from __future__ import annotations

import re
from re import Pattern

from tui.night.evidence.test_runners.summary_readers import (
    Reader,
    read_go,
    read_groups,
    read_last,
    read_named,
    read_plain_words,
    read_pytest,
    read_suites,
    read_table,
    read_tap,
    read_unittest,
    read_words_first,
)
from tui.system.lazy_pattern import AnyWord, lazy

SummaryFormat = tuple[str, AnyWord, Pattern[str], Reader]
"""A runner's summary: its name, the words it cannot do without, its shape, and how to read it."""


def any_of(words: str) -> AnyWord:
    return AnyWord(*words.split("|"))


# In a pattern <failed> stands for the group of that name, a number.
_FORMATS: tuple[tuple[str, str, str, Reader], ...] = (
    ("pytest", " in ", r" in [\d.:]+ ?s\b", read_pytest),
    (
        "unittest",
        "Ran ",
        r"^Ran (\d+) tests? in [\d.]+s\s+(OK|FAILED|PASSED)(?: \([^)]*\))?",
        read_unittest,
    ),
    ("jest", " total", r"^(?:Test Suites|Tests):\s.*\b\d+ total", read_suites),
    (
        "vitest",
        "Tests  |Test Files",
        r"^\s*(?:(?:Test Files|Tests)  +\d+ \w+.*\(\d+\)|Errors  +\d+ errors?)",
        read_suites,
    ),
    ("pest", "assertion", r"^\s*Tests:\s+.*\(\d+ assertions?\)", read_plain_words),
    ("phpunit", "OK (", r"^OK \(<total> tests?, \d+ assertions?\)", read_last),
    (
        "phpunit",
        "Assertions:",
        r"^Tests: <total>, Assertions: \d+(?:, Errors: <errors>)?"
        r"(?:, Failures: <failed>)?(?:, \w+: \d+)*?(?:, Skipped: <skipped>)?",
        read_last,
    ),
    (
        "go",
        "ok|FAIL|PASS",
        r"^\s*(ok|FAIL|--- PASS|--- FAIL|--- SKIP)"
        r"(?::|\s+\S+\s+(?:\(cached\)|[\d.]+s|\[(?!no test))(?!.*\[no tests to run\])|$)",
        read_go,
    ),
    ("gotestsum", "DONE ", r"^DONE \d+ tests?.* in [\d.]+s", read_plain_words),
    (
        "cargo",
        "test result:",
        r"^test result: \w+\. <passed> passed; <failed> failed(?:; <skipped> ignored)?",
        read_groups,
    ),
    ("nextest", "Summary [", r"^\s*Summary \[[^\]]*\]\s+\d+ tests? run: .*", read_plain_words),
    ("mocha", "passing|failing", r"^\s*\d+ (?:passing|failing|pending)\b(?!:)", read_plain_words),
    (
        "rspec",
        "example",
        r"<total> examples?, <failed> failures?(?:, <skipped> pending|, <errors> errors?)*",
        read_last,
    ),
    (
        "minitest",
        "assertions, ",
        r"^<total> (?:runs|tests), \d+ assertions, <failed> failures, "
        r"<errors> errors(?:, <skipped> (?:skips|pendings|omissions))?",
        read_last,
    ),
    (
        "mix",
        "failure",
        r"<total> tests?, <failed> failures?(?:, \d+ excluded)?(?:, <skipped> skipped)?",
        read_last,
    ),
    ("jasmine", " specs", r"^<total> specs?, <failed> failures?", read_last),
    (
        "ctest",
        "tests passed",
        r"\d+% tests passed, <failed> tests? failed out of <total>",
        read_last,
    ),
    (
        "gtest",
        "[  PASSED  ]|[  FAILED  ]",
        r"^\[  (?:PASSED|FAILED)  \] \d+ tests?",
        read_words_first,
    ),
    (
        "node",
        "# pass|ℹ pass|# fail|ℹ fail",
        r"^[#ℹ] (?:pass|fail|cancelled|skipped|todo) +\d+",
        read_words_first,
    ),
    ("bun", " pass| fail", r"^\s*\d+ (?:pass|fail|skip|todo)$", read_plain_words),
    (
        "deno",
        " | ",
        r"^(?:ok|FAILED) \| <passed> passed.*?\| <failed> failed(?: \| <skipped> ignored)?",
        read_groups,
    ),
    (
        "dotnet",
        "- Failed:",
        r"!\s+- Failed:\s+<failed>, Passed:\s+<passed>(?:, Skipped:\s+<skipped>)?",
        read_groups,
    ),
    (
        "dotnet",
        "Test summary: ",
        r"^Test summary: total: \d+, failed: <failed>, succeeded: <passed>"
        r"(?:, skipped: <skipped>)?",
        read_groups,
    ),
    (
        "maven",
        "Tests run:",
        r"Tests run: <total>, Failures: <failed>, Errors: <errors>(?:, Skipped: <skipped>)?",
        read_last,
    ),
    (
        "sbt",
        "Tests: succeeded",
        r"Tests: succeeded <passed>, failed <failed>(?:, canceled \d+)?(?:, ignored <skipped>)?",
        read_groups,
    ),
    (
        "gradle",
        " completed, ",
        r"<total> tests? completed, <failed> failed(?:, <skipped> skipped)?",
        read_last,
    ),
    (
        "swift",
        "Executed ",
        r"Executed <total> tests?, with (?:<skipped> tests? skipped and )?<failed> failures?",
        read_last,
    ),
    (
        "swift",
        "Test run with ",
        r"Test run with <passed> tests?(?: in \d+ suites?)? (?:passed|(?P<bad>failed))",
        read_last,
    ),
    (
        "flutter",
        "tests passed!|tests failed.",
        r"\+<passed>(?: ~<skipped>)?(?: -<failed>)?: "
        r"(?:All tests passed!|(?P<bad>Some tests failed\.))",
        read_last,
    ),
    (
        "bazel",
        "Executed ",
        r"^Executed \d+ out of \d+ tests?: (?:<passed> tests? pass(?:es)?)?[^\d\n]*"
        r"(?:<failed> fails? [^\d\n]*)?(?:<errors> fails? [^\d\n]*)?(?:<skipped> (?:was|were) skipped)?",
        read_last,
    ),
    (
        "catch2",
        "test cases",
        r"^(?:All tests passed \(\d+ assertions? in <passed> test cases?\)"
        r"|(?:\[doctest\] )?test cases:\s+<total> \|(?:\s+\d+ passed \|)?\s+<failed> failed)",
        read_groups,
    ),
    (
        "playwright",
        " passed| failed",
        r"^\s+\d+ (?:passed|failed|skipped)(?: \([\d.]+m?s\))?$",
        read_plain_words,
    ),
    (
        "cypress",
        "specs passed!| failed (",
        r"[✔✖√×]\s+(?:All specs passed!|\d+ of \d+ failed \(\d+%\))\s+\S+\s+\d+\s+(?P<passing>\d+|-)\s+"
        r"(?P<failing>\d+|-)\s+(?P<pending>\d+|-)\s+(?P<skipping>\d+|-)",
        read_table,
    ),
    (
        "zig",
        " tests passed",
        r"Build Summary: .*?; <passed>/\d+ tests passed(?:; <skipped> skipped|; <failed> failed| \(.*?\))*",
        read_last,
    ),
    ("zig", " passed;", r"^<passed> passed; <skipped> skipped; <failed> failed\.", read_last),
    ("eunit", " tests passed", r"^\s*All <passed> tests passed\b", read_last),
    (
        "eunit",
        "Passed",
        r"Failed:? <failed>(?: tests)?\.  ?(?:Skipped:? <skipped>(?: tests)?\.  ?)?"
        r"Passed:? <passed>(?: tests)?\.",
        read_last,
    ),
    (
        "testthat",
        "[ FAIL ",
        r"\[ FAIL <failed> \| WARN \d+ \| SKIP <skipped> \| PASS <passed> \]",
        read_last,
    ),
    (
        "tap",
        "ok ",
        r"^(?P<not>not )?ok \d+\b(?P<left>.*# (?:skip|SKIP|todo|TODO)\b)?.*$",
        read_tap,
    ),
    ("tap", "Asserts:", r"^Asserts:\s+(?:<failed> failed,? )?(?:<passed> passed)?.*", read_last),
    (
        "tap",
        "# { total:",
        r"^# \{ total: \d+(?:, pass: <passed>|, fail: <failed>|, skip: <skipped>|, \w+: \d+)* \}",
        read_last,
    ),
    (
        "ava",
        " passed| failed| uncaught| unhandled",
        r"^\s*\d+ (?:tests? (?:passed|failed|skipped|todo)|uncaught exceptions?|unhandled rejections?)$",
        read_plain_words,
    ),
    (
        "karma",
        "Executed ",
        r"Executed <total> of \d+ (?:\(<failed> FAILED\) |\(skipped <skipped>\) |<errors> (?=ERROR)|\w+ )*\(",
        read_last,
    ),
    (
        "robot",
        " passed, ",
        r"^<total> tests?, \d+ passed, <failed> failed(?:, <skipped> skipped)?$",
        read_last,
    ),
    (
        "behave",
        " scenario",
        r"^<passed> scenarios? passed, <failed> failed(?:, <errors> error(?:ed|s)?)?(?:, <skipped> skipped)?",
        read_last,
    ),
    ("cucumber", " scenario", r"^\d+ scenarios? \(([^)\n]+)\)", read_plain_words),
    (
        "busted",
        " success",
        r"^<passed> success(?:es)? / <failed> failures? / <errors> errors? / <skipped> pending",
        read_last,
    ),
    (
        "prove",
        "Result: ",
        r"^Files=\d+, Tests=<total>,.*\nResult: (?:PASS|(?P<bad>FAIL)|NOTESTS)",
        read_last,
    ),
    (
        "elm",
        "Passed: ",
        r"^Passed:\s+<passed>\nFailed:\s+<failed>(?:\nSkipped:\s+<skipped>)?",
        read_last,
    ),
    (
        "forge",
        " tests passed, ",
        r"^Ran \d+ test suites? .*: <passed> tests passed, <failed> failed, <skipped> skipped",
        read_last,
    ),
    (
        "forge",
        " result: ",
        r"^(?:Suite|Test) result: \w+\. <passed> passed; <failed> failed; <skipped> skipped",
        read_groups,
    ),
    ("dbt", "PASS=", r"PASS=<passed> WARN=\d+ ERROR=<errors> SKIP=<skipped>", read_last),
    (
        "terraform",
        "Success! |Failure! ",
        r"^(?:Success|Failure)! <passed> passed, <failed> failed(?:, <skipped> skipped)?",
        read_last,
    ),
    ("tasty", " tests failed", r"^<failed> out of <total> tests failed", read_last),
    (
        "alcotest",
        " tests run.",
        r"^(?:Test Successful|<failed> failures?!) in [\d.]+s\. <total> tests? run\.",
        read_last,
    ),
    (
        "ginkgo",
        "! -- ",
        r"^(?:SUCCESS|FAIL)! -- <passed> Passed \| <failed> Failed \| \d+ Pending \| <skipped> Skipped",
        read_groups,
    ),
    (
        "clojure",
        " assertions",
        r"^Ran <total> tests containing \d+ assertions\.\n<failed> failures, <errors> errors\.",
        read_last,
    ),
    (
        "clojure",
        " assertions",
        r"^<total> tests, \d+ assertions, (?:<errors> errors, )?<failed> failures",
        read_last,
    ),
    ("gleam", "no failures", r"^<passed> passed, no failures", read_last),
    ("wdio", "Spec Files:", r"^Spec Files:\s+\d+ .*", read_plain_words),
    ("wtr", " test files ", r"\d+/\d+ test files \| <passed> passed, <failed> failed", read_last),
    (
        "sbt",
        "Passed: Total|Failed: Total",
        r"(?:Passed|Failed|Error): Total \d+, Failed <failed>, Errors <errors>, Passed <passed>",
        read_groups,
    ),
    (
        "automake",
        "# PASS:",
        r"^# (?P<word>TOTAL|PASS|SKIP|XFAIL|FAIL|XPASS|ERROR):\s+(?P<count>\d+)$",
        read_named,
    ),
    (
        "meson",
        "Ok:",
        r"^(?P<word>Ok|Expected Fail|Fail|Unexpected Pass|Skipped|Timeout):\s+(?P<count>\d+)\s*$",
        read_named,
    ),
    ("stestr", " - Passed: ", r"^ - (?P<word>Passed|Skipped|Failed): (?P<count>\d+)$", read_named),
    (
        "dotnet",
        "Test run summary: ",
        r"^Test run summary: .*\n\s+total: \d+\n\s+failed: <failed>\n\s+succeeded: <passed>\n"
        r"\s+skipped: <skipped>",
        read_groups,
    ),
)


def _format(framework: str, words: str, pattern: str, reader: Reader) -> SummaryFormat:
    for group in ("total", "passed", "failed", "errors", "skipped"):
        pattern = pattern.replace(f"<{group}>", rf"(?P<{group}>\d+)")
    return framework, any_of(words), lazy(pattern, re.M), reader


SUMMARIES = tuple(_format(*row) for row in _FORMATS)
"""All of them; where two match at the same place the first one counts."""
