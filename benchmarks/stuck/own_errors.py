"""Own episodes that are stuck: refusals, one cause behind different calls, tests and edits in vain."""

from __future__ import annotations

from benchmarks.stuck.builder import Script, stuck

_APPROVAL = "This command requires approval"
_COMMANDS = (
    "npm install",
    "npm ci --silent",
    "yarn install",
    "python -m pip install -r requirements.txt",
    "make deps",
    "docker compose up -d",
    "curl -sS https://example.org/rates.json -o rates.json",
    "node scripts/fetch.js",
    "bash setup.sh",
    "sudo apt-get install jq",
    "uv sync",
    "cargo build",
)


@stuck
def commands_are_refused(s: Script) -> None:
    """Nobody is there to approve; only the commands differ."""
    s.warm_up()
    s.trouble()
    for command in _COMMANDS:
        s.bash(command, _APPROVAL, error=True, seconds=0.2)


@stuck
def writing_is_refused(s: Script) -> None:
    """Every file is refused, whatever tool writes it."""
    s.warm_up()
    s.trouble()
    for number in range(10):
        path = f"/srv/work/shop/src/{s.noun()}_{number}.py"
        answer = f"Claude requested permissions to write to {path}, but you haven't granted it yet."
        tool = ("Write", "Edit")[number % 2]
        s.call(tool, {"file_path": path, "content": f"x = {number}"}, answer, error=True)


@stuck
def a_server_tool_is_refused(s: Script) -> None:
    """Queries of a tool server are refused, with words between."""
    s.warm_up()
    s.trouble()
    tool = "mcp__warehouse__query"
    answer = f"Claude requested permissions to use {tool}, but you haven't granted it yet."
    for number in range(9):
        given = {"sql": f"select * from {s.noun()} limit {number + 3}"}
        s.call(tool, given, answer, error=True, text="I need the rows first.")


@stuck
def refused_without_times(s: Script) -> None:
    """A stream without times; refusals with a few calls between that are allowed."""
    s.timed = False
    s.warm_up()
    s.trouble()
    for number, command in enumerate(_COMMANDS):
        s.bash(command, _APPROVAL, error=True)
        if number % 4 == 3:
            s.read(f"docs/{s.noun()}{number}.md", f"1\tNotes {number}\n")


@stuck
def disk_is_full(s: Script) -> None:
    """One cause, different commands."""
    s.warm_up()
    s.trouble()
    for number in range(10):
        name = s.noun()
        command, words = (
            (f"cp data/{name}.csv /srv/out/{number}.csv", f"cp: error writing '{name}{number}'"),
            (f"tar czf {name}{number}.tgz data/{name}", f"tar: {name}{number}.tgz: Cannot write"),
            (f"python export.py {name} {number}", "OSError: [Errno 28]"),
        )[number % 3]
        s.bash(command, f"{words}: No space left on device", error=True)


@stuck
def index_is_locked(s: Script) -> None:
    """A stale lock of git, met by ever different commands."""
    s.warm_up()
    s.trouble()
    lock = "fatal: Unable to create '/srv/work/shop/.git/index.lock': File exists."
    verbs = ("add src", "commit -m Rates", "stash", "checkout -- docs", "reset", "rm old.py")
    for number in range(10):
        s.bash(f"git {verbs[number % 6]}{' -q' * (number // 6)}", lock, error=True)


@stuck
def tool_server_is_gone(s: Script) -> None:
    """Each tool of a server that died answers alike."""
    s.warm_up()
    s.trouble()
    for number in range(9):
        tool = f"mcp__browser__{('open', 'click', 'read')[number % 3]}"
        s.call(
            tool, {"target": f"#row-{number}"}, "MCP error -32000: Connection closed", error=True
        )


@stuck
def module_is_missing(s: Script) -> None:
    """Scripts of all kinds miss the same module."""
    s.warm_up()
    s.trouble()
    for number in range(9):
        name = f"{s.noun()}_{number}"
        answer = (
            f'Traceback (most recent call last):\n  File "/srv/work/shop/{name}.py", line '
            f"{number + 3}, in <module>\n    import pandas\n"
            "ModuleNotFoundError: No module named 'pandas'"
        )
        s.bash(f"python {name}.py", answer, error=True)


@stuck
def command_is_not_there(s: Script) -> None:
    """The shell does not know the program, whatever its arguments."""
    s.warm_up()
    s.trouble()
    for number in range(9):
        command = f"terraform plan -target={s.noun()}{number}"
        s.bash(command, "/bin/bash: line 1: terraform: command not found", error=True)


@stuck
def edit_finds_no_text(s: Script) -> None:
    """Edits of one file, each with other words that are not there."""
    s.warm_up()
    s.trouble()
    for number in range(9):
        s.edit(
            "src/rules.py",
            f"def zone_{number}(self):",
            f"def zone_{number}(self, carrier):",
            "<tool_use_error>String to replace not found in file.</tool_use_error>",
            error=True,
        )


@stuck
def test_fails_whatever_is_edited(s: Script) -> None:
    """Ever new edits, and the same test fails the same way."""
    s.warm_up()
    s.trouble()
    for number in range(14):
        s.edit("src/rates.py", f"factor = {number}", f"factor = {number + 1}")
        answer = (
            "tests/test_rates.py F.....\n"
            "FAILED tests/test_rates.py::test_zone - assert 19 == 21\n"
            f"1 failed, 5 passed in {0.4 + number / 50:.2f}s"
        )
        s.bash("pytest -q tests/test_rates.py", answer, error=True)


@stuck
def script_test_fails_whatever_is_edited(s: Script) -> None:
    """The same of a test in JavaScript, with looks into other files between."""
    s.warm_up()
    s.trouble()
    for number in range(14):
        s.edit("web/cart.ts", f"const tax = {number}", f"const tax = {number + 1}")
        s.read(f"web/{s.noun()}{number}.ts", f"1\texport const n = {number}\n")
        answer = (
            " FAIL  web/cart.test.ts > cart > adds the tax\n"
            "AssertionError: expected 119 to be 121\n\n"
            f" Test Files  1 failed (1)\n      Tests  1 failed | 8 passed (9)\n"
            f"   Duration  {900 + 13 * number}ms"
        )
        s.bash("npx vitest run", answer, error=True)


@stuck
def compiler_says_the_same(s: Script) -> None:
    """Ever new edits, and the compiler's complaint stays."""
    s.warm_up()
    s.trouble()
    for number in range(14):
        s.edit("src/lib.rs", f"Box<Rate{number}>", f"Box<Rate{number + 1}>")
        answer = (
            "error[E0277]: the trait bound `Zone: Send` is not satisfied\n  --> src/pool.rs:41:9\n"
            f"error: could not compile `shop` (lib) due to 1 previous error in {1 + number / 9:.2f}s"
        )
        s.bash("cargo build", answer, error=True)


@stuck
def edit_is_taken_back(s: Script) -> None:
    """The same line is changed and changed back."""
    s.warm_up()
    s.trouble()
    for number in range(10):
        old, new = ("retries = 3", "retries = 5")[:: 1 if number % 2 == 0 else -1]
        s.edit("src/client.py", old, new)
        s.bash("./smoke", f"smoke: {'timeout' if number % 2 else 'refused'}", error=True)


@stuck
def three_versions_in_turn(s: Script) -> None:
    """A file is written anew in three versions, one after the other, again and again."""
    s.warm_up()
    s.trouble()
    for number in range(15):
        s.write(
            "src/sorter.py", f"def order(rows):\n    return sorted(rows, key=KEY_{number % 3})\n"
        )
        s.bash("./check-order", f"order: {('late', 'unstable', 'wrong')[number % 3]}", error=True)
