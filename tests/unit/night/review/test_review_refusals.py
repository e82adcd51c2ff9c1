"""What a review says of calls that were refused permission."""

from __future__ import annotations

import pytest

from tests.unit.night.night_script import night
from tests.unit.night.test_refused_calls import Night
from tui.model.failures import DenialKind
from tui.model.permissions.refusals import Refusals
from tui.model.review import Severity
from tui.night.review.refused_calls import refusal_point, refusal_row, refused_reasons


def refusals(*commands: str, kind: DenialKind = DenialKind.NOT_GRANTED) -> Refusals:
    script = Night()
    for command in commands:
        script.refuse(command, kind=kind)
    return night(script).refusals


@pytest.mark.parametrize(
    ("commands", "severity", "words"),
    [
        (["kill 1"], "low", "1 call was refused permission: kill"),
        (["npm test"], "medium", "npm test (allowed by Bash(npm test:*))"),
        (["git add -A && git commit -m x"], "medium", "Bash(git commit:*)"),
        (["a b", "a b", "c d"], "low", "a b ×2 (allowed by Bash(a b:*)); c d (allowed by"),
        (["a b", "c d", "e f", "g h"], "low", "1 more"),
        (["x y"] * 10, "medium", "10 calls were refused"),
    ],
)
def test_the_point_of_attention(commands: list[str], severity: Severity, words: str) -> None:
    found = refusals(*commands)
    point = refusal_point((), found, found.count, None)
    assert point is not None
    assert point[0] == severity
    assert words in point[1]
    assert point[2] == found.calls[0].first_ref


def test_nothing_refused_is_no_point_and_no_reason() -> None:
    assert refusal_point((), Refusals(), 0, None) is None
    assert refused_reasons((), Refusals()) == []


def test_refusals_that_only_the_result_counts_are_said_too() -> None:
    point = refusal_point((), Refusals(), 4, None)
    assert point == ("low", "4 calls were refused permission", None)


def test_tests_and_commits_that_were_never_let_run_are_a_reason_to_look() -> None:
    (reason,) = refused_reasons((), refusals("npm test", "npm test", "git commit -m x"))
    assert reason.text == "Tests and commits were refused permission 3 times, and none was let run."
    assert refused_reasons((), refusals("kill 1")) == []


def test_a_row_of_the_json() -> None:
    (call,) = refusals("git push", kind=DenialKind.RULE).calls
    assert refusal_row(call) == {"call": "git push", "count": 1, "why": "rule", "rule": None}
