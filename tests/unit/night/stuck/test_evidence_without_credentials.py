"""What a finding shows of the agent's texts holds no credential, whichever detector found it."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.secret_texts import PLANTED
from tests.unit.night.night_script import Script, night
from tui.control.wording import step_back_text
from tui.model.stall import DetectorName
from tui.night.stuck.step import shown_text

TOKEN = next(one.text for one in PLANTED if one.kind == "github").split()[-1]
PREFIX = TOKEN[:12]
ERROR = f"ModuleNotFoundError: No module named '{TOKEN}'"
Case = Callable[[Script], None]


def repeated(script: Script) -> None:
    for _ in range(8):
        script.step("Bash", f"curl -s --token {TOKEN} https://a.example", f"denied: {TOKEN}")


def cut_in_the_middle(script: Script) -> None:
    for _ in range(8):
        script.step("Bash", f"curl {'-s ' * 15}{TOKEN} a.example", f"{'no ' * 24}{TOKEN}")


def growing(script: Script) -> None:
    for n in range(1, 12):
        script.step("Bash", f"cat a.txt{f' | {TOKEN}' * n}", "nothing")


def same_error(script: Script) -> None:
    for n in range(12):
        script.step("Bash", f"python3 part{n}.py", f"Exit code 1\n{ERROR}", error=True)


def monologue(script: Script) -> None:
    script.step("Read", "a.py", "x", path="/w/a.py")
    for _ in range(10):
        script.say(f"I use {TOKEN} and wait for the answer of the server.")


@pytest.mark.parametrize(
    ("case", "detector"),
    [
        (repeated, DetectorName.REPEATED_CALLS),
        (cut_in_the_middle, DetectorName.REPEATED_CALLS),
        (growing, DetectorName.GROWING_COMMANDS),
        (same_error, DetectorName.SAME_ERROR),
        (monologue, DetectorName.MONOLOGUE),
    ],
)
def test_no_finding_shows_one(case: Case, detector: DetectorName) -> None:
    script = Script()
    script.init()
    script.prompt()
    case(script)
    seen = night(script)
    assert [one.detector for one in seen.circling] == [detector]
    assert PREFIX not in repr(seen.circling)
    assert PREFIX not in step_back_text("{evidence} {tried}", seen)


def test_what_runs_now_is_told_without_one() -> None:
    script = Script()
    script.init()
    script.prompt()
    script.call("Bash", f"deploy --token {TOKEN}")
    text = step_back_text("{evidence} {tried}", night(script))
    assert "deploy" in text
    assert PREFIX not in text


def test_a_text_is_one_short_line() -> None:
    assert shown_text("  one\ntwo") == "one"
    assert shown_text("x" * 100_000, 10) == "x" * 9 + "…"
    assert shown_text(f"use {TOKEN}", 20) == "use [hidden]"
