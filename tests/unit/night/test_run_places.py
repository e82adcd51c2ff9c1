"""Runs count for the tree they ran in; other folders prove nothing; what ran beside counts from its start."""

from __future__ import annotations

import pytest

from tests.unit.night.night_script import Script, fold, night
from tui.model.evidence.log import TestSummary
from tui.night.evidence.test_commands import folder_of
from tui.night.evidence.test_runners.scope import scope_of

GREEN = "2 passed in 0.05s"


def told(*steps: tuple[str, str] | tuple[str, str, str], thread: str = "") -> TestSummary:
    """The tests of a night in /w: commands with their output, or a tool with its target and output."""
    script = Script()
    script.init()
    for step in steps:
        if len(step) == 2:
            script.step("Bash", step[0], step[1])
        else:
            path = step[1] if step[0] in ("Edit", "Write") else ""
            script.step(step[0], step[1], step[2], path=path)
    return night(script).tests


FOREIGN = [
    "cd /tmp/other && pytest -q",
    "cd ../other && pytest -q",
    "(cd /opt/x; pytest -q)",
    "bash -c 'cd /srv/x && pytest -q'",
    "pytest --rootdir=/elsewhere -q",
    "pytest -q /opt/other/tests",
    "make -C /tmp/other test",
    "npm --prefix /tmp/other test",
    "uv run --directory /tmp/other pytest",
    "docker run --rm python:3.12 pytest -q",
    "D=$(mktemp -d); cd $D && pytest -q",
    "git clone -q . copy && cd copy && pytest -q",
]


@pytest.mark.parametrize("command", FOREIGN)
def test_a_run_in_a_foreign_folder_proves_nothing(command: str) -> None:
    tests = told((command, GREEN))
    assert (tests.last, tests.runs, tests.last_green) == ("none", (), None)
    assert tests.elsewhere is not None
    assert tests.elsewhere.passed == 2


OWN = [
    "pytest -q",
    "cd /w && pytest -q",
    "cd /w/sub && pytest -q",
    "cd sub && pytest -q",
    'cd "$(git rev-parse --show-toplevel)" && pytest -q',
    "cd $PWD/sub && pytest -q",
    "cd / && cd /w && pytest -q",
    "(cd /tmp/x && ls); pytest -q",
    "make -C sub test",
    "docker run --rm -v $PWD:/w -w /w python:3.12 pytest -q",
    "docker build -t app . && docker run app pytest -q",
    "docker compose exec web pytest -q",
]


@pytest.mark.parametrize("command", OWN)
def test_a_run_of_the_project_counts(command: str) -> None:
    tests = told((command, GREEN))
    assert (tests.last, tests.elsewhere) == ("green", None)


def test_a_look_at_another_folder_does_not_move_the_next_call() -> None:
    assert told(("cd /tmp && ls", "a"), ("pytest -q", GREEN)).last == "green"


def test_a_folder_that_was_worked_in_is_no_foreign_one() -> None:
    tests = told(("Edit", "/opt/lib/src/a.py", "ok"), ("cd /opt/lib && pytest -q", GREEN))
    assert tests.last == "green"
    made = told(("git worktree add -b x ../wt", ""), ("cd ../wt && pytest -q", GREEN))
    assert made.last == "green"


def test_a_clone_of_an_earlier_call_is_a_foreign_folder() -> None:
    tests = told(("git clone . /tmp/fresh", ""), ("cd /tmp/fresh && pytest -q", GREEN))
    assert tests.last == "none"


TREE = "/w/.claude/worktrees/swap/app.py"


def test_a_run_in_a_work_tree_counts_for_the_edits_there_alone() -> None:
    there = ("cd .claude/worktrees/swap && pytest -q", GREEN)
    in_main = told(("Edit", "/w/app.py", "ok"), there)
    assert in_main.edits_since_last_green == 1
    script = Script()
    script.init()
    script.step("Bash", "git worktree add ../wt", "ok")
    script.step("Edit", "x", "ok", path="/wt/app.py")
    script.step("Bash", "cd /wt && pytest -q", GREEN)
    assert night(script).tests.edits_since_last_green == 0
    script.step("Edit", "x", "ok", path="/wt/app.py")
    assert night(script).tests.edits_since_last_green == 1
    script.step("Bash", "pytest -q", GREEN)
    assert night(script).tests.edits_since_last_green == 1


def test_a_session_that_enters_a_work_tree_runs_there() -> None:
    tests = told(
        ("EnterWorktree", "swap", "Created worktree at /w/.claude/worktrees/swap"),
        ("Edit", TREE, "ok"),
        ("pytest -q", GREEN),
    )
    assert (tests.last, tests.edits_since_last_green) == ("green", 0)


def test_a_subagents_run_is_in_the_tree_that_it_edits() -> None:
    script = Script()
    script.init()
    script.step("Edit", "x", "ok", path=TREE, thread="agent-1")
    script.step("Bash", "pytest -q", GREEN, thread="agent-1")
    assert night(script).tests.edits_since_last_green == 0


STARTED = "Command running in background with ID: b7x. Output is being written to: /t/b7x.output."


def test_an_edit_while_the_tests_ran_came_after_them() -> None:
    script = Script()
    script.init()
    script.step("Bash", "pytest -q", STARTED)
    script.step("Edit", "a.py", "ok", path="/w/a.py")
    script.step("BashOutput", "b7x", f"<exit_code>0</exit_code>\n{GREEN}")
    tests = night(script).tests
    assert (tests.last, tests.edits_since_last_green, tests.edits_since_last_run) == ("green", 1, 1)
    seen = fold(script.events).evidence_log()
    assert [(one.run.verdict, one.run.passed) for one in seen.runs] == [("green", 2)]
    assert seen.runs[0].number < seen.edits[0].number


def test_a_run_in_the_background_may_end_with_its_exit_code_alone() -> None:
    output = "<status>completed</status>\n<exit_code>{}</exit_code>\nall is said"
    good = told(("mvn test", STARTED), ("TaskOutput", "b7x", output.format(0)))
    bad = told(("mvn test", STARTED), ("TaskOutput", "b7x", output.format(1)))
    assert (good.last, bad.last) == ("green", "red")


@pytest.mark.parametrize(
    "look",
    [
        ("tail -3 out.log", GREEN),
        ("cat /w/out.log", GREEN),
        ("Read", "/w/out.log", GREEN),
    ],
)
def test_a_log_that_a_run_wrote_is_its_output(look: tuple[str, str]) -> None:
    tests = told(("pytest -q > out.log 2>&1", ""), look)
    assert (tests.last, tests.runs[-1].passed) == ("green", 2)


def test_another_log_is_not() -> None:
    assert told(("pytest -q > out.log 2>&1", ""), ("tail about.log", GREEN)).last == "none"
    assert told(("pytest -q > out.log 2>&1", ""), ("tail out.log.1", GREEN)).last == "none"


def test_an_output_that_the_cli_saved_is_read_later() -> None:
    saved = "Output too large. Full output saved to: /c/tool-results/b1.txt\n\nPreview:\n...."
    tests = told(
        ("pytest -v", saved), ("Read", "/c/tool-results/b1.txt", "1 failed, 3 passed in 2s")
    )
    assert (tests.last, tests.runs[-1].failed) == ("red", 1)


@pytest.mark.parametrize(
    ("command", "folder"),
    [
        ("cd a && pytest; cd ../b && pytest", ""),
        ("cd a/x && pytest && cd ../y && npx jest", "a"),
        ("cd a && ls; cd - ; pytest", ""),
        ("(cd a && make) && pytest", ""),
        ("cargo test --manifest-path sub/Cargo.toml", "sub"),
        ("pnpm -C web test", "web"),
        ("ls", ""),
    ],
)
def test_the_folder_of_a_run(command: str, folder: str) -> None:
    assert folder_of(command) == folder


@pytest.mark.parametrize(
    ("command", "part", "without"),
    [
        ("pytest -q tests/unit", "tests/unit", ""),
        ("pytest -x tests/unit", "tests/unit", ""),
        ("pytest -q --deselect tests/a.py::b", "all but tests/a.py::b", "tests/a.py::b"),
        ("pytest --ignore=tests/slow", "all but tests/slow", "tests/slow"),
        ("pytest --ignore=.venv", "", ""),
        ("pytest -n 4 -q --tb=short tests", "", ""),
        ("pytest a.py; pytest", "", ""),
        ("npm test -w pkg", "pkg", ""),
        ("npm test --workspaces", "", ""),
        ("pnpm --filter web test", "web", ""),
        ("pnpm -r test", "", ""),
        ("turbo run test --filter=web", "web", ""),
        ("turbo run test", "", ""),
        ("nx test app", "app", ""),
        ("nx affected -t test", "affected", ""),
        ("nx run-many -t test", "", ""),
        ("yarn workspace x test", "x", ""),
        ("lerna run test --scope web", "web", ""),
        ("cargo test --workspace", "", ""),
        ("cargo test -p core", "core", ""),
        ("go test ./...", "", ""),
        ("go test -skip Slow ./...", "all but Slow", "Slow"),
        ("./gradlew test --tests AddTest", "AddTest", ""),
        ("./gradlew :core:test", "core", ""),
        ("mvn test -pl core", "core", ""),
        ("bazel test //...", "", ""),
        ("bazel test //a:all", "//a:all", ""),
        ("ctest -LE slow", "all but slow", "slow"),
        ("rspec --tag ~slow", "all but ~slow", "~slow"),
        ("dotnet test --filter Add", "Add", ""),
        ("npx cypress run --spec a.cy.js", "a.cy.js", ""),
        ("npx playwright test --project=chromium", "chromium", ""),
        ("make test-unit", "test-unit", ""),
        ("make test-all", "", ""),
        ("npm run test:ci", "", ""),
        ("npm run test:web", "test:web", ""),
    ],
)
def test_the_scope_of_a_run(command: str, part: str, without: str) -> None:
    assert scope_of(command) == (part, without)
