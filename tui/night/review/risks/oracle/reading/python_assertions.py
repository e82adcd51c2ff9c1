"""Python's `assert`, read by its syntax tree."""

from __future__ import annotations

import ast

from tui.night.review.risks.oracle.reading.assertion import Assertion, make_assertion
from tui.night.review.risks.oracle.reading.literals import is_literal
from tui.night.review.risks.oracle.reading.matchers import Strength
from tui.night.review.risks.oracle.reading.source_text import Statement


def read_python(statement: Statement) -> list[Assertion] | None:
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
        return make_assertion(ast.unparse(part), "is", "true", Strength.BOUND, at)
    is_negated = isinstance(part, ast.UnaryOp) and isinstance(part.op, ast.Not)
    if isinstance(part, ast.UnaryOp) and is_negated:
        part = part.operand
    subject = ast.unparse(part)
    if isinstance(part, ast.Call):
        name = (
            part.func.attr if isinstance(part.func, ast.Attribute) else getattr(part.func, "id", "")
        )
        if name == "isinstance" and part.args:
            return make_assertion(ast.unparse(part.args[0]), "isinstance", "", Strength.VAGUE, at)
        if name in ("startswith", "endswith", "match", "search", "any"):
            return make_assertion(subject, name, "", Strength.BOUND, at)
    if isinstance(part, ast.Constant):
        return make_assertion(subject, "is", "true", Strength.NOTHING, at)
    return make_assertion(subject, "is", "false" if is_negated else "true", Strength.VAGUE, at)


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
    return make_assertion(left, word, right, strength, at)
