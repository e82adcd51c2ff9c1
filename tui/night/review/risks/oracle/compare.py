"""What a test asks for at the end against what it asked for at the base."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from typing import Literal

from msgspec import Struct

from tui.night.review.risks import test_syntax
from tui.night.review.risks.oracle.reading.assertion import Assertion
from tui.night.review.risks.oracle.reading.cases import Case
from tui.night.review.risks.oracle.reading.literals import (
    bare,
    is_literal,
    is_written_out,
    literal_in,
)
from tui.night.review.risks.oracle.reading.matchers import EQUALITY, Strength
from tui.system.lazy_pattern import lazy

Difference = Literal["value", "looser", "fewer", "none", "fault", "tolerance"]
_ALIKE = 0.5
_NAME = lazy(r"[A-Za-z_]\w*")
_SETS_UP = lazy(r"set_?up|before|init", 2)
_PART_OF = lazy(
    r"(?:^|\b)(?:len|type|sorted|set|frozenset|round|int|abs|bool|any|typeof)\s*\(?$", 2
)
_PART_BEHIND = lazy(
    r"\.(?:length|size|count|class|sort|lower|upper|strip|trim|to_i|round|len)(?:\(\))?$", 2
)
_CALLED = lazy(r"([A-Za-z_]\w*)!?\(")
_ASSERTS = lazy(
    r"(?:assert|check|verify|expect|ensure|should|validate|require|compare|must)_?\w*$", 2
)
_NEARLY = 0.05
_FIGURE = lazy(r"-?\d+(?:\.\d+)?")
_ALL = lazy(r"=\s*r?[\"']\.[*+]?[\"']|=\s*[\"'][\"']")


class Weaker(Struct, frozen=True):
    """One way in which a test asks for less, or for something else.

    `before` and `after` are the assertions where there are any; `words` say what keeps a test from
    failing. `line` is of the new file, of the old one if `is_old`. `is_rewritten` says that other
    statements of the test changed too.
    """

    difference: Difference
    case: Case
    line: int
    before: tuple[Assertion, ...] = ()
    after: tuple[Assertion, ...] = ()
    words: str = ""
    is_old: bool = False
    is_rewritten: bool = False


def added_asks(before: Sequence[Case], after: Sequence[Case]) -> Counter[tuple[str, str, str]]:
    """What the tests of a file ask and did not ask at that place before."""
    found: Counter[tuple[str, str, str]] = Counter()
    paired: set[int] = set()
    for old, new in pair_cases(before, after):
        paired.add(id(new))
        found.update(one.asks for one in _without(new.assertions, old.assertions))
    for case in after:
        if id(case) not in paired:
            found.update(one.asks for one in case.assertions)
    return found


def compare_files(
    before: Sequence[Case], after: Sequence[Case], elsewhere: Counter[tuple[str, str, str]]
) -> Iterator[Weaker]:
    """How the tests of a file ask for less than before; `elsewhere` is what came at other places."""
    helpers = {case.name for case in after if case.assertions and not case.is_test} - {""}
    pairs = [*pair_cases(before, after)]
    reworked = {
        new.name for old, new in pairs if not new.is_test and new.name and _is_reworked(old, new)
    }
    for old, new in pairs:
        if not _asks_through_helper(old, new, helpers):
            yield from _compare(old, new, elsewhere, reworked)
        else:
            yield from _new_faults(old, new)


def _is_reworked(old: Case, new: Case) -> bool:
    """Whether statements that assert nothing changed in a test or helper."""
    return [one.text for one in old.others] != [one.text for one in new.others]


def _is_only_told(was: Assertion, old: Case, new: Case) -> bool:
    """Whether what was asserted is only looked at now: a condition, something printed."""
    known = {one.text for one in old.others}
    told = ("".join(one.text.split()) for one in new.others if one.text not in known)
    words = [bare(one) for one in literal_in(was.expected)]
    return bool(words) and any(
        was.subject in text and all(word in text for word in words) for text in told
    )


def _uses(case: Case, names: set[str]) -> bool:
    """Whether a test calls one of some helpers, is given it, or is set up by it."""
    words = {word for one in (case.header, *case.others) for word in _NAME.findall(one.masked)}
    return bool(words & names) or any(_SETS_UP.match(name) for name in names)


def _asks_through_helper(old: Case, new: Case, helpers: set[str]) -> bool:
    """Whether statements that came into a test call a function that asserts."""
    known = {one.text for one in old.others}
    called = (
        name for one in new.others if one.text not in known for name in _CALLED.findall(one.masked)
    )
    return any(name in helpers or _ASSERTS.match(name) for name in called)


def pair_cases(before: Sequence[Case], after: Sequence[Case]) -> Iterator[tuple[Case, Case]]:
    """The same test before and after: by its name, else by what it does."""
    left = dict(_numbered(before))
    new: list[Case] = []
    for key, case in _numbered(after):
        old = left.pop(key, None)
        if old is not None:
            yield old, case
        else:
            new.append(case)
    for case in new:
        like = next((key for key, old in left.items() if _is_alike(old, case)), None)
        if like is not None:
            yield left.pop(like), case


def _numbered(cases: Iterable[Case]) -> Iterator[tuple[tuple[str, int], Case]]:
    seen: Counter[str] = Counter()
    for case in cases:
        yield (case.name, seen[case.name]), case
        seen[case.name] += 1


def _is_alike(old: Case, new: Case) -> bool:
    """Whether most statements of a test are those of another."""
    mine = Counter(one.text for one in old.others) + Counter(a.subject for a in old.assertions)
    other = Counter(one.text for one in new.others) + Counter(a.subject for a in new.assertions)
    shared = sum((mine & other).values())
    return old.is_test == new.is_test and shared > _ALIKE * max(1, sum(mine.values()))


def _compare(
    old: Case, new: Case, elsewhere: Counter[tuple[str, str, str]], reworked: set[str]
) -> Iterator[Weaker]:
    yield from _new_faults(old, new)
    removed = [*_without(old.assertions, new.assertions)]
    added = [*_without(new.assertions, old.assertions)]
    if not removed:
        return
    is_rewritten = _is_reworked(old, new) or _uses(new, reworked)
    if is_rewritten and any(_is_only_told(was, old, new) for was in removed):
        is_rewritten = False
    unmatched: list[Assertion] = []
    looser: list[tuple[Assertion, Assertion]] = []
    for was in removed:
        now = _counterpart(was, added)
        if now is None:
            unmatched.append(was)
            continue
        added.remove(now)
        difference = _difference(was, now)
        if difference == "looser":
            looser.append((was, now))
        elif difference:
            yield Weaker(difference, new, now.line, (was,), (now,), is_rewritten=is_rewritten)
    lost = [one for one in unmatched if not _is_kept(one, new, added, elsewhere)]
    for was in sorted(lost, key=lambda one: -one.strength):
        stand_in = next((one for one in added if one.strength >= was.strength), None)
        if stand_in is not None:
            added.remove(stand_in)
            lost.remove(was)
    yield from _lost(new, lost, added, looser, is_rewritten)


def _without(some: Sequence[Assertion], others: Sequence[Assertion]) -> Iterator[Assertion]:
    """The assertions that others do not hold; wording and messages do not count."""
    held = Counter((one.asks, one.tolerance) for one in others)
    for one in some:
        key = one.asks, one.tolerance
        if held[key] > 0:
            held[key] -= 1
        else:
            yield one


def _counterpart(was: Assertion, added: Sequence[Assertion]) -> Assertion | None:
    """The new assertion that stands for an old one."""
    same = [one for one in added if one.subject == was.subject]
    for one in same:
        if one.expected == was.expected and one.strength >= was.strength:
            return one
    if same:
        return max(same, key=lambda one: (one.comparison == was.comparison, one.strength))
    wrapped = next((one for one in added if _is_around(was.subject, one)), None)
    if wrapped is not None:
        return wrapped
    swapped = (one for one in added if (one.expected, one.subject) == (was.subject, was.expected))
    renamed = (
        one
        for one in added
        if was.expected and one.expected == was.expected and one.strength >= was.strength
    )
    return next(swapped, None) or next(renamed, None)


# complexity: each kind of difference has its own condition
def _difference(was: Assertion, now: Assertion) -> Difference | None:
    if was.subject == now.subject and _is_same_truth(was, now):
        return None
    if now.strength < was.strength or _is_part(was.subject, now.subject):
        return "looser"
    if was.subject in now.subject and _is_wider(was, now):
        return "tolerance"
    if was.comparison == now.comparison == "raises" and _says_less(was.expected, now.expected):
        return "looser"
    if was.subject != now.subject or was.expected == now.expected or now.strength > was.strength:
        return None
    if was.comparison != now.comparison and not {was.comparison, now.comparison} <= EQUALITY:
        return None
    if was.comparison == "raises":
        message = "".join(bare(was.expected).split())
        return "value" if message not in "".join(now.expected.split()) else None
    is_plain = is_written_out(was.expected) and is_written_out(now.expected)
    return "value" if is_plain else None


def _is_same_truth(was: Assertion, now: Assertion) -> bool:
    """Whether a truth value is asked for in another form: `x is False`, `not x`."""
    return (
        was.expected.lower() in ("true", "false") and was.expected.lower() == now.expected.lower()
    )


def _is_part(was: str, now: str) -> bool:
    """Whether only a part of what was compared is: its length, its type, its members in any order."""
    if not was or was not in now or was == now:
        return False
    before, _, after = now.partition(was)
    return _PART_OF.search(before) is not None or _PART_BEHIND.match(after) is not None


def _is_around(subject: str, now: Assertion) -> bool:
    """Whether a part of what was compared is compared now, or about what it was."""
    return _is_part(subject, now.subject) or (
        now.tolerance > 0 and bool(subject) and f"({subject})" in now.subject
    )


def _is_wider(was: Assertion, now: Assertion) -> bool:
    """Whether values far from the expected one hold now; nearly equal is how fractions compare."""
    if was.tolerance and now.tolerance:
        return now.tolerance > was.tolerance
    if not now.tolerance > 0 or was.strength < Strength.EXACT:
        return False
    numbers = [abs(float(n)) for n in _FIGURE.findall(was.expected)]
    is_share = "rel" in now.text
    return now.tolerance > (_NEARLY if is_share else _NEARLY * max([*numbers, 1.0]))


def _says_less(was: str, now: str) -> bool:
    """Whether the same error is expected, and its message is not any more."""
    error, _, message = was.partition(",")
    other, _, text = now.partition(",")
    was_all, is_all = (_ALL.search(part) is not None for part in (message, text))
    return bool(message) and error == other and not was_all and (not text or is_all)


# complexity: every form in which what was asked may still be asked
def _is_kept(
    was: Assertion, new: Case, added: Sequence[Assertion], elsewhere: Counter[tuple[str, str, str]]
) -> bool:
    """Whether what an assertion asked is asked in another form, or at another place."""
    if elsewhere[was.asks] > 0 or test_syntax.NARROWING.match(was.text):
        return True
    if was.strength == Strength.VAGUE and any(
        one.subject.startswith(was.subject) and one.strength > Strength.VAGUE
        for one in new.assertions
    ):
        return True
    if any(
        _is_part(one.subject, was.subject)
        for one in new.assertions
        if one.strength == Strength.EXACT
    ):
        return True
    words = bare(was.expected)
    fresh = (one for one in new.assertions if one.strength > Strength.VAGUE)
    if len(words) > 3 and is_literal(was.expected) and any(words in one.text for one in fresh):
        return True
    name = re.compile(rf"(?<!\w){re.escape(was.subject)}(?!\w)")
    return bool(was.subject) and any(
        name.search(one.subject) and one.strength >= was.strength for one in added
    )


def _lost(
    new: Case,
    lost: list[Assertion],
    added: list[Assertion],
    looser: list[tuple[Assertion, Assertion]],
    is_rewritten: bool,
) -> Iterator[Weaker]:
    """What is not asked any more, or less sharply, after what came instead."""
    came = [*added, *(now for _, now in looser)]
    if lost and came:
        before = (*lost, *(was for was, _ in looser))
        yield Weaker("looser", new, came[0].line, before, tuple(came), is_rewritten=is_rewritten)
        return
    for was, now in looser:
        yield Weaker("looser", new, now.line, (was,), (now,), is_rewritten=is_rewritten)
    if lost:
        kind: Difference = "fewer" if new.assertions else "none"
        line = lost[0].line
        yield Weaker(kind, new, line, tuple(lost), is_old=True, is_rewritten=is_rewritten)


def _new_faults(old: Case, new: Case) -> Iterator[Weaker]:
    """What keeps assertions from failing now and did not before."""
    before = Counter(words for words, _ in old.faults)
    told: set[str] = set()
    for words, statement in new.faults:
        if before[words] > 0:
            before[words] -= 1
        elif words not in told:
            told.add(words)
            yield Weaker("fault", new, statement.line, words=words)
