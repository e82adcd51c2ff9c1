"""What the answer of a tool call changes, once call and answer are both known."""

from __future__ import annotations

from typing import NamedTuple

from tui.model.events import SourceRef, ToolCall, ToolResult
from tui.model.state import StallThresholds
from tui.night.activity import EDITING, SUBAGENTS
from tui.night.fold_state import FoldState
from tui.system.format import shorten

_MOST_EARLY = 64


class AnswerPlace(NamedTuple):
    """Where and when an answer came, in which thread, and the thresholds in force."""

    thread: str
    at: float | None
    ref: SourceRef
    limits: StallThresholds


def keep_early(state: FoldState, result: ToolResult) -> None:
    """Some versions write a result before its call; the newest such results wait for it."""
    early = state.early_results
    early[result.tool_use_id] = result
    if len(early) > _MOST_EARLY:
        del early[next(iter(early))]


# complexity: each record hears of a result in order and needs what those before it found
def apply_answer(
    state: FoldState, use: ToolCall, result: ToolResult, since: float | None, place: AnswerPlace
) -> None:
    """The call `use`, made at `since` if that is known, got its result."""
    thread, at, ref, limits = place
    if use.name in SUBAGENTS and result.task is None:
        state.activity.drop_threads(result.tool_use_id, result.agent_id)
    edited = use.name in EDITING and not result.is_error
    state.counters.edits += edited
    state.risky_calls.on_tool_result(result)
    state.loop_detector.on_tool_result(thread, use, result, at, ref, limits)
    before = state.test_runs.last_verdict
    run = state.test_runs.on_tool_result(use, result, at, ref)
    state.failures.on_tool_result(use, result, run)
    commits = len(state.evidence.commits)
    sources = state.evidence.on_tool_result(use, result, run, at, ref)
    if not thread:
        state.waste.on_tool_result(use, result, since, at, ref)
    if edited or sources or len(state.evidence.commits) != commits:
        state.waste.on_change(at)
    if sources and run is None:
        state.test_runs.on_edit(sources)
    if run is not None and run.verdict not in (before, "unknown"):
        state.timeline.mark(at, run.verdict, shorten(run.command), ref)  # type: ignore[arg-type]
