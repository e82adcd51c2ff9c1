"""What a proof changes in a review: the colour of the tests, claims, reasons, what to look at first. Pure.

A proof of another tree than the night's end changes nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, NamedTuple

from msgspec.structs import replace

from tui.model.events import SourceRef
from tui.model.evidence.claims import CheckedFact, Claim, ClaimKind
from tui.model.evidence.log import TestRun, TestSummary
from tui.model.proof_words import PROOF_ENDS
from tui.model.review import Proof, ProofRun, Severity, TestState
from tui.system.format import format_count, shorten

PLACE: Final = "proof"
_SHOWN: Final = 3
_NAME: Final = 60
_CHECKS: Final = {"lint": "the linter", "types": "the type checker", "build": "the build"}
_TESTS: Final = frozenset({ClaimKind.TESTS_PASS})


class ProofPoint(NamedTuple):
    """A point of attention that a proof gives: its severity, its rank within that, its words."""

    severity: Severity
    rank: float
    what: str


def is_to_blame(run: ProofRun, control: ProofRun | None) -> bool:
    """Whether a red run is the night's doing: a test fails that did not fail at its beginning.

    `control` is the same command on the beginning; where it was red too and names cannot be compared, the
    night is not blamed.
    """
    if run.verdict != "red":
        return False
    if control is None or control.verdict == "green" or control.end == "stopped":
        return True
    if control.verdict == "unknown":
        return False
    return bool(new_failures(run, control)) if run.failed and control.failed else False


def new_failures(run: ProofRun, control: ProofRun | None) -> tuple[str, ...]:
    """The tests that fail in a run and not in the one at the beginning."""
    known = frozenset(control.failed) if control is not None else frozenset()
    return tuple(name for name in run.failed if name not in known)


def proven_colour(proof: Proof | None) -> TestState:
    """What the proof says of the tests at the night's end; "none" where it proves nothing."""
    runs = _tests_of_end(proof)
    control = _on(proof, "base")
    if any(is_to_blame(one, control) for one in runs):
        return "red"
    return "green" if runs and all(one.verdict == "green" for one in runs) else "none"


def proven_tests(tests: TestSummary, proof: Proof | None) -> TestSummary:
    """The summary with the colour that was proven for the files as they are; the runs stay the night's."""
    colour = proven_colour(proof)
    if proof is None or colour == "none":
        return tests
    if colour == "red":
        return replace(tests, last="red", edits_since_last_run=0)
    if proof.outside:
        return tests
    suite = _tests_of_end(proof)[0]
    green = TestRun(proof.at, suite.command, "proof", None, 0, "green", SourceRef(PLACE, 0))
    return replace(
        tests,
        last="green",
        edits_since_last_run=0,
        edits_since_last_green=0,
        changing=0,
        last_green=green,
    )


def proven_claims(claims: Sequence[Claim], proof: Proof | None) -> tuple[Claim, ...]:
    """The claims, those that tests pass or a check is clean judged by the proof."""
    if proof is None or not proof.is_current:
        return tuple(claims)
    return tuple(_proven(claim, proof) for claim in claims)


def _proven(claim: Claim, proof: Proof) -> Claim:
    if claim.kind in _TESTS:
        colour = proven_colour(proof)
        if colour == "none":
            fact = CheckedFact("the tests pass when they are run again", None)
            return replace(claim, checked=(*claim.checked, fact))
        fact = CheckedFact("the tests pass when they are run again", colour == "green")
        if colour == "red":
            why = "the tests are red when they are run again on the night's last files"
            return replace(claim, verdict="contradicted", why=why, checked=(*claim.checked, fact))
        # A number, or a wider scope than was run, is still the judge's to tell.
        is_open = claim.verdict in ("partial", "unverified")
        if is_open and proof.base_tests != "red" and not proof.outside:
            why = "the tests are green when they are run again on the night's last files"
            return replace(claim, verdict="verified", why=why, checked=(*claim.checked, fact))
        return replace(claim, checked=(*claim.checked, fact))
    if claim.kind is ClaimKind.CHECK_CLEAN:
        return _proven_check(claim, proof)
    return claim


def _proven_check(claim: Claim, proof: Proof) -> Claim:
    """A claim that a check is clean, where a proof's command is the one that it names."""
    words = claim.text.lower()
    for run in proof.runs:
        names = {run.kind, *(word for word in run.command.lower().split() if word.isalpha())}
        is_named = run.kind != "tests" and any(name in words for name in names)
        if run.on == "end" and is_named and run.verdict != "unknown":
            is_green = run.verdict == "green"
            fact = CheckedFact(
                f"{shorten(run.command, _NAME)} ends well when it is run again", is_green
            )
            why = f"{shorten(run.command, _NAME)} was run again and is {run.verdict}"
            verdict = "verified" if is_green else "contradicted"
            return replace(claim, verdict=verdict, why=why, checked=(*claim.checked, fact))
    return claim


def proof_doubts(proof: Proof | None) -> list[str]:
    """Why a night is not to be kept by its proof, the weightiest first."""
    return [f"{point.what}." for point in proof_points(proof) if point.severity != "low"]


def proof_merits(proof: Proof | None) -> list[str]:
    """What speaks for a night by its proof."""
    if proof is None or proven_colour(proof) != "green" or proof_points(proof):
        return []
    if proof.base_tests == "green":
        return [
            "Run again in a clean copy the tests are green, and so are those of before on the new code."
        ]
    return ["Run again in a clean copy the tests are green."]


def proof_points(proof: Proof | None) -> tuple[ProofPoint, ...]:
    """What to look at first by the proof; none where it is green, or of another tree."""
    if proof is None or not proof.is_current:
        return ()
    return tuple(_points(proof))


def _points(proof: Proof) -> list[ProofPoint]:
    control, base = _on(proof, "base"), _base_run(proof)
    points: list[ProofPoint] = []
    suite = next(iter(_tests_of_end(proof)), None)
    if proof.base_tests == "red":
        failed = new_failures(base, control) if base is not None else ()
        what = (
            f"The tests as they were before the night are red on its new code{_named(failed)}; right only if "
            "that change was wanted"
        )
        points.append(ProofPoint("high", 95, what))
    for run in _tests_of_end(proof):
        if is_to_blame(run, control):
            what = (
                f"Run again in a clean copy the tests are red{_named(new_failures(run, control))}"
            )
            points.append(ProofPoint("high", 93, what))
        elif run.verdict == "red":
            what = (
                "Run again in a clean copy tests are red; they are so before the night too, so this "
                f"proves nothing against it{_named(run.failed)}"
            )
            points.append(ProofPoint("medium", 60, what))
        elif run.verdict == "unknown":
            what = f"The tests could not be proven: {PROOF_ENDS[run.end]} ({shorten(run.command, _NAME)})"
            points.append(ProofPoint("medium", 82, what))
    if suite is None and proof.base_tests == "none":
        points.append(ProofPoint("medium", 50, "No command was found that proves the tests"))
    if proof.outside:
        what = (
            f"{format_count(len(proof.outside), 'changed file')} of the night lies outside what was proven: "
            f"{shorten(proof.outside[0], _NAME)}"
        )
        points.append(ProofPoint("medium", 78, what))
    for run in proof.runs:
        if run.kind != "tests" and run.on == "end" and run.verdict == "red":
            what = f"Run again, {_CHECKS[run.kind]} is red ({shorten(run.command, _NAME)})"
            points.append(ProofPoint("medium", 70, what))
    return points


def _named(names: Sequence[str]) -> str:
    if not names:
        return ""
    more = f" and {len(names) - _SHOWN} more" if len(names) > _SHOWN else ""
    shown = ", ".join(shorten(name, _NAME) for name in names[:_SHOWN])
    return f": {format_count(len(names), 'test')} ({shown}{more})"


def _tests_of_end(proof: Proof | None) -> list[ProofRun]:
    if proof is None or not proof.is_current:
        return []
    return [one for one in proof.runs if one.kind == "tests" and one.on == "end"]


def _base_run(proof: Proof) -> ProofRun | None:
    """The run of the beginning's tests; where no test file was changed, that of the end is it."""
    return _on(proof, "base tests") or next(iter(_tests_of_end(proof)), None)


def _on(proof: Proof | None, place: str) -> ProofRun | None:
    if proof is None:
        return None
    return next((one for one in proof.runs if one.kind == "tests" and one.on == place), None)
