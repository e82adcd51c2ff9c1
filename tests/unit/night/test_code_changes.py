"""Which calls change code without naming it, and which nobody can vouch for; edits that only files tell of."""

from __future__ import annotations

import pytest

from tests.unit.night.night_script import Script, fold, night
from tui.model.events import ToolCall
from tui.night.evidence.code_changes import generates_code, is_editor_call, may_change_code
from tui.night.evidence.hidden_edits import (
    ChangedFile,
    find_hidden_edits,
    find_joined,
    with_hidden_edits,
    with_parts,
    without_joined,
)


@pytest.mark.parametrize(
    "name",
    [
        "Edit",
        "NotebookEdit",
        "mcp__filesystem__edit_file",
        "mcp__filesystem__write_file",
        "mcp__filesystem__move_file",
        "mcp__serena__replace_symbol_body",
        "mcp__serena__insert_after_symbol",
        "mcp__jetbrains__replace_text_in_file",
        "mcp__desktop-commander__edit_block",
        "mcp__morph__apply_patch",
    ],
)
def test_editors(name: str) -> None:
    assert is_editor_call(ToolCall("c", name, "a.py", 1))


@pytest.mark.parametrize(
    "name",
    [
        "Read",
        "Bash",
        "mcp__filesystem__read_file",
        "mcp__filesystem__list_directory",
        "mcp__github__create_or_update_file",
        "mcp__notion__update_block",
        "mcp__memory__delete_content",
        "mcp__playwright__browser_type",
        "mcp__postgres__insert_row",
    ],
)
def test_what_is_no_editor(name: str) -> None:
    assert not is_editor_call(ToolCall("c", name, "a.py", 1))


GENERATORS = [
    "python gen.py",
    "python3 scripts/generate_client.py --all",
    "npm run generate",
    "yarn codegen",
    "make proto",
    "go generate ./...",
    "python manage.py makemigrations",
    "npx jscodeshift -t rename.js src",
    "./scripts/codegen.sh",
    "cd w && buf generate",
]


@pytest.mark.parametrize("command", GENERATORS)
def test_a_generator_is_an_edit_after_the_run(command: str) -> None:
    assert generates_code(command)
    script = Script()
    script.step("Bash", "pytest -q", "2 passed in 0.05s")
    script.step("Bash", command, "")
    assert night(script).tests.edits_since_last_green == 1


@pytest.mark.parametrize(
    "command",
    [
        "python app.py",
        "npm run build",
        "make",
        "git log --format=%H",
        "grep -rn generate src",
        "./configure",
    ],
)
def test_what_does_not_say_that_it_writes_code(command: str) -> None:
    assert not generates_code(command)


UNKNOWN = [
    "python app.py",
    "./tool apply-all",
    "npm run sync",
    "bash scripts/release.sh",
    "cargo fmt",
    "gofmt -w .",
    "npx eslint . --fix",
    "make bump",
    "mytool --rewrite",
    "source env.sh && ./x",
]
READING = [
    "ls -la && git status",
    "git add -A && git commit -m 'x; y'",
    "grep -rn foo src | head -5",
    "sed -n 1,20p a.py",
    "cargo build && cargo clippy",
    "npm run build",
    "npm ci",
    "tsc --noEmit",
    "cd w && source .venv/bin/activate && pytest -q",
    "FOO=1 docker compose up -d",
    "for f in *.py; do wc -l $f; done",
    "curl -s localhost:8000 | jq .",
    "cargo fmt --check",
    "ruff check . && mypy .",
    "python -c 'print(1)'",
    "python -m json.tool a.json",
    "kill %1; sleep 2",
]


@pytest.mark.parametrize("command", UNKNOWN)
def test_what_may_change_code(command: str) -> None:
    assert may_change_code(command)


@pytest.mark.parametrize("command", READING)
def test_what_only_reads(command: str) -> None:
    assert not may_change_code(command)


def test_what_is_unsure_is_counted_until_the_next_green_run() -> None:
    script = Script()
    script.step("Bash", "pytest -q", "2 passed in 0.05s")
    script.step("Bash", "./tool apply-all", "")
    script.step("Bash", "git status", "")
    tests = night(script).tests
    assert (tests.unsure, tests.edits_since_last_green) == (1, 0)
    (unsure,) = fold(script.events).evidence_log().unsure
    assert unsure.command == "./tool apply-all"
    script.step("Bash", "pytest -q", "2 passed in 0.05s")
    assert night(script).tests.unsure == 0


def test_nothing_to_merge_is_no_edit() -> None:
    script = Script()
    script.step("Bash", "pytest -q", "2 passed in 0.05s")
    script.step("Bash", "git pull", "Already up to date.")
    assert night(script).tests.edits_since_last_green == 0
    script.step("Bash", "git pull", "Updating 1..2\nFast-forward")
    assert night(script).tests.edits_since_last_green == 1


def test_an_mcp_edit_after_the_run_counts() -> None:
    script = Script()
    script.step("Bash", "pytest -q", "2 passed in 0.05s")
    script.step("mcp__serena__replace_symbol_body", "add", "OK")
    assert night(script).tests.edits_since_last_green == 1


def ended(*commands: str) -> Script:
    """Edits, a green run, then those commands; claimed at the end."""
    script = Script()
    script.step("Edit", "a.py", "ok", path="/w/a.py")
    script.step("Bash", "pytest -q", "2 passed in 0.05s")
    for command in commands:
        script.step("Bash", command, "")
    script.say("All tests pass.", after=100.0)
    script.result(0.1)
    return script


def hidden(script: Script, file: ChangedFile, until: float | None = None) -> list[str]:
    log, tests = fold(script.events).evidence_log(), night(script).tests
    edits = find_hidden_edits(log, tests.last_green, [file], until or script.at)
    both, told = with_hidden_edits(log, tests, edits)
    assert told.edits_since_last_green == tests.edits_since_last_green + len(edits)
    assert told.hidden == len(edits)
    numbers = [edit.number for edit in both.edits]
    assert numbers == sorted(numbers)
    said = both.statements[-1].number
    assert all(log.runs[-1].number < edit.number < said for edit in edits)
    return [edit.path for edit in edits]


def test_a_file_written_after_the_green_run_is_an_edit() -> None:
    script = ended()
    run = night(script).tests.last_green
    assert run is not None
    assert run.at is not None
    assert hidden(script, ChangedFile("a.py", run.at + 50)) == ["a.py"]
    assert hidden(script, ChangedFile("b.py", run.at + 50)) == ["b.py"]
    assert hidden(script, ChangedFile("b.py", run.at - 50)) == []
    assert hidden(script, ChangedFile("notes.md", run.at + 50)) == []
    assert hidden(script, ChangedFile("data.bin", run.at + 50)) == []


def test_an_edit_that_was_seen_is_not_counted_twice() -> None:
    script = ended("sed -i s/a/b/ b.py")
    run = night(script).tests.last_green
    assert run is not None
    assert run.at is not None
    assert hidden(script, ChangedFile("b.py", run.at + 1.5)) == []


def test_times_after_the_night_say_nothing() -> None:
    script = ended()
    assert script.at is not None
    assert hidden(script, ChangedFile("b.py", script.at + 9_000, True)) == []


def test_then_a_command_that_may_change_code_tells_if_it_came_after_alone() -> None:
    script = ended("./tool apply-all")
    assert hidden(script, ChangedFile("b.py", None, True)) == ["b.py"]
    assert hidden(script, ChangedFile("b.py", None, False)) == []
    assert hidden(script, ChangedFile("a.py", None, True)) == []
    both = Script()
    both.step("Bash", "./tool apply-all", "")
    both.step("Bash", "pytest -q", "2 passed in 0.05s")
    both.step("Bash", "./tool apply-all", "")
    both.say("Done.")
    both.result(0.1)
    assert hidden(both, ChangedFile("b.py", None, True)) == []


def test_a_folder_with_tests_beside_it_is_a_part() -> None:
    script = Script()
    script.step("Bash", "cd sub && pytest -q", "2 passed in 0.05s")
    log, tests = fold(script.events).evidence_log(), night(script).tests
    limited, told = with_parts(log, tests, {"sub": "sub"})
    assert told.last_green is not None
    assert (limited.runs[0].run.part, told.runs[0].part, told.last_green.part) == ("sub",) * 3
    assert with_parts(log, tests, {}) == (log, tests)


def merged(*before: str) -> Script:
    script = Script()
    script.step("Edit", "a.py", "ok", path="/w/a.py")
    script.step("Bash", "pytest -q", "2 passed in 0.05s")
    for command in before:
        script.step("Bash", command, "[swap 0a1b2c3] Swap\n 1 file" if "commit" in command else "")
    return script


def test_a_merge_of_the_commit_that_was_tested_can_be_told() -> None:
    script = merged("git commit -am Swap", "git checkout main && git merge --no-ff swap")
    log, tests = fold(script.events).evidence_log(), night(script).tests
    commit, joined = find_joined(log, tests.last_green)
    assert (commit, len(joined), tests.edits_since_last_green) == ("0a1b2c3", 1, 1)
    left, told = without_joined(log, tests, joined)
    assert (len(left.edits), told.edits_since_last_green) == (1, 0)


@pytest.mark.parametrize(
    "commands",
    [
        ("git checkout main && git merge swap",),
        ("git commit -am Swap", "git merge swap", "sed -i s/a/b/ a.py"),
        ("git commit -am Swap", "git stash pop"),
        ("git commit -am Swap", "git checkout -- a.py && git merge swap"),
        ("sed -i s/a/b/ a.py", "git commit -am Swap", "git merge swap"),
        ("git commit -am Swap",),
    ],
)
def test_what_is_no_merge_of_it(commands: tuple[str, ...]) -> None:
    script = merged(*commands)
    log, tests = fold(script.events).evidence_log(), night(script).tests
    assert find_joined(log, tests.last_green) == ("", ())
