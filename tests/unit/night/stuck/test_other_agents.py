"""Sessions of other agents: tools of other names, answers without a mark of an error, no times."""

from __future__ import annotations

from typing import Any

import pytest

from tests.unit.night.stuck.stuck_session import Session, progress_of
from tui.model.events import ToolResult, UserMessage
from tui.model.stall import DetectorName, Stall
from tui.model.state import StallLevel

FAILED = "Traceback (most recent call last):\n  File \"reproduce.py\", line 9\nKeyError: 'zone'"
ENDED = f"{FAILED}\n[Command finished with exit code 1]"
MISSED = "No replacement was performed, old_str `a` did not appear verbatim in /w/a.py."
Call = tuple[str, dict[str, Any], str]


def of(*calls: Call) -> Session:
    session = Session(start=None)
    for tool, given, answer in calls:
        session.do(tool, given, answer)
    return session


def circling(session: Session) -> tuple[Stall, ...]:
    return session.folded().snapshot(0.0).circling


def runs(command: str, answer: str) -> Call:
    return "execute_bash", {"command": command}, answer


def replaces(number: int, answer: str = "The file /w/a.py has been edited.") -> Call:
    given = {"command": "str_replace", "path": "/w/a.py", "old_str": f"a{number}"}
    return "str_replace_editor", {**given, "new_str": f"a{number + 1}"}, answer


def views(number: int) -> Call:
    given = {"command": "view", "path": "/w/a.py", "view_range": [number, number + 9]}
    return "str_replace_editor", given, f"{number}\tdef f{number}(): ..."


ANSWERS: dict[str, Call] = {
    "search": runs("grep -rn frob /w", "/w/a.py:3:def frob():"),
    "script": runs("python count.py", "rows 17, columns 4"),
    "words of a command": ("shell", {"command": ["ls", "-l"]}, "a.py b.py c.py d.py"),
    "view": (
        "str_replace_editor",
        {"command": "view", "path": "/w/testbed/a.py"},
        "the text of it",
    ),
    "web": ("search_web", {"query": "how many"}, "No relevant result."),
    "name that holds a verb": ("run_cell", {"code": "show_playlists(key)"}, "No playlist here."),
    "no receipt": ("run_cell", {"code": "songs(key)"}, '{"message": "unauthorized"}'),
    "value": ("python", {"code": "solve(x)"}, "[-2, 2]"),
    "submit": ("submit", {}, "Submission is empty. Please write a patch first."),
    "subagent": ("Task", {"description": "Find", "prompt": "Find it."}, "I see no reason for it."),
    "tasks": ("TodoWrite", {"todos": []}, "Todos have been modified successfully."),
}


@pytest.mark.parametrize("call", ANSWERS.values(), ids=ANSWERS)
def test_three_equal_answers_in_a_row_are_a_notice(call: Call) -> None:
    assert circling(of(call, call)) == ()
    [stall] = circling(of(call, call, call))
    assert (stall.detector, stall.level) == (DetectorName.REPEATED_CALLS, StallLevel.NOTICE)


RECEIPTS: dict[str, Call] = {
    "worker": runs("./work_off.sh", "Processed one job. More jobs are waiting."),
    "button": ("browser_click", {"selector": "#next"}, "The element is in focus now."),
    "key": ("computer", {"action": "key", "text": "Down"}, "The event went to the window."),
    "short": runs("./advance", "one more"),
    "messages": ("get_next_message", {}, "No message is there right now."),
    "tests": runs("python -m pytest -q", "12 passed in 0.31s"),
    "wait": runs("sleep 60", "waited for a minute"),
    "status": ("get_job", {"id": 7}, "The job is in the queue of the cluster."),
}


@pytest.mark.parametrize("call", RECEIPTS.values(), ids=RECEIPTS)
def test_receipts_and_waits_may_be_equal(call: Call) -> None:
    assert circling(of(*[call] * 5)) == ()


@pytest.mark.parametrize("answer", [FAILED, ENDED], ids=["last line", "status"])
def test_a_script_that_fails_as_before_after_each_edit(answer: str) -> None:
    calls = [each for n in range(5) for each in (replaces(n), runs("python reproduce.py", answer))]
    assert circling(of(*calls[:-1])) == ()
    [stall] = circling(of(*calls))
    assert (stall.detector, stall.count) == (DetectorName.SAME_TEST, 5)


def test_one_cause_is_found_without_marks() -> None:
    words = "ImportError: libGL.so.1: cannot open shared object file\n[exit code: 1]"
    [stall] = circling(of(*(runs(f"python {name}.py", words) for name in "abcd")))
    assert stall.detector == DetectorName.SAME_ERROR


def test_a_log_that_ends_with_an_error_is_no_error() -> None:
    logs = [runs(f"cat log{n}.txt", f"start {n}\nValueError: bad value") for n in range(8)]
    assert circling(of(*logs)) == ()


def test_a_command_that_ended_well_is_no_error() -> None:
    words = "ValueError: as the test wants it\n[Command finished with exit code 0]"
    assert circling(of(*(runs(f"python {n}.py", words) for n in range(8)))) == ()


def test_an_edit_that_fits_nowhere_changes_nothing() -> None:
    session = of(*(each for n in range(5) for each in (replaces(n, MISSED), views(n))))
    assert [stall.detector for stall in circling(session)] == [DetectorName.SAME_ERROR]
    assert progress_of(session.folded()).contents == 0
    fits = of(*(each for n in range(8) for each in (replaces(n, MISSED), replaces(n + 20))))
    assert circling(fits) == ()
    assert progress_of(fits.folded()).contents == 8


def test_subagents_are_work_however_long_they_take() -> None:
    session = Session()
    tool, given, answer = ANSWERS["subagent"]
    for number in range(3):
        use = session.reads(tool, given, f"call-{number}")
        session.say("", tools=(use,))
        result = ToolResult(use.id, False, answer, len(answer))
        session.add(UserMessage("results", results=(result,)), 90.0)
    assert [stall.count for stall in circling(session)] == [3]


def test_a_ring_with_a_subagent_is_no_wait() -> None:
    session = Session()
    tool, given, answer = ANSWERS["subagent"]
    for number in range(3):
        session.read("src/a.py", "1\ttext")
        use = session.reads(tool, given, f"call-{number}")
        session.say("", tools=(use,))
        result = ToolResult(use.id, False, answer, len(answer))
        session.add(UserMessage("results", results=(result,)), 90.0)
    assert [stall.count for stall in circling(session)] == [3]
