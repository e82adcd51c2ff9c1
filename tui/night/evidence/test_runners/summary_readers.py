"""How numbers are read out of the summaries of test runners: what passed, failed and was left out."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from re import Match

from tui.system.lazy_pattern import lazy

Counts = tuple[int, int, int]
"""Tests that passed, failed, and were left out (skipped, deselected, ignored, pending)."""
Reader = Callable[[list[Match[str]]], Counts]
_PYTEST_LINE = 200
_PYTEST_END = lazy(
    r"\d (?:subtests )?(?:failed|passed|errors?|skipped|xfailed|xpassed|deselected|warnings?|rerun)$"
)
_WORDS = lazy(r"(\d+) (?:tests? |scenarios? |subtests (?=failed))?(\w+)")
_GOOD = frozenset(("passed", "xpassed", "passing", "pass", "succeeded"))
_BAD = frozenset(
    (
        "failed",
        "failing",
        "fail",
        "fails",
        "error",
        "errors",
        "failures",
        "failure",
        "undefined",
        "ambiguous",
    )
)
_LEFT = frozenset(("skipped", "skip", "deselected", "ignored", "pending", "todo", "incomplete"))


def _number(text: str | None) -> int:
    return int(text[:9]) if text else 0


def _count(texts: Iterable[str]) -> Counts:
    """Sums of all pairs "N word"."""
    passed = failed = skipped = 0
    for number, word in _WORDS.findall("\n".join(texts)):
        if word in _GOOD:
            passed += _number(number)
        elif word in _BAD:
            failed += _number(number)
        elif word in _LEFT:
            skipped += _number(number)
    return passed, failed, skipped


def read_plain_words(matches: list[Match[str]]) -> Counts:
    return _count(match.group(0) for match in matches)


def read_words_first(matches: list[Match[str]]) -> Counts:
    """The word stands before its number: "# pass 5", "[  PASSED  ] 5 tests"."""
    found = [match.group(0).lower().split() for match in matches]
    return _count(f"{next(filter(str.isdigit, words))} {words[1]}" for words in found)


def read_pytest(matches: list[Match[str]]) -> Counts:
    """The numbers stand before the time, in the same line."""
    before = [m.string[max(0, m.start() - _PYTEST_LINE) : m.start()] for m in matches]
    return _count(text[text.rfind("\n") + 1 :] for text in before if _PYTEST_END.search(text))


def read_unittest(matches: list[Match[str]]) -> Counts:
    ran = bad = left = 0
    for match in matches:
        ran += _number(match.group(1))
        left += sum(map(_number, re.findall(r"skipped=(\d+)", match.group(0))))
        named = re.findall(r"(?:failures|errors|unexpected successes)=(\d+)", match.group(0))
        bad += sum(map(_number, named))
        if match.group(2) == "FAILED" and not bad:
            bad = 1
    return max(0, ran - bad - left), bad, left


def read_groups(matches: list[Match[str]]) -> Counts:
    """Sums of the groups `passed`, or `total` less the others, `failed`, `errors` and `skipped`.

    A `bad` end without a number is one failure.
    """
    passed = failed = skipped = 0
    for match in matches:
        group = match.groupdict().get
        bad = _number(group("failed")) + _number(group("errors")) or int(bool(group("bad")))
        left = _number(group("skipped"))
        total = group("total")
        passed += max(0, _number(total) - bad - left) if total else _number(group("passed"))
        failed += bad
        skipped += left
    return passed, failed, skipped


def read_last(matches: list[Match[str]]) -> Counts:
    """The groups of the last summary, which is the sum of those before it."""
    return read_groups(matches[-1:])


def read_go(matches: list[Match[str]]) -> Counts:
    """Tests where they are named, else packages."""
    words = [match.group(1) for match in matches]
    passed = words.count("--- PASS") or words.count("ok")
    failed = words.count("--- FAIL") or words.count("FAIL")
    return passed, failed, words.count("--- SKIP")


def read_suites(matches: list[Match[str]]) -> Counts:
    """Failed suites count where no single test failed: they could not even start."""
    tests = [m for m in matches if m.group(0).lstrip().startswith("Tests")]
    passed, failed, skipped = read_plain_words(tests)
    _, broken, _ = read_plain_words([m for m in matches if m not in tests])
    return passed, failed or broken, skipped


def read_table(matches: list[Match[str]]) -> Counts:
    """The last row of a table: passing, failing, pending and skipped, a dash for none."""
    passed, failed, pending, skipped = (
        _number(matches[-1].group(name).strip("-"))
        for name in ("passing", "failing", "pending", "skipping")
    )
    return passed, failed, pending + skipped


def read_named(matches: list[Match[str]]) -> Counts:
    """A row for each word, "Passed: 5": those behind the last row of passed tests."""
    counts: dict[str, int] = {}
    for match in matches:
        counts[match.group("word").lower()] = _number(match.group("count"))
    good = sum(counts.get(word, 0) for word in ("pass", "passed", "ok", "xpass", "succeeded"))
    bad = ("fail", "failed", "error", "timeout", "unexpected pass", "xpass")
    return (
        good,
        sum(counts.get(word, 0) for word in bad),
        sum(counts.get(word, 0) for word in ("skip", "skipped")),
    )


def read_tap(matches: list[Match[str]]) -> Counts:
    """Lines of the Test Anything Protocol; what is skipped or to do is neither good nor bad."""
    passed = failed = skipped = 0
    for match in matches:
        if match.group("left"):
            skipped += 1
        elif match.group("not"):
            failed += 1
        else:
            passed += 1
    return passed, failed, skipped
