"""Calls that repeat: decoration of commands, chance in answers, cycles, answers that advance."""

from __future__ import annotations

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.unit.night.night_script import Script, fold
from tui.model.events import SourceRef
from tui.model.stall import DetectorName, ProgressKind, Stall
from tui.night.fold import NightFold
from tui.night.stuck.calls.answers import AdvancingAnswers, Sameness, compare
from tui.night.stuck.step import Step, name_call, plain_command

REF = SourceRef("s", 0)
DAY = 1_790_000_000.0


def step(
    answer: str,
    at: float | None = None,
    *,
    target: str = "./run",
    error: bool = False,
    takes: float = 1.0,
    tool: str = "Bash",
) -> Step:
    called = None if at is None else at - takes
    made = Step(tool, target, 7, error, answer, len(answer), 0, at, REF, called)
    name_call(made)
    return made


@pytest.mark.parametrize(
    "command",
    [
        "make all # attempt 3",
        "# attempt 3\nmake all",
        'echo "attempt 3"; make all',
        "echo attempt 3 && make all",
        "make all; echo done",
        'make all && echo "=== done ==="',
        "printf 'try 3\\n'; make all",
        "make   all",
        "make all 2>&1 | tail -20",
        "make all | head -n 5",
        "make all;",
    ],
)
def test_decoration_is_left_out(command: str) -> None:
    assert plain_command(command).text == "make all"


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("grep '# a' f", "grep '# b' f"),
        ('grep "a  b" f', 'grep "a b" f'),
        ("echo 3", "echo 4"),
        ("echo 3 | ./run", "echo 4 | ./run"),
        ("echo 3 > f; make", "echo 4 > f; make"),
        ("cat <<E\n# 3\nE", "cat <<E\n# 4\nE"),
        ("./page 3", "./page 4"),
        ("./run --seed 3", "./run --seed 4"),
        ("tail -3 f", "tail -4 f"),
        ("cat /tmp/a", "cat /tmp/b"),
        ("make || echo 3", "make || echo 4"),
        ("echo ${#a}; make", "echo ${#b}; make"),
        ("make -j3", "make -j4"),
        ("git commit -m 'fix #3'", "git commit -m 'fix #4'"),
    ],
)
def test_what_may_change_what_is_asked_stays(one: str, other: str) -> None:
    assert plain_command(one).text != plain_command(other).text


PIECES = "make| |  |#|'|\"|;|&&|\n|echo x|2>&1|a|$x|sleep 3|ATTEMPT=4|>/tmp/x|<<E|\\".split("|")


@settings(deadline=None, max_examples=300)
@given(st.lists(st.sampled_from([*PIECES, "| tail -3", "|"]), max_size=12))
def test_something_is_left_of_every_command(parts: list[str]) -> None:
    command = "".join(parts)
    if command.strip(" \t\n;"):
        assert plain_command(command).text


# --- answers ---


@pytest.mark.parametrize(
    ("one", "other", "seconds", "same"),
    [
        ("at 22:01:07", "at 22:01:37", 30.0, Sameness.SAME),
        ("at 22:01:07", "at 23:01:07", 30.0, Sameness.DIFFERENT),
        ("at 23:59:50", "at 00:00:20", 30.0, Sameness.SAME),
        ("2026-11-20T23:59:50Z up", "2026-11-21T00:00:20Z up", 30.0, Sameness.SAME),
        ("2026-11-20T10:00:00Z up", "2026-11-20T11:00:00Z up", 30.0, Sameness.DIFFERENT),
        ("filled 2026-10-01", "filled 2026-10-02", 30.0, Sameness.DIFFERENT),
        ("filled 2026-10-01", "filled 2026-10-02", None, Sameness.DIFFERENT),
        ("at 22:01:07", "at 23:59:59", None, Sameness.SAME),
        ("2026-11-20 10:00:00 up", "2026-11-21 10:00:00 up", None, Sameness.DIFFERENT),
        ("stamp 1790000000", "stamp 1790000030", 30.0, Sameness.SAME),
        ("stamp 1790000000", "stamp 1790003600", 30.0, Sameness.DIFFERENT),
        ("stamp 1790000000", "stamp 1790000030", None, Sameness.DIFFERENT),
        ("took 1.2 s", "took 1.4 s", 30.0, Sameness.SAME_BUT_FIGURES),
        ("ETA 50 min", "ETA 40 min", 30.0, Sameness.DIFFERENT),
        ("job 41 done", "job 42 done", 30.0, Sameness.DIFFERENT),
        ("12M of 40M", "14M of 40M", 30.0, Sameness.DIFFERENT),
        ("src/a.c:1200: no", "src/a.c:1240: no", 30.0, Sameness.DIFFERENT),
        ("worker 3 idle", "worker 4 idle", 30.0, Sameness.DIFFERENT),
        ("pid 4711 gone", "pid 4712 gone", 30.0, Sameness.SAME),
        ("127.0.0.1:40123 gone", "127.0.0.1:40987 gone", 30.0, Sameness.SAME),
        ("⠋ wait", "⠙ wait", 30.0, Sameness.SAME),
        ("wrote /tmp/tmpa1/x", "wrote /tmp/tmpb2/x", 30.0, Sameness.SAME),
    ],
)
def test_which_answers_are_the_same(
    one: str, other: str, seconds: float | None, same: Sameness
) -> None:
    first = step(one, None if seconds is None else DAY)
    assert compare(first, step(other, None if seconds is None else DAY + seconds)) == same


def test_an_error_is_the_same_at_another_hour_but_not_on_another_day() -> None:
    one = step("2026-11-20 10:00:00 no key", DAY, error=True)
    assert compare(one, step("2026-11-20 14:00:00 no key", DAY + 9, error=True)).is_same
    assert not compare(one, step("2026-11-22 14:00:00 no key", DAY + 9, error=True)).is_same


def test_a_time_may_be_how_long_the_call_took() -> None:
    one = step("41 passed in 75.12s (0:01:15)", DAY, takes=76.0)
    other = step("41 passed in 78.52s (0:01:18)", DAY + 200, takes=79.0)
    assert compare(one, other) == Sameness.SAME_BUT_FIGURES


def test_words_that_a_command_only_prints_are_no_answer() -> None:
    one, other = (
        step(f"try {n}\nno key", DAY + n, target=f'echo "try {n}"; ./run', error=True)
        for n in (1, 2)
    )
    assert one.call == other.call
    assert compare(one, other) == Sameness.SAME


@settings(deadline=None, max_examples=300)
@given(text=st.text(max_size=80), error=st.booleans(), at=st.none() | st.floats(0, 2e9))
def test_equal_answers_are_the_same(text: str, error: bool, at: float | None) -> None:
    assert compare(step(text, at, error=error), step(text, at, error=error)) == Sameness.SAME


def test_a_part_that_was_not_kept_may_differ() -> None:
    one, other = step("x" * 900, DAY), step("x" * 900, DAY + 9)
    one.size, other.size = 4000, 4020
    assert compare(one, other) == Sameness.DIFFERENT
    other.size = 4000
    assert compare(one, other) == Sameness.SAME


# --- cycles ---


def loops(night: NightFold, script: Script) -> tuple[Stall, ...]:
    return night.snapshot((script.at or 0.0) + 1.0).circling


@settings(deadline=None, max_examples=60)
@given(
    length=st.integers(1, 7),
    before=st.integers(0, 30),
    cut=st.integers(0, 40),
    timed=st.booleans(),
    error=st.booleans(),
)
def test_a_cycle_is_found_wherever_it_begins_and_whenever_it_is_saved(
    length: int, before: int, cut: int, timed: bool, error: bool
) -> None:
    script = Script(start=DAY if timed else None)
    for number in range(before):
        script.step("Read", f"src/{number}.py", f"content {number}")
    for _ in range(3):
        for part in range(length):
            script.step("Read", f"{part}.py", f"{'no' if error else 'a'} file {part}", error=error)
    whole = fold(script.events)
    found = [stall for stall in loops(whole, script) if stall.detector == "repeated_calls"]
    assert [stall.count for stall in found] == [3]
    events = script.events[: min(cut, len(script.events))]
    loaded = NightFold.load(fold(events).save())
    loaded.apply(script.events[len(events) :])
    assert loops(loaded, script) == loops(whole, script)


def test_two_rounds_are_none() -> None:
    script = Script()
    for _ in range(2):
        for part in range(7):
            script.step("Read", f"{part}.py", f"content {part}")
    assert loops(fold(script.events), script) == ()


def test_a_changed_number_breaks_a_cycle() -> None:
    script = Script()
    for number in range(12):
        script.step("Bash", "./next", f"row {number * 977 % 1000} of many")
    assert loops(fold(script.events), script) == ()


# --- answers that advance ---


def advances(*answers: str, every: float = 30.0, error: bool = False) -> list[bool]:
    watched = AdvancingAnswers()
    return [
        watched.on_step(step(answer, DAY + every * number, error=error))
        for number, answer in enumerate(answers)
    ]


def test_three_values_one_way_are_progress() -> None:
    assert advances("100 left", "90 left", "80 left", "70 left") == [False, False, True, True]
    assert advances("2026-10-30 ok", "2026-10-31 ok", "2026-11-01 ok") == [False, False, True]
    assert advances("1,000 rows", "2,000 rows", "3,500 rows") == [False, False, True]


def test_a_figure_that_goes_up_and_down_is_not() -> None:
    assert not any(advances("98 %", "97 %", "98 %", "96 %", "99 %"))


def test_nor_is_a_clock_nor_a_duration_nor_an_error() -> None:
    assert not any(advances("up 100", "up 130", "up 160", "up 190"))
    assert not any(advances("took 1.1 s", "took 1.2 s", "took 1.3 s"))
    assert not any(advances("1 of 9", "2 of 9", "3 of 9", error=True))


def test_an_advancing_answer_is_progress_of_the_night() -> None:
    script = Script()
    for number in range(5):
        script.step("Bash", "./left", f"{100 - number} left")
    script.step("Bash", "make", "no rule", error=True)
    script.step("Bash", "make", "no rule", error=True)
    script.step("Bash", "make", "no rule", error=True)
    (stall,) = loops(fold(script.events), script)
    assert stall.waste is not None
    assert (stall.waste.last, stall.waste.calls) == (ProgressKind.OUTPUT, 3)


def test_what_is_kept_of_answers_can_be_saved() -> None:
    watched = AdvancingAnswers()
    for number in range(4):
        watched.on_step(step(f"{number} of 9", DAY + 9 * number))
    again = msgspec.msgpack.decode(msgspec.msgpack.encode(watched), type=AdvancingAnswers)
    assert again.on_step(step("7 of 9", DAY + 99))


# --- growing ---


@settings(deadline=None, max_examples=100)
@given(
    start=st.text("abc ", max_size=8),
    piece=st.text("xyz |", min_size=2, max_size=8).filter(lambda text: len(text.strip()) > 1),
    end=st.text("abc ", max_size=8),
)
def test_growth_by_one_piece_is_found_wherever_it_grows(start: str, piece: str, end: str) -> None:
    script = Script()
    for number in range(1, 8):
        script.step("Bash", f"run{start}{piece * number}{end}q", "no", error=True)
    found = {stall.detector for stall in loops(fold(script.events), script)}
    assert found & {
        DetectorName.GROWING_COMMANDS,
        DetectorName.REPEATED_CALLS,
        DetectorName.SAME_ERROR,
    }


def test_growth_with_other_answers_is_work() -> None:
    script = Script()
    for number in range(1, 8):
        script.step("Bash", "ls" + " ../" * number, f"folder{number * 7}")
    assert loops(fold(script.events), script) == ()


def test_the_evidence_of_growth_names_the_piece() -> None:
    script = Script()
    for number in range(8):
        script.step("Bash", "grep -rn limit src" + " | grep -v test" * number, "src/a.py:1: limit")
    (stall,) = loops(fold(script.events), script)
    assert stall.detector == DetectorName.GROWING_COMMANDS
    assert stall.count == 7
    assert "grew 7 times by “| grep -v test” with the same answer" in stall.evidence[0]


def test_a_ring_of_calls_is_one_trouble_in_the_same_words_wherever_it_stands() -> None:
    script = Script()
    script.init()
    ring = (("Bash", "git status", "clean"), ("Bash", "ls", "a.py"), ("Bash", "./gate", "no key"))
    seen = []
    for nth in range(15):
        script.step(*ring[nth % 3], error=nth % 3 == 2)
        stall = fold(script.events).snapshot(script.at or 0.0).stall
        seen += [] if stall is None else [stall]
    assert len({one.pattern for one in seen}) == 1
    assert {one.evidence[0].split(": ", 1)[1] for one in seen} == {
        "Bash git status → Bash ls → Bash ./gate"
    }
    assert {one.evidence[1] for one in seen} == {"error: no key"}
    assert all([s.words for s in one.steps[:3]] == [s.words for s in one.steps[3:]] for one in seen)
    assert all(one.steps[0].words == "Bash git status" for one in seen)
    assert len({one.since for one in seen}) == 1
