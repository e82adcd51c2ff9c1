"""Every framework's output, and what people wrap around it, give the run that a reader would see."""

from __future__ import annotations

from typing import NamedTuple

import pytest

from tests.unit.night.night_script import Script, night
from tui.model.events import ToolCall
from tui.model.evidence.log import TestRun
from tui.night.evidence.test_runners.calls import runner
from tui.night.evidence.test_runners.scope import narrowed_to


class Case(NamedTuple):
    """A command, the end of its output, whether the tool called it an error, and what it was."""

    command: str
    output: str
    error: bool
    framework: str
    passed: int | None
    failed: int | None
    verdict: str
    skipped: int = 0


def runs(*steps: tuple[str, str, bool]) -> tuple[TestRun, ...]:
    script = Script()
    for command, output, error in steps:
        script.step("Bash", command, output, error=error)
    return night(script).tests.runs


PYTEST_RED = """\
=================================== FAILURES ===================================
_______________________________ test_it_refills ________________________________
    def test_it_refills():
>       assert bucket.level == 2
E       assert 1 == 2
tests/test_bucket.py:12: AssertionError
=========================== short test summary info ============================
FAILED tests/test_bucket.py::test_it_refills - assert 1 == 2
==================== 1 failed, 40 passed, 2 skipped in 3.21s ====================
"""
PYTEST_COLLECTION = """\
==================================== ERRORS ====================================
__________________ ERROR collecting tests/unit/test_window.py __________________
ImportError while importing test module '/w/tests/unit/test_window.py'.
E   ModuleNotFoundError: No module named 'tidebell.window'
=========================== short test summary info ============================
ERROR tests/unit/test_window.py
!!!!!!!!!!!!!!!!!!!! Interrupted: 1 error during collection !!!!!!!!!!!!!!!!!!!!
=============================== 1 error in 0.12s ===============================
"""
JEST_RED = """\
FAIL src/sum.test.ts
  ● adds › small numbers
    expect(received).toBe(expected) // Object.is equality
Test Suites: 1 failed, 2 passed, 3 total
Tests:       1 failed, 3 skipped, 14 passed, 18 total
Snapshots:   0 total
Time:        2.113 s
Ran all test suites.
"""
VITEST_GREEN = """\
 ✓ src/a.test.ts (3 tests) 4ms
 Test Files  2 passed (2)
      Tests  16 passed | 1 skipped (17)
   Start at  10:01:12
   Duration  633ms (transform 82ms, setup 312ms, collect 83ms, tests 112ms)
"""
VITEST_UNHANDLED = """\
⎯⎯⎯⎯⎯⎯ Unhandled Errors ⎯⎯⎯⎯⎯⎯
 Test Files  2 passed (2)
      Tests  16 passed (16)
     Errors  1 error
   Duration  633ms
"""
GO_RED = """\
--- FAIL: TestWindow (0.00s)
    window_test.go:14: got 3, want 2
FAIL
FAIL\texample.com/tide/window\t0.004s
ok  \texample.com/tide/bucket\t0.010s
FAIL
"""
GO_BUILD = """\
# example.com/tide/window [example.com/tide/window.test]
window/window_test.go:9:2: undefined: Window
FAIL\texample.com/tide/window [build failed]
FAIL
"""
CARGO_RED = """\
failures:
    tests::it_refills

test result: FAILED. 6 passed; 1 failed; 2 ignored; 0 measured; 0 filtered out; finished in 0.01s

error: test failed, to rerun pass `--lib`
"""
CARGO_BROKEN = """\
error[E0425]: cannot find value `x` in this scope
error: could not compile `tide` (lib test) due to 1 previous error
"""
MOCHA_RED = """\
  12 passing (31ms)
  2 pending
  1 failing

  1) Bucket
       refills:
     AssertionError: expected 1 to equal 2
"""
RSPEC_RED = """\
Failed examples:

rspec ./spec/bucket_spec.rb:4 # Bucket refills

Finished in 0.02 seconds (files took 0.1 seconds to load)
12 examples, 1 failure, 2 pending
"""
PHPUNIT_RED = """\
FAILURES!
Tests: 9, Assertions: 21, Errors: 1, Failures: 1, Skipped: 2.
"""
CTEST_RED = """\
83% tests passed, 1 tests failed out of 6

Total Test time (real) =   0.10 sec

The following tests FAILED:
\t  4 - window (Failed)
Errors while running CTest
"""
GTEST_RED = """\
[==========] 7 tests from 2 test suites ran. (0 ms total)
[  PASSED  ] 6 tests.
[  FAILED  ] 1 test, listed below:
[  FAILED  ] Bucket.Refills

 1 FAILED TEST
"""
MAVEN_GREEN = """\
[INFO] Tests run: 12, Failures: 0, Errors: 0, Skipped: 1
[INFO]
[INFO] ------------------------------------------------------------------------
[INFO] BUILD SUCCESS
[INFO] Total time:  4.312 s
"""
SWIFT_NEW = "✔ Test run with 5 tests in 2 suites passed after 0.004 seconds.\n"
TOX_GREEN = (
    "  py311: OK (3.21=setup[1.10]+cmd[2.11] seconds)\n  congratulations :) (3.30 seconds)\n"
)
TOX_RED = (
    "  py311: FAIL code 1 (3.2=setup[1.1]+cmd[2.1] seconds)\n  evaluation failed :( (3.3 seconds)\n"
)
NOX = "nox > Session tests was successful.\n"
NODE = "# tests 8\n# suites 2\n# pass 6\n# fail 1\n# cancelled 0\n# skipped 1\n# todo 0\n"
EXUNIT = (
    "Finished in 0.04 seconds\n1 doctest, 12 tests, 1 failure, 2 skipped\n\nRandomized with seed 0"
)
MINITEST = "14 runs, 31 assertions, 1 failures, 0 errors, 2 skips\n"
DOTNET = "Passed!  - Failed:     0, Passed:    41, Skipped:     2, Total:    43, Duration: 1 s\n"
DOTNET_9 = (
    "Test summary: total: 43, failed: 1, succeeded: 40, skipped: 2, duration: 1.2s\nBuild failed"
)
TIMED_OUT = "Command timed out after 2m 0.0s\n............................ [ 61%]\n"
CASES = [
    # pytest
    Case("pytest -q", "41 passed in 1.20s", False, "pytest", 41, 0, "green"),
    Case("pytest", PYTEST_RED, True, "pytest", 40, 1, "red", 2),
    Case("pytest tests/unit", PYTEST_COLLECTION, True, "pytest", 0, 1, "red"),
    Case("pytest -k no", "== 41 deselected in 0.03s ==", True, "pytest", None, None, "unknown", 41),
    Case(
        "pytest",
        "collected 0 items\n\n== no tests ran in 0.01s ==",
        True,
        "pytest",
        None,
        None,
        "unknown",
    ),
    Case("pytest", TIMED_OUT, True, "pytest", None, None, "unknown"),
    Case("timeout 60 pytest -q", "Exit code 124\n.....", True, "pytest", None, None, "unknown"),
    Case("pytest -q", "Exit code 137\n.....\nKilled", True, "pytest", None, None, "unknown"),
    Case(
        "pytest | head -5",
        "collected 41 items\n\ntests/test_a.py ..",
        False,
        "pytest",
        None,
        None,
        "unknown",
    ),
    Case("pytest -q 2>&1 | tail -1", "1 failed, 40 passed in 2s", False, "pytest", 40, 1, "red"),
    Case("pytest -q || true", "1 failed, 40 passed in 2.0s", False, "pytest", 40, 1, "red"),
    Case('pytest -q; echo "exit: $?"', "....\nexit: 0", False, "pytest", None, None, "green"),
    Case("pytest -q > log 2>&1; echo $?", "1", False, "pytest", None, None, "red"),
    Case(
        "pytest > out.log 2>&1; tail -2 out.log",
        "41 passed in 1.20s",
        False,
        "pytest",
        41,
        0,
        "green",
    ),
    Case(
        "python -m pytest -n 4",
        "\x1b[32m==== \x1b[1m41 passed\x1b[0m\x1b[32m in 9.1s ====\x1b[0m",
        False,
        "pytest",
        41,
        0,
        "green",
    ),
    Case(
        "pytest -q a; pytest -q b",
        "Command timed out after 2m 0.0s\n41 passed in 1.2s\n..",
        True,
        "pytest",
        41,
        0,
        "unknown",
    ),
    # unittest
    Case(
        "python3 -m unittest -v",
        "Ran 12 tests in 0.003s\n\nOK (skipped=3)",
        False,
        "unittest",
        9,
        0,
        "green",
        3,
    ),
    Case(
        "python -m unittest",
        "Ran 12 tests in 0.1s\n\nFAILED (failures=1, errors=1, skipped=2)",
        True,
        "unittest",
        8,
        2,
        "red",
        2,
    ),
    Case(
        "python3 -m unittest",
        "Ran 0 tests in 0.000s\n\nOK",
        False,
        "unittest",
        None,
        None,
        "unknown",
    ),
    Case(
        "python3 -m unittest 2>&1 | tail -2",
        "ImportError: Failed to import\nFAILED (errors=1)",
        False,
        "unittest",
        None,
        None,
        "red",
    ),
    Case(
        "./manage.py test",
        "Ran 3 tests in 1.1s\n\nOK\nDestroying test database",
        False,
        "unittest",
        3,
        0,
        "green",
    ),
    # JavaScript
    Case("npx jest", JEST_RED, True, "jest", 14, 1, "red", 3),
    Case(
        "yarn jest --ci", "Tests:       9 passed, 9 total\nTime: 1 s", False, "jest", 9, 0, "green"
    ),
    Case("npx jest x", "No tests found, exiting with code 1", True, "jest", None, None, "unknown"),
    Case("npm test", VITEST_GREEN, False, "vitest", 16, 0, "green", 1),
    Case("npx vitest run", VITEST_UNHANDLED, True, "vitest", 16, 1, "red"),
    Case("npm run test:unit", "npm error code ELIFECYCLE", False, "npm", None, None, "red"),
    Case("npx mocha", MOCHA_RED, True, "mocha", 12, 1, "red", 2),
    Case(
        "cmake --build build --target tests",
        "[ 50%] Building CXX object\n[100%] Built target tests",
        False,
        "make",
        None,
        None,
        "unknown",
    ),
    Case("npx mocha", "  0 passing (1ms)", False, "mocha", None, None, "unknown"),
    Case("node --test", NODE, True, "node", 6, 1, "red", 1),
    Case(
        "bun test",
        " 5 pass\n 1 skip\n 0 fail\n 9 expect() calls\nRan 6 tests across 2 files. [8ms]",
        False,
        "bun",
        5,
        0,
        "green",
        1,
    ),
    Case(
        "deno test", "ok | 5 passed | 0 failed | 2 ignored (8ms)", False, "deno", 5, 0, "green", 2
    ),
    Case(
        "npx playwright test",
        "  1 failed\n    [chromium] › a.spec.ts\n  1 skipped\n  7 passed (9.2s)",
        True,
        "playwright",
        7,
        1,
        "red",
        1,
    ),
    Case(
        "npx jasmine", "12 specs, 1 failure\nFinished in 0.1 seconds", True, "jasmine", 11, 1, "red"
    ),
    # Go and Rust
    Case(
        "go test ./...",
        "ok  \tx.com/a\t0.01s\n?   \tx.com/b\t[no test files]",
        False,
        "go",
        1,
        0,
        "green",
    ),
    Case("go test ./...", GO_RED, True, "go", 1, 1, "red"),
    Case("go test ./...", GO_BUILD, True, "go", 0, 2, "red"),
    Case("go test ./...", "?   \tx.com/b\t[no test files]", False, "go", None, None, "unknown"),
    Case(
        "gotestsum ./...",
        "DONE 44 tests, 2 skipped, 1 failure in 3.2s",
        True,
        "gotestsum",
        0,
        1,
        "red",
        2,
    ),
    Case("go test ./... ", "panic: test timed out after 10m0s", True, "go", None, None, "unknown"),
    Case("cargo test", CARGO_RED, True, "cargo", 6, 1, "red", 2),
    Case("cargo test 2>&1 | tail -3", CARGO_BROKEN, False, "cargo", None, None, "red"),
    Case(
        "cargo nextest run",
        "     Summary [   0.1s] 5 tests run: 5 passed, 2 skipped",
        False,
        "nextest",
        5,
        0,
        "green",
        2,
    ),
    # Ruby, PHP, C
    Case("bundle exec rspec", RSPEC_RED, True, "rspec", 9, 1, "red", 2),
    Case(
        "rspec spec/none",
        "No examples found.\n\n0 examples, 0 failures",
        False,
        "rspec",
        None,
        None,
        "unknown",
    ),
    Case("bin/rails test", MINITEST, True, "minitest", 11, 1, "red", 2),
    Case("vendor/bin/phpunit", "OK (9 tests, 21 assertions)", False, "phpunit", 9, 0, "green"),
    Case("composer test", PHPUNIT_RED, True, "phpunit", 5, 2, "red", 2),
    Case("ctest --test-dir build", CTEST_RED, True, "ctest", 5, 1, "red"),
    Case("ctest", "No tests were found!!!", False, "ctest", None, None, "unknown"),
    Case("make check", GTEST_RED, True, "gtest", 6, 1, "red"),
    Case(
        "./build/suite",
        "All tests passed (31 assertions in 7 test cases)",
        False,
        "catch2",
        7,
        0,
        "green",
    ),
    # the JVM and others
    Case(
        "./gradlew test",
        "BUILD SUCCESSFUL in 3s\n4 actionable tasks: 4 executed",
        False,
        "gradle",
        None,
        None,
        "green",
    ),
    Case(
        "./gradlew check | tail -4",
        "9 tests completed, 1 failed\n\nFAILURE: Build failed",
        False,
        "gradle",
        8,
        1,
        "red",
    ),
    Case("mvn -q verify", MAVEN_GREEN, False, "maven", 11, 0, "green", 1),
    Case("mvn test | tail -3", "[INFO] BUILD FAILURE", False, "maven", None, None, "red"),
    Case(
        "sbt test",
        "[info] Tests: succeeded 5, failed 0, canceled 0, ignored 1, pending 0",
        False,
        "sbt",
        5,
        0,
        "green",
        1,
    ),
    Case("dotnet test", DOTNET, False, "dotnet", 41, 0, "green", 2),
    Case("dotnet test", DOTNET_9, True, "dotnet", 40, 1, "red", 2),
    Case("swift test", SWIFT_NEW, False, "swift", 5, 0, "green"),
    Case("mix test", EXUNIT, True, "mix", 11 - 2, 1, "red", 2),
    Case("flutter test", "00:03 +12 ~1: All tests passed!", False, "flutter", 12, 0, "green", 1),
    Case("flutter test", "00:03 +11 -1: Some tests failed.", True, "flutter", 11, 1, "red"),
    Case("bats test/", "5 tests, 0 failures", False, "mix", 5, 0, "green"),
    # wrappers
    Case("make test", "python -m pytest -q\n41 passed in 1.20s", False, "pytest", 41, 0, "green"),
    Case(
        "make test 2>&1 | tail -1",
        "make: *** [Makefile:4: test] Error 2",
        False,
        "make",
        None,
        None,
        "red",
    ),
    Case("tox -e py311", TOX_GREEN, False, "tox", None, None, "green"),
    Case("tox -q | tail", TOX_RED, False, "tox", None, None, "red"),
    Case("nox -s tests | tail -1", NOX, False, "tox", None, None, "green"),
    Case("tox", "= 41 passed in 2.0s =\n" + TOX_GREEN, False, "pytest", 41, 0, "green"),
    Case("./run_tests.sh", "everything is fine", False, "script", None, None, "green"),
    Case("./run_tests.sh", "boom", True, "script", None, None, "red"),
    Case(
        "scripts/test", "== 41 passed in 1.20s ==\nreport written", False, "pytest", 41, 0, "green"
    ),
    Case("bash scripts/test.sh | tee log", "done", False, "script", None, None, "unknown"),
    Case(
        "cd app && ls && ./verify-all", "a b\n41 passed in 1.20s", False, "pytest", 41, 0, "green"
    ),
    Case(
        "./nightly > /tmp/n.log 2>&1; tail -3 /tmp/n.log",
        "41 passed in 1.20s",
        False,
        "pytest",
        41,
        0,
        "green",
    ),
    Case(
        "./nightly | tee n.log; grep passed n.log",
        "41 passed in 1.20s",
        False,
        "pytest",
        41,
        0,
        "green",
    ),
    Case("./release.sh; echo done", "41 passed in 1.20s\ndone", False, "pytest", 41, 0, "green"),
    Case("bash -c 'cd x && pytest -q'", "41 passed in 1.20s", False, "pytest", 41, 0, "green"),
    Case(
        "docker compose exec -T -e A=1 web pytest", "1 failed in 1.20s", True, "pytest", 0, 1, "red"
    ),
]


@pytest.mark.parametrize("case", CASES, ids=[f"{n}:{c.command[:30]}" for n, c in enumerate(CASES)])
def test_runs(case: Case) -> None:
    (run,) = runs((case.command, case.output, case.error))
    seen = (run.framework, run.passed, run.failed, run.verdict, run.skipped)
    assert seen == (case.framework, case.passed, case.failed, case.verdict, case.skipped)


NO_RUNS = [
    ("grep -rn pytest .", "a.py:41 passed in 1.20s", False),
    ("cat log.txt", "41 passed in 1.20s", False),
    ("cat log.txt | tail -3", "Tests: 4 passed, 4 total", False),
    ("tail -20 /tmp/tests.log", "== 41 passed in 1.20s ==", False),
    ("pip install pytest", "Successfully installed pytest-8.4.0", False),
    ("npm install --save-dev jest", "added 41 packages in 3s", False),
    ("git log --oneline -3", "abc1234 41 passed in 1.20s", False),
    (
        "git commit -qm '41 passed in 1.20s' && git log --oneline -1",
        "abc1234 41 passed in 1.20s",
        False,
    ),
    (
        "git commit -m '41 passed in 1.2s'",
        "[main abc1234] 41 passed in 1.2s\n 1 file changed",
        False,
    ),
    ("echo '41 passed in 1.20s'", "41 passed in 1.20s", False),
    ("cd w && echo '41 passed in 1.20s' >> notes.md && cat notes.md", "41 passed in 1.20s", False),
    ("gh run view 7 --log | tail", "41 passed in 1.20s", False),
    ("pytest --collect-only -q", "41 tests collected in 0.10s", False),
    ("pytest --version", "pytest 8.4.0", False),
    ("ls tests/", "test_a.py", False),
    ("python -m pytest", "/usr/bin/python: No module named pytest", True),
    ("pytest", "Exit code 127\nbash: pytest: command not found", True),
    ("npm test", 'npm error Missing script: "test"', True),
    ("make test", "make: *** No rule to make target 'test'.  Stop.", True),
    ("pytest", "Cancelled: parallel tool call Bash(x) errored", True),
    ("pytest", "This command requires approval", True),
    ("./scripts/check-env.sh --quiet | wc -l", "3", False),
    ("git push", "Everything up-to-date", False),
    ("./tests/fixtures/generate.sh", "written", False),
    ("python tests/data/make.py", "written", False),
    ("bash scripts/verify-setup.sh", "fine", False),
    ("ruff check .", "Found 3 errors.", True),
    ("curl -s localhost/health", '{"passed": 3, "failed": 0}', False),
    ("find . -name '*.test.ts' | wc -l", "41", False),
]


@pytest.mark.parametrize(("command", "output", "error"), NO_RUNS)
def test_what_is_no_run(command: str, output: str, error: bool) -> None:
    found = runs((command, output, error))
    assert found == ()


WRAPPED = [
    "uv run --with coverage pytest -q",
    "poetry run -C api pytest",
    "hatch run pytest tests",
    "PYTHONPATH=. CI='1' pytest",
    "env -i pytest",
    "cd /w/api && source .venv/bin/activate && pytest -q",
    "(cd api && pytest)",
    "set -o pipefail; pytest -q 2>&1 | tee /tmp/log",
    "time pytest",
    "nohup pytest &",
    "timeout --signal=KILL 60 pytest",
    "python3.12 -X dev -m pytest",
    ".venv/bin/python -m pytest tests",
    "coverage run --branch -m pytest",
    "python -m coverage run -m pytest",
    "docker run --rm -v /w:/w -w /w python:3.12 pytest",
    "docker compose -f dev.yml exec api pytest",
    "podman exec api pytest",
    "kubectl exec deploy/api -- pytest",
    "ssh box 'cd w && pytest'",
    'bash -lc "pytest -q"',
    "if pytest -q; then echo yes; fi",
    "pytest -q && git add -A && git commit -m x",
]


@pytest.mark.parametrize("command", WRAPPED)
def test_pytest_through_wrappers(command: str) -> None:
    assert runner(command) == "pytest"


@pytest.mark.parametrize(
    ("command", "kind"),
    [
        ("npm run unit:test", "npm"),
        ("pnpm -r test", "npm"),
        ("yarn workspace web test", "npm"),
        ("npm run ci:test", "npm"),
        ("just test-all", "make"),
        ("task test", "make"),
        ("nx run web:test", "make"),
        ("turbo run test", "make"),
        ("mise run test:ci", "make"),
        ("hatch test", "make"),
        ("bazel test //...", "bazel"),
        ("rake spec", "minitest"),
        ("bash ./scripts/run-tests.sh", "script"),
        ("sh ci/test", "script"),
        ("python run_tests.py", "script"),
        ("./test.sh --fast", "script"),
        ("cmake --build build --target test", "make"),
    ],
)
def test_other_wrappers(command: str, kind: str) -> None:
    assert runner(command) == kind


def background(look: str, name: str = "Bash") -> tuple[TestRun, ...]:
    script = Script()
    told = "Command running in background with ID: b7x. Output is being written to: /t/b7x.output."
    script.step("Bash", "pytest -q", told)
    script.step(name, look, "....\n41 passed in 9.20s")
    return night(script).tests.runs


@pytest.mark.parametrize(
    ("name", "look"),
    [
        ("BashOutput", "b7x"),
        ("TaskOutput", "b7x"),
        ("Read", "/t/b7x.output"),
        ("Bash", "tail /t/b7x.output"),
    ],
)
def test_a_run_in_the_background_is_green_only_when_it_says_so(name: str, look: str) -> None:
    begun, ended = background(look, name)
    assert (begun.verdict, ended.verdict, ended.passed) == ("unknown", "green", 41)
    assert ended.command == "pytest -q"


def test_looking_at_another_log_says_nothing_of_the_background() -> None:
    assert [run.verdict for run in background("tail /t/other.output")] == ["unknown"]


@pytest.mark.parametrize(
    ("command", "part"),
    [
        ("pytest", ""),
        ("pytest tests", ""),
        ("pytest tests/ -v 2>&1 | tail -3", ""),
        ("pytest -x -q --maxfail=1 -n 4", ""),
        ("pytest -p no:cacheprovider", ""),
        ("cd api/tests && pytest", ""),
        ("pytest tests/unit", "tests/unit"),
        ("pytest tests/test_a.py -v", "tests/test_a.py"),
        ("pytest tests/test_a.py::test_b", "tests/test_a.py::test_b"),
        ("pytest -k 'window and not slow'", "window and not slow"),
        ("pytest --lf", "--lf"),
        ("python -m pytest -m fast", "fast"),
        ("python3 -m unittest", ""),
        ("python3 -m unittest discover -s tests -p '*_test.py'", ""),
        ("python3 -m unittest tests.test_bucket", "tests.test_bucket"),
        ("go test ./...", ""),
        ("go test -race -count=1 ./...", ""),
        ("go test ./redact/ -v", "./redact/"),
        ("go test ./... -run TestX", "TestX"),
        ("cargo test", ""),
        ("cargo test window", "window"),
        ("cargo test --lib", "--lib"),
        ("npm test", ""),
        ("npm run test:unit", "test:unit"),
        ("npm test -- src/a.test.ts", "src/a.test.ts"),
        ("npx vitest run", ""),
        ("npx vitest run src/a.test.ts", "src/a.test.ts"),
        ("npx jest --testNamePattern=adds", "adds"),
        ("bundle exec rspec spec/models", "spec/models"),
        ("make test", ""),
        ("make -C sub test", ""),
        ("./run_tests.sh", ""),
        ("ctest --test-dir build", ""),
        ("ctest -R window", "window"),
        ("bash -c 'cd x && pytest tests/unit'", "tests/unit"),
        ("tox -e py311", ""),
        ("ls", ""),
    ],
)
def test_what_a_command_is_limited_to(command: str, part: str) -> None:
    assert narrowed_to(command) == part


def test_a_long_command_is_read_to_its_end() -> None:
    script = Script()
    long = "cd /w\nexport A=" + "a" * 300 + "\npytest tests/unit"
    use = ToolCall("call-x", "Bash", long.replace("\n", " ⏎ ")[:199] + "…", 7, "", long)
    script.say(tools=(use,))
    script.answer("call-x", "....\n41 passed in 1.0s")
    (run,) = night(script).tests.runs
    assert (run.framework, run.part) == ("pytest", "tests/unit")
    assert run.command.startswith("cd /w ⏎ export")


def test_a_suite_in_another_language_is_a_run_that_told_nothing() -> None:
    (run,) = runs(("python run_tests.py", "fine", False))
    assert (run.framework, run.verdict) == ("script", "unknown")
