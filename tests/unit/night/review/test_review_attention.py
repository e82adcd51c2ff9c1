"""What to look at first: few points, what would be regretted most on top, nothing red without a reason."""

from __future__ import annotations

from typing import Any

import pytest
from msgspec.structs import replace

from tests.unit.night.night_script import Script, fold
from tests.unit.night.review.test_review_verdict import BARE, FALSE, GOOD, HALF, HERE, RISK
from tui.model.events import SourceRef
from tui.model.evidence.claims import ClaimKind, UnreadText
from tui.model.evidence.log import EvidenceLog
from tui.model.records import AsideCommit, RepositoryChanges
from tui.model.review import AttentionItem, Cause, Proof, ProofRun
from tui.model.snapshot import NightSnapshot
from tui.night.evidence.wasted_work import WastedWork
from tui.night.review.attention import rank_attention
from tui.night.review.verdict import ReviewInputs
from tui.night.usage.bill import SpendingCurve


def quiet() -> NightSnapshot:
    script = Script()
    script.init()
    script.prompt()
    script.say("done", final=True)
    return fold(script.events).snapshot((script.at or 0.0) + 1)


INPUTS = ReviewInputs(EvidenceLog(), WastedWork(), SpendingCurve(), HERE)


def points(
    change: dict[str, Any], unread: tuple[UnreadText, ...] = ()
) -> tuple[AttentionItem, ...]:
    return rank_attention(replace(GOOD, **change), quiet(), INPUTS, (), 0, unread)


def test_a_good_night_asks_for_nothing() -> None:
    assert points({}) == ()


def test_what_is_wrong_comes_before_what_has_no_support() -> None:
    wrong = replace(BARE, text="I pushed it", verdict="contradicted", why="origin has not moved")
    first, second = points({"claims": (BARE, wrong)})
    assert (first.severity, first.what) == ("high", "“I pushed it” is wrong: origin has not moved")
    assert second.what.startswith("“x”: nothing")


def test_a_proof_that_failed_comes_before_risks() -> None:
    run = ProofRun("pytest -q", 1, "t", 2.0, verdict="red")
    proof = Proof(1.0, (run,), base_tests="red", is_current=True)
    *proven, last = points({"proof": proof, "risks": (RISK,)})
    assert proven
    assert {point.topic for point in proven} == {"tests"}
    assert last.topic == "risks"


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"claims": (replace(HALF, checked=(FALSE,), where=HERE),)}, "holds in part"),
        ({"causes": (Cause("No space left", 31, HERE, HERE, None, True),)}, "behind 31 calls"),
        ({"unseen": 4}, "kept only the result"),
        ({"claims": (replace(BARE, kind=ClaimKind.NOT_DONE, where=HERE),)}, "“x”"),
    ],
)
def test_what_is_worth_a_look(change: dict[str, Any], words: str) -> None:
    (point,) = points(change)
    assert words in point.what
    assert point.severity != "high"
    assert point.where == HERE


@pytest.mark.parametrize(
    "change",
    [
        {"claims": (HALF,)},
        {"causes": (Cause("No space left", 4, HERE, HERE, None, True),)},
        {"causes": (Cause("refused permission: make", 40, HERE, HERE),)},
        {"risks": (replace(RISK, severity="low"),)},
    ],
)
def test_what_is_none(change: dict[str, Any]) -> None:
    assert points(change) == ()


def test_text_that_nobody_checked_is_counted() -> None:
    (point,) = points({}, (UnreadText("Japanese", 3, HERE), UnreadText("Thai", 1)))
    assert point.what == "3 statements in Japanese and 1 statement in Thai were not checked"
    (point,) = points({}, (UnreadText("Thai", 1),))
    assert point.what == "1 statement in Thai was not checked"


def test_never_more_than_seven() -> None:
    many = {
        "claims": (BARE, replace(BARE, verdict="contradicted"), replace(HALF, checked=(FALSE,))),
        "risks": tuple(
            replace(RISK, kind=kind)
            for kind in ("secret", "ci", "binary", "outward", "destructive", "generated")
        ),
        "causes": tuple(Cause(str(n), 9, HERE, HERE, None, True) for n in range(4)),
        "unseen": 3,
    }
    assert len(points(many, (UnreadText("Thai", 1),))) == 7


def test_commits_that_were_undone_and_those_of_another_branch() -> None:
    lost = AsideCommit("a" * 40, 1.0, "Add multiply")
    aside = AsideCommit("b" * 40, 2.0, "Add divide", "feature")
    changes = RepositoryChanges(lost=(lost,), elsewhere=(aside, aside))
    undone, elsewhere = rank_attention(GOOD, quiet(), INPUTS, (), 0, (), changes)
    assert undone.what == "1 commit is undone: aaaaaaa Add multiply"
    assert elsewhere.what == "2 commits are only on feature: bbbbbbb Add divide"
    assert undone.where == SourceRef(f"git:{lost.sha}", 0)
