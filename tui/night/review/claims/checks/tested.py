"""Whether green tests executed what changed, after its last edit."""

from __future__ import annotations

import re
from collections.abc import Iterable

from tui.model.evidence.log import TestRun, TestRunRecord
from tui.night.evidence.shell_effects import is_prose
from tui.night.review.claims.facts import Fact, Weight
from tui.night.review.claims.night_facts import (
    NightFacts,
    clock,
    failed_text,
    files_text,
    is_among,
    run_details,
)
from tui.system.format import shorten


def green_after(
    night: NightFacts,
    paths: tuple[str, ...],
    symbols: tuple[str, ...] = (),
    *,
    any_run: bool = False,
) -> list[Fact]:
    """Facts on the edits of the paths and the runs after them; documents need no tests.

    The last one's `why` tells what holds where all of them do. With `any_run` one green run after the
    work is enough, whatever came later.
    """
    code = tuple(path for path in paths if not is_prose(path))
    if not code:
        edits = night.edits_of(*paths)
        why = f"{files_text(paths)} changed in this night"
        return [Fact(why, True, Weight.BASIS, why, edits[-1].ref if edits else None)]
    if set(code) <= night.work.hollow:
        why = f"only comments or bodies that do nothing changed in {files_text(code)}"
        return [Fact("code changed, not comments alone", False, Weight.BASIS, why)]
    edits = night.edits_of(*code)
    last = edits[-1] if edits else None
    fact = f"tests green after the last edit of {files_text(code)}"
    if last is None:
        seen = f"{files_text(code)} changed, but not by an edit that was seen"
        why = f"{seen}, so that no run of tests can be said to come after it"
        return [
            Fact(f"{files_text(code)} changed", True, Weight.BASIS),
            Fact(fact, None, Weight.PART, why),
        ]
    changed = f"{files_text(code)} changed{clock(last.at)}"
    runs = [r for r in night.index.runs_after(last.number) if r.run.verdict != "unknown"]
    words = _names_of(code) | {last_part(name).lower() for name in symbols}
    tested = _run_fact(night, runs, changed, fact, (code, words), any_run)
    return [Fact(changed, True, Weight.BASIS, ref=last.ref), tested]


def _run_fact(
    night: NightFacts,
    runs: list[TestRunRecord],
    changed: str,
    fact: str,
    subject: tuple[tuple[str, ...], set[str]],
    any_run: bool,
) -> Fact:
    if not runs:
        return Fact(fact, False, Weight.PART, f"{changed}, no run of tests came after it")
    green = [record.run for record in runs if record.run.verdict == "green"]
    last = runs[-1].run
    if not green or (last.verdict != "green" and not any_run):
        why = f"{changed}, the last run after it was red{failed_text(last)}"
        return Fact(fact, False, Weight.PART, why, last.ref)
    run = next((run for run in green if _executes(night, run, *subject)), None)
    if run is None:
        only = shorten(green[0].part, 60)
        why = f"{changed}, but only {only} ran after it, which does not name it"
        return Fact(fact, False, Weight.PART, why, green[0].ref)
    return Fact(
        fact, True, Weight.PART, f"{changed}, tests green after it{run_details(run)}", run.ref
    )


def _executes(night: NightFacts, run: TestRun, code: tuple[str, ...], words: set[str]) -> bool:
    """Whether a run was of all tests, or its tests name what changed; where none can be read, it may."""
    if not run.part or not night.end.is_known:
        return True
    part = run.part.partition("::")[0]
    if any(word in run.part.lower() for word in words) or is_among(part, code):
        return True
    state = night.end.path(part)
    if not state.exists or state.is_folder or "." not in part:
        return True
    text = night.end.text(state.path)
    return text is None or any(word in text.lower() for word in words)


def last_part(name: str) -> str:
    """The last part of a dotted name."""
    return re.split(r"\.|::|#", name)[-1]


def _names_of(paths: Iterable[str]) -> set[str]:
    """Names of modules, by which tests name what they run."""
    stems = {path.rsplit("/", 1)[-1].partition(".")[0].lower() for path in paths}
    folders = {
        path.rsplit("/", 2)[-2].lower() for path in paths if "__init__" in path or "/mod." in path
    }
    return {name for name in stems | folders if len(name) > 1} - {"__init__", "index", "mod"}
