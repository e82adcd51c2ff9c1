"""What the output of a test run says: how many passed, how many failed."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from re import Match, Pattern
from typing import Literal

from msgspec import Struct

from tui.patterns import lazy

Verdict = Literal["green", "red", "unknown"]


class Outcome(Struct, frozen=True):
    """The summary a runner printed; `at` is where in the text it stood."""

    framework: str
    passed: int
    failed: int
    at: int

    @property
    def verdict(self) -> Verdict:
        """Red with any failure, green with none, unknown where nothing ran."""
        if self.failed:
            return "red"
        return "green" if self.passed else "unknown"


_COLOUR = lazy(r"[\x1b␛]\[[0-9;]*m")
_PYTEST_LINE = 200
_PYTEST_TAIL = 1000
_PYTEST_END = lazy(
    r"\d (?:failed|passed|errors?|skipped|xfailed|xpassed|deselected|warnings?|rerun)$"
)
_WORDS = lazy(r"(\d+) (\w+)")

_Counts = tuple[int, int]
_Reader = Callable[[list[Match[str]]], _Counts]


def _number(text: str | None) -> int:
    return int(text[:9]) if text else 0


def _words(matches: list[Match[str]], good: Iterable[str], bad: Iterable[str]) -> _Counts:
    """Sums of "N word" pairs over all summaries."""
    good, bad = frozenset(good), frozenset(bad)
    passed = failed = 0
    for match in matches:
        for number, word in _WORDS.findall(match.group(0)):
            if word in good:
                passed += _number(number)
            elif word in bad:
                failed += _number(number)
    return passed, failed


def _pytest(matches: list[Match[str]]) -> _Counts:
    """The numbers stand before the time, in the same line."""
    passed = failed = 0
    for match in matches:
        before = match.string[max(0, match.start() - _PYTEST_LINE) : match.start()]
        if _PYTEST_END.search(before) is None:
            continue
        for number, word in _WORDS.findall(before[before.rfind("\n") + 1 :]):
            if word in ("passed", "xpassed"):
                passed += _number(number)
            elif word in ("failed", "error", "errors"):
                failed += _number(number)
    return passed, failed


def _plain_words(matches: list[Match[str]]) -> _Counts:
    return _words(matches, ("passed", "passing", "pass"), ("failed", "failing", "fail"))


def _unittest(matches: list[Match[str]]) -> _Counts:
    ran = bad = 0
    for match in matches:
        ran += _number(match.group(1))
        bad += sum(
            _number(n)
            for n in re.findall(r"(?:failures|errors|unexpected successes)=(\d+)", match.group(0))
        )
        if match.group(2) == "FAILED" and not bad:
            bad = 1
    return max(0, ran - bad), bad


def _of_total(matches: list[Match[str]]) -> _Counts:
    """Groups `total` and `failed`, and maybe `errors`, of the last summary, which is the sum."""
    groups = matches[-1].groupdict()
    failed = _number(groups.get("failed")) + _number(groups.get("errors"))
    return max(0, _number(groups["total"]) - failed), failed


def _each(matches: list[Match[str]]) -> _Counts:
    """Groups `passed` and `failed` of every summary."""
    return (
        sum(_number(match.groupdict().get("passed")) for match in matches),
        sum(_number(match.groupdict().get("failed")) for match in matches),
    )


def _go(matches: list[Match[str]]) -> _Counts:
    """Tests where they are named, else packages."""
    words = [match.group(1) for match in matches]
    passed = words.count("--- PASS") or words.count("ok")
    failed = words.count("--- FAIL") or words.count("FAIL")
    return passed, failed


def _suites(matches: list[Match[str]]) -> _Counts:
    """Failed suites count where no single test failed: they could not even start."""
    passed, failed = _plain_words([m for m in matches if m.group(0).lstrip().startswith("Tests")])
    broken = _plain_words([m for m in matches if not m.group(0).lstrip().startswith("Tests")])[1]
    return passed, failed or broken


def _node(matches: list[Match[str]]) -> _Counts:
    passed = failed = 0
    for match in matches:
        _, word, number = match.group(0).split()
        if word == "pass":
            passed += _number(number)
        else:
            failed += _number(number)
    return passed, failed


class _Summary(Struct, frozen=True):
    """A runner's summary: the words it cannot do without, its shape, and how to read it."""

    framework: str
    words: tuple[str, ...]
    pattern: Pattern[str]
    reader: _Reader


def _summary(framework: str, words: str, pattern: str, reader: _Reader) -> _Summary:
    return _Summary(framework, tuple(words.split("|")), lazy(pattern, re.M), reader)


_SUMMARIES = (
    _summary(
        "pytest",
        " in ",
        r" in [\d.:]+ ?s\b",
        _pytest,
    ),
    _summary(
        "unittest", "Ran ", r"^Ran (\d+) tests? in [\d.]+s\s+(OK|FAILED)(?: \([^)]*\))?", _unittest
    ),
    _summary("jest", " total", r"^(?:Test Suites|Tests):\s.*\b\d+ total", _suites),
    _summary(
        "vitest", "Tests  |Test Files", r"^\s*(?:Test Files|Tests)  +\d+ \w+.*\(\d+\)", _suites
    ),
    _summary("pest", "assertion", r"^\s*Tests:\s+.*\(\d+ assertions?\)", _plain_words),
    _summary("phpunit", "OK (", r"^OK \((?P<total>\d+) tests?, \d+ assertions?\)", _of_total),
    _summary(
        "phpunit",
        "Assertions:",
        r"^Tests: (?P<total>\d+), Assertions: \d+(?:, Errors: (?P<errors>\d+))?"
        r"(?:, Failures: (?P<failed>\d+))?",
        _of_total,
    ),
    _summary(
        "go",
        "ok|FAIL|PASS",
        r"^\s*(ok|FAIL|--- PASS|--- FAIL)(?::|\s+\S+\s+(?:\(cached\)|[\d.]+s|\[)|$)",
        _go,
    ),
    _summary(
        "cargo",
        "test result:",
        r"^test result: \w+\. (?P<passed>\d+) passed; (?P<failed>\d+) failed",
        _each,
    ),
    _summary("nextest", "Summary [", r"^\s*Summary \[[^\]]*\]\s+\d+ tests? run: .*", _plain_words),
    _summary("mocha", "passing|failing", r"^\s*\d+ (?:passing|failing)\b", _plain_words),
    _summary(
        "rspec",
        "example",
        r"(?P<total>\d+) examples?, (?P<failed>\d+) failures?"
        r"(?:, \d+ pending)?(?:, (?P<errors>\d+) errors?)?",
        _of_total,
    ),
    _summary("mix", "failure", r"(?P<total>\d+) tests?, (?P<failed>\d+) failures?", _of_total),
    _summary(
        "ctest",
        "tests passed",
        r"\d+% tests passed, (?P<failed>\d+) tests? failed out of (?P<total>\d+)",
        _of_total,
    ),
    _summary("node", "# pass|ℹ pass|# fail|ℹ fail", r"^[#ℹ] (?:pass|fail) \d+", _node),
    _summary("bun", " pass| fail", r"^\s*\d+ (?:pass|fail)$", _plain_words),
    _summary(
        "deno",
        " | ",
        r"^(?:ok|FAILED) \| (?P<passed>\d+) passed.*?\| (?P<failed>\d+) failed",
        _each,
    ),
    _summary(
        "dotnet", "- Failed:", r"!\s+- Failed:\s+(?P<failed>\d+), Passed:\s+(?P<passed>\d+)", _each
    ),
    _summary(
        "maven",
        "Tests run:",
        r"Tests run: (?P<total>\d+), Failures: (?P<failed>\d+), Errors: (?P<errors>\d+)",
        _of_total,
    ),
    _summary(
        "gradle",
        " completed, ",
        r"(?P<total>\d+) tests? completed, (?P<failed>\d+) failed",
        _of_total,
    ),
    _summary(
        "swift",
        "Executed ",
        r"Executed (?P<total>\d+) tests?, with (?P<failed>\d+) failures?",
        _of_total,
    ),
    _summary(
        "playwright",
        " passed| failed",
        r"^\s+\d+ (?:passed|failed)(?: \([\d.]+m?s\))?$",
        _plain_words,
    ),
)
_NUMBERED = lazy(
    r"\d+ (?:passed|failed|passing|failing|pass|fail|failures?|examples?|errors?|tests? )"
)
_NUMBERED_WORDS = (" pass", " fail", " example", " error")
_SIGNS = (
    "\nok ",
    "\nok\t",
    "\nFAIL",
    "--- FAIL",
    "Ran ",
    "test result: ",
    "OK (",
    "Tests",
    "Executed ",
    "- Failed:",
    "# pass",
    "ℹ pass",
)
_TAIL = 400


def promising(text: str) -> bool:
    """Whether the end of `text` may hold a runner's summary; cheap, and seldom wrong with a no."""
    tail = text[-_TAIL:]
    for sign in _SIGNS:
        if sign in tail:
            return True
    for word in _NUMBERED_WORDS:
        if word in tail:
            return _NUMBERED.search(tail) is not None
    return tail.startswith(("ok ", "ok\t", "FAIL"))


_KIN = {"cargo": ("cargo", "nextest"), "phpunit": ("phpunit", "pest"), "node": ("node", "mocha")}
_OF: dict[str, tuple[_Summary, ...]] = {
    name: tuple(s for s in _SUMMARIES if s.framework in _KIN.get(name, (name,)))
    for name in {s.framework for s in _SUMMARIES}
}


def read(text: str, expected: str = "") -> Outcome | None:
    """The summary in a test run's output; of several the last, and only the `expected` runner's.

    A runner that only starts others, such as make, may show any summary.
    """
    best: Outcome | None = None
    if expected == "pytest":
        text = text[-_PYTEST_TAIL:]
    if "\x1b" in text or "␛" in text:
        text = _COLOUR.sub("", text)
    for summary in _OF.get(expected, _SUMMARIES):
        for word in summary.words:
            if word in text:
                break
        else:
            continue
        matches = list(summary.pattern.finditer(text))
        if not matches:
            continue
        passed, failed = summary.reader(matches)
        found = Outcome(summary.framework, passed, failed, matches[-1].start())
        if (passed or failed) and (best is None or found.at > best.at):
            best = found
    return best
