"""Clauses that say that tests pass, or that they do not."""

from __future__ import annotations

import re

from tui.model.evidence.claims import ClaimKind
from tui.night.review.claims.grammar.clauses import Clause
from tui.night.review.claims.grammar.mood import mood
from tui.night.review.claims.grammar.names import find_subject
from tui.night.review.claims.grammar.vocabulary import NUMBER, TEST_NOUN
from tui.night.review.claims.statement import Statement, make_statement
from tui.system.lazy_pattern import AnyWord, HintedPattern, lazy

_I = re.IGNORECASE
_AUX = (
    r"(?:\s+(?:are|is|have|has|been|now|all|both|still|also|again|currently|successfully|suites?"
    r"|cases?|just|back|to"
    r"|run|runs|remain|remains|stay|stays|total|overall|in\s+total|clean(?:ly)?|fully|completely"
    r"|entirely|and|consistently|were|was|continue|locally|100\s?%)){0,5}"
)
_PASS = (
    r"(?:pass(?:es|ed|ing)?|green|succeed(?:s|ed)?|ok|successful|clean|✅|✓|✔️?|100\s?%)(?!\w)"
    r"(?!\s+(?:a|an|the|its?|them|this|that|these|his|through|by|down|along|over|to|into|as|rate"
    r"|coverage|up)\b)"
)
_N = NUMBER
_QUALIFIER = r"(?:[\w/'-]+\s+){0,4}?"
_OWN = r"(?:(?:of\s+)?(?:the|my|our|your|these|those|its)\s+)?"
_ALL = lazy(
    rf"\b(?:all|every|the\s+(?:full|whole|entire|complete)|full|whole|entire)\s+(?:of\s+)?{_OWN}"
    rf"(?P<words>(?:[\w/'◇.-]+\s+){{0,5}}?){TEST_NOUN}(?P<behind>\s+(?:in|for|of|under|from|that"
    rf"|∘+)\s+[^,;]{{1,80}}?)?{_AUX}\s*[:=→-]?\s*{_PASS}"
)
_TESTS = lazy(
    rf"(?:\b|^)(?P<words>(?:[\w/'◇.-]+\s+){{0,3}}?)\b{TEST_NOUN}(?P<behind>\s+(?:(?:in|for|of|that"
    rf"|under)\s+[^,;]{{1,60}}?|∘+|\([^()]{{1,60}}\)))?{_AUX}(?:\s*[:=→-]+)?\s*(?:all\s+|are\s+)?{_PASS}"
)
_COUNTED = lazy(
    rf"(?<![\w.#:-])(?P<count>{_N})\s*(?:(?:/|of|out\s+of)\s*(?:the\s+)?(?P<total>{_N})\s*)?"
    rf"(?P<words>{_QUALIFIER}){TEST_NOUN}?(?:\s\([^()]{{1,60}}\))?,?{_AUX}\s*[:=→]?\s*{_PASS}"
)
_PASSES_ALL = lazy(
    rf"\bpass(?:es|ed|ing)?\s+(?:all|the\s+(?:full|whole|entire)"
    rf"|100\s?%\s+of)\s+(?:the\s+)?(?P<words>{_QUALIFIER}){TEST_NOUN}\b"
)
_WITH_CHECKS = lazy(
    rf"\b(?P<words>(?:[\w-]+\s+){{0,3}}?){TEST_NOUN}(?:\s*,|\s+and|\s*&)\s[\w\s,&-]{{2,70}}?\s{_PASS}"
)
_GREEN = lazy(
    r"\b(?:everything|all|suite|they|these|it|both)\s+(?:is\s+|are\s+|still\s+|now\s+|all\s+"
    r"|of\s+(?:them|it)\s+){0,3}(?:green|pass(?:es|ed|ing)?(?=[^\w◇]*\Z|\s+(?:now|too|as\s+well"
    r"|again)))\b"
    r"|^(?:all\s+)?(?:passing|green)[^\w◇]*\Z|\b(?:tests?|suite|ci)(?:\s+(?:status|results?"
    r"|run))?\s*[:=]\s*(?:all\s+)?(?:green|ok"
    r"|passed|clean|✅|✓)"
)
_RAN_THEM = lazy(
    rf"\b(?:ran|re-?ran|executed)\s+(?:all\s+)?(?:of\s+)?(?:the\s+)?(?P<words>{_QUALIFIER}){TEST_NOUN}\b,?"
    rf"\s+(?:and\s+|with\s+)?(?:(?:they|it|everything|all(?:\s+of\s+them)?|each)\s+(?:(?:all|have|has"
    rf"|now|both|each|are|is)\s+){{0,3}}{_PASS}|(?:successfully|cleanly)\b|∘+)"
)
_COMMAND_PASSES = lazy(
    rf"◇(?:\s+(?:suite|run|tests?))?{_AUX}\s*[:=→]?\s*(?:{_PASS}|exit(?:s"
    rf"|ed)?\s+(?:with\s+)?(?:code\s+)?0\b|∘+)"
)
_NO_FAILURES = lazy(
    r"\b(?:no|zero|0|without(?:\s+any)?|not\s+a\s+single)\s+(?:test\s+)?(?:fail(?:ures?|ed|ing"
    r"|s)?)\b(?:\s+tests?\b)?|\b(?:no|none\s+of\s+the)\s+tests?\s+(?:fail(?:s|ed)?|are\s+failing"
    r"|is\s+failing|broke)\b"
    r"|\bno\s+failing\s+tests?\b|\bnothing\s+fails\b"
)
_SUITE_STATE = lazy(
    rf"\b(?P<words>(?:[\w/'◇.-]+\s+){{0,3}}?){TEST_NOUN}\b(?:\s+(?:is|are|runs?|ran|comes?|came"
    rf"|completes?|completed|finish(?:es|ed)|has|have|had|shows?|showed|reports?|reported|now|still"
    rf"|back|run|with)){{1,4}}\s+(?:[\w-]+\s+)?(?:clean(?:ly)?|green|∘+)"
)
_PERCENT = lazy(
    rf"\b100\s?%\s+(?:of\s+)?(?:the\s+)?(?P<words>{_QUALIFIER}){TEST_NOUN}\s+pass\w*|\b(?:pass\s+rate"
    rf"|tests?)\b\W{{0,3}}(?:is\s+|of\s+|at\s+)?100\s?%"
)
_TESTS_FIXED = lazy(
    r"(?:i\s+|we\s+|also\s+|have\s+|['’]ve\s+|successfully\s+)*(?:fixed|repaired"
    r"|resolved)\s+(?:(?:the|all|both|every|these|those|\d+|last|remaining"
    r"|of)\s+)*(?:previously\s+)?(?:failing|broken|red)\s+"
    r"(?:[\w-]+\s+){0,2}?(?:tests?|specs?|suites?)[^\w◇]*\Z|(?:the\s+)?(?:failing|broken"
    r"|red)\s+(?:[\w-]+\s+){0,2}?tests?\s+(?:is|are|has\s+been|have\s+been|was"
    r"|were)\s+(?:now\s+)?(?:fixed|repaired|resolved)\b"
)
_FAILING = lazy(
    rf"(?<![\w.#:-])(?P<count>[1-9]\d*)\s+(?:of\s+(?:the\s+)?(?:{_N})\s+)?(?:[\w-]+\s+){{0,2}}?(?:tests?\s+"
    rf"|specs?\s+|cases?\s+)?(?:(?:are|is|still|now|currently)\s+)*(?:fail(?:s|ed|ing|ures?)?|red"
    rf"|broken)\b"
    rf"|\b{TEST_NOUN}(?:\s+(?:in|for|of)\s+[^,;]{{1,50}}?)?(?:\s+(?:is|are|still|now|also|currently"
    rf"|keeps?|that))*\s+(?:fail(?:s|ed|ing)?|red|broken)\b|\b(?:still|remaining"
    rf"|some|one|two|three|four|five|\d+)\s+failing\s+(?:[\w-]+\s+)?tests?\b"
    r"|\b(?:it|they|which|this|◇+)\s+(?:(?:is|are|still|also|keeps?)\s+)*fail(?:s|ing)?\b(?=[^\w◇]*\Z"
    r"|\s+(?:on|in|with|for)\b)|\bfails?\s+(?:the\s+)?tests?\b"
)
_PARTLY = lazy(
    r"❌|\b(?:except|apart\s+from|other\s+than|excluding|besides|all\s+but|some|most|many|several|half"
    r"|partial(?:ly)?|almost|nearly|mostly|few|only|aside\s+from|but\s+(?:one|two|three|\d+))\b"
)
_TEST_COMMAND = lazy(
    r"\b(?:pytest|tox|nox|jest|vitest|mocha|rspec|phpunit|ctest|unittest|cypress|playwright|testthat)\b"
    r"|\b(?:npm|pnpm|yarn|bun|deno|go|cargo|make|just|mix|dotnet|mvn|gradlew?|rake|swift"
    r"|zig(?:\s+build)?|bazel|flutter|dart|nx|turbo)\s+(?:run\s+)?tests?\b"
)
_ABOUT_TESTS = HintedPattern(
    "test|Test|TEST|spec|Spec|uite|jest|Jest|rspec|mocha",
    r"\b(?:tests?|specs?|suite|pytest|jest|vitest|unittest|rspec|phpunit|ctest|mocha)\b",
    _I,
)
_PAST_STATE = lazy(
    r"\b(?:were|was)\s+(?:all\s+)?(?:pass|green)\w*(?=\s+(?:before|then|at|until|in\s+the))\b"
)
_NARROW = lazy(
    r"\b(?:new|added|these|those|related|relevant|affected|corresponding|its|own|updated|targeted"
    r"|unit|integration|e2e|end-to-end|smoke|functional|acceptance|regression|frontend|backend|api|ui|cli"
    r"|executable|runnable|enabled|selected|fast|quick|browser|component|property|contract|parser"
    r"|server|client)\b"
)
_KIND_OF_TEST = lazy(rf"\b([\w-]+)(?:\s+and\s+[\w-]+)?\s+{TEST_NOUN}\b")
_FILES = lazy(
    r"\b(?:test_\w+|\w+_test|\w+_spec|\w+\.(?:test|spec))(?:\.\w+)*|\b[\w/.-]*tests?/[\w/.-]+", _I
)
_UNITS = lazy(
    r"\b(?:criteria|criterion|gates?|rules?|checks?|builds?|files?|ids?|jobs?|stages?|tasks?|steps?"
    r"|scenarios?|times?|houses?|lints?|features?)\b"
)
_ANY_COUNT = lazy(
    rf"(?<![\w.#:-])({_N})(?:\s*(?:/|of|out\s+of)\s*({_N}))?\s+(?:[\w-]+\s+){{0,2}}?(?:{TEST_NOUN}"
    rf"|passed|passing|pass)\b"
)
_AND_COUNTS = lazy(
    rf"\b(\d{{1,6}})\s+(?:[\w-]+\s+){{0,2}}{TEST_NOUN}\s+and\s+(\d{{1,6}})\s+(?:[\w-]+\s+){{0,2}}{TEST_NOUN}"
)
_ONE_PASSES = lazy(
    r"[,:]\s+(?:pass|passed|ok)[^\w◇]*\Z|(?:◇|\w)\s+(?:(?:now|also|still|again)\s+)*(?:passes|pass"
    r"|is\s+green|passed)(?:\s+(?:now|again"
    r"|too))?[^\w◇]*\Z"
)
_RUNS = lazy(r"(?:\w+\s+){0,3}(?:ran|re-?ran|executed)\b")
_THAT = lazy(r"\b(?:that|where|which|when|whose|whether|until|so)\b")
_LONE_COUNT = lazy(rf"[\s:(→=-]{{1,4}}({_N})(?:\s*(?:/|out\s+of|of)\s*({_N}))?\)?\s*(?:\Z|[.,;()])")
_GATE = AnyWord(
    "pass",
    "green",
    "succe",
    "ok",
    "clean",
    "fail",
    "✅",
    "✓",
    "✔",
    "100",
    "exit",
    "red",
    "broke",
    "succeed",
    "nothing",
    "fixed",
    "repaired",
    "resolved",
)


def test_claim(clause: Clause, *, are_named: bool) -> Statement | None:
    """That tests pass (TESTS_PASS), or that they do not (NOT_DONE); `are_named`: nearby, if not here."""
    if not _GATE.is_in(clause.masked):
        return None
    text = clause.plain
    if _TESTS_FIXED.match(text):
        return _passing(clause, None, "")
    failing = _fails(clause, text, are_named)
    if failing is not None:
        return failing
    for pattern in (
        _ALL,
        _PASSES_ALL,
        _PERCENT,
        _COUNTED,
        _SUITE_STATE,
        _TESTS,
        _RAN_THEM,
        _COMMAND_PASSES,
        _WITH_CHECKS,
        _GREEN,
    ):
        match = pattern.search(text)
        if match is not None:
            found = _read(clause, text, pattern, match, are_named)
            if found is not None:
                return found
    return _without_failures(clause, are_named) or _named_test(clause)


def _named_test(clause: Clause) -> Statement | None:
    """ "`test_add` passes", "tests/test_app.py is green"."""
    match = _ONE_PASSES.search(clause.plain)
    if match is None or _FILES.search(clause.text[: match.end()]) is None:
        return None
    if mood(clause.plain, match.end(), is_state=True) != "stated":
        return None
    return _passing(clause, None, "")


def _fails(clause: Clause, text: str, are_named: bool) -> Statement | None:
    match = _FAILING.search(text)
    if match is None or _is_mentioned_a_action(clause, match.start()):
        return None
    if mood(text, match.end(), is_state=True) != "stated":
        return None
    if _ABOUT_TESTS.search(clause.text) is None and not (are_named and match.group("count")):
        return None
    return _not_passing(clause, _number(match.group("count")))


def _read(
    clause: Clause, text: str, pattern: re.Pattern[str], match: re.Match[str], are_named: bool
) -> Statement | None:
    """The claim that a pattern found; None where it is none."""
    if _is_not_of_tests(clause, pattern, match.start(), are_named):
        return None
    told = mood(_without_them(text, pattern, match), match.end(), is_state=True)
    if told == "open":
        return None
    groups = match.groupdict()
    words = groups.get("words") or ""
    count, total = _number(groups.get("count")), _number(groups.get("total"))
    if count is not None and _counts_something_else(text, match, words, are_named):
        return None
    if count is None:
        count, total = _count_near(text, match)
    count = _sum(text[: match.end()]) or count
    if told == "denied" or count == 0 or _PARTLY.search(text):
        return _not_passing(clause, None)
    if total is not None and total != count:
        return _not_passing(clause, abs(total - (count or 0)))
    behind = groups.get("behind") or ""
    return _passing(clause, count, f"{words} {behind.replace('∘', '')}")


def _is_mentioned_a_action(clause: Clause, start: int) -> bool:
    """Whether what the tests do tells of something that was made: "added a check that all tests pass"."""
    before = clause.plain[: start + 1]
    return clause.is_action and not _RUNS.match(before) and _THAT.search(clause.plain) is not None


def _is_not_of_tests(clause: Clause, pattern: re.Pattern[str], start: int, are_named: bool) -> bool:
    """Whether words that could be of anything are not of tests, or not of tests that ran."""
    if _is_mentioned_a_action(clause, start):
        return True
    if pattern is _COMMAND_PASSES:
        return _TEST_COMMAND.search(clause.text) is None
    return (pattern is _GREEN and not are_named) or _PAST_STATE.search(clause.plain) is not None


def _without_failures(clause: Clause, are_named: bool) -> Statement | None:
    """ "No tests fail", "0 failed": said of tests."""
    match = _NO_FAILURES.search(clause.masked)
    is_alone = match is not None and len(clause.masked.strip(" .!")) == match.end() - match.start()
    if (
        match is None
        or not (are_named or is_alone)
        or mood(clause.masked[: match.start()], match.start(), is_state=True) != "stated"
    ):
        return None
    rest = clause.masked[: match.start()] + clause.masked[match.end() :]
    # Alone it is the rest of another claim: "all 12 pass, 0 failed".
    if not (is_alone or _ABOUT_TESTS.search(clause.text)) or _FAILING.search(rest):
        return None
    return _passing(clause, None, "")


def _passing(clause: Clause, count: float | None, words: str) -> Statement:
    named = (*_NARROW.findall(words), *_KIND_OF_TEST.findall(clause.masked))
    narrow = [word for word in named if _NARROW.fullmatch(word)]
    limits = tuple(dict.fromkeys(word.lower() for word in (*narrow, *_FILES.findall(clause.text))))
    return make_statement(
        clause.sentence.line,
        ClaimKind.TESTS_PASS,
        clause.text,
        sentence=clause.sentence.text,
        count=count,
        unit="tests",
        is_of_all=not limits,
        limits=limits,
        subject=find_subject(clause),
    )


def _not_passing(clause: Clause, count: float | None) -> Statement:
    return make_statement(
        clause.sentence.line,
        ClaimKind.NOT_DONE,
        clause.text,
        sentence=clause.sentence.text,
        count=count,
        unit="tests",
        work="tests pass",
        subject=find_subject(clause),
    )


def is_test_command(command: str) -> bool:
    """Whether a command runs tests, by its words."""
    return _TEST_COMMAND.search(command) is not None


def names_tests(text: str) -> bool:
    """Whether a text speaks of tests at all."""
    return _ABOUT_TESTS.search(text) is not None


def _counts_something_else(text: str, match: re.Match[str], between: str, are_named: bool) -> bool:
    """Whether a number is not one of tests; `between` are the words after the number."""
    before = " ".join((*text[: match.start()].split()[-1:], between))
    if _UNITS.search(before):
        return True
    # "44 passed" counts tests beside the word test, "3 builds pass" does not.
    return not are_named and _ABOUT_TESTS.search(match.group(0)) is None


def _without_them(text: str, pattern: re.Pattern[str], match: re.Match[str]) -> str:
    """The clause; where somebody ran the tests, what "they" did is the tests' doing."""
    return (
        text[: match.start()] + "∘" * (match.end() - match.start())
        if pattern is _RAN_THEM
        else text
    )


def _number(text: str | None) -> int | None:
    return int(text.replace(",", "")[:9]) if text else None


def _sum(text: str) -> int | None:
    """ "37 unit tests and 9 integration tests" are 46."""
    parts = _AND_COUNTS.search(text)
    return int(parts.group(1)) + int(parts.group(2)) if parts is not None else None


def _count_near(text: str, match: re.Match[str]) -> tuple[int | None, int | None]:
    """A number of tests inside the claim, or right behind it: "all tests pass (44/44)"."""
    behind = text[match.end() :]
    number = (
        _ANY_COUNT.search(match.group(0))
        or _ANY_COUNT.match(behind.lstrip(" :(,→=-"))
        or _LONE_COUNT.match(behind)
    )
    if number is None:
        return None, None
    return _number(number.group(1)), _number(number.group(2))
