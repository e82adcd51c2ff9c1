"""Assertions of many test libraries as subject, comparison and expected value."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from enum import IntEnum
from typing import NamedTuple

from tui.night.review.risks import test_syntax
from tui.night.review.risks.oracle.literals import is_literal, is_written_out, literal_in
from tui.night.review.risks.oracle.source_text import Statement, split_arguments
from tui.system.lazy_pattern import lazy


class Strength(IntEnum):
    """How much an assertion rules out."""

    NOTHING = 0
    """It holds whatever the code does."""
    VAGUE = 1
    """It holds for most values: not null, truthy, of a type."""
    BOUND = 2
    """It holds for some values: contains, at least, about."""
    EXACT = 3
    """It holds for one value."""


class Assertion(NamedTuple):
    """What one assertion asks: `subject` `comparison` `expected`; texts without blanks.

    `expected` is "" where none is written as a literal of its own.
    """

    subject: str
    comparison: str
    expected: str
    strength: Strength
    line: int
    text: str
    tolerance: float = 0.0
    """How far from the expected value is near enough; more digits to compare are less."""

    @property
    def asks(self) -> tuple[str, str, str]:
        """What it asks, wherever it stands."""
        return self.subject, self.comparison, self.expected


_EXACT_WORDS = frozenset(
    # of chains: jest, chai, AssertJ, RSpec, kotest
    "tobe toequal tostrictequal eq eql equal equals isequalto issameas isequaltoignoringcase shouldbe"
    " tohavelength lengthof hassize hassize tohavebeencalledwith tohavebeencalledtimes"
    " tohavebeenlastcalledwith tohavebeencalledoncewith calledwith calledoncewith containsexactly"
    " containsexactlyinanyorder tomatchsnapshot tomatchinlinesnapshot tohavetextcontent tohavevalue"
    " tohavereturnedwith bytes be be_within_exact match_array contain_exactly tohaveproperty"
    # calls: xUnit, testify, node:assert, minitest, PHPUnit, gtest, Test::More
    " assertequal assertequals asserteq assertsame assertis assertlistequal assertdictequal"
    " assertsetequal asserttupleequal assertcountequal assertsequenceequal assertmultilineequal"
    " assertarrayequals assertarrayequal assertiterableequals assertlinesmatch assertcontentequals"
    " xctassertequal xctassertidentical expecteq expectstreq assertstreq expectdoubleeq"
    " expectfloateq strictequal deepequal deepstrictequal areequal aresame same exactly"
    " isdeeply elementsmatch jsoneq yamleq len assertlen assertcount equalvalues assertequalvalues"
    " assertjsonstringequalsjsonstring assertstringequalsfile assertoutput assertequivalent"
    " mustequal wontequal equalto assertobjectequals equalerror errorcontains".split()
)
EQUALITY = frozenset(
    "== is tobe toequal tostrictequal eq eql equal equals isequalto issameas shouldbe assertequal be"
    " assertequals asserteq assertsame assertis xctassertequal expecteq strictequal deepequal"
    " deepstrictequal areequal aresame equalto mustequal assertdictequal assertlistequal exactly"
    " expectstreq assertstreq jsoneq assertcountequal assertoutput".split()
)
"""Comparisons that say the same in different words."""
_BOUND_WORDS = frozenset(
    "tocontain tocontainequal tomatch tomatchobject tobegreaterthan tobegreaterthanorequal"
    " tobelessthan tobelessthanorequal tobecloseto include includes contain contains doesnotcontain"
    " startswith startwith endswith endwith match matches isgreaterthan isgreaterthanorequalto"
    " islessthan islessthanorequalto above below least most within closeto isbetween iscloseto"
    " hassizegreaterthan bewithin arraycontaining objectcontaining stringcontaining haskey property"
    " assertin assertnotin assertcontains assertnotcontains assertgreater assertgreaterequal"
    " assertgreaterthan assertgreaterthanorequal assertless assertlessequal assertlessthan"
    " assertlessthanorequal assertregex assertmatch assertmatches assertmatchesregularexpression"
    " assertstringcontainsstring assertstringstartswith assertarrayhaskey assertalmostequal"
    " assertalmostequals assertindelta assertinepsilon indelta inepsilon expectnear assertnear"
    " expectgt expectge expectlt expectle assertgt assertge assertlt assertle greater"
    " greaterorequal less lessorequal subset notcontains regexp xctassertgreaterthan"
    " xctassertgreaterthanorequal xctassertlessthan xctassertlessthanorequal assertinclude"
    " assertincludes assertoperator mustinclude mustmatch assertthat expectthat haveattributes"
    " assertallclose assertarrayalmostequal assertpartial assertline".split()
)
_VAGUE_WORDS = frozenset(
    "tobetruthy tobefalsy tobedefined tobeinstanceof tohavebeencalled called exist exists"
    " isnotnull isnotempty isnotblank ispresent isinstanceof instanceof instance be_truthy bea bean"
    " betruthy befalsy bepresent anything any notthrow haveproperty satisfies shouldnotbe"
    " shouldnotbenull asserttrue assertfalse true false assertnotnull assertnotnil assertisnotnone"
    " notnil notnull isnotnull nonnil ok assertinstanceof assertisinstance assertkindof noerror"
    " assertnoerror assertnotempty notempty empty assertempty xctasserttrue xctassertfalse"
    " xctassertnotnil xctassertnothrow xctassert expecttrue expectfalse assertnotequal"
    " assertnotequals assertnotsame notequal notsame expectne assertne istrue isfalse refute"
    " refutenil refuteequal refuteempty assertdoesnotthrow doesnotthrow assertsuccess assertok"
    " istype assertistype nothrow expectnothrow assertnothrow isok assertpredicate".split()
)
_NULL_WORDS = frozenset(
    "tobenull tobeundefined benil isnull null assertnull assertnil assertisnone nil undefined"
    " isnil xctassertnil isempty".split()
)
_BOOLEAN = {
    **dict.fromkeys(
        "asserttrue true xctasserttrue expecttrue istrue tobetrue betrue".split(), "true"
    ),
    **dict.fromkeys(
        "assertfalse false xctassertfalse expectfalse isfalse tobefalse befalse refute".split(),
        "false",
    ),
}
_RAISING = frozenset(
    "raises assertraises assertraisesregex assertthrows throws throwsasync throwsexception tothrow"
    " tothrowerror raiseerror panics assertraise xctassertthrowserror expectexception"
    " expectthrow assertthrow isthrownby assertthatthrownby assertfailswith shouldthrow"
    " assertthrowsexactly expecterror assertpanics".split()
)
_ANY_ERROR = lazy(
    r"^(?:\w+\.)*(?:Exception|BaseException|Throwable|Error|StandardError|RuntimeException|object)?$"
)
_CHAIN = lazy(r"\b(?:expect|assertThat|expectThat|assert_that|that|should)\s*(\(|\{(?=.*\}\s*\.))")
_BEHIND = lazy(r"\.[sS]hould(?:\(\))?\.")
_ANYTHING = lazy(
    r"^(?:\w+\.)?(?:ANY|any\w*\(.*|anything\(?\)?|an_instance_of\b.*|instance_of\b.*|Any(?:thing)?\(\)|notNullValue\(\))$"
)
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
_COMPUTED = lazy(r"\$\{?\w|#\{|\bf['\"]")
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


def plain(text: str) -> str:
    """A piece of code without blanks and without brackets around all of it."""
    text = "".join(text.split()) if "'" not in text and '"' not in text else " ".join(text.split())
    return text.strip().rstrip(";").rstrip(",")


def read_assertions(path: str, statement: Statement) -> list[Assertion]:
    """What a statement asserts; nothing for one that asserts nothing."""
    if path.endswith((".py", ".pyi")) and statement.masked.startswith("assert"):
        found = _read_python(statement)
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
    word = _squeezed(name)
    if word in ("is", "equalto", "not", "asame") and "(" in inner:
        word, inner = _squeezed(inner.partition("(")[0]), inner.partition("(")[2]
    strength = Strength.EXACT if word == "is" else _strength(word)
    return _made(subject, word, inner, strength or Strength.BOUND, statement)


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
        word = _squeezed(name)
        strength = _strength(word)
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
    expected = args[0] if args else _BOOLEAN.get(word, "null" if word in _NULL_WORDS else "")
    if word in _RAISING:
        return _raised(subject, args, is_negated, at)
    if is_negated:
        strength = Strength.BOUND if strength == Strength.BOUND else Strength.VAGUE
        return _made(subject, f"not {word}", expected, strength, at)
    if word in ("bewithin", "be") and args and args[0][:1] in "<>":
        strength = Strength.BOUND
    return _made(subject, word, expected, strength, at)


def _raised(subject: str, args: list[str], is_negated: bool, at: Statement) -> Assertion:
    if is_negated:
        return _made(subject, "raises nothing", "", Strength.VAGUE, at)
    given = [arg for arg in args if arg and "=>" not in arg and "lambda" not in arg]
    error = given[0] if given else ""
    is_any = _ANY_ERROR.search(error.removesuffix(".class").strip()) is not None
    is_any = is_any and not any(literal_in(arg) for arg in given)
    return _made(
        subject, "raises", ", ".join(given), Strength.VAGUE if is_any else Strength.EXACT, at
    )


# --- calls: assertEqual(a, b), assert_eq!(a, b), Assert.Equal(a, b) ---


def _calls(statement: Statement) -> Iterator[Assertion]:
    for match in _CALL.finditer(statement.masked):
        word = _squeezed(match.group("name"))
        strength = _strength(word)
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
    if word in _RAISING:
        named = [arg for arg in args[1:] if _KEYWORD.match(arg)]
        rest = [arg for arg in args[1:] if arg not in named]
        return _raised(rest[0] if rest else "", [*args[:1], *named], False, at)
    first = args[0] if args else ""
    if word in _BOOLEAN:
        inner = _compared(first, at)
        if inner is not None and _BOOLEAN[word] == "true":
            return inner
        return _made(first, "is", _BOOLEAN[word], strength, at)
    if word in _NULL_WORDS:
        return _made(first, "is", "null", Strength.EXACT, at)
    if len(args) < 2:
        return _made(first, word, "", strength, at)
    second = args[1]
    # Which of both is expected differs from library to library: a literal is.
    if _is_expected(first, second):
        first, second = second, first
    made = _made(first, word, second, strength, at)
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
    yield _made(subject, "is", "false" if is_negated else "true", strength, statement)


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
        return _made(left, word, right, strength, statement)
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
    """Ruby's `assert_equal 3, x`, Elixir's `assert x == 3`, and what shells compare."""
    match = _BARE.match(statement.masked)
    if match is not None:
        word = "assert" + _squeezed(
            match.group("name") or match.group("bats").removeprefix("assert_")
        )
        strength = _strength(word)
        begin = match.start("args") if match.group("args") else len(statement.text)
        inner, hidden = statement.text[begin:], statement.masked[begin:]
        args, _ = split_arguments(f"({inner})", f"({hidden})", 0)
        if match.group("bats") and len(args) < 2:
            strength = Strength.EXACT if strength == Strength.VAGUE and not args else strength
            subject = "$" + word.removeprefix("assert")
            yield _made(
                subject, "is", args[0] if args else "", strength or Strength.BOUND, statement
            )
        elif strength is not None and args:
            yield _called(word, args, strength, statement)
        return
    match = _INFIX.match(statement.masked)
    if match is not None:
        parts = ("left", "word", "right") if match.group("word") else ("subject", "must", "given")
        left, word, right = (statement.text[slice(*match.span(part))] for part in parts)
        strength = _strength(_squeezed(word)) or Strength.BOUND
        yield _made(left, _squeezed(word), right, strength, statement)
        return
    if not path.endswith((".sh", ".bash", ".bats", ".t")):
        return
    unary = _UNARY.search(statement.text)
    if unary is not None:
        yield _made(unary.group("what"), unary.group("op"), "", Strength.VAGUE, statement)
    match = None if unary is not None else _SHELL.search(statement.text)
    if match is not None:
        op = match.group("op")
        is_exact = op in ("=", "==", "-eq")
        left, right = match.group("left", "right")
        strength = Strength.EXACT if is_exact else Strength.BOUND
        yield _made(left, "==" if is_exact else op, right, strength, statement)


# --- Python ---


def _read_python(statement: Statement) -> list[Assertion] | None:
    """The parts of an `assert`; None for what does not parse by itself."""
    try:
        tree = ast.parse(statement.text).body[0]
    except (SyntaxError, ValueError, RecursionError, MemoryError, IndexError):
        return None
    if not isinstance(tree, ast.Assert):
        return None
    parts = [tree.test]
    if isinstance(tree.test, ast.BoolOp) and isinstance(tree.test.op, ast.And):
        parts = tree.test.values
    return [_python_part(part, statement) for part in parts]


def _python_part(part: ast.expr, at: Statement) -> Assertion:
    if isinstance(part, ast.Compare) and len(part.ops) == 1:
        return _python_comparison(part, at)
    if isinstance(part, ast.Compare):
        return _made(ast.unparse(part), "is", "true", Strength.BOUND, at)
    is_negated = isinstance(part, ast.UnaryOp) and isinstance(part.op, ast.Not)
    if isinstance(part, ast.UnaryOp) and is_negated:
        part = part.operand
    subject = ast.unparse(part)
    if isinstance(part, ast.Call):
        name = (
            part.func.attr if isinstance(part.func, ast.Attribute) else getattr(part.func, "id", "")
        )
        if name == "isinstance" and part.args:
            return _made(ast.unparse(part.args[0]), "isinstance", "", Strength.VAGUE, at)
        if name in ("startswith", "endswith", "match", "search", "any"):
            return _made(subject, name, "", Strength.BOUND, at)
    if isinstance(part, ast.Constant):
        return _made(subject, "is", "true", Strength.NOTHING, at)
    return _made(subject, "is", "false" if is_negated else "true", Strength.VAGUE, at)


_PYTHON_OPS: dict[type[ast.cmpop], tuple[str, Strength]] = {
    ast.Eq: ("==", Strength.EXACT),
    ast.Is: ("==", Strength.EXACT),
    ast.NotEq: ("!=", Strength.VAGUE),
    ast.IsNot: ("!=", Strength.VAGUE),
    ast.In: ("in", Strength.BOUND),
    ast.NotIn: ("not in", Strength.BOUND),
}


def _python_comparison(part: ast.Compare, at: Statement) -> Assertion:
    word, strength = _PYTHON_OPS.get(type(part.ops[0]), ("<>", Strength.BOUND))
    left, right = ast.unparse(part.left), ast.unparse(part.comparators[0])
    if is_literal(left) and not is_literal(right) and word != "in":
        left, right = right, left
    return _made(left, word, right, strength, at)


# --- what all share ---


def _is_expected(first: str, second: str) -> bool:
    """Whether the first of two values is the one that is written out."""
    if is_literal(first) or is_literal(second):
        return is_literal(first) and not is_literal(second)
    return is_written_out(first) and not is_written_out(second)


def _strength(word: str) -> Strength | None:
    if word in _EXACT_WORDS or word in _NULL_WORDS or word in _RAISING:
        return Strength.EXACT
    if word in _BOUND_WORDS:
        return Strength.BOUND
    if word in _VAGUE_WORDS or word in _BOOLEAN:
        return Strength.VAGUE
    return None


def _squeezed(name: str) -> str:
    return name.replace("_", "").lower()


def _made(subject: str, word: str, expected: str, strength: Strength, at: Statement) -> Assertion:
    subject, expected = plain(subject), plain(expected)
    may_be_empty = word in ("==", "is", "in") or strength == Strength.EXACT
    is_constant = is_literal(subject) and (is_literal(expected) or not expected)
    is_itself = bool(subject) and subject == expected
    if may_be_empty and (is_itself or (is_constant and not _COMPUTED.search(subject + expected))):
        strength = Strength.NOTHING
    if _ANYTHING.match(expected.removeprefix("expect.")):
        strength = min(strength, Strength.VAGUE)
    tolerance = test_syntax.split_tolerance(at.text)
    width = tolerance[1] if tolerance is not None else 0.0
    return Assertion(subject, word, expected, strength, at.line, at.text, width)
