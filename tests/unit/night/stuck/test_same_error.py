"""One cause behind different calls is found; learning by errors is left alone."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.night.stuck.stuck_session import Session
from tui.model.stall import DetectorName
from tui.model.state import StallKind, StallLevel
from tui.night.stuck.errors.causes import CauseKind, cause_of

NAME = DetectorName.SAME_ERROR
LOCK = (
    "fatal: Unable to create '/home/dev/project/.git/index.lock': File exists.\n\n"
    "Another git process seems to be running in this repository."
)
GIT = (
    "git add -A && git commit -m 'a'",
    "git add a.py",
    "git commit -am 'a'",
    "git stash",
    "git rm b",
)
DISK = (
    ("cp a b", "cp: error writing 'b': No space left on device"),
    ("tar czf x.tgz src", "tar: x.tgz: Cannot write: No space left on device"),
    (
        "python export.py",
        "Traceback (most recent call last):\nOSError: [Errno 28] No space left on device",
    ),
    ("npm ci", "npm ERR! code ENOSPC\nnpm ERR! nospc ENOSPC: no space left on device, write"),
)


def of(*failures: tuple[str, str]) -> Session:
    session = Session()
    session.init()
    for command, answer in failures:
        session.fails(command, answer)
    return session


def test_a_lock_behind_different_commands_is_found_at_four() -> None:
    session = of(*((command, LOCK) for command in GIT[:3]))
    assert session.level(NAME) == StallLevel.NONE
    session.fails(GIT[3], LOCK)
    [stall] = session.found(NAME)
    assert (stall.level, stall.count) == (StallLevel.NOTICE, 4)
    assert "index.lock" in stall.evidence[0]
    assert "4 different calls" in stall.evidence[0]
    assert len(stall.steps) == 4
    assert stall.signals[0].is_reached
    assert (stall.kind, stall.waiting) == (StallKind.SAME_ERROR, False)


@pytest.mark.parametrize(("times", "level"), [(6, "notice"), (7, "suspected"), (12, "stuck")])
def test_levels_grow(times: int, level: str) -> None:
    session = of(*((f"git add file{number}", LOCK) for number in range(times)))
    assert session.level(NAME) == level


def test_a_full_disk_is_one_cause_in_the_words_of_four_programs() -> None:
    assert [stall.count for stall in of(*DISK).found(NAME)] == [4]


@pytest.mark.parametrize(
    "failures",
    [
        [
            (
                f"python {name}.py",
                f'Traceback (most recent call last):\n  File "{name}.py", line {n}, in <module>\n'
                "    import yaml\nModuleNotFoundError: No module named 'yaml'",
            )
            for n, name in enumerate("abcd")
        ],
        [
            (f"terraform {verb}", "/bin/bash: line 1: terraform: command not found")
            for verb in ("plan", "init", "apply", "version")
        ],
        [
            (f"npm install {name}", "npm ERR! network getaddrinfo ENOTFOUND registry.npmjs.org")
            for name in ("a", "b", "c", "d")
        ],
        [
            (
                f"curl https://{name}.example.org",
                f"curl: (6) Could not resolve host: {name}.example.org",
            )
            for name in "abcd"
        ],
        [
            (f"gh pr {verb}", "To get started with GitHub CLI, please run:  gh auth login")
            for verb in ("list", "create", "view 1", "checks")
        ],
        [
            (f"touch out/{name}", f"touch: cannot touch 'out/{name}': Read-only file system")
            for name in "abcd"
        ],
        [
            (
                f"PORT=3000 npm run {name}",
                "Error: listen EADDRINUSE: address already in use :::3000",
            )
            for name in "abcd"
        ],
        [
            (
                f"node build.js --part {n}",
                "FATAL ERROR: Reached heap limit - JavaScript heap out of memory",
            )
            for n in range(4)
        ],
        [
            (
                f"docker compose up {name}",
                "Cannot connect to the Docker daemon at unix:///var/run/docker.sock.",
            )
            for name in "abcd"
        ],
        [
            (
                f"psql -c 'select {n}'",
                f'psql: error: FATAL:  role "dev" does not exist (pid {4000 + n})',
            )
            for n in range(4)
        ],
    ],
)
def test_one_cause_is_found(failures: list[tuple[str, str]]) -> None:
    assert len(of(*failures).found(NAME)) == 1


def test_a_tool_server_that_is_gone_is_found() -> None:
    session = Session()
    for number, verb in enumerate(("open", "click", "read", "close")):
        session.do(
            f"mcp__web__{verb}", {"n": number}, "MCP error -32000: Connection closed", error=True
        )
    assert len(session.found(NAME)) == 1


def test_a_success_of_the_program_ends_it_and_a_look_aside_does_not() -> None:
    looks = of(*((command, LOCK) for command in GIT[:3]))
    looks.bash("ls .git").bash("git status --short").fails(GIT[3], LOCK)
    assert looks.level(NAME) == StallLevel.NOTICE
    looks.bash("git stash", "Saved working directory")
    assert looks.level(NAME) == StallLevel.NONE


def test_going_on_with_other_work_ends_it() -> None:
    session = of(*((command, LOCK) for command in GIT))
    for number in range(11):
        session.read(f"src/{number}.py", f"1\tvalue = {number}")
    assert session.level(NAME) == StallLevel.NONE


def test_new_content_ends_what_an_edit_can_cure_and_not_a_full_disk() -> None:
    missing = "ModuleNotFoundError: No module named 'yaml'"
    session, full = Session(), Session()
    for number in range(6):
        session.edit("a.py", f"n = {number}", f"n = {number + 1}").fails(
            f"python a.py {number}", missing
        )
        full.edit("a.py", f"n = {number}", f"n = {number + 1}").fails(f"cp a {number}", DISK[0][1])
    assert session.found(NAME) == []
    assert [stall.count for stall in full.found(NAME)] == [6]


def test_a_person_and_a_commit_begin_anew() -> None:
    session = of(*((command, LOCK) for command in GIT[:3]))
    session.prompt("I removed the lock")
    session.fails(GIT[3], LOCK)
    assert session.level(NAME) == StallLevel.NONE


def test_what_time_cures_is_a_notice_late_and_no_more() -> None:
    def busy(times: int) -> Session:
        return of(
            *(
                (f"curl https://api.example.org/{n}", "HTTP 429 Too Many Requests")
                for n in range(times)
            )
        )

    assert busy(15).found(NAME) == []
    [stall] = busy(60).found(NAME)
    assert (stall.level, stall.waiting) == (StallLevel.NOTICE, True)


def test_without_a_network_it_is_a_notice_and_no_more() -> None:
    session = of(
        *((f"pip install p{n}", "ERROR: Could not resolve host: pypi.org") for n in range(20))
    )
    assert session.level(NAME) == StallLevel.NOTICE


HEALTHY: dict[str, list[tuple[str, dict[str, str], str]]] = {
    "searches without a match": [
        ("Bash", {"command": f"grep -rn word{n} src"}, "Exit code 1") for n in range(9)
    ],
    "edits that need a read": [
        (
            "Edit",
            {"file_path": f"/p/{n}.py", "old_string": "a", "new_string": "b"},
            "<tool_use_error>File has not been read yet. Read it first.</tool_use_error>",
        )
        for n in range(6)
    ],
    "edits of which the text is not there": [
        (
            "Edit",
            {"file_path": f"/p/{n}.py", "old_string": f"a{n}", "new_string": "b"},
            f"<tool_use_error>String to replace not found in file.\nString: a{n}</tool_use_error>",
        )
        for n in range(6)
    ],
    "files that are not there": [
        (
            "Read",
            {"file_path": f"/p/{n}.py"},
            "<tool_use_error>File does not exist.</tool_use_error>",
        )
        for n in range(6)
    ],
    "pages that are not there": [
        ("WebFetch", {"url": f"https://example.org/{n}"}, "Request failed with status code 404")
        for n in range(6)
    ],
    "ever new compile errors": [
        (
            "Bash",
            {"command": "tsc"},
            f"Exit code 2\nsrc/a.ts(3,{n}): error TS2304: Cannot find name 'n{n}'.",
        )
        for n in range(9)
    ],
    "ever new missing modules": [
        (
            "Bash",
            {"command": "python a.py"},
            f"Exit code 1\nModuleNotFoundError: No module named 'm{n}'",
        )
        for n in range(9)
    ],
    "the same call": [
        ("Bash", {"command": "make all"}, "Exit code 2\nfatal: disk 'a' is broken")
        for _ in range(9)
    ],
    "refused": [
        (
            "Bash",
            {"command": f"npm install {n}"},
            "Claude requested permissions to use Bash, but you haven't granted it yet.",
        )
        for n in range(9)
    ],
}


@pytest.mark.parametrize("name", HEALTHY)
def test_learning_by_errors_is_left_alone(name: str) -> None:
    session = Session()
    for tool, inputs, answer in HEALTHY[name]:
        session.do(tool, inputs, answer, error=True)
    assert session.found(NAME) == []


def test_calls_that_were_made_at_once_are_one_attempt() -> None:
    session = Session()
    for number in range(3):
        calls = [(f"git add {number}{name}", LOCK) for name in "abcd"]
        session.do_at_once(*(("Bash", {"command": one}, answer) for one, answer in calls))
    assert session.found(NAME) == []
    session.fails("git add e", LOCK)
    assert [stall.count for stall in session.found(NAME)] == [4]


def test_what_was_not_tried_because_another_call_failed_is_no_error() -> None:
    session = Session()
    for number in range(12):
        answer = "<tool_use_error>Sibling tool call errored</tool_use_error>"
        session.do("Bash", {"command": f"make {number}"}, answer, error=True)
    assert session.found(NAME) == []


def test_attempts_after_a_pause_get_patience() -> None:
    session = of(*((f"sleep {n + 5} && git add {n}", LOCK) for n in range(15)))
    assert session.found(NAME) == []
    session.fails("sleep 60; git add x", LOCK)
    assert session.level(NAME) == StallLevel.NOTICE


def test_a_service_that_does_not_answer_is_waited_for() -> None:
    def asked(times: int) -> Session:
        answer = (
            "psql: error: connection to server at 127.0.0.1, port 5432 failed: Connection refused"
        )
        return of(*((f"psql -c 'select {n}'", answer) for n in range(times)))

    assert asked(5).found(NAME) == []
    [stall] = asked(30).found(NAME)
    assert (stall.level, stall.waiting) == (StallLevel.NOTICE, True)


def test_a_message_without_a_name_needs_more() -> None:
    words = "fatal: not a git repository (or any of the parent directories)"
    assert of(*((command, words) for command in GIT)).found(NAME) == []
    assert len(of(*((f"git log -{n}", words) for n in range(6))).found(NAME)) == 1


def test_of_a_long_output_without_a_word_of_error_nothing_is_told() -> None:
    output = "\n".join(f"step {n} done" for n in range(9))
    assert cause_of("Bash", f"Exit code 1\n{output}") is None


def test_one_file_that_no_edit_fits_is_found_late() -> None:
    session = Session()
    for number in range(6):
        inputs = {"file_path": "/p/a.py", "old_string": f"def f{number}", "new_string": "x"}
        answer = f"<tool_use_error>String to replace not found in file.\nString: def f{number}"
        session.do("Edit", inputs, answer, error=True)
        assert session.level(NAME) == (StallLevel.NOTICE if number == 5 else StallLevel.NONE)


def test_a_red_test_is_no_error() -> None:
    session = Session()
    for number in range(6):
        session.fails(
            f"pytest -q tests/test_{number}.py", "FAILED a - assert 1 == 2\n1 failed in 0.1s"
        )
    assert session.found(NAME) == []


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("Exit code 1", None),
        ("", None),
        ("Exit code 128\nfatal: not a git repository\nhint: init", "fatal: not a git repository"),
        (
            "Exit code 1\nTraceback (most recent call last):\n  File 'x'\nKeyError: 'a'",
            "KeyError: 'a'",
        ),
        ("make: *** [Makefile:3: all] Error 2", None),
        (
            "Exit code 1\nsrc/a.c:3:5: error: 'x' undeclared\nmake: *** [all] Error 1",
            "src/a.c:3:5: error: 'x' undeclared",
        ),
        (
            "thread 'main' panicked at src/main.rs:4:5:\nindex out of bounds",
            "thread 'main' panicked at src/main.rs:4:5:",
        ),
        (
            "<tool_use_error>InputValidationError: `content` is missing</tool_use_error>",
            "InputValidationError: `content` is missing",
        ),
    ],
)
def test_the_line_that_states_the_cause(text: str, words: str | None) -> None:
    cause = cause_of("Bash", text)
    assert (None if cause is None else cause.words) == words


@given(
    st.text("abcdefgxyz_", min_size=3, max_size=12),
    st.text("abcdefgxyz_", min_size=3, max_size=12),
    st.integers(0, 99999),
    st.integers(0, 99999),
)
def test_other_numbers_are_the_same_cause_and_other_names_are_not(
    one: str, other: str, few: int, many: int
) -> None:
    def key(name: str, number: int) -> int:
        cause = cause_of(
            "Bash",
            f"Exit code 1\n[{number}] Error: no column '{name}' at line {number} (pid {number})",
        )
        assert cause is not None
        assert cause.kind == CauseKind.NAMED
        return cause.key

    assert key(one, few) == key(one, many)
    assert (key(one, few) == key(other, few)) == (one == other)


def test_one_page_that_is_forbidden_is_found_whatever_is_asked_of_it() -> None:
    session = Session()
    for number in range(6):
        inputs = {"url": "https://docs.example/api", "prompt": f"What about part {number}?"}
        session.do("WebFetch", inputs, "Request failed with status code 403", error=True)
    assert session.level(NAME) == StallLevel.NOTICE


def test_pages_that_are_missing_are_tried_one_after_the_other() -> None:
    session = Session()
    for number in range(8):
        inputs = {"url": f"https://docs.example/{number}", "prompt": "What is there?"}
        session.do("WebFetch", inputs, "Request failed with status code 404", error=True)
    assert session.level(NAME) == StallLevel.NONE


def test_a_new_red_verdict_cures_no_missing_module() -> None:
    session = Session()
    words = "ModuleNotFoundError: No module named 'yaml'"
    for command in ("python app.py", "python -m app", "pytest -q", "flask run", "python b.py"):
        session.fails(command, f"E   {words}\n1 error in 0.1s" if command == "pytest -q" else words)
    assert session.level(NAME) == StallLevel.NOTICE


def test_a_token_that_has_expired_is_one_cause() -> None:
    words = "An error occurred (ExpiredToken) when calling the {} operation: The provided token has expired."
    calls = {"s3 ls": "ListBuckets", "sts get-caller-identity": "GetCallerIdentity"}
    calls |= {"iam list-users": "ListUsers", "rds describe-db-instances": "DescribeDBInstances"}
    [stall] = of(*((f"aws {call}", words.format(name)) for call, name in calls.items())).found(NAME)
    assert stall.count == 4
