"""What a proof changes in a review."""

from __future__ import annotations

import pytest

from tui.model.evidence.claims import Claim, ClaimKind
from tui.model.evidence.log import TestSummary
from tui.model.proof_words import proof_line, run_line
from tui.model.review import Proof, ProofRun
from tui.night.review.proof import (
    is_to_blame,
    new_failures,
    proof_doubts,
    proof_merits,
    proof_points,
    proven_claims,
    proven_colour,
    proven_tests,
)

GREEN = ProofRun("pytest", 0, "t", 1.0, verdict="green")
RED = ProofRun("pytest", 1, "t", 1.0, verdict="red", failed=("a", "b"))
NONE = ProofRun("pytest", 0, "t", 1.0, end="no tests")
LINT = ProofRun("ruff check .", 1, "t", 1.0, kind="lint", verdict="red")
BEFORE_RED = ProofRun("pytest", 1, "t", 1.0, on="base", verdict="red", failed=("a", "b"))
BEFORE_GREEN = ProofRun("pytest", 0, "t", 1.0, on="base", verdict="green")
EDITED = TestSummary("green", edits_since_last_green=3, edits_since_last_run=3)


def claim(
    verdict: str, kind: ClaimKind = ClaimKind.TESTS_PASS, text: str = "All tests pass"
) -> Claim:
    return Claim(text, verdict, "why", "final message", kind=kind)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("runs", "colour"),
    [
        ((GREEN,), "green"),
        ((RED,), "red"),
        ((RED, BEFORE_GREEN), "red"),
        ((RED, BEFORE_RED), "none"),
        ((NONE,), "none"),
        ((GREEN, NONE), "none"),
        ((LINT,), "none"),
        ((), "none"),
    ],
)
def test_the_colour_that_is_proven(runs: tuple[ProofRun, ...], colour: str) -> None:
    assert proven_colour(Proof(1.0, runs)) == colour
    assert proven_colour(Proof(1.0, runs, is_current=False)) == "none"


def test_the_night_answers_only_for_what_did_not_fail_before() -> None:
    old = ProofRun("pytest", 1, "t", 1.0, on="base", verdict="red", failed=("a",))
    nameless = ProofRun("pytest", 1, "t", 1.0, on="base", verdict="red")
    absent = ProofRun("pytest", 4, "t", 1.0, on="base", end="not started")
    stopped = ProofRun("pytest", None, "t", 1.0, on="base", end="stopped")
    assert new_failures(RED, old) == ("b",)
    assert [is_to_blame(RED, one) for one in (None, BEFORE_GREEN, old, stopped)] == [True] * 4
    assert [is_to_blame(RED, one) for one in (BEFORE_RED, nameless, absent)] == [False] * 3
    assert not is_to_blame(GREEN, None)


def test_a_green_proof_covers_the_edits_after_the_last_run() -> None:
    tests = proven_tests(EDITED, Proof(1.0, (GREEN,), tree="t"))
    assert (tests.last, tests.edits_since_last_green, tests.edits_since_last_run) == ("green", 0, 0)
    assert tests.last_green is not None
    assert tests.runs == ()
    assert proven_tests(EDITED, Proof(1.0, (RED,))).last == "red"
    for proof in (None, Proof(1.0, (NONE,)), Proof(1.0, (GREEN,), outside=("x.py",))):
        assert proven_tests(EDITED, proof) == EDITED


@pytest.mark.parametrize(
    ("verdict", "proof", "after"),
    [
        ("partial", Proof(1.0, (GREEN,), "green"), "verified"),
        ("unverified", Proof(1.0, (GREEN,)), "verified"),
        ("unverified", Proof(1.0, (GREEN,), "red"), "unverified"),
        ("partial", Proof(1.0, (GREEN,), outside=("x.py",)), "partial"),
        ("contradicted", Proof(1.0, (GREEN,)), "contradicted"),
        ("verified", Proof(1.0, (RED,)), "contradicted"),
        ("verified", Proof(1.0, (RED, BEFORE_RED)), "verified"),
        ("verified", Proof(1.0, (RED,), is_current=False), "verified"),
        ("verified", Proof(1.0, (NONE,)), "verified"),
    ],
)
def test_a_claim_that_tests_pass_rests_on_the_proof(verdict: str, proof: Proof, after: str) -> None:
    (found,) = proven_claims([claim(verdict)], proof)
    assert found.verdict == after


def test_a_claim_that_a_check_is_clean_rests_on_its_command() -> None:
    said = [
        claim("verified", ClaimKind.CHECK_CLEAN, "ruff check is clean"),
        claim("verified", ClaimKind.CHECK_CLEAN, "mypy has nothing to say"),
        claim("verified", ClaimKind.COMMITTED, "committed, lint is clean"),
    ]
    found = proven_claims(said, Proof(1.0, (GREEN, LINT)))
    assert [one.verdict for one in found] == ["contradicted", "verified", "verified"]


def test_red_tests_of_before_weigh_most() -> None:
    base = ProofRun("pytest", 1, "t", 1.0, on="base tests", verdict="red", failed=("a",))
    proof = Proof(1.0, (GREEN, base, BEFORE_GREEN), "red")
    (point,) = proof_points(proof)
    assert point.severity == "high"
    assert ": 1 test (a); right only if" in point.what
    assert proof_doubts(proof) == [f"{point.what}."]
    assert proof_merits(proof) == []


def test_green_on_both_is_the_best_evidence_and_none_is_no_merit() -> None:
    assert "those of before" in proof_merits(Proof(1.0, (GREEN,), "green"))[0]
    assert "those of before" not in proof_merits(Proof(1.0, (GREEN,)))[0]
    for proof in (None, Proof(1.0, (NONE,)), Proof(1.0, (GREEN,), is_current=False)):
        assert proof_merits(proof) == []
    assert proof_points(Proof(1.0, (RED,), "red", is_current=False)) == ()


def test_it_is_told_in_a_line() -> None:
    assert proof_line(Proof(1.0, (GREEN, LINT), "green")).startswith("1 of 2 commands green")
    assert "of another tree" in proof_line(Proof(1.0, (GREEN,), is_current=False))
    assert [run_line(one) for one in (GREEN, RED, NONE)] == [
        "green",
        "red, 2 tests failed",
        "proves nothing: no test ran",
    ]
