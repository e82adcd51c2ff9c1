"""Tests that were bent until they are green are found; honest changes of tests are not called so."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from tests.unit.night.review.oracle_scene import WORK, Texts, data, entries, night, weight
from tests.unit.night.review.risk_scene import calls, change, changes, kinds
from tui.model.events import SourceRef
from tui.model.evidence.log import TestRun
from tui.night.review.risks.find import find_risks
from tui.night.review.risks.oracle.intent import read_intent
from tui.night.review.risks.oracle.reactions import reactions
from tui.night.review.risks.oracle.reading.assertions import read_assertions
from tui.night.review.risks.oracle.reading.cases import read_cases
from tui.night.review.risks.oracle.reading.file_texts import ChangedTexts
from tui.night.review.risks.oracle.reading.matchers import Strength
from tui.night.review.risks.oracle.reading.source_text import mask, statements

PATHS = (
    *("tests/test_a.py", "a.test.ts", "a_test.go", "src/lib.rs", "ATest.java", "a_spec.rb"),
    *("ATest.php", "ATests.cs", "ATests.swift", "ATest.kt", "a_test.cpp", "a_test.exs", "a.bats"),
)


@pytest.mark.parametrize(("project", "name"), entries("bent"))
def test_a_bent_test_is_found(project: str, name: str) -> None:
    assert weight(night(project, data("bent")[project][name]))


def test_most_are_found_where_only_the_diff_can_be_had() -> None:
    bent = list(entries("bent"))
    found = [
        name
        for project, name in bent
        if weight(night(project, data("bent")[project][name], whole=False))
    ]
    assert len(found) >= 0.9 * len(bent)


@pytest.mark.parametrize(("project", "name"), entries("honest"))
@pytest.mark.parametrize("whole", [True, False])
def test_an_honest_change_has_no_weight(project: str, name: str, whole: bool) -> None:
    entry = data("honest")[project][name]
    found = night(project, entry["edits"], entry["goal"], whole=whole or "whole" in entry)
    # That CI changed at all is worth a look, whatever changed in it.
    assert weight(risk for risk in found if risk.what != "CI changed") == []


def test_the_words_name_both_values_and_the_subject() -> None:
    (risk,) = night("calc", data("bent")["calc"]["py expected value"])
    assert (risk.kind, risk.severity, risk.path) == ("test_weakened", "high", "tests/test_app.py")
    assert risk.what == (
        "the expected value changed from 3 to -1 in test_add, and add() was changed too"
    )
    assert risk.hunk is not None
    assert "    assert add(1, 2) == -1" in risk.hunk.added
    assert risk.ref is not None
    assert risk.ref.uuid == "u1"


# --- what a changed value weighs ---

BENT = [
    ("app.py", "return a + b", "return a - b"),
    ("tests/test_app.py", "add(1, 2) == 3", "add(1, 2) == -1"),
]


@pytest.mark.parametrize(
    ("goal", "weighs"),
    [
        ("Work through the tasks.", True),
        ("Make all tests pass.", True),
        ("Fix the failing test of add.", True),
        ("add must return the difference of its arguments.", False),
        ("add(1, 2) gives 3, it should give -1.", False),
        ("Change add so that it subtracts.", False),
        ("The tests should pass with -1.", True),
    ],
)
def test_what_the_goal_asks_for_has_no_weight(goal: str, weighs: bool) -> None:
    assert bool(weight(night("calc", BENT, goal))) is weighs


def test_titles_of_tasks_count_like_the_goal() -> None:
    intent = read_intent("Work through the tasks.", ["Raise the limit from 10 to 20"])
    assert intent.asks_for("10", "20", [])
    assert not intent.asks_for("10", "30", [])
    assert not intent.asks_for("1", "2", [])


def test_a_value_in_a_large_rework_weighs_nothing_but_right_after_a_red_run_it_does() -> None:
    lines = "".join(f"VALUE_{n} = {n}\n" for n in range(80))
    rework = [("app.py", "LIMIT = 10\n", f"LIMIT = 10\n{lines}"), *BENT]
    assert weight(night("calc", rework)) == []
    before: dict[str, str] = data("projects")["calc"]
    after = dict(before)
    for path, old, new in rework:
        after[path] = after[path].replace(old, new)
    files = [change(p, before[p], after[p]) for p in ("app.py", "tests/test_app.py")]
    made = calls(("Edit", "/p/app.py"), ("Edit", "/p/tests/test_app.py"))
    red = run("red", 50)
    assert reactions(changes(*files), made, (red,)) == {"tests/test_app.py"}
    code = replace(made[0], ref=SourceRef("s.jsonl", 70, "u9"))
    assert reactions(changes(*files), (*made, code), (red,)) == frozenset()
    assert reactions(changes(*files), made, (run("green", 50),)) == frozenset()
    assert reactions(changes(*files), made, (red, run("red", 60))) == {"tests/test_app.py"}
    assert reactions(changes(*files), made, (run("red", 150),)) == frozenset()


def run(verdict: str, offset: int) -> TestRun:
    ref = SourceRef("s.jsonl", offset, "")
    return TestRun(None, "pytest", "pytest", None, None, verdict, ref)  # type: ignore[arg-type]


def test_a_new_test_whose_value_was_mended_before_it_was_kept_is_none() -> None:
    new = "from app import add\n\n\ndef test_new():\n    assert add(2, 2) == 4\n"
    assert night("calc", [("tests/test_new.py", "", new), BENT[0]]) == []


def test_without_records_nothing_tells_why_a_value_changed() -> None:
    files = [
        change("app.py", "def add(a):\n    return a\n", "def add(a):\n    return -a\n"),
        change(
            "test_app.py",
            "def test_a():\n    assert add(1) == 1\n",
            "def test_a():\n    assert add(1) == -1\n",
        ),
    ]
    (risk,) = find_risks(changes(*files), None, (), "")
    assert (risk.kind, risk.severity) == ("test_weakened", "low")


def test_tests_that_went_with_what_they_tested_are_of_low_weight() -> None:
    code = "def ratio(a, b):\n    return a / b\n\n\ndef other():\n    return 1\n"
    test = "def test_other():\n    assert other() == 1\n\n\ndef test_ratio():\n    assert ratio(1, 2) == 0.5\n"
    found = kinds(
        {
            "app.py": (code, code[code.index("def other") :]),
            "tests/test_app.py": (test, test[: test.index("\n\ndef test_ratio")]),
        }
    )
    assert found == [("test_deleted", "tests/test_app.py", "low")]


# --- reading ---


@pytest.mark.parametrize(
    ("path", "text", "asks", "strength"),
    [
        ("t.py", "assert f(1) == 2", ("f(1)", "2"), Strength.EXACT),
        ("t.py", "assert 2 == f(1)", ("f(1)", "2"), Strength.EXACT),
        ("t.py", "assert f(1)", ("f(1)", "true"), Strength.VAGUE),
        ("t.py", "assert (\n    f(1)\n    in (2, 3)\n)", ("f(1)", "(2,3)"), Strength.BOUND),
        ("t.py", "assert f(1) == f(1)", ("f(1)", "f(1)"), Strength.NOTHING),
        ("t.py", "self.assertEqual(2, f(1))", ("f(1)", "2"), Strength.EXACT),
        ("t.test.ts", "expect(f(1))\n  .toBe(2);", ("f(1)", "2"), Strength.EXACT),
        ("t.test.ts", "expect(f(1)).not.toBe(2)", ("f(1)", "2"), Strength.VAGUE),
        ("t.test.ts", "expect(f).toEqual(expect.any(Number))", ("f", "expect.any(Number)"), 1),
        ("T.java", "assertThat(f(1)).isEqualTo(2);", ("f(1)", "2"), Strength.EXACT),
        ("T.java", "assertThat(f(1), is(equalTo(2)));", ("f(1)", "2"), Strength.EXACT),
        ("t.rs", 'assert_eq!(f(1), 2, "why");', ("f(1)", "2"), Strength.EXACT),
        ("t_spec.rb", "expect(f(1)).to eq 2", ("f(1)", "2"), Strength.EXACT),
        ("t.exs", "assert f(1) == 2", ("f(1)", "2"), Strength.EXACT),
        ("t_test.go", "assert.Equal(t, 2, F(1))", ("F(1)", "2"), Strength.EXACT),
        ("T.cs", "Assert.Equal(2, F(1));", ("F(1)", "2"), Strength.EXACT),
        ("t.bats", '[ "$output" = "2" ]', ('"$output"', '"2"'), Strength.EXACT),
    ],
)
def test_assertions_of_many_libraries(
    path: str, text: str, asks: tuple[str, str], strength: int
) -> None:
    (one,) = [one for s in statements(path, text) for one in read_assertions(path, s)]
    assert ((one.subject, one.expected), one.strength) == (asks, strength)


def test_what_keeps_assertions_from_failing() -> None:
    text = (
        "def test_a():\n    try:\n        assert f() == 1\n    except Exception:\n        pass\n"
        "    if False:\n        assert f() == 2\n    want = f()\n    assert f() == want\n"
        "    return\n    assert f() == 3\n"
    )
    (_, case) = read_cases("test_a.py", text)
    assert [statement.line for _, statement in case.faults] == [3, 7, 10, 9]
    kept = text.replace("        pass", "        raise").replace("if False", "if on_linux")
    kept = kept.replace("    want = f()\n", "    want = g()\n").replace("    return\n", "")
    (_, case) = read_cases("test_a.py", kept)
    assert case.faults == []


def test_hunks_stand_in_their_own_lines() -> None:
    before = "".join(f"line {n}\n" for n in range(1, 31))
    made = change("tests/test_a.py", before, before.replace("line 20\n", "other\n"))
    old, new = ChangedTexts(None).both(made)
    assert old.splitlines()[19] == "line 20"
    assert new.splitlines()[19] == "other"
    whole = ChangedTexts(Texts({"tests/test_a.py": "a"}, {"tests/test_a.py": "b"}))
    assert whole.both(made) == ("a", "b")


@given(st.sampled_from(PATHS), st.text(alphabet="ab01 \n\t(){}[]\"'`#/*,.=!<>:;@assertexpect_?|&$"))
def test_any_text_is_read(path: str, text: str) -> None:
    assert len(mask(path, text)) == len(text)
    lines = text.count("\n") + 1
    for case in read_cases(path, text):
        assert 1 <= case.line <= lines
        assert all(1 <= one.line <= lines for one in case.assertions)


@given(st.sampled_from(PATHS), st.integers(0, 10_000), st.integers(0, 300))
def test_a_file_that_was_cut_anywhere_is_read(path: str, start: int, length: int) -> None:
    text = "".join(data("projects")["calc"].values())
    part = text[start % len(text) :][:length]
    assert len(mask(path, part)) == len(part)
    made = changes(change(path, part, text[:length]))
    assert isinstance(find_risks(made, None, (), WORK), tuple)
