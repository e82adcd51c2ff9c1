"""Tool calls and their answers, in whatever order they were written; what an answer changes."""

from __future__ import annotations

from typing import NamedTuple

from msgspec import structs

from tui.model.cli_commands import SUBAGENTS
from tui.model.events import SourceRef, ToolCall, ToolResult
from tui.model.failures import DenialKind
from tui.model.stall import ProgressKind
from tui.model.state import StallThresholds
from tui.night.evidence.code_changes import is_editor_call
from tui.night.evidence.shell_effects import files_changed
from tui.night.fold_state import FoldState
from tui.night.refusal_log import count_refusal
from tui.system.format import shorten

_MOST_EARLY = 64
_MOST_LATE = 4_096


class AnswerPlace(NamedTuple):
    """Where and when an answer came, in which thread, and the thresholds in force."""

    thread: str
    at: float | None
    ref: SourceRef
    limits: StallThresholds


def on_result(state: FoldState, result: ToolResult, place: AnswerPlace) -> None:
    """A result came, of a call that is open, was lost, or stands further on."""
    activity = state.activity
    if state.denied_calls and result.denial is None:
        result = structs.replace(result, denial=state.denied_calls.pop(result.tool_use_id, None))
    tool = activity.close_call(result.tool_use_id)
    use = tool.call if tool else state.late_calls.pop(result.tool_use_id, None)
    if result.agent_id:
        state.counters.link_subagent(result.agent_id, result.tool_use_id)
    if result.is_error and state.errors.add(result.tool_use_id):
        state.counters.tool_errors += 1
    if result.denial is not None and result.denial != DenialKind.PERSON:
        state.count_denial(result.tool_use_id)
    if result.task is not None:
        activity.background.on_result(use, result.task, place.at)
    elif activity.background.tasks:
        activity.background.on_answer(result.tool_use_id, use, place.at, failed=result.is_error)
    if use is not None:
        apply_answer(state, use, result, tool.since if tool else None, place)
    elif result.tool_use_id not in state.calls:
        _keep_early(state, result)


def _keep_early(state: FoldState, result: ToolResult) -> None:
    """Some versions write a result before its call; the newest such results wait for it."""
    early = state.early_results
    early[result.tool_use_id] = result
    if len(early) > _MOST_EARLY:
        del early[next(iter(early))]


def keep_late(state: FoldState, use: ToolCall) -> None:
    """A call that is not open any more; its result, if it comes, still finds it."""
    if len(state.late_calls) < _MOST_LATE:
        state.late_calls[use.id] = use


def lose_calls(
    state: FoldState, message: str, thread: str, at: float | None, ref: SourceRef
) -> None:
    """The model goes on with another `message`: what was open before was lost."""
    if thread == "sidechain":  # several subagents share this name
        return
    prompted = state.activity.prompted
    lost = state.activity.lost_calls(message, thread)
    for tool in lost:
        keep_late(state, tool.call)
    if lost and prompted and not thread:
        state.waste.abort_turn(at, "process ended")
        state.waste.begin_turn(at, ref, cut=False)


# complexity: each record hears of a result in order and needs what those before it found
def apply_answer(
    state: FoldState, use: ToolCall, result: ToolResult, since: float | None, place: AnswerPlace
) -> None:
    """The call `use`, made at `since` if that is known, got its result."""
    thread, at, ref, limits = place
    if use.name in SUBAGENTS and result.task is None:
        state.activity.drop_threads(result.tool_use_id, result.agent_id)
    edited = is_editor_call(use) and not result.is_error
    state.counters.edits += edited
    state.risky_calls.on_tool_result(result)
    before = state.test_runs.last_verdict
    run = state.test_runs.on_tool_result(use, result, at, ref, state.cwd, thread)
    state.evidence.times.on_answer(use, result, tests=run is not None, since=since, at=at)
    if result.denial is not None:
        count_refusal(state.refusals, use, result, at, ref, state.cwd)
    elif run is not None:
        state.refusals.tests_run += 1
    detectors, effects = state.detectors, state.interventions.effects
    if effects.is_watching:
        effects.before_step(at, detectors.active(), detectors.news)
    detectors.on_tool_result(thread, use, result, at, ref, limits, since, run)
    effects.on_step(use.key, at, run, detectors.active() if effects.open else None)
    state.failures.on_tool_result(use, result, run)
    commits, unsure = len(state.evidence.commits), state.evidence.unsure_total
    sources = state.evidence.on_tool_result(use, result, run, at, ref)
    state.commands.on_tool_result(use, result, state.evidence.count, at, ref)
    if not thread:
        state.waste.on_tool_result(use, result, since, at, ref)
    if edited or sources or len(state.evidence.commits) != commits:
        state.waste.on_change(at)
    if len(state.evidence.commits) != commits:
        state.detectors.on_progress(ProgressKind.COMMIT, at, ref)
    if sources and run is None:
        path = state.evidence.edits[-1].path
        state.test_runs.on_shell_edit(path, sources, use.command or use.target, state.cwd)
    elif state.evidence.unsure_total != unsure:
        state.test_runs.on_unsure()
    if result.is_error and result.denial is None and run is None:
        state.test_runs.on_edit(0, failed=files_changed(use))
    if run is not None and run.verdict not in (before, "unknown"):
        state.timeline.mark(at, run.verdict, shorten(run.command), ref)  # type: ignore[arg-type]
