"""Whose a prompt is: a person's is progress, a program's that comes again is none."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.night.night_script import Script, fold
from tui.model.journal import JournalEntry
from tui.model.records import Record
from tui.model.stall import DetectorName
from tui.night.fold import NightFold
from tui.night.stuck.turns.prompts import PromptLog, prompt_key


def authors(*texts: str) -> list[bool]:
    """For each prompt, each in a turn of its own, whether a program wrote it."""
    log, found = PromptLog(), []
    for text in texts:
        prompt = log.read(text, False, None, None)
        log.on_work(None)
        assert prompt is not None
        found.append(prompt.by_program)
    return found


def test_the_first_two_equal_prompts_may_be_a_persons() -> None:
    assert authors("go on", "go on", "go on", "go on") == [False, False, True, True]


def test_numbers_times_and_ids_do_not_count() -> None:
    said = ("Loop 1 at 22:01, run 7f3a9c1: go on", "Loop 2 at 22:17, run 81bc02d: go on")
    assert authors(*said, "Loop 13 at 03:40, run 0aa1b2c: go on") == [False, False, True]


def test_other_words_are_a_persons() -> None:
    assert authors("go on", "go on", "look at the log", "go on") == [False, False, False, True]


def test_prompts_in_turn_are_a_programs() -> None:
    assert authors("plan", "do", "plan", "do", "plan", "do")[4:] == [True, True]


def test_what_was_long_ago_is_forgotten() -> None:
    between = [f"question {'abcdefghijklmnop'[number]}" for number in range(14)]
    assert authors("go on", "go on", *between, "go on")[-1] is False


def test_a_second_record_of_the_same_prompt_is_no_prompt() -> None:
    log = PromptLog()
    assert log.read("go on", False, None, None) is not None
    assert log.read("go on", False, None, None) is None
    log.on_work(None)
    assert log.read("go on", False, None, None) is not None


@given(st.lists(st.sampled_from(["a", "b", "c 1", "c 2"]), max_size=40))
def test_the_log_is_bounded_and_says_program_only_of_repeated_prompts(texts: list[str]) -> None:
    log = PromptLog()
    seen: list[int] = []
    for text in texts:
        prompt = log.read(text, False, None, None)
        log.on_work(None)
        assert prompt is not None
        if prompt.by_program:
            assert seen.count(prompt_key(text)) >= 2
        seen.append(prompt_key(text))
    assert len(log.keys) <= 12


# --- what follows from it for every detector ---


def circles(made: NightFold) -> list[DetectorName | None]:
    return [one.detector for one in made.findings()]


def a_cycle(script: Script, *prompts: str) -> None:
    for prompt in prompts:
        script.prompt(prompt)
        script.step("Bash", "make", "error: no rule to make target", error=True)


def test_a_cycle_goes_on_over_the_prompts_of_a_program() -> None:
    script = Script()
    a_cycle(script, *["Continue."] * 5)
    assert DetectorName.REPEATED_CALLS in circles(fold(script.events))


def test_a_persons_message_is_a_new_beginning() -> None:
    script = Script()
    a_cycle(script, "Why?", "And now?", "Still?", "Hm, once more?", "Is it the path?")
    made = fold(script.events)
    assert circles(made) == []


def spent(made: NightFold) -> int:
    """Calls since the last progress."""
    return made._state.detectors.progress.waste(None).calls


def injected(by: str) -> tuple[Script, list[Record]]:
    """Four equal calls, then a message in the journal and in the stream."""
    script = Script()
    script.init()
    script.prompt("Build it.")
    for _ in range(4):
        script.step("Bash", "make", "error: no rule to make target", error=True)
    entry = JournalEntry(
        (script.at or 0.0) + 1.0,
        "inject",
        "m1",
        {"by": by, "text": "Step back.", "mode": "step-back"},
    )
    return script, [*script.events, entry]


@pytest.mark.parametrize("by", ["key", "command", "phone", "hook", ""])
def test_a_message_of_a_person_is_progress(by: str) -> None:
    _, records = injected(by)
    made = fold(records)
    assert circles(made) == []
    assert spent(made) == 0


def test_a_message_of_the_supervisor_is_none_but_ends_what_it_was_about() -> None:
    script, records = injected("supervisor")
    made = fold(records)
    assert circles(made) == []
    assert spent(made) == 4
    script.prompt("Step back.")
    for _ in range(3):
        script.step("Bash", "make", "error: no rule to make target", error=True)
    made.apply(script.events[len(records) - 1 :])
    assert circles(made) == [DetectorName.REPEATED_CALLS]
