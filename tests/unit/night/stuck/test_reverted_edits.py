"""Going back and forth between old contents is found; exploring and testing the tests is left alone."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.unit.night.stuck.stuck_session import ROOT, Session
from tui.model.events import TurnStarted
from tui.model.stall import DetectorName
from tui.model.state import StallLevel

NAME = DetectorName.REVERTED_EDITS
Step = Callable[[Session], object]
OLD, NEW = "import csv\nsep = ','\n", "import csv\nsep = ';'\n"


def there(session: Session) -> None:
    session.edit("src/export.py", "sep = ','", "sep = ';'")


def back(session: Session) -> None:
    session.edit("src/export.py", "sep = ';'", "sep = ','")


PAIRS: dict[str, tuple[Step, Step]] = {
    "edits": (there, back),
    "edits with other lines around": (
        there,
        lambda s: s.edit("src/export.py", "import csv\nsep = ';'", "import csv\nsep = ','"),
    ),
    "a checkout": (there, lambda s: s.bash("git checkout -- src/export.py")),
    "a restore with a cd": (
        there,
        lambda s: s.bash("cd /home/dev/project && git restore src/export.py"),
    ),
    "a checkout of all": (there, lambda s: s.bash("git checkout .")),
    "a reset": (there, lambda s: s.bash("git reset --hard HEAD", "HEAD is now at 1234567 x")),
    "a stash and its pop": (lambda s: s.bash("git stash"), lambda s: s.bash("git stash pop")),
    "whole files": (
        lambda s: s.write("src/export.py", NEW),
        lambda s: s.write("src/export.py", OLD),
    ),
    "an edit and the whole file": (there, lambda s: s.write("src/export.py", OLD)),
    "sed": (
        lambda s: s.bash("sed -i 's/level = 1/level = 2/' src/a.py"),
        lambda s: s.bash("sed -i -e 's|level = 2|level = 1|' src/a.py"),
    ),
    "an edit and sed": (there, lambda s: s.bash("sed -i \"s/sep = ';'/sep = ','/\" src/export.py")),
    "documents in the shell": (
        lambda s: s.bash("cat > src/a.py <<'EOF'\na = 1\nEOF"),
        lambda s: s.bash("cat > src/a.py <<'EOF'\na = 2\nEOF"),
    ),
    "a copy kept aside": (
        lambda s: s.bash("cp src/a.py /tmp/a.bak && sed -i 's/1/2/' src/a.py"),
        lambda s: s.bash("cp /tmp/a.bak src/a.py"),
    ),
    "moves": (
        lambda s: s.bash("mv src/a.py src/b.py"),
        lambda s: s.bash("git mv src/b.py src/a.py"),
    ),
    "another agent's tool": (
        lambda s: s.do(
            "str_replace_editor",
            {"command": "str_replace", "path": "/p/a.py", "old_str": "1", "new_str": "2"},
        ),
        lambda s: s.do(
            "str_replace_editor",
            {"command": "str_replace", "path": "/p/a.py", "old_str": "2", "new_str": "1"},
        ),
    ),
    "several edits at once": (
        lambda s: s.do(
            "MultiEdit",
            {
                "file_path": "/p/a.py",
                "edits": [
                    {"old_string": "a = 1", "new_string": "a = 2"},
                    {"old_string": "b = 1", "new_string": "b = 2"},
                ],
            },
        ),
        lambda s: (
            s.edit("../../../p/a.py", "x", "x")
            and [
                s.do(
                    "Edit", {"file_path": "/p/a.py", "old_string": "b = 2", "new_string": "b = 1"}
                ),
                s.do(
                    "Edit", {"file_path": "/p/a.py", "old_string": "a = 2", "new_string": "a = 1"}
                ),
            ]
        ),
    ),
}


def back_and_forth(pair: tuple[Step, Step], rounds: int, between: Step | None = None) -> Session:
    session = Session()
    session.init()
    session.edit("src/other.py", "x = 1", "x = 2")
    if pair is PAIRS["a stash and its pop"]:
        there(session)
    for _ in range(rounds):
        for step in pair:
            step(session)
            if between is not None:
                between(session)
    return session


@pytest.mark.parametrize("name", PAIRS)
def test_a_file_that_goes_back_and_forth(name: str) -> None:
    assert back_and_forth(PAIRS[name], 1).found(NAME) == []
    assert back_and_forth(PAIRS[name], 5).level(NAME) != StallLevel.NONE


def test_three_full_rounds_are_enough() -> None:
    assert back_and_forth(PAIRS["edits"], 2).found(NAME) == []
    [stall] = back_and_forth(PAIRS["edits"], 3).found(NAME)
    assert (stall.level, stall.count) == (StallLevel.NOTICE, 5)
    assert "src/export.py" in stall.evidence[0]


def test_files_are_named_within_the_project_and_contents_are_told_apart() -> None:
    session = Session()
    session.add(TurnStarted("m", ROOT, "2.1.197", "default"))
    for _ in range(4):
        for step in PAIRS["whole files"]:
            step(session)
    stall = session.found(NAME)[-1]
    assert stall.evidence[0].startswith("src/export.py: changed")
    assert [one.words for one in stall.steps[-3:]] == [
        "Write src/export.py (content 1)",
        "Write src/export.py (content 2)",
        "Write src/export.py (content 1)",
    ]


def red(session: Session) -> None:
    session.fails("pytest -q", "FAILED t.py::test_x - assert 1 == 2\n1 failed, 3 passed in 0.41s")


@pytest.mark.parametrize(
    "between", [red, lambda s: s.read("src/export.py"), lambda s: s.bash("git diff", "diff")]
)
def test_tests_and_reads_between_change_nothing(between: Step) -> None:
    assert back_and_forth(PAIRS["edits"], 4, between).level(NAME) == StallLevel.NOTICE


def test_notes_of_it_are_nothing_new() -> None:
    session = Session()
    for number in range(4):
        for step in PAIRS["edits"]:
            step(session)
            session.edit("NOTES.md", f"try {number}", f"try {number + 1}")
    assert session.level(NAME) == StallLevel.NOTICE


def explores(session: Session, n: int) -> None:
    session.edit("src/a.py", "cache = None", f"cache = Cache({n})")
    red(session)
    session.edit("src/a.py", f"cache = Cache({n})", "cache = None")


def mutates(session: Session, n: int) -> None:
    session.edit("src/a.py", f"total{n} = a + b", f"total{n} = a - b")
    session.fails("pytest -q", f"FAILED t.py::test_{n} - assert {n}\n1 failed, 30 passed in 0.41s")
    session.bash("git checkout -- src/a.py")
    session.bash("pytest -q", "31 passed in 0.4s")


def mutates_in_one_command(session: Session, n: int) -> None:
    session.bash(
        f"sed -i 's/total{n} = a + b/total{n} = a - b/' src/a.py && pytest -q; git checkout src/a.py"
    )


def only_one_test(session: Session, n: int) -> None:
    session.edit("t.js", "it('adds'", "it.only('adds'")
    session.edit("src/a.js", f"n = {n}", f"n = {n + 1}")
    session.edit("t.js", "it.only('adds'", "it('adds'")


def proves_the_test(session: Session, n: int) -> None:
    """The fix is taken away to see the new test red, and put back."""
    session.edit("src/a.py", f"fix{n} = 0", f"fix{n} = 1")
    session.bash("pytest -q", f"{n + 5} passed in 0.1s")
    session.bash("git stash").bash("git stash pop")


def commits(session: Session, n: int) -> None:
    there(session)
    back(session)
    session.bash(f"git commit -am 'Try {n}'", f"[main a{n}bcdef] Try {n}")


@pytest.mark.parametrize(
    "step", [explores, mutates, mutates_in_one_command, only_one_test, proves_the_test, commits]
)
def test_work_is_left_alone(step: Callable[[Session, int], None]) -> None:
    session = Session()
    for number in range(12):
        step(session, number)
    assert session.found(NAME) == []


def test_a_lock_that_keeps_git_from_bringing_back_is_no_return() -> None:
    session = Session()
    for number in range(8):
        session.edit("src/a.py", f"n = {number}", f"n = {number + 1}")
        session.fails(
            f"git checkout -- src/a.py # {number}",
            "fatal: Unable to create '.git/index.lock': File exists.",
        )
    assert session.found(NAME) == []
