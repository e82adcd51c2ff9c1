"""Commands that ended are kept with the end of their answers, within a bound."""

from __future__ import annotations

from tests.unit.night.night_script import Script, fold
from tui.model.evidence.log import CommandRecord
from tui.model.failures import DenialKind
from tui.night.evidence import command_log
from tui.night.fold import NightFold


def kept(script: Script) -> tuple[CommandRecord, ...]:
    return fold(script.events).evidence_log().commands


def begun() -> Script:
    script = Script()
    script.init()
    script.prompt()
    return script


def test_what_is_kept_of_a_command() -> None:
    script = begun()
    script.step("Edit", "a", "ok", path="/w/a.py")
    script.step("Bash", "mypy .", "Found 3 errors", error=True)
    script.step("Edit", "b", "ok", path="/w/b.py")
    (one,) = kept(script)
    assert (one.command, one.is_error, one.output) == ("mypy .", True, "Found 3 errors")
    edits = fold(script.events).evidence_log().edits
    assert edits[0].number <= one.number < edits[1].number


def test_looks_are_not_kept() -> None:
    script = begun()
    for command in ("ls -l", "cat a.py", "grep -r x .", "git status"):
        script.step("Bash", command, "x")
    script.step("Bash", "cat a && make", "x")
    script.step("Read", "a.py", "x")
    assert [one.command for one in kept(script)] == ["git status", "cat a && make"]


def test_tools_of_a_code_host_are_kept() -> None:
    script = begun()
    script.step("mcp__github__create_pull_request", "o/r", '{"number": 7}')
    script.step("mcp__weather__ask", "rain", "no")
    assert [one.name for one in kept(script)] == ["mcp__github__create_pull_request"]


def test_a_refused_command_did_not_run() -> None:
    script = begun()
    call = script.call("Bash", "git push")
    script.answer(call, "denied", error=True, denial=DenialKind.RULE)
    assert [one.is_refused for one in kept(script)] == [True]


def test_the_oldest_are_forgotten_and_texts_are_cut() -> None:
    script = begun()
    for number in range(command_log.MOST_COMMANDS + 1):
        script.step("Bash", f"make {number} " + "x" * 1_000, "y" * 1_900 + "END")
    records = kept(script)
    assert len(records) <= command_log.MOST_COMMANDS
    assert records[-1].command.startswith(f"make {command_log.MOST_COMMANDS} ")
    assert records[-1].output.endswith("END")
    assert max(len(one.command) + len(one.output) for one in records) <= 2_000


def test_they_survive_saving() -> None:
    script = begun()
    script.step("Bash", "make", "ok")
    made = fold(script.events)
    again = NightFold.load(made.save())
    assert again.evidence_log().commands == made.evidence_log().commands != ()
