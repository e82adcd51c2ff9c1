"""Claims that all tasks are done: against the progress file and the night's own ticks."""

from __future__ import annotations

import re

from tui.model.events import SourceRef
from tui.model.records import ProgressFile, ProgressTask
from tui.night.review.claims.checks.git import check_committed, check_pushed
from tui.night.review.claims.facts import ClaimVerdict, Fact, Weight, decide
from tui.night.review.claims.night_facts import Case, NightFacts
from tui.system.format import format_count
from tui.system.lazy_pattern import lazy

_PUSH = lazy(r"\bpush(?:ed|ing)?\b", re.IGNORECASE)
_COMMIT = lazy(r"\bcommit(?:s|ted|ting)?\b", re.IGNORECASE)
_SECTION = lazy(r"\b(?:phase|milestone|section|part|sprint|step)\s+[\w.]+|\bP\d\b", re.IGNORECASE)
_CHOSEN = lazy(
    r"\b(?:requested|assigned|planned|these|those|my|above|listed|given|core|main|required|critical|session"
    r"|tonight|today|selected|implementation|code|backend|frontend|sub)\b",
    re.IGNORECASE,
)


def check_all_done(night: NightFacts, case: Case, weak: int) -> ClaimVerdict:
    """All tasks are done; `weak` of the night's ticks are not verified."""
    progress = night.progress
    if progress is None or not progress.counts_tasks or not progress.total:
        why = "no progress file lists the tasks"
        return decide([Fact("every task is ticked", None, Weight.PART, why)])
    where = SourceRef(progress.source, 0)
    text = case.statement.text
    tasks = _section(progress, text)
    still_open = progress.open if tasks is None else sum(task.state != "done" for task in tasks)
    total = progress.total if tasks is None else len(tasks)
    fact = "every task is ticked in the progress file"
    if still_open:
        still = format_count(still_open, "task is", "tasks are")
        is_all = tasks is not None or _CHOSEN.search(text) is None
        weight = Weight.DECISIVE if is_all else Weight.BASIS
        return decide([Fact(fact, False, weight, f"{still} open in the progress file", where)])
    ticked = f"all {format_count(total, 'task')} are ticked in the progress file"
    facts = [Fact(fact, True, Weight.BASIS, ref=where)]
    count = case.statement.count
    if count is not None and count > total:
        why = f"the progress file has {format_count(total, 'task')}"
        facts.append(Fact(f"there are {count:,.0f} tasks", False, Weight.PART, why))
    if weak:
        why = f"{ticked}, {weak} of this night's ticks not verified"
        facts.append(Fact("every tick of this night is verified", False, Weight.PART, why))
    return decide(facts, ticked)


def _section(progress: ProgressFile, text: str) -> tuple[ProgressTask, ...] | None:
    """The tasks of the section that a text names; None if it names none that is there."""
    for named in _SECTION.findall(text):
        small = " ".join(named.lower().split())
        tasks = tuple(
            task
            for task in progress.tasks
            if re.search(rf"\b{re.escape(small)}\b", f"{task.section} {task.priority}".lower())
        )
        if tasks:
            return tasks
    return None


def check_not_done(night: NightFacts, case: Case) -> ClaimVerdict:
    """Something is said not to be done: nothing to doubt, shown with what is known of it."""
    statement = case.statement
    runs = [r for r in night.index.runs_before(case.place) if r.run.verdict != "unknown"]
    if statement.unit == "tests" and runs:
        run = runs[-1].run
        why = f"the last run of tests was {run.verdict}"
        return decide([Fact(why, True, Weight.BASIS, ref=run.ref)], why)
    for word, check in ((_PUSH, check_pushed), (_COMMIT, check_committed)):
        if word.search(statement.text):
            opposite = check(night, case)
            if opposite.trust == "contradicted":
                return decide([Fact(opposite.why, True, Weight.BASIS)], opposite.why)
            break
    why = "said not to be done"
    return decide([Fact("it is not done", None, Weight.BASIS, why)])
