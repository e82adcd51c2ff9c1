"""The status in words, for a pipe, a dumb terminal or a hurried look."""

from __future__ import annotations

from collections.abc import Sequence

from tui.model.labels import COSTS
from tui.night.model import Cost, NightSnapshot
from tui.records import SourceStatus
from tui.system.format import (
    format_count,
    format_duration,
    format_local,
    format_money_plain,
    shorten,
)
from tui.system.sanitize import clean_line


def status_words(night: NightSnapshot, feeds: Sequence[SourceStatus]) -> list[str]:
    """A few lines, the most important first; the last ones say what was read and why."""
    run, activity = night.run, night.activity
    lines = [f"{activity.state.replace('_', ' ')}: {activity.reason}"]
    if run.goal:
        lines.append(f"goal      {shorten(run.goal, 100)}")
    if night.stall is not None:
        lines.append(f"stall     {night.stall.kind}: {'; '.join(night.stall.evidence[:2])}")
    if run.started_at is not None:
        end = run.ended_at if run.ended_at is not None and night.over else night.now
        took = format_duration(end - run.started_at)
        lines.append(f"session   {run.session_id or '?'} with {run.model or '?'}, {took}")
    lines.append(f"progress  {_progress(night)}")
    lines.append(f"cost      {plain_cost(night.cost)}")
    if night.context.used:
        used, window = night.context.used, night.context.window
        lines.append(f"context   {night.context.percent:.0f}% ({used:,} of {window:,} tokens)")
    lines.append(f"events    {_events(night)}")
    if not night.over:
        lines.append(f"idle      {format_duration(activity.idle_seconds)}")
    if night.deeds.checkpoints:
        last = night.deeds.checkpoints[-1]
        at = format_local(last.at)
        lines.append(
            f"safety    {format_count(len(night.deeds.checkpoints), 'checkpoint')}, last {at}"
        )
    lines += [source_words(feed) for feed in feeds if feed.path]
    return lines


def _progress(night: NightSnapshot) -> str:
    progress = night.progress
    if progress is None or progress.basis == "unknown":
        return "unknown: nothing in the progress file can be counted"
    now = f", now: {'; '.join(progress.in_progress[:2])}" if progress.in_progress else ""
    blocked = f", {format_count(len(progress.blockers), 'blocker')}" if progress.blockers else ""
    return f"{progress.done} of {progress.total} done{now}{blocked}"


def plain_cost(cost: Cost) -> str:
    """The figure with what it rests on."""
    if cost.usd is None:
        return cost.reason or "unknown"
    reason = f" ({cost.reason})" if cost.reason else f" ({cost.source})"
    return f"{COSTS[cost.source]}{format_money_plain(cost.usd)}{reason}"


def _events(night: NightSnapshot) -> str:
    counts = night.counts
    calls = sum(number for _, number in counts.tool_calls)
    words = [
        format_count(counts.total, "record"),
        format_count(counts.turns, "turn"),
        format_count(calls, "tool call"),
        format_count(counts.tool_errors, "tool error"),
    ]
    for number, one, many in (
        (counts.api_retries, "retry", "retries"),
        (counts.compactions, "compaction", ""),
        (counts.malformed, "malformed line", ""),
        (counts.unknown, "unknown record", ""),
    ):
        if number:
            words.append(format_count(number, one, many))
    return ", ".join(words)


def source_words(feed: SourceStatus) -> str:
    """Which file, how it is, and why this one."""
    why = feed.chosen if feed.state == "following" else feed.why
    words = f"source    {feed.name}: {feed.path} [{feed.state}]{' – ' + why if why else ''}"
    return clean_line(words, 2_000)
