"""Tests that ask for less, or for another value, than at the night's base."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from msgspec import Struct

from tui.model.records import FileChange, RepositoryChanges
from tui.model.review import Severity
from tui.night.review.risks import test_syntax
from tui.night.review.risks.diff_view import (
    SEVERITY_ORDER,
    DiffLine,
    RiskFinding,
    finding_at,
)
from tui.night.review.risks.oracle.code_changes import (
    CodeChanges,
    replaced_lines,
    stem_of,
)
from tui.night.review.risks.oracle.compare import Weaker, added_asks, compare_files
from tui.night.review.risks.oracle.golden import find_golden_changes
from tui.night.review.risks.oracle.hard_coded import find_hard_coded
from tui.night.review.risks.oracle.intent import Intent
from tui.night.review.risks.oracle.mocks import find_mocked_subjects
from tui.night.review.risks.oracle.reading.assertion import Assertion
from tui.night.review.risks.oracle.reading.cases import SOMETIMES, Case, read_cases, subject_names
from tui.night.review.risks.oracle.reading.file_texts import ChangedTexts, FileTexts, find_line
from tui.night.review.risks.oracle.reading.literals import is_literal, is_number, literal_in
from tui.night.review.risks.oracle.reading.matchers import Strength
from tui.night.review.risks.oracle.uncollected import ROW, find_uncollected
from tui.system.format import format_count, shorten
from tui.system.lazy_pattern import lazy

_NAME = lazy(r"[A-Za-z_]\w*")
_SHOWN = 40
_VERSION = lazy(r"[\"']v?\d+\.\d+(?:\.\d+)?[\w.+-]*[\"']")
_EXPECTED = lazy(r"\b(?:expected\w*|want\w*|expect|exp|answer)\b[\"']?\s*(?::=|=>?|:)\s*(?!=)", 2)
_IDENTIFIED = lazy(r",\s*(?:id|name|marks)\s*=.*$|\s+(?:#|//).*$")
_SAME_NAMES = frozenset(
    "assert expect self test it describe def func t None True False true false null nil".split()
)


class NightContext(Struct, frozen=True):
    """What is known of the night beside its differences.

    `is_recorded` says that calls of the night are known to have made its changes: without them
    nothing tells why a value changed. `reactions` are test files that were changed right after a
    red run, no code between the two, nor before the next run.
    """

    intent: Intent = Intent()
    is_recorded: bool = False
    reactions: frozenset[str] = frozenset()
    texts: FileTexts | None = None


class _Place(NamedTuple):
    severity: Severity
    what: str
    line: DiffLine


def find_weakened(
    changes: RepositoryChanges, code: CodeChanges, context: NightContext
) -> Iterator[RiskFinding]:
    """Tests that ask for less, recorded answers that changed, and code that knows its tests."""
    texts = ChangedTexts(context.texts)
    read: list[_ReadFile] = []
    elsewhere: Counter[tuple[str, str, str]] = Counter()
    for change in changes.files:
        if change.generated or not change.hunks or not _may_hold_tests(change):
            continue
        before, after = texts.both(change)
        old, new = read_cases(change.path, before), read_cases(change.path, after)
        elsewhere += added_asks(old, new)
        read.append(_ReadFile(change, old, new))
    for change, old, new in read:
        yield from find_mocked_subjects(change, (*old, *new), texts)
        if change.kind not in ("modified", "renamed"):
            continue
        is_telling = context.is_recorded and (code.is_small or change.path in context.reactions)
        yield from find_uncollected(change, old, new, is_telling=is_telling)
        judge = _FileJudge(change, new, code, context)
        places = [*judge.weaker(compare_files(old, new, elsewhere)), *judge.changed_rows()]
        if places:
            yield _worst(change.path, places)
    is_recorded = context.is_recorded
    yield from find_golden_changes(changes, code, context.intent, is_recorded=is_recorded)
    at_hand = [one for _, _, new in read for case in new for one in case.assertions]
    yield from find_hard_coded(changes, at_hand, texts)


class _ReadFile(NamedTuple):
    change: FileChange
    before: list[Case]
    after: list[Case]


def _may_hold_tests(change: FileChange) -> bool:
    if not test_syntax.is_code(change.path):
        return False
    if test_syntax.is_test(change.path) or test_syntax.is_test(change.old_path):
        return True
    return change.path.endswith(".rs") and any("assert" in t for h in change.hunks for t in h.lines)


def _worst(path: str, places: Sequence[_Place]) -> RiskFinding:
    worst = min(places, key=lambda place: SEVERITY_ORDER[place.severity])
    what = worst.what
    if len(places) > 1:
        what += f"; {format_count(len(places) - 1, 'more place')} like it"
    return finding_at(worst.line, "test_weakened", path, worst.severity, what)


class _FileJudge:
    """How bad it is what a file of tests asks for now.

    A value or a comparison that changed alone, in a small night or right after a red run, is what
    bent tests look like; within a larger rework of code and tests it is what rework looks like.
    """

    def __init__(
        self, change: FileChange, cases: Sequence[Case], code: CodeChanges, context: NightContext
    ) -> None:
        self._change = change
        self._cases = cases
        self._code = code
        self._context = context
        self._stem = stem_of(change.path)
        self._is_reaction = change.path in context.reactions
        self._is_task = any(
            context.intent.asks_for(*pair, names) for pair, names in code.literals.items()
        )
        self._is_telling = self._is_reaction or code.is_small

    def weaker(self, found: Iterator[Weaker]) -> Iterator[_Place]:
        """The places with their words and weight."""
        for one in found:
            line = find_line(self._change, one.line, "-" if one.is_old else "+")
            judged = self._judge(one)
            if line is not None and judged is not None:
                yield _Place(judged[0], judged[1], line)

    def _judge(self, one: Weaker) -> tuple[Severity, str] | None:
        title = one.case.name or "a test"
        if one.difference == "fault":
            severity: Severity = "medium" if one.words == SOMETIMES else "high"
            return severity, f"an assertion of {title} has no effect: {one.words}"
        if one.difference == "value":
            return self._value(one, title)
        is_usual = one.is_rewritten and not self._is_reaction
        if one.difference == "tolerance":
            shown = shorten(one.after[0].text, 80)
            what = f"a tolerance of an assertion is larger than before: {shown}"
            return "low" if is_usual else "medium", what
        if self._is_gone(one.before):
            return None
        if one.difference == "looser":
            return self._looser(one, title, is_usual=is_usual)
        lost = format_count(len(one.before), "assertion")
        if one.difference == "none":
            what = f"{title} lost {lost} and got none instead"
            return "high" if self._is_telling or not is_usual else "low", what
        what = f"{title} lost {lost}, others stay"
        return "low" if is_usual or not self._is_telling else "medium", what

    def _is_gone(self, before: Sequence[Assertion]) -> bool:
        """Whether what was asked for went out of the code itself."""
        names = [set(_NAME.findall(_without_literals(one))) for one in before]
        return all(found & self._code.gone for found in names)

    # complexity: weight by strength, by size of the night and by what else changed
    def _looser(self, one: Weaker, title: str, *, is_usual: bool) -> tuple[Severity, str]:
        was, now = one.before[0], one.after[0]
        weakest = min(asked.strength for asked in one.after)
        if len(one.before) > len(one.after):
            count = format_count(len(one.after), "assertion")
            is_vague = weakest < Strength.EXACT
            looser = ", and looser" if is_vague else ""
            what = f"{title} makes do with {count} instead of {len(one.before)}{looser}"
            if is_usual and not self._is_telling:
                return "low", what
            return "high" if is_vague and self._is_telling else "medium", what
        before, after = shorten(was.text, _SHOWN * 2), shorten(now.text, _SHOWN * 2)
        what = f"an assertion of {title} is looser: {after}; before: {before}"
        if weakest == Strength.NOTHING:
            return "high", what
        if is_usual:
            return "low", what
        changed = self._changed(one.case, was)
        if weakest == Strength.VAGUE:
            is_bent = changed and self._context.is_recorded and self._is_telling
            return "high" if is_bent else "medium", what
        return "medium" if self._context.is_recorded and self._is_telling else "low", what

    # --- expected values ---

    def _value(self, one: Weaker, title: str) -> tuple[Severity, str] | None:
        was, now = one.before[0], one.after[0]
        changed = self._changed(one.case, now)
        if not changed and not self._context.is_recorded:
            return None
        names = subject_names(one.case, now)
        severity = self._value_severity(was.expected, now.expected, names, changed)
        is_message = now.comparison == "raises" and self._is_named(now.expected)
        if one.is_rewritten or (is_message and not self._is_reaction):
            severity = "low"
        return severity, _value_words(was.expected, now.expected, title, changed)

    def _is_named(self, error: str) -> bool:
        """Whether the code itself names the error that is expected now; a message is its own affair."""
        name, _, message = error.partition(",")
        name = name.rpartition(".")[2]
        return bool(message) or any(name in text for text in self._code.added_texts)

    # complexity: what explains another value, one after the other
    def _value_severity(self, old: str, new: str, names: set[str], changed: str) -> Severity:
        """How bad another expected value is, by what else the night changed and was asked for."""
        is_version = bool(_VERSION.fullmatch(old) and _VERSION.fullmatch(new)) and (
            old.count(".") > 1 or any("version" in name.lower() for name in names)
        )
        if is_version or _is_extended(old, new) or not self._context.is_recorded:
            return "low"
        if self._context.intent.asks_for(old, new, names) or self._is_task:
            return "low"
        if not self._is_telling:
            return "low"
        if (old, new) in self._code.literals and not _is_switch(new):
            return "medium" if is_number(new) else "low"
        if not is_number(new) and len(new) > 8 and self._is_written(old, new):
            return "low"
        return "high" if changed else "medium"

    def _is_written(self, old: str, new: str) -> bool:
        """Whether the new words of a text stand in the lines that came into the code."""
        fresh = set(_NAME.findall(new)) - set(_NAME.findall(old)) - _SAME_NAMES
        text = "\n".join(self._code.added_texts)
        return bool(fresh) and all(word in text for word in fresh)

    def changed_rows(self) -> Iterator[_Place]:
        """Expected values in a table of cases, or under a name of their own."""
        for hunk in self._change.hunks:
            for old, new in replaced_lines(hunk):
                pair = _row_change(old.text, new.text)
                if pair is None or test_syntax.is_assertion(new.text):
                    continue
                names = self._names_at(new)
                changed = self._code.changed_of(names, self._stem)
                severity = self._value_severity(*pair, names, changed)
                if changed or self._context.is_recorded:
                    what = _value_words(*pair, "a table of cases", changed)
                    yield _Place(severity, what, new)

    def _names_at(self, line: DiffLine) -> set[str]:
        """What the test calls that a row belongs to: the one around it, or the one below."""
        number = line.number
        around = [one for one in self._cases if one.name and one.last_line >= number]
        names: set[str] = set()
        for case in around[:1]:
            for one in case.assertions:
                names |= subject_names(case, one)
        return names

    def _changed(self, case: Case, asked: Assertion) -> str:
        return self._code.changed_of(subject_names(case, asked), self._stem)


def _without_literals(one: Assertion) -> str:
    """What an assertion is about: its subject, and the error that it expects."""
    is_named = one.comparison == "raises" and not is_literal(one.expected)
    return f"{one.subject} {one.expected}" if is_named else one.subject


def _value_words(old: str, new: str, title: str, changed: str) -> str:
    too = f", and {changed} was changed too" if changed else ""
    before, after = shorten(old, _SHOWN), shorten(new, _SHOWN)
    return f"the expected value changed from {before} to {after} in {title}{too}"


def _is_switch(literal: str) -> bool:
    """Whether a literal is one of few that stand everywhere."""
    return literal in _SAME_NAMES or len(literal.strip("\"'")) == 0


def _is_extended(old: str, new: str) -> bool:
    """Whether a collection only got more members, or a text more words."""
    if old[:1] in "\"'`" and new[:1] == old[:1]:
        before, after = old.strip(old[0]).split(), new.strip(old[0]).split()
        return len(before) > 2 and not Counter(before) - Counter(after)
    if old[:1] not in "[{(" or new[:1] != old[:1]:
        return False
    members, others = Counter(literal_in(old)), Counter(literal_in(new))
    return others.total() > members.total() and not members - others


def _row_change(old: str, new: str) -> tuple[str, str] | None:
    """The literal that alone changed in a row of a table, if it is what is expected there."""
    old, new = _IDENTIFIED.sub("", old), _IDENTIFIED.sub("", new)
    before, after = literal_in(old), literal_in(new)
    if len(before) != len(after) or not before:
        return None
    differing = [n for n, (a, b) in enumerate(zip(before, after, strict=True)) if a != b]
    if differing and all(_is_csv_change(before[n], after[n]) for n in differing):
        return before[differing[0]], after[differing[0]]
    if len(differing) != 1:
        return None
    at = differing[0]
    if old.replace(before[at], "") != new.replace(after[at], ""):
        return None
    named = _EXPECTED.search(new)
    is_named = named is not None and new[named.end() :].lstrip().startswith(after[at])
    is_row = ROW.match(new) is not None and len(after) > 1 and at == len(after) - 1
    return (before[at], after[at]) if is_named or is_row else None


def _is_csv_change(old: str, new: str) -> bool:
    """Whether only the last of several values in a text differs."""
    before, after = old.strip("\"'").split(","), new.strip("\"'").split(",")
    return len(before) == len(after) > 1 and before[:-1] == after[:-1]
