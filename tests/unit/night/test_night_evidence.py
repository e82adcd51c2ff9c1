"""Test runs are recognised through wrappers, and nothing else is taken for one."""

from __future__ import annotations

import pytest

from tests.unit.night.night_script import Script, night
from tui.model.evidence.log import TestRun, TestSummary
from tui.night.evidence.test_commands import reads_only
from tui.night.evidence.test_output import read
from tui.night.evidence.test_runners.calls import runner


@pytest.mark.parametrize(
    ("command", "expected"),
    [
        ("pytest", "pytest"),
        ("python -m pytest -q tests/unit", "pytest"),
        ("cd /w && .venv/bin/python -X dev -m pytest -x 2>&1 | tail -20", "pytest"),
        ("FOO=1 BAR='a b' uv run --frozen pytest", "pytest"),
        ("poetry run pytest; echo $?", "pytest"),
        ("bash -c 'cd sub && pytest -q'", "pytest"),
        ('docker compose exec -T web sh -lc "pytest"', "pytest"),
        ("docker compose run --rm web pytest", "pytest"),
        ("timeout 600 coverage run -m pytest", "pytest"),
        ("python3.11 -m unittest discover -s tests", "unittest"),
        ("python manage.py test app", "unittest"),
        ("make test", "make"),
        ("make -j4 check", "make"),
        ("make -C sub unit-tests", "make"),
        ("tox -e py311", "tox"),
        ("npm test", "npm"),
        ("npm run test:unit -- --watch=false", "npm"),
        ("pnpm --filter web test", "npm"),
        ("yarn test", "npm"),
        ("npx jest src", "jest"),
        ("npx vitest run", "vitest"),
        ("bun test", "bun"),
        ("node --test", "node"),
        ("go test ./... -race", "go"),
        ("cargo test --workspace", "cargo"),
        ("cargo +nightly nextest run", "cargo"),
        ("bundle exec rspec spec/models", "rspec"),
        ("vendor/bin/phpunit --filter X", "phpunit"),
        ("php artisan test", "phpunit"),
        ("cd build && ctest --output-on-failure", "ctest"),
        ("./gradlew test", "gradle"),
        ("mvn -q verify", "maven"),
        ("./run_tests.sh", "script"),
        ("bash scripts/ci.sh", "script"),
        ("npx mocha", "mocha"),
    ],
)
def test_commands_that_run_tests(command: str, expected: str) -> None:
    assert runner(command) == expected


@pytest.mark.parametrize(
    "command",
    [
        "pip install pytest",
        "grep -rn pytest .",
        "cat tests/test_a.py",
        "git commit -m 'make test pass'",
        "ls tests/",
        "pytest --version",
        "pytest --collect-only -q",
        "npm install jest",
        "echo pytest",
        "which pytest",
        "vim test.py",
        "go build ./...",
        "cargo test --no-run",
        "docker compose up -d",
        "make build",
        "",
    ],
)
def test_commands_that_do_not(command: str) -> None:
    assert runner(command) == ""


OUTPUTS = [
    ("pytest", "===== 3 failed, 41 passed, 2 skipped in 18.20s =====", 41, 3, "red"),
    ("pytest", "41 passed in 1.20s", 41, 0, "green"),
    ("pytest", "1 error in 0.10s", 0, 1, "red"),
    ("pytest", "= 5 passed, 1 warning in 61.22s (0:01:01) =", 5, 0, "green"),
    ("unittest", "Ran 12 tests in 0.003s\n\nOK", 12, 0, "green"),
    ("unittest", "Ran 12 tests in 0.003s\n\nFAILED (failures=1, errors=2)", 9, 3, "red"),
    (
        "jest",
        "Test Suites: 1 failed, 2 passed, 3 total\nTests:       1 failed, 4 passed, 5 total\n"
        "Snapshots:   0 total\nTime:        1.2 s",
        4,
        1,
        "red",
    ),
    ("jest", "Test Suites: 3 passed, 3 total\nTests:       9 passed, 9 total", 9, 0, "green"),
    ("jest", "Test Suites: 1 failed, 1 total\nTests:       0 total", 0, 1, "red"),
    (
        "vitest",
        " Test Files  1 failed | 2 passed (3)\n      Tests  1 failed | 4 passed (5)",
        4,
        1,
        "red",
    ),
    ("vitest", " Test Files  2 passed (2)\n      Tests  14 passed (14)", 14, 0, "green"),
    ("go", "ok  \texample.com/a\t0.012s\nok  \texample.com/b\t(cached)", 2, 0, "green"),
    (
        "go",
        "--- FAIL: TestX (0.00s)\n    x_test.go:5: no\nFAIL\nFAIL\texample.com/a\t0.01s",
        0,
        1,
        "red",
    ),
    ("cargo", "test result: ok. 5 passed; 0 failed; 1 ignored; 0 measured", 5, 0, "green"),
    (
        "cargo",
        "test result: ok. 5 passed; 0 failed; 0 ignored\ntest result: FAILED. 3 passed; 2 failed;",
        8,
        2,
        "red",
    ),
    ("nextest", "     Summary [   0.1s] 5 tests run: 4 passed, 1 failed, 0 skipped", 4, 1, "red"),
    ("mocha", "\n  12 passing (20ms)\n  1 failing\n\n  1) it works", 12, 1, "red"),
    ("rspec", "5 examples, 1 failure, 2 pending", 2, 1, "red"),
    ("rspec", "5 examples, 0 failures", 5, 0, "green"),
    ("phpunit", "OK (5 tests, 6 assertions)", 5, 0, "green"),
    ("phpunit", "FAILURES!\nTests: 5, Assertions: 6, Errors: 1, Failures: 1.", 3, 2, "red"),
    ("pest", "  Tests:    1 failed, 4 passed (5 assertions)", 4, 1, "red"),
    ("ctest", "80% tests passed, 1 tests failed out of 5", 4, 1, "red"),
    ("ctest", "100% tests passed, 0 tests failed out of 5", 5, 0, "green"),
    ("node", "# tests 6\n# pass 5\n# fail 1", 5, 1, "red"),
    ("bun", " 5 pass\n 1 fail\n", 5, 1, "red"),
    ("deno", "FAILED | 5 passed | 1 failed (8ms)", 5, 1, "red"),
    ("dotnet", "Passed!  - Failed:     0, Passed:     7, Skipped:     0", 7, 0, "green"),
    ("maven", "Tests run: 7, Failures: 1, Errors: 1, Skipped: 0", 5, 2, "red"),
    ("mix", "12 tests, 1 failure", 11, 1, "red"),
    ("swift", "Executed 5 tests, with 1 failure (0 unexpected)", 4, 1, "red"),
]


@pytest.mark.parametrize(("framework", "text", "passed", "failed", "verdict"), OUTPUTS)
def test_summaries(framework: str, text: str, passed: int, failed: int, verdict: str) -> None:
    found = read(f"some noise before\n{text}\n", framework if framework != "nextest" else "cargo")
    assert found is not None
    assert (found.passed, found.failed, found.verdict) == (passed, failed, verdict)


@pytest.mark.parametrize(("framework", "text", "passed", "failed", "verdict"), OUTPUTS)
def test_summaries_through_a_wrapper(
    framework: str, text: str, passed: int, failed: int, verdict: str
) -> None:
    found = read(f"building…\nrunning\n{text}\n", "make")
    assert found is not None
    assert found.framework == framework
    assert (found.passed, found.failed, found.verdict) == (passed, failed, verdict)


@pytest.mark.parametrize(
    "text",
    [
        "no tests ran in 0.01s",
        "Ran 0 tests in 0.000s\n\nOK",
        "3 files changed, 41 insertions(+)",
        "all is ok",
        "we passed by 3 houses in 5 s",
        "",
    ],
)
def test_what_is_no_summary(text: str) -> None:
    assert read(text) is None


def runs(*steps: tuple[str, str, bool]) -> tuple[TestRun, ...]:
    script = Script()
    for command, output, error in steps:
        script.step("Bash", command, output, error=error)
    return night(script).tests.runs


def test_a_wrapper_of_unknown_name_is_known_by_what_it_prints() -> None:
    (run,) = runs(("./verify-everything", "…\n41 passed in 1.20s", False))
    assert (run.framework, run.passed, run.verdict) == ("pytest", 41, "green")


def test_showing_a_log_is_no_run() -> None:
    assert runs(("cat pytest.log", "41 passed in 1.20s", False)) == ()
    assert runs(("cd /w && tail -5 out.txt", "41 passed in 1.20s", False)) == ()
    assert runs(("git show HEAD:log", "41 passed in 1.20s", False)) == ()
    assert reads_only("grep passed log; wc -l log")
    assert not reads_only("cd /w && ./ci.sh | tail -5")


def test_without_a_summary_the_exit_status_speaks_if_it_is_the_runners() -> None:
    found = runs(
        ("make test", "gcc …\nmake: *** [test] Error 1", True),
        ("make test", "all fine", False),
        ("make test | tee log", "all fine", False),
        ("./tests.sh", "whatever", True),
        ("pytest", "This command requires approval", True),
    )
    assert [run.verdict for run in found] == ["red", "green", "unknown", "red"]
    assert found[0].passed is None


def proof(script: Script) -> TestSummary:
    return night(script).tests


def test_edits_after_the_last_green_run() -> None:
    script = Script()
    assert proof(script).last == "none"
    script.step("Bash", "pytest", "41 passed in 1.2s")
    script.step("Edit", "a.py", "ok", path="src/a.py")
    script.step("Write", "b.py", "ok", path="src/b.py")
    script.step("Edit", "c.py", "not found", path="src/c.py", error=True)
    script.step("Edit", "notes", "ok", path="claude-progress.txt")
    script.step("Edit", "readme", "ok", path="README.md")
    seen = proof(script)
    assert (seen.last, seen.edits_since_last_green, seen.edits_since_last_run) == ("green", 2, 2)
    script.step("Bash", "pytest", "1 failed, 40 passed in 1.2s", error=True)
    seen = proof(script)
    assert (seen.last, seen.edits_since_last_green, seen.edits_since_last_run) == ("red", 2, 0)
    assert seen.last_green is not None
    assert seen.last_green.passed == 41
    script.step("Bash", "pytest", "41 passed in 1.2s")
    assert proof(script).edits_since_last_green == 0
    marks = [mark.kind for mark in night(script).timeline.marks]
    assert marks == ["green", "red", "green"]
    assert seen.runs[0].ref == script.events[1].ref
