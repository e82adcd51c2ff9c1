"""Lines of final messages, one by one: which clauses claim what, and which claim nothing."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.unit.night.review.grammar_lines import CLAIMS, NO_CLAIMS
from tui.model.evidence.claims import ClaimKind
from tui.night.review.claims.grammar.clauses import clauses, sentences
from tui.night.review.claims.grammar.names import subject_of
from tui.night.review.claims.sections import claim_lines, mask_names
from tui.night.review.claims.statement import Statement
from tui.night.review.claims.statements import commit_statements, find_statements


def claimed(text: str) -> list[Statement]:
    return list(find_statements(text.replace("⏎", "\n"), "final message"))


def row(statement: Statement) -> str:
    """Kind, clause and what it names, as the table has it."""
    subject = statement.subject
    of_all = statement.is_of_all and statement.kind != ClaimKind.TESTS_PASS
    named = {
        "count": "" if statement.count is None else f"{statement.count:g}",
        "unit": "" if statement.unit == "tests" else statement.unit,
        "all": "yes" if of_all else "",
        "limits": " ".join(statement.limits),
        "paths": " ".join(subject.paths),
        "old": subject.old_path,
        "names": " ".join(subject.symbols),
        "shas": " ".join(subject.shas),
        "ids": ", ".join(subject.task_ids),
        "ref": subject.ref,
        "command": subject.command,
        "value": subject.value,
    }
    said = "; ".join(f"{name} {value}" for name, value in named.items() if value)
    return f"{statement.kind.value} | {statement.text} | {said}".rstrip(" |")


def table() -> list[tuple[str, list[str]]]:
    found: list[tuple[str, list[str]]] = []
    for line in CLAIMS.strip("\n").split("\n"):
        if line.startswith("    "):
            found[-1][1].append(line.strip())
        else:
            found.append((line, []))
    return found


@pytest.mark.parametrize(("text", "rows"), table())
def test_what_a_line_claims(text: str, rows: list[str]) -> None:
    assert [row(one) for one in claimed(text)] == rows


@pytest.mark.parametrize("text", NO_CLAIMS.strip("\n").split("\n"))
def test_what_claims_nothing(text: str) -> None:
    assert [row(one) for one in claimed(text)] == []


def test_the_table_has_every_kind() -> None:
    kinds = {line.split(" | ")[0] for _, rows in table() for line in rows}
    assert kinds == {kind.value for kind in ClaimKind}


@pytest.mark.parametrize(
    ("message", "rows"),
    [
        ("Fix the crash in parse()", ["bug_fixed | Fix the crash in parse() | names parse"]),
        (
            "Add `--json`; all 12 tests pass",
            ["tests_pass | all 12 tests pass | count 12", "code_added | Add --json | names --json"],
        ),
        ("fix(parser): empty input", ["bug_fixed | fix(parser): empty input"]),
        ("Not all tests pass yet", []),
        ("Update the README", []),
    ],
)
def test_what_a_commit_claims(message: str, rows: list[str]) -> None:
    assert [row(one) for one in commit_statements(message)] == rows


def test_names_stand_without_blanks_in_other_scripts() -> None:
    text = "修改了app.py中的load_all函数"
    subject = subject_of(text, text)
    assert (subject.paths, subject.symbols) == (("app.py",), ("load_all",))


WORDS = st.sampled_from(
    "all tests pass and , ; but if I pushed to origin/main added `a_b` in a.py (not) when — 12 of ✅ | no"
    ' failures committed abc1234 İ ◇ ∘ ( ) "x" renamed unchanged 45 % should'.split()
)


@settings(deadline=None, max_examples=150)
@given(st.lists(WORDS, max_size=24).map(" ".join))
def test_clauses_are_parts_of_their_line(text: str) -> None:
    for line in claim_lines(text):
        assert len(line.text) == len(line.masked)
        for sentence in sentences(line):
            assert line.text[sentence.start :].startswith(sentence.text)
            for clause in clauses(sentence):
                assert len(clause.text) == len(clause.masked) == len(clause.plain)
                assert "(" in sentence.text or clause.text in sentence.text
    for statement in claimed(text):
        assert statement.text


@settings(deadline=None, max_examples=100)
@given(st.text(max_size=80))
def test_masks_are_as_long_as_the_text(text: str) -> None:
    assert len(mask_names(text)) == len(text.replace("`", ""))
