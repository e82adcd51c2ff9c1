"""Which files the tests of a night's beginning take with them."""

from __future__ import annotations

import json

import pytest

from tui.runner.proof.base_files import Merger, has_inline_tests, is_of_tests, merger_of


def merged(path: str, end: str, base: str) -> str:
    merge: Merger | None = merger_of(path)
    assert merge is not None
    return merge(end, base)


@pytest.mark.parametrize(
    "path",
    [
        "tests/test_a.py",
        "conftest.py",
        "pkg/conftest.py",
        "sum.test.js",
        "src/__snapshots__/a.snap",
        "pytest.ini",
        "jest.config.js",
        "run_tests.sh",
        "scripts/test.sh",
        "testdata/golden.json",
    ],
)
def test_tests_and_what_belongs_to_them(path: str) -> None:
    assert is_of_tests(path)


@pytest.mark.parametrize(
    "path", ["app.py", "numpy/testing/utils.py", "src/latest.py", "package.json", "contest.py"]
)
def test_code_stays_that_of_the_end(path: str) -> None:
    assert not is_of_tests(path)


def test_scripts_of_npm_are_as_before_and_dependencies_as_now() -> None:
    end = {"scripts": {"test": "exit 0", "gen": "g", "pretest": "true"}, "dependencies": {"b": "2"}}
    base = {"scripts": {"test": "jest"}, "jest": {"bail": True}, "dependencies": {"a": "1"}}
    found = json.loads(merged("web/package.json", json.dumps(end), json.dumps(base)))
    assert found == {
        "scripts": {"gen": "g", "test": "jest"},
        "dependencies": {"b": "2"},
        "jest": {"bail": True},
    }
    assert merged("package.json", "{broken", json.dumps(base)) == "{broken"


def test_sections_of_a_runner_are_as_before() -> None:
    end = '[project]\nname = "b"\n\n[tool.pytest.ini_options]\naddopts = "-k nothing"\n[tool.ruff]\nx = 1\n'
    base = '[project]\nname = "a"\n\n[tool.pytest.ini_options]\naddopts = "-q"\n'
    found = merged("pyproject.toml", end, base)
    assert 'name = "b"' in found
    assert "nothing" not in found
    assert '[tool.ruff]\nx = 1\n[tool.pytest.ini_options]\naddopts = "-q"\n' in found


def test_recipes_of_tests_are_as_before_and_others_as_now() -> None:
    end = "OBJ = a.o b.o\n\nall: $(OBJ)\n\tcc $(OBJ)\n\ntest:\n\ttrue\n"
    base = "OBJ = a.o\n\nall: $(OBJ)\n\tcc\n\ntest: all\n\t./run --all\n\nunit-test:\n\t./unit\n"
    found = merged("Makefile", end, base)
    assert "OBJ = a.o b.o\n\nall: $(OBJ)\n\tcc $(OBJ)\n" in found
    assert "test: all\n\t./run --all\n" in found
    assert "unit-test:\n\t./unit\n" in found
    assert "\ttrue" not in found


def test_test_modules_of_rust_are_as_before() -> None:
    end = "fn a() -> i32 { 2 }\n#[cfg(test)]\nmod tests {\n    #[test]\n    fn t() { weak(); }\n}\nfn b() {}\n"
    base = "fn a() {}\n\n#[cfg(test)]\nmod tests {\n    #[test]\n    fn t() { strong(); }\n}\n"
    found = merged("src/lib.rs", end, base)
    assert found.startswith("fn a() -> i32 { 2 }\nfn b() {}\n\n#[cfg(test)]\nmod tests {\n")
    assert "strong" in found
    assert "weak" not in found
    assert merged("src/lib.rs", "fn a() {}\n", "fn b() {}\n") == "fn a() {}\n"


def test_tests_in_the_code_itself_are_known() -> None:
    module = "#[cfg(test)]\nmod tests {\n    #[test]\n    fn t() {}\n}\n"
    assert not has_inline_tests("src/lib.rs", module)
    assert has_inline_tests("src/lib.rs", f"#[test]\nfn t() {{}}\n{module}")
    assert not has_inline_tests("src/lib.rs", "fn a() {}\n")
    assert not has_inline_tests("a.py", "#[test]")
