"""What was run again to prove a night, in words."""

from __future__ import annotations

from typing import Final

from tui.model.review import Proof, ProofEnd, ProofPlace, ProofRun
from tui.system.format import format_count

PROOF_ENDS: Final[dict[ProofEnd, str]] = {
    "ended": "ended",
    "no tests": "no test ran",
    "not started": "it could not be started",
    "timed out": "it did not end in time",
    "stopped": "it was ended by a person",
    "elsewhere": "it ran other files than those of the copy",
}
PROOF_PLACES: Final[dict[ProofPlace, str]] = {
    "end": "at the end",
    "base tests": "tests of before",
    "base": "before the night",
}


def proof_line(proof: Proof) -> str:
    """What was proven, in one line."""
    if not proof.is_current:
        return "of another tree: the files have changed since, so it proves nothing now"
    greens = [run for run in proof.runs if run.on == "end" and run.verdict == "green"]
    ran = [run for run in proof.runs if run.on == "end"]
    end = f"{len(greens)} of {format_count(len(ran), 'command')} green at the night's end"
    base = {
        "green": "the tests of before the night are green on its new code",
        "red": "the tests of before the night are red on its new code",
        "none": "the tests of before the night prove nothing",
    }
    return f"{end}; {base[proof.base_tests]}"


def run_line(run: ProofRun) -> str:
    """How a command of the proof went, in a few words."""
    if run.verdict == "unknown":
        return f"proves nothing: {PROOF_ENDS[run.end]}"
    failed = f", {format_count(len(run.failed), 'test')} failed" if run.failed else ""
    return f"{run.verdict}{failed}"
