"""A file of tests as its tests, each with its assertions and what keeps them from failing."""

from __future__ import annotations

from collections.abc import Iterator

from msgspec import Struct

from tui.night.review.risks import test_syntax
from tui.night.review.risks.oracle.reading.assertion import Assertion, plain
from tui.night.review.risks.oracle.reading.assertions import read_assertions
from tui.night.review.risks.oracle.reading.literals import is_written_out
from tui.night.review.risks.oracle.reading.matchers import Strength
from tui.night.review.risks.oracle.reading.source_text import Statement, statements
from tui.system.lazy_pattern import lazy

_CLOSERS = lazy(r"[})\];,\s]*(?:\)|\}|\]|;|,|end\b|\s)*$|\{$")
_NEVER = lazy(
    r"(?:if|while|elif)\s*\(?\s*(?:False|false|0|None|not\s+True|!\s*true|1\s*==\s*2|1\s*>\s*2|never)"
    r"\s*\)?\s*[:{]?(?:\s*then)?\s*$|#if\s+0\b"
    r"|\bfor\s+\w[\w, ]*\s+in\s+(?:\[\]|\(\)|range\(0\)|\{\})\s*:"
    r"|for\s*\(\s*(?:const|let|var|auto|final\s+\w+|\w+)\s+\w+\s*(?:of|:|in)"
    r"\s*(?:\[\]|List\.of\(\)|\{\})\s*\)"
    r"|\[\]\.(?:forEach|each|map|for_each)\b|for\s+.*\brange\s+\[\]\w+\{\}"
)
_NAME = lazy(r"[A-Za-z_]\w*")
_CALLED = lazy(r"([A-Za-z_]\w*)!?\(")
_IN_ONE_LINE = lazy(r"(?:try|begin)\s*\{.*\}\s*catch\b[^{]*\{\s*\}\s*;?$")
_LATER = lazy(r"(?!.*\b(?:await|return)\b).*\.then\(")
_SWALLOWS = lazy(
    r"(?:contextlib\.)?suppress\s*\(|with\s+(?:contextlib\.)?suppress\b|\bcatch_unwind\b|XCTExpectFailure\b"
)
_TRY = lazy(r"(?:try|begin)\b\s*[:{]?\s*$")
_HANDLER = lazy(r"\}?\s*(?:except\b|catch\b|rescue\b)")
_NARROW = lazy(r"except\s+\(?\s*(?!.*\b(?:AssertionError|Exception|BaseException)\b)\w")
_RAISES_AGAIN = lazy(
    r"\b(?:raise|throw|fail|assert\w*|expect|done\(\s*\w|reject|flunk|t\.(?:Error|Fatal)\w*"
    r"|XCTFail|panic!|pytest\.fail|skip)\b"
)
_RETURNS = lazy(r"(?:return\b(?!\s+\w+\s*=>)|exit\s+0\b|exit!?\(0\)|next\b\s*$)")
_WHENEVER = lazy(r"if\s*\(?\s*(?:True|true|1)\s*\)?\s*[:{]?\s*(?:return|then\s+return)?")
_GO_FAILS = lazy(r"\w+\.(?:Error|Fatal|Fail)\w*\(")
_GO_IF = lazy(r"if\s+(?:(?P<bind>.+?)\s*:=\s*(?P<call>.+?);\s*)?(?P<condition>.+?)\s*\{$")
_GO_NOT = lazy(r"(?P<left>.+?)\s*(?P<op>!=|==|<=|>=|<|>)\s*(?P<right>.+)$")
_IF = lazy(r"\}?\s*(?:else\s+)?(?:if|elif)\b")
_PROMISED = lazy(r"\bexpect\(.*\.(?:resolves|rejects)\b")
_AWAITED = lazy(r".*\b(?:await|return)\b|.*=>\s*expect")
_INNER = lazy(r"(?:async\s+)?def\s+(\w+)\s*\(")
_SOMETIMES = lazy(r"if\b.*\b(?:environ|getenv|process\.env|System\.getenv|ENV\[)")
_MADE = lazy(
    r"(?:const|let|var|val|final|auto|my|\$)?\s*(?:\w+\s+)?\$?(?P<name>[A-Za-z_]\w*)\s*(?::\s*\w+\s*)?:?=\s*(?P<value>[^=].*)$"
)
_SUPPRESSED = lazy(
    r"\|\|\s*(?:true|:)\s*$|\brescue\s+(?:nil|true|false)\s*$|\.catch\(\s*\(?\w*\)?\s*=>\s*\{?\s*\}?\s*\)"
)


SOMETIMES = "it is asked only in some environments"


class Case(Struct):
    """A test: its name, the line it begins in, what it asserts, and its other statements.

    `scope` is the line of the class around it. `faults` says by words what keeps assertions from
    failing, each with its statement.
    """

    name: str
    line: int
    header: Statement
    assertions: list[Assertion] = []
    others: list[Statement] = []
    faults: list[tuple[str, Statement]] = []
    is_test: bool = True
    scope: str = ""
    last_line: int = 0

    @property
    def strength(self) -> int:
        return sum(one.strength for one in self.assertions)


class _Block(Struct):
    """An open block: its opening statement and what becomes of errors in it."""

    opening: Statement
    swallows: str = ""


# complexity: one pass that keeps the class, the test and the blocks around a statement
def read_cases(path: str, text: str) -> list[Case]:
    """Every test and helper of a file, in order; what stands outside of all has the name ""."""
    listed = list(statements(path, text))
    outside = Case("", 1, Statement(1, -1, "", ""), is_test=False)
    cases, case = [outside], outside
    swallowed = _swallowing(listed)
    blocks: list[_Block] = []
    classes: list[Statement] = []
    for begun, at, statement in _named(path, listed):
        while classes and statement.indent <= classes[-1].indent:
            classes.pop()
        if statement.masked.startswith("class "):
            classes.append(statement)
        is_inner = case.is_test and statement.indent > case.header.indent
        if begun is not None and (begun.is_test or not is_inner):
            case = begun
            case.scope = classes[-1].text if classes else ""
            cases.append(case)
            blocks = []
            # A short test has its assertion in its own line.
            case.assertions += read_assertions(path, statement)
            continue
        if case is not outside and statement.indent <= case.header.indent:
            if _CLOSERS.match(statement.masked):
                case.last_line = statement.line
                continue
            case, blocks = outside, []
        while blocks and statement.indent <= blocks[-1].opening.indent:
            blocks.pop()
        _add(path, case, statement, blocks)
        case.last_line = statement.line + statement.text.count("\n")
        blocks.append(_Block(statement, swallowed.get(at, "")))
    for one in cases:
        one.faults += [*_returns_early(one), *_compares_itself(one), *_never_called(one)]
    return cases


def _named(path: str, listed: list[Statement]) -> Iterator[tuple[Case | None, int, Statement]]:
    """Every statement, with the case that it begins."""
    marks = test_syntax.marked_test(path)
    is_marked = False
    for at, statement in enumerate(listed):
        text = statement.text
        name = test_syntax.test_name(path, text)
        is_test = bool(name)
        if marks is not None:
            match = marks[1].match(text) if is_marked else None
            if match is not None:
                name, is_test, is_marked = match.group(1), True, False
            elif marks[0].match(text):
                is_marked = True
                # A mark and what it marks may share a line.
                rest = marks[1].match(text[text.find("]") + 1 :].strip())
                if rest is not None:
                    name, is_test, is_marked = rest.group(1), True, False
        if not name:
            name = test_syntax.function_name(path, text)
            if name in ("if", "for", "while", "switch", "catch", "return", "new", "constructor"):
                name = ""
        if name:
            yield Case(name, statement.line, statement, is_test=is_test), at, statement
        else:
            yield None, at, statement


def _add(path: str, case: Case, statement: Statement, blocks: list[_Block]) -> None:
    found = read_assertions(path, statement)
    if not found and path.endswith(".go") and blocks and _GO_FAILS.match(statement.masked):
        found = [*_go_assertion(blocks[-1].opening)]
        if found and blocks[-1].opening in case.others:
            # The condition is the assertion.
            case.others.remove(blocks[-1].opening)
    if not found:
        case.others.append(statement)
        return
    case.assertions += found
    case.faults += ((words, statement) for words in _faults(found, statement, blocks))


# complexity: each thing that keeps an assertion from failing
def _faults(found: list[Assertion], at: Statement, blocks: list[_Block]) -> Iterator[str]:
    """What keeps the assertions of a statement from failing, by itself and by the blocks around it."""
    is_empty = any(one.strength == Strength.NOTHING for one in found)
    if is_empty or test_syntax.TRIVIAL.search(at.text):
        yield "it cannot fail"
    for block in blocks:
        if _NEVER.match(block.opening.text):
            yield "it stands in a branch that is never taken"
            break
        if block.swallows:
            yield block.swallows
            break
    if any(_is_guarded(one, block.opening) for one in found for block in blocks):
        yield "it is asked only where it holds"
    if any(_SOMETIMES.match(block.opening.text) for block in blocks):
        yield SOMETIMES
    around = (at.masked, *(block.opening.masked for block in blocks))
    is_lost = _PROMISED.search(at.masked) and not _AWAITED.match(at.masked)
    if is_lost or any(map(_LATER.match, around)):
        yield "nobody waits for it"
    if _SUPPRESSED.search(at.text) or _IN_ONE_LINE.match(at.masked):
        yield "its failure is swallowed"


def _is_guarded(one: Assertion, opening: Statement) -> bool:
    """Whether a condition asks for the same before the assertion does."""
    if not one.expected or not _IF.match(opening.masked):
        return False
    condition = plain(opening.text)
    return one.subject in condition and one.expected in condition and "==" in condition


def _never_called(case: Case) -> Iterator[tuple[str, Statement]]:
    """Assertions in a function of the test that nothing in it names again."""
    text = " ".join(
        one.masked for one in (*case.others, *_placed({a.line: a for a in case.assertions}))
    )
    for one in case.others if case.is_test else ():
        inner = _INNER.match(one.masked)
        if inner is None or text.count(inner.group(1)) > 1:
            continue
        until = min(
            (o.line for o in case.others if o.line > one.line and o.indent <= one.indent),
            default=case.last_line + 1,
        )
        if any(one.line < asked.line < until for asked in case.assertions):
            yield "it stands in a function that nobody calls", one


def _compares_itself(case: Case) -> Iterator[tuple[str, Statement]]:
    """Assertions whose expected value is what the code under test gave in the same test."""
    made: dict[str, str] = {}
    asked = {one.line: one for one in case.assertions}
    # Only of values that were just made: before and after something else is a comparison.
    for statement in sorted((*case.others, *_placed(asked)), key=lambda s: s.line):
        one = asked.get(statement.line)
        match = _MADE.match(statement.text) if one is None else None
        if match is not None:
            value = plain(match.group("value"))
            if "(" in value and value not in made.values():
                made.clear()
            made[match.group("name")] = value
        elif one is None:
            made.clear()
        else:
            value = made.get(one.expected, one.expected)
            if "(" in value and value in (one.subject, made.get(one.subject)):
                yield "it compares the code with itself", statement


def _placed(asked: dict[int, Assertion]) -> Iterator[Statement]:
    return (Statement(line, 0, one.text, one.text) for line, one in asked.items())


def _swallowing(listed: list[Statement]) -> dict[int, str]:
    """The blocks in which an assertion that fails is not heard, by the place of their opening."""
    found: dict[int, str] = {}
    for at, statement in enumerate(listed):
        if _SWALLOWS.search(statement.masked):
            found[at] = "its failure is swallowed"
        elif _TRY.match(statement.masked):
            handler = next(
                (
                    n
                    for n in range(at + 1, min(at + 200, len(listed)))
                    if listed[n].indent <= statement.indent
                ),
                None,
            )
            if handler is not None and _is_silent(listed, handler):
                found[at] = "its failure is swallowed"
    return found


def _is_silent(listed: list[Statement], at: int) -> bool:
    """Whether the handler there takes every failed assertion and says nothing of it."""
    handler = listed[at]
    if not _HANDLER.match(handler.masked) or _NARROW.match(handler.masked):
        return False
    if _RAISES_AGAIN.search(handler.masked.partition(":")[2]):
        return False
    for statement in listed[at + 1 : at + 30]:
        if statement.indent <= handler.indent:
            break
        if _RAISES_AGAIN.search(statement.masked):
            return False
    return True


# complexity: a return at the level of the test, or in a branch that is always taken
def _returns_early(case: Case) -> Iterator[tuple[str, Statement]]:
    """A return in a test before its assertions, at the level of its own statements."""
    if not case.is_test or not case.assertions:
        return
    lines = [one.line for one in case.assertions]
    level = min((one.indent for one in case.others), default=0)
    open_always: Statement | None = None
    for statement in case.others:
        is_return = _RETURNS.match(statement.masked) is not None
        inside = open_always is not None and statement.indent > open_always.indent
        if is_return and (statement.indent == level or inside) and statement.line < lines[-1]:
            yield "the test returns before its assertions", statement
            return
        match = _WHENEVER.match(statement.masked)
        if match is not None and statement.indent == level:
            open_always = statement
            if "return" in match.group() and statement.line < lines[-1]:
                yield "the test returns before its assertions", statement
                return
        elif open_always is not None and statement.indent <= open_always.indent:
            open_always = None


def _go_assertion(opening: Statement) -> Iterator[Assertion]:
    """`if got := f(1); got != 3 { t.Error(…) }` asks for `f(1) == 3`."""
    match = _GO_IF.match(opening.text)
    if match is None:
        return
    condition = match.group("condition")
    for part in condition.split("||"):
        compared = _GO_NOT.match(part.strip())
        if compared is None:
            negated = part.strip().startswith("!")
            strength = Strength.BOUND if negated else Strength.VAGUE
            yield _go(
                part.strip().lstrip("!"), "is", "true" if negated else "false", strength, opening
            )
            continue
        left, op, right = compared.group("left", "op", "right")
        bound = [name.strip() for name in (match.group("bind") or "").split(",")]
        if left.strip() in bound and match.group("call"):
            left = match.group("call") if len(bound) == 1 else f"{match.group('call')}.{left}"
        strength = (
            Strength.EXACT if op == "!=" else Strength.VAGUE if op == "==" else Strength.BOUND
        )
        word = {"!=": "==", "==": "!="}.get(op, f"not {op}")
        yield _go(left, word, right, strength, opening)


def _go(left: str, word: str, right: str, strength: Strength, at: Statement) -> Assertion:
    squeezed = "".join(left.split()), "".join(right.split())
    return Assertion(squeezed[0], word, squeezed[1], strength, at.line, at.text)


def subject_names(case: Case, asked: Assertion) -> set[str]:
    """The names in what an assertion is about, and in what its variables were made from."""
    names = set(_NAME.findall(asked.subject))
    if not is_written_out(asked.expected):
        names |= set(_NAME.findall(asked.expected))
    for _ in range(2):
        for one in case.others:
            made, sign, value = one.text.partition("=")
            if sign and names & set(_NAME.findall(made)):
                names |= set(_CALLED.findall(value))
    return names
