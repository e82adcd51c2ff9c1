"""Refused calls: found whatever their arguments, with who refuses and the rule; a few are no trouble."""

from __future__ import annotations

from collections.abc import Iterator

import msgspec
import pytest

from tests.secret_texts import PLANTED
from tests.unit.night.night_script import Script, fold, night
from tui.model.events import PermissionDenied, TurnResult, TurnStarted, UserMessage
from tui.model.failures import DenialKind
from tui.model.labels import remedy_of
from tui.model.permissions.refusals import Refusals
from tui.model.snapshot import NightSnapshot
from tui.model.stall import DetectorName, NotStuck, Stall, TroubleKind
from tui.model.state import SessionState, StallKind, StallLevel
from tui.night.fold import NightFold
from tui.night.review.refused_calls import refusal_point
from tui.night.status_json import status

TOKEN = next(one.text for one in PLANTED if one.kind == "github").split()[-1]
NOBODY = "This command requires approval"


class Night(Script):
    """A script with refused calls."""

    def __init__(self, mode: str = "default", start: float | None = 1_790_000_000.0) -> None:
        super().__init__(start=start)
        self.add(TurnStarted("m", "/w", "2.1.197", mode))
        self.prompt()

    def refuse(
        self,
        target: str,
        tool: str = "Bash",
        kind: DenialKind = DenialKind.NOT_GRANTED,
        text: str = NOBODY,
        path: str = "",
        thread: str = "",
    ) -> None:
        call = self.call(tool, target, path=path, thread=thread)
        self.answer(call, text, error=True, denial=kind, thread=thread)

    def work(self, times: int = 1) -> None:
        for _ in range(times):
            self.step(
                "Read", f"file{self.calls}.py", f"text {self.calls}", path=f"/w/f{self.calls}"
            )


def stall_of(script: Script) -> Stall | None:
    return night(script).stall


def levels(script: Night, commands: Iterator[str] | list[str]) -> list[str]:
    found = []
    for command in commands:
        script.refuse(command)
        stall = stall_of(script)
        found.append("" if stall is None else str(stall.level))
    return found


def test_ever_other_arguments_of_one_kind_are_one_trouble() -> None:
    script = Night()
    script.work(5)
    seen = levels(script, [f"npm test -- --only {n}" for n in range(6)])
    assert seen == ["", "", "notice", "notice", "suspected", "suspected"]
    shown = night(script)
    assert shown.activity.state == SessionState.REFUSED
    stall = shown.stall
    assert stall is not None
    assert (stall.kind, stall.detector) == (StallKind.REFUSED, DetectorName.REFUSED_CALLS)
    assert stall.evidence == (
        "Bash npm test refused 6 times: nobody is there to allow it",
        "last: Bash npm test -- --only 5",
        f"answer: {NOBODY}",
    )
    assert stall.rule == "Bash(npm test:*)"
    assert (stall.count, len(stall.steps), stall.denial) == (6, 6, DenialKind.NOT_GRANTED)
    assert "'Bash(npm test:*)'" in remedy_of(stall)
    assert stall.signals[0].is_reached


def test_three_in_a_row_of_whatever_kind() -> None:
    script = Night()
    script.work(3)
    assert levels(script, ["npm test", "yarn test", "pytest"]) == ["", "", "notice"]
    stall = stall_of(script)
    assert stall is not None
    assert stall.rule == "Bash(npm test:*), Bash(yarn test:*), Bash(pytest:*)"
    assert stall.evidence[0].startswith("Bash npm test, Bash yarn test and 1 more refused 3 times")


def test_stuck_when_it_goes_on_for_long() -> None:
    script = Night()
    levels(script, [f"npm test {n}" for n in range(20)])
    stall = stall_of(script)
    assert stall is not None
    assert (stall.level, stall.count) == (StallLevel.STUCK, 20)


def test_one_kind_with_other_work_between_is_noticed_and_later_suspected() -> None:
    script = Night()
    for n in range(3):
        script.refuse(f"git push origin b{n}")
        script.work(3)
    first = stall_of(script)
    assert first is not None
    assert first.level == StallLevel.NOTICE
    assert night(script).activity.state != SessionState.REFUSED


def test_most_of_what_is_tried_though_something_runs_in_between() -> None:
    script = Night()
    for command in ("npm test", "yarn test", "pnpm test", "npx vitest", "make test", "cargo test"):
        script.refuse(command)
        script.work()
    stall = stall_of(script)
    assert stall is not None
    assert stall.count == 6


def test_a_few_refusals_over_hours_are_no_trouble() -> None:
    script = Night()
    for n in range(12):
        script.refuse(f"npm test {n}")
        script.work(24)
        assert stall_of(script) is None
    for n in range(12):
        script.refuse(f"tool{n} do")
        script.work(2)
        script.refuse(f"other{n} do")
        script.work(6)
        assert stall_of(script) is None
    assert night(script).counts.denials == 36


def test_calls_made_together_are_one_try() -> None:
    script = Night()
    calls = [script.call("Bash", f"npm test {n}", 0.1, message="m1") for n in range(5)]
    for call in calls:
        script.answer(call, NOBODY, 0.1, error=True, denial=DenialKind.NOT_GRANTED)
    assert stall_of(script) is None


def test_a_call_that_is_allowed_ends_those_of_its_kind() -> None:
    script = Night()
    levels(script, [f"npm test {n}" for n in range(6)])
    script.step("Bash", "npm test", "Exit code 1\n2 failed", error=True)
    shown = night(script)
    assert shown.stall is None
    assert [one.count for one in shown.circling] == [6]


def test_other_work_does_not_end_it_unless_there_is_much_of_it() -> None:
    script = Night()
    levels(script, [f"npm test {n}" for n in range(6)])
    script.step("Edit", "/w/a.py", "done", key="e1", path="/w/a.py")
    assert night(script).activity.state == SessionState.REFUSED
    script.work(4)
    shown = night(script)
    assert shown.stall is not None
    assert shown.stall.level == StallLevel.NOTICE
    script.work(5)
    assert stall_of(script) is None


def test_a_call_that_was_malformed_is_neither() -> None:
    script = Night()
    for n in range(3):
        script.refuse(f"npm test {n}")
        script.step(
            "Bash", "x", "<tool_use_error>InputValidationError: x</tool_use_error>", error=True
        )
    assert stall_of(script) is not None


def test_a_person_ends_it() -> None:
    script = Night()
    levels(script, [f"npm test {n}" for n in range(6)])
    script.prompt("Do without the tests.")
    assert stall_of(script) is None
    levels(script, ["npm test a", "npm test b"])
    assert stall_of(script) is None


def test_what_a_person_refuses_is_a_person_at_work() -> None:
    script = Night()
    for n in range(8):
        script.refuse(
            f"npm test {n}", kind=DenialKind.PERSON, text="The user doesn't want to proceed"
        )
        script.say(f"All right, something else: {n * n}.")
    shown = night(script)
    assert shown.stall is None or shown.stall.kind != StallKind.REFUSED
    assert shown.counts.denials == 0


def test_an_error_of_the_system_is_no_refusal() -> None:
    script = Night()
    for n in range(8):
        script.step("Bash", f"./run{n}", "Exit code 126\nPermission denied", error=True)
    assert all(one.kind != StallKind.REFUSED for one in night(script).circling)


@pytest.mark.parametrize(
    ("kind", "words", "remedy"),
    [
        (DenialKind.RULE, "a rule of the settings forbids it", "permissions.deny"),
        (DenialKind.HOOK, "a hook refuses it", "hook"),
        (DenialKind.FOLDER, "outside of the folders", "--add-dir"),
        (DenialKind.CHECK, "a person has to allow it each time", "no rule allows this"),
        (DenialKind.NETWORK, "that host", "network"),
    ],
)
def test_who_refuses_decides_on_the_remedy(kind: DenialKind, words: str, remedy: str) -> None:
    script = Night()
    for n in range(5):
        script.refuse(
            f"npm test {n}", kind=kind, text="PreToolUse:Bash hook error: [x]: not at night"
        )
    stall = stall_of(script)
    assert stall is not None
    assert stall.rule == ""
    assert words in stall.evidence[0]
    assert "not at night" in stall.evidence[2]
    assert remedy in remedy_of(stall)
    assert status(night(script), "/w", "h")["stall"]["remedy"] == remedy_of(stall)


@pytest.mark.parametrize("kind", [DenialKind.DONT_ASK, DenialKind.CLASSIFIER])
def test_a_rule_helps_where_the_mode_refuses(kind: DenialKind) -> None:
    script = Night()
    for n in range(5):
        script.refuse(f"npm test {n}", kind=kind)
    stall = stall_of(script)
    assert stall is not None
    assert stall.rule == "Bash(npm test:*)"


def test_in_plan_mode_a_rule_lets_commands_run_and_nothing_lets_it_edit() -> None:
    script = Night(mode="plan")
    levels(script, [f"npm test {n}" for n in range(5)])
    stall = stall_of(script)
    assert stall is not None
    assert (stall.denial, stall.rule) == (DenialKind.NOT_GRANTED, "Bash(npm test:*)")
    script = Night(mode="plan")
    for n in range(5):
        script.refuse("", "Write", DenialKind.PLAN_MODE, "Cannot write", path=f"/w/src/{n}.py")
    stall = stall_of(script)
    assert stall is not None
    assert (stall.denial, stall.rule) == (DenialKind.PLAN_MODE, "")
    assert "--permission-mode" in remedy_of(stall)


def test_where_no_rule_is_narrow_enough_it_says_so() -> None:
    script = Night()
    levels(script, [f"sudo apt install p{n}" for n in range(5)])
    stall = stall_of(script)
    assert stall is not None
    assert stall.rule == ""
    assert "no rule for this would be narrow enough" in remedy_of(stall)


def test_reasons_that_differ_are_not_called_one() -> None:
    script = Night()
    for n in range(5):
        script.refuse(f"npm test -- {n}")
    script.refuse("touch x.txt", kind=DenialKind.FOLDER)
    stall = stall_of(script)
    assert stall is not None
    words = "refused 6 times: nobody is there to allow it, or another reason"
    assert stall.evidence[0] == f"Bash npm test, Bash touch {words}"
    assert stall.denial == DenialKind.NOT_GRANTED


def test_a_rule_that_holds_a_credential_is_not_shown() -> None:
    script = Night()
    for _ in range(6):
        script.refuse(f"./deploy {TOKEN}")
    script.refuse(f"deploy --token {TOKEN}")
    stall = stall_of(script)
    assert stall is not None
    assert TOKEN[:12] not in repr(stall)
    assert stall.rule == "Bash(./deploy:*)"


def test_a_command_of_parts_needs_all_its_rules() -> None:
    script = Night()
    levels(script, [f"touch x && npm test {n}" for n in range(5)])
    stall = stall_of(script)
    assert stall is not None
    assert stall.rule == "Bash(touch x), Bash(npm test:*)"


def test_a_record_of_its_own_tells_what_the_answer_does_not() -> None:
    script = Night()
    for n in range(5):
        call = script.call("Bash", f"npm test {n}")
        script.add(PermissionDenied("Bash", call, "not now", kind=DenialKind.HOOK))
        script.answer(call, "not now", error=True)
    stall = stall_of(script)
    assert stall is not None
    assert stall.denial == DenialKind.HOOK
    assert night(script).counts.denials == 5


def test_no_refusal_counts_twice() -> None:
    script = Night()
    call = script.call("Bash", "npm test")
    script.add(PermissionDenied("Bash", call, NOBODY))
    script.answer(call, NOBODY, error=True, denial=DenialKind.NOT_GRANTED)
    script.add(TurnResult("success", False, 1, 1, None, denied=(call, "unheard", "")))
    script.add(TurnResult("success", False, 1, 1, None, denied=(call, "unheard")))
    assert night(script).counts.denials == 3


def test_a_subagent_that_is_refused() -> None:
    script = Night()
    outer = script.call("Agent", "explore")
    for n in range(5):
        script.refuse(f"npm test {n}", thread=outer)
    stall = stall_of(script)
    assert stall is not None
    assert stall.kind == StallKind.REFUSED
    script.answer(outer, "could not test")
    assert stall_of(script) is None


def test_without_times_it_is_found_too() -> None:
    script = Night(start=None)
    assert levels(script, [f"npm test {n}" for n in range(3)])[-1] == "notice"


def test_a_program_that_prompts_again_ends_nothing() -> None:
    script = Night()
    for n in range(4):
        script.refuse(f"npm test {n}")
    script.add(UserMessage("synthetic", "go on", origin="continuation"))
    for n in range(2):
        script.refuse(f"npm test x{n}")
    stall = stall_of(script)
    assert stall is not None
    assert stall.count == 6


def test_called_wrong_it_needs_twice_as_much() -> None:
    script = Night()
    assert levels(script, [f"npm test {n}" for n in range(3)])[-1] == "notice"
    made = fold(script.events)
    made._state.detectors.on_not_stuck(NotStuck(script.at or 0.0, DetectorName.REFUSED_CALLS))
    seen = []
    for n in range(3):
        before = len(script.events)
        script.refuse(f"npm test x{n}")
        made.apply(script.events[before:])
        seen.append(made.snapshot((script.at or 0.0) + 1).stall is not None)
    assert seen == [False, False, True]


def test_it_is_saved_and_bounded() -> None:
    script = Night()
    for n in range(60):
        script.refuse(f"tool{n} do" + " x" * 50)
        script.work(1)
    made = fold(script.events)
    kept = made._state.detectors.conversations[""].refused_calls
    assert len(kept.refusals) <= 21
    assert len(kept.totals) <= 21
    again = msgspec.json.decode(msgspec.json.encode(kept), type=type(kept))
    assert again == kept


def test_the_same_refused_call_is_no_loop() -> None:
    script = Night()
    levels(script, ["npm test"] * 9)
    shown: NightSnapshot = night(script)
    assert shown.stall is not None
    assert shown.stall.kind == StallKind.REFUSED
    assert {one.kind for one in shown.circling} == {StallKind.REFUSED}


def test_nothing_is_known_at_first() -> None:
    assert NightFold().snapshot(1.0).counts.denials == 0


# --- from the first refusal on ---


def test_the_first_refusal_is_said_at_once_quietly_and_for_a_while() -> None:
    script = Night()
    script.refuse("npm run deploy -- --fast")
    shown = night(script)
    (trouble,) = shown.troubles
    assert (trouble.kind, trouble.is_bad, trouble.badge) == (
        TroubleKind.REFUSED,
        False,
        "refused ×1",
    )
    assert trouble.reason == "npm run deploy -- --fast: allowed by Bash(npm run deploy:*)"
    assert shown.activity.state != SessionState.REFUSED
    assert TroubleKind.REFUSED not in [one.kind for one in night(script, 602).troubles]


def test_a_refusal_by_a_rule_says_who_refuses() -> None:
    script = Night()
    script.refuse("git push", kind=DenialKind.RULE, text="Permission … has been denied.")
    (trouble,) = night(script).troubles
    assert trouble.reason == "git push: a rule of the settings forbids it"


def test_a_person_who_refuses_is_no_trouble() -> None:
    script = Night()
    script.refuse("git push", kind=DenialKind.PERSON)
    shown = night(script)
    assert not shown.troubles
    assert shown.refusals.count == 0


def test_from_the_third_on_the_finding_takes_its_place() -> None:
    script = Night()
    for _ in range(3):
        script.refuse("npm test")
    found = [one for one in night(script).troubles if one.kind == TroubleKind.REFUSED]
    assert len(found) == 1
    assert found[0].stall is not None


def test_refusals_are_counted_by_kind_with_their_rules() -> None:
    script = Night()
    for number in range(3):
        script.refuse(f"npm test -- {number}")
    script.refuse("git commit -m x")
    script.refuse("curl x", kind=DenialKind.RULE)
    found = night(script).refusals
    assert [(call.shown, call.count, call.rule) for call in found.calls] == [
        ("npm test -- 2", 3, "Bash(npm test:*)"),
        ("git commit -m x", 1, "Bash(git commit:*)"),
        ("curl x", 1, ""),
    ]
    assert (found.count, found.tests_refused, found.commits_refused) == (5, 3, 1)
    assert found.kept_from == ("tests", "commits")
    assert found.newest is not None
    assert found.newest.shown == "curl x"


def test_tests_that_ran_once_were_not_kept_from_it() -> None:
    script = Night()
    script.refuse("npx jest")
    script.step("Bash", "pytest -q", "3 passed in 0.1s")
    assert night(script).refusals.kept_from == ()
    assert night(script).tests.last == "green"


def test_a_refused_test_run_is_not_red() -> None:
    script = Night()
    script.refuse("pytest -q")
    assert night(script).tests.last == "none"
    assert not night(script).tests.runs


def test_thousands_of_kinds_are_bounded() -> None:
    script = Night()
    for number in range(200):
        script.refuse(f"tool{number} run")
    found = night(script).refusals
    assert found.count == 200
    assert sum(call.count for call in found.calls) == 200
    assert len(found.calls) <= 65


def test_no_credential_is_shown_of_a_refused_call() -> None:
    script = Night()
    script.refuse(f"curl -H 'Authorization: {TOKEN}' x")
    shown = night(script)
    assert TOKEN not in msgspec.json.encode(shown.refusals).decode()
    assert all(TOKEN not in one.reason for one in shown.troubles)


@pytest.mark.parametrize("kind", list(DenialKind))
def test_tests_that_were_refused_were_not_run(kind: DenialKind) -> None:
    script = Script()
    call = script.call("Bash", "npm test")
    script.answer(call, "It was not let run", error=True, denial=kind)
    assert night(script).tests.runs == ()


def test_refusals_without_a_known_call_are_counted_in_whole_words() -> None:
    point = refusal_point((), Refusals(), 3, None)
    assert point == ("low", "3 calls were refused permission", None)
