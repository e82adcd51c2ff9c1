"""Assertions of many test libraries as subject, comparison and expected value."""

from __future__ import annotations

import re
from collections.abc import Iterator

from tui.night.review.risks.oracle.reading.assertion import Assertion, make_assertion, plain
from tui.night.review.risks.oracle.reading.literals import is_literal, is_written_out, literal_in
from tui.night.review.risks.oracle.reading.matchers import (
    BOOLEANS,
    NULL_WORDS,
    RAISING,
    Strength,
    squeezed,
    strength_of,
)
from tui.night.review.risks.oracle.reading.python_assertions import read_python
from tui.night.review.risks.oracle.reading.source_text import Statement, split_arguments
from tui.system.lazy_pattern import lazy

_ANY_ERROR = lazy(
    r"^(?:\w+\.)*(?:Exception|BaseException|Throwable|Error|StandardError|RuntimeException|object)?$"
)
_CHAIN = lazy(r"\b(?:expect|assertThat|expectThat|assert_that|that|should)\s*(\(|\{(?=.*\}\s*\.))")
_BEHIND = lazy(r"\.[sS]hould(?:\(\))?\.")
_NUMBER = lazy(r"-?\d+(?:\.\d+)?(?:e-?\d+)?[fFdDlL]?$")
_NEAR = frozenset(
    "expectnear assertnear assertindelta indelta assertinepsilon inepsilon closeto assertequals"
    " assertequal".split()
)
_KEYWORD = lazy(r"match\s*=|message\s*=")
_UNARY = lazy(
    r"(?:^|&&|\|\||;)\s*(?:\[\[?|test)\s+(?P<op>!?\s*-[a-z])\s+(?P<what>.+?)(?:\s*\]\]?|$)"
)
_CALL = lazy(
    r"(?<![\w$])(?:(?:self|this|\$this|t|r|s|is|ass?ert|Assert|require|Assertions|CollectionAssert"
    r"|StringAssert|unittest|suite|test|pytest|tap)(?:\.|->|::))*(?P<name>[A-Za-z]\w*)!?\s*(?P<open>\()"
)
_ASSERTED = lazy(
    r"(?:^|[\s;{(])(?:assert|debug_assert|precondition)\s*(?:!\s*)?(?P<open>\(|\s)|#expect\s*(?P<swift>\()"
    r"|\b(?:REQUIRE|CHECK|EXPECT|ASSERT|assume)(?:_TRUE)?\s*(?P<macro>\()"
)
_BARE = lazy(
    r"(?:(?P<bats>assert_(?:output|line|success|failure))|(?:assert|refute)_(?P<name>\w+))"
    r"(?:\s+(?P<args>.+))?$"
)
_INFIX = lazy(
    r"(?P<left>.+?)\s+(?P<word>should\w+)\s+(?P<right>.+)$"
    r"|(?P<subject>.+?)\.(?P<must>must_\w+)\s*(?P<given>.*)$"
)
_SHELL = lazy(
    r"(?:^|&&|\|\||;|!)\s*(?:\[\[?|test)\s+(?P<left>.+?)"
    r"\s+(?P<op>==?|!=|-eq|-ne|-g[te]|-l[te]|=~)\s+(?P<right>.+?)(?:\s*\]\]?|\s*(?:$|\|\||&&))"
)
_WORD = lazy(r"[A-Za-z]\w*")
_NEGATED = lazy(r"\b(?:not|never|not_to|to_not|isNot|shouldNot)\b")
_OPERATORS = (
    (lazy(r"===|==(?!=)|<=>|\bis\b(?!\s+not)|(?<![=!<>+\-*/])=(?![=>~])"), "==", Strength.EXACT),
    (lazy(r"!==?|\bis\s+not\b|\bnot\s+in\b"), "!=", Strength.VAGUE),
    (lazy(r"\bin\b|=~"), "in", Strength.BOUND),
    (lazy(r"(?<![<=>-])(?:<=?|>=?)(?![<>=])"), "<>", Strength.BOUND),
)
_PREDICATE = lazy(
    r"(?:\.|\b)(?:startswith|startsWith|starts_with|endswith|contains|includes?|matches|is_match|any|hasPrefix|hasSuffix|search|match)\??\s*\("
)


def read_assertions(path: str, statement: Statement) -> list[Assertion]:
    """What a statement asserts; nothing for one that asserts nothing."""
    if path.endswith((".py", ".pyi")) and statement.masked.startswith("assert"):
        found = read_python(statement)
        if found is not None:
            return found
    made = [*_chains(statement)]
    if not made:
        made = [*_calls(statement)]
    if not made:
        made = [*_asserted(statement)]
    if not made:
        made = [*_bare(path, statement)]
    return made


# --- chains: expect(x).toBe(y), assertThat(x).isEqualTo(y), expect(x).to eq(y) ---


def _chains(statement: Statement) -> Iterator[Assertion]:
    match = _CHAIN.search(statement.masked)
    if match is None:
        behind = _BEHIND.search(statement.masked)
        if behind is not None:
            subject = plain(statement.text[: behind.start()])
            yield from _matchers(subject, statement, behind.end())
            return
        if statement.masked.startswith("})") and ".to" in statement.masked:
            yield from _matchers("", statement, 2)
        return
    args, close = split_arguments(statement.text, statement.masked, match.start(1))
    if close < 0 or not args:
        return
    if len(args) > 1 and match.group().startswith(("assertThat", "assert_that")):
        yield _hamcrest(args, statement)
        return
    yield from _matchers(plain(args[0]), statement, close + 1)


def _hamcrest(args: list[str], statement: Statement) -> Assertion:
    """assertThat(x, is(y)): the matcher is an argument."""
    subject, matcher = args[-2:]
    name, _, rest = matcher.partition("(")
    inner = rest.rstrip(") ")
    word = squeezed(name)
    if word in ("is", "equalto", "not", "asame") and "(" in inner:
        word, inner = squeezed(inner.partition("(")[0]), inner.partition("(")[2]
    strength = Strength.EXACT if word == "is" else strength_of(word)
    return make_assertion(subject, word, inner, strength or Strength.BOUND, statement)


def _matchers(subject: str, statement: Statement, begin: int) -> Iterator[Assertion]:
    """Every matcher of a chain that stands outside of brackets."""
    text, masked = statement.text, statement.masked
    is_negated = False
    place = begin
    while place < len(masked):
        match = _WORD.match(masked, place)
        if match is None:
            if masked[place] in "([{":
                _, close = split_arguments(text, masked, place)
                place = close if close > 0 else len(masked)
            place += 1
            continue
        name, place = match.group(), match.end()
        if _NEGATED.fullmatch(name):
            is_negated = True
            continue
        word = squeezed(name)
        strength = strength_of(word)
        if strength is None or (word == "be" and not masked[place:].strip()):
            continue
        given = masked[place:].lstrip()
        if word in ("be", "a", "an", "to", "any", "match", "include") and given[:1] == ".":
            continue
        args, close = _given(text, masked, place)
        yield _matched(subject, word, args, strength, is_negated, statement)
        place = max(place, close + 1) if close > 0 else len(masked)


def _given(text: str, masked: str, place: int) -> tuple[list[str], int]:
    """What a matcher is given, in brackets or behind a blank (`eq 3`)."""
    if masked[place : place + 1] == "(":
        return split_arguments(text, masked, place)
    rest = text[place:].strip()
    if masked[place : place + 1] == " " and rest and rest[0] not in ".)}":
        return [rest], len(text)
    return [], place


def _matched(
    subject: str, word: str, args: list[str], strength: Strength, is_negated: bool, at: Statement
) -> Assertion:
    expected = args[0] if args else BOOLEANS.get(word, "null" if word in NULL_WORDS else "")
    if word in RAISING:
        return _raised(subject, args, is_negated, at)
    if is_negated:
        strength = Strength.BOUND if strength == Strength.BOUND else Strength.VAGUE
        return make_assertion(subject, f"not {word}", expected, strength, at)
    if word in ("bewithin", "be") and args and args[0][:1] in "<>":
        strength = Strength.BOUND
    return make_assertion(subject, word, expected, strength, at)


def _raised(subject: str, args: list[str], is_negated: bool, at: Statement) -> Assertion:
    if is_negated:
        return make_assertion(subject, "raises nothing", "", Strength.VAGUE, at)
    given = [arg for arg in args if arg and "=>" not in arg and "lambda" not in arg]
    error = given[0] if given else ""
    is_any = _ANY_ERROR.search(error.removesuffix(".class").strip()) is not None
    is_any = is_any and not any(literal_in(arg) for arg in given)
    return make_assertion(
        subject, "raises", ", ".join(given), Strength.VAGUE if is_any else Strength.EXACT, at
    )


# --- calls: assertEqual(a, b), assert_eq!(a, b), Assert.Equal(a, b) ---


def _calls(statement: Statement) -> Iterator[Assertion]:
    for match in _CALL.finditer(statement.masked):
        word = squeezed(match.group("name"))
        strength = strength_of(word)
        is_own = word.startswith(("assert", "expect", "xct", "refute", "raises", "must"))
        # A short word is an assertion only of a known library: `t.Equal(`, not `equal(`.
        if strength is None or not (is_own or match.group().rstrip("( !") != match.group("name")):
            continue
        args, close = split_arguments(statement.text, statement.masked, match.start("open"))
        if close < 0:
            continue
        yield _called(word, _without_context(args), strength, statement)
        return


def _without_context(args: list[str]) -> list[str]:
    """The arguments without testify's `t`."""
    return args[1:] if args[:1] in (["t"], ["s.T()"], ["tt"]) else args


def _called(word: str, args: list[str], strength: Strength, at: Statement) -> Assertion:
    if word in RAISING:
        named = [arg for arg in args[1:] if _KEYWORD.match(arg)]
        rest = [arg for arg in args[1:] if arg not in named]
        return _raised(rest[0] if rest else "", [*args[:1], *named], False, at)
    first = args[0] if args else ""
    if word in BOOLEANS:
        inner = _compared(first, at)
        if inner is not None and BOOLEANS[word] == "true":
            return inner
        return make_assertion(first, "is", BOOLEANS[word], strength, at)
    if word in NULL_WORDS:
        return make_assertion(first, "is", "null", Strength.EXACT, at)
    if len(args) < 2:
        return make_assertion(first, word, "", strength, at)
    second = args[1]
    # Which of both is expected differs from library to library: a literal is.
    if _is_expected(first, second):
        first, second = second, first
    made = make_assertion(first, word, second, strength, at)
    if word in _NEAR and len(args) > 2 and _NUMBER.match(args[2]):
        return made._replace(tolerance=float(args[2].rstrip("fFdDlL")))
    return made


# --- plain assertions with an operator ---


def _asserted(statement: Statement) -> Iterator[Assertion]:
    match = _ASSERTED.search(statement.masked)
    if match is None:
        return
    opening = max(match.start(name) for name in ("open", "swift", "macro"))
    text = statement.text[opening:].strip()
    if statement.masked[opening] == "(":
        args, close = split_arguments(statement.text, statement.masked, opening)
        tail = statement.masked[close + 1 :].strip().rstrip(";")
        if close > 0 and args and not tail:
            text = args[0]
    compared = _compared(text, statement)
    if compared is not None:
        yield compared
        return
    is_negated = text.startswith(("!", "not "))
    subject = text.lstrip("! ").removeprefix("not ")
    strength = Strength.BOUND if _PREDICATE.search(subject) else Strength.VAGUE
    yield make_assertion(subject, "is", "false" if is_negated else "true", strength, statement)


def _compared(text: str, statement: Statement) -> Assertion | None:
    """An expression that compares two values, at its first operator outside of brackets."""
    masked = _mask_inner(text)
    for pattern, word, strength in _OPERATORS:
        match = pattern.search(masked)
        if match is None:
            continue
        left, right = text[: match.start()].strip(), text[match.end() :].strip()
        if not left or not right:
            continue
        if is_literal(left) and not is_literal(right):
            left, right = right, left
        return make_assertion(left, word, right, strength, statement)
    return None


def _mask_inner(text: str) -> str:
    """The text with strings and all that stands in brackets blanked, as long as before."""
    hidden = re.sub(r"\"(?:\\.|[^\"\\])*\"|'(?:\\.|[^'\\])*'", lambda m: "_" * len(m.group()), text)
    depth, made = 0, []
    for sign in hidden:
        depth -= sign in ")]}"
        made.append("_" if depth > 0 else sign)
        depth += sign in "([{"
    return "".join(made)


def _bare(path: str, statement: Statement) -> Iterator[Assertion]:
    """Ruby's `assert_equal 3, x`, kotest's `x shouldBe 3`, and what shells compare."""
    match = _BARE.match(statement.masked)
    if match is not None:
        yield from _without_brackets(match, statement)
        return
    infix = _INFIX.match(statement.masked)
    if infix is not None:
        parts = ("left", "word", "right") if infix.group("word") else ("subject", "must", "given")
        left, word, right = (statement.text[slice(*infix.span(part))] for part in parts)
        strength = strength_of(squeezed(word)) or Strength.BOUND
        yield make_assertion(left, squeezed(word), right, strength, statement)
    elif path.endswith((".sh", ".bash", ".bats", ".t")):
        yield from _shell(statement)


def _without_brackets(match: re.Match[str], statement: Statement) -> Iterator[Assertion]:
    bats = match.group("bats")
    word = "assert" + squeezed(match.group("name") or bats.removeprefix("assert_"))
    strength = strength_of(word)
    begin = match.start("args") if match.group("args") else len(statement.text)
    inner, hidden = statement.text[begin:], statement.masked[begin:]
    args, _ = split_arguments(f"({inner})", f"({hidden})", 0)
    if bats and len(args) < 2:
        strength = Strength.EXACT if strength == Strength.VAGUE and not args else strength
        subject = "$" + word.removeprefix("assert")
        expected = args[0] if args else ""
        yield make_assertion(subject, "is", expected, strength or Strength.BOUND, statement)
    elif strength is not None and args:
        yield _called(word, args, strength, statement)


def _shell(statement: Statement) -> Iterator[Assertion]:
    unary = _UNARY.search(statement.text)
    if unary is not None:
        what, op = unary.group("what", "op")
        yield make_assertion(what, op, "", Strength.VAGUE, statement)
        return
    match = _SHELL.search(statement.text)
    if match is not None:
        op, left, right = match.group("op", "left", "right")
        is_exact = op in ("=", "==", "-eq")
        strength = Strength.EXACT if is_exact else Strength.BOUND
        yield make_assertion(left, "==" if is_exact else op, right, strength, statement)


def _is_expected(first: str, second: str) -> bool:
    """Whether the first of two values is the one that is written out."""
    if is_literal(first) or is_literal(second):
        return is_literal(first) and not is_literal(second)
    return is_written_out(first) and not is_written_out(second)
