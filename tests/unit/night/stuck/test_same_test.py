"""The same failure after ever new edits is found; work that changes the verdict is left alone."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.unit.night.stuck.stuck_session import Session
from tui.model.stall import DetectorName, ProgressKind
from tui.model.state import StallLevel

NAME = DetectorName.SAME_TEST
Run = Callable[[int], tuple[str, str]]


def pytest_run(n: int) -> tuple[str, str]:
    return (
        "pytest -q tests/test_round.py",
        f"E       assert Decimal('0.12') == Decimal('0.13')\n\ntests/test_round.py:{10 + n}: AssertionError\n"
        f"FAILED tests/test_round.py::test_half - assert Decimal('0.12') == Decimal('0.13')\n"
        f"1 failed, 6 passed in 0.{20 + n}s",
    )


RUNS: dict[str, Run] = {
    "pytest": pytest_run,
    "vitest": lambda n: (
        "npx vitest run",
        " FAIL  web/cart.test.ts > cart > adds the tax\nAssertionError: expected 119 to be 121\n"
        f" Test Files  1 failed (1)\n      Tests  1 failed | 8 passed (9)\n   Duration  {900 + 13 * n}ms",
    ),
    "go": lambda n: (
        "go test ./...",
        f"--- FAIL: TestRound (0.0{n % 9}s)\n"
        f"    round_test.go:{20 + n}: got 12, want 13\nFAIL\nFAIL\tshop\t0.{n}1s",
    ),
    "cargo test": lambda n: (
        "cargo test",
        f"test round ... FAILED\nthread 'round' panicked at src/lib.rs:{n}:5:\nassertion failed\n"
        f"  left: 12\n right: 13\ntest result: FAILED. 6 passed; 1 failed; 0 ignored; finished in 0.{n}3s",
    ),
    "cargo build": lambda n: (
        "cargo build",
        "error[E0277]: the trait bound `Zone: Send` is not satisfied\n"
        f"  --> src/pool.rs:{41 + n}:9\nerror: could not compile `shop` (lib) due to 1 previous error",
    ),
    "tsc": lambda n: (
        "npx tsc --noEmit",
        f"src/cart.ts({n + 3},7): error TS2322: Type 'string' is not assignable to type 'number'.",
    ),
    "mypy": lambda n: (
        "mypy src",
        f'src/a.py:{n + 3}: error: Incompatible return value type (got "str", expected "int")  [return-value]\n'
        "Found 1 error in 1 file (checked 9 source files)",
    ),
    "make": lambda n: (
        "make",
        f"main.c:{n + 3}:5: error: unknown type name 'zone_t'\nmake: *** [Makefile:7: main.o] Error 1",
    ),
    "a script": lambda n: (
        "python -m shop.import",
        f"Traceback (most recent call last):\n  File \"shop/rows.py\", line {n}, in f\nKeyError: 'zone'",
    ),
}


def rounds(run: Run, times: int, between: str = "") -> Session:
    session = Session()
    session.init()
    for number in range(times):
        session.edit("src/a.py", f"factor = {number}", f"factor = {number + 1}")
        if between:
            session.read(between, f"1\tvalue = {number}")
        command, answer = run(number)
        session.fails(command, answer)
    return session


@pytest.mark.parametrize("name", RUNS)
def test_ever_new_edits_and_the_same_failure(name: str) -> None:
    needed = 5 if name == "a script" else 7
    assert rounds(RUNS[name], needed - 1).found(NAME) == []
    [stall] = rounds(RUNS[name], needed).found(NAME)
    assert (stall.level, stall.count) == (StallLevel.NOTICE, needed)
    assert stall.signals[0].threshold == pytest.approx(needed)
    assert rounds(RUNS[name], 7, "src/b.py").level(NAME) == StallLevel.NOTICE


@pytest.mark.parametrize(("times", "level"), [(10, "suspected"), (15, "stuck")])
def test_levels_grow(times: int, level: str) -> None:
    assert rounds(pytest_run, times).level(NAME) == level
    [stall] = rounds(pytest_run, times).folded().snapshot(0.0).circling
    assert (stall.detector, stall.level) == (NAME, level)


def test_edits_in_the_shell_count() -> None:
    session = Session()
    for number in range(7):
        session.bash(f"sed -i 's/factor = {number}/factor = {number + 1}/' src/a.py")
        session.fails(*pytest_run(number))
    assert session.level(NAME) == StallLevel.NOTICE


def test_a_pipe_hides_no_red_test() -> None:
    session = Session()
    for number in range(7):
        session.edit("src/a.py", f"factor = {number}", f"factor = {number + 1}")
        command, answer = pytest_run(number)
        session.bash(f"{command} 2>&1 | tail -5", answer)
    assert session.level(NAME) == StallLevel.NOTICE


def test_counts_alone_need_more_rounds() -> None:
    def counted(n: int) -> tuple[str, str]:
        return "pytest -q | tail -1", f"2 failed, 6 passed in 0.{20 + n}s"

    assert rounds(counted, 10).found(NAME) == []
    [stall] = rounds(counted, 11).found(NAME)
    assert "as many tests fail" in stall.evidence[0]


def test_without_edits_it_is_the_same_call_again() -> None:
    session = Session()
    for number in range(12):
        session.fails(*pytest_run(number))
    assert session.found(NAME) == []


def test_notes_of_the_tries_are_no_edits() -> None:
    session = Session()
    for number in range(12):
        session.edit("NOTES.md", f"try {number}", f"try {number + 1}")
        session.fails(*pytest_run(number))
    assert session.found(NAME) == []


def healthy(step: Callable[[Session, int], None]) -> Session:
    session = Session()
    for number in range(14):
        session.edit("src/a.py", f"factor = {number}", f"factor = {number + 1}")
        step(session, number)
    return session


def another_test(session: Session, n: int) -> None:
    session.fails(
        "pytest -q",
        f"FAILED tests/test_a.py::test_{n} - NotImplementedError\n1 failed, {n} passed in 0.1s",
    )
    session.edit("src/b.py", f"case = {n}", f"case = {n + 1}")
    session.bash("pytest -q", f"{n + 1} passed in 0.1s")


def fewer_failures(session: Session, n: int) -> None:
    session.fails(
        "pytest -q",
        f"FAILED tests/test_a.py::test_x - assert 1\n{20 - n} failed, {n} passed in 0.1s",
    )


def another_message(session: Session, n: int) -> None:
    session.fails(
        "pytest -q t.py", f"FAILED t.py::test_x - assert {n} == 99\n1 failed, 6 passed in 0.1s"
    )


def another_compile_error(session: Session, n: int) -> None:
    session.fails(
        "cargo build",
        f"error[E0425]: cannot find value `zone{n}` in this scope\n --> src/a.rs:{n}:3",
    )


def commits(session: Session, n: int) -> None:
    """A failure that was there before, which the work is not about."""
    session.fails(*pytest_run(n))
    if n % 3 == 2:
        session.bash(f"git commit -am 'Part {n}'", f"[main a{n}bcdef] Part {n}")


def ticks(session: Session, n: int) -> None:
    session.fails(*pytest_run(n))
    if n % 3 == 2:
        session.do("TaskUpdate", {"taskId": str(n), "status": "completed"}, "Updated")


def green_between(session: Session, n: int) -> None:
    session.fails(*pytest_run(n))
    if n % 5 == 4:
        session.bash("pytest -q tests/test_round.py", "7 passed in 0.2s")


def other_tests_change(session: Session, n: int) -> None:
    """A failure that was there before, and new tests of what the work is about."""
    session.fails(*pytest_run(n))
    if n % 4 == 3:
        session.bash("pytest -q tests/new", f"{n} passed in 0.2s")


def nothing_found(session: Session, n: int) -> None:
    session.fails(f"grep -rn name{n} src", "")


@pytest.mark.parametrize(
    "step",
    [
        another_test,
        fewer_failures,
        another_message,
        another_compile_error,
        commits,
        ticks,
        green_between,
        other_tests_change,
        nothing_found,
    ],
)
def test_work_is_left_alone(step: Callable[[Session, int], None]) -> None:
    assert healthy(step).found(NAME) == []


def test_it_ends_when_the_session_goes_on_with_something_else() -> None:
    session = rounds(pytest_run, 8)
    assert session.level(NAME) == StallLevel.NOTICE
    for number in range(41):
        session.read(f"docs/{number}.md", f"1\t{number}")
    assert session.level(NAME) == StallLevel.NONE


def test_a_person_begins_anew() -> None:
    session = rounds(pytest_run, 8)
    session.prompt("try another way")
    assert session.level(NAME) == StallLevel.NONE


def test_waste_goes_back_beyond_the_edits() -> None:
    [stall] = rounds(pytest_run, 8).folded().snapshot(0.0).circling
    assert stall.waste is not None
    assert (stall.waste.calls, stall.waste.last) == (14, ProgressKind.VERDICT)


def test_the_same_failure_is_the_same_whatever_the_options_are() -> None:
    session = Session()
    session.init()
    commands = ("pytest -q", "pytest -x tests/test_sum.py", "pytest tests/test_sum.py::test_sum")
    for number in range(7):
        session.edit("src/a.py", f"factor = {number}", f"factor = {number + 1}")
        session.fails(commands[number % 3], pytest_run(0)[1])
    assert session.level(NAME) == StallLevel.NOTICE


def test_other_choices_of_tests_that_fail_otherwise_are_work() -> None:
    session = Session()
    session.init()
    for number in range(9):
        session.edit("src/a.py", f"factor = {number}", f"factor = {number + 1}")
        answer = f"FAILED tests/test_{number}.py::test - assert {number} == 0\n1 failed in 0.1s"
        session.fails(f"pytest tests/test_{number}.py", answer)
    assert session.found(NAME) == []
