"""What makes a run green, red, or one that proves nothing; every runner's ways to say so."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.night.night_script import Script, fold, night
from tui.model.events import SourceRef, ToolCall, ToolResult
from tui.model.evidence.log import TestRun
from tui.night.evidence.test_commands import recognise
from tui.night.fold import NightFold
from tui.system.errors import FoldCacheError


def run_of(command: str, output: str, error: bool = False, own: str = "") -> TestRun | None:
    use = ToolCall("c", "Bash", command, 1)
    return recognise(use, ToolResult("c", error, output, len(output)), 1.0, SourceRef("s", 0), own)


def verdict(command: str, output: str, error: bool = False) -> str:
    run = run_of(command, output, error)
    return "no run" if run is None else run.verdict


NPM = "\n> sums@1.0.0 test\n> {}\n"
PROVES_NOTHING = [
    ("npm test", NPM.format("exit 0")),
    ("npm test", NPM.format("true")),
    ("npm test", NPM.format('echo "no tests yet"') + "\nno tests yet\n"),
    ("npm test", NPM.format("tsc --noEmit && eslint .")),
    ("npm test", NPM.format('node -e "process.exit(0)"')),
    ("yarn test", "yarn run v1.22.19\n$ exit 0\nDone in 0.05s."),
    ("bun run test", "$ exit 0\n"),
    ("make test", "true"),
    ("make test", 'echo "all good"\nall good'),
    ("make test", "make: Nothing to be done for 'test'."),
    ("make check", "All checks passed!"),
    ("./run_tests.sh", "(Bash completed with no output)"),
    (
        "turbo run test",
        "No tasks were executed as part of this run.\n\n Tasks:    0 successful, 0 total",
    ),
    ("pnpm -r test", 'None of the selected packages has a "test" script'),
    ("pytest -q", "ss  [100%]\n2 skipped in 0.01s"),
    ("pytest -q", "xx  [100%]\n2 xfailed in 0.01s"),
    ("pytest -q > /dev/null 2>&1", ""),
    ("pytest -q > /dev/null; echo done", "done"),
    ("pytest -q > /dev/null; true; echo $?", "0"),
    ("pytest -q | head -1", ".."),
    ("pytest -q 2>&1 | grep FAILED", ""),
    ("npx jest --passWithNoTests", "No tests found, exiting with code 0"),
    ("npx jest", "Test Suites: 1 skipped, 0 of 1 total\nTests:       2 skipped, 2 total"),
    ("npx vitest run", " Test Files  1 skipped (1)\n      Tests  2 skipped (2)"),
    ("go test ./...", "ok  \texample.com/b\t0.002s [no tests to run]"),
    ("cargo test", "test result: ok. 0 passed; 0 failed; 3 ignored; 0 measured"),
    ("npx mocha", "  0 passing (2ms)\n  2 pending\n"),
    ("python -m unittest", "Ran 2 tests in 0.000s\n\nOK (skipped=2)"),
    ("node --test", "ℹ tests 0\nℹ pass 0\nℹ fail 0\n"),
    ("./gradlew test", "> Task :test NO-SOURCE\n\nBUILD SUCCESSFUL in 1s"),
    ("prove -l t", "Files=0, Tests=0,  0 wallclock secs\nResult: NOTESTS"),
    ("flutter test", "No tests ran."),
    ("dotnet test", "No test is available in /w/x.dll."),
    ('pytest -q tests > /dev/null; echo "2 passed in 0.05s"', "2 passed in 0.05s"),
]


@pytest.mark.parametrize(("command", "output"), PROVES_NOTHING)
def test_what_proves_nothing(command: str, output: str) -> None:
    assert verdict(command, output) in ("unknown", "no run")


@pytest.mark.parametrize(
    "command",
    [
        "pytest --collect-only -q",
        "pytest --co",
        "pytest --setup-plan",
        "cargo test --no-run",
        "cargo test -- --list",
        "go test -c ./...",
        "go test -list . ./...",
        "go vet ./...",
        "npx tsc --noEmit",
        "npx vitest list",
        "npx playwright test --list",
        "ctest -N",
        "make -n test",
        "mvn install -DskipTests",
        "./gradlew build -x test",
        "dotnet test --list-tests",
        "rspec --dry-run",
        'echo "2 passed in 0.05s"',
        "python -c \"print('2 passed in 0.05s')\"",
    ],
)
def test_what_runs_no_test_is_no_run(command: str) -> None:
    assert verdict(command, "2 passed in 0.05s" if "0.05s" in command else "fine") == "no run"


RED = [
    ("pytest -q || true", "1 failed, 1 passed in 0.05s"),
    ("pytest -q | tail -2", "!!! Interrupted: 1 error during collection !!!\n1 error in 0.10s"),
    ("npm test | tail -5", "Tests:       2 passed, 2 total\nnpm ERR! Test failed.  See above."),
    ("pytest -q; npx jest", "1 failed, 1 passed in 0.05s\n\nTests:       2 passed, 2 total"),
    ("pytest -q; npx jest", "2 passed in 0.05s\n\nTests:       1 failed, 1 passed, 2 total"),
    (
        "make -k test || true",
        "1 failed, 1 passed in 0.05s\nnpx jest\nTests:       2 passed, 2 total",
    ),
    (
        "cargo test --workspace 2>&1 | tail",
        "test result: ok. 2 passed; 0 failed\nerror: could not compile `b`",
    ),
]


@pytest.mark.parametrize(("command", "output"), RED)
def test_what_is_red_whatever_comes_last(command: str, output: str) -> None:
    assert verdict(command, output) == "red"


def test_the_exit_code_of_the_runner_itself_is_believed_before_its_counts() -> None:
    assert verdict("pytest -q", "Exit code 1\n2 passed in 0.05s", True) == "red"
    assert (
        verdict("pytest -q && mypy .", "Exit code 1\n2 passed in 0.05s\na.py:1: error", True)
        == "green"
    )
    low = "Exit code 1\nFAIL Required test coverage of 80% not reached.\n2 passed in 0.05s"
    assert verdict("pytest -q --cov", low, True) == "green"


GREEN = [
    ("npm test", NPM.format("node test.js")),
    ("npm test", NPM.format("tsc --noEmit && jest") + "\nTests:       2 passed, 2 total"),
    ("mvn -q test", ""),
    ("zig build test", ""),
    ("pytest -qq", "..    [100%]"),
    ("pytest -q -n0", "2 passed in 0.05s"),
    ("pytest -q", "2 passed, 3 subtests passed in 0.05s"),
    ("pytest -q > out.log 2>&1; echo $?", "0"),
    ("pytest -q > log 2>&1; rc=$?; tail -1 log; echo $rc", "2 passed in 0.05s\n0"),
    ("nix flake check", "running 1 flake checks...\nall checks passed!"),
    ("pdm run test", "2 passed in 0.05s"),
]


@pytest.mark.parametrize(("command", "output"), GREEN)
def test_what_is_green(command: str, output: str) -> None:
    assert verdict(command, output) == "green"


RUNNERS = [
    ("npx cypress run", "  ✔  All specs passed!     00:03    3     2    -    1    - ", (2, 0, 1)),
    ("npx cypress run", "  ✖  1 of 2 failed (50%)   00:05    4     3    1    -    - ", (3, 1, 0)),
    ("npx playwright test", "  1 flaky\n  1 skipped\n  7 passed (9.2s)", (7, 0, 1)),
    (
        "zig build test",
        "Build Summary: 27/35 steps succeeded; 8 skipped; 732/765 tests passed; 33 skipped",
        (732, 0, 33),
    ),
    (
        "zig build test",
        "Build Summary: 1/3 steps succeeded; 1 failed; 4/5 tests passed; 1 failed",
        (4, 1, 0),
    ),
    ("zig test src/main.zig", "All 4 tests passed.", (4, 0, 0)),
    ("zig test src/main.zig", "3 passed; 1 skipped; 1 failed.", (3, 1, 1)),
    ("Rscript -e 'devtools::test()'", "[ FAIL 1 | WARN 0 | SKIP 2 | PASS 5 ]", (5, 1, 2)),
    ("bazel test //...", "Executed 1 out of 3 tests: 3 tests pass.", (3, 0, 0)),
    ("bazel test //...", "Executed 3 out of 3 tests: 2 tests pass and 1 fails locally.", (2, 1, 0)),
    ("node --test", "ok 1 - adds\n1..1\n# tests 1\n# pass 1\n# fail 0\n", (1, 0, 0)),
    ("npx tape test.js", "1..3\n# tests 3\n# pass  2\n# fail  1\n", (2, 1, 0)),
    ("npx tap", "# { total: 3, pass: 2, fail: 1 }", (2, 1, 0)),
    ("npx ava", "  1 test failed\n  2 tests passed", (2, 1, 0)),
    (
        "npx karma start --single-run",
        "Executed 5 of 5 (1 FAILED) (skipped 1) (0.02 secs / 0.01 secs)",
        (3, 1, 1),
    ),
    (
        "npx karma start --single-run",
        "Executed 5 of 5 SUCCESS (0.012 secs / 0.005 secs)",
        (5, 0, 0),
    ),
    (
        "npx wdio run wdio.conf.js",
        "Spec Files:\t 2 passed, 1 failed, 3 total (100% completed)",
        (2, 1, 0),
    ),
    ("robot tests", "5 tests, 4 passed, 1 failed", (4, 1, 0)),
    (
        "behave",
        "1 feature passed, 0 failed, 0 skipped\n3 scenarios passed, 1 failed, 2 skipped",
        (3, 1, 2),
    ),
    (
        "npx cucumber-js",
        "3 scenarios (1 failed, 2 passed)\n9 steps (1 failed, 8 passed)",
        (2, 1, 0),
    ),
    ("busted", "5 successes / 1 failure / 0 errors / 2 pending : 0.01 seconds", (5, 1, 2)),
    ("prove -lr t", "Files=3, Tests=12,  0 wallclock secs\nResult: PASS", (12, 0, 0)),
    ("prove -lr t", "Files=3, Tests=12,  0 wallclock secs\nResult: FAIL", (11, 1, 0)),
    ("rebar3 eunit", "Finished in 0.05 seconds\n5 tests, 0 failures", (5, 0, 0)),
    ("rebar3 ct", "Failed 1 tests. Passed 4 tests.", (4, 1, 0)),
    ("bats test", "1..3\nok 1 a\nnot ok 2 b\nok 3 c # skip", (1, 1, 1)),
    ("crystal spec", "5 examples, 1 failures, 0 errors, 2 pending", (2, 1, 2)),
    ("npx elm-test", "TEST RUN PASSED\n\nDuration: 12 ms\nPassed:   5\nFailed:   0", (5, 0, 0)),
    (
        "forge test",
        "Ran 2 test suites in 5ms (6ms CPU time): 9 tests passed, 1 failed, 2 skipped (12 total tests)",
        (9, 1, 2),
    ),
    ("npx hardhat test", "  3 passing (1s)\n  1 failing", (3, 1, 0)),
    ("dbt test", "Done. PASS=5 WARN=0 ERROR=1 SKIP=2 TOTAL=8", (5, 1, 2)),
    ("terraform test", "Failure! 4 passed, 1 failed, 1 skipped.", (4, 1, 1)),
    ("cabal test", "1 out of 5 tests failed (0.01s)", (4, 1, 0)),
    ("dune runtest", "Test Successful in 0.005s. 5 tests run.", (5, 0, 0)),
    ("ginkgo ./...", "SUCCESS! -- 5 Passed | 0 Failed | 0 Pending | 1 Skipped", (5, 0, 1)),
    ("lein test", "Ran 5 tests containing 12 assertions.\n1 failures, 0 errors.", (4, 1, 0)),
    ("gleam test", "5 passed, no failures", (5, 0, 0)),
    ("sbt test", "[info] Passed: Total 5, Failed 0, Errors 0, Passed 5", (5, 0, 0)),
    (
        "make check",
        "# TOTAL: 5\n# PASS:  4\n# SKIP:  0\n# XFAIL: 0\n# FAIL:  1\n# XPASS: 0\n# ERROR: 0",
        (4, 1, 0),
    ),
    (
        "meson test -C build",
        "Ok:                 5   \nExpected Fail:      0   \nFail:               1   ",
        (5, 1, 0),
    ),
    ("trial tests", "Ran 5 tests in 0.1s\n\nPASSED (successes=5)", (5, 0, 0)),
    ("./build/unit", "[doctest] test cases: 5 | 4 passed | 1 failed | 0 skipped", (4, 1, 0)),
    ("npm test", "Ran 2 tests in 0.1s\n\nFAILED (failures=1)", (1, 1, 0)),
]


@pytest.mark.parametrize(("command", "output", "counts"), RUNNERS)
def test_the_counts_of_every_runner(
    command: str, output: str, counts: tuple[int, int, int]
) -> None:
    run = run_of(command, f"some words before\n{output}\n")
    assert run is not None
    assert (run.passed, run.failed, run.skipped) == counts
    assert run.verdict == ("red" if counts[1] else "green")


def test_several_runners_of_one_command_each_count() -> None:
    run = run_of("pytest -q && npx jest", "2 passed in 0.05s\n\nTests:       3 passed, 3 total")
    assert run is not None
    assert (run.verdict, run.passed) == ("green", 5)
    assert [(one.framework, one.passed) for one in run.suites] == [("jest", 3), ("pytest", 2)]


def test_the_projects_own_command_is_green_when_it_succeeds() -> None:
    assert run_of("./verify", "done") is None
    run = run_of("./verify --all", "done", own="./verify")
    assert run is not None
    assert (run.verdict, run.passed, run.framework) == ("green", None, "own")
    red = run_of("cd w && ./verify", "Exit code 1", True, own="./verify")
    assert red is not None
    assert red.verdict == "red"
    hidden = run_of("./verify | tail -1", "done", own="./verify")
    assert hidden is None or hidden.verdict == "unknown"


def test_another_test_command_reads_the_night_anew() -> None:
    script = Script()
    script.step("Bash", "./verify", "done")
    made = NightFold(test_command="./verify")
    made.apply(script.events)
    assert made.snapshot(1.0).tests.last == "green"
    assert NightFold.load(made.save(), test_command="./verify").snapshot(1.0).tests.last == "green"
    with pytest.raises(FoldCacheError):
        NightFold.load(made.save())
    assert fold(script.events).snapshot(1.0).tests.last == "none"


WORDS = st.sampled_from(
    [
        *"pytest npm test make -q && || ; | tail > log 2>&1 true cd sub ( ) ! echo $? jest".split(),
        "'a b'",
    ]
)
OUTPUTS = st.sampled_from([output for _, output in PROVES_NOTHING] + ["", "2 passed in 0.05s"])


@given(st.lists(WORDS, max_size=9).map(" ".join), OUTPUTS, st.booleans())
def test_no_run_without_a_test_that_passed_is_counted_as_some(
    command: str, output: str, error: bool
) -> None:
    run = run_of(command, output, error)
    if run is None:
        return
    assert run.verdict != "green" or run.passed is None or run.passed > 0
    if run.verdict == "green" and run.passed is None:
        assert not error


@given(st.lists(WORDS, max_size=6).map(" ".join), st.integers(1, 99))
def test_what_a_command_prints_itself_is_no_summary(command: str, number: int) -> None:
    line = f"{number} passed in 0.05s"
    run = run_of(f'{command} ; echo "{line}"', line)
    assert run is None or run.passed is None


def test_the_snapshot_has_the_worst_of_a_night() -> None:
    script = Script()
    script.step("Bash", "pytest -q", "2 skipped in 0.01s")
    tests = night(script).tests
    assert (tests.last, tests.runs[0].skipped, tests.last_green) == ("none", 2, None)
