"""Status and review in plain lines."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING

from tui.model.events import SourceRef
from tui.model.evidence.log import TestSummary
from tui.model.labels import (
    COSTS,
    ENDINGS,
    RISKS,
    TIME,
    VERDICTS,
    WASTES,
    describe_earlier,
    describe_message,
    describe_waste,
    remedy_of,
    state_word,
    trouble_title,
)
from tui.model.records import SourceStatus, StreamFormat
from tui.model.snapshot import Cost, LimitReached, NightSnapshot, RunInfo
from tui.model.state import LimitKind
from tui.system.format import (
    format_count,
    format_duration,
    format_local,
    format_money_long,
    format_money_plain,
    shorten,
)
from tui.system.sanitize import clean_line

if TYPE_CHECKING:
    from tui.model.review import Proof, Review, TaskChanges
    from tui.model.stall import Stall

_ROWS = 12
_WIDE = 200
_NEVER_GREEN = "never green in this night"


def status_lines(night: NightSnapshot, feeds: Sequence[SourceStatus]) -> list[str]:
    """A few lines, the most important first; the last ones name the sources and why they were chosen."""
    run, activity = night.run, night.activity
    lines = [f"{state_word(activity.state)}: {activity.reason}"]
    if run.goal:
        lines.append(f"goal      {shorten(run.goal, 100)}")
    lines += _trouble(night)
    if run.started_at is not None:
        end = run.ended_at if run.ended_at is not None and night.is_over else night.now
        took = format_duration(end - run.started_at)
        lines.append(f"session   {run.session_id or '?'} with {run.model or '?'}, {took}")
    lines.append(f"progress  {_progress(night)}")
    lines += _tests_and_cost(night)
    if night.context.used:
        used, window = night.context.used, night.context.window
        lines.append(f"context   {night.context.percent:.0f}% ({used:,} of {window:,} tokens)")
    lines.append(f"events    {_events(night)}")
    if not night.is_over and activity.last_sign_at is not None:
        lines.append(f"idle      {format_duration(activity.idle_seconds)}")
    if night.interventions.checkpoints:
        checkpoints = night.interventions.checkpoints
        count = format_count(len(checkpoints), "checkpoint")
        lines.append(f"safety    {count}, last {format_local(checkpoints[-1].at)}")
    return lines + [_source(feed) for feed in feeds if feed.path]


def _source(feed: SourceStatus) -> str:
    is_plain = feed.state == "following" and feed.format is StreamFormat.CLAUDE
    why = feed.chosen if is_plain else feed.why
    source = f"{feed.name}: {feed.path} [{feed.state}]{f' – {why}' if why else ''}"
    return clean_line(f"source    {source}", 2_000)


def _trouble(night: NightSnapshot) -> Iterator[str]:
    """A stall with what to do, and a limit that was reached."""
    if night.stall is not None:
        stall = night.stall
        level = f" ({stall.level})" if stall.level else ""
        yield f"stall     {stall.kind}{level}: {'; '.join(stall.evidence[:2])}"
        yield f"remedy    {remedy_of(stall)}"
        if stall.waste is not None:
            yield f"spent     {describe_waste(stall.waste)}"
    for message in night.interventions.injections[-1:]:
        yield f"help      {describe_message(message)}"
    if night.run.limit is not None:
        yield f"limit     {_limit(night.run.limit)}"


def _tests_and_cost(night: NightSnapshot) -> Iterator[str]:
    if night.tests.total:
        yield f"tests     {_last_tests(night.tests)}"
    yield f"cost      {_cost(night.cost)}"
    for note in night.cost.notes:
        yield clean_line(f"          {note}", 2_000)
    if night.run.owned and (bounds := _bounds(night.run)):
        yield f"limits    {bounds}"


def _limit(limit: LimitReached) -> str:
    figures = ""
    if limit.value is not None and limit.allowed is not None:
        figures = f": {_figure(limit.kind, limit.value)} of {_figure(limit.kind, limit.allowed)}"
    since = f", since {format_local(limit.since)}" if limit.since is not None else ""
    return f"{limit.kind}{figures}{since}"


def _figure(kind: str, value: float) -> str:
    if kind in (LimitKind.COST, LimitKind.COST_PER_DAY, LimitKind.COST_PER_WEEK):
        return format_money_plain(value)
    unit = {LimitKind.RUNTIME: " h", LimitKind.IDLE: " min"}
    return f"{value:g}{unit[LimitKind(kind)] if kind in unit else ''}"


def _bounds(run: RunInfo) -> str:
    """The limits in force, and whether anybody keeps them."""
    limits = run.limits
    parts = [
        f"{value:g} {unit}"
        for value, unit in (
            (limits.max_hours, "h"),
            (limits.max_idle_minutes, "min idle"),
            (limits.max_cost_usd, "USD"),
        )
        if value is not None
    ]
    return ", ".join(parts)


def _last_tests(tests: TestSummary) -> str:
    edits = format_count(tests.edits_since_last_run, "edit")
    return f"{tests.last}; {edits} of code since the last run"


def _progress(night: NightSnapshot) -> str:
    progress = night.progress
    if progress is None or progress.basis == "unknown":
        why = progress.rests_on if progress is not None else "no progress file"
        return f"unknown: {why or 'nothing in the progress file can be counted'}"
    now = f", now: {'; '.join(progress.in_progress[:2])}" if progress.in_progress else ""
    blocked = f", {format_count(len(progress.blockers), 'blocker')}" if progress.blockers else ""
    rests_on = f" ({progress.rests_on})" if progress.rests_on else ""
    return f"{progress.done} of {progress.total} done{now}{blocked}{rests_on}"


def _cost(cost: Cost) -> str:
    """The figure with what it rests on."""
    if cost.usd is None:
        return cost.reason or "unknown"
    reason = f" ({cost.reason})" if cost.reason else f" ({cost.source})"
    return f"{COSTS[cost.source]}{format_money_plain(cost.usd)}{reason}"


def _events(night: NightSnapshot) -> str:
    counts = night.counts
    calls = sum(number for _, number in counts.tool_calls)
    parts = [
        format_count(counts.total, "record"),
        format_count(counts.turns, "turn"),
        format_count(calls, "tool call"),
        format_count(counts.tool_errors, "tool error"),
    ]
    seldom = (
        (counts.api_retries, "retry", "retries"),
        (counts.compactions, "compaction", ""),
        (counts.malformed, "malformed line", ""),
        (counts.unknown, "unknown record", ""),
    )
    parts += [format_count(*words) for words in seldom if words[0]]
    return ", ".join(parts)


def review_lines(review: Review) -> list[str]:
    """Lines that answer what happened, what to trust, what broke, and where time and money went."""
    lines = [f"{VERDICTS[review.verdict]}: {' '.join(reason.text for reason in review.reasons)}"]
    if review.night.run.goal:
        lines.append(f"goal      {shorten(review.night.run.goal, 120)}")
    if review.continues is not None:
        lines.append(f"continues {describe_earlier(review.continues)}")
    lines.append(f"ended     {_ending(review)}{_at(review.ending.ref)}")
    lines += _facts(review)
    lines = [clean_line(line, 2_000) for line in lines]
    for title, rows in _parts(review).items():
        lines += _part(title, list(rows))
    return lines


def _ending(review: Review) -> str:
    """The sentence of the ending, after its kind unless it names that itself."""
    kind, text = review.ending.kind, review.ending.words
    is_named = kind.split("_")[0] in text.lower() or text.startswith(ENDINGS[kind])
    return text if is_named else f"{ENDINGS[kind]}. {text}"


def _facts(review: Review) -> Iterator[str]:
    from tui.model.proof_words import proof_line
    from tui.night.review.export.wording import cost_text, time_by_kind

    yield f"tasks     {_tasks(review.tasks)}"
    yield f"tests     {_tests(review.tests)}"
    if review.proof is not None:
        yield f"proved    {proof_line(review.proof)}"
    size = f" +{review.insertions:,} -{review.deletions:,}" if review.commits else ""
    commits, files = len(review.commits), review.files_changed
    yield f"changes   {format_count(commits, 'commit')}{size}, {format_count(files, 'file')}"
    kinds = ", ".join(
        f"{format_duration(seconds)} {TIME[kind]}"
        for kind, seconds in time_by_kind(review.time)
        if seconds >= 1
    )
    yield f"time      {format_duration(review.time.total)}: {kinds or 'nothing dated'}"
    cost = f"{cost_text(review.cost)} ({review.cost.reason})"
    if review.cost_per_task:
        cost += f", {format_money_long(review.cost_per_task)} a finished task"
    if review.wasted_usd:
        cost += f", about {format_money_long(review.wasted_usd)} for nothing"
    yield f"cost      {cost}"
    for note in review.cost.notes:
        yield f"          {note}"


def _tasks(tasks: TaskChanges) -> str:
    if not (tasks.done or tasks.open or tasks.before or tasks.removed):
        return "no task list was seen"
    added = f", {len(tasks.added)} added" if tasks.added else ""
    before = f"; {tasks.before} done before" if tasks.before else ""
    return f"{len(tasks.done)} done, {len(tasks.open)} open{added}{before} ({tasks.basis})"


def _tests(tests: TestSummary) -> str:
    if not tests.total:
        return "no run was seen"
    edits = format_count(tests.edits_since_last_green, "edit")
    since = f"{edits} of code after the last green run" if tests.last_green else _NEVER_GREEN
    return f"{tests.last}; {format_count(tests.total, 'run')}; {since}"


def _parts(review: Review) -> dict[str, Iterable[str]]:
    return {
        "look here first": (
            f"{one.severity:<7}{one.what}{_at(one.where)}" for one in review.attention
        ),
        "claims": (
            f"{one.verdict:<13}{shorten(one.text, 100)} ({one.source}): {shorten(one.why, 100)}"
            f"{_at(one.where)}"
            for one in review.claims
        ),
        "not checked": (
            f"{format_count(one.count, 'statement')} in {one.language}{_at(one.where)}"
            for one in review.unread
        ),
        "risks": (
            f"{one.severity:<7}{RISKS[one.kind]}: {one.path + ': ' if one.path else ''}{one.what}"
            f"{_at(one.ref)}"
            for one in review.risks
        ),
        "run again to prove it": _proof_rows(review.proof),
        "tasks done": review.tasks.done,
        "tasks open": review.tasks.open,
        "commits": (
            f"{format_local(one.at)}  {one.sha[:10]}  {shorten(one.subject, 80)}  "
            f"{format_count(one.files, 'file')} +{one.insertions} -{one.deletions}"
            for one in review.commits
        ),
        "what held it up": (_stall_line(one) for one in review.stalls),
        "behind many calls": (
            f"{one.count:>6,}  {shorten(one.what, 140)}{_at(one.first)}" for one in review.causes
        ),
        "what bought nothing": (
            f"{WASTES[one.kind]}: {shorten(one.what, 140)} "
            f"({format_duration(one.seconds)}, {format_money_long(one.usd)})"
            for one in review.wasted
        ),
        "what was done from outside": (
            f"{format_local(one.at)}  {one.kind}: "
            f"{shorten(one.text.removeprefix(f'{one.kind}: '), 80)} [{one.state}]"
            f" helped: {one.helped} ({one.why})"
            for one in review.interventions
        ),
        "what mattered": (
            f"{format_local(one.at)}  {one.kind:<11}{shorten(one.label, 100)}"
            f"{f' ({format_duration(one.seconds)})' if one.seconds is not None else ''}"
            for one in review.moments
        ),
    }


def _proof_rows(proof: Proof | None) -> Iterator[str]:
    from tui.model.proof_words import PROOF_PLACES, run_line

    for run in proof.runs if proof is not None else ():
        took = format_duration(run.seconds)
        yield f"{PROOF_PLACES[run.on]:<19}{shorten(run.command, 80)}: {run_line(run)} ({took})"
        yield from (f"    {name}" for name in run.failed[:_ROWS])
    yield from proof.notes if proof is not None else ()


def _stall_line(stall: Stall) -> str:
    """A trouble of the night in a line: what, how often, what it took, what would allow it."""
    rounds = f" ×{stall.count}" if stall.count > 1 else ""
    words = [shorten("; ".join(stall.evidence), 120)]
    if stall.waste is not None:
        lost = stall.waste
        words.append(f"lost {format_duration(lost.seconds)}, {format_money_long(lost.usd)}")
    elif stall.last_at is not None:
        words.append(f"for {format_duration(stall.last_at - stall.since)}")
    words += [f"allowed by {stall.rule}"] if stall.rule else []
    at = format_local(stall.since) if stall.since else "?"
    return f"{at}  {trouble_title(stall)}{rounds}: {'; '.join(words)}"


def _part(title: str, rows: Sequence[str]) -> list[str]:
    """A heading with its rows; of many the first are shown."""
    if not rows:
        return []
    more = [f"  and {len(rows) - _ROWS} more"] if len(rows) > _ROWS else []
    return ["", title, *(f"  {clean_line(row, _WIDE)}" for row in rows[:_ROWS]), *more]


def _at(ref: SourceRef | None) -> str:
    from tui.night.review.export.wording import source_place

    return "" if ref is None else f"  [{source_place(ref)}]"
