"""The claims of a sentence: each clause is read for itself, beside those before it."""

from __future__ import annotations

import re
from collections.abc import Iterator

from msgspec.structs import replace

from tui.model.evidence.claims import ClaimKind
from tui.night.review.claims.grammar.action_kinds import more_tests
from tui.night.review.claims.grammar.actions import action_claim
from tui.night.review.claims.grammar.clauses import Clause, Sentence, clauses, lowered, whole_clause
from tui.night.review.claims.grammar.completion import done_claim
from tui.night.review.claims.grammar.denials import denial_claim, open_claim
from tui.night.review.claims.grammar.labels import listed_claim
from tui.night.review.claims.grammar.mood import is_belief, is_of_others, is_of_the_past, is_order
from tui.night.review.claims.grammar.outcomes import check_claim, figure_claim, names_a_check
from tui.night.review.claims.grammar.places import place_claim
from tui.night.review.claims.grammar.test_results import names_tests, test_claim
from tui.night.review.claims.grammar.vocabulary import CLAIM_WORDS
from tui.night.review.claims.statement import Statement
from tui.system.lazy_pattern import lazy

_LETTERS = lazy(r"[a-z]+|\d|[✅✓✔%]")
_SUMMARY = lazy(
    r"\b\d+\s+passed\b.*\b(?:\d+|no|zero)\s+(?:failed|skipped|errors?|xfailed|deselected|warnings?"
    r"|regressions?)\b"
    r"|\b\d+\s+passed\s+in\s+\d",
    re.IGNORECASE,
)
_MADE = (ClaimKind.CODE_ADDED, ClaimKind.FILE_MADE, ClaimKind.TESTS_ADDED)
_WAS = lazy(r"\b(?:was|were|passed|succeeded|failed|reported)\b")
_NO_CLAIM = ("when", "whenever", "so that", "before")
_CONDITIONS = frozenset(
    (
        *("if", "unless", "until", "once", "assuming", "provided that", "as long as"),
        *("as soon as", "in case", "when"),
    )
)


def sentence_statements(sentence: Sentence) -> Iterator[Statement]:
    """The claims of an English sentence, in their order."""
    if sentence.text.rstrip(" )\"'*").endswith("?"):
        return
    line = sentence.line
    if line.sign == "❌" and sentence.start == 0:
        yield open_claim(whole_clause(sentence))
        return
    if CLAIM_WORDS.isdisjoint(_LETTERS.findall(lowered(sentence.masked))):
        parts = []
    else:
        parts = clauses(sentence)
        found = list(_SentenceReader(sentence).read(parts))
        if found:
            yield from found
            return
    listed = listed_claim(sentence, parts)
    if listed is not None:
        yield listed


class _SentenceReader:
    """Reads the clauses of a sentence one after the other."""

    def __init__(self, sentence: Sentence) -> None:
        line = sentence.line
        self._are_tests_named = (
            names_tests(line.text)
            or names_tests(line.label)
            or ("passed" in line.masked and _SUMMARY.search(line.masked) is not None)
        )
        self._is_open = False
        """Whether what comes next is only believed, asked for, or said by others."""
        self._before: Statement | None = None

    def read(self, parts: list[Clause]) -> Iterator[Statement]:
        """The claims of the clauses that state a fact."""
        for place, clause in enumerate(parts):
            follows = parts[place + 1].lead if place + 1 < len(parts) else ""
            if self._states(clause, follows, is_first=place == 0):
                statement = self._claim(clause)
                if statement is not None:
                    self._before = statement
                    yield statement
                    if statement.kind == ClaimKind.TESTS_PASS and names_a_check(clause):
                        # "All tests, linting and type checks pass" claims both.
                        yield replace(statement, kind=ClaimKind.CHECK_CLEAN, count=None, limits=())

    def _states(self, clause: Clause, follows: str, *, is_first: bool) -> bool:
        """Whether a clause may state a fact; `follows` leads the next one."""
        has_self = clause.has_self
        if clause.is_contrast or has_self:
            self._is_open = False
        if is_of_others(clause) or is_belief(clause) or is_of_the_past(clause):
            self._is_open = True
        if clause.is_condition or clause.lead in _NO_CLAIM:
            # What an opening condition is said of holds under it only.
            self._is_open |= clause.is_condition and is_first
            return False
        is_action = clause.is_action
        if self._is_open or (
            follows in _CONDITIONS and not (is_action or _WAS.search(clause.plain))
        ):
            return False
        if is_order(clause.masked) and not is_action:
            self._is_open = True
            return False
        return True

    def _claim(self, clause: Clause) -> Statement | None:
        tests = test_claim(clause, are_named=self._are_tests_named)
        if tests is not None:
            return self._test_claim(tests)
        return (
            figure_claim(clause)
            or denial_claim(clause)
            or check_claim(clause)
            or place_claim(clause)
            or action_claim(clause)
            or done_claim(clause)
            or self._more_tests(clause)
        )

    def _more_tests(self, clause: Clause) -> Statement | None:
        """Tests as the second thing that was added."""
        is_joined = self._before is not None and self._before.kind in _MADE
        return more_tests(clause) if is_joined else None

    def _test_claim(self, tests: Statement) -> Statement | None:
        """What is said of tests, as the clause before it completes it."""
        before = self._before
        if before is None or tests.kind != ClaimKind.TESTS_PASS or names_tests(tests.text):
            return tests
        if before.kind == ClaimKind.TESTS_PASS:
            # "All 12 tests pass, 0 failed": the rest of the same.
            return None
        if before.kind != ClaimKind.TESTS_ADDED or tests.count is not None:
            return tests
        # "Added 6 tests, all passing" is said of the new ones.
        return replace(
            tests, count=before.count, is_of_all=False, limits=("new",), subject=before.subject
        )
