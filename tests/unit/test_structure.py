"""The limits of the source: sizes, folders, complexity, cycles. Raise one only with a reason."""

from __future__ import annotations

import ast
from functools import cache
from pathlib import Path

import pytest

from benchmarks.structure import Figures, complexity, figures
from tests.unit.source_code import without_collector

REPOSITORY = Path(__file__).resolve().parents[2]

# Kinds of claims, languages, facts of the end, oracle changes, proofs and bundles are subjects of their own.
MOST_LINES = 126_000
MOST_MODULES = 640
MOST_IN_A_FOLDER = 16
LONGEST_MODULE = 400
LONGEST_FUNCTION = 60
NINE_OF_TEN_FUNCTIONS = 20
MOST_COMPLEX = 15
# The call of a hook and the tiny processes of a run import one small module each, so that they start fast; each
# kind of claim and of risk, and each language, is a module that one table lists.
MOST_WITH_ONE_IMPORTER = 0.26
SMALL_MODULE = 80
MOST_SMALL_WITH_ONE_IMPORTER = 20


@cache
def source() -> Figures:
    with without_collector():
        return figures(REPOSITORY)


def test_all_of_it_stays_small() -> None:
    assert source().total <= MOST_LINES
    assert len(source().modules) <= MOST_MODULES


def test_no_folder_is_a_heap() -> None:
    assert {name: n for name, n in source().folders.items() if n > MOST_IN_A_FOLDER} == {}


def test_a_module_can_be_read_in_one_go() -> None:
    assert {name: n for name, n in source().modules.items() if n > LONGEST_MODULE} == {}


def test_functions_are_short() -> None:
    long = {one.place: one.lines for one in source().functions if one.lines > LONGEST_FUNCTION}
    assert long == {}
    assert source().percentile(0.9) <= NINE_OF_TEN_FUNCTIONS


def test_a_complex_function_says_why() -> None:
    """A comment `# complexity: why` stands on the line before."""
    bare = [
        one.place
        for one in source().functions
        if one.complexity > MOST_COMPLEX and not one.has_reason
    ]
    assert bare == []


def test_no_modules_import_each_other() -> None:
    """Deferred imports and those for types count too."""
    assert source().cycles == []


def test_few_modules_serve_one_other_module_only() -> None:
    single = source().single_importer
    assert len(single) <= MOST_WITH_ONE_IMPORTER * len(source().modules), single
    small = [name for name in single if source().modules[name] < SMALL_MODULE]
    assert len(small) <= MOST_SMALL_WITH_ONE_IMPORTER, small


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ("return 1", 1),
        ("if a and b or c:\n        return 1", 4),
        ("for x in y:\n        while x: x()", 3),
        ("try: pass\n    except ValueError: pass\n    return [z for z in y if z]", 3),
        ("match a:\n        case 1: pass\n        case 2: pass", 3),
    ],
)
def test_the_measure_counts_branches(body: str, expected: int) -> None:
    function = ast.parse(f"def f(a, b, c, x, y):\n    {body}\n").body[0]
    assert complexity(function) == expected


def test_the_measure_finds_what_it_looks_for(tmp_path: Path) -> None:
    package = tmp_path / "tui"
    package.mkdir()
    (package / "__init__.py").write_text("")
    (package / "first.py").write_text("def f():\n    from tui import second\n    return second\n")
    (package / "second.py").write_text(
        "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    from tui.first import f\n"
    )
    found = figures(tmp_path)
    assert found.cycles == [["tui.first", "tui.second"]]
    assert found.single_importer == ["tui.first", "tui.second"]
    assert found.total == 6
    assert found.folders == {"tui": 2}
